/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eventjson.h"

/* Another's field of that name may be of another type. */
static guint64 get_number(const GstStructure *s, const char *key)
{
    const GValue *value = gst_structure_get_value(s, key);

    if (value && G_VALUE_HOLDS_UINT(value))
        return g_value_get_uint(value);
    return value && G_VALUE_HOLDS_UINT64(value) ? g_value_get_uint64(value) : VDT_EVENT_LINE_NONE;
}

gboolean vdt_event_from_message(GstMessage *message, const char *stream, VdtEventLine *line)
{
    const GstStructure *s = gst_message_get_structure(message);

    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !s ||
        !gst_structure_has_field_typed(s, "event", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "kind", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "label", G_TYPE_STRING))
        return FALSE;
    *line = vdt_event_line_now();
    line->type = gst_structure_get_string(s, "kind");
    line->event = gst_structure_get_string(s, "event");
    line->id = gst_structure_get_string(s, "id");
    line->stream = stream;
    line->element = GST_MESSAGE_SRC(message) ? GST_OBJECT_NAME(GST_MESSAGE_SRC(message)) : NULL;
    line->label = gst_structure_get_string(s, "label");
    line->what = gst_structure_get_string(s, "what");
    line->zone = gst_structure_get_string(s, "zone");
    line->line = gst_structure_get_string(s, "line");
    line->direction = gst_structure_get_string(s, "direction");
    line->object = get_number(s, "object");
    line->count = get_number(s, "count");
    line->since = get_number(s, "since");
    line->pts = get_number(s, "timestamp"); /* GST_CLOCK_TIME_NONE is none here, too */
    if (!gst_structure_get_double(s, "score", &line->score))
        line->score = 0;
    return TRUE;
}

char *vdt_event_to_json(GstMessage *message, const char *stream, GDateTime *time)
{
    VdtEventLine line;

    if (!vdt_event_from_message(message, stream, &line))
        return NULL;
    if (time)
        line.time = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
    return vdt_event_line_write(&line);
}
