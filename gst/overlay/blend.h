/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* What gst_video_overlay_composition_blend() does, for rectangles that lie inside the frame, at a
 * cost that goes by their size and not by the frame's width. @frame is mapped for both. */
void vdt_overlay_blend(GstVideoOverlayComposition *composition, const GstVideoFrame *frame);

G_END_DECLS
