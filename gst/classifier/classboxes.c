/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classboxes.h"

#include "analyzer/analytics.h"
#include "classwork.h"
#include "frame/frameview.h"

#define LEAST_SHARED 0.5

/* A box as it was found. */
typedef struct {
    GQuark type;
    guint id; /* 0: it is not followed */
    VdtFrameRegion box;
    const GValue *results;
} Found;

static gboolean read_box(const GstStructure *s, Found *found)
{
    const char *type = gst_structure_get_string(s, "type");

    found->type = type ? g_quark_try_string(type) : 0;
    if (!gst_structure_get_uint(s, "id", &found->id))
        found->id = 0;
    found->results = gst_structure_get_value(s, "results");
    return gst_structure_get(s, "x", G_TYPE_DOUBLE, &found->box.x, "y", G_TYPE_DOUBLE,
                             &found->box.y, "width", G_TYPE_DOUBLE, &found->box.width, "height",
                             G_TYPE_DOUBLE, &found->box.height, NULL);
}

static GArray *read_boxes(const GValue *boxes)
{
    const guint n = gst_value_array_get_size(boxes);
    GArray *array = g_array_sized_new(FALSE, FALSE, sizeof(Found), n);

    for (guint i = 0; i < n; i++) {
        Found found;

        if (read_box(gst_value_get_structure(gst_value_array_get_value(boxes, i)), &found))
            g_array_append_val(array, found);
    }
    return array;
}

/* What two boxes share, of what they have together. */
static double get_shared(const VdtFrameRegion *a, const VdtFrameRegion *b)
{
    const double across = MIN(a->x + a->width, b->x + b->width) - MAX(a->x, b->x);
    const double down = MIN(a->y + a->height, b->y + b->height) - MAX(a->y, b->y);
    const double both = across > 0 && down > 0 ? across * down : 0;
    const double all = a->width * a->height + b->width * b->height - both;

    return all > 0 ? both / all : 0;
}

static const Found *find(const GArray *boxes, GQuark type, int id, const VdtFrameRegion *box)
{
    const Found *best = NULL;
    double most = LEAST_SHARED;

    for (guint i = 0; i < boxes->len; i++) {
        const Found *found = &g_array_index(boxes, Found, i);
        double shared;

        if (found->type != type || found->id != (guint)id)
            continue;
        if (id > 0)
            return found;
        shared = get_shared(&found->box, box);
        if (shared >= most) {
            most = shared;
            best = found;
        }
    }
    return best;
}

/* Whether @s begins another group than the one before. */
static gboolean begins_group(const GstStructure *before, const GstStructure *s)
{
    return !before || g_strcmp0(gst_structure_get_string(before, "group"),
                                gst_structure_get_string(s, "group")) != 0;
}

/* The best one of a group, which begins with it; its own results are appended as they come. */
static GstStructure *param_new(const GstStructure *best, const char *element)
{
    const char *group = gst_structure_get_string(best, "group");
    GstStructure *param =
        gst_structure_new("slab-classifier", "element", G_TYPE_STRING, element, "label",
                          G_TYPE_STRING, gst_structure_get_string(best, "label"), NULL);

    gst_structure_set_value(param, "class-id", gst_structure_get_value(best, "class-id"));
    gst_structure_set_value(param, "confidence", gst_structure_get_value(best, "score"));
    if (group)
        gst_structure_set(param, "group", G_TYPE_STRING, group, NULL);
    if (gst_structure_has_field(best, "background"))
        gst_structure_set(param, "background", G_TYPE_BOOLEAN, TRUE, NULL);
    return param;
}

static void add_params(GstVideoRegionOfInterestMeta *region, const GValue *results,
                       const char *element)
{
    const GstStructure *before = NULL;
    GstStructure *param = NULL;
    GValue array = G_VALUE_INIT;

    for (guint i = 0; i < gst_value_array_get_size(results); i++) {
        const GValue *value = gst_value_array_get_value(results, i);
        const GstStructure *s = gst_value_get_structure(value);

        if (begins_group(before, s)) {
            if (param)
                gst_structure_take_value(param, "results", &array);
            param = param_new(s, element);
            gst_video_region_of_interest_meta_add_param(region, param);
            array = (GValue)G_VALUE_INIT;
            g_value_init(&array, GST_TYPE_ARRAY);
        }
        gst_value_array_append_value(&array, value);
        before = s;
    }
    if (param)
        gst_structure_take_value(param, "results", &array);
}

void vdt_class_boxes_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *boxes,
                            const char *element)
{
    g_autoptr(GArray) found = read_boxes(boxes);
    GstVideoRectangle visible;
    gpointer state = NULL;
    GstMeta *meta;

    if (found->len == 0 || !vdt_frame_visible(info, buffer, &visible))
        return;
    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *)meta;
        const VdtFrameRegion box = vdt_class_box_of(&visible, region);
        const Found *it = find(found, region->roi_type, vdt_class_id_of(region), &box);

        if (!it)
            continue;
        add_params(region, it->results, element);
        vdt_analytics_attach_box(buffer, region, it->results);
    }
}
