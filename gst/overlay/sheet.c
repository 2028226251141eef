/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sheet.h"

#include <math.h>
#include <string.h>

#include "show.h"

/* What cairo draws on is this wide and high at most. */
#define LARGEST 8192

static const VdtOverlayColour colours[VDT_OVERLAY_KINDS] = {
    /* of regions */
    {1.0, 0.80, 0.15},
    {0.30, 0.90, 0.45},
    {1.0, 0.45, 0.35},
    {0.35, 0.80, 1.0},
    {0.95, 0.55, 1.0},
    {1.0, 0.60, 0.10},
    {0.70, 0.95, 0.2},
    {0.60, 0.70, 1.0},
    /* of objects: neighbours differ most */
    {0.20, 0.75, 1.0},
    {1.0, 0.58, 0.10},
    {0.40, 0.95, 0.40},
    {1.0, 0.40, 0.75},
    {1.0, 0.92, 0.25},
    {0.62, 0.55, 1.0},
    {0.15, 0.90, 0.78},
    {1.0, 0.38, 0.32},
    {0.72, 0.85, 0.05},
    {0.95, 0.70, 1.0},
    {0.35, 0.55, 1.0},
    {0.88, 0.68, 0.46},
    /* of crossings */
    {1.0, 1.0, 1.0},
};

guint vdt_overlay_even(double length)
{
    return GST_ROUND_UP_2((guint)ceil(length));
}

GstBuffer *vdt_overlay_picture_new(guint width, guint height)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, (gsize)4 * width * height, NULL);

    gst_buffer_add_video_meta(buffer, GST_VIDEO_FRAME_FLAG_NONE,
                              GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, width, height);
    return buffer;
}

gboolean vdt_overlay_sheet_open(VdtOverlaySheet *sheet, const VdtOverlayLook *look, double width,
                                double height)
{
    const guint columns = vdt_overlay_even(width * look->squeeze), rows = vdt_overlay_even(height);

    if (columns > LARGEST || rows > LARGEST)
        return FALSE;
    sheet->buffer = vdt_overlay_picture_new(columns, rows);
    if (!gst_buffer_map(sheet->buffer, &sheet->map, GST_MAP_WRITE)) {
        gst_buffer_unref(sheet->buffer);
        return FALSE;
    }
    memset(sheet->map.data, 0, sheet->map.size);
    sheet->surface = cairo_image_surface_create_for_data(sheet->map.data, CAIRO_FORMAT_ARGB32,
                                                         (int)columns, (int)rows, (int)columns * 4);
    sheet->cr = cairo_create(sheet->surface);
    cairo_scale(sheet->cr, look->squeeze, 1);
    sheet->width = columns / look->squeeze;
    sheet->height = rows;
    return TRUE;
}

GstBuffer *vdt_overlay_sheet_close(VdtOverlaySheet *sheet)
{
    cairo_destroy(sheet->cr);
    cairo_surface_destroy(sheet->surface);
    gst_buffer_unmap(sheet->buffer, &sheet->map);
    return sheet->buffer;
}

const VdtOverlayColour *vdt_overlay_colour(guint kind)
{
    return &colours[kind % VDT_OVERLAY_KINDS];
}

void vdt_overlay_set_colour(cairo_t *cr, const VdtOverlayColour *colour, double alpha)
{
    cairo_set_source_rgba(cr, colour->red, colour->green, colour->blue, alpha);
}
