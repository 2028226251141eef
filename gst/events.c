/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events.h"

struct _VdtEvents {
    GstElement *source;
    const char *kind;
    char *id; /* what ids begin with */
    guint64 n_events;
    GstStructure *finding; /* what goes on, as last seen; NULL for nothing */
    VdtSpan span;          /* when that was */
    VdtSpan first;         /* and when it was seen first */
    gboolean started;      /* its start has been told */
};

VdtEvents *vdt_events_new(GstElement *source, const char *kind)
{
    VdtEvents *events = g_new0(VdtEvents, 1);
    g_autofree char *name = gst_object_get_name(GST_OBJECT(source));

    events->source = source;
    events->kind = kind;
    events->id = g_strdup_printf("%s-%08x", name, g_random_int());
    return events;
}

void vdt_events_free(VdtEvents *events)
{
    g_clear_pointer(&events->finding, gst_structure_free);
    g_free(events->id);
    g_free(events);
}

static GstMessage *message(const VdtEvents *events, const char *event, const VdtSpan *span,
                           const GValue *results)
{
    GstElementFactory *factory = gst_element_get_factory(events->source);
    g_autofree char *id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, events->id, events->n_events);
    int class_id = -1;
    double score = 0;
    GstStructure *s;

    gst_structure_get(events->finding, "class-id", G_TYPE_INT, &class_id, "score", G_TYPE_DOUBLE,
                      &score, NULL);
    s = gst_structure_new(
        factory ? GST_OBJECT_NAME(factory) : G_OBJECT_TYPE_NAME(events->source), "timestamp",
        G_TYPE_UINT64, span->end, "stream-time", G_TYPE_UINT64, span->stream_time, "running-time",
        G_TYPE_UINT64, span->running_time, "duration", G_TYPE_UINT64, span->end - span->start,
        "event", G_TYPE_STRING, event, "id", G_TYPE_STRING, id, "label", G_TYPE_STRING,
        gst_structure_get_string(events->finding, "label"), "class-id", G_TYPE_INT, class_id,
        "score", G_TYPE_DOUBLE, score, "kind", G_TYPE_STRING, events->kind, "window-start",
        G_TYPE_UINT64, span->start, "window-end", G_TYPE_UINT64, span->end, NULL);
    if (results)
        gst_structure_set_value(s, "results", results);
    return gst_message_new_element(GST_OBJECT(events->source), s);
}

static int class_of(const GstStructure *finding)
{
    int class_id = -1;

    if (finding)
        gst_structure_get_int(finding, "class-id", &class_id);
    return class_id;
}

int vdt_events_get_class(const VdtEvents *events)
{
    return events->started ? class_of(events->finding) : -1;
}

GList *vdt_events_follow(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                         const GValue *results, GstClockTime least)
{
    GList *list = NULL;

    if (!finding || class_of(finding) != class_of(events->finding)) {
        list = vdt_events_end(events);
        events->first = *span;
    }
    if (!finding)
        return list;

    g_clear_pointer(&events->finding, gst_structure_free);
    events->finding = gst_structure_copy(finding);
    events->span = *span;
    if (!events->started && span->end - events->first.end < least)
        return list;
    if (!events->started) {
        events->started = TRUE;
        events->n_events++;
        list = g_list_append(list, message(events, "start", &events->first, results));
    }
    return g_list_append(list, message(events, "update", span, results));
}

GList *vdt_events_end(VdtEvents *events)
{
    GList *list = NULL;

    if (events->started)
        list = g_list_append(list, message(events, "end", &events->span, NULL));
    g_clear_pointer(&events->finding, gst_structure_free);
    events->started = FALSE;
    return list;
}

void vdt_events_post(const VdtEvents *events, GList *messages, gboolean wanted)
{
    for (GList *l = messages; l; l = l->next) {
        if (wanted)
            gst_element_post_message(events->source, l->data);
        else
            gst_message_unref(l->data);
    }
    g_list_free(messages);
}
