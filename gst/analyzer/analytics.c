/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analytics.h"

#include <gst/analytics/analytics.h>

#include "frame/frameview.h"
#include "frame/objectbox.h"

typedef struct {
    const GstStructure *structure; /* the result's */
    guint64 id;
    GQuark label;
    float score;
    GstClockTime first_seen;
    gboolean hidden;
} Object;

/* What is the same for all frames that carry a result. */
typedef struct {
    guint n; /* results that are of a class */
    const GstStructure **structures;
    GQuark *labels;
    float *scores;
    guint *ids;

    gboolean has_objects; /* though there may be none */
    GArray *objects;
} Ready;

/* FALSE if @s is of no class. */
static gboolean read_finding(const GstStructure *s, GQuark *label, float *score, int *id)
{
    const char *text = s ? gst_structure_get_string(s, "label") : NULL;
    double found;

    if (!text ||
        !gst_structure_get(s, "class-id", G_TYPE_INT, id, "score", G_TYPE_DOUBLE, &found, NULL))
        return FALSE;
    *label = g_quark_from_string(text);
    *score = (float)found;
    return TRUE;
}

static void read_results(Ready *ready, const GValue *results)
{
    const guint most = gst_value_array_get_size(results);

    ready->structures = g_new(const GstStructure *, most);
    ready->labels = g_new(GQuark, most);
    ready->scores = g_new(float, most);
    ready->ids = g_new(guint, most);
    for (guint i = 0; i < most; i++) {
        const GstStructure *s = gst_value_get_structure(gst_value_array_get_value(results, i));
        int id;

        if (!read_finding(s, &ready->labels[ready->n], &ready->scores[ready->n], &id))
            continue;
        ready->structures[ready->n] = s;
        ready->ids[ready->n++] = (guint)id;
    }
}

static void read_objects(Ready *ready, const GValue *objects)
{
    for (guint i = 0; i < gst_value_array_get_size(objects); i++) {
        Object object = {.structure =
                             gst_value_get_structure(gst_value_array_get_value(objects, i)),
                         .first_seen = GST_CLOCK_TIME_NONE};
        const GstStructure *s = object.structure;
        guint id;
        int class;

        if (!read_finding(s, &object.label, &object.score, &class) ||
            !gst_structure_get_uint(s, "id", &id))
            continue;
        object.id = id;
        gst_structure_get_uint64(s, "first-seen", &object.first_seen);
        object.hidden = g_strcmp0(gst_structure_get_string(s, "state"), "hidden") == 0;
        g_array_append_val(ready->objects, object);
    }
}

void vdt_analytics_prepare(VdtResult *result)
{
    const GValue *objects =
        result->fields ? gst_structure_get_value(result->fields, "objects") : NULL;
    Ready *ready = g_new0(Ready, 1);

    ready->has_objects = objects && GST_VALUE_HOLDS_ARRAY(objects);
    ready->objects = g_array_new(FALSE, FALSE, sizeof(Object));
    read_results(ready, &result->structures);
    if (ready->has_objects)
        read_objects(ready, objects);
    result->analytics = ready;
}

static void clear_classes(Ready *ready)
{
    g_free(ready->structures);
    g_free(ready->labels);
    g_free(ready->scores);
    g_free(ready->ids);
}

void vdt_analytics_clear(VdtResult *result)
{
    Ready *ready = g_steal_pointer(&result->analytics);

    if (!ready)
        return;
    clear_classes(ready);
    g_array_unref(ready->objects);
    g_free(ready);
}

static gboolean add_detection(GstAnalyticsRelationMeta *meta, const GstVideoRectangle *visible,
                              const GstStructure *s, gint64 age, GQuark label, float score,
                              GstAnalyticsODMtd *detection)
{
    GstVideoRectangle box;

    return vdt_frame_box(visible, s, age, &box) &&
           gst_analytics_relation_meta_add_od_mtd(meta, label, box.x, box.y, box.w, box.h, score,
                                                  detection);
}

static void add_classes(GstAnalyticsRelationMeta *meta, const Ready *ready,
                        const GstVideoRectangle *visible)
{
    GstAnalyticsODMtd detection;

    for (guint i = 0; i < ready->n; i++)
        add_detection(meta, visible, ready->structures[i], 0, ready->labels[i], ready->scores[i],
                      &detection);
}

/* Either way, whichever a reader begins with. */
static void relate(GstAnalyticsRelationMeta *meta, GstAnalyticsRelTypes type, guint a, guint b)
{
    gst_analytics_relation_meta_set_relation(meta, type, a, b);
    gst_analytics_relation_meta_set_relation(meta, type, b, a);
}

/* How many of the results from @from on are of one group. */
static guint count_group(const Ready *ready, guint from)
{
    const char *group = gst_structure_get_string(ready->structures[from], "group");
    guint to = from + 1;

    while (to < ready->n &&
           g_strcmp0(gst_structure_get_string(ready->structures[to], "group"), group) == 0)
        to++;
    return to - from;
}

/* One for each group, each related to @detection unless that is NULL. The first one is in
 * @classification; FALSE if there is none. */
static gboolean add_classifications(GstAnalyticsRelationMeta *meta, const Ready *ready,
                                    const GstAnalyticsODMtd *detection,
                                    GstAnalyticsClsMtd *classification)
{
    gboolean any = FALSE;

    for (guint from = 0, n; from < ready->n; from += n) {
        GstAnalyticsClsMtd one;

        n = count_group(ready, from);
        if (!gst_analytics_relation_meta_add_cls_mtd(meta, n, ready->scores + from,
                                                     ready->labels + from, &one))
            continue;
        if (detection)
            relate(meta, GST_ANALYTICS_REL_TYPE_RELATE_TO, detection->id, one.id);
        if (!any)
            *classification = one;
        any = TRUE;
    }
    return any;
}

static void add_object(GstAnalyticsRelationMeta *meta, const Object *object,
                       const GstVideoRectangle *visible, gint64 age, GstClockTime seen)
{
    GstAnalyticsODMtd detection;
    GstAnalyticsTrackingMtd tracking;

    if (!add_detection(meta, visible, object->structure, age, object->label, object->score,
                       &detection) ||
        !gst_analytics_relation_meta_add_tracking_mtd(meta, object->id, object->first_seen,
                                                      &tracking))
        return;
    if (object->hidden)
        gst_analytics_tracking_mtd_set_lost(&tracking);
    else
        gst_analytics_tracking_mtd_update_last_seen(&tracking, seen);
    relate(meta, GST_ANALYTICS_REL_TYPE_RELATE_TO, detection.id, tracking.id);
}

#if GST_CHECK_VERSION(1, 26, 0)
static void add_map(GstAnalyticsRelationMeta *meta, const Ready *ready, const GstStructure *fields,
                    const GstVideoRectangle *visible, const GstAnalyticsClsMtd *classification)
{
    GstAnalyticsSegmentationMtd segmentation;
    g_autoptr(GstBuffer) map = NULL;
    GstBuffer *mask;
    int width, height;

    if (!fields || !gst_structure_get(fields, "map", GST_TYPE_BUFFER, &map, "map-width", G_TYPE_INT,
                                      &width, "map-height", G_TYPE_INT, &height, NULL))
        return;
    /* others hold the map, too; the copy shares its bytes */
    mask = gst_buffer_copy(map);
    /* planes at their least stride, which no GstVideoInfo of an odd width has */
    gst_buffer_add_video_meta_full(mask, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8,
                                   (guint)width, (guint)height, 1, (gsize[GST_VIDEO_MAX_PLANES]){0},
                                   (int[GST_VIDEO_MAX_PLANES]){width});
    if (gst_analytics_relation_meta_add_segmentation_mtd(
            meta, mask, GST_SEGMENTATION_TYPE_SEMANTIC, ready->n, ready->ids, visible->x,
            visible->y, (guint)visible->w, (guint)visible->h, &segmentation))
        relate(meta, GST_ANALYTICS_REL_TYPE_N_TO_N, segmentation.id, classification->id);
}
#else
static void add_map(GstAnalyticsRelationMeta *meta, const Ready *ready, const GstStructure *fields,
                    const GstVideoRectangle *visible, const GstAnalyticsClsMtd *classification)
{
}
#endif

void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer, GstClockTime pts,
                          const GstVideoInfo *info)
{
    const Ready *ready = result->analytics;
    const gint64 age = vdt_object_age(pts, result->pts);
    GstAnalyticsRelationMeta *meta;
    GstAnalyticsClsMtd classification;
    GstVideoRectangle visible;

    if (!ready || ready->n + ready->objects->len == 0 || !vdt_frame_visible(info, buffer, &visible))
        return;
    /* elements upstream may have left theirs */
    meta = gst_buffer_get_analytics_relation_meta(buffer);
    if (!meta)
        meta = gst_buffer_add_analytics_relation_meta(buffer);
    if (add_classifications(meta, ready, NULL, &classification)) {
        /* the box around all of a class is no object */
        if (!ready->has_objects)
            add_classes(meta, ready, &visible);
        add_map(meta, ready, result->fields, &visible, &classification);
    }
    for (guint i = 0; i < ready->objects->len; i++)
        add_object(meta, &g_array_index(ready->objects, Object, i), &visible, age, result->pts);
}

static gboolean is_at(const GstAnalyticsODMtd *detection,
                      const GstVideoRegionOfInterestMeta *region)
{
    float score;
    int x, y, w, h;

    return gst_analytics_od_mtd_get_obj_type(detection) == region->roi_type &&
           gst_analytics_od_mtd_get_location(detection, &x, &y, &w, &h, &score) &&
           (guint)x == region->x && (guint)y == region->y && (guint)w == region->w &&
           (guint)h == region->h;
}

void vdt_analytics_attach_box(GstBuffer *buffer, const GstVideoRegionOfInterestMeta *region,
                              const GValue *results)
{
    GstAnalyticsRelationMeta *meta = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsClsMtd classification;
    GstAnalyticsODMtd detection;
    gpointer state = NULL;
    Ready ready = {0};

    while (meta && gst_analytics_relation_meta_iterate(
                       meta, &state, gst_analytics_od_mtd_get_mtd_type(), &detection))
        if (is_at(&detection, region)) {
            read_results(&ready, results);
            add_classifications(meta, &ready, &detection, &classification);
            clear_classes(&ready);
            return;
        }
}
