/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far values are from targets: the mean of sqrt(d^2 + eps^2) over all elements, which is like
 * |d| but for differences that are small beside eps, where it is smooth. Inputs: x, targets.
 */
#include "builders.h"

#include <math.h>

enum { X, TARGETS };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[X]->shape, *targets = &node->inputs[TARGETS]->shape;
    const double eps = node->p.charbonnier.eps;

    if (!vdt_shape_equal(x, targets)) {
        g_autofree char *x_text = vdt_shape_to_string(x), *text = vdt_shape_to_string(targets);

        return vdt_shape_error(error, "values %s and targets %s are not of one shape", x_text,
                               text);
    }
    if (!(eps > 0 && eps <= 1e6))
        return vdt_shape_error(error, "eps is %g, it must be above 0 and at most 1e6", eps);
    node->shape = vdt_shape(1);
    return TRUE;
}

static double distance(const VdtNode *node, double d)
{
    return sqrt(d * d + node->p.charbonnier.eps * node->p.charbonnier.eps);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 n = vdt_shape_elements(&node->inputs[X]->shape);
    double sum = 0;

    for (gint64 i = 0; i < n; i++)
        sum += distance(node, (double)x[X][i] - x[TARGETS][i]);
    y[0] = sum / n;
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 n = vdt_shape_elements(&node->inputs[X]->shape);

    for (gint64 i = 0; i < n; i++) {
        const double d = (double)x[X][i] - x[TARGETS][i];
        const double slope = dy[0] * d / (distance(node, d) * n);

        if (dx[X])
            dx[X][i] += slope;
        if (dx[TARGETS])
            dx[TARGETS][i] -= slope;
    }
}

const VdtOp VDT_OP(charbonnier) = {
    .name = "charbonnier",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_charbonnier_with(VdtValue *x, VdtValue *targets, VdtCharbonnier options)
{
    VdtNode node = {.p.charbonnier.eps = options.eps != 0 ? options.eps : 1e-3};

    return vdt_graph_add_binary(&vdt_op_charbonnier, x, targets, &node);
}
#endif
