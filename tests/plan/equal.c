/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * INFER plans of random networks give what TRACE gives, with the kernels of every instruction set.
 * VEDETTE_TEST_SEED runs the one network of that seed, VEDETTE_TEST_GRAPHS that many of them.
 */
#include <stdlib.h>

#include "kernels/int8.h"
#include "ops/table.h"
#include "random-graph.h"

/* The thread sanitizer makes it some twenty times slower; fewer than 200 have not every op. */
#ifdef __SANITIZE_THREAD__
#define N_GRAPHS 250
#else
#define N_GRAPHS 800
#endif
#define FIRST_SEED     1
#define MOST_CONDITION 100
#define SHARE          0x1p-12f /* of a value, that it is moved by */
#define USUAL          4        /* times that, outputs move */

static void fail(guint64 seed, const char *text, VdtPlan *plan, double difference, double limit,
                 guint output)
{
    g_autofree char *steps = vdt_plan_describe(plan);

    g_test_message("VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT ": output %u differs by %.3g, not %.3g\n"
                   "%s\n%s",
                   seed, output, difference, limit, text, steps);
    g_test_fail_printf("INFER is not TRACE for VEDETTE_TEST_SEED=%" G_GUINT64_FORMAT, seed);
}

static gboolean are_same_kernels(VdtIsa a, VdtIsa b, VdtPrecision precision)
{
    if (precision == VDT_PRECISION_INT8)
        return vdt_int8_kernels_get(a) == vdt_int8_kernels_get(b) &&
               are_same_kernels(a, b, VDT_PRECISION_F32);
    return vdt_kernels_get(a, precision) == vdt_kernels_get(b, precision);
}

/* Moves values by a small share of themselves, up or down. */
static void jostle(const VdtTensor *tensor)
{
    float *values = tensor->data;

    for (gsize i = 0; i < tensor->n_bytes / sizeof *values; i++)
        values[i] *= i * 2654435761u >> 7 & 1 ? 1 + SHARE : 1 - SHARE;
}

/* How much more of an error the network makes of one in its input and weights, beyond the usual;
 * from 1 to MOST_CONDITION. A relu may leave next to nothing of a difference of large numbers, and
 * a softmax makes a factor of a difference. */
static double condition_of(VdtGraph *graph, VdtSession *right, guint64 seed)
{
    g_autoptr(VdtWeights) weights = make_weights(graph, seed);
    g_autoptr(VdtPlan) trace = NULL;
    g_autoptr(VdtSession) moved = NULL;

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++)
        jostle(vdt_weights_lookup(weights, vdt_graph_get_param(graph, i, NULL)));
    trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    moved = make_session(trace);
    g_ptr_array_unref(fill_states(moved, seed));
    fill_inputs(moved, seed);
    jostle(vdt_session_get_input(moved, 0));
    run_session(moved);
    return CLAMP(compare_outputs(moved, right, NULL) / SHARE / USUAL, 1, MOST_CONDITION);
}

#define COUNT(name) +1
enum { N_OPS = 0 VDT_OPS(COUNT) };
static const VdtOp *const all_ops[] = {
#define ROW(name) &VDT_OP(name),
    VDT_OPS(ROW)
#undef ROW
};

/* Ops that no random graph has, and why. */
static const VdtOp *const left_out[] = {
    &vdt_op_batch_norm_batch,  /* stands in for another in training */
    &vdt_op_progress_training, /* the same */
    &vdt_op_cross_entropy,     /* a loss */
    &vdt_op_kl_divergence,     /* another */
    &vdt_op_charbonnier,       /* another */
    &vdt_op_dropout,           /* does nothing but in training */
    &vdt_op_distance_bias,     /* of a table of one size for each grid: tests/ops have it */
};

static void count_ops(const VdtGraph *graph, guint *counts)
{
    gboolean has[N_OPS] = {FALSE};

    for (guint i = 0; i < graph->nodes->len; i++)
        for (guint j = 0; j < N_OPS; j++)
            has[j] |= ((const VdtNode *)graph->nodes->pdata[i])->op == all_ops[j];
    for (guint j = 0; j < N_OPS; j++)
        counts[j] += has[j];
}

/* An op that the random networks never make is one whose steps nobody compares. */
static void assert_all_ops(const guint *counts)
{
    for (guint j = 0; j < N_OPS; j++) {
        gboolean expected = TRUE;

        for (guint i = 0; i < G_N_ELEMENTS(left_out); i++)
            expected &= left_out[i] != all_ops[j];
        if (expected && counts[j] == 0)
            g_error("no random network has a %s: add it to tests/plan/random-graph.c",
                    all_ops[j]->name);
        if (!expected && counts[j] > 0)
            g_error("random networks have a %s: take it out of left_out", all_ops[j]->name);
    }
}

/* Counts the graphs with rare steps, so that these do not go missing unseen, and those that may be
 * further off, so that they stay few. */
typedef struct {
    guint ops[N_OPS]; /* graphs that have it, by its place in the table */
    guint winograd, attend, bands, planes, gather, exchange, int8, ill;
    guint live; /* rows of some value, and not all */
} Seen;

static gboolean is_partly_live(VdtSession *session)
{
    const VdtTensor *count = vdt_session_find_input(session, "count");
    const VdtGraph *graph = vdt_session_get_graph(session);
    const gint32 n = count ? *(const gint32 *)count->data : 0;

    for (guint i = 0; i < graph->nodes->len && n > 0; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->live && n < node->shape.dims[0])
            return TRUE;
    }
    return FALSE;
}

static void check_graph(guint64 seed, VdtPrecision precision, double limit, Seen *seen)
{
    g_autofree char *text = NULL;
    g_autoptr(VdtGraph) graph = random_graph(seed, &text);
    g_autoptr(VdtWeights) weights = make_weights(graph, seed);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, seed);
    const double condition = condition_of(graph, right, seed);

    count_ops(graph, seen->ops);
    seen->live += is_partly_live(right);
    seen->ill += condition > 1;
    limit *= condition;
    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;
        double difference;
        guint output;

        if (isa > 0 && are_same_kernels(isa, isa - 1, precision))
            continue;
        vdt_isa_limit(isa);
        plan = make_plan(graph, weights, VDT_PLAN_INFER, precision);
        session = run_plan(plan, seed);
        difference = compare_outputs(session, right, &output);
        if (!(difference < limit))
            fail(seed, text, plan, difference, limit, output);
        seen->winograd += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "winograd") > 0;
        seen->attend += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "attend") > 0;
        seen->bands += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "bands") > 0;
        seen->planes += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "product_planes") > 0;
        seen->gather += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "gather") > 0;
        seen->exchange += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "resize_behind") > 0;
        seen->int8 += isa == VDT_ISA_C && vdt_plan_count_steps(plan, "product_int8") > 0;
    }
    vdt_isa_limit(vdt_isa_get_available());
}

static void check_graphs(VdtPrecision precision, double limit)
{
    const char *wanted = g_getenv("VEDETTE_TEST_GRAPHS");
    guint64 one = test_seed(0);
    guint n = one ? 1 : wanted ? atoi(wanted) : N_GRAPHS;
    Seen seen = {0};

    for (guint i = 0; i < n && !g_test_failed(); i++)
        check_graph(one ? one : FIRST_SEED + i, precision, limit, &seen);
    g_test_message(
        "%u graphs: %u with Winograd, %u with attention, %u in bands, %u of planes, %u "
        "that gather, %u with a product before its resize, %u in 8 bits, %u with live rows, %u "
        "ill-conditioned",
        n, seen.winograd, seen.attend, seen.bands, seen.planes, seen.gather, seen.exchange,
        seen.int8, seen.live, seen.ill);
    if (one || g_test_failed())
        return;
    assert_all_ops(seen.ops);
    g_assert_cmpuint(seen.ill, <=, n / 25);
    g_assert_cmpuint(seen.live, >, n / 20);
    g_assert_cmpuint(seen.bands, >, n / 100);
    g_assert_cmpuint(seen.planes, >, n / 100);
    g_assert_cmpuint(seen.gather, >, n / 100);
    g_assert_cmpuint(seen.exchange, >, n / 100);
    if (precision == VDT_PRECISION_INT8)
        g_assert_cmpuint(seen.int8, >, n / 10);
    g_assert_cmpuint(seen.attend, >=, n / 150);
    if (precision == VDT_PRECISION_F32 &&
        vdt_kernels_get(VDT_ISA_C, VDT_PRECISION_F32)->winograd_input)
        g_assert_cmpuint(seen.winograd, >, n / 10);
}

static void test_f32(void)
{
    check_graphs(VDT_PRECISION_F32, 1e-5);
}

static void test_bf16(void)
{
    /* Most are within 3e-2; a row of matrices, norms and softmaxes in bfloat16 may add up to more.
     */
    check_graphs(VDT_PRECISION_BF16, 5e-2);
}

static void test_int8(void)
{
    check_graphs(VDT_PRECISION_INT8, 5e-2);
}

/* Whole vectors of wider tokens are seen where they are, further apart than what they are joined
 * with and what they become. */
static VdtGraph *joined_slices(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(2, 5, 24), token = vdt_shape(1, 1, 32), each = vdt_shape(2, 1, 32);
    VdtValue *x = vdt_linear(vdt_in(s, "in"), vdt_input(graph, "x", &shape), .out = 96), *y;

    y = vdt_expand(vdt_param(s, "token", &token), &each);
    y = vdt_concat((VdtValue *[]){y, vdt_slice(x, 2, 32, 32), vdt_slice(x, 2, 0, 32)}, 3, 1);
    vdt_output(graph, "tokens", y);
    vdt_output(graph, "y", vdt_linear(vdt_in(s, "out"), y, .out = 20));
    y = vdt_concat((VdtValue *[]){vdt_slice(x, 2, 48, 48), vdt_slice(x, 2, 16, 20)}, 2, 2);
    vdt_output(graph, "channels", y);
    return graph;
}

/* At each instruction set and precision; with so many steps of attention. */
static void check_one(VdtGraph *graph, guint n_attend)
{
    const double limits[] = {1e-5, 3e-2, 3e-2};
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, 1);

    for (VdtIsa isa = 0; isa <= vdt_isa_get_available(); isa++)
        for (VdtPrecision p = VDT_PRECISION_F32; p <= VDT_PRECISION_INT8; p++) {
            g_autoptr(VdtPlan) plan = NULL;
            g_autoptr(VdtSession) session = NULL;

            vdt_isa_limit(isa);
            plan = make_plan(graph, weights, VDT_PLAN_INFER, p);
            session = run_plan(plan, 1);
            g_assert_cmpfloat(compare_outputs(session, right, NULL), <, limits[p]);
            g_assert_cmpuint(vdt_plan_count_steps(plan, "attend"), ==, n_attend);
        }
    vdt_isa_limit(vdt_isa_get_available());
}

static void test_joined_slices(void)
{
    g_autoptr(VdtGraph) graph = joined_slices();

    check_one(graph, 0);
}

/* Attention of two heads, whose keys weigh by their tokens' sizes if there are any. */
static VdtValue *weighed(VdtScope s, VdtValue *x, VdtValue *sizes)
{
    VdtValue *part[3], *a;

    for (int i = 0; i < 3; i++)
        part[i] = vdt_split_heads(vdt_linear(vdt_in(s, "%d", i), x, .out = 32), 2);
    a = vdt_matmul(part[0], part[1], .transpose_b = TRUE, .scale = 0.25);
    if (sizes) {
        VdtShape keys = vdt_shape(vdt_value_dim(sizes, 0), 1, 1, vdt_value_dim(sizes, 1));

        a = vdt_add(a, vdt_reshape(vdt_log(sizes), &keys));
    }
    return vdt_join_heads(vdt_matmul(vdt_softmax(a), part[2]));
}

/* Samples merge other tokens each, by what inputs say, and more of them again. */
static void test_merged(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(3, 19, 32);
    VdtValue *x = vdt_input(graph, "x", &shape), *sizes = NULL;

    for (int i = 0; i < 3; i++) {
        VdtShape alike = vdt_shape(3, vdt_value_dim(x, 1), 32);
        g_autofree char *name = g_strdup_printf("metric%d", i);
        VdtMatch match =
            vdt_match_tokens(vdt_input(graph, name, &alike), 4, .heads = 2, .protect = TRUE);

        x = vdt_add(x, weighed(vdt_in(s, "%d", i), x, sizes));
        x = vdt_merge_tokens(x, match, sizes);
        sizes = vdt_merge_sizes(match, alike.dims[1], sizes);
    }
    vdt_output(graph, "tokens", x);
    vdt_output(graph, "sizes", sizes);
    check_one(graph, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/equal/joined-slices", test_joined_slices);
    g_test_add_func("/plan/equal/merged", test_merged);
    g_test_add_func("/plan/equal/f32", test_f32);
    g_test_add_func("/plan/equal/bf16", test_bf16);
    g_test_add_func("/plan/equal/int8", test_int8);
    return g_test_run();
}
