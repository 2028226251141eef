/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette models list: what models are found, and which of them a name means. */
#include <stdio.h>

#include "found.h"
#include "jsontext.h"
#include "models.h"

enum { N_COLUMNS = 6 };

static void set_text(JsonObject *object, const char *member, const char *text)
{
    g_autofree char *valid = text != NULL ? json_name(text) : NULL;
    if (valid != NULL)
        json_object_set_string_member(object, member, valid);
}

static JsonObject *describe(const FoundModel *model)
{
    JsonObject *object = json_object_new();
    set_text(object, "name", model->name);
    if (model->card != NULL) {
        set_text(object, "architecture", model->card->architecture);
        set_text(object, "variant", model->card->variant);
        set_text(object, "licence", model->card->licence);
    }
    set_text(object, "dtype", model->dtype);
    json_object_set_int_member(object, "bytes", (gint64)model->bytes);
    set_text(object, "folder", model->folder);
    json_object_set_boolean_member(object, "installed", model->installed);
    set_text(object, "shadowed_by", model->shadowed_by);
    json_object_set_boolean_member(object, "complete", model->wrong == NULL);
    set_text(object, "reason", model->wrong);
    return object;
}

static void print_object(const GPtrArray *models)
{
    g_autoptr(JsonObject) root = json_object_new();
    JsonArray *array = json_array_new();
    for (guint i = 0; i < models->len; i++)
        json_array_add_object_element(array, describe(models->pdata[i]));
    json_object_set_array_member(root, "models", array);
    g_autofree char *text = json_text(root, FALSE);
    print_json(text);
}

/* The cells of a row; of what is not known, "-". Caller frees. */
static char **cells(const FoundModel *model)
{
    const char *dtype = model->dtype != NULL ? model->dtype : "-";
    g_autofree char *bytes = model->bytes > 0
                                 ? g_strdup_printf("%s, %.1f MB", dtype, model->bytes / 1e6)
                                 : g_strdup("-");
    const char *texts[] = {
        model->name,
        model->card != NULL ? model->card->architecture : "-",
        model->card != NULL ? model->card->variant : "-",
        bytes,
        model->card != NULL ? model->card->licence : "-",
        model->folder,
    };
    char **row = g_new0(char *, N_COLUMNS + 1);
    for (guint i = 0; i < N_COLUMNS; i++)
        row[i] = printable(texts[i]);
    return row;
}

static void print_table(const GPtrArray *models)
{
    guint width[N_COLUMNS] = {0};
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (guint i = 0; i < models->len; i++) {
        char **row = cells(models->pdata[i]);
        g_ptr_array_add(rows, row);
        for (guint k = 0; k < N_COLUMNS; k++)
            width[k] = MAX(width[k], text_width(row[k]));
    }
    for (guint i = 0; i < rows->len; i++) {
        const FoundModel *model = models->pdata[i];
        char **row = rows->pdata[i];
        for (guint k = 0; k + 1 < N_COLUMNS; k++) {
            g_autofree char *cell = text_pad(row[k], width[k]);
            printf("%s  ", cell);
        }
        puts(row[N_COLUMNS - 1]);
        g_autofree char *by = model->shadowed_by != NULL ? printable(model->shadowed_by) : NULL;
        g_autofree char *wrong = model->wrong != NULL ? printable(model->wrong) : NULL;
        if (by != NULL)
            printf("    shadowed by %s\n", by);
        if (wrong != NULL)
            printf("    not complete: %s\n", wrong);
    }
}

int models_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one line of JSON", NULL},
        {NULL},
    };
    if (!parse_options("",
                       "Lists the models that names stand for, in the order of the search: name, "
                       "architecture, variant, weights, licence, folder.",
                       entries, argc, argv, 0, 0, NULL))
        return EXIT_USAGE;
    g_autoptr(GPtrArray) models = found_models(NULL);
    for (guint i = 0; i < models->len; i++)
        found_model_look(models->pdata[i]);
    if (json)
        print_object(models);
    else if (models->len > 0)
        print_table(models);
    else
        g_printerr("vedette models list: there are none\n");
    return EXIT_DONE;
}
