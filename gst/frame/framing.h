/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which part of a frame a network sees, and how that is brought to its picture; as properties of
 * an element say it. Plain data: whoever has it looks after locks.
 */
#pragma once

#include <gst/video/video.h>
#include <vedette/card.h>

G_BEGIN_DECLS

/* A part of a frame in shares of its sides: all of it if width or height is 0. */
typedef struct {
    double x, y, width, height;
} VdtFrameRegion;

/* The picture that is wanted. */
typedef struct {
    guint width, height;
    VdtFraming framing;
    guint8 fill[3];        /* RGB around the frame, for VDT_FRAMING_FIT */
    VdtFrameRegion region; /* of the frame's visible part */
} VdtFrameTarget;

/* FALSE, with the region as it was, if the value is none, or reaches beyond the frame: a
 * GST_TYPE_ARRAY of four doubles, or of none for all of the frame. */
gboolean vdt_frame_region_from_value(VdtFrameRegion *region, const GValue *value);
void vdt_frame_region_to_value(const VdtFrameRegion *region, GValue *value);
gboolean vdt_frame_region_equal(const VdtFrameRegion *a, const VdtFrameRegion *b);
/* Makes @rectangle, in pixels, this part of itself: at least a pixel. */
void vdt_frame_region_apply(const VdtFrameRegion *region, GstVideoRectangle *rectangle);

/* The property region, for elements that have no framing. */
void vdt_frame_region_install(GObjectClass *klass, guint id);
/* A region that is none leaves the one that was; what is returned, else NULL, says so, and is the
 * caller's. */
char *vdt_frame_region_set(VdtFrameRegion *region, const GValue *value);

gboolean vdt_frame_target_equal(const VdtFrameTarget *a, const VdtFrameTarget *b);

/* The properties framing and region, which an element has under its object lock. */
typedef struct {
    int framing; /* a VdtFraming, or VDT_FRAMING_OF_MODEL */
    VdtFrameRegion region;
} VdtFramingProps;

#define VDT_FRAMING_PROPS 2

void vdt_framing_props_init(VdtFramingProps *props);
/* Installs VDT_FRAMING_PROPS properties, with ids from @first on. */
void vdt_framing_props_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. A region that is none leaves the
 * one that was; *@note, else NULL, says so, and is the caller's. */
gboolean vdt_framing_props_set(VdtFramingProps *props, guint id, const GValue *value, char **note);
gboolean vdt_framing_props_get(const VdtFramingProps *props, guint id, GValue *value);
/* The picture of @width x @height for the model of @card, which says what is to be around a frame,
 * and the framing if the properties do not. */
VdtFrameTarget vdt_framing_props_target(const VdtFramingProps *props, const VdtCard *card,
                                        guint width, guint height);

G_END_DECLS
