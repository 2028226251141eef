/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network's scores for many clips, in batches.
 */
#pragma once

#include <vedette/plan.h>

#include "data/cache.h"
#include "data/stream.h"

/* Called for each clip in order; @scores are probabilities. */
typedef void (*PredictFunc)(gpointer data, guint clip, const double *scores);

typedef struct {
    VdtSession *session; /* of any batch; its first output are the logits */
    const VdtCard *card; /* for mean, standard deviation and groups */
    const ClipSet *set;
    const Cache *cache; /* where the set's clips are, or NULL: they are made on the way */
    Progress *progress;
    GCancellable *cancellable;
    PredictFunc func;
    gpointer data;
} Prediction;

/* What is wrong with items is listed at once if the set asks for that. */
gboolean predict(const Prediction *prediction, GError **error);
