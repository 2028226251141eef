/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eventline.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* json-glib writes numbers with all the digits that a double has. */
static void add(GString *out, const char *key, const char *json)
{
    g_string_append_printf(out, "%c\"%s\":%s", out->len ? ',' : '{', key, json);
}

static void add_string(GString *out, const char *key, const char *value)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;
    g_autofree char *json = NULL;

    if (valid)
        json_node_init_string(node, valid);
    else
        json_node_init_null(node);
    json = json_to_string(node, FALSE);
    add(out, key, json);
}

static void add_known(GString *out, const char *key, const char *value)
{
    if (value)
        add_string(out, key, value);
}

/* Four digits at most. */
static void add_score(GString *out, const char *key, double score)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    gsize n;

    if (!isfinite(score)) {
        add(out, key, "null");
        return;
    }
    g_ascii_formatd(number, sizeof number, "%.4f", score);
    n = strlen(number);
    while (n > 0 && number[n - 1] == '0' && number[n - 2] != '.')
        number[--n] = '\0';
    add(out, key, number);
}

static void add_number(GString *out, const char *key, guint64 value)
{
    char number[24];

    g_snprintf(number, sizeof number, "%" G_GUINT64_FORMAT, value);
    add(out, key, number);
}

static void add_known_number(GString *out, const char *key, guint64 value)
{
    if (value != VDT_EVENT_LINE_NONE)
        add_number(out, key, value);
}

static void add_time(GString *out, gint64 time)
{
    gint64 seconds = time / G_USEC_PER_SEC - (time % G_USEC_PER_SEC < 0);
    g_autoptr(GDateTime) whole = g_date_time_new_from_unix_utc(seconds);
    g_autoptr(GDateTime) exact =
        whole ? g_date_time_add(whole, time - seconds * G_USEC_PER_SEC) : NULL;
    g_autofree char *when = exact ? g_date_time_format_iso8601(exact) : NULL;

    add_string(out, "time", when);
}

VdtEventLine vdt_event_line_now(void)
{
    return (VdtEventLine){.score = NAN,
                          .pts = VDT_EVENT_LINE_NONE,
                          .time = g_get_real_time(),
                          .object = VDT_EVENT_LINE_NONE,
                          .count = VDT_EVENT_LINE_NONE,
                          .since = VDT_EVENT_LINE_NONE};
}

char *vdt_event_line_write(const VdtEventLine *line)
{
    GString *out = g_string_new(NULL);

    add_string(out, "type", line->type);
    add_string(out, "event", line->event);
    add_string(out, "id", line->id);
    add_string(out, "stream", line->stream);
    add_string(out, "element", line->element);
    add_string(out, "label", line->label);
    add_score(out, "score", line->score);
    if (line->pts != VDT_EVENT_LINE_NONE)
        add_number(out, "pts_ns", line->pts);
    else
        add(out, "pts_ns", "null");
    add_time(out, line->time);
    add_known(out, "what", line->what);
    add_known_number(out, "object", line->object);
    add_known(out, "zone", line->zone);
    add_known(out, "line", line->line);
    add_known(out, "direction", line->direction);
    add_known_number(out, "count", line->count);
    add_known_number(out, "since", line->since);
    add_known(out, "reason", line->reason);
    g_string_append_c(out, '}');
    return g_string_free(out, FALSE);
}
