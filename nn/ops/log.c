/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The natural logarithm. */
#include "builders.h"

#include <tgmath.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    node->shape = node->inputs[0]->shape;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++)
        y[i] = log(x[0][i]);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    for (gint64 i = 0; i < vdt_shape_elements(&node->shape) && dx[0]; i++)
        dx[0][i] += dy[i] / x[0][i];
}

const VdtOp VDT_OP(log) = {
    .name = "log",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_log(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_log, x, NULL);
}
#endif
