/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paths.h"

#include <dlfcn.h>
#include <gio/gio.h>
#include <string.h>
#include <vedette/card.h>

/* From the folder of bin/vedette or lib/TRIPLET/gstreamer-1.0/libgstvedette.so to the prefix. */
#define MOST_LEVELS 4

static void add_split(GPtrArray *dirs, const char *list, const char *below)
{
    g_auto(GStrv) parts = g_strsplit(list, G_SEARCHPATH_SEPARATOR_S, -1);
    for (guint i = 0; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
            g_ptr_array_add(dirs, g_build_filename(parts[i], below, NULL));
}

/* The file that this code was loaded from. */
static char *own_file(void)
{
    Dl_info info;
    /* A program's own name is whatever it was called by; only libraries have a path. */
    if (dladdr(vdt_find_card, &info) != 0 && info.dli_fname != NULL &&
        g_path_is_absolute(info.dli_fname) && strstr(info.dli_fname, ".so") != NULL)
        return g_strdup(info.dli_fname);
    return g_file_read_link("/proc/self/exe", NULL);
}

static void add_relative(GPtrArray *dirs, const char *below)
{
    g_autofree char *file = own_file();
    if (file == NULL)
        return;
    g_autofree char *dir = g_path_get_dirname(file);
    for (int i = 0; i < MOST_LEVELS; i++) {
        char *parent = g_path_get_dirname(dir);
        g_free(dir);
        dir = parent;
        g_autofree char *share = g_build_filename(dir, "share", "vedette", NULL);
        if (g_file_test(share, G_FILE_TEST_IS_DIR)) {
            g_ptr_array_add(dirs, g_build_filename(share, below, NULL));
            return;
        }
    }
}

static void add_data_dirs(GPtrArray *dirs, const char *below)
{
    const char *own = g_getenv("VEDETTE_DATA_DIR");
    if (own != NULL)
        add_split(dirs, own, below);
    add_relative(dirs, below);
    g_ptr_array_add(dirs, g_build_filename(VEDETTE_DATADIR, below, NULL));
}

gboolean vdt_is_model_name(const char *name)
{
    return *name != '\0' && *name != '.' && strchr(name, '/') == NULL && strlen(name) <= 200;
}

char **vdt_get_model_dirs(guint *n_own)
{
    GPtrArray *dirs = g_ptr_array_new();
    const char *own = g_getenv("VEDETTE_MODEL_PATH");
    if (own != NULL)
        add_split(dirs, own, "");
    g_ptr_array_add(dirs, g_build_filename(g_get_user_data_dir(), "vedette", "models", NULL));
    g_ptr_array_add(dirs, g_strdup(VDT_SYSTEM_MODELS));
    if (n_own != NULL)
        *n_own = dirs->len;
    add_data_dirs(dirs, "models");
    g_ptr_array_add(dirs, NULL);
    return (char **)g_ptr_array_free(dirs, FALSE);
}

char *vdt_find_card(const char *model, GError **error)
{
    if (strchr(model, '/') != NULL || g_str_has_suffix(model, ".json")) {
        if (g_file_test(model, G_FILE_TEST_IS_DIR))
            return g_build_filename(model, "card.json", NULL);
        return g_strdup(model);
    }
    if (!vdt_is_model_name(model)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                    "\"%s\" is neither a model's name nor the path of a card", model);
        return NULL;
    }
    g_auto(GStrv) dirs = vdt_get_model_dirs(NULL);
    g_autoptr(GString) places = g_string_new(NULL);
    for (guint i = 0; dirs[i] != NULL; i++) {
        g_autofree char *card = g_build_filename(dirs[i], model, "card.json", NULL);
        if (g_file_test(card, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&card);
        g_string_append_printf(places, "%s%s", i > 0 ? ", " : "", dirs[i]);
    }
    /* What is meant is often a folder right here. */
    g_autofree char *here = g_build_filename(model, "card.json", NULL);
    g_autofree char *hint = g_file_test(here, G_FILE_TEST_EXISTS)
                                ? g_strdup_printf("; did you mean ./%s?", model)
                                : g_strdup("");
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "no model \"%s\" is installed: there is no %s/card.json in %s%s", model, model,
                places->str, hint);
    return NULL;
}

char **vdt_get_data_dirs(const char *below)
{
    GPtrArray *dirs = g_ptr_array_new();
    add_data_dirs(dirs, below);
    g_ptr_array_add(dirs, NULL);
    return (char **)g_ptr_array_free(dirs, FALSE);
}

char *vdt_find_labels(const char *name)
{
    if (!vdt_is_model_name(name))
        return NULL;
    g_autofree char *file = g_strconcat(name, ".txt", NULL);
    g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
    add_data_dirs(dirs, "labels");
    for (guint i = 0; i < dirs->len; i++) {
        g_autofree char *path = g_build_filename(dirs->pdata[i], file, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

char *vdt_find_data(const char *name, GError **error)
{
    g_auto(GStrv) dirs = vdt_get_data_dirs("");
    for (guint i = 0; dirs[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    g_autofree char *places = g_strjoinv(", ", dirs);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "there is no %s in %s", name, places);
    return NULL;
}
