/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network that classifies pictures, asked which restoration they need: looks, and what goes on by
 * them (autorestore.h).
 */
#pragma once

#include <gio/gio.h>
#include <vedette/engine.h>

#include "autorestore.h"

G_BEGIN_DECLS

#define VDT_ESTIMATOR_MODEL "slab-restoration" /* what is meant where nobody names one */
#define VDT_ESTIMATOR_TASK  "auto"             /* a task: the one that a picture needs */

/* Belongs to one thread at a time. */
typedef struct _VdtEstimator VdtEstimator;

/* @restorations is what can be done, NULL-terminated. With @stream, what goes on changes only when
 * two looks agree that something begins, or three that it ends; each picture is for itself without.
 * NULL, with VDT_ERROR_MODEL, if the network does not classify pictures or is not asked that. */
VdtEstimator *vdt_estimator_new(VdtEngine *engine, const char *const *restorations, gboolean stream,
                                GError **error);
void vdt_estimator_free(VdtEstimator *estimator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtEstimator, vdt_estimator_free)

/* Its network's card: how large a picture it looks at, and how frames are brought to that. */
const VdtCard *vdt_estimator_get_card(const VdtEstimator *estimator);
/* What each answer means. */
const VdtAutoRestore *vdt_estimator_get_answers(const VdtEstimator *estimator);

/* Looks at @picture, packed RGB of the card's size. *@restoration: which one goes on now, -1 for
 * none. FALSE with @restoration as it was on failure, VDT_ERROR_CANCELLED by @cancellable, which
 * may be NULL. */
gboolean vdt_estimator_look(VdtEstimator *estimator, guint8 *picture, int *restoration,
                            GCancellable *cancellable, GError **error);
/* What comes is something else. */
void vdt_estimator_reset(VdtEstimator *estimator);

G_END_DECLS
