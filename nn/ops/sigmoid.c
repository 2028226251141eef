/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 1 / (1 + exp(-x)). Where exp(-x) overflows the quotient is 0, as it should be.
 */
#include "builders.h"

#include <tgmath.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    node->shape = node->inputs[0]->shape;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = 1 / (1 + exp(-x[0][i]));
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    if (!dx[0])
        return;
    for (gint64 i = 0; i < n; i++)
        dx[0][i] += dy[i] * y[i] * (1 - y[i]);
}

const VdtOp VDT_OP(sigmoid) = {
    .name = "sigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_Y,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_sigmoid(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_sigmoid, x, NULL);
}
#endif
