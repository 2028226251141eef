/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In training, lambda * from + (1 - lambda) * to. lambda is 1 as long as there is something left of
 * "warm", and then iter / total_step, both of which a run counts down once: TRAIN plans do that.
 */
#include "table.h"

enum { FROM, TO, WARM, ITER, TOTAL };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return VDT_OP(progress).infer_shape(node, error);
}

static vdt_real lambda(const vdt_real *const *x)
{
    if (*x[WARM] > 0)
        return 1;
    return *x[ITER] > 0 && *x[TOTAL] > 0 ? MIN(*x[ITER] / *x[TOTAL], 1) : 0;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape);
    vdt_real l = lambda(x);

    for (gint64 i = 0; i < n; i++)
        y[i] = l * x[FROM][i] + (1 - l) * x[TO][i];
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);
    vdt_real l = lambda(x);

    for (gint64 i = 0; i < n && dx[FROM]; i++)
        dx[FROM][i] += l * dy[i];
    for (gint64 i = 0; i < n && dx[TO]; i++)
        dx[TO][i] += (1 - l) * dy[i];
}

const VdtOp VDT_OP(progress_training) = {
    .name = "progress_training",
    .min_inputs = 5,
    .max_inputs = 5,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X2 | VDT_NEEDS_X3 | VDT_NEEDS_X4,
};
