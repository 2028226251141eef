/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch norm as it is in training: with the mean and the biased variance of each channel of the
 * batch itself. It stands in for batch_norm there and takes the same inputs; the running statistics
 * are not read. Gradients go through the statistics:
 *     dx = weight / sd * (dy - mean(dy) - xhat * mean(dy * xhat)) [+ alpha * dy]
 */
#include "planes.h"
#include "table.h"

#include <math.h>

enum { X, WEIGHT, BIAS, ALPHA = 5 };

static VdtPlanes planes_of(const VdtNode *node)
{
    return vdt_planes_of(&node->shape, node->p.batch_norm.axis);
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return VDT_OP(batch_norm).infer_shape(node, error);
}

static double mean_of(const VdtPlanes *p, const vdt_real *x, gint64 c)
{
    double sum = 0;

    for (gint64 n = 0; n < p->outer; n++)
        for (gint64 i = 0; i < p->size; i++)
            sum += x[(n * p->channels + c) * p->size + i];
    return sum / (p->outer * p->size);
}

/* 1 / sqrt(var + eps). In a second pass, so that a large mean costs no digits. */
static double inverse_deviation(const VdtNode *node, const VdtPlanes *p, const vdt_real *x,
                                gint64 c, double mean)
{
    double sum = 0;

    for (gint64 n = 0; n < p->outer; n++) {
        for (gint64 i = 0; i < p->size; i++) {
            double d = x[(n * p->channels + c) * p->size + i] - mean;

            sum += d * d;
        }
    }
    return 1 / sqrt(sum / (p->outer * p->size) + node->p.batch_norm.eps);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const VdtPlanes p = planes_of(node);
    vdt_real alpha = node->n_inputs > ALPHA ? x[ALPHA][0] : 0;

    for (gint64 c = 0; c < p.channels; c++) {
        double mean = mean_of(&p, x[X], c);
        double scale = x[WEIGHT][c] * inverse_deviation(node, &p, x[X], c, mean);

        for (gint64 n = 0; n < p.outer; n++) {
            gint64 begin = (n * p.channels + c) * p.size;

            for (gint64 i = begin; i < begin + p.size; i++)
                y[i] = (x[X][i] - mean) * scale + x[BIAS][c] + alpha * x[X][i];
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const VdtPlanes p = planes_of(node);
    vdt_real alpha = node->n_inputs > ALPHA ? x[ALPHA][0] : 0;
    double dalpha = 0;

    for (gint64 c = 0; c < p.channels; c++) {
        double mean = mean_of(&p, x[X], c);
        double inverse = inverse_deviation(node, &p, x[X], c, mean);
        double sum = 0, dot = 0, count = p.outer * p.size;

        for (gint64 n = 0; n < p.outer; n++) {
            gint64 begin = (n * p.channels + c) * p.size;

            for (gint64 i = begin; i < begin + p.size; i++) {
                sum += dy[i];
                dot += dy[i] * (x[X][i] - mean) * inverse;
                dalpha += (double)dy[i] * x[X][i];
            }
        }
        for (gint64 n = 0; n < p.outer && dx[X]; n++) {
            gint64 begin = (n * p.channels + c) * p.size;

            for (gint64 i = begin; i < begin + p.size; i++)
                dx[X][i] += alpha * dy[i] +
                            x[WEIGHT][c] * inverse *
                                (dy[i] - sum / count - (x[X][i] - mean) * inverse * dot / count);
        }
        if (dx[WEIGHT])
            dx[WEIGHT][c] += dot;
        if (dx[BIAS])
            dx[BIAS][c] += sum;
    }
    if (node->n_inputs > ALPHA && dx[ALPHA])
        dx[ALPHA][0] += dalpha;
}

const VdtOp VDT_OP(batch_norm_batch) = {
    .name = "batch_norm_batch",
    .min_inputs = 5,
    .max_inputs = 6,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1 | VDT_NEEDS_X5,
};
