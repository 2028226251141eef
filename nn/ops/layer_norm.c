/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * (x - mean) / sqrt(variance + eps) * weight + bias, torch.nn.LayerNorm: mean and biased variance
 * over the last dimensions, as many as the weight has.
 */
#include "builders.h"

#include <tgmath.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape, *w = &node->inputs[1]->shape;
    gboolean fits = w->n_dims > 0 && w->n_dims <= x->n_dims;

    for (guint i = 0; fits && i < w->n_dims; i++)
        fits = w->dims[i] == x->dims[x->n_dims - w->n_dims + i];
    if (!fits || !vdt_shape_equal(w, &node->inputs[2]->shape)) {
        g_autofree char *x_text = vdt_shape_to_string(x), *w_text = vdt_shape_to_string(w);

        return vdt_shape_error(error, "weight %s does not fit input %s", w_text, x_text);
    }
    node->shape = *x;
    return TRUE;
}

typedef struct {
    double mean, scale; /* scale: 1 / sqrt(variance + eps) */
} Moments;

static Moments moments_of(const vdt_real *x, gint64 n, double eps)
{
    double sum = 0, square = 0;

    for (gint64 i = 0; i < n; i++)
        sum += x[i];
    for (gint64 i = 0; i < n; i++)
        square += (x[i] - sum / n) * (x[i] - sum / n);
    return (Moments){sum / n, 1 / sqrt(square / n + eps)};
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->inputs[1]->shape);
    gint64 rows = vdt_shape_elements(&node->shape) / n;

    for (gint64 row = 0; row < rows; row++) {
        const vdt_real *from = x[0] + row * n;
        Moments m = moments_of(from, n, node->p.layer_norm.eps);

        for (gint64 i = 0; i < n; i++)
            *y++ = (from[i] - m.mean) * m.scale * x[1][i] + x[2][i];
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->inputs[1]->shape);
    gint64 rows = vdt_shape_elements(&node->shape) / n;

    for (gint64 row = 0; row < rows; row++) {
        const vdt_real *from = x[0] + row * n, *d = dy + row * n;
        Moments m = moments_of(from, n, node->p.layer_norm.eps);
        double sum = 0, along = 0; /* of the gradient of the normed x: itself, and times that x */

        for (gint64 i = 0; i < n; i++) {
            double normed = (from[i] - m.mean) * m.scale;

            sum += d[i] * x[1][i];
            along += d[i] * x[1][i] * normed;
            if (dx[1])
                dx[1][i] += d[i] * normed;
            if (dx[2])
                dx[2][i] += d[i];
        }
        for (gint64 i = 0; i < n && dx[0]; i++) {
            double normed = (from[i] - m.mean) * m.scale;

            dx[0][row * n + i] += m.scale * (d[i] * x[1][i] - (sum + normed * along) / n);
        }
    }
}

static gboolean apart(const VdtNode *node, guint input)
{
    return input == 0 && node->inputs[1]->shape.n_dims < node->shape.n_dims;
}

const VdtOp VDT_OP(layer_norm) = {
    .name = "layer_norm",
    .min_inputs = 3,
    .max_inputs = 3,
    .apart = apart,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_layer_norm_with(VdtScope scope, VdtValue *x, const VdtShape *shape,
                              VdtLayerNorm options)
{
    VdtNode node = {.p.layer_norm.eps = options.eps != 0 ? options.eps : 1e-5};
    VdtValue *inputs[3] = {x, vdt_param_with(scope, "weight", shape, (VdtStart){.value = 1}),
                           vdt_param_with(scope, "bias", shape, (VdtStart){0})};

    return vdt_graph_add(scope.graph, &vdt_op_layer_norm, scope.prefix, &node, 3, inputs);
}
#endif
