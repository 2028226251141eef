/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dimensions in another order, torch.permute: dimension d of the result is dimension order[d]
 * of the input.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    guint seen = 0;

    node->shape = *x;
    for (guint d = 0; d < x->n_dims; d++) {
        guint from = node->p.permute.order[d];

        if (from >= x->n_dims)
            return vdt_shape_error(error, "there is no dimension %u", from);
        if (seen & 1u << from)
            return vdt_shape_error(error, "dimension %u is named twice", from);
        seen |= 1u << from;
        node->shape.dims[d] = x->dims[from];
    }
    return TRUE;
}

/* How far apart in the input the elements are that follow each other along the result's
 * dimensions. */
static void strides_of(const VdtNode *node, gint64 strides[VDT_MAX_DIMS])
{
    const VdtShape *x = &node->inputs[0]->shape;
    gint64 stride[VDT_MAX_DIMS], n = 1;

    for (guint d = x->n_dims; d-- > 0;) {
        stride[d] = n;
        n *= x->dims[d];
    }
    for (guint d = 0; d < x->n_dims; d++)
        strides[d] = stride[node->p.permute.order[d]];
}

/* The walk over the result in memory's order: where in the input the element after this one is.
 * @at counts as an odometer does. */
static gint64 next(const VdtShape *y, const gint64 *strides, gint64 *at, gint64 from)
{
    for (guint d = y->n_dims; d-- > 0;) {
        from += strides[d];
        if (++at[d] < y->dims[d])
            break;
        from -= at[d] * strides[d];
        at[d] = 0;
    }
    return from;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 n = vdt_shape_elements(&node->shape), from = 0;
    gint64 strides[VDT_MAX_DIMS], at[VDT_MAX_DIMS] = {0};

    strides_of(node, strides);
    for (gint64 i = 0; i < n; i++) {
        y[i] = x[0][from];
        from = next(&node->shape, strides, at, from);
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape), from = 0;
    gint64 strides[VDT_MAX_DIMS], at[VDT_MAX_DIMS] = {0};

    strides_of(node, strides);
    for (gint64 i = 0; i < n && dx[0]; i++) {
        dx[0][from] += dy[i];
        from = next(&node->shape, strides, at, from);
    }
}

static gboolean apart(const VdtNode *node, guint input)
{
    return node->p.permute.order[0] == 0;
}

const VdtOp VDT_OP(permute) = {
    .name = "permute",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = apart,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_permute(VdtValue *x, const guint *order)
{
    VdtNode node = {0};

    for (guint d = 0; x && d < MIN(x->shape.n_dims, VDT_MAX_DIMS); d++)
        node.p.permute.order[d] = (guint8)MIN(order[d], G_MAXUINT8);
    return vdt_graph_add_unary(&vdt_op_permute, x, &node);
}
#endif
