/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objects.h"

#include <math.h>
#include <string.h>

#include "arrays.h"
#include "classes.h"
#include "frame/objectbox.h"
#include "text.h"

/* As for points: what is farther out of the frame is no box. */
#define FARTHEST 10

/* ns from the picture to the frame. `age` says the same without a sign: it is right where times
 * were changed since. */
static gint64 get_age(const GstStructure *result, GstClockTime pts)
{
    guint64 from = GST_CLOCK_TIME_NONE, age;
    guint64 gap;

    gst_structure_get_uint64(result, "result-pts", &from);
    gap = pts > from ? pts - from : from - pts;
    if (gst_structure_get_uint64(result, "age", &age) && age != gap &&
        (age > 0 || gap > GST_SECOND))
        return (gint64)MIN(age, GST_SECOND);
    return vdt_object_age(pts, from);
}

/* An array that goes on and on: its newest end. */
static void add_path(VdtOverlayShow *show, const GValue *array, guint kind)
{
    const guint n = vdt_overlay_points_count(array), shown = MIN(n, VDT_OVERLAY_POINTS);
    VdtOverlayPath *path = &show->paths[show->n_paths];

    if (show->n_paths == VDT_OVERLAY_OBJECTS || n < 2)
        return;
    memset(path, 0, sizeof *path);
    if (!vdt_overlay_points_read(array, n - shown, shown, path->points))
        return;
    path->kind = kind;
    path->n_points = shown;
    show->n_paths++;
}

static gboolean set_box(VdtOverlayObject *object, const GstStructure *s, gint64 age)
{
    VdtObjectBox box;

    if (!vdt_object_box(s, age, &box) || !(box.width > 0 && box.width <= FARTHEST) ||
        !(box.height > 0 && box.height <= FARTHEST) || fabs(box.x) > FARTHEST ||
        fabs(box.y) > FARTHEST)
        return FALSE;
    object->x = (float)box.x;
    object->y = (float)box.y;
    object->width = (float)box.width;
    object->height = (float)box.height;
    return TRUE;
}

/* "person 7" */
static void add_object(VdtOverlayShow *show, const GstStructure *s, gint64 age)
{
    VdtOverlayObject *object = &show->objects[show->n_objects];
    const char *state = gst_structure_get_string(s, "state");
    const gboolean merged = g_strcmp0(state, "merged") == 0;
    VdtOverlayTag *tag = &object->tag;
    char number[32];
    guint id;

    if (show->n_objects == VDT_OVERLAY_OBJECTS || !gst_structure_get_uint(s, "id", &id))
        return;
    memset(object, 0, sizeof *object);
    if (!set_box(object, s, age))
        return;
    object->id = id;
    object->predicted = merged || g_strcmp0(state, "hidden") == 0;
    tag->kind = VDT_OVERLAY_REGION_KINDS + id % VDT_OVERLAY_OBJECT_KINDS;
    vdt_overlay_text_append(tag->text, sizeof tag->text - sizeof number,
                            gst_structure_get_string(s, "label"));
    g_snprintf(number, sizeof number, "%s%u%s", tag->text[0] ? " " : "", id,
               merged ? " (merged)" : "");
    vdt_overlay_text_append(tag->text, sizeof tag->text, number);
    add_path(show, gst_structure_get_value(s, "path"), tag->kind);
    show->n_objects++;
}

void vdt_overlay_objects_add(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts)
{
    vdt_overlay_each(show, result, "objects", add_object, get_age(result, pts));
}

/* "vehicle 7: van, red" */
void vdt_overlay_objects_classify(VdtOverlayShow *show, guint id,
                                  const GstVideoRegionOfInterestMeta *region)
{
    VdtOverlayTag *tag = NULL;
    char text[sizeof tag->text] = "";
    int percent;

    for (guint i = 0; i < show->n_objects && !tag; i++)
        if (show->objects[i].id == id)
            tag = &show->objects[i].tag;
    if (!tag || !vdt_overlay_classes_at(region, text, sizeof text, &percent))
        return;
    vdt_overlay_text_append(tag->text, sizeof tag->text, ": ");
    vdt_overlay_text_append(tag->text, sizeof tag->text, text);
}

/* "kerb in 3 out 1" */
static void add_crossing(VdtOverlayShow *show, const GstStructure *s, gint64 age)
{
    VdtOverlayCrossing *crossing = &show->crossings[show->n_crossings];
    const GValue *points = gst_structure_get_value(s, "points");
    VdtOverlayTag *tag = &crossing->tag;
    guint64 in, out;
    char counts[64];

    if (show->n_crossings == VDT_OVERLAY_CROSSINGS || vdt_overlay_points_count(points) != 2)
        return;
    memset(crossing, 0, sizeof *crossing);
    if (!vdt_overlay_points_read(points, 0, 2, crossing->points))
        return;
    tag->kind = VDT_OVERLAY_CROSSED;
    vdt_overlay_text_append(tag->text, sizeof tag->text, gst_structure_get_string(s, "name"));
    if (gst_structure_get(s, "in", G_TYPE_UINT64, &in, "out", G_TYPE_UINT64, &out, NULL)) {
        g_snprintf(counts, sizeof counts, "%sin %" G_GUINT64_FORMAT " out %" G_GUINT64_FORMAT,
                   tag->text[0] ? " " : "", in, out);
        vdt_overlay_text_append(tag->text, sizeof tag->text, counts);
    }
    show->n_crossings++;
}

void vdt_overlay_crossings_add(VdtOverlayShow *show, const GstStructure *result)
{
    vdt_overlay_each(show, result, "lines", add_crossing, 0);
}
