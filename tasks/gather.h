/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames of a camera that stands still, gathered into one with less noise, before a network
 * restores it. Where something moves, and all over once the camera does, the newest frame is left
 * as it is.
 *
 * A pixel is the mean of itself in those frames before, as long as the 5 x 5 pixels around it
 * differ from their means by no more than noise would. How strong the noise is, by level and
 * colour, is measured in the frames (Immerkaer, "Fast Noise Variance Estimation", 1996, in blocks
 * of 16 x 16, the lower quartile of those of about the same level).
 *
 * Not thread-safe. Takes 16 bytes for each pixel.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_GATHER_MOST_FRAMES 64

typedef struct _VdtGather VdtGather;

/* @most: frames that a mean is of, 2 to VDT_GATHER_MOST_FRAMES. NULL if there is no memory. */
VdtGather *vdt_gather_new(guint width, guint height, guint most);
void vdt_gather_free(VdtGather *gather);
/* Whether it is for frames of that size, and means of as many. */
gboolean vdt_gather_fits(const VdtGather *gather, guint width, guint height, guint most);
/* The next frame is of something else. */
void vdt_gather_reset(VdtGather *gather);
/*
 * Takes the next frame, float32 [3,H,W] from 0 to 255, and makes the mean in @result, which may be
 * @picture. Says what share of the pixels began anew, from 0 to 1: 1 for the first frame, and for
 * those of a camera that moves, which are left as they are.
 */
double vdt_gather_add(VdtGather *gather, const float *picture, float *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtGather, vdt_gather_free)

G_END_DECLS
