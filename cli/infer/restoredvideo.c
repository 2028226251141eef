/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "data/media.h"
#include "film.h"
#include "inferrestored.h"

/* Between looks at what pictures need. */
#define LOOK_INTERVAL  (G_GINT64_CONSTANT(1000000000) / 2)
/* For a video whose pictures have no times. */
#define USUAL_DURATION (G_GINT64_CONSTANT(1000000000) / 25)

typedef struct {
    Restoring *restoring;
    const RestoreRequest *request;
    Media *media;
    Film *after, *halves;
    VdtPicture after_picture, halves_picture;
    RestoredAnswer answer;
    gint64 next_look; /* time of a picture from which on it is due */
} Watching;

static void watching_clear(Watching *watching)
{
    media_free(watching->media);
    film_free(watching->after);
    film_free(watching->halves);
    g_free(watching->after_picture.data);
    g_free(watching->halves_picture.data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Watching, watching_clear)

/* The films have one size, and so must the pictures. */
static gboolean check_size(Watching *watching, const VdtPicture *picture, GError **error)
{
    RestoredAnswer *answer = &watching->answer;
    if (answer->n_frames > 0 &&
        (picture->width != answer->width || picture->height != answer->height)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s: picture %" G_GINT64_FORMAT
                    " has %ux%u pixels, but those before have %ux%u",
                    watching->request->input, answer->n_frames, picture->width, picture->height,
                    answer->width, answer->height);
        return FALSE;
    }
    answer->width = picture->width;
    answer->height = picture->height;
    return TRUE;
}

static gboolean add(Watching *watching, Film **film, const char *path, const VdtPicture *picture,
                    GError **error)
{
    int aspect[2];
    if (path == NULL)
        return TRUE;
    media_get_pixel_aspect(watching->media, &aspect[0], &aspect[1]);
    if (*film == NULL)
        *film = film_new(path, picture->width, picture->height, aspect, error);
    return *film != NULL && film_add(*film, picture, watching->answer.last_pts, error);
}

/* Times that stand still, or go back, would be no film. */
static void take_time(RestoredAnswer *answer, gint64 index, gint64 pts)
{
    if (index == 0)
        answer->first_pts = answer->last_pts = MAX(pts, 0);
    else
        answer->last_pts = pts > answer->last_pts ? pts : answer->last_pts + USUAL_DURATION;
}

/* Sees to what is to be done, and has it ready. */
static gboolean prepare(Watching *watching, gint64 index, const VdtPicture *picture, GError **error)
{
    gint64 now = watching->answer.last_pts;
    if (index > 0 && now < watching->next_look)
        return TRUE;
    watching->next_look = now + LOOK_INTERVAL;
    return restoring_choose(watching->restoring, picture, watching->request->cancellable, error) &&
           restoring_prepare(watching->restoring, picture->width, picture->height, error);
}

static gboolean restore(Watching *watching, gint64 index, const VdtPicture *picture, GError **error)
{
    const RestoreRequest *request = watching->request;
    VdtPicture *halves = request->before_and_after != NULL ? &watching->halves_picture : NULL;
    if (!prepare(watching, index, picture, error))
        return FALSE;
    RestoredClock begin = restored_clock_begin();
    if (!restoring_draw(watching->restoring, picture, request->cancellable,
                        &watching->after_picture, halves, error))
        return FALSE;
    restored_clock_end(&begin, &watching->answer);
    watching->answer.n_restored += watching->restoring->n_steps > 0;
    return TRUE;
}

static gboolean watch(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                      GError **error)
{
    Watching *watching = data;
    const RestoreRequest *request = watching->request;
    RestoredAnswer *answer = &watching->answer;
    g_autoptr(GError) mistake = NULL;
    if (g_cancellable_is_cancelled(request->cancellable) || !check_size(watching, picture, error))
        return FALSE;
    take_time(answer, index, pts);
    if (!restore(watching, index, picture, &mistake)) {
        if (!g_error_matches(mistake, VDT_ERROR, VDT_ERROR_CANCELLED))
            g_propagate_prefixed_error(error, g_steal_pointer(&mistake), "%s: ", request->input);
        return FALSE;
    }
    answer->to_width = watching->after_picture.width;
    answer->to_height = watching->after_picture.height;
    if (!add(watching, &watching->after, request->output, &watching->after_picture, error) ||
        !add(watching, &watching->halves, request->before_and_after, &watching->halves_picture,
             error))
        return FALSE;
    answer->n_frames = index + 1;
    if (isatty(STDERR_FILENO))
        g_printerr("\r%" G_GINT64_FORMAT " pictures", answer->n_frames);
    return TRUE;
}

gboolean infer_restored_video(Restoring *restoring, const RestoreRequest *request, GError **error)
{
    g_auto(Watching) watching = {.restoring = restoring, .request = request};
    RestoredAnswer *answer = &watching.answer;
    watching.media = media_open(request->input, error);
    gboolean ok = watching.media != NULL && media_play(watching.media, watch, &watching, error);
    if (answer->n_frames > 0 && isatty(STDERR_FILENO))
        g_printerr("\r\033[K");
    if (!ok || (watching.after != NULL && !film_finish(watching.after, error)) ||
        (watching.halves != NULL && !film_finish(watching.halves, error)))
        return FALSE;
    gboolean stopped = g_cancellable_is_cancelled(request->cancellable);
    if (answer->n_frames == 0) {
        g_set_error(error, VDT_ERROR, stopped ? VDT_ERROR_CANCELLED : VDT_ERROR_FORMAT, "%s: %s",
                    request->input, stopped ? "stopped before a picture" : "holds no picture");
        return FALSE;
    }
    if (stopped) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED,
                    "%s: stopped after picture %" G_GINT64_FORMAT "; %s ends there", request->input,
                    answer->n_frames,
                    request->output != NULL ? request->output : request->before_and_after);
        return FALSE;
    }
    restored_answer_print(restoring, request, answer);
    return TRUE;
}
