/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segregions.h"

#include "frame/frameview.h"

/* With params, which are given back; NULL if @s is no finding, or not in the frame. */
static GstStructure *attach(GstBuffer *buffer, const GstVideoRectangle *visible,
                            const GstStructure *s, gint64 age, int id)
{
    GstVideoRegionOfInterestMeta *region;
    GstStructure *params;
    GstVideoRectangle box;
    double share, score;
    const char *label = gst_structure_get_string(s, "label");
    int class;

    if (!label || !vdt_frame_box(visible, s, age, &box) ||
        !gst_structure_get(s, "share", G_TYPE_DOUBLE, &share, "score", G_TYPE_DOUBLE, &score,
                           "class-id", G_TYPE_INT, &class, NULL))
        return NULL;
    /* the type becomes a quark, which is for life: labels are the model's, 255 at most */
    region = gst_buffer_add_video_region_of_interest_meta(buffer, label, (guint)box.x, (guint)box.y,
                                                          (guint)box.w, (guint)box.h);
    region->id = id;
    params = gst_structure_new("cgrseg-segmenter", "share", G_TYPE_DOUBLE, share, "confidence",
                               G_TYPE_DOUBLE, score, "class-id", G_TYPE_INT, class, NULL);
    gst_video_region_of_interest_meta_add_param(region, params);
    return params;
}

void vdt_seg_regions_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *results)
{
    GstVideoRectangle visible;

    if (!vdt_frame_visible(info, buffer, &visible))
        return;
    for (guint i = 0; i < gst_value_array_get_size(results); i++) {
        const GstStructure *s = gst_value_get_structure(gst_value_array_get_value(results, i));
        int id;

        if (gst_structure_get_int(s, "class-id", &id))
            attach(buffer, &visible, s, 0, id);
    }
}

static void attach_object(GstBuffer *buffer, const GstVideoRectangle *visible,
                          const GstStructure *s, gint64 age)
{
    static const char *const copied[] = {"speed-x", "speed-y", "first-seen", "state", "path"};
    GstStructure *params;
    guint id;

    if (!gst_structure_get_uint(s, "id", &id))
        return;
    params = attach(buffer, visible, s, age, (int)id);
    if (!params)
        return;
    gst_structure_set(params, "object", G_TYPE_UINT, id, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(copied); i++) {
        const GValue *value = gst_structure_get_value(s, copied[i]);

        if (value)
            gst_structure_set_value(params, copied[i], value);
    }
}

void vdt_seg_regions_attach_objects(GstBuffer *buffer, const GstVideoInfo *info,
                                    const GValue *objects, gint64 age)
{
    GstVideoRectangle visible;

    if (!vdt_frame_visible(info, buffer, &visible))
        return;
    for (guint i = 0; i < gst_value_array_get_size(objects); i++)
        attach_object(buffer, &visible,
                      gst_value_get_structure(gst_value_array_get_value(objects, i)), age);
}
