/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of a table by their numbers, torch.nn.functional.embedding. Inputs: table, indices.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape, *indices = &node->inputs[1]->shape;

    if (x->n_dims != 2) {
        g_autofree char *text = vdt_shape_to_string(x);

        return vdt_shape_error(error, "the rows of %s are not those of a matrix", text);
    }
    if (indices->n_dims == VDT_MAX_DIMS)
        return vdt_shape_error(error, "%u dimensions of indices, at most %u are possible",
                               indices->n_dims, VDT_MAX_DIMS - 1);
    node->shape = *indices;
    node->shape.dims[node->shape.n_dims++] = x->dims[1];
    return vdt_limit_integers(node->inputs[1], x->dims[0], error);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint32 *indices = (const gint32 *)x[1];
    gint64 n = vdt_shape_elements(&node->inputs[1]->shape), c = node->inputs[0]->shape.dims[1];

    for (gint64 i = 0; i < n; i++)
        memcpy(y + i * c, x[0] + indices[i] * c, c * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint32 *indices = (const gint32 *)x[1];
    gint64 n = vdt_shape_elements(&node->inputs[1]->shape), c = node->inputs[0]->shape.dims[1];

    for (gint64 i = 0; i < n && dx[0]; i++)
        for (gint64 j = 0; j < c; j++)
            dx[0][indices[i] * c + j] += dy[i * c + j];
}

static gboolean apart(const VdtNode *node, guint input)
{
    return input == 1;
}

const VdtOp VDT_OP(gather_rows) = {
    .name = "gather_rows",
    .min_inputs = 2,
    .max_inputs = 2,
    .integers = 1 << 1,
    .apart = apart,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_gather_rows(VdtValue *x, VdtValue *indices)
{
    return vdt_graph_add_binary(&vdt_op_gather_rows, x, indices, NULL);
}
#endif
