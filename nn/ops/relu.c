/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * max(x, 0). NaN stays NaN; the gradient at 0 is 0.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    node->shape = node->inputs[0]->shape;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][i] <= 0 ? 0 : x[0][i];
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    if (!dx[0])
        return;
    for (gint64 i = 0; i < n; i++)
        dx[0][i] += y[i] <= 0 ? 0 : dy[i];
}

const VdtOp VDT_OP(relu) = {
    .name = "relu",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_Y,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_relu(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_relu, x, NULL);
}
#endif
