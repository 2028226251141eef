/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette cameras: which cameras there are in the local network, and how to add them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "interfaces.h"
#include "interrupt.h"
#include "io/keyed-hash.h"
#include "jsontext.h"
#include "probe.h"
#include "report.h"
#include "snippet.h"

#define COMMAND "cameras find"

typedef struct {
    char *timeout, *interface, *credential_file;
    gboolean json, untrusted;
} Options;

static void options_clear(Options *o)
{
    g_free(o->timeout);
    g_free(o->interface);
    g_free(o->credential_file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* "500ms", "3s": from 0.1 to 60 seconds. */
static gboolean parse_timeout(const char *text, double *seconds)
{
    char *unit;
    double value = g_ascii_strtod(text, &unit);
    if (unit == text || (strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0))
        return FALSE;
    *seconds = strcmp(unit, "ms") == 0 ? value / 1000 : value;
    return *seconds >= 0.1 && *seconds <= 60;
}

static void reported_free(gpointer data)
{
    Reported *r = data;
    device_clear(&r->device);
    g_free(r->wrong);
    g_free(r->name);
    g_free(r->conf);
    g_free(r);
}

/* By name, those without one last. */
static int compare(gconstpointer a, gconstpointer b)
{
    const Camera *x = *(Camera *const *)a, *y = *(Camera *const *)b;
    if ((x->name == NULL) != (y->name == NULL))
        return x->name == NULL ? 1 : -1;
    int by_name = g_strcmp0(x->name, y->name);
    return by_name != 0 ? by_name : strcmp(x->id, y->id);
}

static void tell_left_aside(const Found *found)
{
    if (found->cameras->len == 0)
        g_printerr("vedette " COMMAND ": no camera answered\n");
    if (found->not_ours + found->bad > 0)
        g_printerr("vedette " COMMAND ": %u messages were no answers, %u no proper XML\n",
                   found->not_ours, found->bad);
    if (found->too_many > 0)
        g_printerr("vedette " COMMAND ": there are more cameras than are listed\n");
}

/* All of them asked and described; NULL if interrupted. */
static GPtrArray *describe(const Found *found, const SoapSetting *setting, const char *secret,
                           GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(reported_free);
    g_autoptr(GHashTable) taken =
        g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < found->cameras->len; i++) {
        Reported *r = g_new0(Reported, 1);
        g_autoptr(GError) mistake = NULL;
        r->camera = found->cameras->pdata[i];
        g_ptr_array_add(list, r);
        if (setting->credential != NULL) {
            r->asked =
                device_ask(&r->device, r->camera, setting, &mistake) || r->device.model != NULL;
            r->wrong = mistake != NULL ? g_strdup(mistake->message) : NULL;
        }
        if (g_cancellable_is_cancelled(setting->cancellable)) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "interrupted");
            return NULL;
        }
        r->name = snippet_name(r->camera, taken);
        r->conf = snippet_text(r->camera, r->asked ? &r->device : NULL, secret);
    }
    return g_steal_pointer(&list);
}

static void print_all(const GPtrArray *list, gboolean json)
{
    g_autoptr(JsonObject) root = json_object_new();
    JsonArray *array = json_array_new();
    json_object_set_array_member(root, "cameras", array);
    for (guint i = 0; i < list->len; i++) {
        if (json)
            json_array_add_object_element(array, report_object(list->pdata[i]));
        else
            report_print(list->pdata[i]);
    }
    g_autofree char *text = json ? json_text(root, FALSE) : NULL;
    if (json)
        print_json(text);
}

static gboolean find(const Options *o, double seconds, GError **error)
{
    g_auto(Credential) credential = {NULL};
    g_auto(Found) found = {NULL};
    g_autofree char *secret =
        o->credential_file != NULL ? g_canonicalize_filename(o->credential_file, NULL) : NULL;
    if (secret != NULL && !credential_load(&credential, secret, error))
        return FALSE;
    g_autoptr(GPtrArray) interfaces = interfaces_list(o->interface, error);
    GCancellable *cancellable = interrupt_catch();
    if (interfaces == NULL || !probe(interfaces, seconds, &found, cancellable, error))
        return FALSE;
    g_ptr_array_sort(found.cameras, compare);
    SoapSetting setting = {.credential = secret != NULL ? &credential : NULL,
                           .untrusted = o->untrusted,
                           .cancellable = cancellable};
    g_autoptr(GPtrArray) list = describe(&found, &setting, secret, error);
    if (list == NULL)
        return FALSE;
    print_all(list, o->json);
    tell_left_aside(&found);
    return TRUE;
}

static int command_find(int argc, char **argv)
{
    g_auto(Options) o = {NULL};
    const GOptionEntry entries[] = {
        {"timeout", 0, 0, G_OPTION_ARG_STRING, &o.timeout,
         "How long answers are waited for, 100ms to 60s (3s)", "TIME"},
        {"interface", 0, 0, G_OPTION_ARG_STRING, &o.interface,
         "Network interface to ask on (all that are up)", "IF"},
        {"credential-file", 0, 0, G_OPTION_ARG_FILENAME, &o.credential_file,
         "File with USER:PASSWORD, its owner's alone: ask each camera what it is, and for the "
         "addresses of its streams",
         "FILE"},
        {"untrusted", 0, 0, G_OPTION_ARG_NONE, &o.untrusted,
         "Ask cameras by https whoever made their certificates: anybody can pose as one then",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Print one line of JSON", NULL},
        {NULL},
    };
    double seconds = 3;
    if (!parse_options("",
                       "Asks the local network for cameras (ONVIF), and prints what they say of "
                       "themselves, and what to put into streams.d for each.",
                       entries, argc, argv, 0, 0, NULL))
        return EXIT_USAGE;
    if (o.timeout != NULL && !parse_timeout(o.timeout, &seconds))
        return complain_usage(COMMAND, "--timeout is \"%s\", but must be from 100ms to 60s",
                              o.timeout);
    g_autoptr(GError) error = NULL;
    return find(&o, seconds, &error) ? EXIT_DONE : complain(COMMAND, error, EXIT_FAILED);
}

static void print_help(FILE *to)
{
    fputs("Usage:\n  vedette cameras ACTION [OPTION...]\n\nActions:\n"
          "  find       ask the local network for cameras\n"
          "\n'vedette cameras ACTION --help' says more.\n",
          to);
}

int command_cameras(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (argc >= 2 && strcmp(argv[1], "find") != 0)
        return complain_usage("cameras", "there is no action \"%s\"", argv[1]);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    char name[] = COMMAND;
    argv[1] = name;
    return command_find(argc - 1, argv + 1);
}
