/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the picture that a network gets lies in the frame it was made from. */
#pragma once

#include "framemap.h"
#include "segmentation.h"

G_BEGIN_DECLS

/* Size of the part of @buffer that is to be seen. */
void vdt_frame_visible_size(const GstVideoInfo *info, GstBuffer *buffer, guint *width,
                            guint *height);
/* Where it is, in pixels; FALSE if there is none. */
gboolean vdt_frame_visible(const GstVideoInfo *info, GstBuffer *buffer, GstVideoRectangle *visible);
/* The pixels of what is visible that a box touches, one at least; the box is in shares of it:
 * doubles `x`, `y`, `width`, `height` of @s. FALSE if it has none. */
gboolean vdt_frame_box(const GstVideoRectangle *visible, const GstStructure *s,
                       GstVideoRectangle *box);
/* What @target shows of a frame of which @width x @height can be seen. */
VdtSeen vdt_frame_seen(const VdtFrameTarget *target, guint width, guint height);

G_END_DECLS
