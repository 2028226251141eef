/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws panels and tags with Cairo and Pango. What it gives are pictures as overlay rectangles take
 * them: premultiplied, in GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, with a GstVideoMeta that says
 * their size. Sizes are even, so that a picture that stands at an even place shares no chroma
 * sample with its surroundings.
 */
#pragma once

#include <gst/video/video.h>

#include "show.h"

G_BEGIN_DECLS

/* Regions of kinds that are equal modulo this have the same colour. */
#define VDT_OVERLAY_COLOURS 8

/* What the pictures of one stream have in common. */
typedef struct {
    double em;      /* size of the text, in rows of the frame */
    double squeeze; /* columns of the frame for what is one row long: the inverse of its pixels'
                       aspect ratio */
    double opacity; /* of what text stands on */
    double map_opacity;
} VdtOverlayLook;

/* Has one user at a time, whichever thread that is. */
typedef struct _VdtOverlayPen VdtOverlayPen;

/* Loads the font. */
VdtOverlayPen *vdt_overlay_pen_new(void);
void vdt_overlay_pen_free(VdtOverlayPen *pen);

/* Both give NULL if there is too little room. */
GstBuffer *vdt_overlay_pen_panel(VdtOverlayPen *pen, const VdtOverlayLook *look,
                                 const VdtOverlayPanel *panel, guint max_width, guint max_height);
GstBuffer *vdt_overlay_pen_tag(VdtOverlayPen *pen, const VdtOverlayLook *look,
                               const VdtOverlayTag *tag, guint max_width);

/* The colours of @map for a frame of that size. Stretching it is not left to who blends: GStreamer
 * forgets there that pictures are premultiplied, and would do it for every frame. */
GstBuffer *vdt_overlay_pen_map(const VdtOverlayLook *look, const VdtOverlayMap *map, guint width,
                               guint height);

/* The outline of @zone on a frame of that size: of what can be seen of it, from *@x and *@y on,
 * which are even. Dashed if nobody is there. NULL if there is nothing of it in the frame. */
GstBuffer *vdt_overlay_pen_zone(const VdtOverlayLook *look, const VdtOverlayZone *zone, guint width,
                                guint height, guint *x, guint *y);

/* A line in the colour of regions of @kind, along the longer side, dark at both edges if it is
 * thick enough. */
GstBuffer *vdt_overlay_pen_line(guint kind, guint width, guint height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtOverlayPen, vdt_overlay_pen_free)

G_END_DECLS
