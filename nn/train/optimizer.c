/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameters are cut into pieces, whose size does not depend on the number of threads: neither do
 * sums over them, then, as they are added up in order.
 */
#include "optimizer.h"
#include "runtime/pool.h"
#include "update.h"
#include <math.h>

#define PIECE 32768 /* elements: the arrays of one fit a core's second cache */

typedef struct {
    guint param;
    gsize begin, n;
} Piece;

void vdt_optimizer_init(VdtOptimizer *optimizer, const VdtTrainOptions *options)
{
    *optimizer = (VdtOptimizer){
        .options = options,
        .params = g_array_new(FALSE, FALSE, sizeof(VdtOptimized)),
        .pieces = g_array_new(FALSE, FALSE, sizeof(Piece)),
    };
}

void vdt_optimizer_clear(VdtOptimizer *optimizer)
{
    g_clear_pointer(&optimizer->params, g_array_unref);
    g_clear_pointer(&optimizer->pieces, g_array_unref);
    g_clear_pointer(&optimizer->squares, g_free);
}

guint vdt_optimizer_count_states(const VdtTrainOptions *options)
{
    if (options->kind == VDT_OPTIMIZER_ADAMW)
        return 2;
    return options->momentum > 0 ? 1 : 0;
}

void vdt_optimizer_add(VdtOptimizer *optimizer, const VdtOptimized *param)
{
    VdtOptimized added = *param;

    if (added.factor == 0)
        added.gradient = NULL;
    for (gsize begin = 0; begin < added.n; begin += PIECE) {
        Piece piece = {optimizer->params->len, begin, MIN(PIECE, added.n - begin)};

        g_array_append_val(optimizer->pieces, piece);
    }
    g_array_append_val(optimizer->params, added);
    optimizer->squares = g_renew(double, optimizer->squares, MAX(optimizer->pieces->len, 1));
}

static void measure_piece(gconstpointer job, guint item, guint worker)
{
    const VdtOptimizer *o = job;
    const Piece *piece = &g_array_index(o->pieces, Piece, item);
    const VdtOptimized *p = &g_array_index(o->params, VdtOptimized, piece->param);

    o->squares[item] = p->gradient ? vdt_update_square(piece->n, p->gradient + piece->begin) : 0;
}

/* Squares of floats do not overflow in double: a sum that is not finite had such a gradient. */
static gboolean measure(const VdtOptimizer *o, guint64 step, double *norm, GError **error)
{
    double sum = 0;

    vdt_pool_run(measure_piece, o, o->pieces->len);
    for (guint i = 0; i < o->pieces->len; i++) {
        const Piece *piece = &g_array_index(o->pieces, Piece, i);

        if (!isfinite(o->squares[i])) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                        "step %" G_GUINT64_FORMAT ": the gradient of '%s' is not finite", step,
                        g_array_index(o->params, VdtOptimized, piece->param).name);
            return FALSE;
        }
        sum += o->squares[i];
    }
    *norm = sqrt(sum);
    return TRUE;
}

typedef struct {
    const VdtOptimizer *optimizer;
    VdtUpdate update; /* for a parameter that decays, at the full rate */
    double rate, share;
    double first_correction; /* AdamW: 1 - beta1^t */
} UpdateJob;

static double or_default(double value, double otherwise)
{
    return value == 0 ? otherwise : value;
}

static UpdateJob make_job(const VdtOptimizer *o, guint64 step, double norm)
{
    const VdtTrainOptions *options = o->options;
    double beta1 = or_default(options->beta1, 0.9), beta2 = or_default(options->beta2, 0.999);
    double clip = options->max_norm > 0 ? fmin(1, options->max_norm / (norm + 1e-6)) : 1;

    return (UpdateJob){
        .optimizer = o,
        .rate = vdt_schedule_get_rate(&options->schedule, step),
        .share = 1 - fmin(options->average, (1.0 + (double)step) / (10.0 + (double)step)),
        .first_correction = 1 - pow(beta1, (double)step + 1),
        .update = {.clip = (float)clip,
                   .momentum = (float)options->momentum,
                   .beta1 = (float)beta1,
                   .beta2 = (float)beta2,
                   .other1 = (float)(1 - beta1),
                   .other2 = (float)(1 - beta2),
                   .eps = (float)or_default(options->eps, 1e-8),
                   .correction = (float)(1 / sqrt(1 - pow(beta2, (double)step + 1)))},
    };
}

static void update_piece(gconstpointer data, guint item, guint worker)
{
    const UpdateJob *job = data;
    const VdtOptimizer *o = job->optimizer;
    const Piece *piece = &g_array_index(o->pieces, Piece, item);
    const VdtOptimized *p = &g_array_index(o->params, VdtOptimized, piece->param);
    double rate = job->rate * p->factor, decay = p->decays ? o->options->weight_decay : 0;
    gsize begin = piece->begin;
    VdtUpdate update = job->update;

    if (p->gradient && o->options->kind == VDT_OPTIMIZER_SGD) {
        update.decay = (float)decay;
        update.rate = (float)rate;
        vdt_update_sgd(&update, piece->n, p->value + begin, p->gradient + begin,
                       p->state[0] ? p->state[0] + begin : NULL);
    } else if (p->gradient) {
        update.decay = (float)(1 - rate * decay);
        update.rate = (float)(rate / job->first_correction);
        vdt_update_adamw(&update, piece->n, p->value + begin, p->gradient + begin,
                         p->state[0] + begin, p->state[1] + begin);
    }
    if (p->average)
        vdt_update_average((float)job->share, piece->n, p->average + begin, p->value + begin);
}

static gboolean is_cancelled(gpointer data)
{
    return g_cancellable_is_cancelled(data);
}

gboolean vdt_optimizer_step(VdtOptimizer *optimizer, guint64 step, GCancellable *cancellable,
                            double *norm, GError **error)
{
    gboolean ok;

    if (vdt_pool_begin(VDT_MAX_WORKERS, cancellable ? is_cancelled : NULL, cancellable) == 0) {
        g_set_error_literal(error, VDT_ERROR, VDT_ERROR_CANCELLED, "the step was cancelled");
        return FALSE;
    }
    ok = measure(optimizer, step, norm, error);
    if (ok) {
        UpdateJob job = make_job(optimizer, step, *norm);

        vdt_pool_run(update_piece, &job, optimizer->pieces->len);
    }
    vdt_pool_end();
    return ok;
}
