/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eventjson.h"

#include <json-glib/json-glib.h>

static void add_string(JsonObject *object, const char *key, const char *value)
{
    if (value)
        json_object_set_string_member(object, key, value);
    else
        json_object_set_null_member(object, key);
}

char *vdt_event_to_json(GstMessage *message, const char *stream, GDateTime *time)
{
    const GstStructure *s = gst_message_get_structure(message);
    g_autoptr(JsonObject) object = NULL;
    g_autoptr(JsonNode) node = NULL;
    g_autoptr(GDateTime) now = NULL;
    g_autofree char *when = NULL;
    guint64 pts = GST_CLOCK_TIME_NONE;
    double score = 0;

    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !s ||
        !gst_structure_has_field_typed(s, "event", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "kind", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "label", G_TYPE_STRING))
        return NULL;

    object = json_object_new();
    add_string(object, "type", gst_structure_get_string(s, "kind"));
    add_string(object, "event", gst_structure_get_string(s, "event"));
    add_string(object, "id", gst_structure_get_string(s, "id"));
    add_string(object, "stream", stream);
    add_string(object, "element",
               GST_MESSAGE_SRC(message) ? GST_OBJECT_NAME(GST_MESSAGE_SRC(message)) : NULL);
    add_string(object, "label", gst_structure_get_string(s, "label"));
    gst_structure_get_double(s, "score", &score);
    json_object_set_double_member(object, "score", score);
    gst_structure_get_uint64(s, "timestamp", &pts);
    if (GST_CLOCK_TIME_IS_VALID(pts))
        json_object_set_int_member(object, "pts_ns", (gint64)pts);
    else
        json_object_set_null_member(object, "pts_ns");
    if (!time)
        time = now = g_date_time_new_now_utc();
    when = g_date_time_format_iso8601(time);
    add_string(object, "time", when);

    node = json_node_init_object(json_node_alloc(), object);
    return json_to_string(node, FALSE);
}
