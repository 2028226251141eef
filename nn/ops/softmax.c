/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exp(x) over its sum, along the last dimension. The largest element is taken off first, so that
 * nothing overflows.
 */
#include "builders.h"

#include <tgmath.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    node->shape = node->inputs[0]->shape;
    if (node->shape.n_dims == 0)
        return vdt_shape_error(error, "the input has no dimensions");
    return TRUE;
}

static gint64 columns(const VdtNode *node)
{
    return node->shape.dims[node->shape.n_dims - 1];
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = columns(node), rows = vdt_shape_elements(&node->shape) / n;

    for (gint64 row = 0; row < rows; row++) {
        const vdt_real *from = x[0] + row * n;
        vdt_real *to = y + row * n, top = from[0];
        double sum = 0;

        for (gint64 i = 1; i < n; i++)
            top = MAX(top, from[i]);
        for (gint64 i = 0; i < n; i++)
            sum += to[i] = exp(from[i] - top);
        for (gint64 i = 0; i < n; i++)
            to[i] /= sum;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = columns(node), rows = vdt_shape_elements(&node->shape) / n;

    for (gint64 row = 0; row < rows && dx[0]; row++) {
        gint64 begin = row * n;
        double mean = 0; /* of dy, by share */

        for (gint64 i = begin; i < begin + n; i++)
            mean += dy[i] * y[i];
        for (gint64 i = begin; i < begin + n; i++)
            dx[0][i] += y[i] * (dy[i] - mean);
    }
}

const VdtOp VDT_OP(softmax) = {
    .name = "softmax",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_Y,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_softmax(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_softmax, x, NULL);
}
#endif
