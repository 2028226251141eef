/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette streams: the streams of a service that runs.
 */
#include <string.h>

#include "client.h"
#include "command.h"
#include "jsontext.h"

typedef struct {
    const char *socket;
    gboolean json;
    char **arguments; /* behind the verb */
    guint n;
} Asked;

static void print_object(JsonObject *object)
{
    g_autofree char *text = json_text(object, FALSE);
    print_json(text);
}

static char *target_of(const char *name, const char *more)
{
    g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);
    return g_strconcat("/api/v1/streams/", escaped, more, NULL);
}

static void add_row(GPtrArray *rows, JsonObject *object, const char *const *members)
{
    g_autoptr(GStrvBuilder) row = g_strv_builder_new();
    for (guint i = 0; members[i] != NULL; i++) {
        g_autofree char *text = client_text(object, members[i]);
        g_strv_builder_add(row, text);
    }
    g_ptr_array_add(rows, g_strv_builder_end(row));
}

static gboolean run_list(const Asked *asked, GError **error)
{
    static const char *const members[] = {"name",    "state",      "camera_fps", "process_fps",
                                          "skipped", "reconnects", "reason",     NULL};
    static const char *const heading[] = {"NAME",    "STATE",      "FPS",    "PROCESSED",
                                          "SKIPPED", "RECONNECTS", "REASON", NULL};
    g_autoptr(JsonObject) answer = client_ask(asked->socket, "GET", "/api/v1/streams", NULL, error);
    if (answer == NULL)
        return FALSE;
    if (asked->json) {
        print_object(answer);
        return TRUE;
    }
    JsonArray *streams = json_object_get_array_member(answer, "streams");
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_ptr_array_add(rows, g_strdupv((char **)heading));
    for (guint i = 0; i < json_array_get_length(streams); i++)
        add_row(rows, json_array_get_object_element(streams, i), members);
    client_print_table(rows);
    return TRUE;
}

static void print_groups(JsonObject *config)
{
    g_autoptr(GList) groups = json_object_get_members(config);
    for (GList *at = groups; at != NULL; at = at->next) {
        JsonObject *keys = json_object_get_object_member(config, at->data);
        g_autoptr(GList) names = json_object_get_members(keys);
        g_autofree char *group = printable(at->data);
        if (names != NULL)
            g_print("[%s]\n", group);
        for (GList *key = names; key != NULL; key = key->next) {
            g_autofree char *value = client_text(keys, key->data);
            g_print("%s=%s\n", (const char *)key->data, value);
        }
    }
}

static gboolean run_state(const Asked *asked, GError **error)
{
    g_autofree char *target = target_of(asked->arguments[0], "");
    g_autoptr(JsonObject) stream = client_ask(asked->socket, "GET", target, NULL, error);
    if (stream == NULL)
        return FALSE;
    if (asked->json) {
        print_object(stream);
        return TRUE;
    }
    g_autoptr(GList) members = json_object_get_members(stream);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (GList *at = members; at != NULL; at = at->next) {
        g_autofree char *text = client_text(stream, at->data);
        const char *const row[] = {at->data, text, NULL};
        if (*text != '\0')
            g_ptr_array_add(rows, g_strdupv((char **)row));
    }
    client_print_table(rows);
    if (json_object_has_member(stream, "config"))
        print_groups(json_object_get_object_member(stream, "config"));
    return TRUE;
}

/* "credential=front", of the group stream, or "recognizer door.threshold=0.5". */
static gboolean add_setting(JsonObject *config, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *path = equals != NULL ? g_strndup(text, equals - text) : NULL;
    char *dot = path != NULL ? strrchr(path, '.') : NULL;
    if (path == NULL || *path == '\0') {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is no [GROUP.]KEY=VALUE", text);
        return FALSE;
    }
    if (dot != NULL)
        *dot = '\0';
    const char *group = dot != NULL ? path : "stream", *key = dot != NULL ? dot + 1 : path;
    if (!json_object_has_member(config, group))
        json_object_set_object_member(config, group, json_object_new());
    json_object_set_string_member(json_object_get_object_member(config, group), key, equals + 1);
    return TRUE;
}

static gboolean finish(const Asked *asked, JsonObject *answer, const char *name, const char *what)
{
    if (answer == NULL)
        return FALSE;
    if (asked->json)
        print_object(answer);
    else
        g_print("%s: %s\n", name, what);
    return TRUE;
}

static gboolean is_address(const char *text)
{
    const char *colon = strstr(text, "://");
    return colon != NULL && strcspn(text, "=") > (gsize)(colon - text);
}

/* After its host, or, if it has none, the last part of its path, or its scheme. */
static char *name_of(const char *address)
{
    g_autoptr(GUri) uri = g_uri_parse(address, G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *host = uri != NULL ? g_uri_get_host(uri) : NULL,
               *path = uri != NULL ? g_uri_get_path(uri) : "";
    g_autofree char *last = g_path_get_basename(path);
    char *suffix = strrchr(last, '.');
    if (suffix != NULL && suffix > last)
        *suffix = '\0';
    char *name = g_strndup(address, strcspn(address, ":"));
    if ((host != NULL && *host != '\0') || g_ascii_isalnum(*last)) {
        g_free(name);
        name = g_strdup(host != NULL && *host != '\0' ? host : last);
    }
    return g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_", '-');
}

/* Who only says where pictures come from wants to know what they show. */
static void add_analysers(JsonObject *config)
{
    g_autoptr(GList) groups = json_object_get_members(config);
    for (GList *at = groups; at != NULL; at = at->next)
        if (strcmp(at->data, "stream") != 0 && strcmp(at->data, "record") != 0 &&
            strcmp(at->data, "parameters") != 0)
            return;
    JsonObject *segmenter = json_object_new();
    json_object_set_string_member(segmenter, "objects", "yes");
    json_object_set_object_member(config, "recognizer", json_object_new());
    json_object_set_object_member(config, "segmenter", segmenter);
}

static gboolean run_add(const Asked *asked, GError **error)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *config = json_object_new();
    char **arguments = asked->arguments;
    guint at = is_address(arguments[0]) ? 0 : 1;
    if (at == asked->n) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is no address; expected one, as in rtsp://camera/stream", arguments[0]);
        return FALSE;
    }
    const char *address = at < asked->n && is_address(arguments[at]) ? arguments[at] : NULL;
    g_autofree char *name = at == 1 ? g_strdup(arguments[0]) : name_of(address);
    json_object_set_string_member(body, "name", name);
    json_object_set_object_member(body, "config", config);
    if (address != NULL) {
        g_autofree char *source = g_strconcat("source=", address, NULL);
        add_setting(config, source, NULL);
        at++;
    }
    for (guint i = at; i < asked->n; i++)
        if (!add_setting(config, arguments[i], error))
            return FALSE;
    if (address != NULL)
        add_analysers(config);
    g_autoptr(JsonObject) answer =
        client_ask(asked->socket, "POST", "/api/v1/streams", body, error);
    return finish(asked, answer, name, "added");
}

static gboolean run_remove(const Asked *asked, GError **error)
{
    g_autofree char *target = target_of(asked->arguments[0], "");
    g_autoptr(JsonObject) answer = client_ask(asked->socket, "DELETE", target, NULL, error);
    return finish(asked, answer, asked->arguments[0], "removed");
}

static gboolean run_restart(const Asked *asked, GError **error)
{
    g_autofree char *target = target_of(asked->arguments[0], "/restart");
    g_autoptr(JsonObject) answer = client_ask(asked->socket, "POST", target, NULL, error);
    return finish(asked, answer, asked->arguments[0], "restarted");
}

static const struct {
    const char *verb;
    guint min, max; /* arguments */
    gboolean (*run)(const Asked *, GError **);
} verbs[] = {{"list", 0, 0, run_list},
             {"state", 1, 1, run_state},
             {"add", 1, 1000, run_add},
             {"remove", 1, 1, run_remove},
             {"restart", 1, 1, run_restart}};

int command_streams(int argc, char **argv)
{
    g_autofree char *socket = NULL;
    gboolean json = FALSE;
    g_auto(GStrv) rest = NULL;
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {CLIENT_OPTION(&socket)},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print a line of JSON", NULL},
        {NULL},
    };
    if (!parse_options(
            "list | state NAME | add [NAME] ADDRESS [[GROUP.]KEY=VALUE...] | remove NAME "
            "| restart NAME",
            "Lists the streams of a service that runs, says how one is, adds one, "
            "removes or restarts it.",
            entries, argc, argv, 1, 1001, &rest))
        return EXIT_USAGE;
    guint n = g_strv_length(rest) - 1;
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        Asked asked = {socket, json, rest + 1, n};
        if (strcmp(verbs[i].verb, rest[0]) != 0)
            continue;
        if (n < verbs[i].min || n > verbs[i].max)
            return complain_usage("streams",
                                  n < verbs[i].min ? "%s: an argument is missing"
                                                   : "%s: too many arguments",
                                  rest[0]);
        return verbs[i].run(&asked, &error) ? EXIT_DONE : complain("streams", error, EXIT_FAILED);
    }
    return complain_usage("streams",
                          "there is no \"%s\"; expected list, state, add, remove or "
                          "restart",
                          rest[0]);
}
