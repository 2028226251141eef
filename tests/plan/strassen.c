/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products by Strassen's method, which are too large for random networks: against TRACE, around the
 * sizes that they begin at. */
#include <math.h>
#include <string.h>

#include "fixture.h"

#define ROWS    192 /* the least */
#define DEPTH   768
#define COLUMNS 768

/* Three products of tokens: one with its bias, one with all that an epilogue has, one with GELU. */
static VdtGraph *products(gint64 batch, gint64 rows, int depth, int columns)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape x_shape = vdt_shape(batch, rows, depth), y_shape = vdt_shape(batch, rows, columns);
    VdtValue *x = vdt_input(graph, "x", &x_shape), *y = vdt_input(graph, "y", &y_shape);
    VdtValue *plain = vdt_linear(vdt_in(s, "plain"), x, .out = columns);
    VdtValue *whole = vdt_relu(vdt_linear(vdt_in(s, "whole"), x, .out = columns));

    vdt_output(graph, "plain", plain);
    vdt_output(graph, "whole", vdt_relu(vdt_add(vdt_mul(whole, y), y)));
    vdt_output(graph, "gelu", vdt_gelu(vdt_linear(vdt_in(s, "gelu"), x, .out = columns)));
    return graph;
}

static guint count_strassen(VdtPlan *plan)
{
    g_autofree char *steps = vdt_plan_describe(plan);
    g_auto(GStrv) parts = g_strsplit(steps, "\tstrassen\t", -1);

    return g_strv_length(parts) - 1;
}

static void check(gint64 batch, gint64 rows, int depth, int columns, gboolean expected)
{
    g_autoptr(VdtGraph) graph = products(batch, rows, depth, columns);
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, 1);

    for (VdtIsa isa = VDT_ISA_AVX2; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;
        double difference;

        vdt_isa_limit(isa);
        plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        session = run_plan(plan, 1);
        difference = compare_outputs(session, right, NULL);
        g_test_message("%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " rows, depth %d, %d columns: "
                       "off by %.3g",
                       batch, rows, depth, columns, difference);
        g_assert_cmpuint(count_strassen(plan), ==, expected ? 3 : 0);
        g_assert_cmpfloat(difference, <, 5e-6);
    }
    vdt_isa_limit(vdt_isa_get_available());
}

static void test_sizes(void)
{
    check(1, ROWS, DEPTH, COLUMNS, TRUE);
    check(1, ROWS + 1, DEPTH, COLUMNS, TRUE);
    check(1, ROWS + 5, DEPTH + 32, COLUMNS + 256, TRUE);
    check(1, ROWS + 30, DEPTH, 2 * COLUMNS, TRUE);
}

static void test_limits(void)
{
    check(1, ROWS - 1, DEPTH, COLUMNS, FALSE);
    check(1, ROWS, DEPTH - 32, COLUMNS, FALSE);
    check(1, ROWS, DEPTH + 16, COLUMNS, FALSE);
    check(1, ROWS, DEPTH, COLUMNS - 128, FALSE);
    check(1, ROWS, DEPTH, COLUMNS + 16, FALSE);
    check(2, ROWS, DEPTH, COLUMNS, FALSE);
}

/* For four threads rows are in parts. */
static void test_threads(void)
{
    g_autoptr(VdtGraph) graph = products(1, ROWS + 1, DEPTH, COLUMNS);
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) two = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) session = run_plan(two, 1), other = NULL;
    g_autoptr(VdtPlan) four = NULL;

    vdt_threads_set(4);
    four = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    other = run_plan(four, 1);
    vdt_threads_set(2);
    assert_same_bits(session, other);
}

/* A token that is not a number stays one in all columns, and spoils its partner at most. */
static void test_not_a_number(void)
{
    const gint64 rows = ROWS + 1, upper = (rows + 1) / 2;

    for (gint64 bad = 0; bad < rows; bad += upper / 2) {
        g_autoptr(VdtGraph) graph = products(1, rows, DEPTH, COLUMNS);
        g_autoptr(VdtWeights) weights = make_weights(graph, 1);
        g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        g_autoptr(VdtSession) session = make_session(plan);
        const float *y;

        fill_inputs(session, 1);
        ((float *)vdt_session_find_input(session, "x")->data)[bad * DEPTH + 5] = NAN;
        run_session(session);
        y = vdt_session_find_output(session, "plain")->data;
        for (gint64 row = 0; row < rows; row++)
            for (gint64 c = 0; c < COLUMNS; c++) {
                if (row == bad)
                    g_assert_true(isnan(y[row * COLUMNS + c]));
                else if (row % upper != bad % upper)
                    g_assert_true(isfinite(y[row * COLUMNS + c]));
            }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/strassen/sizes", test_sizes);
    g_test_add_func("/plan/strassen/limits", test_limits);
    g_test_add_func("/plan/strassen/threads", test_threads);
    g_test_add_func("/plan/strassen/not-a-number", test_not_a_number);
    return g_test_run();
}
