/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dropout as it is in a trained network: nothing happens. What it drops depends on a seed, which an
 * op does not have; that is the TRAIN plan's.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    if (!(node->p.dropout.p >= 0 && node->p.dropout.p < 1))
        return vdt_shape_error(error, "probability %g is not from 0 up to 1", node->p.dropout.p);
    node->shape = node->inputs[0]->shape;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    memcpy(y, x[0], vdt_shape_elements(&node->shape) * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n && dx[0]; i++)
        dx[0][i] += dy[i];
}

const VdtOp VDT_OP(dropout) = {
    .name = "dropout",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_dropout(VdtValue *x, double p)
{
    VdtNode node = {.p.dropout.p = p};

    return vdt_graph_add_unary(&vdt_op_dropout, x, &node);
}
#endif
