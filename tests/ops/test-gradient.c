/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backward kernels against central differences of the double forward, for the scalar
 * sum(weight * y) with random weights.
 */
#include "fixture.h"
#include "reference.h"

#include <math.h>

#define STEP        1e-4 /* smaller than the distance of any two values of a fixture */
#define MAX_CHECKED 64
#define BEFORE      0.5 /* what gradients hold before, as backward adds to them */

typedef struct {
    Fixture *f;
    double *weight;
    float *weight_f32;
    double *y;
    float *y_f32;
} Gradient;

static double loss(const Gradient *g)
{
    double sum = 0;

    reference_forward_f64(g->f->node, (const double *const *)g->f->x, g->y);
    for (gint64 i = 0; i < fixture_first_integer(g->f); i++)
        sum += g->weight[i] * g->y[i];
    return sum;
}

static double difference(const Gradient *g, guint input, gint64 i)
{
    double *x = &g->f->x[input][i], kept = *x, up;

    *x = kept + STEP;
    up = loss(g);
    *x = kept - STEP;
    up -= loss(g);
    *x = kept;
    return up / (2 * STEP);
}

/* The gradient of every input whose bit is set in @mask, in both types. */
static gboolean run_backward(const Gradient *g, guint mask, double **dx, float **dx_f32)
{
    Fixture *f = g->f;

    for (guint i = 0; i < f->node->n_inputs; i++) {
        dx[i] = mask & (1u << i) ? guarded_new_f64(f->n_x[i], BEFORE) : NULL;
        dx_f32[i] = mask & (1u << i) ? guarded_new_f32(f->n_x[i], BEFORE) : NULL;
    }
    reference_forward_f64(f->node, (const double *const *)f->x, g->y);
    reference_forward_f32(f->node, (const float *const *)f->x_f32, g->y_f32);
    return reference_backward_f64(f->node, (const double *const *)f->x, g->y, g->weight, dx) &&
           reference_backward_f32(f->node, (const float *const *)f->x_f32, g->y_f32, g->weight_f32,
                                  dx_f32);
}

static void free_gradients(const Fixture *f, double **dx, float **dx_f32)
{
    for (guint i = 0; i < f->node->n_inputs; i++) {
        if (dx[i])
            guarded_free_f64(dx[i], f->n_x[i]);
        if (dx_f32[i])
            guarded_free_f32(dx_f32[i], f->n_x[i]);
    }
}

static void check_input(const Gradient *g, guint input, const double *dx, const float *dx_f32)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    gint64 n = g->f->n_x[input];
    double largest = max_abs(dx, n) + 1;

    for (gint64 k = 0; k < MIN(n, MAX_CHECKED); k++) {
        gint64 i = n <= MAX_CHECKED ? k : g_rand_int_range(rand, 0, n);
        double expected = BEFORE + difference(g, input, i);

        g_assert_cmpfloat_with_epsilon(dx[i], expected, 1e-6 * largest);
        g_assert_cmpfloat_with_epsilon(dx_f32[i], expected, 1e-5 * largest);
    }
}

static void test_case(gconstpointer data)
{
    g_autoptr(Fixture) f = fixture_new(data);
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    g_autofree double *weight = g_new(double, f->n_y);
    g_autofree float *weight_f32 = g_new(float, f->n_y);
    g_autofree double *y = g_new(double, f->n_y);
    g_autofree float *y_f32 = g_new(float, f->n_y);
    Gradient g = {f, weight, weight_f32, y, y_f32};
    double *dx[VDT_MAX_INPUTS], *alone[VDT_MAX_INPUTS];
    float *dx_f32[VDT_MAX_INPUTS], *alone_f32[VDT_MAX_INPUTS];

    if (!f->node->op->backward)
        return;
    for (gint64 i = 0; i < f->n_y; i++)
        weight[i] = weight_f32[i] = g_rand_double_range(rand, -1, 1);

    g_assert_true(run_backward(&g, f->differentiable, dx, dx_f32));
    for (guint i = 0; i < f->node->n_inputs; i++) {
        if (!dx[i])
            continue;
        check_input(&g, i, dx[i], dx_f32[i]);
        /* the same comes out where nothing else is asked for */
        g_assert_true(run_backward(&g, 1u << i, alone, alone_f32));
        g_assert_cmpmem(alone[i], f->n_x[i] * sizeof(double), dx[i], f->n_x[i] * sizeof(double));
        g_assert_cmpmem(alone_f32[i], f->n_x[i] * sizeof(float), dx_f32[i],
                        f->n_x[i] * sizeof(float));
        free_gradients(f, alone, alone_f32);
    }
    free_gradients(f, dx, dx_f32);
}

/* Gradient @dx, from zero, of the op of one input @c at @x with all of dy 1. */
static void backward_of_ones(const OpCase *c, const float *x, float *dx)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtNode *node = op_case_build(c, graph);
    gint64 n = vdt_shape_elements(&node->shape);
    g_autofree float *y = g_new(float, n);
    g_autofree float *dy = g_new(float, n);

    for (gint64 i = 0; i < n; i++)
        dy[i] = 1;
    reference_forward_f32(node, &x, y);
    g_assert_true(reference_backward_f32(node, &x, y, dy, &dx));
}

static void test_relu_at_zero(void)
{
    const OpCase c = {"relu", {SHAPE(4)}};
    const float x[4] = {0, -0.0f, 1e-30f, -1e-30f};
    float dx[4] = {0};

    backward_of_ones(&c, x, dx);
    g_assert_true(dx[0] == 0 && dx[1] == 0 && dx[2] == 1 && dx[3] == 0);
}

static void test_max_pool_tie(void)
{
    const OpCase c = {"max_pool2d", {SHAPE(1, 1, 2, 4)}, .p.max_pool2d = {2, 2, 0}};
    const float x[8] = {3, 3, 1, 2, 3, 3, 2, 2};
    const float expected[8] = {1, 0, 0, 1, 0, 0, 0, 0};
    float dx[8] = {0};

    backward_of_ones(&c, x, dx);
    g_assert_cmpmem(dx, sizeof dx, expected, sizeof expected);
}

/* x + x and x * x: both gradients go to the same place. */
static void test_same_input_twice(void)
{
    const float x = 3, dy = 1;
    float y, dx;

    for (int multiply = 0; multiply <= 1; multiply++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtShape one = vdt_shape(1);
        VdtValue *in = vdt_input(graph, "x", &one);
        VdtNode *node = multiply ? vdt_mul(in, in) : vdt_add(in, in);

        dx = 0;
        reference_forward_f32(node, (const float *[]){&x, &x}, &y);
        g_assert_true(reference_backward_f32(node, (const float *[]){&x, &x}, &y, &dy,
                                             (float *[]){&dx, &dx}));
        g_assert_true(y == (multiply ? 9 : 6) && dx == (multiply ? 6 : 2));
    }
}

/* Labels have no gradient, and logits without a label none either. */
static void test_labels(void)
{
    const OpCase c = {"cross_entropy", {SHAPE(3, 2), SHAPE(3)}};
    const float x[6] = {1, 2, 3, 4, 5, 6}, labels[2][3] = {{1, -100, 0}, {2, -1, NAN}};

    for (int none = 0; none <= 1; none++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtNode *node = op_case_build(&c, graph);
        const float *const inputs[2] = {x, labels[none]};
        float dx[6] = {0}, d_labels[3] = {7, 7, 7}, dy = 1, y;

        reference_forward_f32(node, inputs, &y);
        g_assert_true(
            reference_backward_f32(node, inputs, &y, &dy, (float *const[]){dx, d_labels}));
        g_assert_true(dx[2] == 0 && dx[3] == 0);
        g_assert_true(none ? y == 0 : y > 0);
        for (int i = 0; i < 6; i++)
            g_assert_true((dx[i] != 0) == (!none && i / 2 != 1));
        for (int i = 0; i < 3; i++)
            g_assert_true(d_labels[i] == 7);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_case_tests("gradient", test_case);
    g_test_add_func("/ops/gradient-special/relu-at-zero", test_relu_at_zero);
    g_test_add_func("/ops/gradient-special/max-pool-tie", test_max_pool_tie);
    g_test_add_func("/ops/gradient-special/same-input-twice", test_same_input_twice);
    g_test_add_func("/ops/gradient-special/labels", test_labels);
    return g_test_run();
}
