/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folderpictures.h"

#include <math.h>

#include "identity.h"
#include "media.h"
#include "picturefolder.h"

#define MAX_PROBLEMS 50

typedef struct {
    ClipSet set;
    PictureFolder folder;
    char *path, *split;
    GPtrArray *names;
} FolderPictures;

static ClipInfo info(const ClipSet *set, guint clip)
{
    return (ClipInfo){.condition = -1};
}

/* The class next to each pixel's middle. */
static void store_classes(const ClipFormat *format, const LabelPng *map, guint8 *to)
{
    VdtView view = vdt_view_for_framing(format->framing, map->width, map->height, format->width,
                                        format->height);
    for (int y = 0; y < (int)format->height; y++) {
        gint64 row = floor((y + view.top + 0.5) * map->height / view.height);
        for (int x = 0; x < (int)format->width; x++) {
            gint64 column = floor((x + view.left + 0.5) * map->width / view.width);
            gboolean inside = row >= 0 && row < map->height && column >= 0 && column < map->width;
            *to++ = inside ? map->classes[row * map->width + column] : PICTURE_NOTHING;
        }
    }
}

typedef struct {
    const ClipFormat *format;
    const char *path;
    const LabelPng *map;
    guint8 *clip;
    gboolean done;
} Storing;

static gboolean store(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                      GError **error)
{
    Storing *storing = data;
    if (!picture_folder_check_size(storing->path, picture->width, picture->height, storing->map,
                                   error))
        return FALSE;
    clip_format_store(storing->format, picture, storing->clip, 0);
    storing->done = TRUE;
    return FALSE;
}

static gboolean fill(const ClipSet *set, guint item, guint8 *clip, GCancellable *cancellable,
                     GError **error)
{
    FolderPictures *pictures = (FolderPictures *)set;
    const char *name = pictures->names->pdata[item];
    g_autofree char *path = picture_folder_get_picture(&pictures->folder, name);
    g_auto(LabelPng) map = {0};
    if (!picture_folder_load_map(&pictures->folder, name, &map, error))
        return FALSE;
    Storing storing = {&set->format, path, &map, clip, FALSE};
    if (!media_decode(path, store, &storing, error))
        return FALSE;
    if (!storing.done)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", path);
    else
        store_classes(&set->format, &map, clip_format_classes(&set->format, clip));
    return storing.done;
}

static void finalize(ClipSet *set)
{
    FolderPictures *pictures = (FolderPictures *)set;
    g_clear_pointer(&pictures->names, g_ptr_array_unref);
    g_free(pictures->path);
    g_free(pictures->split);
}

/* Adds what identifies a file to @hash; FALSE if it is not there. */
static gboolean identify(const char *name, const char *path, GChecksum *hash)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) && file_identify(name, path, hash);
}

static gboolean identify_all(const FolderPictures *pictures, GChecksum *hash, GError **error)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    guint n = 0;
    for (guint i = 0; i < pictures->names->len; i++) {
        const char *name = pictures->names->pdata[i];
        g_autofree char *picture = picture_folder_get_picture(&pictures->folder, name);
        g_autofree char *map = picture_folder_get_map(&pictures->folder, name);
        const char *problem = !identify(name, picture, hash) ? picture
                              : !identify(name, map, hash)   ? map
                                                             : NULL;
        if (problem != NULL && n++ < MAX_PROBLEMS)
            g_string_append_printf(missing, "\n%s: is not there, or is no file", problem);
    }
    if (n == 0)
        return TRUE;
    if (n > MAX_PROBLEMS)
        g_string_append_printf(missing, "\n... and %u more", n - MAX_PROBLEMS);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%u pictures of %s cannot be used:%s", n,
                pictures->path, missing->str);
    return FALSE;
}

ClipSet *folder_pictures_new(const char *folder, const char *split, char **labels,
                             gboolean zero_is_other, const ClipFormat *format, GError **error)
{
    FolderPictures *pictures = g_new0(FolderPictures, 1);
    g_autoptr(ClipSet) set = &pictures->set;
    set->format = *format;
    set->group = 1;
    set->labels = g_strdupv(labels);
    set->n_labels = g_strv_length(labels);
    set->report_all = TRUE;
    set->info = info;
    set->fill = fill;
    set->finalize = finalize;
    pictures->path = g_strdup(folder);
    pictures->split = g_strdup(split);
    pictures->folder =
        (PictureFolder){pictures->path, pictures->split, set->n_labels, zero_is_other, FALSE};
    pictures->names = picture_folder_list(&pictures->folder, error);
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    if (pictures->names == NULL || !identify_all(pictures, hash, error))
        return NULL;
    set->n_items = pictures->names->len;
    g_autoptr(GString) key = g_string_new("folder of pictures, as they are to be shown\n");
    g_string_append_printf(key, "files: %s\nclasses: %u, from %d\n", g_checksum_get_string(hash),
                           set->n_labels, zero_is_other ? 1 : 0);
    clip_format_describe(format, key);
    set->key = g_string_free(g_steal_pointer(&key), FALSE);
    return g_steal_pointer(&set);
}
