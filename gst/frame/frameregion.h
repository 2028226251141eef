/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A part of a frame, as a property says it: in shares of the frame's sides.
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* All of it if width or height is 0. */
typedef struct {
    double x, y, width, height;
} VdtFrameRegion;

/* A GST_TYPE_ARRAY of four doubles, or of none for all of the frame. */
GParamSpec *vdt_frame_region_param_spec(const char *name, const char *nick, const char *blurb,
                                        GParamFlags flags);
/* FALSE, with the region as it was, if the value is none, or reaches beyond the frame. */
gboolean vdt_frame_region_from_value(VdtFrameRegion *region, const GValue *value);
/* The same, with a warning of the property "region" of the element @name if it is FALSE. */
void vdt_frame_region_set(VdtFrameRegion *region, const GValue *value, const char *name);
void vdt_frame_region_to_value(const VdtFrameRegion *region, GValue *value);
gboolean vdt_frame_region_equal(const VdtFrameRegion *a, const VdtFrameRegion *b);
/* Makes @rectangle, in pixels, this part of itself: at least a pixel. */
void vdt_frame_region_apply(const VdtFrameRegion *region, GstVideoRectangle *rectangle);

G_END_DECLS
