/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far the shares that a softmax makes of logits are from those that it makes of targets, which
 * are logits, too: sum(p (log p - log q)) over all elements, by their number. Inputs: logits
 * [N,C], targets [N,C].
 */
#include "builders.h"

#include <math.h>

enum { LOGITS, TARGETS };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[LOGITS]->shape, *targets = &node->inputs[TARGETS]->shape;

    if (x->n_dims != 2 || !vdt_shape_equal(x, targets)) {
        g_autofree char *x_text = vdt_shape_to_string(x), *text = vdt_shape_to_string(targets);

        return vdt_shape_error(error, "logits %s and targets %s are not [N,C], the same for both",
                               x_text, text);
    }
    node->shape = vdt_shape(1);
    return TRUE;
}

static double log_sum_exp(const vdt_real *x, gint64 n)
{
    double largest = x[0], sum = 0;

    for (gint64 i = 1; i < n; i++)
        largest = MAX(largest, x[i]);
    for (gint64 i = 0; i < n; i++)
        sum += exp(x[i] - largest);
    return largest + log(sum);
}

/* p (log p - log q), which is 0 where p is. */
static double term(double log_p, double log_q)
{
    return exp(log_p) > 0 ? exp(log_p) * (log_p - log_q) : 0;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 n = node->inputs[LOGITS]->shape.dims[0], c = node->inputs[LOGITS]->shape.dims[1];
    double sum = 0;

    for (gint64 row = 0; row < n; row++) {
        const vdt_real *logits = x[LOGITS] + row * c, *targets = x[TARGETS] + row * c;
        const double q = log_sum_exp(logits, c), p = log_sum_exp(targets, c);

        for (gint64 i = 0; i < c; i++)
            sum += term(targets[i] - p, logits[i] - q);
    }
    y[0] = sum / (n * c);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 n = node->inputs[LOGITS]->shape.dims[0], c = node->inputs[LOGITS]->shape.dims[1];

    for (gint64 row = 0; row < n; row++) {
        const vdt_real *logits = x[LOGITS] + row * c, *targets = x[TARGETS] + row * c;
        const double q = log_sum_exp(logits, c), p = log_sum_exp(targets, c);
        double divergence = 0;

        for (gint64 i = 0; i < c && dx[TARGETS]; i++)
            divergence += term(targets[i] - p, logits[i] - q);
        for (gint64 i = 0; i < c; i++) {
            const double log_p = targets[i] - p, log_q = logits[i] - q;

            if (dx[LOGITS])
                dx[LOGITS][row * c + i] += dy[0] * (exp(log_q) - exp(log_p)) / (n * c);
            if (dx[TARGETS])
                dx[TARGETS][row * c + i] +=
                    dy[0] * (term(log_p, log_q) - exp(log_p) * divergence) / (n * c);
        }
    }
}

const VdtOp VDT_OP(kl_divergence) = {
    .name = "kl_divergence",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_kl_divergence(VdtValue *logits, VdtValue *targets)
{
    return vdt_graph_add_binary(&vdt_op_kl_divergence, logits, targets, NULL);
}
#endif
