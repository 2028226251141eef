/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette models check: whether models are as their cards say, and run. */
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "found.h"
#include "jsontext.h"
#include "models.h"
#include "paths.h"
#include "sink.h"
#include "trial.h"

typedef struct {
    char *name, *card;
    GPtrArray *problems;
    gboolean hashed; /* the card states a hash */
} Checked;

static void checked_free(gpointer data)
{
    Checked *c = data;
    g_free(c->name);
    g_free(c->card);
    g_ptr_array_unref(c->problems);
    g_free(c);
}

/* Keeps what is wrong, if anything is. */
static void keep(Checked *c, GError **mistake)
{
    if (*mistake != NULL)
        g_ptr_array_add(c->problems, g_strdup((*mistake)->message));
    g_clear_error(mistake);
}

static void check_hash(Checked *c, const VdtCard *card, GError **mistake)
{
    c->hashed = card->sha256 != NULL;
    g_autofree char *hash = c->hashed ? sink_hash(card->weights, NULL, mistake) : NULL;
    if (hash != NULL && strcmp(hash, card->sha256) != 0)
        g_set_error(mistake, VDT_ERROR, VDT_ERROR_WEIGHTS,
                    "%s: its SHA-256 is %s, but the card says %s", card->weights, hash,
                    card->sha256);
    keep(c, mistake);
}

static void check_runs(Checked *c, GError **mistake)
{
    const VdtEngineOptions options = {.model = c->card};
    g_autoptr(VdtEngine) engine = vdt_engine_new(&options, mistake);
    Trial trial;
    if (engine != NULL) {
        tell_card("models check", vdt_engine_get_card(engine));
        trial_run(engine, 0, NULL, &trial, mistake);
    }
    keep(c, mistake);
}

static void check(Checked *c)
{
    g_autoptr(GError) mistake = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autoptr(VdtCard) card = vdt_card_load(c->card, &config, &mistake);
    keep(c, &mistake);
    if (card == NULL)
        return;
    check_hash(c, card, &mistake);
    check_runs(c, &mistake);
}

static void add_checked(GPtrArray *list, const char *name, char *card)
{
    Checked *c = g_new0(Checked, 1);
    c->name = g_strdup(name);
    c->card = card;
    c->problems = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(list, c);
}

/* Those that are named, or all. */
static GPtrArray *collect(char **names)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(checked_free);
    for (; *names != NULL; names++) {
        g_autoptr(GError) mistake = NULL;
        add_checked(list, *names, vdt_find_card(*names, &mistake));
        keep(list->pdata[list->len - 1], &mistake);
    }
    if (list->len > 0)
        return list;
    g_autoptr(GPtrArray) models = found_models(NULL);
    for (guint i = 0; i < models->len; i++) {
        const FoundModel *model = models->pdata[i];
        add_checked(list, model->name, g_build_filename(model->folder, "card.json", NULL));
    }
    return list;
}

static void print_one(const Checked *c)
{
    g_autofree char *name = printable(c->name), *card = printable(c->card != NULL ? c->card : "");
    printf("%s: %s%s%s%s\n", name, c->problems->len == 0 ? "good" : "wrong",
           c->problems->len == 0 && !c->hashed ? ", but its card states no hash" : "",
           c->card != NULL ? "  " : "", card);
    for (guint i = 0; i < c->problems->len; i++) {
        g_autofree char *problem = printable(c->problems->pdata[i]);
        printf("    %s\n", problem);
    }
}

static void print_object(const GPtrArray *list)
{
    g_autoptr(JsonObject) root = json_object_new();
    JsonArray *models = json_array_new();
    for (guint i = 0; i < list->len; i++) {
        const Checked *c = list->pdata[i];
        g_autofree char *name = json_name(c->name);
        g_autofree char *card = c->card != NULL ? json_name(c->card) : NULL;
        JsonObject *object = json_object_new();
        JsonArray *problems = json_array_new();
        for (guint k = 0; k < c->problems->len; k++) {
            g_autofree char *problem = json_name(c->problems->pdata[k]);
            json_array_add_string_element(problems, problem);
        }
        json_object_set_string_member(object, "name", name);
        if (card != NULL)
            json_object_set_string_member(object, "card", card);
        json_object_set_boolean_member(object, "ok", c->problems->len == 0);
        json_object_set_boolean_member(object, "hash_stated", c->hashed);
        json_object_set_array_member(object, "problems", problems);
        json_array_add_object_element(models, object);
    }
    json_object_set_array_member(root, "models", models);
    g_autofree char *text = json_text(root, FALSE);
    print_json(text);
}

int models_check(int argc, char **argv)
{
    const char *command = argv[0];
    gboolean json = FALSE;
    g_auto(CommonOptions) common = {NULL};
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one line of JSON", NULL},
        {COMMON_THREADS(&common)},
        {COMMON_ISA(&common)},
        {NULL},
    };
    g_auto(GStrv) names = NULL;
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    if (!parse_options("[NAME|CARD...]",
                       "Checks these models, or all that are found: the card, the hash of the "
                       "weights, as many labels as classes, a run with finite answers.",
                       entries, argc, argv, 0, G_MAXUINT, &names))
        return EXIT_USAGE;
    if (!common_options_apply(&common, &precision, &error))
        return complain(command, error, EXIT_USAGE);
    g_autoptr(GPtrArray) list = collect(names);
    gboolean good = TRUE;
    for (guint i = 0; i < list->len; i++) {
        Checked *c = list->pdata[i];
        if (c->problems->len == 0)
            check(c);
        good = good && c->problems->len == 0;
        if (!json)
            print_one(c);
    }
    if (json)
        print_object(list);
    else if (list->len == 0)
        g_printerr("vedette models check: there are none\n");
    return good ? EXIT_DONE : EXIT_FAILED;
}
