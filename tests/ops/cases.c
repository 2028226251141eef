/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cases.h"

#include "naive.h"
#include "ops/table.h"

static VdtValue *build_conv2d(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_conv2d_with(s, x[0], c->p.conv2d);
}

static VdtValue *build_linear(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_linear_with(s, x[0], c->p.linear);
}

static VdtValue *build_batch_norm(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    const VdtShape one = vdt_shape(1);

    return vdt_batch_norm(s, x[0], .axis = c->p.batch_norm.axis,
                          .alpha = c->p.batch_norm.alpha ? vdt_param(s, "alpha", &one) : NULL);
}

/* Plans put it in the place of a batch norm; networks have no way to. */
static VdtValue *build_batch_norm_batch(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    VdtValue *norm = build_batch_norm(s, x, c);

    return vdt_graph_add(s.graph, norm->op->training, norm->name, norm, norm->n_inputs,
                         norm->inputs);
}

/* Keys are values, too, whose number of channels is their own only beside a layer. */
static VdtValue *build_linear_attention(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_linear_attention(x[0], x[1], x[2] ? x[2] : x[1], c->p.heads);
}

static VdtValue *build_progress(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_progress(s, x[0], x[1]);
}

static VdtValue *build_progress_training(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    VdtValue *node = vdt_progress(s, x[0], x[1]);

    return vdt_graph_add(s.graph, node->op->training, node->name, node, 5, node->inputs);
}

static VdtValue *build_relu(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_relu(x[0]);
}

static VdtValue *build_sigmoid(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_sigmoid(x[0]);
}

static VdtValue *build_add(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_add(x[0], x[1]);
}

static VdtValue *build_mul(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_mul(x[0], x[1]);
}

static VdtValue *build_max_pool2d(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_max_pool2d_with(x[0], c->p.max_pool2d);
}

static VdtValue *build_global_avg_pool(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_global_avg_pool(x[0]);
}

static VdtValue *build_resize_bilinear(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_resize_bilinear(x[0], c->p.resize.height, c->p.resize.width,
                               c->p.resize.align_corners);
}

static VdtValue *build_matmul(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_matmul_with(x[0], x[1], c->p.matmul);
}

static VdtValue *build_layer_norm(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_layer_norm_with(s, x[0], &c->p.layer_norm.shape, c->p.layer_norm.options);
}

static VdtValue *build_hard_sigmoid(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_hard_sigmoid(x[0]);
}

static VdtValue *build_gelu(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_gelu(x[0]);
}

static VdtValue *build_softmax(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_softmax(x[0]);
}

static VdtValue *build_adaptive_avg_pool2d(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_adaptive_avg_pool2d(x[0], c->p.resize.height, c->p.resize.width);
}

static VdtValue *build_resize_bicubic(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_resize_bicubic(x[0], c->p.resize.height, c->p.resize.width);
}

static VdtValue *build_distance_bias(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_distance_bias(x[0], c->p.distance_bias.grid, c->p.distance_bias.stride);
}

static VdtValue *build_windows(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    switch (c->p.windows.way) {
    case VDT_WINDOWS_APART:
        return vdt_windows_with(x[0], c->p.windows.options);
    case VDT_WINDOWS_BACK:
        return vdt_windows_back_with(x[0], c->p.windows.options);
    case VDT_WINDOWS_JOINED:
        return vdt_windows_joined_with(x[0], c->p.windows.options);
    }
    g_assert_not_reached();
}

static VdtValue *build_window_bias(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_window_bias_with(x[0], c->p.windows.options);
}

static VdtValue *build_concat(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_concat(x, op_case_n_inputs(c), c->p.along.axis);
}

static VdtValue *build_slice(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_slice(x[0], c->p.along.axis, c->p.along.begin, c->p.along.length);
}

static VdtValue *build_reshape(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_reshape(x[0], &c->p.reshape);
}

static VdtValue *build_permute(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_permute(x[0], c->p.permute);
}

static VdtValue *build_expand(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_expand(x[0], &c->p.expand);
}

static VdtValue *build_dropout(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_dropout(x[0], c->p.dropout);
}

static VdtValue *build_cross_entropy(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_cross_entropy_with(x[0], x[1], c->p.cross_entropy);
}

static VdtValue *build_gather_rows(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_gather_rows(x[0], x[1]);
}

/* Networks get its results only. */
static VdtValue *build_top_k(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    VdtNode *values = vdt_top_k(x[0], c->p.top_k).values;

    return values ? values->inputs[0] : NULL;
}

static VdtValue *build_result(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_top_k(x[0], c->p.top_k).values;
}

static VdtValue *build_match_tokens(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    VdtNode *source = vdt_match_tokens_with(x[0], c->p.merge.n, c->p.merge.options).source;

    return source ? source->inputs[0] : NULL;
}

/* Of so many tokens of each sample, which is for the fixture to fill. */
static VdtMatch match_of(VdtScope s, gint64 samples, gint64 n)
{
    VdtShape shape = vdt_shape(samples, n);

    return (VdtMatch){vdt_input_typed(s.graph, "source", VDT_I32, &shape),
                      vdt_input_typed(s.graph, "target", VDT_I32, &shape)};
}

static VdtValue *build_merge_tokens(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_merge_tokens(x[0], match_of(s, c->x[0].dims[0], c->p.merge.n),
                            op_case_n_inputs(c) > 1 ? x[1] : NULL);
}

static VdtValue *build_merge_sizes(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_merge_sizes(match_of(s, c->x[0].dims[0], c->p.merge.n), c->x[0].dims[1],
                           c->p.merge.no_sizes ? NULL : x[0]);
}

static VdtValue *build_log(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_log(x[0]);
}

static VdtValue *build_kl_divergence(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_kl_divergence(x[0], x[1]);
}

static VdtValue *build_pixel_shuffle(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_pixel_shuffle(x[0], c->p.factor);
}

static VdtValue *build_charbonnier(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_charbonnier_with(x[0], x[1], c->p.charbonnier);
}

static VdtValue *build_write_rows(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    VdtValue *state = vdt_state(s.graph, "state", &c->x[0]);

    return vdt_write_rows(state, x[1], vdt_run_arg(s.graph, "at"));
}

static VdtValue *build_live_rows(VdtScope s, VdtValue *const *x, const OpCase *c)
{
    return vdt_live_rows(x[0], vdt_run_arg(s.graph, "count"));
}

#define UNDER_TEST(name) #name, build_##name, naive_##name

static const OpUnderTest ops_under_test[] = {
    {UNDER_TEST(conv2d)},
    {UNDER_TEST(linear)},
    {UNDER_TEST(batch_norm)},
    {UNDER_TEST(relu)},
    {UNDER_TEST(sigmoid)},
    {UNDER_TEST(add)},
    {UNDER_TEST(mul)},
    {UNDER_TEST(max_pool2d)},
    {UNDER_TEST(global_avg_pool)},
    {UNDER_TEST(reshape)},
    {UNDER_TEST(permute)},
    {UNDER_TEST(expand)},
    {UNDER_TEST(resize_bilinear)},
    {UNDER_TEST(batch_norm_batch)},
    {UNDER_TEST(linear_attention)},
    {UNDER_TEST(progress)},
    {UNDER_TEST(progress_training)},
    {UNDER_TEST(dropout)},
    {UNDER_TEST(matmul)},
    {UNDER_TEST(layer_norm)},
    {UNDER_TEST(hard_sigmoid)},
    {UNDER_TEST(gelu)},
    {UNDER_TEST(softmax)},
    {UNDER_TEST(adaptive_avg_pool2d)},
    {UNDER_TEST(resize_bicubic)},
    {UNDER_TEST(distance_bias)},
    {UNDER_TEST(windows)},
    {UNDER_TEST(window_bias)},
    {UNDER_TEST(concat)},
    {UNDER_TEST(slice)},
    {UNDER_TEST(top_k)},
    {UNDER_TEST(match_tokens)},
    {UNDER_TEST(merge_tokens), .positive = TRUE},
    {UNDER_TEST(merge_sizes), .positive = TRUE},
    {UNDER_TEST(log), .positive = TRUE},
    {UNDER_TEST(kl_divergence)},
    {UNDER_TEST(charbonnier)},
    {UNDER_TEST(pixel_shuffle)},
    {UNDER_TEST(result)},
    {UNDER_TEST(live_rows)},
    {UNDER_TEST(write_rows)},
    {"cross_entropy", build_cross_entropy, naive_cross_entropy, .labels = TRUE},
    {"gather_rows", build_gather_rows, naive_gather_rows, .integers = TRUE},
};

/* clang-format off */
const OpCase op_cases[] = {
    {"conv2d", {SHAPE(1, 1, 1, 1)}, .p.conv2d = {.out = 1, .kernel = 1}},
    {"conv2d", {SHAPE(2, 5, 7, 6)}, .p.conv2d = {.out = 3, .kernel = 1, .bias = TRUE}},
    {"conv2d", {SHAPE(1, 3, 7, 5)}, .p.conv2d = {.out = 4, .kernel = 3, .pad = 1}},
    {"conv2d", {SHAPE(2, 2, 5, 9)}, .p.conv2d = {.out = 3, .kernel = 3, .bias = TRUE}},
    /* stride that leaves a rest, that skips elements, that is larger than the kernel */
    {"conv2d", {SHAPE(1, 2, 8, 10)}, .p.conv2d = {.out = 2, .kernel = 3, .stride = 2, .pad = 1}},
    {"conv2d", {SHAPE(2, 3, 9, 8)}, .p.conv2d = {.out = 2, .kernel = 5, .stride = 2, .pad = 2}},
    {"conv2d", {SHAPE(1, 2, 9, 7)}, .p.conv2d = {.out = 3, .kernel = 1, .stride = 2}},
    {"conv2d", {SHAPE(1, 1, 11, 8)}, .p.conv2d = {.out = 2, .kernel = 2, .stride = 3, .bias = TRUE}},
    /* padding larger than the map; a kernel that fits only thanks to padding */
    {"conv2d", {SHAPE(1, 2, 2, 3)}, .p.conv2d = {.out = 2, .kernel = 3, .pad = 5}},
    {"conv2d", {SHAPE(1, 2, 1, 1)}, .p.conv2d = {.out = 3, .kernel = 7, .pad = 3, .bias = TRUE}},
    {"conv2d", {SHAPE(1, 1, 3, 2)}, .p.conv2d = {.out = 1, .kernel = 3, .stride = 3, .pad = 4}},
    {"conv2d", {SHAPE(1, 1, 5, 4)}, .p.conv2d = {.out = 1, .kernel = 1, .pad = 1}},
    /* rectangles */
    {"conv2d", {SHAPE(1, 2, 6, 5)},
     .p.conv2d = {.out = 2, .kernel = 1, .kernel_w = 5, .pad = 0, .pad_w = 2}},
    {"conv2d", {SHAPE(1, 2, 6, 5)},
     .p.conv2d = {.out = 2, .kernel = 5, .kernel_w = 1, .pad = 2, .pad_w = 0}},
    {"conv2d", {SHAPE(1, 2, 7, 5)},
     .p.conv2d = {.out = 2, .kernel = 3, .kernel_w = 2, .stride = 2, .pad = 1, .pad_w = 3}},
    /* groups: two, depthwise, depthwise with two outputs per channel */
    {"conv2d", {SHAPE(2, 4, 5, 5)},
     .p.conv2d = {.out = 6, .kernel = 3, .pad = 1, .groups = 2, .bias = TRUE}},
    {"conv2d", {SHAPE(1, 5, 6, 7)}, .p.conv2d = {.out = 5, .kernel = 3, .pad = 1, .groups = 5}},
    {"conv2d", {SHAPE(2, 3, 7, 7)},
     .p.conv2d = {.out = 3, .kernel = 2, .stride = 2, .groups = 3, .bias = TRUE}},
    {"conv2d", {SHAPE(1, 3, 4, 4)}, .p.conv2d = {.out = 6, .kernel = 1, .groups = 3}},

    {"linear", {SHAPE(1)}, .p.linear = {.out = 1}},
    {"linear", {SHAPE(7)}, .p.linear = {.out = 5, .no_bias = TRUE}},
    {"linear", {SHAPE(3, 35)}, .p.linear = {.out = 4}},
    {"linear", {SHAPE(2, 3, 16)}, .p.linear = {.out = 5}},
    {"linear", {SHAPE(1, 2, 2, 2, 33)}, .p.linear = {.out = 3, .no_bias = TRUE}},

    {"batch_norm", {SHAPE(1, 1, 1, 1)}},
    {"batch_norm", {SHAPE(2, 3, 5, 7)}},
    {"batch_norm", {SHAPE(3, 4)}},
    {"batch_norm", {SHAPE(2, 3, 4)}},
    {"batch_norm", {SHAPE(2, 3, 4)}, .p.batch_norm = {.axis = 2}},
    {"batch_norm", {SHAPE(1, 1, 1)}, .p.batch_norm = {.axis = 2, .alpha = TRUE}},
    {"batch_norm", {SHAPE(3, 5, 7)}, .p.batch_norm = {.axis = 2, .alpha = TRUE}},
    {"batch_norm", {SHAPE(2, 3, 5, 4)}, .p.batch_norm = {.axis = 1, .alpha = TRUE}},
    {"batch_norm", {SHAPE(2, 3, 5, 4)}, .p.batch_norm = {.axis = 3}},

    {"batch_norm_batch", {SHAPE(1, 1, 1, 1)}},
    {"batch_norm_batch", {SHAPE(2, 3, 5, 7)}},
    {"batch_norm_batch", {SHAPE(5, 4)}},
    {"batch_norm_batch", {SHAPE(2, 3, 4)}},
    {"batch_norm_batch", {SHAPE(2, 3, 4)}, .p.batch_norm = {.axis = 2}},
    {"batch_norm_batch", {SHAPE(3, 5, 7)}, .p.batch_norm = {.axis = 2, .alpha = TRUE}},
    {"batch_norm_batch", {SHAPE(2, 3, 5, 4)}, .p.batch_norm = {.axis = 1, .alpha = TRUE}},
    {"batch_norm_batch", {SHAPE(2, 3, 5, 4)}, .p.batch_norm = {.axis = 3}},
    {"batch_norm_batch", {SHAPE(3, 2, 1, 2)}},

    {"linear_attention", {SHAPE(1, 1, 1), SHAPE(1, 1, 1)}, .p.heads = 1},
    {"linear_attention", {SHAPE(2, 5, 12), SHAPE(2, 5, 12)}, .p.heads = 3},
    {"linear_attention", {SHAPE(2, 3, 6), SHAPE(2, 7, 6), SHAPE(2, 7, 10)}, .p.heads = 2},
    {"linear_attention", {SHAPE(1, 2, 700), SHAPE(1, 3, 700), SHAPE(1, 3, 7)}, .p.heads = 1},

    {"progress", {SHAPE(1), SHAPE(1)}},
    {"progress", {SHAPE(2, 3, 5), SHAPE(2, 3, 5)}},

    {"progress_training", {SHAPE(1), SHAPE(1)}},
    {"progress_training", {SHAPE(2, 3, 5), SHAPE(2, 3, 5)}},

    {"relu", {SHAPE(1)}},
    {"relu", {SHAPE(2, 3, 5, 7)}},

    {"sigmoid", {SHAPE(1)}},
    {"sigmoid", {SHAPE(2, 3, 5, 7)}},

    /* broadcasting in every position, of either side, of both, and of nothing */
    {"add", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 5, 7)}},
    {"add", {SHAPE(1), SHAPE(1)}},
    {"add", {SHAPE(1, 3, 5, 7), SHAPE(2, 3, 5, 7)}},
    {"add", {SHAPE(2, 3, 5, 7), SHAPE(2, 1, 5, 7)}},
    {"add", {SHAPE(2, 3, 1, 7), SHAPE(2, 3, 5, 7)}},
    {"add", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 5, 1)}},
    {"add", {SHAPE(2, 3, 5, 7), SHAPE(1, 3, 1, 1)}},
    {"add", {SHAPE(2, 1, 5, 1), SHAPE(1, 3, 1, 7)}},
    {"add", {SHAPE(2, 1, 5, 7, 1, 2), SHAPE(1, 3, 5, 7, 2, 2)}},
    {"add", {SHAPE(1, 1, 1), SHAPE(2, 3, 4)}},

    {"mul", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 5, 7)}},
    {"mul", {SHAPE(1), SHAPE(1)}},
    {"mul", {SHAPE(2, 3, 5, 7), SHAPE(1, 3, 5, 7)}},
    {"mul", {SHAPE(2, 1, 5, 7), SHAPE(2, 3, 5, 7)}},
    {"mul", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 1, 7)}},
    {"mul", {SHAPE(2, 3, 5, 1), SHAPE(2, 3, 5, 7)}},
    {"mul", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 1, 1)}},
    {"mul", {SHAPE(1, 3, 1, 7), SHAPE(2, 1, 5, 1)}},
    {"mul", {SHAPE(2, 3, 4), SHAPE(1, 1, 1)}},

    {"max_pool2d", {SHAPE(1, 1, 1, 1)}, .p.max_pool2d = {.kernel = 1}},
    {"max_pool2d", {SHAPE(2, 2, 7, 9)}, .p.max_pool2d = {.kernel = 3, .stride = 2, .pad = 1}},
    {"max_pool2d", {SHAPE(1, 2, 8, 6)}, .p.max_pool2d = {.kernel = 3, .stride = 2, .pad = 1}},
    {"max_pool2d", {SHAPE(1, 2, 7, 5)}, .p.max_pool2d = {.kernel = 2}},
    {"max_pool2d", {SHAPE(1, 1, 1, 1)}, .p.max_pool2d = {.kernel = 3, .stride = 1, .pad = 1}},
    {"max_pool2d", {SHAPE(1, 1, 3, 2)}, .p.max_pool2d = {.kernel = 4, .stride = 1, .pad = 2}},
    {"max_pool2d", {SHAPE(1, 1, 9, 8)}, .p.max_pool2d = {.kernel = 2, .stride = 3}},

    {"global_avg_pool", {SHAPE(1, 1, 1, 1)}},
    {"global_avg_pool", {SHAPE(2, 3, 7, 5)}},

    {"resize_bilinear", {SHAPE(1, 1, 1, 1)}, .p.resize = {3, 2, FALSE}},
    {"resize_bilinear", {SHAPE(1, 1, 1, 1)}, .p.resize = {3, 2, TRUE}},
    {"resize_bilinear", {SHAPE(2, 2, 3, 5)}, .p.resize = {7, 8, FALSE}},
    {"resize_bilinear", {SHAPE(2, 2, 3, 5)}, .p.resize = {7, 8, TRUE}},
    {"resize_bilinear", {SHAPE(1, 2, 9, 8)}, .p.resize = {4, 3, FALSE}},
    {"resize_bilinear", {SHAPE(1, 2, 9, 8)}, .p.resize = {4, 3, TRUE}},
    {"resize_bilinear", {SHAPE(1, 1, 5, 4)}, .p.resize = {1, 1, FALSE}},
    {"resize_bilinear", {SHAPE(1, 1, 5, 4)}, .p.resize = {1, 1, TRUE}},
    {"resize_bilinear", {SHAPE(1, 1, 4, 6)}, .p.resize = {4, 6, FALSE}},
    {"resize_bilinear", {SHAPE(1, 1, 1, 6)}, .p.resize = {4, 3, TRUE}},

    {"reshape", {SHAPE(2, 3, 4)}, .p.reshape = SHAPE(6, 4)},
    {"reshape", {SHAPE(1, 3, 4, 5, 5)}, .p.reshape = SHAPE(1, -1, 5, 5)},
    {"reshape", {SHAPE(1)}, .p.reshape = {0}},

    /* as it is; a matrix turned; a cycle of three; all backwards, among sizes of 1 */
    {"permute", {SHAPE(3)}, .p.permute = {0}},
    {"permute", {SHAPE(2, 3, 4)}, .p.permute = {0, 1, 2}},
    {"permute", {SHAPE(5, 7)}, .p.permute = {1, 0}},
    {"permute", {SHAPE(2, 3, 4)}, .p.permute = {2, 0, 1}},
    {"permute", {SHAPE(2, 5, 3, 4)}, .p.permute = {0, 2, 1, 3}},
    {"permute", {SHAPE(2, 1, 3, 1, 2, 5, 2, 3)}, .p.permute = {7, 6, 5, 4, 3, 2, 1, 0}},

    {"expand", {SHAPE(1)}, .p.expand = SHAPE(7)},
    {"expand", {SHAPE(2, 3)}, .p.expand = SHAPE(2, 3)},
    {"expand", {SHAPE(1, 1, 5)}, .p.expand = SHAPE(3, 1, 5)},
    {"expand", {SHAPE(2, 1, 3, 1)}, .p.expand = SHAPE(2, 4, 3, 5)},

    {"matmul", {SHAPE(1, 1), SHAPE(1, 1)}},
    {"matmul", {SHAPE(3, 5), SHAPE(5, 4)}, .p.matmul = {.scale = 0.3}},
    {"matmul", {SHAPE(2, 5, 3), SHAPE(2, 5, 4)}, .p.matmul = {.transpose_a = TRUE}},
    {"matmul", {SHAPE(2, 1, 3, 5), SHAPE(2, 1, 4, 5)}, .p.matmul = {.transpose_b = TRUE}},
    {"matmul", {SHAPE(2, 3, 7, 1), SHAPE(2, 3, 9, 7)}, .p.matmul = {TRUE, TRUE, -2}},

    {"layer_norm", {SHAPE(2, 5, 7)}, .p.layer_norm = {SHAPE(7)}},
    {"layer_norm", {SHAPE(2, 3, 7)}, .p.layer_norm = {SHAPE(7), {.eps = 0.5}}},
    {"layer_norm", {SHAPE(3, 4, 1, 1)}, .p.layer_norm = {SHAPE(4, 1, 1)}},
    {"layer_norm", {SHAPE(2, 3, 5)}, .p.layer_norm = {SHAPE(2, 3, 5)}},

    {"hard_sigmoid", {SHAPE(1)}},
    {"hard_sigmoid", {SHAPE(2, 3, 5, 7)}},

    {"gelu", {SHAPE(1)}},
    {"gelu", {SHAPE(2, 3, 5, 7)}},

    {"softmax", {SHAPE(1)}},
    {"softmax", {SHAPE(7, 1)}},
    {"softmax", {SHAPE(2, 3, 5, 7)}},

    /* to one, to the same, up, and with windows that overlap */
    {"adaptive_avg_pool2d", {SHAPE(2, 3, 6, 4)}, .p.resize = {1, 1}},
    {"adaptive_avg_pool2d", {SHAPE(1, 2, 6, 4)}, .p.resize = {6, 4}},
    {"adaptive_avg_pool2d", {SHAPE(1, 2, 6, 5)}, .p.resize = {1, 5}},
    {"adaptive_avg_pool2d", {SHAPE(1, 2, 6, 5)}, .p.resize = {6, 1}},
    {"adaptive_avg_pool2d", {SHAPE(1, 2, 7, 9)}, .p.resize = {3, 4}},
    {"adaptive_avg_pool2d", {SHAPE(1, 1, 2, 3)}, .p.resize = {5, 4}},

    {"resize_bicubic", {SHAPE(1, 1, 1, 1)}, .p.resize = {3, 2}},
    {"resize_bicubic", {SHAPE(2, 2, 4, 6)}, .p.resize = {4, 6}},
    {"resize_bicubic", {SHAPE(1, 2, 3, 5)}, .p.resize = {7, 8}},
    {"resize_bicubic", {SHAPE(1, 2, 9, 8)}, .p.resize = {4, 3}},

    {"distance_bias", {SHAPE(1, 1)}, .p.distance_bias = {1, 1}},
    {"distance_bias", {SHAPE(3, 16)}, .p.distance_bias = {4, 1}},
    {"distance_bias", {SHAPE(2, 36)}, .p.distance_bias = {3, 2}},

    /* one token; a map that is one window; padding below and on the right, with and without a shift;
     * stripes; a shift of one; the ways back; side by side, with padding, too */
    {"windows", {SHAPE(1, 1, 1)}, .p.windows = {{1, 1, 1}}},
    {"windows", {SHAPE(2, 12, 3)}, .p.windows = {{3, 4, 3, 4}}},
    {"windows", {SHAPE(2, 24, 3)}, .p.windows = {{4, 6, 2, 3}}},
    {"windows", {SHAPE(2, 35, 2)}, .p.windows = {{5, 7, 3}}},
    {"windows", {SHAPE(2, 35, 2)}, .p.windows = {{5, 7, 3, 3, 1}}},
    {"windows", {SHAPE(1, 64, 3)}, .p.windows = {{8, 8, 4, 4, 2}}},
    {"windows", {SHAPE(2, 30, 2)}, .p.windows = {{5, 6, 5, 2}}},
    {"windows", {SHAPE(2, 30, 2)}, .p.windows = {{5, 6, 1, 6}}},
    {"windows", {SHAPE(8, 6, 3)}, .p.windows = {{4, 6, 2, 3}, VDT_WINDOWS_BACK}},
    {"windows", {SHAPE(12, 9, 2)}, .p.windows = {{5, 7, 3, 3, 2}, VDT_WINDOWS_BACK}},
    {"windows", {SHAPE(2, 24, 3)}, .p.windows = {{4, 6, 2}, VDT_WINDOWS_JOINED}},
    {"windows", {SHAPE(1, 35, 3)}, .p.windows = {{5, 7, 2, 3}, VDT_WINDOWS_JOINED}},

    {"window_bias", {SHAPE(1, 1)}, .p.windows = {{1, 1, 1}}},
    {"window_bias", {SHAPE(25, 2)}, .p.windows = {{6, 9, 3}}},
    {"window_bias", {SHAPE(15, 3)}, .p.windows = {{4, 9, 2, 3}}},
    {"window_bias", {SHAPE(25, 2)}, .p.windows = {{6, 7, 3, 3, 1}}},
    {"window_bias", {SHAPE(49, 1)}, .p.windows = {{8, 5, 4, 4, 2}}},

    {"concat", {SHAPE(2, 3, 5)}, .p.along = {1}},
    {"concat", {SHAPE(2, 3, 5), SHAPE(4, 3, 5)}, .p.along = {0}},
    {"concat", {SHAPE(2, 3, 5), SHAPE(2, 1, 5)}, .p.along = {1}},
    {"concat", {SHAPE(2, 3, 5), SHAPE(2, 3, 7)}, .p.along = {2}},

    {"slice", {SHAPE(5, 3, 2)}, .p.along = {0, 4, 1}},
    {"slice", {SHAPE(2, 5, 3)}, .p.along = {1, 1, 3}},
    {"slice", {SHAPE(2, 3, 5)}, .p.along = {2, 0, 5}},

    /* one row of one; more rows than there are, so that some come twice; a shape of indices */
    {"gather_rows", {SHAPE(1, 1), SHAPE(1)}},
    {"gather_rows", {SHAPE(5, 7), SHAPE(11)}},
    {"gather_rows", {SHAPE(9, 16), SHAPE(2, 3)}},
    {"gather_rows", {SHAPE(17, 3), SHAPE(1, 2, 2, 1, 2, 1, 1)}},

    /* the only one; all of them, which sorts; some of rows of rows; one of each */
    {"top_k", {SHAPE(1)}, .p.top_k = 1},
    {"top_k", {SHAPE(9)}, .p.top_k = 9},
    {"top_k", {SHAPE(2, 3, 11)}, .p.top_k = 4},
    {"top_k", {SHAPE(5, 7)}, .p.top_k = 1},

    /* one of two; all that can; heads; the first protected; even and odd numbers of tokens */
    {"match_tokens", {SHAPE(1, 2, 3)}, .p.merge = {1}},
    {"match_tokens", {SHAPE(2, 8, 5)}, .p.merge = {4}},
    {"match_tokens", {SHAPE(2, 9, 12)}, .p.merge = {3, {.heads = 3}}},
    {"match_tokens", {SHAPE(2, 9, 8)}, .p.merge = {4, {.heads = 2, .protect = TRUE}}},
    {"match_tokens", {SHAPE(1, 10, 16)}, .p.merge = {2, {.protect = TRUE}}},
    {"match_tokens", {SHAPE(1, 33, 64)}, .p.merge = {7, {.heads = 4, .protect = TRUE}}},

    {"merge_tokens", {SHAPE(1, 2, 1)}, .p.merge = {1}},
    {"merge_tokens", {SHAPE(2, 9, 7)}, .p.merge = {3}},
    {"merge_tokens", {SHAPE(2, 10, 5), SHAPE(2, 10)}, .p.merge = {5}},
    {"merge_tokens", {SHAPE(3, 11, 16), SHAPE(3, 11)}, .p.merge = {4}},

    {"merge_sizes", {SHAPE(1, 2)}, .p.merge = {1}},
    {"merge_sizes", {SHAPE(2, 9)}, .p.merge = {3}},
    {"merge_sizes", {SHAPE(3, 10)}, .p.merge = {4, .no_sizes = TRUE}},

    {"log", {SHAPE(1)}},
    {"log", {SHAPE(2, 3, 5)}},

    {"kl_divergence", {SHAPE(1, 1), SHAPE(1, 1)}},
    {"kl_divergence", {SHAPE(5, 7), SHAPE(5, 7)}},

    {"pixel_shuffle", {SHAPE(1, 1, 1, 1)}, .p.factor = 1},
    {"pixel_shuffle", {SHAPE(1, 4, 1, 1)}, .p.factor = 2},
    {"pixel_shuffle", {SHAPE(2, 12, 3, 5)}, .p.factor = 2},
    {"pixel_shuffle", {SHAPE(2, 18, 4, 3)}, .p.factor = 3},

    {"charbonnier", {SHAPE(1), SHAPE(1)}},
    {"charbonnier", {SHAPE(2, 3, 5, 7), SHAPE(2, 3, 5, 7)}},
    {"charbonnier", {SHAPE(3, 11), SHAPE(3, 11)}, .p.charbonnier = {.eps = 2.5}},

    {"result", {SHAPE(2, 11)}, .p.top_k = 3},

    {"write_rows", {SHAPE(1), SHAPE(1)}},
    {"write_rows", {SHAPE(9, 5), SHAPE(2, 5)}},
    {"write_rows", {SHAPE(4, 2, 3), SHAPE(4, 2, 3)}},

    {"live_rows", {SHAPE(1, 1)}},
    {"live_rows", {SHAPE(5, 2, 3)}},

    {"dropout", {SHAPE(1)}},
    {"dropout", {SHAPE(2, 3, 5, 7)}, .p.dropout = 0.5},

    /* one class; several; pixels; one position that has no class */
    {"cross_entropy", {SHAPE(1, 1), SHAPE(1)}},
    {"cross_entropy", {SHAPE(5, 7), SHAPE(5)}},
    {"cross_entropy", {SHAPE(9, 3), SHAPE(9)}, .p.cross_entropy = {0.1}},
    {"cross_entropy", {SHAPE(4, 5), SHAPE(4)}, .p.cross_entropy = {1}},
    {"cross_entropy", {SHAPE(2, 4, 3, 5), SHAPE(2, 3, 5)}},
    {"cross_entropy", {SHAPE(2, 3, 5, 1), SHAPE(2, 5, 1)}, .p.cross_entropy = {0.3}},
    {"cross_entropy", {SHAPE(3, 2, 1, 1), SHAPE(3, 1, 1)}, .p.cross_entropy = {0.1}},
};
/* clang-format on */

const guint n_op_cases = G_N_ELEMENTS(op_cases);

const OpUnderTest *op_under_test(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(ops_under_test); i++)
        if (g_str_equal(ops_under_test[i].name, name))
            return &ops_under_test[i];
    return NULL;
}

VdtValue *op_case_build(const OpCase *c, VdtGraph *graph)
{
    const OpUnderTest *op = op_under_test(c->op);
    VdtValue *x[3] = {vdt_input(graph, "x0", &c->x[0])};

    g_assert_nonnull(op);
    if (op_case_n_inputs(c) > 1)
        x[1] = vdt_input_typed(graph, "x1", op->integers ? VDT_I32 : VDT_F32, &c->x[1]);
    if (op_case_n_inputs(c) > 2)
        x[2] = vdt_input(graph, "x2", &c->x[2]);
    return op->build(vdt_scope(graph, "op"), x, c);
}
