/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tiles.h"

#define TILE 32 /* rows and columns, even */

GstVideoOverlayRectangle *vdt_overlay_rectangle_new(GstBuffer *picture, guint x, guint y,
                                                    guint width, guint height)
{
    return gst_video_overlay_rectangle_new_raw(picture, (int)x, (int)y, width, height,
                                               GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
}

/* Part of a picture, as a rectangle; the pixels are shared. */
static GstVideoOverlayRectangle *part_new(GstBuffer *picture, guint left, guint top, guint width,
                                          guint height, guint x, guint y)
{
    const GstVideoMeta *whole = gst_buffer_get_video_meta(picture);
    g_autoptr(GstBuffer) part = gst_buffer_new();
    gsize offset[GST_VIDEO_MAX_PLANES] = {whole->offset[0] + (gsize)top * (gsize)whole->stride[0] +
                                          (gsize)4 * left};
    gint stride[GST_VIDEO_MAX_PLANES] = {whole->stride[0]};

    gst_buffer_append_memory(part, gst_buffer_get_memory(picture, 0));
    gst_buffer_add_video_meta_full(part, GST_VIDEO_FRAME_FLAG_NONE, whole->format, width, height, 1,
                                   offset, stride);
    return vdt_overlay_rectangle_new(part, x + left, y + top, width, height);
}

static gboolean is_clear(const guint32 *pixels, gsize stride, guint width, guint height)
{
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            if (pixels[y * stride + x])
                return FALSE;
    return TRUE;
}

GPtrArray *vdt_overlay_tiles_cut(GstBuffer *picture, guint x, guint y)
{
    const GstVideoMeta *whole = gst_buffer_get_video_meta(picture);
    GPtrArray *tiles = g_ptr_array_new_with_free_func((GDestroyNotify)gst_mini_object_unref);
    GstMapInfo map;

    if (!gst_buffer_map(picture, &map, GST_MAP_READ))
        return tiles;
    for (guint top = 0; top < whole->height; top += TILE) {
        const guint height = MIN(TILE, whole->height - top);
        const guint32 *row = (const guint32 *)(gpointer)map.data + (gsize)top * whole->width;
        guint from = 0; /* of those side by side that are not clear */

        for (guint left = 0; left < whole->width + TILE; left += TILE) {
            const guint end = MIN(left, whole->width);

            if (left < whole->width &&
                !is_clear(row + left, whole->width, MIN(TILE, whole->width - left), height))
                continue;
            if (end > from)
                g_ptr_array_add(tiles, part_new(picture, from, top, end - from, height, x, y));
            from = left + TILE;
        }
    }
    gst_buffer_unmap(picture, &map);
    return tiles;
}
