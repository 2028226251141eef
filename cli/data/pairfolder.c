/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pairfolder.h"

#include <string.h>

#include "io/keyed-hash.h"
#include "picturefolder.h"

#define MAX_PROBLEMS 50

static const char *const spoiled_names[] = {"rain", "rainy", "hazy",  "snow",
                                            "blur", "low",   "noisy", "input"};
static const char *const target_names[] = {"norain", "gt", "target", "clean", "high", "HR"};

static void pair_free(gpointer data)
{
    Pair *pair = data;
    g_free(pair->name);
    g_free(pair->spoiled);
    g_free(pair->target);
    g_free(pair);
}

/* The first of these that is a folder in @folder; NULL if none is. Caller frees. */
static char *find_folder(const char *folder, const char *const *names, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static char *find_spoiled(const char *folder, guint scale)
{
    if (scale == 1)
        return find_folder(folder, spoiled_names, G_N_ELEMENTS(spoiled_names));
    g_autofree char *reduced = g_strdup_printf("LR_bicubic/X%u", scale);
    return find_folder(folder, (const char *const[]){reduced}, 1);
}

static char *stem_of(const char *name)
{
    return g_strndup(name, strrchr(name, '.') - name);
}

/* The path of the picture in @by_stem that @name is a spoiled one of, or NULL. */
static const char *find_target(GHashTable *by_stem, const char *name)
{
    g_autofree char *stem = stem_of(name), *negated = g_strconcat("no", stem, NULL);
    const char *x = strrchr(stem, 'x'), *bar = strchr(stem, '_');
    gboolean scaled = x != NULL && x[1] >= '2' && x[1] <= '9' && x[2] == '\0';
    g_autofree char *unscaled = scaled ? g_strndup(stem, x - stem) : NULL;
    g_autofree char *first = bar != NULL ? g_strndup(stem, bar - stem) : NULL;
    const char *const tried[] = {negated, stem, unscaled, first};
    for (guint i = 0; i < G_N_ELEMENTS(tried); i++) {
        const char *path = tried[i] != NULL ? g_hash_table_lookup(by_stem, tried[i]) : NULL;
        if (path != NULL)
            return path;
    }
    return NULL;
}

/* Paths of a folder's pictures by the names that they have up to the last dot. */
static GHashTable *index_targets(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) names = picture_names(folder, error);
    if (names == NULL)
        return NULL;
    GHashTable *by_stem = g_hash_table_new_full(vdt_keyed_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < names->len; i++)
        g_hash_table_insert(by_stem, stem_of(names->pdata[i]),
                            g_build_filename(folder, names->pdata[i], NULL));
    return by_stem;
}

static void add(GPtrArray *pairs, const char *name, char *spoiled, const char *target)
{
    Pair *pair = g_new(Pair, 1);
    *pair = (Pair){g_strdup(name), spoiled, g_strdup(target)};
    g_ptr_array_add(pairs, pair);
}

static GPtrArray *list_alone(const char *folder, GError **error)
{
    g_autoptr(GPtrArray) names = picture_names(folder, error);
    if (names == NULL)
        return NULL;
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        add(pairs, names->pdata[i], NULL, path);
    }
    return pairs;
}

GPtrArray *pair_folder_list(const char *folder, guint scale, GError **error)
{
    g_autofree char *from = find_spoiled(folder, scale);
    g_autofree char *to = find_folder(folder, target_names, G_N_ELEMENTS(target_names));
    if (from == NULL)
        return list_alone(to != NULL ? to : folder, error);
    g_autoptr(GPtrArray) names = picture_names(from, error);
    g_autoptr(GHashTable) targets =
        names != NULL ? index_targets(to != NULL ? to : folder, error) : NULL;
    if (targets == NULL)
        return NULL;
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(pair_free);
    g_autoptr(GString) problems = g_string_new(NULL);
    guint n_problems = 0;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i], *target = find_target(targets, name);
        if (target != NULL)
            add(pairs, name, g_build_filename(from, name, NULL), target);
        else if (n_problems++ < MAX_PROBLEMS)
            g_string_append_printf(problems, "\n%s", name);
    }
    if (n_problems == 0)
        return g_steal_pointer(&pairs);
    if (n_problems > MAX_PROBLEMS)
        g_string_append_printf(problems, "\n... and %u more", n_problems - MAX_PROBLEMS);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%u pictures of %s have no true one in %s:%s",
                n_problems, from, to != NULL ? to : folder, problems->str);
    return NULL;
}
