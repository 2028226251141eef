/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the session and hands its gradients to the optimiser. The run itself moves running
 * statistics, so their values are kept before each run, and come back if the step is refused.
 */
#include "copy.h"
#include "graph/node.h"
#include "trainer-private.h"
#include "update.h"
#include <math.h>

/* Sets up parameter @i and its place in the optimiser. */
static void add_param(VdtTrainer *t, const VdtGraph *graph, guint i)
{
    const VdtTrainOptions *o = &t->options;
    VdtTrainerParam *p = &t->params[i];
    const VdtTensor *gradient = vdt_session_get_gradient(t->session, i);
    const VdtNode *node = graph->params->pdata[i];
    VdtOptimized optimized = {.name = vdt_graph_get_param(graph, i, NULL), .factor = 1};

    p->name = optimized.name;
    p->value = vdt_session_get_param(t->session, i);
    p->frozen = !gradient && !node->derived;
    p->counter = node->derived && node->shape.n_dims == 0;
    if (p->frozen)
        return;
    for (guint k = 0; gradient && k < vdt_optimizer_count_states(o); k++) {
        p->state[k] = vdt_tensor_new_f32(&p->value->shape);
        memset(p->state[k]->data, 0, p->state[k]->n_bytes);
        optimized.state[k] = p->state[k]->data;
    }
    /* How far the training is has no average. */
    if (o->average > 0 && !p->counter) {
        p->average = vdt_tensor_copy_f32(p->value);
        optimized.average = p->average->data;
    }
    if (!gradient)
        p->before = vdt_tensor_copy_f32(p->value);
    optimized.n = p->value->n_bytes / sizeof(float);
    optimized.value = p->value->data;
    optimized.gradient = gradient ? gradient->data : NULL;
    optimized.decays = o->decay_vectors || p->value->shape.n_dims > 1;
    if (o->slow_prefix && g_str_has_prefix(p->name, o->slow_prefix))
        optimized.factor = o->slow_factor;
    vdt_optimizer_add(&t->optimizer, &optimized);
}

static gboolean check_slow_prefix(const VdtTrainOptions *options, const VdtGraph *graph,
                                  GError **error)
{
    if (!options->slow_prefix)
        return TRUE;
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++)
        if (g_str_has_prefix(vdt_graph_get_param(graph, i, NULL), options->slow_prefix))
            return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no parameter's name begins with '%s'",
                options->slow_prefix);
    return FALSE;
}

VdtTrainer *vdt_trainer_new(VdtSession *session, const VdtTrainOptions *options, GError **error)
{
    const VdtGraph *graph = vdt_session_get_graph(session);
    guint n = vdt_graph_get_n_params(graph);
    VdtTrainer *t;

    if (!vdt_train_options_check(options, error) || !check_slow_prefix(options, graph, error))
        return NULL;
    if (n == 0 || !vdt_session_get_param(session, 0)) {
        g_set_error_literal(error, VDT_ERROR, VDT_ERROR_FAILED,
                            "a training takes the session of a TRAIN plan with parameters");
        return NULL;
    }
    t = g_new0(VdtTrainer, 1);
    t->session = session;
    t->options = *options;
    t->options.slow_prefix = t->slow_prefix = g_strdup(options->slow_prefix);
    vdt_optimizer_init(&t->optimizer, &t->options);
    t->n_params = n;
    t->params = g_new0(VdtTrainerParam, n);
    for (guint i = 0; i < n; i++)
        add_param(t, graph, i);
    return t;
}

void vdt_trainer_free(VdtTrainer *trainer)
{
    if (!trainer)
        return;
    vdt_optimizer_clear(&trainer->optimizer);
    for (guint i = 0; i < trainer->n_params; i++) {
        VdtTrainerParam *p = &trainer->params[i];

        g_clear_pointer(&p->state[0], vdt_tensor_unref);
        g_clear_pointer(&p->state[1], vdt_tensor_unref);
        g_clear_pointer(&p->average, vdt_tensor_unref);
        g_clear_pointer(&p->before, vdt_tensor_unref);
    }
    g_free(trainer->params);
    g_free(trainer->slow_prefix);
    g_free(trainer);
}

guint64 vdt_trainer_get_step(const VdtTrainer *trainer)
{
    return trainer->step;
}

void vdt_trainer_keep(VdtTrainer *t)
{
    for (guint i = 0; i < t->n_params; i++)
        if (t->params[i].before)
            memcpy(t->params[i].before->data, t->params[i].value->data,
                   t->params[i].value->n_bytes);
}

void vdt_trainer_put_back(VdtTrainer *t)
{
    for (guint i = 0; i < t->n_params; i++)
        if (t->params[i].before)
            memcpy(t->params[i].value->data, t->params[i].before->data,
                   t->params[i].value->n_bytes);
}

/* A variance can overflow where neither the loss nor a gradient does. */
gboolean vdt_trainer_check_statistics(const VdtTrainer *t, GError **error)
{
    for (guint i = 0; i < t->n_params; i++) {
        const VdtTrainerParam *p = &t->params[i];

        if (p->before &&
            !isfinite(vdt_update_square(p->value->n_bytes / sizeof(float), p->value->data))) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                        "step %" G_GUINT64_FORMAT ": '%s' is not finite", t->step, p->name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean run(VdtTrainer *t, GCancellable *cancellable, VdtTrainReport *report,
                    GError **error)
{
    const VdtTensor *loss = vdt_session_find_output(t->session, "loss");

    vdt_session_set_seed(t->session, t->step);
    if (!vdt_session_run(t->session, cancellable, error))
        return FALSE;
    report->loss = *(const float *)loss->data;
    if (!isfinite(report->loss)) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "step %" G_GUINT64_FORMAT ": the loss is %g", t->step, report->loss);
        return FALSE;
    }
    return vdt_trainer_check_statistics(t, error) &&
           vdt_optimizer_step(&t->optimizer, t->step, cancellable, &report->gradient_norm, error);
}

gboolean vdt_trainer_step(VdtTrainer *trainer, GCancellable *cancellable, VdtTrainReport *report,
                          GError **error)
{
    VdtTrainReport done = {.rate =
                               vdt_schedule_get_rate(&trainer->options.schedule, trainer->step)};

    trainer->n_estimates = 0;
    vdt_trainer_keep(trainer);
    if (!run(trainer, cancellable, &done, error)) {
        vdt_trainer_put_back(trainer);
        return FALSE;
    }
    trainer->step++;
    if (report)
        *report = done;
    return TRUE;
}
