/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "truthmessages.h"

struct _VdtTruthMessages {
    GstElement *source;
    char *id;       /* what ids begin with */
    GArray *events; /* VdtStreetEvent: those that go on; NULL for none */
};

VdtTruthMessages *vdt_truth_messages_new(GstElement *source)
{
    VdtTruthMessages *messages = g_new0(VdtTruthMessages, 1);
    g_autofree char *name = gst_object_get_name(GST_OBJECT(source));

    messages->source = source;
    messages->id = g_strdup_printf("%s-%08x", name, g_random_int());
    return messages;
}

void vdt_truth_messages_free(VdtTruthMessages *messages)
{
    g_clear_pointer(&messages->events, g_array_unref);
    g_free(messages->id);
    g_free(messages);
}

static GstMessage *message(const VdtTruthMessages *messages, const VdtStreetEvent *event,
                           const char *what, const VdtSpan *span)
{
    g_autofree char *id = g_strdup_printf("%s-%" G_GUINT64_FORMAT, messages->id, event->id);
    GstStructure *s = gst_structure_new(
        "vedette-scenesrc", "timestamp", G_TYPE_UINT64, span->end, "stream-time", G_TYPE_UINT64,
        span->stream_time, "running-time", G_TYPE_UINT64, span->running_time, "duration",
        G_TYPE_UINT64, (guint64)(event->end - event->start), "event", G_TYPE_STRING, what, "id",
        G_TYPE_STRING, id, "label", G_TYPE_STRING, vdt_street_action_name(event->action),
        "class-id", G_TYPE_INT, (int)event->action, "score", G_TYPE_DOUBLE, 1.0, "kind",
        G_TYPE_STRING, "action", "scene-start", G_TYPE_UINT64, (guint64)event->start, "scene-end",
        G_TYPE_UINT64, (guint64)event->end, NULL);

    return gst_message_new_element(GST_OBJECT(messages->source), s);
}

/* Prepends a message for each event of @these that is not among @those. */
static GList *tell(GList *list, const VdtTruthMessages *messages, const GArray *these,
                   const GArray *those, const char *what, const VdtSpan *span)
{
    for (guint i = 0; these && i < these->len; i++) {
        const VdtStreetEvent *event = &g_array_index(these, VdtStreetEvent, i);

        if (!those || !vdt_truth_find_event(those, event->id))
            list = g_list_prepend(list, message(messages, event, what, span));
    }
    return list;
}

GList *vdt_truth_messages_follow(VdtTruthMessages *messages, const VdtTruth *truth,
                                 const VdtSpan *span)
{
    GArray *events = truth ? truth->events : NULL;
    GList *list = tell(NULL, messages, messages->events, events, "end", span);

    list = tell(list, messages, events, messages->events, "start", span);
    g_clear_pointer(&messages->events, g_array_unref);
    messages->events = events ? g_array_ref(events) : NULL;
    return g_list_reverse(list);
}
