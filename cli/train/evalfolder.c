/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalfolder.h"

#include <string.h>

#include "labelpng.h"
#include "media.h"

#define MAX_PROBLEMS 50
/* Of what has no class; what label maps have for that, too. */
#define NOTHING      255

typedef struct {
    const FolderMaps *maps;
    GString *problems;
    guint n_problems;
    gboolean warned;
    /* the picture that is looked at */
    const LabelPng *truth;
    const char *path;
    gboolean counted;
} Work;

static void note(Work *work, const GError *mistake)
{
    if (work->n_problems++ < MAX_PROBLEMS)
        g_string_append_printf(work->problems, "\n%s", mistake->message);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the pictures in a folder, sorted. */
static GPtrArray *list_pictures(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (dir == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *lower = g_ascii_strdown(name, -1);
        if (g_str_has_suffix(lower, ".jpg") || g_str_has_suffix(lower, ".jpeg") ||
            g_str_has_suffix(lower, ".png"))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, by_name);
    if (names->len > 0)
        return names;
    g_ptr_array_unref(names);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has no pictures (.jpg, .jpeg, .png)",
                folder);
    return NULL;
}

/* Turns the map's numbers into the network's classes. */
static void number_classes(Work *work, const char *path, LabelPng *truth)
{
    const VdtCard *card = vdt_engine_get_card(work->maps->engine);
    for (gsize i = 0; i < (gsize)truth->width * truth->height; i++) {
        guint id = truth->classes[i];
        guint class = work->maps->zero_is_other && id != NOTHING ? id - 1 : id;
        if (id == NOTHING || (work->maps->zero_is_other && id == 0)) {
            truth->classes[i] = NOTHING;
        } else if (class < card->n_labels) {
            truth->classes[i] = (guint8) class;
        } else {
            if (!work->warned)
                g_printerr("vedette eval: %s: has number %u, but %s has %u classes; such pixels "
                           "do not count\n",
                           path, id, card->name, card->n_labels);
            work->warned = TRUE;
            truth->classes[i] = NOTHING;
        }
    }
}

/* The first picture of the file, which is the only one. */
static gboolean count_picture(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                              GError **error)
{
    Work *work = data;
    const FolderMaps *maps = work->maps;
    const LabelPng *truth = work->truth;
    gsize area = (gsize)picture->width * picture->height;
    if (picture->width != truth->width || picture->height != truth->height) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "%s: has %ux%u pixels, but the map of its classes has %ux%u", work->path,
                    picture->width, picture->height, truth->width, truth->height);
        return FALSE;
    }
    g_autofree guint16 *answers = g_new(guint16, area);
    if (!vdt_segment_picture(maps->engine, maps->mode, picture, answers, NULL, error))
        return FALSE;
    const ClipInfo info = {.condition = -1};
    map_tally_add(maps->tally, &info, truth->classes, answers, area, 0);
    work->counted = TRUE;
    return FALSE;
}

static gboolean look_at(Work *work, const char *name, GError **error)
{
    const FolderMaps *maps = work->maps;
    g_autofree char *stem = g_strndup(name, strrchr(name, '.') - name);
    g_autofree char *file = g_strconcat(stem, ".png", NULL);
    g_autofree char *picture = g_build_filename(maps->folder, "images", maps->split, name, NULL);
    g_autofree char *map = g_build_filename(maps->folder, "annotations", maps->split, file, NULL);
    g_auto(LabelPng) truth = {0};
    if (!label_png_load(map, &truth, error))
        return FALSE;
    number_classes(work, map, &truth);
    work->truth = &truth;
    work->path = picture;
    work->counted = FALSE;
    if (!media_decode(picture, count_picture, work, error))
        return FALSE;
    if (!work->counted)
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: holds no picture", picture);
    return work->counted;
}

gboolean eval_folder_maps(const FolderMaps *maps, GError **error)
{
    g_autofree char *folder = g_build_filename(maps->folder, "images", maps->split, NULL);
    g_autoptr(GPtrArray) names = list_pictures(folder, error);
    if (names == NULL)
        return FALSE;
    Work work = {.maps = maps, .problems = g_string_new(NULL)};
    progress_begin(maps->progress, "evaluating", "pictures", 0, names->len);
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GError) mistake = NULL;
        if (!look_at(&work, names->pdata[i], &mistake))
            note(&work, mistake);
        progress_update(maps->progress, i + 1, NULL);
    }
    progress_end(maps->progress);
    g_autofree char *problems = g_string_free(work.problems, FALSE);
    if (work.n_problems == 0)
        return TRUE;
    g_autofree char *more =
        work.n_problems > MAX_PROBLEMS
            ? g_strdup_printf("\n... and %u more", work.n_problems - MAX_PROBLEMS)
            : g_strdup("");
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%u pictures cannot be used:%s%s",
                work.n_problems, problems, more);
    return FALSE;
}
