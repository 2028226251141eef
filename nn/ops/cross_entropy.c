/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mean over labelled positions of log(sum exp(x)) - sum(target * x), over dimension 1. All
 * logits are taken relative to the largest one, so that no exponential overflows and nothing large
 * cancels. Labels have no gradient.
 */
#include "builders.h"

#include <math.h>

enum { LOGITS, LABELS };

typedef struct {
    gint64 batch, classes, size; /* of a plane: 1 for [N,C] */
} Extent;

static Extent extent_of(const VdtNode *node)
{
    const VdtShape *x = &node->inputs[LOGITS]->shape;

    return (Extent){x->dims[0], x->dims[1], x->n_dims == 4 ? x->dims[2] * x->dims[3] : 1};
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[LOGITS]->shape, *labels = &node->inputs[LABELS]->shape;
    double smoothing = node->p.cross_entropy.label_smoothing;
    VdtShape expected = {.n_dims = 1, .dims = {x->dims[0]}};

    if (x->n_dims != 2 && x->n_dims != 4)
        return vdt_shape_error(error, "the logits have %u dimensions, not 2 or 4", x->n_dims);
    if (x->n_dims == 4)
        expected = vdt_shape(x->dims[0], x->dims[2], x->dims[3]);
    if (!vdt_shape_equal(labels, &expected)) {
        g_autofree char *x_text = vdt_shape_to_string(x), *text = vdt_shape_to_string(labels);

        return vdt_shape_error(error, "labels %s do not fit logits %s", text, x_text);
    }
    if (!(smoothing >= 0 && smoothing <= 1))
        return vdt_shape_error(error, "label smoothing %g is not from 0 to 1", smoothing);
    node->shape = vdt_shape(1);
    return TRUE;
}

/* The class, -1 for a label that is left out. */
static gint64 class_of(vdt_real label, gint64 classes)
{
    return label >= 0 && label < classes && label == floor(label) ? (gint64)label : -1;
}

static gint64 count_labelled(const Extent *e, const vdt_real *labels)
{
    gint64 n = 0;

    for (gint64 i = 0; i < e->batch * e->size; i++)
        n += class_of(labels[i], e->classes) >= 0;
    return n;
}

/* The largest of the logits at @x, which stand @e->size apart, and log(sum exp(x - largest)). */
static double log_sum_exp(const Extent *e, const vdt_real *x, double *largest)
{
    double sum = 0;

    *largest = x[0];
    for (gint64 c = 1; c < e->classes; c++)
        *largest = x[c * e->size] > *largest ? x[c * e->size] : *largest;
    for (gint64 c = 0; c < e->classes; c++)
        sum += exp(x[c * e->size] - *largest);
    return log(sum);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Extent e = extent_of(node);
    double smoothing = node->p.cross_entropy.label_smoothing, loss = 0;
    gint64 n = count_labelled(&e, x[LABELS]);

    for (gint64 i = 0; i < e.batch * e.size; i++) {
        const vdt_real *at = x[LOGITS] + i / e.size * e.classes * e.size + i % e.size;
        gint64 label = class_of(x[LABELS][i], e.classes);
        double largest, sum = 0;

        if (label < 0)
            continue;
        loss += log_sum_exp(&e, at, &largest);
        loss += (1 - smoothing) * (largest - at[label * e.size]);
        /* not without smoothing: a logit of -inf is fine then, 0 times it is not */
        for (gint64 c = 0; c < e.classes && smoothing > 0; c++)
            sum += largest - at[c * e.size];
        loss += smoothing / e.classes * sum;
    }
    y[0] = n > 0 ? loss / n : 0;
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Extent e = extent_of(node);
    double smoothing = node->p.cross_entropy.label_smoothing;
    gint64 n = count_labelled(&e, x[LABELS]);

    for (gint64 i = 0; i < e.batch * e.size && dx[LOGITS]; i++) {
        gint64 begin = i / e.size * e.classes * e.size + i % e.size;
        gint64 label = class_of(x[LABELS][i], e.classes);
        double largest, total;

        if (label < 0)
            continue;
        total = log_sum_exp(&e, x[LOGITS] + begin, &largest);
        for (gint64 c = 0; c < e.classes; c++) {
            gint64 at = begin + c * e.size;
            double target = smoothing / e.classes + (c == label ? 1 - smoothing : 0);

            dx[LOGITS][at] += dy[0] * (exp(x[LOGITS][at] - largest - total) - target) / n;
        }
    }
}

const VdtOp VDT_OP(cross_entropy) = {
    .name = "cross_entropy",
    .min_inputs = 2,
    .max_inputs = 2,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_cross_entropy_with(VdtValue *logits, VdtValue *labels, VdtCrossEntropy options)
{
    VdtNode node = {.p.cross_entropy.label_smoothing = options.label_smoothing};

    return vdt_graph_add_binary(&vdt_op_cross_entropy, logits, labels, &node);
}
#endif
