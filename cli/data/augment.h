/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same clip seen a little differently each time it is trained on: mirrored, cut out and scaled,
 * in another light, with another sensor. What is done depends on nothing but the seed, the epoch
 * and the clip's number.
 */
#pragma once

#include <vedette/tensor.h>

#include "clipset.h"

typedef struct {
    double flip;   /* probability of being mirrored */
    double scale;  /* picture sides are multiplied by 1 - scale to 1 + scale */
    double shift;  /* and moved by up to this share of the sides */
    double light;  /* brightness, contrast and gamma vary by up to this share */
    double colour; /* each colour channel by up to this share */
    double noise;  /* up to this standard deviation, in levels */
} AugmentOptions;

typedef struct _Augment Augment;

/* Noise and tables that all clips share. */
Augment *augment_new(const AugmentOptions *options, guint64 seed, const ClipFormat *format,
                     const float mean[3], const float std[3]);
void augment_free(Augment *augment);
/*
 * Writes clip @index, as seen in @epoch, to clip @n of @to, [N,3,T,H,W] or, of one picture,
 * [N,3,H,W], and the classes of a mapped one's pixels to @classes, H * W of them. If H and W are
 * smaller than the clip's pictures, what is seen is a window of that size, or of a larger one if
 * @focus asks for it, somewhere around the focus; of a mapped clip without one, most of the windows
 * are around a pixel of some class, so that rare ones are seen. May be called by several threads at
 * once.
 */
void augment_fill(const Augment *augment, const guint8 *clip, const ClipFocus *focus, guint64 epoch,
                  guint64 index, VdtTensor *to, guint n, float *classes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Augment, augment_free)
