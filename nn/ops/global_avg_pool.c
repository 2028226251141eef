/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mean of each plane.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;

    if (x->n_dims != 4)
        return vdt_shape_error(error, "the input has %u dimensions, not 4", x->n_dims);
    node->shape = vdt_shape(x->dims[0], x->dims[1], 1, 1);
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *in = node->inputs[0]->shape.dims;
    gint64 size = in[2] * in[3];

    for (gint64 plane = 0; plane < in[0] * in[1]; plane++) {
        double sum = 0;

        for (gint64 i = 0; i < size; i++)
            sum += x[0][plane * size + i];
        y[plane] = sum / size;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *in = node->inputs[0]->shape.dims;
    gint64 size = in[2] * in[3];

    if (!dx[0])
        return;
    for (gint64 plane = 0; plane < in[0] * in[1]; plane++)
        for (gint64 i = 0; i < size; i++)
            dx[0][plane * size + i] += dy[plane] / size;
}

const VdtOp VDT_OP(global_avg_pool) = {
    .name = "global_avg_pool",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_global_avg_pool(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_global_avg_pool, x, NULL);
}
#endif
