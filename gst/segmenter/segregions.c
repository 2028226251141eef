/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segregions.h"

#include <math.h>

#include "frame/frameview.h"

/* Whole pixels from @at on, inside of @size; at least one. */
static void touch(double at, double length, guint size, guint *from, guint *to)
{
    /* what is a pixel's edge may have been rounded to either side */
    *from = (guint)CLAMP(floor(at * size + 1e-6), 0, size - 1);
    *to = (guint)CLAMP(ceil((at + length) * size - 1e-6), *from + 1, size);
}

static void attach(GstBuffer *buffer, const GstVideoRectangle *seen, const GstStructure *s)
{
    GstVideoRegionOfInterestMeta *region;
    double x, y, width, height, share, score;
    guint left, top, right, bottom;
    const char *label = gst_structure_get_string(s, "label");
    int id;

    if (!label || !gst_structure_get(s, "x", G_TYPE_DOUBLE, &x, "y", G_TYPE_DOUBLE, &y, "width",
                                     G_TYPE_DOUBLE, &width, "height", G_TYPE_DOUBLE, &height,
                                     "share", G_TYPE_DOUBLE, &share, "score", G_TYPE_DOUBLE, &score,
                                     "class-id", G_TYPE_INT, &id, NULL))
        return;
    touch(x, width, (guint)seen->w, &left, &right);
    touch(y, height, (guint)seen->h, &top, &bottom);
    /* the type becomes a quark, which is for life: labels are the model's, 255 at most */
    region = gst_buffer_add_video_region_of_interest_meta(
        buffer, label, (guint)seen->x + left, (guint)seen->y + top, right - left, bottom - top);
    region->id = id;
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("cgrseg-segmenter", "share", G_TYPE_DOUBLE, share, "confidence",
                                  G_TYPE_DOUBLE, score, "class-id", G_TYPE_INT, id, NULL));
}

void vdt_seg_regions_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *results)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
    GstVideoRectangle seen = {0};
    guint width, height;

    vdt_frame_visible_size(info, buffer, &width, &height);
    if (crop && (int)crop->x < GST_VIDEO_INFO_WIDTH(info) &&
        (int)crop->y < GST_VIDEO_INFO_HEIGHT(info))
        seen = (GstVideoRectangle){(int)crop->x, (int)crop->y, 0, 0};
    seen.w = (int)width;
    seen.h = (int)height;
    for (guint i = 0; width > 0 && height > 0 && i < gst_value_array_get_size(results); i++)
        attach(buffer, &seen, gst_value_get_structure(gst_value_array_get_value(results, i)));
}
