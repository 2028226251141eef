/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What pictures are drawn on with Cairo, and the colours of it. A picture is as overlay rectangles
 * take it: premultiplied, in GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, with a GstVideoMeta that
 * says its size. Sizes are even, so that a picture that stands at an even place shares no chroma
 * sample with its surroundings.
 */
#pragma once

#include <cairo.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

/* What the pictures of one stream have in common. */
typedef struct {
    double em;      /* size of the text, in rows of the frame */
    double squeeze; /* columns of the frame for what is one row long: the inverse of its pixels'
                       aspect ratio */
    double opacity; /* of what text stands on */
    double map_opacity;
} VdtOverlayLook;

typedef struct {
    double red, green, blue;
} VdtOverlayColour;

typedef struct {
    cairo_t *cr;          /* rows of the frame are its unit, across and down */
    double width, height; /* in these */
    GstBuffer *buffer;
    GstMapInfo map;
    cairo_surface_t *surface;
} VdtOverlaySheet;

/* The smallest even number of pixels that holds @length. */
guint vdt_overlay_even(double length);
/* Without anything in it that was set. */
GstBuffer *vdt_overlay_picture_new(guint width, guint height);

/* A clear sheet of a size in rows of the frame. FALSE if it is larger than can be. */
gboolean vdt_overlay_sheet_open(VdtOverlaySheet *sheet, const VdtOverlayLook *look, double width,
                                double height);
/* Its picture, the caller's; the sheet is no more. */
GstBuffer *vdt_overlay_sheet_close(VdtOverlaySheet *sheet);

/* Of a kind, one of those of show.h. */
const VdtOverlayColour *vdt_overlay_colour(guint kind);
void vdt_overlay_set_colour(cairo_t *cr, const VdtOverlayColour *colour, double alpha);

G_END_DECLS
