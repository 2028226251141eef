/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * a * b with broadcasting.
 */
#include "broadcast.h"
#include "builders.h"

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    VdtBroadcast b = vdt_broadcast(node);

    for (gint64 row = 0; row < b.n_rows; row++) {
        gint64 begin0, begin1;

        vdt_broadcast_row(&b, row, &begin0, &begin1);
        for (gint64 i = 0; i < b.n; i++)
            y[row * b.n + i] = x[0][begin0 + i * b.stride[0]] * x[1][begin1 + i * b.stride[1]];
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    VdtBroadcast b = vdt_broadcast(node);

    for (gint64 row = 0; row < b.n_rows; row++) {
        gint64 begin[2];

        vdt_broadcast_row(&b, row, &begin[0], &begin[1]);
        for (int k = 0; k < 2; k++) {
            int other = 1 - k;

            for (gint64 i = 0; i < b.n && dx[k]; i++)
                dx[k][begin[k] + i * b.stride[k]] +=
                    dy[row * b.n + i] * x[other][begin[other] + i * b.stride[other]];
        }
    }
}

const VdtOp VDT_OP(mul) = {
    .name = "mul",
    .min_inputs = 2,
    .max_inputs = 2,
    .apart = vdt_apart_any,
    .infer_shape = vdt_broadcast_infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_mul(VdtValue *a, VdtValue *b)
{
    return vdt_graph_add_binary(&vdt_op_mul, a, b, NULL);
}
#endif
