/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reference kernels, in float and in double, against the naive definitions.
 */
#include "fixture.h"
#include "naive.h"
#include "reference.h"

#include <math.h>

static void test_case(gconstpointer data)
{
    const OpCase *c = data;
    g_autoptr(Fixture) f = fixture_new(c);
    g_autofree double *expected = g_new(double, f->n_y);
    double *y = guarded_new_f64(f->n_y, NAN);
    float *y_f32 = guarded_new_f32(f->n_y, NAN);
    const gint64 first_integer = fixture_first_integer(f);
    double largest;

    op_under_test(c->op)->naive(f->node, (const double *const *)f->x, expected);
    reference_forward_f64(f->node, (const double *const *)f->x, y);
    reference_forward_f32(f->node, (const float *const *)f->x_f32, y_f32);
    largest = max_abs(expected, f->n_y);
    for (gint64 i = 0; i < first_integer; i++) {
        g_assert_true(isfinite(y[i]) && isfinite(y_f32[i]));
        g_assert_cmpfloat(fabs(y[i] - expected[i]), <=, 1e-12 * largest);
        g_assert_cmpfloat(fabs(y_f32[i] - y[i]), <=, 3e-6 * largest);
    }
    for (guint k = 0; k < f->node->op->n_results; k++) {
        const VdtResult result = f->node->op->result(f->node, k);

        for (gint64 i = 0; result.dtype == VDT_I32 && i < vdt_shape_elements(&result.shape); i++) {
            g_assert_cmpint(((gint32 *)(y + result.begin))[i], ==, expected[result.begin + i]);
            g_assert_cmpint(((gint32 *)(y_f32 + result.begin))[i], ==, expected[result.begin + i]);
            g_assert_cmpint(expected[result.begin + i], <, result.limit);
        }
    }
    guarded_free_f64(y, f->n_y);
    guarded_free_f32(y_f32, f->n_y);
}

/* Applies @c, an op of one input, to @x. */
static void apply(const OpCase *c, const float *x, float *y)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();

    reference_forward_f32(op_case_build(c, graph), &x, y);
}

static void test_relu_nan(void)
{
    const OpCase c = {"relu", {SHAPE(5)}};
    const float x[5] = {NAN, -INFINITY, -0.0f, INFINITY, 1};
    float y[5];

    apply(&c, x, y);
    g_assert_true(isnan(y[0]));
    g_assert_true(y[1] == 0 && y[2] == 0 && y[3] == INFINITY && y[4] == 1);
}

static void test_sigmoid_far(void)
{
    const OpCase c = {"sigmoid", {SHAPE(6)}};
    const float x[6] = {-INFINITY, -200, 200, INFINITY, NAN, 0};
    float y[6];

    apply(&c, x, y);
    g_assert_true(y[0] == 0 && y[1] == 0 && y[2] == 1 && y[3] == 1 && isnan(y[4]) && y[5] == 0.5f);
}

static void test_max_pool_special(void)
{
    const OpCase c = {"max_pool2d", {SHAPE(1, 1, 3, 3)}, .p.max_pool2d = {3, 2, 1}};
    const float nan_last[9] = {-1, -2, -3, -4, -5, -6, -7, -8, NAN};
    const float nan_first[9] = {NAN, 9, -3, -4, -5, -6, -7, -8, -9};
    const float lowest[9] = {-INFINITY, -INFINITY, -3, -INFINITY, -INFINITY, -6, -7, -8, -9};
    float y[4];

    apply(&c, nan_last, y);
    g_assert_true(y[0] == -1 && y[1] == -2 && y[2] == -4 && isnan(y[3]));
    apply(&c, nan_first, y);
    g_assert_true(isnan(y[0]) && y[1] == 9 && y[2] == -4 && y[3] == -5);
    apply(&c, lowest, y);
    g_assert_true(y[0] == -INFINITY && y[1] == -3 && y[2] == -7 && y[3] == -6);
}

/* Resizing to the same size changes no bit. */
static void test_resize_same(void)
{
    const float x[6] = {0.1f, -7.3f, 1e-20f, 1e20f, 3.14159f, -0.7f};
    float y[6];

    for (int align = 0; align <= 1; align++) {
        const OpCase c = {"resize_bilinear", {SHAPE(1, 1, 2, 3)}, .p.resize = {2, 3, align}};

        apply(&c, x, y);
        g_assert_cmpmem(x, sizeof x, y, sizeof y);
    }
}

/* The mean of many equal numbers is that number. */
static void test_mean_is_exact(void)
{
    const OpCase c = {"global_avg_pool", {SHAPE(1, 1, 999, 1001)}};
    g_autofree float *x = g_new(float, 999 * 1001);
    float y;

    for (int i = 0; i < 999 * 1001; i++)
        x[i] = 0.1f;
    apply(&c, x, &y);
    g_assert_true(y == 0.1f);
}

/* Of equal ones the first comes first; NaN before all; zeros of both signs are equal. */
static void test_top_k_ties(void)
{
    const OpCase c = {"top_k", {SHAPE(2, 7)}, .p.top_k = 5};
    const float x[14] = {1, 3, 3, -INFINITY, 3, 1, INFINITY, 0, NAN, -0.0f, -1, NAN, 2, 0};
    const gint32 right[10] = {6, 1, 2, 4, 0, 1, 4, 5, 0, 2};
    float y[20];

    apply(&c, x, y);
    g_assert_cmpmem(y + 10, sizeof right, right, sizeof right);
    for (guint i = 0; i < 10; i++)
        g_assert_cmpmem(&y[i], sizeof *y, &x[i / 5 * 7 + right[i]], sizeof *x);
}

/* Of equal ones the first; nothing is like a token of zeros or of NaN, and both still go somewhere.
 */
static void test_match_ties(void)
{
    const OpCase c = {"match_tokens", {SHAPE(2, 7, 2)}, .p.merge = {2, {.protect = TRUE}}};
    const float x[28] = {1, 0,   1, 0,   3, 0, 1, 0, 2, 0, 1, 0, 5, 0, /* all alike */
                         1, NAN, 0, NAN, 0, 0, 1, 1, 0, 0, 0, 1, 0, 2};
    const gint32 right[8] = {1, 2, 1, 3, 0, 0, 1, 2}; /* sources of both, and their targets */
    float y[12];

    apply(&c, x, y);
    g_assert_cmpmem(y + 4, sizeof right, right, sizeof right);
}

/* Logits whose exponentials overflow, and one that is impossible. */
static void test_cross_entropy_far(void)
{
    const OpCase c = {"cross_entropy", {SHAPE(2, 3), SHAPE(2)}};
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtValue *node = op_case_build(&c, graph);
    const float labels[2] = {2, 0};
    float x[6] = {500, 499, -INFINITY, -1e30f, -1e30f, -1e30f}, y;

    reference_forward_f32(node, (const float *[]){x, labels}, &y);
    g_assert_true(y == INFINITY);
    x[2] = 501;
    reference_forward_f32(node, (const float *[]){x, labels}, &y);
    g_assert_cmpfloat_with_epsilon(y, (log(1 + exp(-1) + exp(-2)) + log(3)) / 2, 1e-6);
    x[1] = -INFINITY;
    reference_forward_f32(node, (const float *[]){x, labels}, &y);
    g_assert_cmpfloat_with_epsilon(y, (log(1 + exp(-1)) + log(3)) / 2, 1e-6);
    x[0] = NAN;
    reference_forward_f32(node, (const float *[]){x, labels}, &y);
    g_assert_true(isnan(y));
}

/* Variance is what it is far from 0, too. */
static void test_batch_statistics_far(void)
{
    const OpCase c = {"batch_norm_batch", {SHAPE(2, 1, 1, 2)}};
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    const float x[4] = {8388608, 8388609, 8388610, 8388611}, weight = 1, bias = 0;
    float y[4];

    reference_forward_f32(op_case_build(&c, graph),
                          (const float *[]){x, &weight, &bias, NULL, NULL}, y);
    for (int i = 0; i < 4; i++)
        g_assert_cmpfloat_with_epsilon(y[i], (i - 1.5) / sqrt(1.25), 1e-5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_case_tests("forward", test_case);
    g_test_add_func("/ops/special/relu-nan", test_relu_nan);
    g_test_add_func("/ops/special/sigmoid-far", test_sigmoid_far);
    g_test_add_func("/ops/special/max-pool", test_max_pool_special);
    g_test_add_func("/ops/special/top-k-ties", test_top_k_ties);
    g_test_add_func("/ops/special/match-ties", test_match_ties);
    g_test_add_func("/ops/special/resize-same", test_resize_same);
    g_test_add_func("/ops/special/mean-is-exact", test_mean_is_exact);
    g_test_add_func("/ops/special/cross-entropy-far", test_cross_entropy_far);
    g_test_add_func("/ops/special/batch-statistics-far", test_batch_statistics_far);
    return g_test_run();
}
