/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pairs of a spoiled and a clean picture, of which restoring is learned and measured.
 *
 * Clean pictures are those of a set (cleanpictures.h), cached; they are spoiled anew each time one
 * is asked for, which depends on nothing but the seed, the step and the place in the batch, so that
 * a training can go on anywhere. What is held out is a set of a seed that nothing is trained on
 * (streetdraw.h), which who offers the seed refuses.
 */
#pragma once

#include <vedette/tensor.h>

#include "cache.h"
#include "spoil.h"

/* Pixels around a window that are spoiled with it: what falls on it from beyond its edges. */
#define PAIRS_MARGIN 16
/* All kinds of spoiling; of some, 1 << SPOIL_BLUR | … */
#define PAIRS_ALL    ((1u << SPOIL_N_KINDS) - 1)

typedef struct _Pairs Pairs;

/* Batches of @batch samples, 1 to as many as there are pictures, each of one of @kinds in turn.
 * @clean is kept by the caller. */
Pairs *pairs_new(const Cache *clean, guint64 seed, guint batch, guint kinds);
void pairs_free(Pairs *pairs);
/* Steps in which each picture is looked at once; those that do not fill a batch are left out. */
guint64 pairs_per_epoch(const Pairs *pairs);
/* Makes the batch of @step on the process's thread pool: @spoiled and @clean, [N,3,H,W] floats from
 * 0 to 255, are the same windows of as many pictures; @restorations gets a SpoilKind for each.
 * Sides are at most the clean pictures' and may change from step to step. Tensors for fewer than a
 * batch get the first of it. */
void pairs_fill(Pairs *pairs, guint64 step, VdtTensor *spoiled, VdtTensor *clean,
                gint32 *restorations);

/* How strongly picture @i is spoiled of what is held out: another for each, over all even. */
double pairs_strength(guint i);
/* For what is held out: picture @i of a set, whole, [3,H,W], clean and spoiled. */
void pairs_get(const Cache *clean, guint i, SpoilKind kind, float *spoiled, float *target);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pairs, pairs_free)
