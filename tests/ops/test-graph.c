/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Graphs: names and scopes, the first mistake, shape rules, counts.
 */
#include "ops/table.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

static VdtValue *input(VdtGraph *graph, VdtShape shape)
{
    return vdt_input(graph, "x", &shape);
}

#define INPUT(graph, ...) input(graph, vdt_shape(__VA_ARGS__))

static VdtValue *attend_to(VdtValue *keys, VdtShape values, int heads)
{
    return vdt_linear_attention(keys, keys, vdt_input(keys->graph, "values", &values), heads);
}

/* The graph fails with a message that has @text in it. */
static void assert_error(const VdtGraph *graph, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(vdt_graph_check(graph, &error));
    g_assert_nonnull(error);
    g_assert_true(error->domain == VDT_ERROR);
    if (!strstr(error->message, text))
        g_error("'%s' does not have '%s' in it", error->message, text);
}

static void assert_param(const VdtGraph *graph, guint i, const char *name, VdtShape expected)
{
    VdtShape shape;

    g_assert_cmpstr(vdt_graph_get_param(graph, i, &shape), ==, name);
    g_assert_true(vdt_shape_equal(&shape, &expected));
}

static void test_names(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_in(vdt_scope(graph, "backbone.net"), "layer%d.%d", 1, 0);
    VdtValue *x = INPUT(graph, 1, 4, 8, 8);
    VdtShape one = vdt_shape(1);

    g_assert_cmpstr(s.prefix, ==, "backbone.net.layer1.0");
    g_assert_cmpstr(vdt_in(vdt_scope(graph, ""), "fc").prefix, ==, "fc");
    g_assert_cmpstr(vdt_in(s, "%s", "").prefix, ==, s.prefix);

    x = vdt_conv2d(vdt_in(s, "conv1"), x, .out = 6, .kernel = 3, .groups = 2, .bias = TRUE);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "bn1"), x));
    vdt_param(vdt_in(s, "pos_embed"), NULL, &one);
    vdt_output(graph, "y", x);
    g_assert_true(vdt_graph_check(graph, NULL));

    g_assert_cmpuint(vdt_graph_get_n_params(graph), ==, 7);
    assert_param(graph, 0, "backbone.net.layer1.0.conv1.weight", vdt_shape(6, 2, 3, 3));
    assert_param(graph, 1, "backbone.net.layer1.0.conv1.bias", vdt_shape(6));
    assert_param(graph, 2, "backbone.net.layer1.0.bn1.weight", vdt_shape(6));
    assert_param(graph, 3, "backbone.net.layer1.0.bn1.bias", vdt_shape(6));
    assert_param(graph, 4, "backbone.net.layer1.0.bn1.running_mean", vdt_shape(6));
    assert_param(graph, 5, "backbone.net.layer1.0.bn1.running_var", vdt_shape(6));
    assert_param(graph, 6, "backbone.net.layer1.0.pos_embed", vdt_shape(1));
    g_assert_null(vdt_graph_get_param(graph, 7, NULL));
    for (guint i = 0; i < 8; i++)
        g_assert_true(vdt_graph_is_trained(graph, i) == (i < 4 || i == 6));
    g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, 6 * 2 * 9 + 6 + 6 + 6 + 1);

    /* running statistics are never trained, so there is nothing to freeze about them */
    g_assert_cmpuint(vdt_graph_freeze(graph, "backbone.net.layer1.0.bn1."), ==, 2);
    g_assert_cmpuint(vdt_graph_freeze(graph, "backbone.net.layer2"), ==, 0);
    for (guint i = 0; i < 8; i++)
        g_assert_true(vdt_graph_is_trained(graph, i) == (i < 2 || i == 6));
    g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, 6 * 2 * 9 + 6 + 1);

    g_assert_true(vdt_graph_find_output(graph, "y") == x);
    g_assert_null(vdt_graph_find_output(graph, "x"));

    /* nodes stand in build order, inputs before what uses them */
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        g_assert_cmpuint(node->index, ==, i);
        for (guint k = 0; k < node->n_inputs; k++)
            g_assert_cmpuint(node->inputs[k]->index, <, i);
    }
    g_assert_cmpstr(x->name, ==, "backbone.net.layer1.0.bn1");
}

static void test_first_error_stays(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "backbone");
    VdtValue *x = INPUT(graph, 1, 3, 8, 8), *y;
    guint n_nodes;

    y = vdt_conv2d(vdt_in(s, "conv1"), x, .out = 4, .kernel = 9);
    g_assert_null(y);
    assert_error(graph, "backbone.conv1: conv2d: kernel 9x9 is larger than input [1,3,8,8]");
    n_nodes = graph->nodes->len;

    /* everything after that is quiet, whether it is given NULL or a value */
    g_assert_null(vdt_conv2d(vdt_in(s, "conv2"), y, .out = 4, .kernel = -1));
    g_assert_null(vdt_linear(vdt_in(s, "fc"), y, .out = 4));
    g_assert_null(vdt_batch_norm(vdt_in(s, "bn"), y));
    g_assert_null(vdt_relu(y));
    g_assert_null(vdt_sigmoid(y));
    g_assert_null(vdt_add(y, y));
    g_assert_null(vdt_mul(y, x));
    g_assert_null(vdt_max_pool2d(y, .kernel = 2));
    g_assert_null(vdt_global_avg_pool(y));
    g_assert_null(vdt_resize_bilinear(y, 2, 2, TRUE));
    g_assert_null(vdt_reshape(y, &(VdtShape){0}));
    g_assert_null(vdt_expand(y, &(VdtShape){0}));
    g_assert_null(vdt_permute(y, (guint[]){0}));
    g_assert_null(vdt_join_heads(vdt_split_heads(y, 2)));
    g_assert_null(vdt_linear_by(y, x, NULL));
    g_assert_null(vdt_linear_by(y, NULL, NULL));
    g_assert_null(vdt_conv2d_by(y, x, NULL));
    g_assert_null(vdt_dropout(y, 0.5));
    g_assert_null(vdt_cross_entropy(y, y));
    g_assert_null(vdt_cross_entropy(x, y));
    g_assert_null(vdt_tap(y, "tap"));
    g_assert_null(vdt_relu(x));
    g_assert_null(vdt_tap(x, "tap"));
    g_assert_null(INPUT(graph, 1));
    vdt_output(graph, "y", y);
    vdt_output(graph, "x", x);
    g_assert_cmpuint(graph->nodes->len, ==, n_nodes);
    assert_error(graph, "backbone.conv1: conv2d: kernel 9x9");
    g_assert_cmpuint(vdt_value_shape(y).n_dims, ==, 0);
    g_assert_cmpint(vdt_value_dim(y, 0), ==, 0);
    g_assert_cmpint(vdt_value_dim(x, 1), ==, 3);
    g_assert_cmpint(vdt_value_dim(x, 4), ==, 0);
}

static void test_names_used_twice(void)
{
    const VdtShape shape = vdt_shape(1, 2, 3, 3);

    for (int i = 0; i < 4; i++) {
        const char *const expected[] = {
            "a.weight: two parameters have this name", "x: two inputs have this name",
            "y: two outputs have this name", "t0: two taps have this name"};
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtScope s = vdt_scope(graph, "a");
        VdtValue *x = vdt_input(graph, "x", &shape);

        vdt_output(graph, "y", vdt_tap(x, "t%d", 0));
        vdt_param(s, "weight", &shape);
        g_assert_true(vdt_graph_check(graph, NULL));
        if (i == 0)
            g_assert_null(vdt_param(s, "weight", &shape));
        else if (i == 1)
            g_assert_null(vdt_input(graph, "x", &shape));
        else if (i == 2)
            vdt_output(graph, "y", x);
        else
            g_assert_null(vdt_tap(x, "t0"));
        assert_error(graph, expected[i]);
    }
}

/* What is built again has the parameters that there are. */
static void test_again(void)
{
    const VdtShape shape = vdt_shape(1, 2, 3, 3), other = vdt_shape(2);
    g_autoptr(VdtGraph) graph = vdt_graph_new(), unknown = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "a");
    VdtValue *x = vdt_input(graph, "x", &shape), *conv[2];

    for (int i = 0; i < 2; i++) {
        conv[i] = vdt_conv2d(vdt_in(i == 0 ? s : vdt_again(s), "b"), x, .out = 4, .kernel = 1,
                             .bias = TRUE);
        g_assert_nonnull(conv[i]);
    }
    g_assert_true(conv[0] != conv[1]);
    for (guint i = 1; i < 3; i++)
        g_assert_true(conv[0]->inputs[i] == conv[1]->inputs[i]);
    g_assert_cmpuint(vdt_graph_get_n_params(graph), ==, 2);
    g_assert_null(vdt_param(vdt_in(vdt_again(s), "b"), "bias", &other));
    assert_error(graph, "a.b.bias: is used again as [2], but has shape [4]");
    g_assert_null(vdt_param(vdt_again(vdt_scope(unknown, "a")), "weight", &shape));
    assert_error(unknown, "a.weight: is used again, but no parameter has this name");
}

static void test_misuse(void)
{
    g_autoptr(VdtGraph) empty = vdt_graph_new(), no_output = vdt_graph_new();
    g_autoptr(VdtGraph) null_output = vdt_graph_new(), null_input = vdt_graph_new();
    g_autoptr(VdtGraph) mixed = vdt_graph_new(), foreign = vdt_graph_new();
    g_autoptr(VdtGraph) nameless = vdt_graph_new(), long_name = vdt_graph_new();
    g_autofree char *name = g_strnfill(300, 'a');
    VdtShape one = vdt_shape(1);
    VdtValue *x = INPUT(no_output, 1), *other = INPUT(mixed, 1);

    assert_error(empty, "no output");
    assert_error(no_output, "no output");
    vdt_output(null_output, "y", NULL);
    assert_error(null_output, "y: the output is not a value of this graph");
    vdt_output(foreign, "y", x);
    assert_error(foreign, "y: the output is not a value of this graph");
    g_assert_null(vdt_add(INPUT(null_input, 1), NULL));
    assert_error(null_input, "x: add: input 1 is missing");
    g_assert_null(vdt_add(other, x));
    assert_error(mixed, "x: add: input 1 belongs to another graph");
    g_assert_null(vdt_param(vdt_scope(nameless, ""), NULL, &one));
    assert_error(nameless, "no name");
    g_assert_null(vdt_param(vdt_in(vdt_scope(long_name, "a"), "%s", name), NULL, &one));
    assert_error(long_name, "more than 247 bytes");
}

/* The same mistakes for each op: one block that must fail, and what the message must say. */
#define ASSERT_FAILS(text, ...)                                                                    \
    {                                                                                              \
        g_autoptr(VdtGraph) graph = vdt_graph_new();                                               \
        VdtScope s = vdt_scope(graph, "s");                                                        \
        VdtValue *x2 = vdt_input(graph, "x2", &two), *x4 = vdt_input(graph, "x4", &four);          \
                                                                                                   \
        g_assert_nonnull(x2);                                                                      \
        g_assert_nonnull(x4);                                                                      \
        g_assert_cmpstr(s.prefix, ==, "s");                                                        \
        g_assert_null(__VA_ARGS__);                                                                \
        assert_error(graph, text);                                                                 \
    }

static void test_shape_errors(void)
{
    const VdtShape two = vdt_shape(2, 5), four = vdt_shape(1, 6, 8, 9);
    const VdtShape scalar = {0}, negative = vdt_shape(3, -1), zero = vdt_shape(3, 0);
    const VdtShape huge = vdt_shape(1 << 30, 1 << 30, 8), many = {.n_dims = 9};
    const VdtShape free2 = vdt_shape(-1, -1), free7 = vdt_shape(-1, 7), five = vdt_shape(5);
    const VdtShape minus = vdt_shape(-2, -5);

    ASSERT_FAILS("in: input: [3,-1] is empty, negative or too large",
                 vdt_input(graph, "in", &negative));
    ASSERT_FAILS("[3,0] is empty", vdt_input(graph, "in", &zero));
    ASSERT_FAILS("too large", vdt_input(graph, "in", &huge));
    ASSERT_FAILS("9 dimensions", vdt_input(graph, "in", &many));
    ASSERT_FAILS("s.p: param: [3,-1]", vdt_param(s, "p", &negative));

    ASSERT_FAILS("s: conv2d: the input has 2 dimensions, not 4",
                 vdt_conv2d(s, x2, .out = 1, .kernel = 1));
    ASSERT_FAILS("s: conv2d: the input has 0 dimensions",
                 vdt_conv2d(s, NULL, .out = 1, .kernel = 1));
    ASSERT_FAILS("0 outputs", vdt_conv2d(s, x4, .kernel = 1));
    ASSERT_FAILS("kernel of 0x0", vdt_conv2d(s, x4, .out = 1));
    ASSERT_FAILS("kernel of 1x-2", vdt_conv2d(s, x4, .out = 1, .kernel = 1, .kernel_w = -2));
    ASSERT_FAILS("4 groups do not divide 6 input and 8 output channels",
                 vdt_conv2d(s, x4, .out = 8, .kernel = 1, .groups = 4));
    ASSERT_FAILS("3 groups do not divide 6 input and 8 output channels",
                 vdt_conv2d(s, x4, .out = 8, .kernel = 1, .groups = 3));
    ASSERT_FAILS("-1 groups", vdt_conv2d(s, x4, .out = 8, .kernel = 1, .groups = -1));
    ASSERT_FAILS("stride -1", vdt_conv2d(s, x4, .out = 8, .kernel = 1, .stride = -1));
    ASSERT_FAILS("padding -1x-1", vdt_conv2d(s, x4, .out = 8, .kernel = 3, .pad = -1));
    ASSERT_FAILS("padding 1x-1",
                 vdt_conv2d(s, x4, .out = 8, .kernel = 3, .kernel_w = 3, .pad = 1, .pad_w = -1));
    ASSERT_FAILS("kernel 9x9 is larger than input [1,6,8,9] with padding 0x0",
                 vdt_conv2d(s, x4, .out = 8, .kernel = 9));
    ASSERT_FAILS("is empty, negative or too large",
                 vdt_conv2d(s, x4, .out = G_MAXINT, .kernel = G_MAXINT, .pad = G_MAXINT));

    ASSERT_FAILS("s: linear: the input has no dimensions", vdt_linear(s, NULL, .out = 1));
    ASSERT_FAILS("s: linear: 0 outputs", vdt_linear(s, x2));
    ASSERT_FAILS("s: linear: -3 outputs", vdt_linear(s, x2, .out = -3));
    ASSERT_FAILS("s: batch_norm: the input has 1 dimensions",
                 vdt_batch_norm(s, vdt_input(graph, "x1", &five)));
    ASSERT_FAILS("batch_norm: channels cannot be dimension 2 of 2, which are 1 to 1",
                 vdt_batch_norm(s, x2, .axis = 2));
    ASSERT_FAILS("batch_norm: x is not one number, [1]",
                 vdt_batch_norm(s, x2, .alpha = INPUT(graph, 5)));
    ASSERT_FAILS("queries [2,5], keys [2,5] and values [2,5] do not go together",
                 vdt_linear_attention(x2, x2, x2, 1));
    ASSERT_FAILS("queries [2,3,4], keys [2,3,4] and values [2,4,6] do not go together",
                 attend_to(INPUT(graph, 2, 3, 4), vdt_shape(2, 4, 6), 2));
    ASSERT_FAILS("4 and 6 channels do not split into 4 heads",
                 attend_to(INPUT(graph, 2, 3, 4), vdt_shape(2, 3, 6), 4));
    ASSERT_FAILS("4 and 4 channels do not split into 0 heads",
                 attend_to(INPUT(graph, 2, 3, 4), vdt_shape(2, 3, 4), 0));
    ASSERT_FAILS("s: progress: [2,5] cannot become [1,6,8,9]", vdt_progress(s, x2, x4));

    ASSERT_FAILS("x2: add: [2,5] and [1,6,8,9] do not broadcast", vdt_add(x2, x4));
    ASSERT_FAILS("x2: mul: [2,5] and [1,6,8,9] do not broadcast", vdt_mul(x2, x4));
    ASSERT_FAILS("[2,5] and [1,2] do not",
                 vdt_add(x2, vdt_input(graph, "b", (VdtShape[]){vdt_shape(1, 2)})));

    ASSERT_FAILS("x2: max_pool2d: the input has 2", vdt_max_pool2d(x2, .kernel = 2));
    ASSERT_FAILS("kernel 0 and stride 0", vdt_max_pool2d(x4, .pad = 0));
    ASSERT_FAILS("stride -1", vdt_max_pool2d(x4, .kernel = 2, .stride = -1));
    ASSERT_FAILS("padding 2 is not between", vdt_max_pool2d(x4, .kernel = 3, .pad = 2));
    ASSERT_FAILS("padding -1 is not between", vdt_max_pool2d(x4, .kernel = 3, .pad = -1));
    ASSERT_FAILS("kernel 9 is larger than input", vdt_max_pool2d(x4, .kernel = 9));

    ASSERT_FAILS("x2: dropout: probability 1 is not", vdt_dropout(x2, 1));
    ASSERT_FAILS("probability -0.1 is not", vdt_dropout(x2, -0.1));
    ASSERT_FAILS("is not from 0 up to 1", vdt_dropout(x2, NAN));

    ASSERT_FAILS("x: cross_entropy: the logits have 1 dimensions, not 2 or 4",
                 vdt_cross_entropy(input(graph, five), x2));
    ASSERT_FAILS("x2: cross_entropy: labels [5] do not fit logits [2,5]",
                 vdt_cross_entropy(x2, input(graph, five)));
    ASSERT_FAILS("x4: cross_entropy: labels [1,6,8,9] do not fit logits [1,6,8,9]",
                 vdt_cross_entropy(x4, x4));
    ASSERT_FAILS("labels [1,8,8] do not fit", vdt_cross_entropy(x4, INPUT(graph, 1, 8, 8)));
    ASSERT_FAILS("label smoothing 1.1 is not from 0 to 1",
                 vdt_cross_entropy(x2, INPUT(graph, 2), .label_smoothing = 1.1));
    ASSERT_FAILS("label smoothing -1 is not",
                 vdt_cross_entropy(x2, INPUT(graph, 2), .label_smoothing = -1));
    ASSERT_FAILS("input 1 is missing", vdt_cross_entropy(x2, NULL));

    ASSERT_FAILS("x2: matmul: [2,5] and [2,5] do not multiply", vdt_matmul(x2, x2));
    ASSERT_FAILS("[2,5] transposed and [2,5] transposed do not",
                 vdt_matmul(x2, x2, .transpose_a = TRUE, .transpose_b = TRUE));
    ASSERT_FAILS("[2,5] and [1,6,8,9] do not multiply", vdt_matmul(x2, x4));
    ASSERT_FAILS("[1,6,8,9] and [1,5,9,8] do not multiply",
                 vdt_matmul(x4, INPUT(graph, 1, 5, 9, 8)));
    ASSERT_FAILS("s: layer_norm: weight [2,5] does not fit input [1,6,8,9]",
                 vdt_layer_norm(s, x4, &two));
    ASSERT_FAILS("weight [1,6,8,9] does not fit input [2,5]", vdt_layer_norm(s, x2, &four));
    ASSERT_FAILS("s: layer_norm: input 0 is missing", vdt_layer_norm(s, NULL, &two));
    ASSERT_FAILS("x2: linear: weight [1,6,8,9] does not fit input [2,5]",
                 vdt_linear_by(x2, x4, NULL));
    ASSERT_FAILS("bias [3] does not fit 2 outputs", vdt_linear_by(x2, x2, INPUT(graph, 3)));
    ASSERT_FAILS("x2: linear: input 0 is missing", vdt_linear_by(NULL, x2, NULL));
    ASSERT_FAILS("x2: linear: input 1 is missing", vdt_linear_by(x2, NULL, x2));
    ASSERT_FAILS("weight [2,5] does not fit input [1,6,8,9]", vdt_conv2d_by(x4, x2, NULL));
    ASSERT_FAILS("kernel 2x10 is larger than input [1,6,8,9]",
                 vdt_conv2d_by(x4, INPUT(graph, 4, 6, 2, 10), NULL));
    ASSERT_FAILS("stride -1", vdt_conv2d_by(x4, INPUT(graph, 4, 6, 1, 1), NULL, .stride = -1));
    ASSERT_FAILS("x2: adaptive_avg_pool2d: the input has 2", vdt_adaptive_avg_pool2d(x2, 1, 1));
    ASSERT_FAILS("size 0x3 must be positive", vdt_adaptive_avg_pool2d(x4, 0, 3));
    ASSERT_FAILS("x2: resize_bicubic: the input has 2", vdt_resize_bicubic(x2, 1, 1));
    ASSERT_FAILS("size 3x-1 must be positive", vdt_resize_bicubic(x4, 3, -1));
    ASSERT_FAILS("x2: distance_bias: table [2,5] does not hold 4 distances",
                 vdt_distance_bias(x2, 2, 1));
    ASSERT_FAILS("table [1,6,8,9] does not hold 1 distances", vdt_distance_bias(x4, 1, 1));
    ASSERT_FAILS("grids of 0 and 0 are not", vdt_distance_bias(x2, 0, 1));
    ASSERT_FAILS("grids of 200 and 400 are not", vdt_distance_bias(x2, 200, 2));
    ASSERT_FAILS("x2: windows: the input has 2 dimensions",
                 vdt_windows(x2, .height = 1, .width = 5, .window = 2));
    ASSERT_FAILS("[1,6,5] does not hold maps of 8 tokens",
                 vdt_windows(INPUT(graph, 1, 6, 5), .height = 2, .width = 4, .window = 2));
    ASSERT_FAILS("[1,6,5] is not of windows of 6 tokens, 4 for each map",
                 vdt_windows_back(INPUT(graph, 1, 6, 5), .height = 3, .width = 5, .window = 2,
                                  .window_w = 3));
    ASSERT_FAILS("[4,6,5] is not of windows of 4 tokens, 4 for each map",
                 vdt_windows_back(INPUT(graph, 4, 6, 5), .height = 3, .width = 4, .window = 2));
    ASSERT_FAILS("a map of 0x5 is not", vdt_windows(x2, .width = 5, .window = 2));
    ASSERT_FAILS("a map of 1x65537 is not", vdt_windows(x2, .height = 1, .width = 65537));
    ASSERT_FAILS("windows of 0x0 are not of", vdt_windows(x2, .height = 1, .width = 5));
    ASSERT_FAILS("windows of 3x2 cannot be shifted by 2",
                 vdt_windows(x2, .height = 5, .width = 5, .window = 3, .window_w = 2, .shift = 2));
    ASSERT_FAILS("cannot be shifted by -1",
                 vdt_windows(x2, .height = 5, .width = 5, .window = 3, .shift = -1));
    ASSERT_FAILS("x2: window_bias: table [2,5] does not hold 9 distances",
                 vdt_window_bias(x2, .height = 4, .width = 4, .window = 2));
    ASSERT_FAILS("windows of 65x64 are not of 1 to 4096 tokens",
                 vdt_window_bias(x2, .height = 4, .width = 4, .window = 65, .window_w = 64));
    ASSERT_FAILS("window_bias: windows of 2x2 cannot be shifted by 2",
                 vdt_window_bias(x2, .height = 4, .width = 4, .window = 2, .shift = 2));
    ASSERT_FAILS("a map of 0x4 is empty", vdt_window_bias(x2, .width = 4, .window = 2));
    ASSERT_FAILS("more than 65536 windows",
                 vdt_window_bias(x2, .height = 600, .width = 600, .window = 2, .shift = 1));
    ASSERT_FAILS("x2: concat: there is no dimension 2", vdt_concat(&x2, 1, 2));
    ASSERT_FAILS("[2,5] and [1,6,8,9] differ not only in dimension 1",
                 vdt_concat((VdtValue *[]){x2, x4}, 2, 1));
    ASSERT_FAILS("[2,5] and [2,6] differ not only in dimension 0",
                 vdt_concat((VdtValue *[]){x2, INPUT(graph, 2, 6)}, 2, 0));
    ASSERT_FAILS("input 1 is missing", vdt_concat((VdtValue *[]){x2, NULL}, 2, 0));
    ASSERT_FAILS("x2: slice: there is no dimension 2", vdt_slice(x2, 2, 0, 1));
    ASSERT_FAILS("2 from 4 on are not within the 5 of dimension 1", vdt_slice(x2, 1, 4, 2));
    ASSERT_FAILS("0 from 0 on", vdt_slice(x2, 1, 0, 0));
    ASSERT_FAILS("1 from -1 on", vdt_slice(x2, 1, -1, 1));

    ASSERT_FAILS("x2: global_avg_pool: the input has 2", vdt_global_avg_pool(x2));
    ASSERT_FAILS("x2: resize_bilinear: the input has 2", vdt_resize_bilinear(x2, 1, 1, TRUE));
    ASSERT_FAILS("size 0x3 must be positive", vdt_resize_bilinear(x4, 0, 3, TRUE));

    ASSERT_FAILS("x2: reshape: [2,5] does not become [5]", vdt_reshape(x2, &five));
    ASSERT_FAILS("does not become [-1,-1]", vdt_reshape(x2, &free2));
    ASSERT_FAILS("does not become [-1,7]", vdt_reshape(x2, &free7));
    ASSERT_FAILS("does not become [-2,-5]", vdt_reshape(x2, &minus));
    ASSERT_FAILS("does not become", vdt_reshape(x2, &scalar));
    ASSERT_FAILS("x2: reshape: 9 dimensions", vdt_reshape(x2, &many));
    ASSERT_FAILS("x2: expand: [2,5] does not repeat to [5]", vdt_expand(x2, &five));
    ASSERT_FAILS("[2,5] does not repeat to [3,-1]", vdt_expand(x2, &negative));
    ASSERT_FAILS("[1,6,8,9] does not repeat to [2,5]", vdt_expand(x4, &two));
    ASSERT_FAILS("expand: [0,5] is empty, negative or too large",
                 vdt_expand(INPUT(graph, 1, 5), (VdtShape[]){vdt_shape(0, 5)}));
    ASSERT_FAILS("x2: permute: there is no dimension 2", vdt_permute(x2, (guint[]){0, 2}));
    ASSERT_FAILS("there is no dimension 255", vdt_permute(x2, (guint[]){G_MAXUINT, 0}));
    ASSERT_FAILS("dimension 1 is named twice", vdt_permute(x2, (guint[]){1, 1}));
    ASSERT_FAILS("x2: [2,5] is not [N,L,C] with a C that splits into 5 heads",
                 vdt_split_heads(x2, 5));
    ASSERT_FAILS("x: [2,3,4] is not", vdt_split_heads(INPUT(graph, 2, 3, 4), 3));
    ASSERT_FAILS("splits into 0 heads", vdt_split_heads(INPUT(graph, 2, 3, 4), 0));
    ASSERT_FAILS("x2: heads have 2 dimensions, not 4", vdt_join_heads(x2));
}

/* @n of the tokens of a sample, as inputs. */
static VdtMatch match_input(VdtGraph *graph, gint64 samples, gint64 n)
{
    VdtShape shape = vdt_shape(samples, n);

    return (VdtMatch){vdt_input_typed(graph, "source", VDT_I32, &shape),
                      vdt_input_typed(graph, "target", VDT_I32, &shape)};
}

static void test_merge_errors(void)
{
    const VdtShape two = vdt_shape(2, 5), four = vdt_shape(1, 6, 8, 9);

    ASSERT_FAILS("x2: match_tokens: [2,5] is not [N,L,C]", vdt_match_tokens(x2, 1).source);
    ASSERT_FAILS("with a C that splits into 3 heads",
                 vdt_match_tokens(INPUT(graph, 1, 6, 4), 1, .heads = 3).target);
    ASSERT_FAILS("4 of 6 tokens cannot merge, but 1 to 3",
                 vdt_match_tokens(INPUT(graph, 1, 6, 4), 4).source);
    ASSERT_FAILS("3 of 6 tokens cannot merge, but 1 to 2",
                 vdt_match_tokens(INPUT(graph, 1, 6, 4), 3, .protect = TRUE).source);
    ASSERT_FAILS("0 of 6 tokens", vdt_match_tokens(INPUT(graph, 1, 6, 4), 0).source);
    ASSERT_FAILS("x2: merge_tokens: [2,5] is not [N,L,C]",
                 vdt_merge_tokens(x2, match_input(graph, 2, 1), NULL));
    ASSERT_FAILS("sources [2,1] and targets [2,1] are not [1,n]",
                 vdt_merge_tokens(INPUT(graph, 1, 6, 4), match_input(graph, 2, 1), NULL));
    ASSERT_FAILS("4 of 6 tokens cannot move into others",
                 vdt_merge_tokens(INPUT(graph, 1, 6, 4), match_input(graph, 1, 4), NULL));
    ASSERT_FAILS("sizes [2,5] do not fit tokens [1,6,4]",
                 vdt_merge_tokens(INPUT(graph, 1, 6, 4), match_input(graph, 1, 2), x2));
    ASSERT_FAILS("sizes are [2,5], not [2,6]", vdt_merge_sizes(match_input(graph, 2, 2), 6, x2));
    ASSERT_FAILS("1 of 1 tokens cannot move", vdt_merge_sizes(match_input(graph, 2, 1), 1, NULL));
    ASSERT_FAILS("logits [2,5] and targets [1,6,8,9]", vdt_kl_divergence(x2, x4));
    ASSERT_FAILS("values [2,5] and targets [1,6,8,9]", vdt_charbonnier(x2, x4));
    ASSERT_FAILS("eps is -1, it must be above 0", vdt_charbonnier(x2, x2, .eps = -1));
    ASSERT_FAILS("eps is nan, it must be above 0", vdt_charbonnier(x2, x2, .eps = NAN));
    g_assert_null(vdt_charbonnier(NULL, NULL));
    ASSERT_FAILS("has 2 dimensions, it takes [N,C,H,W]", vdt_pixel_shuffle(x2, 2));
    ASSERT_FAILS("6 channels are no multiple of the factor's square, 4", vdt_pixel_shuffle(x4, 2));
    ASSERT_FAILS("the factor is 0, it must be 1 to 64", vdt_pixel_shuffle(x4, 0));
    g_assert_null(vdt_pixel_shuffle(NULL, 2));
    g_assert_null(vdt_match_tokens(NULL, 1).source);
    g_assert_null(vdt_merge_tokens(NULL, (VdtMatch){0}, NULL));
    g_assert_null(vdt_merge_sizes((VdtMatch){0}, 6, NULL));
}

/* Parameters that a builder would not declare: the shape rules have to find them. */
static void test_wrong_parameters(void)
{
    static const struct {
        const VdtOp *op;
        const char *expected;
        guint wrong; /* which of the inputs has a shape that does not fit */
    } cases[] = {
        {&vdt_op_conv2d, "conv2d: weight [7] does not fit input [1,6,8,9] and 1 groups", 1},
        {&vdt_op_conv2d, "conv2d: bias [7] does not fit 4 outputs", 2},
        {&vdt_op_linear, "linear: weight [7] does not fit input [1,6,8,9]", 1},
        {&vdt_op_linear, "linear: bias [7] does not fit 4 outputs", 2},
        {&vdt_op_batch_norm, "batch_norm: p1 [7] does not fit 6 channels", 1},
        {&vdt_op_batch_norm, "batch_norm: p4 [7] does not fit 6 channels", 4},
        {&vdt_op_batch_norm_batch, "batch_norm_batch: p2 [7] does not fit 6 channels", 2},
        {&vdt_op_relu, "relu: takes 1 to 1 inputs, not 5", 0},
        {&vdt_op_add, "add: takes 2 to 2 inputs, not 5", 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtNode options = {.p.conv2d = {3, 3, 1, 0, 0, 1}};
        VdtShape shapes[5] = {vdt_shape(1, 6, 8, 9)};
        VdtNode *inputs[5];
        guint n = 5;

        if (cases[i].op == &vdt_op_conv2d || cases[i].op == &vdt_op_linear) {
            n = 3;
            shapes[1] = cases[i].op == &vdt_op_conv2d ? vdt_shape(4, 6, 3, 3) : vdt_shape(4, 9);
            shapes[2] = vdt_shape(4);
        } else {
            for (guint k = 1; k < n; k++)
                shapes[k] = vdt_shape(6);
        }
        if (cases[i].wrong)
            shapes[cases[i].wrong] = vdt_shape(7);
        for (guint k = 0; k < n; k++) {
            g_autofree char *name = g_strdup_printf("p%u", k);

            inputs[k] = vdt_param(vdt_scope(graph, name), NULL, &shapes[k]);
            g_assert_nonnull(inputs[k]);
        }
        g_assert_null(vdt_graph_add(graph, cases[i].op, "op", &options, n, inputs));
        assert_error(graph, cases[i].expected);
    }
}

/* One stage of a network like SqueezeTime's, counted by hand. */
static void test_counts(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtValue *x = INPUT(graph, 2, 3, 4, 32, 32), *residual;
    VdtShape view = vdt_shape(2, 12, -1, 32), flat = vdt_shape(2, -1);
    guint64 macs, params;

    x = vdt_reshape(x, &view);
    x = vdt_conv2d(vdt_in(s, "conv1"), x, .out = 8, .kernel = 5, .stride = 2, .pad = 2);
    macs = 2 * 8 * 16 * 16 * 12 * 25;
    params = 8 * 12 * 25;
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "bn1"), x));
    params += 2 * 8;
    x = vdt_max_pool2d(x, .kernel = 3, .stride = 2, .pad = 1);
    residual = x = vdt_conv2d(vdt_in(s, "downsample"), x, .out = 8, .kernel = 2, .stride = 2,
                              .groups = 8, .bias = TRUE);
    macs += 2 * 8 * 4 * 4 * 4;
    params += 8 * 4 + 8;
    x = vdt_mul(x, vdt_sigmoid(vdt_conv2d(vdt_in(s, "gate"), vdt_global_avg_pool(x), .out = 8,
                                          .kernel = 1)));
    macs += 2 * 8 * 8;
    params += 8 * 8;
    x = vdt_conv2d(vdt_in(s, "strip"), x, .out = 8, .kernel = 1, .kernel_w = 3, .pad = 0,
                   .pad_w = 1);
    macs += 2 * 8 * 4 * 4 * 8 * 3;
    params += 8 * 8 * 3;
    x = vdt_relu(vdt_add(x, residual));
    x = vdt_reshape(vdt_global_avg_pool(x), &flat);
    x = vdt_linear(vdt_in(s, "fc"), x, .out = 5);
    macs += 2 * 8 * 5;
    params += 8 * 5 + 5;
    vdt_output(graph, "logits", x);

    g_assert_true(vdt_graph_check(graph, NULL));
    g_assert_cmpuint(vdt_graph_count_macs(graph), ==, macs);
    g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, params);
    g_assert_cmpint(vdt_value_dim(x, 0), ==, 2);
    g_assert_cmpint(vdt_value_dim(x, 1), ==, 5);
}

/* What builders make of their options, and of several ops. */
static void test_builders(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "s");
    VdtShape shape = vdt_shape(6), heads = vdt_shape(2, 3, 5, 2), whole = vdt_shape(2, 5, 6);
    VdtShape table = vdt_shape(4, 6), kernel = vdt_shape(8, 3, 2, 5), map = vdt_shape(1, 8, 5, 4);
    VdtValue *x = INPUT(graph, 2, 5, 6), *weight = vdt_param(s, "table", &table), *y;
    guint n_params;

    y = vdt_layer_norm(vdt_in(s, "norm1"), x, &shape);
    g_assert_cmpfloat(y->p.layer_norm.eps, ==, 1e-5);
    y = vdt_layer_norm(vdt_in(s, "norm2"), x, &shape, .eps = 1e-6);
    g_assert_cmpfloat(y->p.layer_norm.eps, ==, 1e-6);

    y = vdt_split_heads(x, 3);
    g_assert_true(vdt_shape_equal(&y->shape, &heads));
    y = vdt_join_heads(y);
    g_assert_true(vdt_shape_equal(&y->shape, &whole));

    n_params = graph->params->len;
    y = vdt_linear_by(x, weight, NULL);
    g_assert_true(y->op == &vdt_op_linear && y->n_inputs == 2 && y->inputs[1] == weight);
    g_assert_cmpint(vdt_value_dim(y, 2), ==, 4);
    y = vdt_linear_by(x, weight,
                      vdt_reshape(vdt_slice(weight, 1, 0, 1), (VdtShape[]){vdt_shape(4)}));
    g_assert_cmpuint(y->n_inputs, ==, 3);
    y = vdt_conv2d_by(vdt_input(graph, "map", (VdtShape[]){vdt_shape(1, 6, 8, 10)}),
                      vdt_input(graph, "kernel", &kernel), NULL, .stride = 2, .pad = 1,
                      .groups = 2);
    g_assert_true(vdt_shape_equal(&y->shape, &map));
    g_assert_cmpuint(graph->params->len, ==, n_params);
    vdt_output(graph, "y", y);
    g_assert_true(vdt_graph_check(graph, NULL));
}

static void test_references(void)
{
    VdtGraph *graph = vdt_graph_new();

    g_assert_true(vdt_graph_ref(graph) == graph);
    vdt_graph_unref(graph);
    vdt_output(graph, "y", vdt_tap(INPUT(graph, 1), "tap"));
    g_assert_true(vdt_graph_check(graph, NULL));
    vdt_graph_unref(graph);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/graph/names", test_names);
    g_test_add_func("/graph/first-error-stays", test_first_error_stays);
    g_test_add_func("/graph/names-used-twice", test_names_used_twice);
    g_test_add_func("/graph/again", test_again);
    g_test_add_func("/graph/misuse", test_misuse);
    g_test_add_func("/graph/shape-errors", test_shape_errors);
    g_test_add_func("/graph/merge-errors", test_merge_errors);
    g_test_add_func("/graph/wrong-parameters", test_wrong_parameters);
    g_test_add_func("/graph/counts", test_counts);
    g_test_add_func("/graph/builders", test_builders);
    g_test_add_func("/graph/references", test_references);
    return g_test_run();
}
