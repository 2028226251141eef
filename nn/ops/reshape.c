/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same elements in another shape; in memory nothing moves.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    VdtShape shape = node->p.reshape, known = shape;
    gint64 n = vdt_shape_elements(x), n_known;
    guint n_free = 0, free_dim = 0;

    if (shape.n_dims > VDT_MAX_DIMS)
        return vdt_shape_error(error, "%u dimensions, at most %u are possible", shape.n_dims,
                               VDT_MAX_DIMS);
    for (guint i = 0; i < shape.n_dims; i++) {
        if (shape.dims[i] == -1) {
            free_dim = i;
            n_free++;
            known.dims[i] = 1;
        }
    }
    n_known = vdt_shape_elements(&known);
    if (n_free == 1 && n_known > 0 && n % n_known == 0)
        shape.dims[free_dim] = n / n_known;
    if (n_known < 1 || vdt_shape_elements(&shape) != n) {
        g_autofree char *x_text = vdt_shape_to_string(x), *text = vdt_shape_to_string(&shape);

        return vdt_shape_error(error, "%s does not become %s", x_text, text);
    }
    node->shape = shape;
    return TRUE;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    memcpy(y, x[0], vdt_shape_elements(&node->shape) * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n && dx[0]; i++)
        dx[0][i] += dy[i];
}

const VdtOp VDT_OP(reshape) = {
    .name = "reshape",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_reshape(VdtValue *x, const VdtShape *shape)
{
    VdtNode node = {.p.reshape = *shape};

    return vdt_graph_add_unary(&vdt_op_reshape, x, &node);
}
#endif
