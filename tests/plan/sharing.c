/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans of one network for several sizes share packed weights. */
#include <string.h>

#include "plan/step/schedule.h"
#include "random-graph.h"

/* The thread sanitizer makes it some twenty times slower, and has threads to see elsewhere. */
#ifdef __SANITIZE_THREAD__
#define N_GRAPHS 10
#else
#define N_GRAPHS 100
#endif

static VdtPlan *make_sharing(VdtGraph *graph, VdtWeights *weights, VdtPrecision precision,
                             VdtPlan *sibling)
{
    g_autoptr(GError) error = NULL;
    VdtPlan *plan = vdt_plan_new_sharing(
        graph, weights, &(VdtPlanOptions){VDT_PLAN_INFER, precision}, sibling, &error);

    g_assert_no_error(error);
    return plan;
}

/* Number of constants that are the same memory in both plans. */
static guint count_shared(const VdtPlan *a, const VdtPlan *b)
{
    GHashTableIter iter;
    gpointer key, blob;
    guint n = 0;

    g_hash_table_iter_init(&iter, a->blobs);
    while (g_hash_table_iter_next(&iter, &key, &blob)) {
        const VdtBlob *other = g_hash_table_lookup(b->blobs, key);

        n += other && other->data == ((VdtBlob *)blob)->data;
    }
    return n;
}

static void assert_right(VdtPlan *plan, VdtGraph *graph, VdtWeights *weights, double limit)
{
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, 1), session = run_plan(plan, 1);

    g_assert_cmpfloat(compare_outputs(session, right, NULL), <, limit);
}

static void check_sizes(VdtPrecision precision, double limit)
{
    g_autoptr(VdtGraph) small = small_network(1, 24, 24), large = small_network(2, 28, 33);
    g_autoptr(VdtWeights) weights = make_weights(small, 1);
    g_autoptr(VdtPlan) first = make_plan(small, weights, VDT_PLAN_INFER, precision);
    g_autoptr(VdtPlan) second = make_sharing(large, weights, precision, first);
    guint n = g_hash_table_size(first->blobs);

    g_assert_cmpuint(n, >, 5);
    g_assert_cmpuint(count_shared(first, second), ==, n);
    g_assert_cmpuint(g_hash_table_size(second->blobs), ==, n);
    g_assert_cmpuint(vdt_plan_get_weights_size(second), ==, vdt_plan_get_weights_size(first));
    assert_right(first, small, weights, limit);
    assert_right(second, large, weights, limit);

    /* Either may go first. */
    vdt_plan_unref(g_steal_pointer(&first));
    assert_right(second, large, weights, limit);
}

static void test_f32(void)
{
    check_sizes(VDT_PRECISION_F32, 1e-5);
}

static void test_bf16(void)
{
    check_sizes(VDT_PRECISION_BF16, 3e-2);
}

/* Plans of other arithmetic have nothing to share, and say nothing about it. */
static void test_unlike(void)
{
    g_autoptr(VdtGraph) graph = small_network(1, 16, 16);
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) f32 = make_sharing(graph, weights, VDT_PRECISION_F32, trace);
    g_autoptr(VdtPlan) bf16 = make_sharing(graph, weights, VDT_PRECISION_BF16, f32);

    g_assert_cmpuint(count_shared(f32, bf16), ==, 0);
    assert_right(f32, graph, weights, 1e-5);
    assert_right(bf16, graph, weights, 3e-2);
}

/* A size at which layers are computed in other ways: nothing of the sibling is of use there. */
static void test_other_algorithms(void)
{
    g_autoptr(VdtGraph) large = small_network(1, 24, 24), tiny = small_network(1, 1, 1);
    g_autoptr(VdtWeights) weights = make_weights(large, 1);
    g_autoptr(VdtPlan) first = make_plan(large, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) second = make_sharing(tiny, weights, VDT_PRECISION_F32, first);
    g_autoptr(VdtPlan) third = make_sharing(large, weights, VDT_PRECISION_F32, second);

    assert_right(second, tiny, weights, 1e-5);
    assert_right(third, large, weights, 1e-5);
}

/* A network whose batch norm folds into two products at one size, where the sum's operands have
 * equal shapes, but not at another, where one is broadcast. */
static VdtGraph *broadcast_network(int side)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape shape = vdt_shape(1, 16, side, side);
    VdtValue *x = vdt_input(graph, "x", &shape), *a, *b;

    a = vdt_conv2d(vdt_in(s, "a"), x, .out = 16, .kernel = 1);
    b = vdt_conv2d(vdt_in(s, "b"), vdt_global_avg_pool(x), .out = 16, .kernel = 1);
    vdt_output(graph, "y", vdt_batch_norm(vdt_in(s, "norm"), vdt_add(a, b)));
    return graph;
}

static void test_other_folding(void)
{
    g_autoptr(VdtGraph) large = broadcast_network(6), tiny = broadcast_network(1);
    g_autoptr(VdtWeights) weights = make_weights(large, 1);
    g_autoptr(VdtPlan) first = make_plan(large, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) second = make_sharing(tiny, weights, VDT_PRECISION_F32, first);
    g_autoptr(VdtPlan) third = make_sharing(large, weights, VDT_PRECISION_F32, second);

    assert_right(second, tiny, weights, 1e-5);
    assert_right(third, large, weights, 1e-5);
}

/* A sibling over a graph whose nodes have other numbers gives what it gives alone, and makes
 * nothing anew. */
static void test_other_graph(void)
{
    for (guint64 seed = 1; seed <= N_GRAPHS; seed++) {
        g_autofree char *text = NULL, *same_text = NULL;
        g_autoptr(VdtGraph) graph = random_graph(seed, &text);
        g_autoptr(VdtGraph) other = random_graph_shifted(seed, 1 + seed % 13, &same_text);
        g_autoptr(VdtWeights) weights = make_weights(graph, seed);
        g_autoptr(VdtPlan) first = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        g_autoptr(VdtPlan) alone = make_plan(other, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        g_autoptr(VdtPlan) sharing = make_sharing(other, weights, VDT_PRECISION_F32, first);
        g_autoptr(VdtSession) right = run_plan(alone, seed), session = run_plan(sharing, seed);

        g_test_message("seed %" G_GUINT64_FORMAT "\n%s", seed, text);
        assert_same_bits(session, right);
        g_assert_cmpuint(count_shared(first, sharing), ==, g_hash_table_size(sharing->blobs));
    }
}

/* Two blocks with attention that differ in nothing but their weights; @shift nodes before them move
 * the second one's numbers. */
static VdtValue *attention_block(VdtScope s, VdtValue *x, int heads, int side)
{
    const int channels = 16 * heads;
    VdtShape split = vdt_shape(1, heads, 16, side * side), map = vdt_shape(1, channels, side, side);
    VdtShape table = vdt_shape(1, heads, side * side, side * side);
    VdtValue *q = vdt_conv2d(vdt_in(s, "q"), x, .out = channels, .kernel = 1);
    VdtValue *k = vdt_conv2d(vdt_in(s, "k"), x, .out = channels, .kernel = 1);
    VdtValue *v = vdt_conv2d(vdt_in(s, "v"), x, .out = channels, .kernel = 1);
    VdtValue *scores = vdt_matmul(vdt_reshape(q, &split), vdt_reshape(k, &split),
                                  .transpose_a = TRUE, .scale = 0.25);

    scores = vdt_softmax(vdt_add(scores, vdt_param(s, "bias", &table)));
    return vdt_reshape(vdt_matmul(vdt_reshape(v, &split), scores, .transpose_b = TRUE), &map);
}

static VdtGraph *attention_network(guint shift, guint *block_nodes)
{
    VdtGraph *graph = vdt_graph_new();
    VdtShape shape = vdt_shape(1, 32, 5, 5);
    VdtValue *x = vdt_input(graph, "x", &shape);
    guint before;

    for (guint i = 0; i < shift; i++)
        x = vdt_reshape(x, &shape);
    before = graph->nodes->len;
    x = attention_block(vdt_scope(graph, "one"), x, 2, 5);
    *block_nodes = graph->nodes->len - before;
    vdt_output(graph, "y", attention_block(vdt_scope(graph, "two"), x, 2, 5));
    return graph;
}

/* The second block once took the bias of the first, whose node had the number that it has. */
static void test_equal_blocks(void)
{
    guint n;
    g_autoptr(VdtGraph) plain = attention_network(0, &n), shifted = attention_network(n, &n);
    g_autoptr(VdtWeights) weights = make_weights(plain, 1);
    g_autoptr(VdtPlan) first = make_plan(plain, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) second = make_sharing(shifted, weights, VDT_PRECISION_F32, first);

    assert_right(second, shifted, weights, 1e-5);
}

/* What is made of a file's bfloat16 belongs to the file's tensor. */
static void test_other_types(void)
{
    guint n;
    g_autoptr(VdtGraph) graph = attention_network(0, &n), again = attention_network(0, &n);
    g_autoptr(VdtWeights) floats = make_weights(graph, 1);

    for (VdtPrecision p = VDT_PRECISION_F32; p <= VDT_PRECISION_INT8; p++) {
        g_autoptr(VdtWeights) weights = convert_weights(floats, VDT_BF16);
        g_autoptr(VdtWeights) others = convert_weights(floats, VDT_BF16);
        g_autoptr(VdtPlan) first = make_plan(graph, weights, VDT_PLAN_INFER, p);
        g_autoptr(VdtPlan) second = make_sharing(again, weights, p, first);
        g_autoptr(VdtPlan) third = make_sharing(again, others, p, first);

        n = g_hash_table_size(first->blobs);
        g_assert_cmpuint(n, >, 10);
        g_assert_cmpuint(count_shared(first, second), ==, n);
        g_assert_cmpuint(g_hash_table_size(second->blobs), ==, n);
        g_assert_cmpuint(count_shared(first, third), <, 5); /* zeros and the like */
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/sharing/f32", test_f32);
    g_test_add_func("/plan/sharing/bf16", test_bf16);
    g_test_add_func("/plan/sharing/unlike", test_unlike);
    g_test_add_func("/plan/sharing/other-algorithms", test_other_algorithms);
    g_test_add_func("/plan/sharing/other-folding", test_other_folding);
    g_test_add_func("/plan/sharing/other-graph", test_other_graph);
    g_test_add_func("/plan/sharing/equal-blocks", test_equal_blocks);
    g_test_add_func("/plan/sharing/other-types", test_other_types);
    return g_test_run();
}
