/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several inputs behind each other along one dimension, torch.cat.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    guint axis = node->p.along.axis;

    node->shape = node->inputs[0]->shape;
    if (axis >= node->shape.n_dims)
        return vdt_shape_error(error, "there is no dimension %u", axis);
    for (guint i = 1; i < node->n_inputs; i++) {
        VdtShape other = node->inputs[i]->shape;
        gint64 more = axis < other.n_dims ? other.dims[axis] : 0;

        other.dims[axis] = node->shape.dims[axis];
        if (!vdt_shape_equal(&other, &node->shape)) {
            g_autofree char *a = vdt_shape_to_string(&node->inputs[0]->shape);
            g_autofree char *b = vdt_shape_to_string(&node->inputs[i]->shape);

            return vdt_shape_error(error, "%s and %s differ not only in dimension %u", a, b, axis);
        }
        node->shape.dims[axis] += more;
    }
    return TRUE;
}

/* Elements of dimension @axis and all inside of it; a row of the copy. */
static gint64 row_of(const VdtShape *shape, guint axis)
{
    gint64 n = 1;

    for (guint i = axis; i < shape->n_dims; i++)
        n *= shape->dims[i];
    return n;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    gint64 row = row_of(&node->shape, node->p.along.axis), at = 0;
    gint64 rows = vdt_shape_elements(&node->shape) / row;

    for (guint k = 0; k < node->n_inputs; k++) {
        gint64 n = row_of(&node->inputs[k]->shape, node->p.along.axis);

        for (gint64 r = 0; r < rows; r++)
            memcpy(y + r * row + at, x[k] + r * n, n * sizeof *y);
        at += n;
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 row = row_of(&node->shape, node->p.along.axis), at = 0;
    gint64 rows = vdt_shape_elements(&node->shape) / row;

    for (guint k = 0; k < node->n_inputs; k++) {
        gint64 n = row_of(&node->inputs[k]->shape, node->p.along.axis);

        for (gint64 r = 0; r < rows && dx[k]; r++)
            for (gint64 i = 0; i < n; i++)
                dx[k][r * n + i] += dy[r * row + at + i];
        at += n;
    }
}

const VdtOp VDT_OP(concat) = {
    .name = "concat",
    .min_inputs = 1,
    .max_inputs = VDT_MAX_INPUTS,
    .apart = vdt_apart_any,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_concat(VdtValue *const *x, guint n, guint axis)
{
    VdtNode node = {.p.along.axis = axis};

    return n > 0 && x[0] ? vdt_graph_add(x[0]->graph, &vdt_op_concat, x[0]->name, &node, n, x)
                         : NULL;
}
#endif
