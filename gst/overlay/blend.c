/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blend.h"

/*
 * A part of @frame as a frame of its own. GStreamer unpacks and packs whole rows of a frame,
 * however narrow what it blends is. @x and @y are even, so that the part begins with a chroma
 * sample.
 */
static GstVideoFrame get_part(const GstVideoFrame *frame, int x, int y, guint width, guint height)
{
    const GstVideoFormatInfo *format = frame->info.finfo;
    GstVideoFrame part = *frame;

    part.info.width = (int)width;
    part.info.height = (int)height;
    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(frame); plane++) {
        int components[GST_VIDEO_MAX_COMPONENTS];
        int c, across, down;

        gst_video_format_info_component(format, plane, components);
        c = components[0];
        across = x >> GST_VIDEO_FORMAT_INFO_W_SUB(format, c);
        down = y >> GST_VIDEO_FORMAT_INFO_H_SUB(format, c);
        part.data[plane] = (guint8 *)frame->data[plane] +
                           (gssize)down * GST_VIDEO_FRAME_PLANE_STRIDE(frame, plane) +
                           (gssize)across * GST_VIDEO_FORMAT_INFO_PSTRIDE(format, c);
    }
    return part;
}

static void blend_rectangle(GstVideoOverlayRectangle *rectangle, const GstVideoFrame *frame)
{
    const GstVideoOverlayFormatFlags flags = gst_video_overlay_rectangle_get_flags(rectangle);
    GstBuffer *pixels = gst_video_overlay_rectangle_get_pixels_unscaled_raw(rectangle, flags);
    g_autoptr(GstVideoOverlayRectangle) moved = NULL;
    g_autoptr(GstVideoOverlayComposition) alone = NULL;
    GstVideoFrame part;
    guint width, height;
    int x, y;

    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &x, &y, &width, &height);
    moved = gst_video_overlay_rectangle_new_raw(pixels, x & 1, y & 1, width, height, flags);
    alone = gst_video_overlay_composition_new(moved);
    part = get_part(frame, x & ~1, y & ~1, width + (x & 1), height + (y & 1));
    gst_video_overlay_composition_blend(alone, &part);
}

void vdt_overlay_blend(GstVideoOverlayComposition *composition, const GstVideoFrame *frame)
{
    for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); i++)
        blend_rectangle(gst_video_overlay_composition_get_rectangle(composition, i), frame);
}
