/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Large pictures with next to nothing in them, cut: blending them whole would cost as much as all
 * of the frame. */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* A picture at a place, as a rectangle. */
GstVideoOverlayRectangle *vdt_overlay_rectangle_new(GstBuffer *picture, guint x, guint y,
                                                    guint width, guint height);
/* The parts of a picture at @x and @y that are not clear, as rectangles which share its pixels. */
GPtrArray *vdt_overlay_tiles_cut(GstBuffer *picture, guint x, guint y);

G_END_DECLS
