/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "evalfolder.h"

#include "data/media.h"
#include "data/picturefolder.h"

#define MAX_PROBLEMS 50

typedef struct {
    const FolderMaps *maps;
    GString *problems;
    guint n_problems;
    PictureFolder folder;
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

/* The first picture of the file, which is the only one. */
static gboolean count_picture(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                              GError **error)
{
    Work *work = data;
    const FolderMaps *maps = work->maps;
    const LabelPng *truth = work->truth;
    gsize area = (gsize)picture->width * picture->height;
    if (!picture_folder_check_size(work->path, picture->width, picture->height, truth, error))
        return FALSE;
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
    g_autofree char *picture = picture_folder_get_picture(&work->folder, name);
    g_auto(LabelPng) truth = {0};
    if (!picture_folder_load_map(&work->folder, name, &truth, error))
        return FALSE;
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
    Work work = {.maps = maps,
                 .folder = {.folder = maps->folder,
                            .split = maps->split,
                            .n_classes = vdt_engine_get_card(maps->engine)->n_labels,
                            .zero_is_other = maps->zero_is_other}};
    g_autoptr(GPtrArray) names = picture_folder_list(&work.folder, error);
    if (names == NULL)
        return FALSE;
    work.problems = g_string_new(NULL);
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
