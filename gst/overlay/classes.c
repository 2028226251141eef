/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "classes.h"

#include <math.h>
#include <string.h>

#include "arrays.h"
#include "text.h"

/* Of an array, or of a region's params, no more is looked at. */
#define MOST_LOOKED 100

int vdt_overlay_percent(const GstStructure *s, const char *field)
{
    const GValue *value = gst_structure_get_value(s, field);
    GValue number = G_VALUE_INIT;
    double score;

    g_value_init(&number, G_TYPE_DOUBLE);
    if (!value || !g_value_type_transformable(G_VALUE_TYPE(value), G_TYPE_DOUBLE) ||
        !g_value_transform(value, &number))
        return -1;
    score = g_value_get_double(&number);
    return isnan(score) ? -1 : (int)lround(CLAMP(score, 0, 1) * 100);
}

static gboolean is_background(const GstStructure *s)
{
    gboolean background;

    return gst_structure_get_boolean(s, "background", &background) && background;
}

static void join(char *text, gsize size, const GstStructure *s)
{
    vdt_overlay_text_append(text, size, *text ? ", " : NULL);
    vdt_overlay_text_append(text, size, gst_structure_get_string(s, "label"));
}

/* The best of those that have labels, a structure for each, @n of them. */
static void join_all(char *text, gsize size, const GstStructure *const *best, guint n)
{
    gboolean all = TRUE;

    for (guint i = 0; i < n; i++)
        all &= is_background(best[i]);
    for (guint i = 0; i < n; i++)
        if (all || !is_background(best[i]))
            join(text, size, best[i]);
}

/* The first of each group of @results, which has names: groups follow each other. */
static guint find_best(const GValue *results, const GstStructure *best[MOST_LOOKED])
{
    const guint most = results && GST_VALUE_HOLDS_ARRAY(results)
                           ? MIN(gst_value_array_get_size(results), MOST_LOOKED)
                           : 0;
    const char *before = NULL;
    guint n = 0;

    for (guint i = 0; i < most; i++) {
        const GValue *value = gst_value_array_get_value(results, i);
        const GstStructure *s =
            GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value) : NULL;
        const char *group = s ? gst_structure_get_string(s, "group") : NULL;

        if (i == 0 && !group) /* a list, whatever comes behind it */
            return 0;
        if (!group || !gst_structure_get_string(s, "label") || g_strcmp0(group, before) == 0)
            continue;
        best[n++] = s;
        before = group;
    }
    return n;
}

gboolean vdt_overlay_classes_join(char *text, gsize size, const GValue *results)
{
    const GstStructure *best[MOST_LOOKED] = {NULL};
    const guint n = find_best(results, best);
    g_autofree char *own = g_malloc0(size);

    join_all(own, size, best, n);
    vdt_overlay_text_append(text, size, own);
    return n > 0;
}

/* "gate: open", and the first label of those that have no groups. */
static void set_region_tag(VdtOverlayTag *tag, const GstStructure *s)
{
    const GValue *results = gst_structure_get_value(s, "results");
    const GValue *first =
        results && GST_VALUE_HOLDS_ARRAY(results) && gst_value_array_get_size(results) > 0
            ? gst_value_array_get_value(results, 0)
            : NULL;

    tag->kind = VDT_OVERLAY_EMPTY;
    vdt_overlay_text_append(tag->text, sizeof tag->text, gst_structure_get_string(s, "name"));
    if (!first || !GST_VALUE_HOLDS_STRUCTURE(first) || !gst_value_get_structure(first))
        return;
    vdt_overlay_text_append(tag->text, sizeof tag->text, tag->text[0] ? ": " : NULL);
    if (!vdt_overlay_classes_join(tag->text, sizeof tag->text, results))
        vdt_overlay_text_append(tag->text, sizeof tag->text,
                                gst_structure_get_string(gst_value_get_structure(first), "label"));
}

static void add_region(VdtOverlayShow *show, const GstStructure *s, gint64 age)
{
    VdtOverlayZone *zone = &show->zones[show->n_zones];
    const GValue *points = gst_structure_get_value(s, "points");
    const guint n = vdt_overlay_points_count(points);

    if (show->n_zones == VDT_OVERLAY_ZONES || n < 3 || n > VDT_OVERLAY_POINTS)
        return;
    memset(zone, 0, sizeof *zone);
    if (!vdt_overlay_points_read(points, 0, n, zone->points))
        return;
    zone->n_points = n;
    set_region_tag(&zone->tag, s);
    show->n_zones++;
}

void vdt_overlay_classes_add(VdtOverlayShow *show, const GstStructure *result)
{
    vdt_overlay_each(show, result, "regions", add_region, 0);
}

gboolean vdt_overlay_classes_at(const GstVideoRegionOfInterestMeta *region, char *text, gsize size,
                                int *percent)
{
    const GstStructure *best[MOST_LOOKED] = {NULL};
    guint n = 0;

    for (const GList *l = region->params; l && n < MOST_LOOKED; l = l->next)
        if (gst_structure_has_name(l->data, "slab-classifier") &&
            gst_structure_get_string(l->data, "label"))
            best[n++] = l->data;
    join_all(text, size, best, n);
    *percent = n == 1 ? vdt_overlay_percent(best[0], "confidence") : -1;
    return n > 0;
}
