/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "frameview.h"

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
