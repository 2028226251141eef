/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many tokens each of those that are left stands for: sums, as merge_tokens has means. Inputs:
 * source [N,n], target [N,n], [sizes [N,L]], which are all 1 otherwise.
 */
#include "builders.h"

#include "merge.h"

enum { SOURCE, TARGET, SIZES };

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const gint64 samples = node->inputs[SOURCE]->shape.dims[0], tokens = node->p.merge_sizes.tokens;
    const VdtShape all = vdt_shape(samples, tokens);

    if (!vdt_merge_check(node, SOURCE, samples, tokens, error))
        return FALSE;
    if (node->n_inputs > SIZES && !vdt_shape_equal(&node->inputs[SIZES]->shape, &all)) {
        g_autofree char *text = vdt_shape_to_string(&node->inputs[SIZES]->shape);
        g_autofree char *expected = vdt_shape_to_string(&all);

        return vdt_shape_error(error, "sizes are %s, not %s", text, expected);
    }
    node->shape = vdt_shape(samples, tokens - node->inputs[SOURCE]->shape.dims[1]);
    return TRUE;
}

static VdtMergeWalk walk_of(const VdtNode *node, const vdt_real *const *x, gint64 sample)
{
    return vdt_merge_walk(node->p.merge_sizes.tokens, node->inputs[SOURCE]->shape.dims[1], sample,
                          (const gint32 *)x[SOURCE], (const gint32 *)x[TARGET]);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 tokens = node->p.merge_sizes.tokens, left = node->shape.dims[1];

    for (gint64 i = 0; i < vdt_shape_elements(&node->shape); i++)
        y[i] = 0;
    for (gint64 sample = 0; sample < node->shape.dims[0]; sample++) {
        VdtMergeWalk walk = walk_of(node, x, sample);

        for (gint64 i = 0; i < tokens; i++)
            y[sample * left + vdt_merge_step(&walk, i)] +=
                node->n_inputs > SIZES ? x[SIZES][sample * tokens + i] : 1;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 tokens = node->p.merge_sizes.tokens, left = node->shape.dims[1];

    for (gint64 sample = 0; sample < node->shape.dims[0]; sample++) {
        VdtMergeWalk walk = walk_of(node, x, sample);

        for (gint64 i = 0; i < tokens && node->n_inputs > SIZES && dx[SIZES]; i++)
            dx[SIZES][sample * tokens + i] += dy[sample * left + vdt_merge_step(&walk, i)];
    }
}

const VdtOp VDT_OP(merge_sizes) = {
    .name = "merge_sizes",
    .min_inputs = 2,
    .max_inputs = 3,
    .integers = 1 << SOURCE | 1 << TARGET,
    .apart = vdt_apart_any,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_merge_sizes(VdtMatch match, gint64 tokens, VdtValue *sizes)
{
    if (!match.source)
        return NULL;
    return vdt_graph_add(match.source->graph, &vdt_op_merge_sizes, match.source->name,
                         &(VdtNode){.p.merge_sizes.tokens = tokens}, sizes ? 3 : 2,
                         (VdtValue *[]){match.source, match.target, sizes});
}
#endif
