/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch norm as it is in training: with the mean and the biased variance of each channel of the
 * batch itself. It stands in for batch_norm there and takes the same inputs; the running statistics
 * are not read. Gradients go through the statistics:
 *     dx = weight / sd * (dy - mean(dy) - xhat * mean(dy * xhat))
 */
#include "table.h"

#include <math.h>

enum { X, WEIGHT, BIAS };

typedef struct {
    gint64 batch, channels, size; /* of a plane */
} Extent;

static Extent extent_of(const VdtNode *node)
{
    const VdtShape *s = &node->shape;

    return (Extent){s->dims[0], s->dims[1], vdt_shape_elements(s) / s->dims[0] / s->dims[1]};
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return VDT_OP(batch_norm).infer_shape(node, error);
}

static double mean_of(const Extent *e, const vdt_real *x, gint64 c)
{
    double sum = 0;

    for (gint64 n = 0; n < e->batch; n++)
        for (gint64 i = 0; i < e->size; i++)
            sum += x[(n * e->channels + c) * e->size + i];
    return sum / (e->batch * e->size);
}

/* 1 / sqrt(var + eps). In a second pass, so that a large mean costs no digits. */
static double inverse_deviation(const VdtNode *node, const Extent *e, const vdt_real *x, gint64 c,
                                double mean)
{
    double sum = 0;

    for (gint64 n = 0; n < e->batch; n++) {
        for (gint64 i = 0; i < e->size; i++) {
            double d = x[(n * e->channels + c) * e->size + i] - mean;

            sum += d * d;
        }
    }
    return 1 / sqrt(sum / (e->batch * e->size) + node->p.batch_norm.eps);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Extent e = extent_of(node);

    for (gint64 c = 0; c < e.channels; c++) {
        double mean = mean_of(&e, x[X], c);
        double scale = x[WEIGHT][c] * inverse_deviation(node, &e, x[X], c, mean);

        for (gint64 n = 0; n < e.batch; n++) {
            gint64 begin = (n * e.channels + c) * e.size;

            for (gint64 i = begin; i < begin + e.size; i++)
                y[i] = (x[X][i] - mean) * scale + x[BIAS][c];
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Extent e = extent_of(node);

    for (gint64 c = 0; c < e.channels; c++) {
        double mean = mean_of(&e, x[X], c);
        double inverse = inverse_deviation(node, &e, x[X], c, mean);
        double sum = 0, dot = 0, count = e.batch * e.size;

        for (gint64 n = 0; n < e.batch; n++) {
            gint64 begin = (n * e.channels + c) * e.size;

            for (gint64 i = begin; i < begin + e.size; i++) {
                sum += dy[i];
                dot += dy[i] * (x[X][i] - mean) * inverse;
            }
        }
        for (gint64 n = 0; n < e.batch && dx[X]; n++) {
            gint64 begin = (n * e.channels + c) * e.size;

            for (gint64 i = begin; i < begin + e.size; i++)
                dx[X][i] += x[WEIGHT][c] * inverse *
                            (dy[i] - sum / count - (x[X][i] - mean) * inverse * dot / count);
        }
        if (dx[WEIGHT])
            dx[WEIGHT][c] += dot;
        if (dx[BIAS])
            dx[BIAS][c] += sum;
    }
}

const VdtOp VDT_OP(batch_norm_batch) = {
    .name = "batch_norm_batch",
    .min_inputs = 5,
    .max_inputs = 5,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};
