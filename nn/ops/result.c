/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of the results of an op with several. Input: that op.
 */
#include "builders.h"

#include <string.h>

static VdtResult result_of(const VdtNode *node)
{
    return node->inputs[0]->op->result(node->inputs[0], node->p.result.number);
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtOp *op = node->inputs[0]->op;
    VdtResult result;

    if (node->p.result.number >= op->n_results)
        return vdt_shape_error(error, "%s has %u results, not %u", op->name, op->n_results,
                               node->p.result.number + 1);
    result = result_of(node);
    node->shape = result.shape;
    node->dtype = result.dtype;
    node->limit = result.limit;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    memcpy(y, x[0] + result_of(node).begin,
           vdt_shape_elements(&node->shape) *
               (node->dtype == VDT_I32 ? sizeof(gint32) : sizeof *y));
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape), begin = result_of(node).begin;

    for (gint64 i = 0; i < n && dx[0] && node->dtype == VDT_F32; i++)
        dx[0][begin + i] += dy[i];
}

const VdtOp VDT_OP(result) = {
    .name = "result",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtNode *vdt_graph_result(VdtNode *node, guint number)
{
    return vdt_graph_add_unary(&vdt_op_result, node, &(VdtNode){.p.result.number = number});
}
#endif
