/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * min(max(x + 3, 0), 6) / 6, torch.nn.Hardsigmoid.
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

    for (gint64 i = 0; i < n; i++) {
        vdt_real up = x[0][i] + 3;

        up = up < 0 ? 0 : up; /* NaN stays */
        y[i] = (up > 6 ? 6 : up) / 6;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n && dx[0]; i++)
        if (y[i] > 0 && y[i] < 1)
            dx[0][i] += dy[i] / 6;
}

const VdtOp VDT_OP(hard_sigmoid) = {
    .name = "hard_sigmoid",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_Y,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_hard_sigmoid(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_hard_sigmoid, x, NULL);
}
#endif
