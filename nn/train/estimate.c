/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Statistics of batch norms by themselves. A run moves them by a share towards the batch's; from
 * zeros it leaves that share of the batch's, which is all that has to be known of a batch.
 */
#include "graph/node.h"
#include "trainer-private.h"

#include <string.h>

/* Whether the run made it of the batch alone. */
static gboolean is_statistic(const VdtTrainerParam *p)
{
    return p->before && !p->counter;
}

static void copy(VdtTensor *to, const VdtTensor *from)
{
    memcpy(to->data, from->data, from->n_bytes);
}

static void use_averages(VdtTrainer *t)
{
    for (guint i = 0; i < t->n_params; i++)
        if (t->params[i].average)
            copy(t->params[i].value, t->params[i].average);
}

/* The mean over all batches up to this one, number @n. */
static void put_mean(VdtTrainerParam *p, double n)
{
    const float *before = p->before->data;
    float *value = p->value->data;

    for (gsize i = 0; i < p->value->n_bytes / sizeof *value; i++) {
        double batch = value[i] / VDT_BATCH_NORM_MOMENTUM;

        value[i] = (float)(n == 1 ? batch : before[i] + (batch - before[i]) / n);
    }
    if (p->average)
        copy(p->average, p->value);
}

gboolean vdt_trainer_estimate(VdtTrainer *trainer, gboolean averaged, GCancellable *cancellable,
                              GError **error)
{
    if (trainer->n_estimates == 0 && averaged)
        use_averages(trainer);
    vdt_trainer_keep(trainer);
    for (guint i = 0; i < trainer->n_params; i++)
        if (is_statistic(&trainer->params[i]))
            memset(trainer->params[i].value->data, 0, trainer->params[i].value->n_bytes);
    vdt_session_set_seed(trainer->session, VDT_SEED_NONE);
    if (!vdt_session_run(trainer->session, cancellable, error) ||
        !vdt_trainer_check_statistics(trainer, error)) {
        vdt_trainer_put_back(trainer);
        return FALSE;
    }
    trainer->n_estimates++;
    for (guint i = 0; i < trainer->n_params; i++) {
        VdtTrainerParam *p = &trainer->params[i];

        if (is_statistic(p))
            put_mean(p, (double)trainer->n_estimates);
        else if (p->counter)
            copy(p->value, p->before);
    }
    return TRUE;
}
