/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "found.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <vedette/weights.h>

#include "card.h"
#include "io/keyed-hash.h"
#include "paths.h"

#define N_DTYPES 32

static void found_model_free(gpointer data)
{
    FoundModel *model = data;
    g_free(model->name);
    g_free(model->folder);
    g_free(model->shadowed_by);
    g_clear_pointer(&model->card, vdt_card_free);
    g_free(model->dtype);
    g_free(model->wrong);
    g_free(model);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *names_in(const char *dir, const char *wanted)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) open = wanted == NULL ? g_dir_open(dir, 0, NULL) : NULL;
    if (wanted != NULL)
        g_ptr_array_add(names, g_strdup(wanted));
    for (const char *name; open != NULL && (name = g_dir_read_name(open)) != NULL;)
        if (vdt_is_model_name(name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* One folder may be named twice, by the environment and as the usual one. */
static gboolean is_new(GHashTable *seen, const char *dir)
{
    struct stat s;
    if (stat(dir, &s) != 0)
        return FALSE;
    return g_hash_table_add(seen, g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                                  (guint64)s.st_dev, (guint64)s.st_ino));
}

GPtrArray *found_models(const char *name)
{
    guint n_own;
    GPtrArray *models = g_ptr_array_new_with_free_func(found_model_free);
    g_auto(GStrv) dirs = vdt_get_model_dirs(&n_own);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) first = g_hash_table_new(vdt_keyed_str_hash, g_str_equal);
    for (guint i = 0; dirs[i] != NULL; i++) {
        if (!is_new(seen, dirs[i]))
            continue;
        g_autoptr(GPtrArray) names = names_in(dirs[i], name);
        for (guint k = 0; k < names->len; k++) {
            g_autofree char *card = g_build_filename(dirs[i], names->pdata[k], "card.json", NULL);
            if (!g_file_test(card, G_FILE_TEST_EXISTS))
                continue;
            FoundModel *model = g_new0(FoundModel, 1);
            model->name = g_strdup(names->pdata[k]);
            model->folder = g_path_get_dirname(card);
            model->installed = i >= n_own;
            const FoundModel *before = g_hash_table_lookup(first, model->name);
            if (before != NULL)
                model->shadowed_by = g_strdup(before->folder);
            else
                g_hash_table_insert(first, model->name, model);
            g_ptr_array_add(models, model);
        }
    }
    return models;
}

/* The type that most bytes of the weights have. */
static const char *main_dtype(const VdtWeights *weights)
{
    guint64 bytes[N_DTYPES] = {0};
    guint most = 0;
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        if (tensor->dtype < N_DTYPES)
            bytes[tensor->dtype] += tensor->n_bytes;
    }
    for (guint i = 1; i < N_DTYPES; i++)
        if (bytes[i] > bytes[most])
            most = i;
    return bytes[most] > 0 ? vdt_dtype_name(most) : "none";
}

void found_model_look(FoundModel *model)
{
    struct stat s;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = NULL;
    g_autofree char *path = g_build_filename(model->folder, "card.json", NULL);
    model->card = vdt_card_load(path, &config, &error);
    if (model->card != NULL && stat(model->card->weights, &s) == 0)
        model->bytes = s.st_size;
    g_autoptr(VdtWeights) weights =
        model->card != NULL ? vdt_weights_load(model->card->weights, &error) : NULL;
    if (weights != NULL)
        model->dtype = g_strdup(main_dtype(weights));
    else
        model->wrong = g_strdup(error->message);
}
