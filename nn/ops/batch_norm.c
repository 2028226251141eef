/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch norm as it is used in a trained network, with running statistics:
 * y = (x - mean) / sqrt(var + eps) * weight + bias, per channel (dimension 1).
 */
#include "builders.h"

#include <math.h>

enum { X, WEIGHT, BIAS, MEAN, VAR };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[X]->shape;

    if (x->n_dims < 2)
        return vdt_shape_error(error, "the input has %u dimensions, it takes 2 or more", x->n_dims);
    for (guint i = WEIGHT; i <= VAR; i++) {
        if (!vdt_shape_is_vector(&node->inputs[i]->shape, x->dims[1])) {
            g_autofree char *text = vdt_shape_to_string(&node->inputs[i]->shape);

            return vdt_shape_error(error, "%s %s does not fit %" G_GINT64_FORMAT " channels",
                                   node->inputs[i]->name, text, x->dims[1]);
        }
    }
    node->shape = *x;
    return TRUE;
}

static gint64 plane_size(const VdtNode *node)
{
    return vdt_shape_elements(&node->shape) / node->shape.dims[0] / node->shape.dims[1];
}

static double inverse_deviation(const VdtNode *node, double var)
{
    return 1 / sqrt(var + node->p.batch_norm.eps);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 channels = node->shape.dims[1], size = plane_size(node);

    for (gint64 plane = 0; plane < node->shape.dims[0] * channels; plane++) {
        gint64 c = plane % channels;
        vdt_real scale = x[WEIGHT][c] * inverse_deviation(node, x[VAR][c]);
        vdt_real mean = x[MEAN][c], bias = x[BIAS][c];

        for (gint64 i = 0; i < size; i++)
            y[plane * size + i] = (x[X][plane * size + i] - mean) * scale + bias;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 channels = node->shape.dims[1], size = plane_size(node);

    for (gint64 plane = 0; plane < node->shape.dims[0] * channels; plane++) {
        gint64 c = plane % channels;
        double inverse = inverse_deviation(node, x[VAR][c]);
        vdt_real scale = x[WEIGHT][c] * inverse;
        double sum = 0, sum_x = 0;

        for (gint64 i = plane * size; i < (plane + 1) * size; i++) {
            if (dx[X])
                dx[X][i] += dy[i] * scale;
            sum += dy[i];
            sum_x += (double)dy[i] * (x[X][i] - x[MEAN][c]);
        }
        if (dx[WEIGHT])
            dx[WEIGHT][c] += sum_x * inverse;
        if (dx[BIAS])
            dx[BIAS][c] += sum;
    }
}

const VdtOp VDT_OP(batch_norm) = {
    .name = "batch_norm",
    .min_inputs = 5,
    .max_inputs = 5,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1 | VDT_NEEDS_X3 | VDT_NEEDS_X4,
    .training = &VDT_OP(batch_norm_batch),
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_batch_norm(VdtScope scope, VdtValue *x)
{
    VdtNode node = {.p.batch_norm.eps = 1e-5f};
    VdtShape channels = vdt_shape(vdt_value_dim(x, 1));
    VdtValue *inputs[5] = {x};

    if (!x || x->shape.n_dims < 2)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "batch_norm: the input has %u dimensions, it takes 2 or more",
                              vdt_value_shape(x).n_dims);
    inputs[1] = vdt_param_with(scope, "weight", &channels, (VdtStart){.value = 1});
    inputs[2] = vdt_param_with(scope, "bias", &channels, (VdtStart){0});
    inputs[3] = vdt_graph_add_param(scope, "running_mean", &channels, (VdtStart){0}, TRUE);
    inputs[4] = vdt_graph_add_param(scope, "running_var", &channels, (VdtStart){.value = 1}, TRUE);
    return vdt_graph_add(scope.graph, &vdt_op_batch_norm, scope.prefix, &node, 5, inputs);
}
#endif
