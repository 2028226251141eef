/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames that lie on their side, as the tag image-orientation says: networks see them upright, and
 * what is found is told of the frame as it lies, since it is carried on like that.
 */
#pragma once

#include "framing.h"

G_BEGIN_DECLS

/* Whether width and height change places. */
gboolean vdt_orientation_swaps(GstVideoOrientationMethod method);
/* What makes an upright picture lie again. */
GstVideoOrientationMethod vdt_orientation_inverse(GstVideoOrientationMethod method);
/* @target for the frame as it lies. */
VdtFrameTarget vdt_orientation_lay(GstVideoOrientationMethod method, const VdtFrameTarget *target);
/* Turns @from, @width x @height pixels of @size bytes each without padding, by @method, one of the
 * eight that are no matter of tags themselves. */
void vdt_orientation_turn(GstVideoOrientationMethod method, gconstpointer from, guint width,
                          guint height, guint size, gpointer to);

G_END_DECLS
