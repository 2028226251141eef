/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The even tokens that are most like an odd one, by the cosine of what their heads are on average,
 * and those odd ones. Results: source [N,n], ascending, and target [N,n].
 */
#include "builders.h"

#include <tgmath.h>

#include "merge.h"

static gint64 most_moved(const VdtNode *node)
{
    return (node->inputs[0]->shape.dims[1] - (node->p.match_tokens.protect ? 1 : 0)) / 2;
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    const gint64 n = node->p.match_tokens.n;
    const int heads = node->p.match_tokens.heads;

    if (x->n_dims != 3 || heads < 1 || x->dims[2] % heads != 0) {
        g_autofree char *text = vdt_shape_to_string(x);

        return vdt_shape_error(error, "%s is not [N,L,C] with a C that splits into %d heads", text,
                               heads);
    }
    if (x->dims[1] > G_MAXINT32 || n < 1 || n > most_moved(node))
        return vdt_shape_error(error,
                               "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                               " tokens cannot merge, but 1 to %" G_GINT64_FORMAT,
                               n, x->dims[1], most_moved(node));
    node->shape = vdt_shape(2, x->dims[0], n);
    return TRUE;
}

static VdtResult result(const VdtNode *node, guint i)
{
    const VdtShape *x = &node->inputs[0]->shape;
    const gint64 n = node->p.match_tokens.n;

    return (VdtResult){.shape = vdt_shape(x->dims[0], n),
                       .dtype = VDT_I32,
                       .limit = i == 0 ? vdt_even_tokens(x->dims[1]) : x->dims[1] / 2,
                       .begin = i * x->dims[0] * n};
}

/* The sum of the heads, whose direction is their mean's, at length 1; zero stays zero. */
static void measure(const vdt_real *x, int heads, gint64 d, vdt_real *metric)
{
    double square = 0;

    for (gint64 i = 0; i < d; i++) {
        double sum = 0;

        for (int h = 0; h < heads; h++)
            sum += x[h * d + i];
        square += sum * sum;
        metric[i] = (vdt_real)sum;
    }
    for (gint64 i = 0; i < d && square > 0; i++)
        metric[i] /= sqrt(square);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    const gint64 tokens = in->dims[1], c = in->dims[2], n = node->p.match_tokens.n;
    const int heads = node->p.match_tokens.heads;
    const gint64 d = c / heads, n_even = vdt_even_tokens(tokens);
    g_autofree vdt_real *metric = g_new(vdt_real, tokens * d), *best = g_new(vdt_real, n_even);
    g_autofree gint32 *into = g_new(gint32, n_even);
    gint32 *source = (gint32 *)y, *target = (gint32 *)(y + in->dims[0] * n);

    for (gint64 sample = 0; sample < in->dims[0]; sample++) {
        for (gint64 i = 0; i < tokens; i++)
            measure(x[0] + (sample * tokens + i) * c, heads, d, metric + i * d);
        for (gint64 i = 0; i < n_even; i++) {
            best[i] = -INFINITY;
            into[i] = 0;
            for (gint64 j = 0; j < tokens / 2; j++) {
                const vdt_real *a = metric + 2 * i * d, *b = metric + (2 * j + 1) * d;
                double cosine = 0;

                for (gint64 k = 0; k < d; k++)
                    cosine += a[k] * b[k];
                if ((vdt_real)cosine > best[i]) {
                    best[i] = (vdt_real)cosine;
                    into[i] = (gint32)j;
                }
            }
        }
        vdt_choose_merges(n_even, node->p.match_tokens.protect, n, best, into, source + sample * n,
                          target + sample * n);
    }
}

const VdtOp VDT_OP(match_tokens) = {
    .name = "match_tokens",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .needs = VDT_NEEDS_NOTHING,
    .n_results = 2,
    .result = result,
};

#ifndef VDT_REFERENCE_F64
VdtMatch vdt_match_tokens_with(VdtValue *x, gint64 n, VdtMatchTokens options)
{
    VdtNode node = {.p.match_tokens = {n, MAX(options.heads, 1), options.protect}};
    VdtValue *both = vdt_graph_add_unary(&vdt_op_match_tokens, x, &node);

    return (VdtMatch){vdt_graph_result(both, 0), vdt_graph_result(both, 1)};
}
#endif
