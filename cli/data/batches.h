/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Training batches. Each epoch sees the clips in another order; what batch a step gets depends on
 * nothing but the seed and the step, so that a training can go on anywhere.
 */
#pragma once

#include "augment.h"
#include "cache.h"

typedef struct _Batches Batches;

/* Batches of @batch clips. @cache and @augment are kept by the caller. */
Batches *batches_new(const Cache *cache, const Augment *augment, guint64 seed, guint batch);
void batches_free(Batches *batches);
/* Steps in an epoch: clips that do not fill a batch are left out, others each time. */
guint64 batches_per_epoch(guint n_clips, guint batch);
/* Makes the batch of @step, on the process's thread pool: @clips, [N,3,T,H,W], and @labels, [N]; of
 * a set with groups, [groups,N], -1 where a question has no answer. Pictures of less than the
 * clips' size are windows into them. Tensors for fewer than a batch get the first of it. */
void batches_fill(Batches *batches, guint64 step, VdtTensor *clips, VdtTensor *labels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batches, batches_free)
