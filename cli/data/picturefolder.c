/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picturefolder.h"

#include <string.h>

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

gboolean picture_name_matches(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return lower[0] != '.' && (g_str_has_suffix(lower, ".jpg") ||
                               g_str_has_suffix(lower, ".jpeg") || g_str_has_suffix(lower, ".png"));
}

GPtrArray *picture_names(const char *path, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, error);
    if (dir == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (picture_name_matches(name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    if (names->len > 0)
        return names;
    g_ptr_array_unref(names);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has no pictures (.jpg, .jpeg, .png)",
                path);
    return NULL;
}

GPtrArray *picture_folder_list(const PictureFolder *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder->folder, "images", folder->split, NULL);
    return picture_names(path, error);
}

char *picture_folder_get_picture(const PictureFolder *folder, const char *name)
{
    return g_build_filename(folder->folder, "images", folder->split, name, NULL);
}

char *picture_folder_get_map(const PictureFolder *folder, const char *name)
{
    g_autofree char *stem = g_strndup(name, strrchr(name, '.') - name);
    g_autofree char *file = g_strconcat(stem, ".png", NULL);
    return g_build_filename(folder->folder, "annotations", folder->split, file, NULL);
}

gboolean picture_folder_load_map(PictureFolder *folder, const char *name, LabelPng *map,
                                 GError **error)
{
    g_autofree char *path = picture_folder_get_map(folder, name);
    const gboolean shifted = folder->zero_is_other;
    if (!label_png_load(path, map, error))
        return FALSE;
    for (gsize i = 0; i < (gsize)map->width * map->height; i++) {
        const guint id = map->classes[i], class = shifted ? id - 1 : id;
        const gboolean none = id == PICTURE_NOTHING || (shifted && id == 0);
        if (!none && class >= folder->n_classes &&
            g_atomic_int_compare_and_exchange(&folder->warned, FALSE, TRUE))
            g_printerr("vedette: %s: has number %u, but there are %u classes%s; such pixels do "
                       "not count\n",
                       path, id, folder->n_classes, shifted ? ", counted from 1" : "");
        map->classes[i] = none || class >= folder->n_classes ? PICTURE_NOTHING : (guint8) class;
    }
    return TRUE;
}

gboolean picture_folder_check_size(const char *picture, guint width, guint height,
                                   const LabelPng *map, GError **error)
{
    if (width == map->width && height == map->height)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                "%s: has %ux%u pixels, but the map of its classes has %ux%u%s", picture, width,
                height, map->width, map->height,
                width == map->height && height == map->width
                    ? "; a map lies as its picture is shown, turned by EXIF"
                    : "");
    return FALSE;
}

gboolean picture_folder_counts_from_one(const char *labels)
{
    return g_strcmp0(labels, "ade20k") == 0 || g_strcmp0(labels, "pascal-context59") == 0;
}
