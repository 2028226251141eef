/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch norm as it is used in a trained network, with running statistics:
 * y = (x - mean) / sqrt(var + eps) * weight + bias [+ alpha * x], per channel; alpha is one number.
 */
#include "builders.h"
#include "planes.h"

#include <math.h>

enum { X, WEIGHT, BIAS, MEAN, VAR, ALPHA };

static gboolean check_axis(const VdtShape *x, guint axis, GError **error)
{
    if (x->n_dims < 2)
        return vdt_shape_error(error, "the input has %u dimensions, it takes 2 or more", x->n_dims);
    if (axis < 1 || axis >= x->n_dims)
        return vdt_shape_error(error, "channels cannot be dimension %u of %u, which are 1 to %u",
                               axis, x->n_dims, x->n_dims - 1);
    return TRUE;
}

static gboolean fits(const VdtNode *node, guint i, gint64 n, GError **error)
{
    g_autofree char *text = NULL;

    if (vdt_shape_is_vector(&node->inputs[i]->shape, n))
        return TRUE;
    text = vdt_shape_to_string(&node->inputs[i]->shape);
    return vdt_shape_error(error, "%s %s does not fit %" G_GINT64_FORMAT " channels",
                           node->inputs[i]->name, text, n);
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[X]->shape;
    guint axis = node->p.batch_norm.axis;

    if (!check_axis(x, axis, error))
        return FALSE;
    for (guint i = WEIGHT; i <= VAR; i++)
        if (!fits(node, i, x->dims[axis], error))
            return FALSE;
    if (node->n_inputs > ALPHA && !vdt_shape_is_vector(&node->inputs[ALPHA]->shape, 1))
        return vdt_shape_error(error, "%s is not one number, [1]", node->inputs[ALPHA]->name);
    node->shape = *x;
    return TRUE;
}

static double inverse_deviation(const VdtNode *node, double var)
{
    return 1 / sqrt(var + node->p.batch_norm.eps);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const VdtPlanes p = vdt_planes_of(&node->shape, node->p.batch_norm.axis);
    vdt_real alpha = node->n_inputs > ALPHA ? x[ALPHA][0] : 0;

    for (gint64 plane = 0; plane < p.outer * p.channels; plane++) {
        gint64 c = plane % p.channels;
        vdt_real scale = x[WEIGHT][c] * inverse_deviation(node, x[VAR][c]);
        vdt_real mean = x[MEAN][c], bias = x[BIAS][c];

        for (gint64 i = plane * p.size; i < (plane + 1) * p.size; i++)
            y[i] = (x[X][i] - mean) * scale + bias + alpha * x[X][i];
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const VdtPlanes p = vdt_planes_of(&node->shape, node->p.batch_norm.axis);
    vdt_real alpha = node->n_inputs > ALPHA ? x[ALPHA][0] : 0;
    double dalpha = 0;

    for (gint64 plane = 0; plane < p.outer * p.channels; plane++) {
        gint64 c = plane % p.channels;
        double inverse = inverse_deviation(node, x[VAR][c]);
        vdt_real scale = x[WEIGHT][c] * inverse + alpha;
        double sum = 0, sum_x = 0;

        for (gint64 i = plane * p.size; i < (plane + 1) * p.size; i++) {
            if (dx[X])
                dx[X][i] += dy[i] * scale;
            sum += dy[i];
            sum_x += (double)dy[i] * (x[X][i] - x[MEAN][c]);
        }
        dalpha += sum_x + sum * x[MEAN][c];
        if (dx[WEIGHT])
            dx[WEIGHT][c] += sum_x * inverse;
        if (dx[BIAS])
            dx[BIAS][c] += sum;
    }
    if (node->n_inputs > ALPHA && dx[ALPHA])
        dx[ALPHA][0] += dalpha;
}

const VdtOp VDT_OP(batch_norm) = {
    .name = "batch_norm",
    .min_inputs = 5,
    .max_inputs = 6,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1 | VDT_NEEDS_X3 | VDT_NEEDS_X4 | VDT_NEEDS_X5,
    .training = &VDT_OP(batch_norm_batch),
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_batch_norm_with(VdtScope scope, VdtValue *x, VdtBatchNorm options)
{
    VdtNode node = {.p.batch_norm = {.eps = 1e-5f, .axis = MAX(options.axis, 1)}};
    VdtShape channels = vdt_shape(vdt_value_dim(x, node.p.batch_norm.axis));
    VdtValue *inputs[6] = {x, [ALPHA] = options.alpha};
    const VdtShape shape = vdt_value_shape(x);
    g_autoptr(GError) error = NULL;

    if (!check_axis(&shape, node.p.batch_norm.axis, &error))
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix, "batch_norm: %s",
                              error->message);
    inputs[1] = vdt_param_with(scope, "weight", &channels, (VdtStart){.value = 1});
    inputs[2] = vdt_param_with(scope, "bias", &channels, (VdtStart){0});
    inputs[3] = vdt_graph_add_param(scope, "running_mean", &channels, (VdtStart){0}, TRUE);
    inputs[4] = vdt_graph_add_param(scope, "running_var", &channels, (VdtStart){.value = 1}, TRUE);
    return vdt_graph_add(scope.graph, &vdt_op_batch_norm, scope.prefix, &node,
                         options.alpha ? 6 : 5, inputs);
}
#endif
