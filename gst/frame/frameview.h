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
/* The pixels of what is visible that the box of @s touches, which is in shares of it, @age ns after
 * it was found: see objectbox.h. FALSE if it has none, or all of it is outside. */
gboolean vdt_frame_box(const GstVideoRectangle *visible, const GstStructure *s, gint64 age,
                       GstVideoRectangle *box);
/* What @target shows of a frame of which @width x @height can be seen. */
VdtSeen vdt_frame_seen(const VdtFrameTarget *target, guint width, guint height);

G_END_DECLS
