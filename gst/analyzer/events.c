/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events.h"

#include "changed.h"

/* Of the stream, between two updates. */
#define UPDATE_GAP (GST_SECOND / 2)

struct _VdtEvents {
    GstElement *source;
    const char *kind;
    char *id; /* what ids begin with */
    guint64 n_events;
    gboolean omit_updates;
    GstStructure *going; /* of the event that goes on, as last found; NULL for none */
    VdtSpan last;        /* when that was */
    int coming;          /* class-id of what may become the next one, -1 for nothing */
    VdtSpan first;       /* when it was found first */

    /* what was told of last, and when; NULL before */
    GstStructure *told;
    GValue told_results; /* unset: there were none */
    VdtSpan told_at;
};

VdtEvents *vdt_events_new(GstElement *source, const char *kind)
{
    VdtEvents *events = g_new0(VdtEvents, 1);
    g_autofree char *name = gst_object_get_name(GST_OBJECT(source));

    events->source = source;
    events->kind = kind;
    events->id = g_strdup_printf("%s-%08x", name, g_random_int());
    events->coming = -1;
    return events;
}

void vdt_events_free(VdtEvents *events)
{
    g_clear_pointer(&events->going, gst_structure_free);
    g_clear_pointer(&events->told, gst_structure_free);
    if (G_IS_VALUE(&events->told_results))
        g_value_unset(&events->told_results);
    g_free(events->id);
    g_free(events);
}

void vdt_events_omit_updates(VdtEvents *events)
{
    events->omit_updates = TRUE;
}

static GstClockTime earlier(GstClockTime time, GstClockTime back, gboolean backwards)
{
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return time;
    return backwards ? time + back : time - MIN(back, time);
}

/* Time of the stream between two windows, whichever way it is played. */
static GstClockTime elapsed(const VdtSpan *from, const VdtSpan *to)
{
    return to->end > from->end ? to->end - from->end : from->end - to->end;
}

/* What is special to a finding. */
static gboolean add_field(GQuark field, const GValue *value, gpointer structure)
{
    if (!gst_structure_id_has_field(structure, field))
        gst_structure_id_set_value(structure, field, value);
    return TRUE;
}

/* Of the window @span, dated @back ns before its newest picture came. */
static GstMessage *message(const VdtEvents *events, const GstStructure *finding, const char *event,
                           const VdtSpan *span, GstClockTime back, const GValue *results)
{
    GstElementFactory *factory = gst_element_get_factory(events->source);
    g_autofree char *id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, events->id, events->n_events);
    int class_id = -1;
    double score = 0;
    GstStructure *s;

    gst_structure_get(finding, "class-id", G_TYPE_INT, &class_id, "score", G_TYPE_DOUBLE, &score,
                      NULL);
    s = gst_structure_new(
        factory ? GST_OBJECT_NAME(factory) : G_OBJECT_TYPE_NAME(events->source), "timestamp",
        G_TYPE_UINT64, earlier(vdt_span_newest(span), back, span->backwards), "stream-time",
        G_TYPE_UINT64, earlier(span->stream_time, back, span->backwards), "running-time",
        G_TYPE_UINT64, earlier(span->running_time, back, FALSE), "duration", G_TYPE_UINT64,
        span->end - span->start, "event", G_TYPE_STRING, event, "id", G_TYPE_STRING, id, "label",
        G_TYPE_STRING, gst_structure_get_string(finding, "label"), "class-id", G_TYPE_INT, class_id,
        "score", G_TYPE_DOUBLE, score, "kind", G_TYPE_STRING, events->kind, "window-start",
        G_TYPE_UINT64, span->start, "window-end", G_TYPE_UINT64, span->end, NULL);
    gst_structure_foreach(finding, add_field, s);
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
    return class_of(events->going);
}

static void note_told(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                      const GValue *results)
{
    g_clear_pointer(&events->told, gst_structure_free);
    events->told = gst_structure_copy(finding);
    if (G_IS_VALUE(&events->told_results))
        g_value_unset(&events->told_results);
    if (results) {
        g_value_init(&events->told_results, G_VALUE_TYPE(results));
        g_value_copy(results, &events->told_results);
    }
    events->told_at = *span;
}

/* What goes on, if it is to be told of. */
static GList *update(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                     const GValue *results)
{
    const GValue *before = G_IS_VALUE(&events->told_results) ? &events->told_results : NULL;

    if (events->told &&
        (elapsed(&events->told_at, span) < UPDATE_GAP ||
         !(vdt_structure_changed(events->told, finding) || vdt_value_changed(before, results))))
        return NULL;
    note_told(events, span, finding, results);
    return g_list_append(NULL, message(events, finding, "update", span, 0, results));
}

/* What a window shows has begun in it: in its middle, as far as one knows. */
static GList *start(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                    const GValue *results)
{
    const VdtSpan *first = &events->first;

    events->going = gst_structure_copy(finding);
    events->n_events++;
    note_told(events, span, finding, results);
    return g_list_append(NULL, message(events, events->going, "start", first,
                                       (first->end - first->start) / 2, results));
}

static GList *end(VdtEvents *events)
{
    GList *list = NULL;

    if (events->going)
        list = g_list_append(list, message(events, events->going, "end", &events->last, 0, NULL));
    g_clear_pointer(&events->going, gst_structure_free);
    return list;
}

GList *vdt_events_follow(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                         const GValue *results, GstClockTime least)
{
    const int class_id = class_of(finding);
    GList *list = NULL;

    if (class_id != events->coming) {
        events->coming = class_id;
        events->first = *span;
    }
    if (events->going && class_id != class_of(events->going) &&
        elapsed(&events->last, span) >= least)
        list = end(events);
    if (!events->going && finding && elapsed(&events->first, span) >= least)
        list = g_list_concat(list, start(events, span, finding, results));
    if (!events->going || class_id != class_of(events->going))
        return list;
    gst_structure_free(events->going);
    events->going = gst_structure_copy(finding);
    events->last = *span;
    if (events->omit_updates)
        return list;
    return g_list_concat(list, update(events, span, events->going, results));
}

GList *vdt_events_tell(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                       const GValue *results)
{
    return update(events, span, finding, results);
}

GList *vdt_events_end(VdtEvents *events)
{
    events->coming = -1;
    return end(events);
}
