/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a picture needs (estimator.h), of any size: for --task auto. */
#pragma once

#include "estimator.h"
#include "preprocess.h"

typedef struct {
    VdtEstimator *estimator;
    guint8 *pixels; /* of the picture as the network sees it */
} Estimating;

/* @model: NULL for the usual one. @restorations is what can be done, NULL-terminated. With @film,
 * what goes on changes only when several looks agree. */
gboolean estimating_init(Estimating *self, const char *model, const char *const *restorations,
                         gboolean film, GError **error);
void estimating_clear(Estimating *self);

/* Looks at a picture: *@restoration is what it needs, -1 if nothing. */
gboolean estimating_look(Estimating *self, const VdtPicture *picture, int *restoration,
                         GCancellable *cancellable, GError **error);
