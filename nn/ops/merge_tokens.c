/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens that moved into others: the means, by size, of those that are one now. Inputs: x [N,L,C],
 * source [N,n], target [N,n], [sizes [N,L]].
 */
#include "builders.h"

#include "merge.h"

enum { X, SOURCE, TARGET, SIZES };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[X]->shape;

    if (x->n_dims != 3) {
        g_autofree char *text = vdt_shape_to_string(x);

        return vdt_shape_error(error, "%s is not [N,L,C]", text);
    }
    if (!vdt_merge_check(node, SOURCE, x->dims[0], x->dims[1], error))
        return FALSE;
    if (node->n_inputs > SIZES) {
        const VdtShape *sizes = &node->inputs[SIZES]->shape;
        VdtShape expected = vdt_shape(x->dims[0], x->dims[1]);

        if (!vdt_shape_equal(sizes, &expected)) {
            g_autofree char *text = vdt_shape_to_string(sizes), *of = vdt_shape_to_string(x);

            return vdt_shape_error(error, "sizes %s do not fit tokens %s", text, of);
        }
    }
    node->shape =
        vdt_shape(x->dims[0], x->dims[1] - node->inputs[SOURCE]->shape.dims[1], x->dims[2]);
    return TRUE;
}

/* Where the tokens of @sample go, and the sizes of what is left. */
static void find_rows(const VdtNode *node, const vdt_real *const *x, gint64 sample, gint32 *to,
                      double *total)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1];
    VdtMergeWalk walk = vdt_merge_walk(tokens, node->inputs[SOURCE]->shape.dims[1], sample,
                                       (const gint32 *)x[SOURCE], (const gint32 *)x[TARGET]);

    for (gint64 i = 0; i < node->shape.dims[1]; i++)
        total[i] = 0;
    for (gint64 i = 0; i < tokens; i++) {
        to[i] = (gint32)vdt_merge_step(&walk, i);
        total[to[i]] += node->n_inputs > SIZES ? x[SIZES][sample * tokens + i] : 1;
    }
}

static double weight_of(const VdtNode *node, const vdt_real *const *x, gint64 token, double total)
{
    return (node->n_inputs > SIZES ? x[SIZES][token] : 1) / total;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1], left = node->shape.dims[1];
    const gint64 c = node->shape.dims[2];
    g_autofree gint32 *to = g_new(gint32, tokens);
    g_autofree double *total = g_new(double, left);

    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++)
        y[i] = 0;
    for (gint64 sample = 0; sample < node->shape.dims[0]; sample++) {
        find_rows(node, x, sample, to, total);
        for (gint64 i = 0; i < tokens; i++) {
            const gint64 token = sample * tokens + i;
            const double weight = weight_of(node, x, token, total[to[i]]);
            vdt_real *row = y + (sample * left + to[i]) * c;

            for (gint64 j = 0; j < c; j++)
                row[j] += weight * x[X][token * c + j];
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1], left = node->shape.dims[1];
    const gint64 c = node->shape.dims[2];
    g_autofree gint32 *to = g_new(gint32, tokens);
    g_autofree double *total = g_new(double, left);

    for (gint64 sample = 0; sample < node->shape.dims[0]; sample++) {
        find_rows(node, x, sample, to, total);
        for (gint64 i = 0; i < tokens; i++) {
            const gint64 token = sample * tokens + i, row = (sample * left + to[i]) * c;
            const double weight = weight_of(node, x, token, total[to[i]]);
            double along = 0;

            for (gint64 j = 0; j < c && dx[X]; j++)
                dx[X][token * c + j] += weight * dy[row + j];
            for (gint64 j = 0; j < c; j++)
                along += dy[row + j] * (x[X][token * c + j] - y[row + j]);
            if (node->n_inputs > SIZES && dx[SIZES])
                dx[SIZES][token] += along / total[to[i]];
        }
    }
}

const VdtOp VDT_OP(merge_tokens) = {
    .name = "merge_tokens",
    .min_inputs = 3,
    .max_inputs = 4,
    .integers = 1 << SOURCE | 1 << TARGET,
    .apart = vdt_apart_any,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1 | VDT_NEEDS_X2 | VDT_NEEDS_X3 | VDT_NEEDS_Y,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_merge_tokens(VdtValue *x, VdtMatch match, VdtValue *sizes)
{
    if (!x)
        return NULL;
    return vdt_graph_add(x->graph, &vdt_op_merge_tokens, x->name, NULL, sizes ? 4 : 3,
                         (VdtValue *[]){x, match.source, match.target, sizes});
}
#endif
