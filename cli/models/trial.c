/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Enough of runs that take long. */
#define MOST_TIME (15 * G_TIME_SPAN_SECOND)

static int compare_times(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static gboolean check_finite(const VdtTensor *output, const char *weights, GError **error)
{
    const float *values = output->data;
    gint64 n = output->dtype == VDT_F32 ? vdt_shape_elements(&output->shape) : 0;
    for (gint64 i = 0; i < n; i++)
        if (!isfinite(values[i])) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS,
                        "%s: the network's output %" G_GINT64_FORMAT " of made-up input is %g",
                        weights, i, values[i]);
            return FALSE;
        }
    return TRUE;
}

static gboolean check_classes(const VdtCard *card, gint64 classes, GError **error)
{
    if (classes == 0 || card->labels == NULL || card->n_labels == classes)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL,
                "%s has %u labels, but the network tells %" G_GINT64_FORMAT " classes apart",
                card->labels_path, card->n_labels, classes);
    return FALSE;
}

gboolean trial_run(VdtEngine *engine, guint runs, GCancellable *cancellable, Trial *trial,
                   GError **error)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    VdtShape input = vdt_engine_get_input_shape(engine, 1, card->width, card->height);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &input, error);
    if (session == NULL)
        return FALSE;
    const VdtTensor *logits = vdt_session_find_output(session, "logits");
    *trial = (Trial){.classes = logits != NULL ? logits->shape.dims[1] : 0};
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "input:bench", -2, 2);
    if (!check_classes(card, trial->classes, error) ||
        !vdt_session_run(session, cancellable, error) ||
        !check_finite(vdt_session_get_output(session, 0), card->weights, error))
        return FALSE;

    g_autofree gint64 *times = g_new(gint64, runs + 1);
    const gint64 begun = g_get_monotonic_time();
    gint64 now = begun;
    while (trial->runs < runs && now - begun < MOST_TIME) {
        if (!vdt_session_run(session, cancellable, error))
            return FALSE;
        gint64 end = g_get_monotonic_time();
        times[trial->runs++] = end - now;
        now = end;
    }
    qsort(times, trial->runs, sizeof *times, compare_times);
    if (trial->runs > 0)
        trial->median_ms = (times[(trial->runs - 1) / 2] + times[trial->runs / 2]) / 2e3;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    trial->peak_mb = usage.ru_maxrss / 1024.0;
    return TRUE;
}
