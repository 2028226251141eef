/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eventjson.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* json-glib writes numbers with all the digits that a double has. */
static void add(GString *line, const char *key, const char *json)
{
    g_string_append_printf(line, "%c\"%s\":%s", line->len ? ',' : '{', key, json);
}

static void add_string(GString *line, const char *key, const char *value)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *json = NULL;

    if (value)
        json_node_init_string(node, value);
    else
        json_node_init_null(node);
    json = json_to_string(node, FALSE);
    add(line, key, json);
}

/* Four digits at most. */
static void add_score(GString *line, const char *key, double score)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    gsize n;

    if (!isfinite(score)) {
        add(line, key, "null");
        return;
    }
    g_ascii_formatd(number, sizeof number, "%.4f", score);
    n = strlen(number);
    while (n > 0 && number[n - 1] == '0' && number[n - 2] != '.')
        number[--n] = '\0';
    add(line, key, number);
}

static void add_integer(GString *line, const char *key, const GValue *value)
{
    g_auto(GValue) text = G_VALUE_INIT;

    g_value_init(&text, G_TYPE_STRING);
    if (g_value_transform(value, &text))
        add(line, key, g_value_get_string(&text));
}

/* What not every message has. */
static void add_more(GString *line, const GstStructure *s)
{
    static const char *const keys[] = {"what",      "object", "zone", "line",
                                       "direction", "count",  "since"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const GValue *value = gst_structure_get_value(s, keys[i]);

        if (!value)
            continue;
        if (G_VALUE_HOLDS_STRING(value))
            add_string(line, keys[i], g_value_get_string(value));
        else if (G_VALUE_HOLDS_UINT(value) || G_VALUE_HOLDS_UINT64(value))
            add_integer(line, keys[i], value);
    }
}

char *vdt_event_to_json(GstMessage *message, const char *stream, GDateTime *time)
{
    const GstStructure *s = gst_message_get_structure(message);
    g_autoptr(GString) line = NULL;
    g_autoptr(GDateTime) now = NULL;
    g_autofree char *when = NULL;
    guint64 pts = GST_CLOCK_TIME_NONE;
    double score = 0;
    char number[24];

    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !s ||
        !gst_structure_has_field_typed(s, "event", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "kind", G_TYPE_STRING) ||
        !gst_structure_has_field_typed(s, "label", G_TYPE_STRING))
        return NULL;

    line = g_string_new(NULL);
    add_string(line, "type", gst_structure_get_string(s, "kind"));
    add_string(line, "event", gst_structure_get_string(s, "event"));
    add_string(line, "id", gst_structure_get_string(s, "id"));
    add_string(line, "stream", stream);
    add_string(line, "element",
               GST_MESSAGE_SRC(message) ? GST_OBJECT_NAME(GST_MESSAGE_SRC(message)) : NULL);
    add_string(line, "label", gst_structure_get_string(s, "label"));
    gst_structure_get_double(s, "score", &score);
    add_score(line, "score", score);
    gst_structure_get_uint64(s, "timestamp", &pts);
    g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, pts);
    add(line, "pts_ns", GST_CLOCK_TIME_IS_VALID(pts) ? number : "null");
    if (!time)
        time = now = g_date_time_new_now_utc();
    when = g_date_time_format_iso8601(time);
    add_string(line, "time", when);
    add_more(line, s);
    g_string_append_c(line, '}');
    return g_string_free(g_steal_pointer(&line), FALSE);
}
