/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frameview.h"

#include <math.h>

#include "objectbox.h"
#include "preprocess.h"

void vdt_frame_visible_size(const GstVideoInfo *info, GstBuffer *buffer, guint *width,
                            guint *height)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);

    *width = (guint)GST_VIDEO_INFO_WIDTH(info);
    *height = (guint)GST_VIDEO_INFO_HEIGHT(info);
    if (!crop || crop->width == 0 || crop->height == 0)
        return;
    /* clipped, as for the conversion */
    *width = MIN(crop->width, *width - MIN(crop->x, *width - 1));
    *height = MIN(crop->height, *height - MIN(crop->y, *height - 1));
}

gboolean vdt_frame_visible(const GstVideoInfo *info, GstBuffer *buffer, GstVideoRectangle *visible)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
    guint width, height;

    *visible = (GstVideoRectangle){0};
    vdt_frame_visible_size(info, buffer, &width, &height);
    if (crop && (int)crop->x < GST_VIDEO_INFO_WIDTH(info) &&
        (int)crop->y < GST_VIDEO_INFO_HEIGHT(info))
        *visible = (GstVideoRectangle){(int)crop->x, (int)crop->y, 0, 0};
    visible->w = (int)width;
    visible->h = (int)height;
    return width > 0 && height > 0;
}

/* Whole pixels from @at on, inside of @size; at least one. FALSE if they are all outside. */
static gboolean touch(double at, double length, int size, int *from, int *to)
{
    if (!(at < 1 && at + length > 0))
        return FALSE;
    /* what is a pixel's edge may have been rounded to either side */
    *from = (int)CLAMP(floor(at * size + 1e-6), 0, size - 1);
    *to = (int)CLAMP(ceil((at + length) * size - 1e-6), *from + 1, size);
    return TRUE;
}

gboolean vdt_frame_box(const GstVideoRectangle *visible, const GstStructure *s, gint64 age,
                       GstVideoRectangle *box)
{
    int left, top, right, bottom;
    VdtObjectBox at;

    if (!vdt_object_box(s, age, &at) || !touch(at.x, at.width, visible->w, &left, &right) ||
        !touch(at.y, at.height, visible->h, &top, &bottom))
        return FALSE;
    *box = (GstVideoRectangle){visible->x + left, visible->y + top, right - left, bottom - top};
    return TRUE;
}

VdtSeen vdt_frame_seen(const VdtFrameTarget *target, guint width, guint height)
{
    GstVideoRectangle part = {0, 0, (int)width, (int)height};
    VdtView view;
    double across, down;

    vdt_frame_region_apply(&target->region, &part);
    view = vdt_view_for_framing(target->framing, (guint)part.w, (guint)part.h, target->width,
                                target->height);
    /* of the frame, for a column and a row of the picture */
    across = (double)part.w / view.width / width;
    down = (double)part.h / view.height / height;
    return (VdtSeen){(double)part.x / width + view.left * across,
                     (double)part.y / height + view.top * down, target->width * across,
                     target->height * down};
}
