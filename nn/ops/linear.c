/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * y = x W^T + b on the last dimension; all the others are rows.
 */
#include "builders.h"

/* Independent partial sums: they fill a vector, and err less than one long sum. */
#define LANES 16

static gint64 columns(const VdtNode *node)
{
    return node->shape.dims[node->shape.n_dims - 1];
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape, *w = &node->inputs[1]->shape;

    if (x->n_dims < 1 || w->n_dims != 2 || w->dims[1] != x->dims[x->n_dims - 1]) {
        g_autofree char *x_text = vdt_shape_to_string(x), *w_text = vdt_shape_to_string(w);

        return vdt_shape_error(error, "weight %s does not fit input %s", w_text, x_text);
    }
    if (node->n_inputs > 2 && !vdt_shape_is_vector(&node->inputs[2]->shape, w->dims[0])) {
        g_autofree char *text = vdt_shape_to_string(&node->inputs[2]->shape);

        return vdt_shape_error(error, "bias %s does not fit %" G_GINT64_FORMAT " outputs", text,
                               w->dims[0]);
    }
    node->shape = *x;
    node->shape.dims[x->n_dims - 1] = w->dims[0];
    return TRUE;
}

static vdt_real dot(const vdt_real *a, const vdt_real *b, gint64 n)
{
    vdt_real lanes[LANES] = {0};
    vdt_real sum = 0;
    gint64 i = 0;

    for (; i + LANES <= n; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += a[i + lane] * b[i + lane];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 in = columns(node->inputs[0]), out = columns(node);
    gint64 rows = vdt_shape_elements(&node->shape) / out;

    for (gint64 row = 0; row < rows; row++)
        for (gint64 o = 0; o < out; o++)
            y[row * out + o] =
                dot(x[0] + row * in, x[1] + o * in, in) + (node->n_inputs > 2 ? x[2][o] : 0);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 in = columns(node->inputs[0]), out = columns(node);
    gint64 rows = vdt_shape_elements(&node->shape) / out;

    for (gint64 row = 0; row < rows; row++) {
        for (gint64 o = 0; o < out; o++) {
            vdt_real d = dy[row * out + o];

            if (dx[0])
                for (gint64 i = 0; i < in; i++)
                    dx[0][row * in + i] += d * x[1][o * in + i];
            if (dx[1])
                for (gint64 i = 0; i < in; i++)
                    dx[1][o * in + i] += d * x[0][row * in + i];
            if (node->n_inputs > 2 && dx[2])
                dx[2][o] += d;
        }
    }
}

static guint64 macs(const VdtNode *node)
{
    return (guint64)vdt_shape_elements(&node->shape) * columns(node->inputs[0]);
}

const VdtOp VDT_OP(linear) = {
    .name = "linear",
    .min_inputs = 2,
    .max_inputs = 3,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
    .macs = macs,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_linear_with(VdtScope scope, VdtValue *x, VdtLinear options)
{
    VdtShape weight, bias = vdt_shape(options.out);
    VdtValue *inputs[3] = {x};

    if (!x || x->shape.n_dims == 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "linear: the input has no dimensions");
    if (options.out <= 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "linear: %d outputs must be positive", options.out);
    weight = vdt_shape(options.out, x->shape.dims[x->shape.n_dims - 1]);
    inputs[1] = vdt_param_with(scope, "weight", &weight, (VdtStart){.deviation = 0.01});
    if (!options.no_bias)
        inputs[2] = vdt_param_with(scope, "bias", &bias, (VdtStart){0});
    return vdt_graph_add(scope.graph, &vdt_op_linear, scope.prefix, NULL, options.no_bias ? 2 : 3,
                         inputs);
}

VdtValue *vdt_linear_by(VdtValue *x, VdtValue *weight, VdtValue *bias)
{
    return vdt_graph_add_weighted(&vdt_op_linear, x, weight, bias, NULL);
}
#endif
