/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truthmeta.h"

#include <math.h>

#include "analyzer/arrays.h"
#include "analyzer/custommeta.h"

const GstMetaInfo *vdt_truth_meta_get_info(void)
{
    static const GstMetaInfo *info;

    if (g_once_init_enter(&info))
        g_once_init_leave(&info, vdt_custom_meta_register(VDT_TRUTH_META_NAME));
    return info;
}

static void set_conditions(GstStructure *to, const VdtStreetConditions *c)
{
    g_autoptr(GstStructure) s = gst_structure_new(
        "conditions", "night", G_TYPE_DOUBLE, c->night, "rain", G_TYPE_DOUBLE, c->rain, "snow",
        G_TYPE_DOUBLE, c->snow, "haze", G_TYPE_DOUBLE, c->haze, "noise", G_TYPE_DOUBLE, c->noise,
        "shake", G_TYPE_DOUBLE, c->shake, "blur", G_TYPE_DOUBLE, c->blur, NULL);

    gst_structure_set(to, "conditions", GST_TYPE_STRUCTURE, s, NULL);
}

static void set_events(GstStructure *to, const GArray *events)
{
    GValue array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);

        vdt_array_take_structure(
            &array,
            gst_structure_new("event", "id", G_TYPE_UINT64, event->id, "label", G_TYPE_STRING,
                              vdt_street_action_name(event->action), "start", G_TYPE_UINT64,
                              (guint64)event->start, "end", G_TYPE_UINT64, (guint64)event->end,
                              "actor", G_TYPE_UINT64, event->actor, NULL));
    }
    gst_structure_take_value(to, "events", &array);
}

static void set_objects(GstStructure *to, const GArray *objects)
{
    GValue array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < objects->len; i++) {
        const VdtStreetObject *object = &g_array_index(objects, VdtStreetObject, i);
        GstStructure *s = gst_structure_new(
            "object", "id", G_TYPE_UINT64, object->id, "kind", G_TYPE_STRING,
            vdt_street_class_name(object->kind), "action", G_TYPE_STRING,
            vdt_street_action_name(object->action), "main", G_TYPE_BOOLEAN, object->main, "x",
            G_TYPE_DOUBLE, object->x, "y", G_TYPE_DOUBLE, object->y, "width", G_TYPE_DOUBLE,
            object->width, "height", G_TYPE_DOUBLE, object->height, NULL);

        vdt_array_take_structure(&array, s);
    }
    gst_structure_take_value(to, "objects", &array);
}

/* Whole pixels, all that the object touches. */
static void add_region(GstBuffer *buffer, const VdtStreetObject *object, guint width, guint height)
{
    const guint left = (guint)MAX(0, floor(object->x * width));
    const guint top = (guint)MAX(0, floor(object->y * height));
    const guint right = MIN(width, (guint)ceil((object->x + object->width) * width));
    const guint bottom = MIN(height, (guint)ceil((object->y + object->height) * height));
    GstVideoRegionOfInterestMeta *region;

    if (right <= left || bottom <= top)
        return;
    region = gst_buffer_add_video_region_of_interest_meta(
        buffer, vdt_street_class_name(object->kind), left, top, right - left, bottom - top);
    region->id = (int)(guint32)object->id;
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("vedette-truth", "id", G_TYPE_UINT64, object->id, "action",
                                  G_TYPE_STRING, vdt_street_action_name(object->action), "main",
                                  G_TYPE_BOOLEAN, object->main, NULL));
}

void vdt_truth_attach(const VdtTruth *truth, GstBuffer *buffer, guint width, guint height)
{
    GstCustomMeta *meta = gst_buffer_add_custom_meta(buffer, VDT_TRUTH_META_NAME);
    GstStructure *s = gst_custom_meta_get_structure(meta);

    gst_structure_set(s, "scene-time", G_TYPE_UINT64, (guint64)truth->time, "world-version",
                      G_TYPE_UINT, VDT_STREET_VERSION, NULL);
    set_conditions(s, &truth->conditions);
    set_events(s, truth->events);
    set_objects(s, truth->objects);
    for (guint i = 0; i < truth->objects->len; i++)
        add_region(buffer, &g_array_index(truth->objects, VdtStreetObject, i), width, height);
}
