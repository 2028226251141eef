/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run of elements along one dimension, torch.narrow.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    guint axis = node->p.along.axis;
    gint64 begin = node->p.along.begin, length = node->p.along.length;

    node->shape = node->inputs[0]->shape;
    if (axis >= node->shape.n_dims)
        return vdt_shape_error(error, "there is no dimension %u", axis);
    if (begin < 0 || length < 1 || length > node->shape.dims[axis] ||
        begin > node->shape.dims[axis] - length)
        return vdt_shape_error(error,
                               "%" G_GINT64_FORMAT " from %" G_GINT64_FORMAT
                               " on are not within the %" G_GINT64_FORMAT " of dimension %u",
                               length, begin, node->shape.dims[axis], axis);
    node->shape.dims[axis] = length;
    return TRUE;
}

typedef struct {
    gint64 rows, row, n, begin; /* rows of the input, each with n of the output from begin on */
} Cut;

static Cut cut_of(const VdtNode *node)
{
    const VdtShape *in = &node->inputs[0]->shape;
    Cut c = {.rows = 1};
    gint64 inside = 1;

    for (guint i = 0; i < node->p.along.axis; i++)
        c.rows *= in->dims[i];
    for (guint i = node->p.along.axis + 1; i < in->n_dims; i++)
        inside *= in->dims[i];
    c.row = in->dims[node->p.along.axis] * inside;
    c.n = node->p.along.length * inside;
    c.begin = node->p.along.begin * inside;
    return c;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Cut c = cut_of(node);

    for (gint64 r = 0; r < c.rows; r++)
        memcpy(y + r * c.n, x[0] + r * c.row + c.begin, c.n * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Cut c = cut_of(node);

    for (gint64 r = 0; r < c.rows && dx[0]; r++)
        for (gint64 i = 0; i < c.n; i++)
            dx[0][r * c.row + c.begin + i] += dy[r * c.n + i];
}

const VdtOp VDT_OP(slice) = {
    .name = "slice",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_slice(VdtValue *x, guint axis, gint64 begin, gint64 length)
{
    VdtNode node = {.p.along = {.axis = axis, .begin = begin, .length = length}};

    return vdt_graph_add_unary(&vdt_op_slice, x, &node);
}
#endif
