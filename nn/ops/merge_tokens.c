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

/* The tokens that one of those that are left is made of: in turn, -1 behind the last. */
typedef struct {
    VdtMergeWalk walk;
    gint64 tokens, row, at;
} Parts;

static Parts parts_of(const VdtNode *node, const vdt_real *const *x, gint64 sample, gint64 row)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1];

    return (Parts){.walk = vdt_merge_walk(tokens, node->inputs[SOURCE]->shape.dims[1], sample,
                                          (const gint32 *)x[SOURCE], (const gint32 *)x[TARGET]),
                   .tokens = tokens,
                   .row = row};
}

static gint64 next_part(Parts *parts)
{
    while (parts->at < parts->tokens) {
        const gint64 token = parts->at++;

        if (vdt_merge_step(&parts->walk, token) == parts->row)
            return token;
    }
    return -1;
}

static double size_of(const VdtNode *node, const vdt_real *const *x, gint64 sample, gint64 token)
{
    return node->n_inputs > SIZES ? x[SIZES][sample * node->inputs[X]->shape.dims[1] + token] : 1;
}

static double total_of(const VdtNode *node, const vdt_real *const *x, gint64 sample, gint64 row)
{
    Parts parts = parts_of(node, x, sample, row);
    double total = 0;

    for (gint64 token; (token = next_part(&parts)) >= 0;)
        total += size_of(node, x, sample, token);
    return total;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1], left = node->shape.dims[1];
    const gint64 c = node->shape.dims[2];

    for (gint64 i = 0; i < node->shape.dims[0] * left; i++) {
        const gint64 sample = i / left, row = i % left;
        const double total = total_of(node, x, sample, row);
        Parts parts = parts_of(node, x, sample, row);

        for (gint64 j = 0; j < c; j++)
            y[i * c + j] = 0;
        for (gint64 token; (token = next_part(&parts)) >= 0;) {
            const vdt_real *from = x[X] + (sample * tokens + token) * c;
            const double weight = size_of(node, x, sample, token) / total;

            for (gint64 j = 0; j < c; j++)
                y[i * c + j] += weight * from[j];
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 tokens = node->inputs[X]->shape.dims[1], left = node->shape.dims[1];
    const gint64 c = node->shape.dims[2];

    for (gint64 i = 0; i < node->shape.dims[0] * left; i++) {
        const gint64 sample = i / left, row = i % left;
        const double total = total_of(node, x, sample, row);
        Parts parts = parts_of(node, x, sample, row);

        for (gint64 token; (token = next_part(&parts)) >= 0;) {
            const gint64 from = (sample * tokens + token) * c;
            const double weight = size_of(node, x, sample, token) / total;
            double along = 0;

            for (gint64 j = 0; j < c && dx[X]; j++)
                dx[X][from + j] += weight * dy[i * c + j];
            for (gint64 j = 0; j < c; j++)
                along += dy[i * c + j] * (x[X][from + j] - y[i * c + j]);
            if (node->n_inputs > SIZES && dx[SIZES])
                dx[SIZES][sample * tokens + token] += along / total;
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
