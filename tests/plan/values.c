/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values that are no floats, and ops that make several: in plans of all kinds. */
#include <math.h>
#include <string.h>

#include "fixture.h"

#define ROWS    50
#define COLUMNS 24 /* not a multiple of any vector */
#define TOKENS  7

/* A table looked up, a product of what comes out, and the bare rows as an output. */
static VdtGraph *embedding(gint64 rows)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape table = vdt_shape(rows, COLUMNS), tokens = vdt_shape(2, TOKENS);
    VdtValue *x = vdt_gather_rows(vdt_param(s, "table", &table),
                                  vdt_input_typed(graph, "tokens", VDT_I32, &tokens));

    vdt_output(graph, "rows", x);
    x = vdt_linear(vdt_in(s, "head"), x, .out = 20);
    vdt_output(graph, "y", vdt_gelu(x));
    return graph;
}

static void set_tokens(VdtSession *session)
{
    gint32 *tokens = vdt_session_find_input(session, "tokens")->data;

    for (gint32 i = 0; i < 2 * TOKENS; i++)
        tokens[i] = i == 3 ? ROWS - 1 : i * 11 % ROWS;
}

static void check_embedding(VdtGraph *graph, VdtWeights *weights, VdtPrecision precision,
                            VdtSession *right, double limit)
{
    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;

        vdt_isa_limit(isa);
        plan = make_plan(graph, weights, VDT_PLAN_INFER, precision);
        session = make_session(plan);
        set_tokens(session);
        run_session(session);
        g_assert_cmpfloat(compare_outputs(session, right, NULL), <, limit);
        /* Integers stay; floats would have to be set anew. */
        run_session(session);
        g_assert_cmpfloat(compare_outputs(session, right, NULL), <, limit);
    }
    vdt_isa_limit(vdt_isa_get_available());
}

static void test_embedding(void)
{
    g_autoptr(VdtGraph) graph = embedding(ROWS);
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = make_session(trace);
    const float *table = vdt_weights_lookup(weights, "net.table")->data;
    const VdtTensor *tokens = vdt_session_find_input(right, "tokens");

    g_assert_null(vdt_session_find_input(right, "table"));
    g_assert_cmpint(tokens->dtype, ==, VDT_I32);
    set_tokens(right);
    run_session(right);
    for (guint i = 0; i < 2 * TOKENS; i++)
        g_assert_cmpmem((const float *)vdt_session_find_output(right, "rows")->data + i * COLUMNS,
                        COLUMNS * sizeof(float), table + ((gint32 *)tokens->data)[i] * COLUMNS,
                        COLUMNS * sizeof(float));
    check_embedding(graph, weights, VDT_PRECISION_F32, right, 1e-5);
    check_embedding(graph, weights, VDT_PRECISION_BF16, right, 3e-2);
    check_embedding(graph, weights, VDT_PRECISION_INT8, right, 5e-2);
}

/* What a table learns is where its rows were looked up, as often as they were. */
static void test_embedding_learns(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtShape table = vdt_shape(5, 2), tokens = vdt_shape(4), labels = vdt_shape(4);
    VdtValue *x = vdt_gather_rows(vdt_param(vdt_scope(graph, "net"), "table", &table),
                                  vdt_input_typed(graph, "tokens", VDT_I32, &tokens));
    g_autoptr(VdtWeights) weights = NULL;
    g_autoptr(VdtPlan) plan = NULL;
    g_autoptr(VdtSession) session = NULL;
    const float *gradient;

    vdt_output(graph, "loss", vdt_cross_entropy(x, vdt_input(graph, "labels", &labels)));
    weights = make_weights(graph, 2);
    plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
    session = make_session(plan);
    memcpy(vdt_session_find_input(session, "tokens")->data, (gint32[]){4, 1, 4, 1}, 16);
    memcpy(vdt_session_find_input(session, "labels")->data, (float[]){0, 1, 0, -1}, 16);
    run_session(session);
    gradient = vdt_session_get_gradient(session, 0)->data;
    for (guint row = 0; row < 5; row++) {
        const float *w = (const float *)vdt_weights_lookup(weights, "net.table")->data + 2 * row;
        double p = 1 / (1 + exp((double)w[1] - w[0])), right = 0; /* of class 0 */

        if (row == 4)
            right = 2 * (p - 1) / 3;
        if (row == 1)
            right = p / 3;
        g_assert_cmpfloat_with_epsilon(gradient[2 * row], right, 1e-6);
        g_assert_cmpfloat_with_epsilon(gradient[2 * row + 1], -right, 1e-6);
    }
}

static void assert_refused(VdtSession *session, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(vdt_session_run(session, NULL, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, text))
        g_error("'%s' does not have '%s' in it", error->message, text);
}

static void test_out_of_range(void)
{
    g_autoptr(VdtGraph) graph = embedding(ROWS);
    g_autoptr(VdtWeights) weights = make_weights(graph, 3);

    for (VdtPlanKind kind = VDT_PLAN_INFER; kind <= VDT_PLAN_TRACE; kind++) {
        g_autoptr(VdtPlan) plan = make_plan(graph, weights, kind, VDT_PRECISION_F32);
        g_autoptr(VdtSession) session = make_session(plan);
        gint32 *tokens = vdt_session_find_input(session, "tokens")->data;

        run_session(session); /* all are 0 at first */
        tokens[9] = ROWS;
        assert_refused(session,
                       "position 9: the input \"tokens\" is 50, which is not from 0 to 49");
        tokens[9] = -1;
        assert_refused(session, "\"tokens\" is -1");
        tokens[9] = G_MININT32;
        assert_refused(session, "\"tokens\"");
        tokens[9] = ROWS - 1;
        run_session(session);
    }
}

static void assert_no_graph(VdtGraph *graph, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(vdt_graph_check(graph, &error));
    if (!strstr(error->message, text))
        g_error("'%s' does not have '%s' in it", error->message, text);
    vdt_graph_unref(graph);
}

static void test_types_are_checked(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape shape = vdt_shape(3, 4), deep = vdt_shape(1, 3, 4);
    VdtValue *x = vdt_input(graph, "x", &shape);

    vdt_gather_rows(x, vdt_input(graph, "floats", &shape));
    assert_no_graph(graph, "gather_rows: input 1 is float32, not int32");

    graph = vdt_graph_new();
    vdt_relu(vdt_input_typed(graph, "x", VDT_I32, &shape));
    assert_no_graph(graph, "relu: input 0 is int32, not float32");

    graph = vdt_graph_new();
    vdt_input_typed(graph, "x", VDT_F16, &shape);
    assert_no_graph(graph, "an input of float16 is not possible");

    graph = vdt_graph_new();
    vdt_gather_rows(vdt_input(graph, "x", &deep), vdt_input_typed(graph, "i", VDT_I32, &shape));
    assert_no_graph(graph, "the rows of [1,3,4] are not those of a matrix");

    g_assert_cmpint(vdt_value_dtype(NULL), ==, VDT_F32);
}

/* Two tables that are read by the same numbers: the smaller one is the limit. */
static void test_lowest_limit(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape tokens = vdt_shape(2), wide = vdt_shape(9, 3), narrow = vdt_shape(4, 3);
    VdtValue *x = vdt_input_typed(graph, "tokens", VDT_I32, &tokens);
    g_autoptr(VdtWeights) weights = NULL;
    g_autoptr(VdtPlan) plan = NULL;
    g_autoptr(VdtSession) session = NULL;

    g_assert_cmpint(vdt_value_dtype(x), ==, VDT_I32);
    vdt_output(graph, "tokens", x);
    vdt_output(graph, "y",
               vdt_add(vdt_gather_rows(vdt_param(s, "narrow", &narrow), x),
                       vdt_gather_rows(vdt_param(s, "wide", &wide), x)));
    weights = make_weights(graph, 4);
    plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    session = make_session(plan);
    ((gint32 *)vdt_session_get_input(session, 0)->data)[1] = 3;
    run_session(session);
    g_assert_cmpint(((const gint32 *)vdt_session_get_output(session, 0)->data)[1], ==, 3);
    ((gint32 *)vdt_session_get_input(session, 0)->data)[1] = 4;
    assert_refused(session, "from 0 to 3");
}

/* The rows of a table that score best, weighed by their scores: both results of one op are used,
 * and the second leads to a look-up. */
static VdtGraph *best_rows(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(3, COLUMNS), table = vdt_shape(ROWS, COLUMNS),
             one = vdt_shape(3, 4, 1);
    VdtValue *scores = vdt_linear(vdt_in(s, "scores"), vdt_input(graph, "x", &shape), .out = ROWS);
    VdtTopK best = vdt_top_k(scores, 4);
    VdtValue *rows = vdt_gather_rows(vdt_param(s, "table", &table), best.indices);

    vdt_output(graph, "indices", best.indices);
    vdt_output(graph, "values", best.values);
    vdt_output(graph, "y", vdt_mul(rows, vdt_reshape(best.values, &one)));
    return graph;
}

static void test_several_results(void)
{
    g_autoptr(VdtGraph) graph = best_rows();
    g_autoptr(VdtWeights) weights = make_weights(graph, 5);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) infer = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, 5), session = run_plan(infer, 5);
    g_autoptr(GError) error = NULL;

    g_assert_true(vdt_graph_check(graph, &error));
    g_assert_cmpint(vdt_session_find_output(session, "indices")->dtype, ==, VDT_I32);
    g_assert_cmpmem(vdt_session_find_output(session, "indices")->data, 12 * sizeof(gint32),
                    vdt_session_find_output(right, "indices")->data, 12 * sizeof(gint32));
    for (guint i = 0; i < 12; i++)
        g_assert_cmpfloat_with_epsilon(
            ((const float *)vdt_session_find_output(session, "values")->data)[i],
            ((const float *)vdt_session_find_output(right, "values")->data)[i], 1e-5);
    for (guint i = 0; i < 12 * COLUMNS; i++)
        g_assert_cmpfloat_with_epsilon(
            ((const float *)vdt_session_find_output(session, "y")->data)[i],
            ((const float *)vdt_session_find_output(right, "y")->data)[i], 1e-4);
}

/* Scores learn through the values, the table through the indices. */
static void test_results_learn(void)
{
    g_autoptr(VdtGraph) graph = best_rows();
    VdtShape labels = vdt_shape(12), flat = vdt_shape(12, COLUMNS);
    g_autoptr(VdtWeights) weights = NULL;
    g_autoptr(VdtPlan) plan = NULL;
    g_autoptr(VdtSession) session = NULL;
    const float step = 1e-2f;

    vdt_output(graph, "loss",
               vdt_cross_entropy(vdt_reshape(vdt_graph_find_output(graph, "y"), &flat),
                                 vdt_input(graph, "labels", &labels)));
    weights = make_weights(graph, 6);
    plan = make_plan(graph, weights, VDT_PLAN_TRAIN, VDT_PRECISION_F32);
    session = make_session(plan);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        float *param = vdt_session_get_param(session, i)->data, loss[2], slope = 0, kept = 0;
        const float *gradient = vdt_session_get_gradient(session, i)->data;
        gsize n = vdt_session_get_param(session, i)->n_bytes / sizeof *param, most = 0;

        for (int side = -1; side < 2; side++) {
            VdtTensor *tensor;

            fill_inputs(session, 6);
            tensor = vdt_session_find_input(session, "labels");
            for (guint k = 0; k < 12; k++)
                ((float *)tensor->data)[k] = (float)k;
            if (side < 0) {
                run_session(session);
                for (gsize k = 0; k < n; k++)
                    if (fabsf(gradient[k]) > fabsf(gradient[most]))
                        most = k;
                slope = gradient[most];
                kept = param[most];
                g_assert_cmpfloat(fabsf(slope), >, 1e-3);
                continue;
            }
            param[most] = kept + (side ? step : -step);
            run_session(session);
            loss[side] = *(const float *)vdt_session_find_output(session, "loss")->data;
            param[most] = kept;
        }
        g_assert_cmpfloat_with_epsilon((loss[1] - loss[0]) / (2 * step), slope, 2e-3);
    }
}

/* What an op makes may be too large for a table, which is known before any run. */
static void test_results_are_limited(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape shape = vdt_shape(3, 9), table = vdt_shape(8, 4);
    VdtValue *x = vdt_input(graph, "x", &shape);

    vdt_gather_rows(vdt_input(graph, "table", &table), vdt_top_k(x, 2).indices);
    assert_no_graph(graph, "gather_rows: numbers up to 8 may come, and only those below 8");

    graph = vdt_graph_new();
    g_assert_null(vdt_top_k(vdt_input(graph, "x", &shape), 10).indices);
    assert_no_graph(graph, "top_k: there are no 10 largest of 9");
}

#define MOST 64

static void test_live_mistakes(void)
{
    VdtShape shape = vdt_shape(MOST, 20);

    for (guint i = 0; i < 4; i++) {
        VdtGraph *graph = vdt_graph_new();
        VdtValue *count = vdt_run_arg(graph, "count"), *x = vdt_input(graph, "x", &shape);
        VdtValue *live = vdt_live_rows(x, count);

        if (i == 0) {
            vdt_matmul(live, x, .transpose_b = TRUE);
            assert_no_graph(graph, "matmul: looks at all of dimension 0, of which only the first "
                                   "\"count\" are live");
        } else if (i == 1) {
            vdt_permute(live, (const guint[]){1, 0});
            assert_no_graph(graph, "permute: looks at all");
        } else if (i == 2) {
            vdt_add(live, vdt_live_rows(x, vdt_run_arg(graph, "other")));
            assert_no_graph(graph, "of one input \"count\" are live, of another \"other\"");
        } else {
            vdt_linear_by(x, live, NULL);
            assert_no_graph(graph, "linear: looks at all");
        }
    }
}

/* Zeros where nothing is live, which all may look at; a count that is too large is refused. */
static void test_all_rows(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(MOST, 20);
    VdtValue *count = vdt_run_arg(graph, "count"), *x = vdt_input(graph, "x", &shape);
    g_autoptr(VdtWeights) weights = NULL;
    g_autoptr(VdtPlan) plan = NULL, trace = NULL;
    g_autoptr(VdtSession) session = NULL, right = NULL;
    g_autoptr(GError) error = NULL;

    x = vdt_linear(vdt_in(s, "in"), vdt_live_rows(x, count), .out = 20);
    x = vdt_all_rows(x, count);
    vdt_output(graph, "y", vdt_matmul(x, x, .transpose_a = TRUE));
    weights = make_weights(graph, 8);
    plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    session = make_session(plan);
    right = make_session(trace);
    for (guint i = 0; i < 2; i++) {
        fill_inputs(i ? session : right, 8);
        g_assert_true(vdt_session_set_arg(i ? session : right, "count", 5, &error));
        run_session(i ? session : right);
    }
    g_assert_cmpfloat(compare_outputs(session, right, NULL), <, 1e-5);
    g_assert_false(vdt_session_set_arg(session, "count", MOST + 1, &error));
    g_assert_nonnull(strstr(error->message, "\"count\" is 65, which is not from 0 to 64"));
    *(gint32 *)vdt_session_find_input(session, "count")->data = MOST + 1;
    assert_refused(session, "\"count\" is 65");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/values/embedding", test_embedding);
    g_test_add_func("/plan/values/embedding-learns", test_embedding_learns);
    g_test_add_func("/plan/values/out-of-range", test_out_of_range);
    g_test_add_func("/plan/values/types-are-checked", test_types_are_checked);
    g_test_add_func("/plan/values/lowest-limit", test_lowest_limit);
    g_test_add_func("/plan/values/several-results", test_several_results);
    g_test_add_func("/plan/values/results-learn", test_results_learn);
    g_test_add_func("/plan/values/results-are-limited", test_results_are_limited);
    g_test_add_func("/plan/values/live-mistakes", test_live_mistakes);
    g_test_add_func("/plan/values/all-rows", test_all_rows);
    return g_test_run();
}
