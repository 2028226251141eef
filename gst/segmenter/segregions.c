/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segregions.h"

#include "frame/frameview.h"

static void attach(GstBuffer *buffer, const GstVideoRectangle *visible, const GstStructure *s)
{
    GstVideoRegionOfInterestMeta *region;
    GstVideoRectangle box;
    double share, score;
    const char *label = gst_structure_get_string(s, "label");
    int id;

    if (!label || !vdt_frame_box(visible, s, &box) ||
        !gst_structure_get(s, "share", G_TYPE_DOUBLE, &share, "score", G_TYPE_DOUBLE, &score,
                           "class-id", G_TYPE_INT, &id, NULL))
        return;
    /* the type becomes a quark, which is for life: labels are the model's, 255 at most */
    region = gst_buffer_add_video_region_of_interest_meta(buffer, label, (guint)box.x, (guint)box.y,
                                                          (guint)box.w, (guint)box.h);
    region->id = id;
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("cgrseg-segmenter", "share", G_TYPE_DOUBLE, share, "confidence",
                                  G_TYPE_DOUBLE, score, "class-id", G_TYPE_INT, id, NULL));
}

void vdt_seg_regions_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *results)
{
    GstVideoRectangle visible;

    if (!vdt_frame_visible(info, buffer, &visible))
        return;
    for (guint i = 0; i < gst_value_array_get_size(results); i++)
        attach(buffer, &visible, gst_value_get_structure(gst_value_array_get_value(results, i)));
}
