/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette events: what a service that runs has seen, and sees.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "command.h"
#include "interrupt.h"
#include "jsontext.h"

#define PAGE "1000" /* events that export asks for at once */

/* Filters have the names of the service's parameters. */
typedef struct {
    char *socket, *format;
    char *stream, *type, *what, *element, *label, *zone, *line, *text, *from, *to, *limit, *after;
    gboolean open, all, json;
    const char *arm; /* or NULL: what it is */
} Options;

static void options_clear(Options *o)
{
    char *const each[] = {o->socket, o->format, o->stream, o->type, o->what, o->element, o->label,
                          o->zone,   o->line,   o->text,   o->from, o->to,   o->limit,   o->after};
    for (guint i = 0; i < G_N_ELEMENTS(each); i++)
        g_free(each[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static GString *target_of(const Options *o)
{
    GString *target = g_string_new("/api/v1/events");
    const struct {
        const char *name, *value;
    } filters[] = {{"stream", o->stream},
                   {"type", o->type},
                   {"what", o->what},
                   {"element", o->element},
                   {"label", o->label},
                   {"zone", o->zone},
                   {"line", o->line},
                   {"text", o->text},
                   {"from", o->from},
                   {"to", o->to},
                   {"open", o->open ? "1" : NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(filters); i++)
        client_add_parameter(target, filters[i].name, filters[i].value);
    return target;
}

/* --- query --- */

static const char *const columns[] = {"start", "end",  "stream", "type", "what",
                                      "label", "zone", "score",  "id",   NULL};

static char **row_of(JsonObject *event)
{
    g_autoptr(GStrvBuilder) row = g_strv_builder_new();
    for (guint i = 0; columns[i] != NULL; i++) {
        g_autofree char *text = client_text(event, columns[i]);
        /* to the second, without what makes it a time for programs */
        if (i < 2 && strlen(text) > 19) {
            text[19] = '\0';
            text[10] = ' ';
        }
        g_strv_builder_add(row, text);
    }
    return g_strv_builder_end(row);
}

static gboolean run_query(const Options *o, GError **error)
{
    static const char *const heading[] = {"START", "END",  "STREAM", "TYPE", "WHAT",
                                          "LABEL", "ZONE", "SCORE",  "ID",   NULL};
    g_autoptr(GString) target = target_of(o);
    client_add_parameter(target, "limit", o->limit);
    g_autoptr(JsonObject) answer = client_ask(o->socket, "GET", target->str, NULL, error);
    if (answer == NULL)
        return FALSE;
    if (o->json) {
        g_autofree char *text = json_text(answer, FALSE);
        print_json(text);
        return TRUE;
    }
    JsonArray *events = json_object_get_array_member(answer, "events");
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_ptr_array_add(rows, g_strdupv((char **)heading));
    for (guint i = 0; i < json_array_get_length(events); i++)
        g_ptr_array_add(rows, row_of(json_array_get_object_element(events, i)));
    client_print_table(rows);
    return TRUE;
}

/* --- export --- */

static const char *const fields[] = {"number", "id",    "stream",   "type",  "what",  "element",
                                     "label",  "zone",  "line",     "score", "start", "end",
                                     "last",   "muted", "snapshot", "clip",  NULL};

/* RFC 4180. What a spreadsheet would take for a formula is none. */
static void print_cell(const char *text, gboolean is_first)
{
    gboolean formula = *text != '\0' && strchr("=+-@\t", *text) != NULL;
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *doubled = g_strjoinv("\"\"", parts);
    fputs(is_first ? "" : ",", stdout);
    if (!formula && strpbrk(text, "\",\r\n") == NULL)
        fputs(text, stdout);
    else
        printf("\"%s%s\"", formula ? "'" : "", doubled);
}

static void print_csv(JsonObject *event)
{
    for (guint i = 0; fields[i] != NULL; i++) {
        g_autofree char *text = event != NULL ? client_text(event, fields[i]) : g_strdup(fields[i]);
        print_cell(text, i == 0);
    }
    fputs("\r\n", stdout);
}

/* Page after page, so that neither side holds more than one. */
static gboolean run_export(const Options *o, GError **error)
{
    gboolean csv = g_strcmp0(o->format, "csv") == 0;
    gint64 before = 0;
    if (!csv && o->format != NULL && strcmp(o->format, "jsonl") != 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--format is \"%s\", but must be jsonl or csv", o->format);
        return FALSE;
    }
    if (csv)
        print_csv(NULL);
    do {
        g_autoptr(GString) target = target_of(o);
        client_add_parameter(target, "limit", PAGE);
        if (before > 0) {
            g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, before);
            client_add_parameter(target, "before", number);
        }
        g_autoptr(JsonObject) answer = client_ask(o->socket, "GET", target->str, NULL, error);
        if (answer == NULL)
            return FALSE;
        JsonArray *events = json_object_get_array_member(answer, "events");
        for (guint i = 0; i < json_array_get_length(events); i++) {
            JsonObject *event = json_array_get_object_element(events, i);
            g_autofree char *text = csv ? NULL : json_text(event, FALSE);
            if (csv)
                print_csv(event);
            else
                print_json(text);
        }
        before = json_object_get_int_member_with_default(answer, "next", 0);
    } while (before > 0);
    return TRUE;
}

/* --- tail --- */

typedef struct {
    const Options *options;
    gboolean lost; /* the next data says how many */
} Tail;

static void print_event(JsonObject *event)
{
    static const char *const shown[] = {"time",  "stream", "type",  "event", "what",
                                        "label", "zone",   "score", NULL};
    for (guint i = 0; shown[i] != NULL; i++) {
        g_autofree char *text = client_text(event, shown[i]);
        if (*text != '\0')
            g_print("%s%s", i > 0 ? "  " : "", text);
    }
    g_print("\n");
}

static gboolean on_line(const char *text, gpointer data)
{
    Tail *tail = data;
    if (g_str_has_prefix(text, "event: "))
        tail->lost = strcmp(text, "event: lost") == 0;
    if (*text == '\0')
        tail->lost = FALSE;
    if (!g_str_has_prefix(text, "data: "))
        return TRUE;
    const char *line = text + strlen("data: ");
    g_autoptr(JsonParser) parser = json_parser_new();
    if (tail->options->json || !json_parser_load_from_data(parser, line, -1, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        print_json(line);
    else if (tail->lost)
        g_printerr("vedette events: some were lost: %s\n", line);
    else
        print_event(json_node_get_object(json_parser_get_root(parser)));
    fflush(stdout);
    return !ferror(stdout);
}

static gboolean run_tail(const Options *o, GError **error)
{
    g_autoptr(GString) target = g_string_new("/api/v1/events/stream");
    GCancellable *cancellable = interrupt_catch();
    Tail tail = {o, FALSE};
    client_add_parameter(target, "stream", o->stream);
    client_add_parameter(target, "type", o->type);
    client_add_parameter(target, "after", o->after);
    client_add_parameter(target, "all", o->all ? "1" : NULL);
    return client_follow(o->socket, target->str, cancellable, on_line, &tail, error);
}

/* --- arm --- */

static gboolean run_arm(const Options *o, GError **error)
{
    static const char target[] = "/api/v1/arm";
    if (o->arm != NULL) {
        g_autoptr(JsonObject) body = json_object_new();
        json_object_set_string_member(body, "arm", o->arm);
        g_autoptr(JsonObject) outcome = client_ask(o->socket, "PUT", target, body, error);
        return outcome != NULL;
    }
    g_autoptr(JsonObject) answer = client_ask(o->socket, "GET", target, NULL, error);
    if (answer == NULL)
        return FALSE;
    g_autofree char *text = o->json ? json_text(answer, FALSE) : client_text(answer, "arm");
    print_json(text);
    return TRUE;
}

static const struct {
    const char *verb;
    gboolean (*run)(const Options *, GError **);
} verbs[] = {{"tail", run_tail}, {"query", run_query}, {"export", run_export}, {"arm", run_arm}};

int command_events(int argc, char **argv)
{
    g_auto(Options) o = {NULL};
    g_auto(GStrv) rest = NULL;
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {CLIENT_OPTION(&o.socket)},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print JSON, a line each", NULL},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &o.stream, "Only of this stream", "NAME"},
        {"type", 0, 0, G_OPTION_ARG_STRING, &o.type, "Only of this type", "TYPE"},
        {HEADING("Of tail")},
        {"after", 0, 0, G_OPTION_ARG_STRING, &o.after,
         "Begin behind this row of the journal, not with what comes next", "NUMBER"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &o.all, "What a profile mutes, too", NULL},
        {HEADING("Of query and export")},
        {"what", 0, 0, G_OPTION_ARG_STRING, &o.what, "Only this", "WHAT"},
        {"element", 0, 0, G_OPTION_ARG_STRING, &o.element, "Only of this analyser", "NAME"},
        {"label", 0, 0, G_OPTION_ARG_STRING, &o.label, "Only of this label", "LABEL"},
        {"zone", 0, 0, G_OPTION_ARG_STRING, &o.zone, "Only in this zone", "NAME"},
        {"line", 0, 0, G_OPTION_ARG_STRING, &o.line, "Only over this line", "NAME"},
        {"text", 0, 0, G_OPTION_ARG_STRING, &o.text, "Only with this text", "TEXT"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &o.from,
         "Only what went on then or later, as "
         "2026-11-30T14:56:42Z",
         "TIME"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &o.to, "Only what went on before", "TIME"},
        {"open", 0, 0, G_OPTION_ARG_NONE, &o.open, "Only what goes on", NULL},
        {"limit", 0, 0, G_OPTION_ARG_STRING, &o.limit, "Events that query shows (100)", "N"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "What export writes: jsonl or csv",
         "FORMAT"},
        {NULL},
    };
    if (!parse_options("tail | query | export | arm [auto | armed | disarmed]",
                       "Shows events of a service that runs: as they happen, the newest that were, "
                       "or all of them. With arm, says or sets whether profiles hold by their "
                       "schedules, always, or not.",
                       entries, argc, argv, 1, 2, &rest))
        return EXIT_USAGE;
    o.arm = rest[1];
    if (o.arm != NULL && strcmp(rest[0], "arm") != 0)
        return complain_usage("events", "%s takes nothing more", rest[0]);
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].verb, rest[0]) == 0) {
            if (verbs[i].run(&o, &error))
                return EXIT_DONE;
            int status = interrupt_status();
            return status != 0 ? status : complain("events", error, EXIT_FAILED);
        }
    return complain_usage("events", "there is no \"%s\"; expected tail, query, export or arm",
                          rest[0]);
}
