/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Training batches, one ahead of the step that runs. Each epoch sees the clips in another order;
 * what batch a step gets depends on nothing but the seed and the step, so that a training can go on
 * anywhere.
 */
#pragma once

#include "augment.h"
#include "cache.h"

typedef struct _Batches Batches;

/* Batches from step @first on. @cache and @augment are kept by the caller. */
Batches *batches_new(const Cache *cache, const Augment *augment, guint64 seed, guint batch,
                     guint64 first, GError **error);
void batches_free(Batches *batches);
/* Steps in an epoch: clips that do not fill a batch are left out, others each time. */
guint64 batches_per_epoch(guint n_clips, guint batch);
/* Copies the next batch to @clips, [N,3,T,H,W], and @labels, [N]. */
void batches_take(Batches *batches, VdtTensor *clips, VdtTensor *labels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batches, batches_free)
