/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapsvideo.h"

#include <string.h>
#include <unistd.h>

#include "data/media.h"
#include "film.h"
#include "mapfiles.h"
#include "palette.h"
#include "samefile.h"

/* For a video whose pictures have no times. */
#define USUAL_DURATION (G_GINT64_CONSTANT(1000000000) / 25)

#define MAX_CLASSES (G_MAXUINT16 + 1)

typedef struct {
    VdtEngine *engine;
    const MapsRequest *request;
    Media *media;
    Film *film;
    guint32 *colours;
    guint n_classes;
    guint16 *labels;
    guint8 *pixels; /* of the picture that is drawn over */
    double *shares;
    MapsAnswer answer;
} Watching;

static void watching_clear(Watching *watching)
{
    media_free(watching->media);
    film_free(watching->film);
    g_free(watching->colours);
    g_free(watching->labels);
    g_free(watching->pixels);
    g_free(watching->shares);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Watching, watching_clear)

/* Memory for the first picture's size, which all have. */
static gboolean begin(Watching *watching, const VdtPicture *picture, GError **error)
{
    const MapsRequest *request = watching->request;
    MapsAnswer *answer = &watching->answer;
    gsize area = (gsize)picture->width * picture->height;
    if (answer->n_frames > 0 && picture->width == answer->width &&
        picture->height == answer->height)
        return TRUE;
    if (answer->n_frames > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
                    "%s: picture %" G_GINT64_FORMAT
                    " has %ux%u pixels, but those before have %ux%u",
                    request->input, answer->n_frames, picture->width, picture->height,
                    answer->width, answer->height);
        return FALSE;
    }
    answer->width = picture->width;
    answer->height = picture->height;
    watching->labels = g_new(guint16, area);
    if (request->overlay == NULL)
        return TRUE;
    watching->pixels = g_malloc(3 * area);
    int aspect[2];
    media_get_pixel_aspect(watching->media, &aspect[0], &aspect[1]);
    watching->film = film_new(request->overlay, picture->width, picture->height, aspect, error);
    return watching->film != NULL;
}

static gboolean keep(Watching *watching, const VdtPicture *picture, GError **error)
{
    const MapsRequest *request = watching->request;
    const MapsAnswer *answer = &watching->answer;
    if (request->map != NULL) {
        g_autofree char *path = map_pattern_expand(request->map, answer->n_frames);
        if (!check_output("--output", path, request->input, error) ||
            !map_file_save(path, watching->labels, answer->width, answer->height, watching->colours,
                           watching->n_classes, error))
            return FALSE;
    }
    if (watching->film == NULL)
        return TRUE;
    VdtPicture drawn = {watching->pixels, picture->width, picture->height,
                        (gsize)3 * picture->width};
    for (guint y = 0; y < drawn.height; y++)
        memcpy(drawn.data + y * drawn.stride, picture->data + y * picture->stride, drawn.stride);
    map_draw_over(&drawn, watching->labels, watching->colours, request->opacity);
    return film_add(watching->film, &drawn, answer->last_pts, error);
}

static gboolean watch(gpointer data, gint64 index, const VdtPicture *picture, gint64 pts,
                      GError **error)
{
    Watching *watching = data;
    MapsAnswer *answer = &watching->answer;
    if (g_cancellable_is_cancelled(watching->request->cancellable) ||
        !begin(watching, picture, error))
        return FALSE;
    if (!vdt_segment_picture(watching->engine, watching->request->mode, picture, watching->labels,
                             NULL, error)) {
        g_prefix_error(error, "%s: ", watching->request->input);
        return FALSE;
    }
    for (gsize i = 0; i < (gsize)picture->width * picture->height; i++) {
        watching->shares[watching->labels[i]]++;
        watching->n_classes = MAX(watching->n_classes, watching->labels[i] + 1u);
    }
    /* Times that stand still, or go back, would be no film. */
    if (index == 0)
        answer->first_pts = answer->last_pts = MAX(pts, 0);
    else
        answer->last_pts = pts > answer->last_pts ? pts : answer->last_pts + USUAL_DURATION;
    if (!keep(watching, picture, error))
        return FALSE;
    answer->n_frames = index + 1;
    if (isatty(STDERR_FILENO))
        g_printerr("\r%" G_GINT64_FORMAT " pictures", answer->n_frames);
    return TRUE;
}

gboolean infer_maps_video(VdtEngine *engine, const MapsRequest *request, GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    if (request->map != NULL && !map_pattern_prepare(request->map, error))
        return FALSE;
    g_auto(Watching) watching = {.engine = engine,
                                 .request = request,
                                 .n_classes = MAX(card->n_labels, 1),
                                 .shares = g_new0(double, MAX_CLASSES)};
    /* Without names nobody says how many classes there are. */
    watching.colours =
        vdt_palette_load(card, card->labels != NULL ? watching.n_classes : MAX_CLASSES);
    watching.media = media_open(request->input, error);
    gboolean ok = watching.media != NULL && media_play(watching.media, watch, &watching, error);
    if (watching.answer.n_frames > 0 && isatty(STDERR_FILENO))
        g_printerr("\r\033[K");
    if (!ok || (watching.film != NULL && !film_finish(watching.film, error)))
        return FALSE;
    MapsAnswer *answer = &watching.answer;
    if (answer->n_frames == 0) {
        gboolean stopped = g_cancellable_is_cancelled(request->cancellable);
        g_set_error(error, VDT_ERROR, stopped ? VDT_ERROR_CANCELLED : VDT_ERROR_FORMAT, "%s: %s",
                    request->input, stopped ? "stopped before a picture" : "holds no picture");
        return FALSE;
    }
    if (g_cancellable_is_cancelled(request->cancellable)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED,
                    "%s: stopped after picture %" G_GINT64_FORMAT "; %s ends there", request->input,
                    answer->n_frames, request->overlay);
        return FALSE;
    }
    double all = (double)answer->n_frames * answer->width * answer->height;
    for (guint i = 0; i < MAX_CLASSES; i++)
        watching.shares[i] /= all;
    answer->shares = watching.shares;
    answer->n = watching.n_classes;
    maps_answer_print(request, card, answer);
    return TRUE;
}
