/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network's maps of classes for many pictures, counted.
 */
#pragma once

#include <vedette/plan.h>

#include "data/cache.h"
#include "maptally.h"

typedef struct {
    VdtSession *session; /* of one picture; its first output are the logits */
    const VdtCard *card; /* for mean and standard deviation */
    const ClipSet *set;  /* mapped; its pictures are resized to what the session takes */
    const Cache *cache;  /* where the set's pictures are, or NULL: they are made on the way */
    Progress *progress;
    GCancellable *cancellable;
    MapTally *tally;
} MapPrediction;

gboolean predict_maps(const MapPrediction *prediction, GError **error);
