/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette serve: the service, or what it is to do, checked.
 */
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "command.h"
#include "daemon/check.h"
#include "daemon/serve/serve.h"
#include "jsontext.h"

static JsonObject *memory_object(const VdtMemoryNeed *need)
{
    JsonObject *object = json_object_new();
    JsonArray *models = json_array_new(), *streams = json_array_new();
    for (guint i = 0; i < need->models->len; i++) {
        const VdtModelNeed *model = need->models->pdata[i];
        JsonObject *one = json_object_new();
        json_object_set_string_member(one, "model", model->label);
        json_object_set_int_member(one, "bytes", model->bytes);
        json_object_set_int_member(one, "analysers", model->n_users);
        json_array_add_object_element(models, one);
    }
    for (guint i = 0; i < need->streams->len; i++) {
        const VdtStreamNeed *stream = need->streams->pdata[i];
        JsonObject *one = json_object_new();
        json_object_set_string_member(one, "stream", stream->stream);
        json_object_set_int_member(one, "sessions", stream->sessions);
        json_object_set_int_member(one, "frames", stream->frames);
        json_object_set_int_member(one, "rest", stream->rest);
        json_array_add_object_element(streams, one);
    }
    json_object_set_int_member(object, "base", need->base);
    json_object_set_array_member(object, "models", models);
    json_object_set_array_member(object, "streams", streams);
    json_object_set_int_member(object, "total", need->total);
    json_object_set_int_member(object, "limit", need->limit);
    json_object_set_string_member(object, "limited_by", need->limited_by);
    return object;
}

static void print_object(const VdtProblems *problems, const VdtMemoryNeed *need,
                         const GPtrArray *differences)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_boolean_member(object, "ok", vdt_problems_count(problems) == 0);
    json_object_set_int_member(object, "n_problems", vdt_problems_count(problems));
    json_object_set_array_member(object, "problems", vdt_problems_to_json(problems));
    if (need != NULL)
        json_object_set_object_member(object, "memory", memory_object(need));
    if (differences != NULL)
        json_object_set_array_member(object, "changes", vdt_differences_to_json(differences));
    g_autofree char *text = json_text(object, FALSE);
    print_json(text);
}

static void print_problems(const VdtProblems *problems)
{
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *text = vdt_problem_show(problems->list->pdata[i]);
        g_autofree char *shown = printable(text);
        g_printerr("%s\n", shown);
    }
    if (problems->n_more > 0)
        g_printerr("and %u more\n", problems->n_more);
}

static void print_row(const char *what, guint64 bytes, const char *note)
{
    g_autofree char *size = vdt_bytes_show(bytes), *name = text_pad(what, 32);
    printf("%s %6s%s%s\n", name, size, *note != '\0' ? "  " : "", note);
}

static void print_memory(const VdtMemoryNeed *need)
{
    print_row("the service itself", need->base, "");
    for (guint i = 0; i < need->models->len; i++) {
        const VdtModelNeed *model = need->models->pdata[i];
        g_autofree char *name = g_strconcat("weights ", model->label, NULL);
        g_autofree char *note =
            g_strdup_printf("for %u analyser%s", model->n_users, model->n_users == 1 ? "" : "s");
        print_row(name, model->bytes, note);
    }
    for (guint i = 0; i < need->streams->len; i++) {
        const VdtStreamNeed *stream = need->streams->pdata[i];
        g_autofree char *name = g_strconcat("stream ", stream->stream, NULL);
        g_autofree char *sessions = vdt_bytes_show(stream->sessions),
                        *frames = vdt_bytes_show(stream->frames),
                        *rest = vdt_bytes_show(stream->rest);
        g_autofree char *note =
            g_strdup_printf("networks %s, frames %s, rest %s", sessions, frames, rest);
        print_row(name, vdt_stream_need_total(stream), note);
    }
    g_autofree char *limit = vdt_bytes_show(need->limit);
    g_autofree char *note = g_strdup_printf("of %s, by %s", limit, need->limited_by);
    print_row("estimated in all", need->total, note);
}

static void print_changes(const GPtrArray *differences)
{
    for (guint i = 0; i < differences->len; i++) {
        const VdtDifference *d = differences->pdata[i];
        g_autofree char *keys = g_strjoinv(", ", d->keys);
        printf("%s%s: %s", d->stream != NULL ? "stream " : "the service",
               d->stream != NULL ? d->stream : "", vdt_change_name(d->change));
        if (d->change == VDT_CHANGE_CHANGED)
            printf(", %s: %s", vdt_reload_name(d->reload), keys);
        putchar('\n');
    }
}

/* Secrets that only the service is given. */
static void tell_unread(const VdtConfig *config)
{
    for (guint i = 0; i < config->streams->len; i++) {
        const VdtStreamConfig *stream = config->streams->pdata[i];
        if (stream->secret_unread)
            g_printerr("vedette serve: stream %s: the credential was not looked at, since this "
                       "process is given none\n",
                       stream->name);
    }
}

static int check(const char *where, const char *against, gboolean json)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtMemoryNeed) need = NULL;
    g_autoptr(GPtrArray) differences = NULL;
    g_autoptr(VdtConfig) config = vdt_config_check(where, VDT_STREAMS_ALL, &need, problems);
    g_autoptr(VdtConfig) old = against != NULL ? vdt_config_load(against, problems) : NULL;
    if (config != NULL && old != NULL)
        differences = vdt_config_diff(old, config);
    if (json)
        print_object(problems, need, differences);
    else
        print_problems(problems);
    if (config != NULL)
        tell_unread(config);
    if (config != NULL && !json) {
        print_memory(need);
        if (differences != NULL)
            print_changes(differences);
    }
    return vdt_problems_count(problems) > 0 ? EXIT_FAILED : EXIT_DONE;
}

int command_serve(int argc, char **argv)
{
    gboolean check_config = FALSE, json = FALSE;
    g_autofree char *where = NULL, *against = NULL, *state = NULL, *alone = NULL;
    const GOptionEntry entries[] = {
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &check_config,
         "Say what is wrong with the configuration, and what memory it needs", NULL},
        {"config", 0, 0, G_OPTION_ARG_STRING, &where,
         "Another configuration than " VDT_CONFIG_FOLDER ": its folder, or its vedette.conf",
         "FILE|FOLDER"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &state,
         "Keep events in this folder, instead of the one that systemd gives", "FOLDER"},
        {"stream", 0, 0, G_OPTION_ARG_STRING, &alone,
         "Run this stream alone, which has isolated=yes in its file", "NAME"},
        {"against", 0, 0, G_OPTION_ARG_STRING, &against,
         "Say, too, what differs from this configuration, and what the change takes",
         "FILE|FOLDER"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one line of JSON", NULL},
        {NULL},
    };
    if (!parse_options("", "Keeps cameras running, and says what is seen.", entries, argc, argv, 0,
                       0, NULL))
        return EXIT_USAGE;
    if (!check_config && (against != NULL || json))
        return complain_usage("serve", "--against and --json go with --check-config");
    if (check_config && state != NULL)
        return complain_usage("serve", "--state does not go with --check-config");
    if (alone != NULL && (check_config || *alone == '\0'))
        return complain_usage("serve", "--stream has a stream's name, and runs it");
    g_autoptr(GError) error = NULL;
    if (!gst_init_check(NULL, NULL, &error))
        return complain("serve", error, EXIT_FAILED);
    const char *folder = where != NULL ? where : VDT_CONFIG_FOLDER;
    const VdtServeOptions options = {.where = folder, .state = state, .alone = alone};
    return check_config ? check(folder, against, json) : vdt_serve(&options);
}
