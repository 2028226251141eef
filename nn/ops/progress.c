/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a training leads from one value to another, where it has come to an end: the second of two
 * values of one shape. In training it is both, by a share that goes down (progress_training).
 */
#include "builders.h"

#include <string.h>

enum { FROM, TO, WARM, ITER, TOTAL };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *from = &node->inputs[FROM]->shape, *to = &node->inputs[TO]->shape;

    if (!vdt_shape_equal(from, to)) {
        g_autofree char *a = vdt_shape_to_string(from), *b = vdt_shape_to_string(to);

        return vdt_shape_error(error, "%s cannot become %s", a, b);
    }
    for (guint i = WARM; i <= TOTAL; i++)
        if (node->inputs[i]->shape.n_dims > 0)
            return vdt_shape_error(error, "%s is not a number of no dimensions",
                                   node->inputs[i]->name);
    node->shape = *to;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    memcpy(y, x[TO], vdt_shape_elements(&node->shape) * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n && dx[TO]; i++)
        dx[TO][i] += dy[i];
}

static gboolean apart(const VdtNode *node, guint input)
{
    return input <= TO && node->shape.n_dims > 1;
}

const VdtOp VDT_OP(progress) = {
    .name = "progress",
    .min_inputs = 5,
    .max_inputs = 5,
    .apart = apart,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
    .training = &VDT_OP(progress_training),
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_progress(VdtScope scope, VdtValue *from, VdtValue *to)
{
    const VdtShape number = {0};
    const VdtStart total = {.value = VDT_PROGRESS_STEPS};
    VdtValue *inputs[5] = {from, to};

    inputs[WARM] = vdt_graph_add_param(scope, "warm", &number, (VdtStart){0}, TRUE);
    inputs[ITER] = vdt_graph_add_param(scope, "iter", &number, total, TRUE);
    inputs[TOTAL] = vdt_graph_add_param(scope, "total_step", &number, total, TRUE);
    return vdt_graph_add(scope.graph, &vdt_op_progress, scope.prefix, NULL, 5, inputs);
}
#endif
