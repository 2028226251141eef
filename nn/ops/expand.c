/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dimensions of size 1 repeated, torch.expand. Elementwise ops broadcast by themselves; this is for
 * what has to exist once for each sample, such as a token that is put in front of a sequence.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape, *to = &node->p.expand;
    gboolean fits = to->n_dims == x->n_dims;

    for (guint d = 0; fits && d < x->n_dims; d++)
        fits = x->dims[d] == to->dims[d] || x->dims[d] == 1;
    if (!fits) {
        g_autofree char *x_text = vdt_shape_to_string(x), *text = vdt_shape_to_string(to);

        return vdt_shape_error(error, "%s does not repeat to %s", x_text, text);
    }
    node->shape = *to;
    return TRUE;
}

/* Where the result's element @i is in the input. */
static gint64 source_of(const VdtNode *node, gint64 i)
{
    const VdtShape *x = &node->inputs[0]->shape, *y = &node->shape;
    gint64 from = 0, stride = 1;

    for (guint d = x->n_dims; d-- > 0;) {
        if (x->dims[d] > 1)
            from += i % y->dims[d] * stride;
        stride *= x->dims[d];
        i /= y->dims[d];
    }
    return from;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++)
        y[i] = x[0][source_of(node, i)];
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n && dx[0]; i++)
        dx[0][source_of(node, i)] += dy[i];
}

const VdtOp VDT_OP(expand) = {
    .name = "expand",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_expand(VdtValue *x, const VdtShape *shape)
{
    VdtNode node = {.p.expand = *shape};

    return vdt_graph_add_unary(&vdt_op_expand, x, &node);
}
#endif
