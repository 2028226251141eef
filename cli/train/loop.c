/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a training, with what happens between them. */
#include <math.h>

#include "data/batches.h"
#include "restoration.h"

static void describe_state(const Training *training, double score, GString *text)
{
    g_string_printf(text, "loss %.3f", curve_get_recent_loss(training->curve));
    if (isfinite(score) && training->restoring != NULL)
        g_string_append_printf(text, ", PSNR %.2f dB", score);
    else if (isfinite(score))
        g_string_append_printf(
            text, ", %s %.1f %%",
            training->network.model->task == VDT_TASK_SEGMENTATION ? "IoU" : "right", 100 * score);
}

/* What the last validation said; NaN if there was none. */
static double last_score(const Training *training)
{
    guint n;
    const CurveRow *rows = curve_get_rows(training->curve, &n);
    while (n-- > 0)
        if (isfinite(rows[n].score))
            return rows[n].score;
    return NAN;
}

static gboolean validate(Training *training, double *score, GError **error)
{
    g_autoptr(VdtWeights) weights =
        vdt_trainer_get_weights(training->trainer, training->o->average > 0);
    g_auto(Validation) validation = {0};
    if (!training_validate(training, weights, &validation, error))
        return FALSE;
    if (validation.n == 0)
        return TRUE;
    *score = validation.score;
    curve_add_validation(training->curve, validation.loss, validation.score);
    return TRUE;
}

/* Stopped between two steps: nothing is lost, and it is said how to go on. */
static gboolean interrupted(Training *training, GError **error)
{
    if (!training_save_checkpoint(training, error))
        return FALSE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED,
                "stopped after step %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                "; the same command with --resume goes on from there",
                vdt_trainer_get_step(training->trainer), training->steps);
    return FALSE;
}

/* Whether a validation is due after @step; they are spread evenly, and the last step has one. */
static gboolean validation_is_due(const Training *training, guint64 step)
{
    guint64 n = MIN((guint64)training->o->validations, training->steps);
    return n > 0 && step * n / training->steps != (step - 1) * n / training->steps;
}

static gboolean one_step(Training *training, Batches *batches, GError **error)
{
    VdtTrainReport report;
    if (training->restoring != NULL)
        restoration_fill(training, vdt_trainer_get_step(training->trainer));
    else
        batches_fill(batches, vdt_trainer_get_step(training->trainer),
                     vdt_session_get_input(training->session, 0),
                     vdt_session_get_input(training->session, 1));
    if (!vdt_trainer_step(training->trainer, NULL, &report, error)) {
        g_prefix_error(error, "%s: ", training->o->output);
        return FALSE;
    }
    guint64 step = vdt_trainer_get_step(training->trainer);
    curve_add_step(training->curve, step, (double)step / training->per_epoch,
                   training_get_seconds(training), report.rate, report.loss, report.gradient_norm);
    return TRUE;
}

static gboolean run_steps(Training *training, Batches *batches, GError **error)
{
    gint64 saved = g_get_monotonic_time();
    double score = last_score(training);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint64 step = vdt_trainer_get_step(training->trainer); step < training->steps;) {
        if (training->cropped && step >= training->crop_steps &&
            !training_see_whole(training, error))
            return FALSE;
        if (g_cancellable_is_cancelled(training->cancellable))
            return interrupted(training, error);
        if (!one_step(training, batches, error))
            return FALSE;
        step++;
        if (validation_is_due(training, step) && !validate(training, &score, error))
            return FALSE;
        describe_state(training, score, text);
        progress_update(training->progress, step, text->str);
        gint64 now = g_get_monotonic_time();
        if (now - saved >= training->o->checkpoint_every * G_USEC_PER_SEC) {
            if (!training_save_checkpoint(training, error))
                return FALSE;
            saved = now;
        }
    }
    return TRUE;
}

gboolean training_run(Training *training, GError **error)
{
    /* Whether the folder takes a checkpoint is better known before than after an hour. */
    if (!training_save_checkpoint(training, error))
        return FALSE;
    guint64 first = vdt_trainer_get_step(training->trainer);
    if (first >= training->steps)
        return TRUE;
    g_autoptr(Batches) batches = training->restoring != NULL
                                     ? NULL
                                     : batches_new(training->cache, training->augment,
                                                   training->o->seed, training->o->batch);
    progress_begin(training->progress, "training", "steps", first, training->steps);
    gboolean ok = run_steps(training, batches, error);
    progress_end(training->progress);
    return ok && training_save_checkpoint(training, error);
}
