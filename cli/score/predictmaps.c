/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "predictmaps.h"

#include <math.h>

#include "data/stream.h"
#include "labelmap.h"

/* The mean negative logarithm of the right class's score, where logits are. NaN if they are not
 * finite; 0 where nothing is known. */
static double get_loss(const ClipFormat *format, const guint8 *classes, const VdtTensor *logits)
{
    const gint64 *dims = logits->shape.dims;
    const float *values = logits->data;
    gsize area = dims[2] * dims[3];
    double sum = 0;
    guint n = 0;
    for (gsize i = 0; i < area; i++) {
        gsize row = (2 * (i / dims[3]) + 1) * format->height / (2 * dims[2]);
        gsize column = (2 * (i % dims[3]) + 1) * format->width / (2 * dims[3]);
        guint class = classes[row * format->width + column];
        double most = -G_MAXDOUBLE, total = 0;
        for (gint64 c = 0; c < dims[1]; c++) {
            if (!isfinite(values[c * area + i]))
                return NAN;
            most = MAX(most, values[c * area + i]);
        }
        for (gint64 c = 0; c < dims[1]; c++)
            total += exp(values[c * area + i] - most);
        if (class < dims[1]) {
            sum += log(total) + most - values[class * area + i];
            n++;
        }
    }
    return n > 0 ? sum / n : 0;
}

/* Brings the picture to what the network takes. */
static void show(const MapPrediction *p, const guint8 *clip)
{
    VdtTensor *input = vdt_session_get_input(p->session, 0);
    guint width = input->shape.dims[3], height = input->shape.dims[2];
    VdtPicture picture = clip_format_picture(&p->set->format, clip, 0);
    g_autofree guint8 *resized = NULL;
    if (picture.width != width || picture.height != height) {
        resized = g_malloc((gsize)3 * width * height);
        VdtView view = {width, height, 0, 0};
        VdtPicture to = {resized, width, height, (gsize)3 * width};
        vdt_picture_resize(&picture, &view, p->set->format.margin, &to);
        picture = to;
    }
    vdt_clip_set_frame(input, 0, 0, &picture, p->card->mean, p->card->std);
}

static gboolean answer(const MapPrediction *p, guint index, const guint8 *clip, guint16 *answers,
                       GError **error)
{
    const ClipFormat *format = &p->set->format;
    const VdtTensor *logits = vdt_session_get_output(p->session, 0);
    const guint8 *classes = clip_format_classes(format, clip);
    show(p, clip);
    if (!vdt_session_run(p->session, p->cancellable, error))
        return FALSE;
    double loss = get_loss(format, classes, logits);
    if (!isfinite(loss)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "the network's answer to picture %u is not finite", index);
        return FALSE;
    }
    vdt_label_map(logits->data, logits->shape.dims[1], logits->shape.dims[2], logits->shape.dims[3],
                  answers, format->width, format->width, format->height);
    ClipInfo info = p->set->info(p->set, index);
    map_tally_add(p->tally, &info, classes, answers, (gsize)format->width * format->height, loss);
    return TRUE;
}

gboolean predict_maps(const MapPrediction *p, GError **error)
{
    const ClipFormat *format = &p->set->format;
    ClipStream *stream = p->cache == NULL ? clip_stream_new(p->set, p->cancellable) : NULL;
    g_autofree guint16 *answers = g_new(guint16, (gsize)format->width * format->height);
    gboolean ok = TRUE;
    for (guint i = 0; i < clip_set_get_n_clips(p->set) && ok; i++) {
        const guint8 *clip =
            stream != NULL ? clip_stream_next(stream, error) : cache_get(p->cache, i);
        ok = clip != NULL && answer(p, i, clip, answers, error);
        if (p->progress != NULL)
            progress_update(p->progress, i + 1, NULL);
    }
    clip_stream_free(stream);
    return ok;
}
