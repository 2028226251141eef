/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state with some of its rows replaced. Inputs: state, rows, where the first goes. Here it is a
 * function of values; that the state's memory changes is between the plan and the session.
 */
#include "builders.h"

#include <string.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *state = &node->inputs[0]->shape, *x = &node->inputs[1]->shape;
    const VdtNode *at = node->inputs[2];
    VdtShape same = *x;

    if (node->inputs[0]->state == 0)
        return vdt_shape_error(error, "what is written to is not a state");
    if (node->inputs[0]->overwritten)
        return vdt_shape_error(error, "it is written twice: the second write goes to what the "
                                      "first one gave");
    if (x->n_dims > 0 && state->n_dims > 0)
        same.dims[0] = state->dims[0];
    if (state->n_dims == 0 || !vdt_shape_equal(&same, state) || x->dims[0] > state->dims[0]) {
        g_autofree char *text = vdt_shape_to_string(x), *into = vdt_shape_to_string(state);

        return vdt_shape_error(error, "%s are not rows of %s", text, into);
    }
    if (at->n_inputs > 0 || vdt_shape_elements(&at->shape) != 1)
        return vdt_shape_error(error, "the position is not an argument of the run");
    node->shape = *state;
    node->state = node->inputs[0]->state;
    return vdt_limit_integers(node->inputs[2], state->dims[0] - x->dims[0] + 1, error);
}

/* Elements from begin to end are those of the rows. */
typedef struct {
    gint64 begin, end;
} Part;

static Part part_of(const VdtNode *node, const vdt_real *const *x)
{
    gint64 row = vdt_shape_elements(&node->shape) / node->shape.dims[0];
    gint64 begin = *(const gint32 *)x[2] * row;

    return (Part){begin, begin + vdt_shape_elements(&node->inputs[1]->shape)};
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const Part part = part_of(node, x);

    memcpy(y, x[0], vdt_shape_elements(&node->shape) * sizeof *y);
    memcpy(y + part.begin, x[1], (part.end - part.begin) * sizeof *y);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const Part part = part_of(node, x);
    gint64 n = vdt_shape_elements(&node->shape);

    for (gint64 i = 0; i < n; i++) {
        if (i >= part.begin && i < part.end) {
            if (dx[1])
                dx[1][i - part.begin] += dy[i];
        } else if (dx[0]) {
            dx[0][i] += dy[i];
        }
    }
}

const VdtOp VDT_OP(write_rows) = {
    .name = "write_rows",
    .min_inputs = 3,
    .max_inputs = 3,
    .integers = 1 << 2,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X2,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_write_rows(VdtValue *state, VdtValue *x, VdtValue *at)
{
    return state && x && at ? vdt_graph_add(state->graph, &vdt_op_write_rows, state->name, NULL, 3,
                                            (VdtValue *[]){state, x, at})
                            : NULL;
}
#endif
