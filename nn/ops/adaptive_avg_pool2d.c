/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Means over a grid of windows, torch.nn.AdaptiveAvgPool2d; where its size does not divide the
 * input's, windows overlap. */
#include "axis.h"
#include "builders.h"

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    for (gint64 plane = 0; plane < out[0] * out[1]; plane++)
        for (gint64 oy = 0; oy < out[2]; oy++)
            for (gint64 ox = 0; ox < out[3]; ox++) {
                gint64 y0 = vdt_pool_begin(oy, out[2], in[2]), y1 = vdt_pool_end(oy, out[2], in[2]);
                gint64 x0 = vdt_pool_begin(ox, out[3], in[3]), x1 = vdt_pool_end(ox, out[3], in[3]);
                double sum = 0;

                for (gint64 iy = y0; iy < y1; iy++)
                    for (gint64 ix = x0; ix < x1; ix++)
                        sum += x[0][(plane * in[2] + iy) * in[3] + ix];
                *y++ = sum / ((y1 - y0) * (x1 - x0));
            }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    if (!dx[0])
        return;
    for (gint64 plane = 0; plane < out[0] * out[1]; plane++)
        for (gint64 oy = 0; oy < out[2]; oy++)
            for (gint64 ox = 0; ox < out[3]; ox++) {
                gint64 y0 = vdt_pool_begin(oy, out[2], in[2]), y1 = vdt_pool_end(oy, out[2], in[2]);
                gint64 x0 = vdt_pool_begin(ox, out[3], in[3]), x1 = vdt_pool_end(ox, out[3], in[3]);
                vdt_real d = *dy++ / ((y1 - y0) * (x1 - x0));

                for (gint64 iy = y0; iy < y1; iy++)
                    for (gint64 ix = x0; ix < x1; ix++)
                        dx[0][(plane * in[2] + iy) * in[3] + ix] += d;
            }
}

const VdtOp VDT_OP(adaptive_avg_pool2d) = {
    .name = "adaptive_avg_pool2d",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = vdt_resize_infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_adaptive_avg_pool2d(VdtValue *x, int height, int width)
{
    VdtNode node = {.p.resize = {.height = height, .width = width}};

    return vdt_graph_add_unary(&vdt_op_adaptive_avg_pool2d, x, &node);
}
#endif
