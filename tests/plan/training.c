/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TRAIN plans of random networks give the loss and the gradients that the reference kernels give in
 * double, at every instruction set. VEDETTE_TEST_SEED runs the one network of that seed,
 * VEDETTE_TEST_GRAPHS that many of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/ops.h>

#include "../ops/reference.h"
#include "graph/node.h"
#include "kernels/gradient.h"
#include "ops/planes.h"
#include "ops/table.h"
#include "random-graph.h"

#ifdef __SANITIZE_THREAD__
#define N_GRAPHS 60
#else
#define N_GRAPHS 300
#endif

/* A cross entropy for each output of the network, added up. */
static void add_loss(VdtGraph *graph)
{
    VdtValue *sum = NULL;
    guint n = graph->outputs->len;

    for (guint i = 0; i < n; i++) {
        VdtValue *output = g_array_index(graph->outputs, VdtNamed, i).node, *loss;
        g_autofree char *name = g_strdup_printf("labels%u", i);
        gint64 batch = vdt_value_dim(output, 0);
        VdtShape shape = vdt_value_shape(output), labels = vdt_shape(batch);
        gboolean map = shape.n_dims == 4 && i % 2 == 0;

        if (vdt_value_dtype(output) != VDT_F32)
            continue;
        if (output->live)
            output = vdt_all_rows(output, (VdtValue *)output->live);
        if (map)
            labels = vdt_shape(batch, shape.dims[2], shape.dims[3]);
        else
            shape = vdt_shape(batch, -1);
        loss =
            vdt_cross_entropy(map ? output : vdt_reshape(output, &shape),
                              vdt_input(graph, name, &labels), .label_smoothing = 0.1 * (i % 10));
        sum = sum ? vdt_add(sum, loss) : loss;
    }
    vdt_output(graph, "loss", sum);
}

static void fill_labels(VdtSession *session, guint64 seed)
{
    const VdtGraph *graph = vdt_session_get_graph(session);

    for (guint i = 0; i < graph->inputs->len; i++) {
        const VdtNode *node = graph->inputs->pdata[i];
        VdtTensor *tensor = vdt_session_get_input(session, i);

        if (!g_str_has_prefix(node->name, "labels"))
            continue;
        for (gint64 j = 0; j < vdt_shape_elements(&tensor->shape); j++)
            ((float *)tensor->data)[j] = (seed + j) % 3;
    }
}

/* Values and gradients of all nodes, in double. */
typedef struct {
    guint n;
    double **y, **dy;
} Oracle;

static void oracle_free(Oracle *o)
{
    for (guint i = 0; i < o->n; i++) {
        g_free(o->y[i]);
        g_free(o->dy[i]);
    }
    g_free(o->y);
    g_free(o->dy);
    g_free(o);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Oracle, oracle_free)

/* Integers lie in the memory of numbers as they are, in plans, too. */
static void copy_in(double *to, const VdtTensor *from)
{
    if (from->dtype == VDT_I32) {
        memcpy(to, from->data, from->n_bytes);
        return;
    }
    for (gsize i = 0; i < from->n_bytes / sizeof(float); i++)
        to[i] = ((const float *)from->data)[i];
}

static Oracle *oracle_new(VdtGraph *graph, VdtWeights *weights, VdtSession *inputs,
                          const GPtrArray *states)
{
    Oracle *o = g_new0(Oracle, 1);
    guint n_input = 0;

    o->n = graph->nodes->len;
    o->y = g_new0(double *, o->n);
    o->dy = g_new0(double *, o->n);
    for (guint i = 0; i < o->n; i++) {
        VdtNode node = *(const VdtNode *)graph->nodes->pdata[i];
        const double *x[VDT_MAX_INPUTS];
        gint64 size = vdt_shape_elements(&node.shape);

        o->y[i] = g_new0(double, size);
        o->dy[i] = g_new0(double, size);
        if (g_str_equal(node.op->name, "param")) {
            copy_in(o->y[i], vdt_weights_lookup(weights, node.name));
        } else if (g_str_equal(node.op->name, "input")) {
            copy_in(o->y[i], vdt_session_get_input(inputs, n_input++));
        } else if (g_str_equal(node.op->name, "state")) {
            copy_in(o->y[i], vdt_state_get_tensor(states->pdata[node.state - 1]));
        } else {
            for (guint j = 0; j < node.n_inputs; j++)
                x[j] = o->y[node.inputs[j]->index];
            node.op = vdt_node_training_op(&node);
            reference_forward_f64(&node, x, o->y[i]);
        }
    }
    o->dy[vdt_graph_find_output(graph, "loss")->index][0] = 1;
    for (guint i = o->n; i-- > 0;) {
        VdtNode node = *(const VdtNode *)graph->nodes->pdata[i];
        const double *x[VDT_MAX_INPUTS];
        double *dx[VDT_MAX_INPUTS];

        if (node.n_inputs == 0)
            continue;
        for (guint j = 0; j < node.n_inputs; j++) {
            x[j] = o->y[node.inputs[j]->index];
            dx[j] = node.inputs[j]->derived ? NULL : o->dy[node.inputs[j]->index];
        }
        node.op = vdt_node_training_op(&node);
        reference_backward_f64(&node, x, o->y[i], o->dy[i], dx);
    }
    return o;
}

/* Whether no channel of @x differs from place to place. */
static gboolean is_flat(const double *x, const VdtShape *shape, guint axis)
{
    const VdtPlanes p = vdt_planes_of(shape, axis);

    for (gint64 c = 0; c < p.channels; c++) {
        double low = INFINITY, high = -INFINITY;

        for (gint64 n = 0; n < p.outer; n++)
            for (gint64 i = 0; i < p.size; i++) {
                low = MIN(low, x[(n * p.channels + c) * p.size + i]);
                high = MAX(high, x[(n * p.channels + c) * p.size + i]);
            }
        if (high - low > 1e-4)
            return FALSE;
    }
    return TRUE;
}

/* Several batch norms of what is the same everywhere (a pixel that was enlarged, say): their
 * deviation is that of eps, and each makes three hundred times as much of rounding errors, which
 * are all that the gradients through their moments are. */
static gboolean is_ill_conditioned(const Oracle *o, const VdtGraph *graph)
{
    guint n = 0;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        n += node->op == &vdt_op_batch_norm && !node->p.batch_norm.frozen &&
             is_flat(o->y[node->inputs[0]->index], &node->shape, node->p.batch_norm.axis);
    }
    return n > 1;
}

/* Frozen norms leave their running statistics as they are. */
static void check_statistics(VdtSession *session, VdtWeights *weights, gboolean frozen)
{
    const VdtGraph *graph = vdt_session_get_graph(session);

    for (guint i = 0; i < graph->params->len && frozen; i++) {
        const VdtNode *node = graph->params->pdata[i];
        const VdtTensor *is = vdt_session_get_param(session, i);
        const VdtTensor *was = vdt_weights_lookup(weights, node->name);

        if (node->derived)
            g_assert_cmpmem(is->data, is->n_bytes, was->data, was->n_bytes);
    }
}

/* Distance of all gradients from the oracle's, relative to the size of them all. */
static double compare_gradients(const Oracle *o, VdtSession *session, const char **worst)
{
    const VdtGraph *graph = vdt_session_get_graph(session);
    double total = 0, difference = 0, most = 0;

    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];
        const VdtTensor *gradient = vdt_session_get_gradient(session, i);
        double here = 0;

        g_assert_cmpint(gradient == NULL, ==, node->derived);
        for (gsize j = 0; gradient && j < gradient->n_bytes / sizeof(float); j++) {
            double right = o->dy[node->index][j];
            double d = ((const float *)gradient->data)[j] - right;

            here += d * d;
            total += right * right;
        }
        if (!(here <= most)) {
            most = here;
            *worst = node->name;
        }
        difference += here;
    }
    /* All may cancel out; terms are near 1. */
    return isnan(difference) ? INFINITY : sqrt(difference) / (sqrt(total) + 1e-2);
}

/* Freezes some of the parameters, and once in a while all of them. */
static void freeze_some(VdtGraph *graph, guint64 seed)
{
    Random random = {seed};
    guint n = 0, frozen = 0;

    if (random_one_in(&random, 10))
        vdt_graph_freeze(graph, "");
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *param = graph->params->pdata[i];

        if (!param->derived && random_one_in(&random, 2))
            n += vdt_graph_freeze(graph, param->name) > 0;
        frozen += param->frozen;
        g_assert_true(!param->derived || !param->frozen);
    }
    g_assert_cmpuint(frozen, >=, n);
}

static VdtSession *run_training(VdtPlan *plan, guint64 seed)
{
    VdtSession *session = make_session(plan);

    g_ptr_array_unref(fill_states(session, seed));
    fill_inputs(session, seed);
    fill_labels(session, seed);
    run_session(session);
    return session;
}

/* The same network with some parameters frozen: the same loss, the same bits of what gradients
 * there still are, none for the others, and no more work. */
static void check_frozen(VdtGraph *graph, VdtWeights *weights, guint64 seed)
{
    g_autoptr(VdtPlan) plan = NULL, whole_plan = NULL;
    g_autoptr(VdtSession) session = NULL, whole = NULL;
    const VdtTensor *loss, *right;

    whole_plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
    whole = run_training(whole_plan, seed);
    freeze_some(graph, seed);
    plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
    session = run_training(plan, seed);
    right = vdt_session_find_output(whole, "loss");
    loss = vdt_session_find_output(session, "loss");
    g_assert_cmpmem(loss->data, loss->n_bytes, right->data, right->n_bytes);
    g_assert_cmpuint(vdt_plan_get_n_steps(plan), <=, vdt_plan_get_n_steps(whole_plan));
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *param = graph->params->pdata[i];
        const VdtTensor *dx = vdt_session_get_gradient(session, i);
        const VdtTensor *all = vdt_session_get_gradient(whole, i);
        const VdtTensor *now = vdt_session_get_param(session, i);
        const VdtTensor *was = vdt_session_get_param(whole, i);

        g_assert_cmpint(dx == NULL, ==, param->derived || param->frozen);
        if (dx && memcmp(dx->data, all->data, all->n_bytes) != 0) {
            g_test_message("%s", param->name);
            g_test_fail_printf("a gradient is another one for VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT,
                               seed);
        }
        g_assert_cmpmem(now->data, now->n_bytes, was->data, was->n_bytes);
    }
}

static void check_graph(guint64 seed, guint *n_checks, guint *n_far, guint *n_ill)
{
    g_autofree char *text = NULL;
    g_autoptr(VdtGraph) graph = random_graph(seed, &text);
    g_autoptr(VdtWeights) weights = make_weights(graph, seed);
    g_autoptr(Oracle) oracle = NULL;
    const VdtGradientKernels *last = NULL;
    const gboolean frozen = seed % 3 == 0;

    add_loss(graph);
    if (frozen)
        vdt_graph_freeze_norms(graph, "");
    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;
        g_autoptr(GPtrArray) states = NULL;
        const char *worst = NULL;
        double difference;

        if (vdt_gradient_kernels_get(isa) == last)
            continue;
        last = vdt_gradient_kernels_get(isa);
        vdt_isa_limit(isa);
        plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
        session = make_session(plan);
        states = fill_states(session, seed);
        fill_inputs(session, seed);
        fill_labels(session, seed);
        if (!oracle)
            oracle = oracle_new(graph, weights, session, states);
        run_session(session);
        check_statistics(session, weights, frozen);
        difference = compare_gradients(oracle, session, &worst);
        *n_checks += 1;
        if (is_ill_conditioned(oracle, graph)) {
            *n_ill += isa == 0;
        } else if (!(difference < 1e-4)) {
            /* A rounding error on the other side of a ReLU's kink is right, too, but rare. */
            *n_far += 1;
            if (!(difference < 0.05)) {
                g_autofree char *steps = vdt_plan_describe(plan);

                g_test_message("VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT
                               ": gradients differ by %.3g, most %s\n%s\n%s",
                               seed, difference, worst, text, steps);
                g_test_fail_printf("TRAIN is wrong for VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT, seed);
            }
        }
    }
    vdt_isa_limit(vdt_isa_get_available());
    check_frozen(graph, weights, seed);
}

/* What only frozen parameters are behind needs neither gradients nor the values for them. */
static void test_frozen_costs_nothing(void)
{
    gsize before = 0;
    guint n_before = 0;

    for (int stage = 0; stage < 4; stage++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(VdtWeights) weights = NULL;
        g_autoptr(VdtPlan) plan = NULL;
        VdtShape shape = vdt_shape(2, 3, 32, 32);
        VdtValue *x = vdt_input(graph, "x", &shape);

        for (int i = 0; i < 4; i++) {
            VdtScope s = vdt_in(vdt_scope(graph, "net"), "%d", i);

            x = vdt_conv2d(vdt_in(s, "conv"), x, .out = 16, .kernel = 3, .pad = 1, .bias = TRUE);
            x = vdt_relu(vdt_batch_norm(vdt_in(s, "bn"), x));
        }
        vdt_output(graph, "logits", x);
        add_loss(graph);
        for (int i = 0; i < stage; i++) {
            g_autofree char *prefix = g_strdup_printf("net.%d.", i);

            g_assert_cmpuint(vdt_graph_freeze(graph, prefix), ==, 4);
        }
        g_assert_cmpuint(vdt_graph_freeze(graph, "nut."), ==, 0);
        weights = make_weights(graph, 1);
        plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
        g_test_message("%d of 4 frozen: %u steps, %" G_GSIZE_FORMAT " bytes", stage,
                       vdt_plan_get_n_steps(plan), vdt_plan_get_arena_size(plan));
        if (stage > 0) {
            g_assert_cmpuint(vdt_plan_get_arena_size(plan), <, before);
            g_assert_cmpuint(vdt_plan_get_n_steps(plan), <, n_before);
        }
        before = vdt_plan_get_arena_size(plan);
        n_before = vdt_plan_get_n_steps(plan);
    }
}

/* Running statistics move wherever the channels are: in maps of pictures and tokens, and where the
 * reference kernels run. */
static void test_statistics(void)
{
    static const struct {
        gint64 dims[4];
        guint n_dims, axis;
    } cases[] = {{{2, 3, 4, 5}, 4, 1}, {{2, 3, 4, 5}, 4, 3}, {{2, 7, 16}, 3, 2},
                 {{2, 7, 5}, 3, 2},    {{2, 7, 16}, 3, 1},   {{9, 3}, 2, 1}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(VdtWeights) weights = NULL;
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;
        const VdtShape shape = vdt_shape_from(cases[i].dims, cases[i].n_dims);
        const VdtPlanes p = vdt_planes_of(&shape, cases[i].axis);
        VdtValue *x = vdt_input(graph, "x", &shape);
        const float *is[2], *was[2];
        g_autofree float *in = NULL;

        x = vdt_relu(vdt_batch_norm(vdt_scope(graph, "norm"), x, .axis = cases[i].axis));
        vdt_output(graph, "logits", x);
        add_loss(graph);
        weights = make_weights(graph, 1);
        plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
        session = make_session(plan);
        fill_inputs(session, 1);
        fill_labels(session, 1);
        in = g_memdup2(vdt_session_get_input(session, 0)->data,
                       vdt_session_get_input(session, 0)->n_bytes);
        run_session(session);
        for (guint k = 0; k < 2; k++) {
            is[k] = vdt_session_get_param(session, 2 + k)->data;
            was[k] = vdt_weights_lookup(weights, k == 0 ? "norm.running_mean" : "norm.running_var")
                         ->data;
        }
        for (gint64 c = 0; c < p.channels; c++) {
            double n = p.outer * p.size, sum = 0, square = 0;

            for (gint64 j = 0; j < n; j++) {
                double value = in[(j / p.size * p.channels + c) * p.size + j % p.size];

                sum += value;
                square += value * value;
            }
            g_assert_cmpfloat_with_epsilon(is[0][c], 0.9 * was[0][c] + 0.1 * sum / n, 1e-6);
            g_assert_cmpfloat_with_epsilon(
                is[1][c], 0.9 * was[1][c] + 0.1 * (square - sum * sum / n) / (n - 1), 1e-6);
        }
    }
}

/* By how much of each of two values the result is made: as long as there is something to count, in
 * maps of tokens and in what is no map; a frozen norm is what it is to become. */
static void test_progress(void)
{
    static const double wanted[] = {1, 1, 0.75, 0.5, 0.25, 0, 0};
    static const gint64 widths[] = {16, 5};

    for (guint kind = 0; kind < 2 * G_N_ELEMENTS(widths); kind++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(VdtWeights) weights = NULL;
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;
        const gboolean frozen = kind >= G_N_ELEMENTS(widths);
        const VdtShape shape = vdt_shape(2, 3, widths[kind % G_N_ELEMENTS(widths)]);
        VdtScope s = vdt_scope(graph, "norm");
        VdtValue *from = vdt_param(s, "from", &shape), *to = vdt_param(s, "to", &shape);

        vdt_output(graph, "logits", vdt_progress(s, from, to));
        add_loss(graph);
        if (frozen)
            g_assert_cmpuint(vdt_graph_freeze_norms(graph, "norm"), ==, 0);
        weights = make_weights(graph, 1);
        *(float *)vdt_weights_lookup(weights, "norm.warm")->data = 2;
        *(float *)vdt_weights_lookup(weights, "norm.iter")->data = 3;
        *(float *)vdt_weights_lookup(weights, "norm.total_step")->data = 4;
        plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
        session = make_session(plan);
        for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
            const float *a = vdt_session_get_gradient(session, 0)->data;
            const float *b = vdt_session_get_gradient(session, 1)->data;

            fill_labels(session, 1);
            run_session(session);
            for (gint64 k = 0; k < vdt_shape_elements(&shape); k++)
                g_assert_cmpfloat_with_epsilon(a[k], (frozen ? 0 : wanted[i]) * (a[k] + b[k]),
                                               1e-6);
        }
        g_assert_cmpfloat(*(float *)vdt_session_get_param(session, 3)->data, ==, frozen ? 3 : 0);
    }
}

static void test_random(void)
{
    const char *wanted = g_getenv("VEDETTE_TEST_GRAPHS");
    guint64 one = test_seed(0);
    guint n = one ? 1 : wanted ? atoi(wanted) : N_GRAPHS;
    guint n_checks = 0, n_far = 0, n_ill = 0;

    for (guint i = 0; i < n && !g_test_failed(); i++)
        check_graph(one ? one : 1 + i, &n_checks, &n_far, &n_ill);
    /* One network has as many gradients as there are instruction sets. */
    g_test_message("%u of %u gradients are further than 1e-4 from the reference", n_far, n_checks);
    g_assert_cmpuint(n_far, <=, n_checks / 40);
    g_assert_cmpuint(n_ill, <=, n / 25);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/train/random", test_random);
    g_test_add_func("/plan/train/frozen-costs-nothing", test_frozen_costs_nothing);
    g_test_add_func("/plan/train/progress", test_progress);
    g_test_add_func("/plan/train/statistics", test_statistics);
    return g_test_run();
}
