/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "predict.h"

#include <math.h>
#include <string.h>

#include "scores.h"

#define MAX_PROBLEMS 50

/* Hands out clip after clip. */
typedef struct {
    const Prediction *p;
    ClipStream *stream;  /* or NULL: from the cache */
    const guint8 *group; /* of the stream */
    guint next;
    GString *problems;
    guint n_problems;
} Source;

/* NULL with @error set, or without if the clip was bad and others are to be looked at. */
static const guint8 *next_clip(Source *source, GError **error)
{
    const ClipSet *set = source->p->set;
    guint clip = source->next++;
    if (source->stream == NULL)
        return cache_get(source->p->cache, clip);
    guint inside = clip % set->group;
    if (inside == 0) {
        g_autoptr(GError) mistake = NULL;
        source->group = clip_stream_next(source->stream, &mistake);
        if (source->group == NULL &&
            (!set->report_all || g_error_matches(mistake, VDT_ERROR, VDT_ERROR_CANCELLED))) {
            g_propagate_error(error, g_steal_pointer(&mistake));
            return NULL;
        }
        if (source->group == NULL && source->n_problems++ < MAX_PROBLEMS)
            g_string_append_printf(source->problems, "\n%s", mistake->message);
    }
    return source->group != NULL ? source->group + inside * clip_format_bytes(&set->format) : NULL;
}

static gboolean answer(const Prediction *p, guint first, guint n, GError **error)
{
    const VdtTensor *output = vdt_session_get_output(p->session, 0);
    gint64 classes = output->shape.dims[1];
    g_autofree double *scores = g_new(double, classes);
    for (guint i = 0; i < n; i++) {
        const float *logits = (const float *)output->data + i * classes;
        memset(scores, 0, classes * sizeof *scores);
        vdt_scores_add(p->card, logits, classes, 1, scores);
        if (!isfinite(scores[0])) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                        "the network's answer to clip %u is not finite", first + i);
            return FALSE;
        }
        p->func(p->data, first + i, scores);
    }
    return TRUE;
}

static gboolean run(const Prediction *p, Source *source, GError **error)
{
    const ClipFormat *format = &p->set->format;
    VdtTensor *input = vdt_session_get_input(p->session, 0);
    guint batch = input->shape.dims[0], n_clips = clip_set_get_n_clips(p->set);
    for (guint first = 0; first < n_clips; first += batch) {
        guint n = MIN(batch, n_clips - first);
        for (guint i = 0; i < n; i++) {
            GError *mistake = NULL;
            const guint8 *clip = next_clip(source, &mistake);
            if (mistake != NULL) {
                g_propagate_error(error, mistake);
                return FALSE;
            }
            for (guint t = 0; t < format->frames && clip != NULL; t++) {
                VdtPicture picture = clip_format_picture(format, clip, t);
                vdt_clip_set_frame(input, i, t, &picture, p->card->mean, p->card->std);
            }
        }
        /* Once something is wrong, the rest is only looked at for what else is. */
        if (source->n_problems > 0)
            continue;
        if (!vdt_session_run(p->session, p->cancellable, error) || !answer(p, first, n, error))
            return FALSE;
        if (p->progress != NULL)
            progress_update(p->progress, first + n, NULL);
    }
    if (source->n_problems == 0)
        return TRUE;
    if (source->n_problems > MAX_PROBLEMS)
        g_string_append_printf(source->problems, "\n... and %u more",
                               source->n_problems - MAX_PROBLEMS);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%u of the clips cannot be used:%s",
                source->n_problems, source->problems->str);
    return FALSE;
}

gboolean predict(const Prediction *p, GError **error)
{
    Source source = {.p = p, .problems = g_string_new(NULL)};
    if (p->cache == NULL)
        source.stream = clip_stream_new(p->set, p->cancellable);
    gboolean ok = run(p, &source, error);
    clip_stream_free(source.stream);
    g_string_free(source.problems, TRUE);
    return ok;
}
