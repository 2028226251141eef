/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What says which restoration pictures need: a network that classifies them. */
#pragma once

#include <vedette/engine.h>

#include "autorestore.h"
#include "frame/framing.h"

G_BEGIN_DECLS

#define VDT_ESTIMATOR_MODEL "slab-restoration" /* what an empty name means */

/* One thread at a time. */
typedef struct {
    VdtEngine *engine;
    const VdtCard *card; /* the engine's */
    VdtSession *session;
    guint n_classes;
    double *scores;
    VdtAutoRestore going;
} VdtEstimator;

/* @restorations is what can be done, NULL-terminated. NULL if @model cannot be had, or does not say
 * what is asked. */
VdtEstimator *vdt_estimator_new(const char *model, const char *const *restorations, GError **error);
void vdt_estimator_free(VdtEstimator *estimator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtEstimator, vdt_estimator_free)

/* The picture it looks at, of the part of a frame that is @region. Any thread. */
VdtFrameTarget vdt_estimator_target(const VdtEstimator *estimator, const VdtFrameRegion *region);
/* Looks at one, packed RGB. @going: the restoration that goes on now, -1: none. */
gboolean vdt_estimator_look(VdtEstimator *estimator, guint8 *picture, int *going,
                            GCancellable *cancellable, GError **error);

G_END_DECLS
