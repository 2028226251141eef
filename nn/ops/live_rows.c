/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x with zeros for all but its first rows. Inputs: x, how many. Of the result only those are live,
 * or all, zeros included.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtNode *x = node->inputs[0], *count = node->inputs[1];

    if (x->shape.n_dims < 2)
        return vdt_shape_error(error, "the input has %u dimensions, it takes 2 or more",
                               x->shape.n_dims);
    if (count->n_inputs > 0 || vdt_shape_elements(&count->shape) != 1)
        return vdt_shape_error(error, "the count is not an argument of the run");
    if (x->live && x->live != count)
        return vdt_shape_error(error, "\"%s\" are live already", x->live->name);
    node->shape = x->shape;
    node->live = node->p.live_rows.all ? NULL : count;
    return vdt_limit_integers(node->inputs[1], x->shape.dims[0] + 1, error);
}

static gint64 live(const VdtNode *node, const vdt_real *const *x)
{
    return vdt_shape_elements(&node->shape) / node->shape.dims[0] * *(const gint32 *)x[1];
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape), end = live(node, x);

    memcpy(y, x[0], end * sizeof *y);
    for (gint64 i = end; i < n; i++)
        y[i] = 0;
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    for (gint64 i = 0; i < live(node, x) && dx[0]; i++)
        dx[0][i] += dy[i];
}

const VdtOp VDT_OP(live_rows) = {
    .name = "live_rows",
    .min_inputs = 2,
    .max_inputs = 2,
    .integers = 1 << 1,
    .takes_live = TRUE,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_live_rows(VdtValue *x, VdtValue *count)
{
    return vdt_graph_add_binary(&vdt_op_live_rows, x, count, NULL);
}

VdtValue *vdt_all_rows(VdtValue *x, VdtValue *count)
{
    return vdt_graph_add_binary(&vdt_op_live_rows, x, count, &(VdtNode){.p.live_rows.all = TRUE});
}
#endif
