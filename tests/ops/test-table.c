/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the table of ops: each must have test cases, a naive definition, a gradient case if it has
 * a backward, and a benchmark shape that fits it.
 */
#include "cases.h"
#include "ops/table.h"

#include <string.h>

static VdtShape parse_shape(const char *text)
{
    g_auto(GStrv) dims = g_strsplit(text, "x", -1);
    VdtShape shape = {.n_dims = g_strv_length(dims)};

    g_assert_cmpuint(shape.n_dims, <=, VDT_MAX_DIMS);
    for (guint i = 0; i < shape.n_dims; i++)
        g_assert_true(g_ascii_string_to_signed(dims[i], 10, 1, G_MAXINT, &shape.dims[i], NULL));
    return shape;
}

/* Finds "key=" among @fields and counts it as @used. */
static const char *field(char **fields, const char *key, guint *used)
{
    for (guint i = 0; fields[i]; i++) {
        if (g_str_has_prefix(fields[i], key) && fields[i][strlen(key)] == '=') {
            (*used)++;
            return fields[i] + strlen(key) + 1;
        }
    }
    return NULL;
}

static int number(char **fields, const char *key, guint *used)
{
    const char *text = field(fields, key, used);
    gint64 value = 0;

    g_assert_true(!text || g_ascii_string_to_signed(text, 10, 0, G_MAXINT, &value, NULL));
    return value;
}

/* A line of bench/shapes/ops.txt, split at spaces. */
static OpCase parse_case(char **fields)
{
    OpCase c = {.op = fields[0]};
    guint used = 1;
    const char *x0 = field(fields, "x", &used), *x1 = field(fields, "x1", &used);

    g_assert_nonnull(x0);
    c.x[0] = parse_shape(x0);
    if (x1)
        c.x[1] = parse_shape(x1);
    if (g_str_equal(c.op, "conv2d")) {
        c.p.conv2d.out = number(fields, "out", &used);
        c.p.conv2d.kernel = number(fields, "kernel", &used);
        c.p.conv2d.kernel_w = number(fields, "kernel_w", &used);
        c.p.conv2d.stride = number(fields, "stride", &used);
        c.p.conv2d.pad = number(fields, "pad", &used);
        c.p.conv2d.pad_w = number(fields, "pad_w", &used);
        c.p.conv2d.groups = number(fields, "groups", &used);
        c.p.conv2d.bias = number(fields, "bias", &used);
    } else if (g_str_equal(c.op, "linear")) {
        c.p.linear.out = number(fields, "out", &used);
        c.p.linear.no_bias = number(fields, "no_bias", &used);
    } else if (g_str_equal(c.op, "max_pool2d")) {
        c.p.max_pool2d.kernel = number(fields, "kernel", &used);
        c.p.max_pool2d.stride = number(fields, "stride", &used);
        c.p.max_pool2d.pad = number(fields, "pad", &used);
    } else if (g_str_has_prefix(c.op, "resize_") || g_str_equal(c.op, "adaptive_avg_pool2d")) {
        c.p.resize.height = number(fields, "height", &used);
        c.p.resize.width = number(fields, "width", &used);
        c.p.resize.align_corners = number(fields, "align_corners", &used);
    } else if (g_str_equal(c.op, "matmul")) {
        c.p.matmul.transpose_a = number(fields, "transpose_a", &used);
        c.p.matmul.transpose_b = number(fields, "transpose_b", &used);
    } else if (g_str_equal(c.op, "linear_attention")) {
        c.p.heads = number(fields, "heads", &used);
    } else if (g_str_equal(c.op, "layer_norm")) {
        const char *shape = field(fields, "shape", &used);

        g_assert_nonnull(shape);
        c.p.layer_norm.shape = parse_shape(shape);
    } else if (g_str_equal(c.op, "distance_bias")) {
        c.p.distance_bias.grid = number(fields, "grid", &used);
        c.p.distance_bias.stride = number(fields, "stride", &used);
    } else if (g_str_has_prefix(c.op, "window")) {
        c.p.windows.options.height = number(fields, "height", &used);
        c.p.windows.options.width = number(fields, "width", &used);
        c.p.windows.options.window = number(fields, "window", &used);
        c.p.windows.options.shift = number(fields, "shift", &used);
    } else if (g_str_equal(c.op, "pixel_shuffle")) {
        c.p.factor = number(fields, "factor", &used);
    } else if (g_str_equal(c.op, "concat") || g_str_equal(c.op, "slice")) {
        c.p.along.axis = (guint)number(fields, "axis", &used);
        c.p.along.begin = number(fields, "begin", &used);
        c.p.along.length = number(fields, "length", &used);
    } else if (g_str_equal(c.op, "reshape")) {
        const char *shape = field(fields, "shape", &used);

        g_assert_nonnull(shape);
        c.p.reshape = parse_shape(shape);
    } else if (g_str_equal(c.op, "expand")) {
        const char *shape = field(fields, "shape", &used);

        g_assert_nonnull(shape);
        c.p.expand = parse_shape(shape);
    } else if (g_str_equal(c.op, "permute")) {
        const char *order = field(fields, "order", &used);

        g_assert_nonnull(order);
        g_assert_cmpuint(strlen(order), ==, c.x[0].n_dims);
        for (guint i = 0; i < c.x[0].n_dims; i++)
            c.p.permute[i] = (guint)g_ascii_digit_value(order[i]);
    } else if (g_str_equal(c.op, "top_k") || g_str_equal(c.op, "result")) {
        c.p.top_k = number(fields, "k", &used);
    } else if (g_str_has_prefix(c.op, "match_") || g_str_has_prefix(c.op, "merge_")) {
        c.p.merge.n = number(fields, "n", &used);
        c.p.merge.options.heads = number(fields, "heads", &used);
        c.p.merge.options.protect = number(fields, "protect", &used);
    } else if (g_str_equal(c.op, "dropout")) {
        c.p.dropout = number(fields, "percent", &used) / 100.0;
    } else if (g_str_equal(c.op, "cross_entropy")) {
        c.p.cross_entropy.label_smoothing = number(fields, "smoothing_percent", &used) / 100.0;
    }
    g_assert_cmpuint(used, ==, g_strv_length(fields));
    return c;
}

static char **read_bench_lines(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "bench", "shapes", "ops.txt", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return g_strsplit(text, "\n", -1);
}

static guint count_bench_shapes(const char *op)
{
    g_auto(GStrv) lines = read_bench_lines();
    guint n = 0;

    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", -1);

        if (g_strcmp0(fields[0], op) == 0) {
            g_autoptr(VdtGraph) graph = vdt_graph_new();
            OpCase c = parse_case(fields);

            g_assert_nonnull(op_case_build(&c, graph));
            n++;
        }
    }
    return n;
}

static void test_op(gconstpointer data)
{
    const VdtOp *op = data;
    const OpUnderTest *test = op_under_test(op->name);
    guint n_cases = 0, n_differentiable = 0;

    g_assert_nonnull(op->infer_shape);
    g_assert_nonnull(op->forward);
    g_assert_cmpuint(op->max_inputs, <=, VDT_MAX_INPUTS);
    g_assert_nonnull(test);
    g_assert_nonnull(test->naive);
    for (guint i = 0; i < n_op_cases; i++) {
        if (g_str_equal(op_cases[i].op, op->name)) {
            g_autoptr(VdtGraph) graph = vdt_graph_new();
            const VdtNode *node = op_case_build(&op_cases[i], graph);

            /* that it builds this op and no other */
            g_assert_nonnull(node);
            g_assert_true(node->op == op);
            n_cases++;
            for (guint k = 0; k < node->n_inputs; k++)
                n_differentiable += !node->inputs[k]->derived;
        }
    }
    g_assert_cmpuint(n_cases, >, 0);
    if (op->backward)
        g_assert_cmpuint(n_differentiable, >, 0);
    g_assert_cmpuint(count_bench_shapes(op->name), ==, 1);
}

/* Every case and every line belongs to an op, so that a misspelt name is not a silent gap. */
static void test_no_strangers(void)
{
    g_auto(GStrv) lines = read_bench_lines();

    for (guint i = 0; i < n_op_cases; i++)
        g_assert_nonnull(op_under_test(op_cases[i].op));
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], " ", 2);

        if (*lines[i] && *lines[i] != '#')
            g_assert_nonnull(op_under_test(fields[0]));
    }
}

int main(int argc, char **argv)
{
#define ROW(name) &vdt_op_##name,
    static const VdtOp *const ops[] = {VDT_OPS(ROW)};
#undef ROW

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ops); i++) {
        g_autofree char *path = g_strdup_printf("/ops/table/%s", ops[i]->name);

        if (ops[i] != &vdt_op_input && ops[i] != &vdt_op_param && ops[i] != &vdt_op_state)
            g_test_add_data_func(path, ops[i], test_op);
    }
    g_test_add_func("/ops/table-strangers", test_no_strangers);
    return g_test_run();
}
