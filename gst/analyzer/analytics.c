/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analytics.h"

#include <gst/analytics/analytics.h>

#include "frame/frameview.h"

/* The results that are of a class. */
typedef struct {
    guint n;
    const GstStructure **structures;
    GQuark *labels;
    float *scores;
    guint *ids;
} Classes;

static void classes_init(Classes *c, const GValue *results)
{
    const guint most = gst_value_array_get_size(results);

    *c = (Classes){0, g_new(const GstStructure *, most), g_new(GQuark, most), g_new(float, most),
                   g_new(guint, most)};
    for (guint i = 0; i < most; i++) {
        const GstStructure *s = gst_value_get_structure(gst_value_array_get_value(results, i));
        const char *label = gst_structure_get_string(s, "label");
        double score;
        int id;

        if (!label || !gst_structure_get(s, "class-id", G_TYPE_INT, &id, "score", G_TYPE_DOUBLE,
                                         &score, NULL))
            continue;
        c->structures[c->n] = s;
        c->labels[c->n] = g_quark_from_string(label);
        c->scores[c->n] = (float)score;
        c->ids[c->n] = (guint)id;
        c->n++;
    }
}

static void classes_clear(Classes *c)
{
    g_free(c->structures);
    g_free(c->labels);
    g_free(c->scores);
    g_free(c->ids);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Classes, classes_clear)

static void add_boxes(GstAnalyticsRelationMeta *meta, const Classes *c,
                      const GstVideoRectangle *visible)
{
    GstAnalyticsODMtd detection;
    GstVideoRectangle box;

    for (guint i = 0; i < c->n; i++)
        if (vdt_frame_box(visible, c->structures[i], &box))
            gst_analytics_relation_meta_add_od_mtd(meta, c->labels[i], box.x, box.y, box.w, box.h,
                                                   c->scores[i], &detection);
}

#if GST_CHECK_VERSION(1, 26, 0)
static void add_map(GstAnalyticsRelationMeta *meta, const Classes *c, const GstStructure *fields,
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
    if (!gst_analytics_relation_meta_add_segmentation_mtd(
            meta, mask, GST_SEGMENTATION_TYPE_SEMANTIC, c->n, c->ids, visible->x, visible->y,
            (guint)visible->w, (guint)visible->h, &segmentation))
        return;
    /* either way, whichever a reader begins with */
    gst_analytics_relation_meta_set_relation(meta, GST_ANALYTICS_REL_TYPE_N_TO_N, segmentation.id,
                                             classification->id);
    gst_analytics_relation_meta_set_relation(meta, GST_ANALYTICS_REL_TYPE_N_TO_N,
                                             classification->id, segmentation.id);
}
#else
static void add_map(GstAnalyticsRelationMeta *meta, const Classes *c, const GstStructure *fields,
                    const GstVideoRectangle *visible, const GstAnalyticsClsMtd *classification)
{
}
#endif

void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer, const GstVideoInfo *info)
{
    GstAnalyticsRelationMeta *meta;
    GstAnalyticsClsMtd classification;
    GstVideoRectangle visible;
    g_auto(Classes) c = {0};

    classes_init(&c, &result->structures);
    if (c.n == 0 || !vdt_frame_visible(info, buffer, &visible))
        return;
    /* elements upstream may have left theirs */
    meta = gst_buffer_get_analytics_relation_meta(buffer);
    if (!meta)
        meta = gst_buffer_add_analytics_relation_meta(buffer);
    if (!gst_analytics_relation_meta_add_cls_mtd(meta, c.n, c.scores, c.labels, &classification))
        return;
    add_boxes(meta, &c, &visible);
    add_map(meta, &c, result->fields, &visible, &classification);
}
