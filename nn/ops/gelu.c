/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x Phi(x) with the normal distribution's own Phi, torch.nn.GELU(approximate='none').
 */
#include "builders.h"

#include <tgmath.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    node->shape = node->inputs[0]->shape;
    return TRUE;
}

static vdt_real share(vdt_real x)
{
    return (vdt_real)0.5 * (1 + erf(x * (vdt_real)G_SQRT2 / 2));
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][i] * share(x[0][i]);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const vdt_real peak = (vdt_real)0.3989422804014327; /* of the density, 1 / sqrt(2 pi) */
    gint64 n = vdt_shape_elements(&node->shape);

    if (!dx[0])
        return;
    for (gint64 i = 0; i < n; i++) {
        vdt_real density = peak * exp(-x[0][i] * x[0][i] / 2);

        dx[0][i] += dy[i] * (share(x[0][i]) + x[0][i] * density);
    }
}

const VdtOp VDT_OP(gelu) = {
    .name = "gelu",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_gelu(VdtValue *x)
{
    return vdt_graph_add_unary(&vdt_op_gelu, x, NULL);
}
#endif
