/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The largest of each row and where they stand, torch.topk. Results: values, indices.
 */
#include "builders.h"

#include <math.h>
#include <string.h>

static gint64 columns(const VdtNode *node)
{
    const VdtShape *x = &node->inputs[0]->shape;

    return x->dims[x->n_dims - 1];
}

static gint64 rows(const VdtNode *node)
{
    return vdt_shape_elements(&node->inputs[0]->shape) / columns(node);
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const gint64 k = node->p.top_k.k;

    if (node->inputs[0]->shape.n_dims == 0)
        return vdt_shape_error(error, "the input has no dimensions");
    if (k < 1 || k > columns(node) || columns(node) > G_MAXINT32)
        return vdt_shape_error(error,
                               "there are no %" G_GINT64_FORMAT " largest of %" G_GINT64_FORMAT, k,
                               columns(node));
    node->shape = vdt_shape(2, rows(node), k);
    return TRUE;
}

static VdtResult result(const VdtNode *node, guint i)
{
    VdtResult r = {.shape = node->inputs[0]->shape};

    r.shape.dims[r.shape.n_dims - 1] = node->p.top_k.k;
    if (i == 1) {
        r.dtype = VDT_I32;
        r.limit = columns(node);
        r.begin = rows(node) * node->p.top_k.k;
    }
    return r;
}

static gboolean is_larger(vdt_real a, vdt_real b)
{
    return a > b || (isnan(a) && !isnan(b));
}

/* Keeps the k largest so far, sorted: what is not larger than the last costs one comparison. */
static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 k = node->p.top_k.k, n = columns(node);
    vdt_real *values = y;
    gint32 *indices = (gint32 *)(y + rows(node) * k);

    for (gint64 row = 0; row < rows(node); row++, values += k, indices += k)
        for (gint64 i = 0; i < n; i++) {
            vdt_real value = x[0][row * n + i];
            gint64 at = MIN(i, k);

            while (at > 0 && is_larger(value, values[at - 1]))
                at--;
            if (at == k)
                continue;
            memmove(values + at + 1, values + at, (MIN(i, k - 1) - at) * sizeof *values);
            memmove(indices + at + 1, indices + at, (MIN(i, k - 1) - at) * sizeof *indices);
            values[at] = value;
            indices[at] = (gint32)i;
        }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 k = node->p.top_k.k, n = columns(node), all = rows(node) * k;
    const gint32 *indices = (const gint32 *)(y + all);

    for (gint64 i = 0; i < all && dx[0]; i++)
        dx[0][i / k * n + indices[i]] += dy[i];
}

const VdtOp VDT_OP(top_k) = {
    .name = "top_k",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_Y,
    .n_results = 2,
    .result = result,
};

#ifndef VDT_REFERENCE_F64
VdtTopK vdt_top_k(VdtValue *x, gint64 k)
{
    VdtValue *both = vdt_graph_add_unary(&vdt_op_top_k, x, &(VdtNode){.p.top_k.k = k});

    return (VdtTopK){vdt_graph_result(both, 0), vdt_graph_result(both, 1)};
}
#endif
