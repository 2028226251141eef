/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The even tokens that are most like an odd one, by the cosine of what their heads are on average,
 * and those odd ones. Results: likeness [N,n], source [N,n], ascending, and target [N,n].
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
    node->shape = vdt_shape(3, x->dims[0], n);
    return TRUE;
}

static VdtResult result(const VdtNode *node, guint i)
{
    const VdtShape *x = &node->inputs[0]->shape;
    const gint64 n = node->p.match_tokens.n;

    VdtResult r = {.shape = vdt_shape(x->dims[0], n), .begin = i * x->dims[0] * n};

    if (i > 0) {
        r.dtype = VDT_I32;
        r.limit = i == 1 ? vdt_even_tokens(x->dims[1]) : x->dims[1] / 2;
    }
    return r;
}

/* Of the sums of their heads, whose directions are the means': what they have in common. */
static double product(const vdt_real *a, const vdt_real *b, int heads, gint64 width)
{
    double sum = 0;

    for (gint64 i = 0; i < width; i++) {
        double x = 0, y = 0;

        for (int h = 0; h < heads; h++) {
            x += a[h * width + i];
            y += b[h * width + i];
        }
        sum += x * y;
    }
    return sum;
}

/* 0 if one of them is nothing; less than any other if there is no telling. */
static double cosine(const vdt_real *a, const vdt_real *b, int heads, gint64 width, double square)
{
    double other = product(b, b, heads, width), both = product(a, b, heads, width);

    if (square == 0 || other == 0)
        return square + other >= 0 ? 0 : -INFINITY;
    both /= sqrt(square) * sqrt(other);
    return both >= -2 ? both : -INFINITY;
}

static void offer_best(const VdtNode *node, const vdt_real *x, gint64 even, VdtMergeList *list)
{
    const gint64 tokens = node->inputs[0]->shape.dims[1], c = node->inputs[0]->shape.dims[2];
    const int heads = node->p.match_tokens.heads;
    const vdt_real *a = x + 2 * even * c;
    const double square = product(a, a, heads, c / heads);
    vdt_real best = -INFINITY;
    gint64 target = 0;

    for (gint64 i = 0; i < tokens / 2; i++) {
        const vdt_real likeness =
            (vdt_real)cosine(a, x + (2 * i + 1) * c, heads, c / heads, square);

        if (likeness > best) {
            best = likeness;
            target = i;
        }
    }
    vdt_merge_offer(list, best, even, target);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const VdtShape *in = &node->inputs[0]->shape;
    const gint64 n = node->p.match_tokens.n, all = in->dims[0] * n;

    for (gint64 sample = 0; sample < in->dims[0]; sample++) {
        VdtMergeList list = {.most = n,
                             .likeness = y + sample * n,
                             .source = (gint32 *)(y + all) + sample * n,
                             .target = (gint32 *)(y + 2 * all) + sample * n};

        for (gint64 i = node->p.match_tokens.protect ? 1 : 0; i < vdt_even_tokens(in->dims[1]); i++)
            offer_best(node, x[0] + sample * in->dims[1] * in->dims[2], i, &list);
        vdt_merge_sort(&list);
    }
}

static guint64 macs(const VdtNode *node)
{
    const gint64 *in = node->inputs[0]->shape.dims;

    return (guint64)(in[0] * vdt_even_tokens(in[1]) * (in[1] / 2) * in[2] /
                     node->p.match_tokens.heads);
}

const VdtOp VDT_OP(match_tokens) = {
    .name = "match_tokens",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .needs = VDT_NEEDS_NOTHING,
    .n_results = 3,
    .result = result,
    .macs = macs,
};

#ifndef VDT_REFERENCE_F64
VdtMatch vdt_match_tokens_with(VdtValue *x, gint64 n, VdtMatchTokens options)
{
    VdtNode node = {.p.match_tokens = {n, MAX(options.heads, 1), options.protect}};
    VdtValue *all = vdt_graph_add_unary(&vdt_op_match_tokens, x, &node);

    return (VdtMatch){vdt_graph_result(all, 1), vdt_graph_result(all, 2)};
}
#endif
