/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a picture needs, by a network that classifies it (autorestore.h): for --task auto.
 */
#pragma once

#include "autorestore.h"
#include "preprocess.h"
#include <vedette/engine.h>

#define ESTIMATING_MODEL "slab-restoration" /* if none is named */

typedef struct {
    VdtEngine *engine;
    VdtSession *session;
    VdtAutoRestore going;
    double *scores;
    guint8 *pixels; /* of the picture as the network sees it */
} Estimating;

/* @restorations is what can be done, NULL-terminated. With @film, what goes on changes only when
 * several looks agree. */
gboolean estimating_init(Estimating *self, const char *model, const char *const *restorations,
                         gboolean film, GError **error);
void estimating_clear(Estimating *self);

/* Looks at a picture: *@restoration is what it needs, -1 if nothing. */
gboolean estimating_look(Estimating *self, const VdtPicture *picture, int *restoration,
                         GCancellable *cancellable, GError **error);
