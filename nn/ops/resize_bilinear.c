/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bilinear resize, torch.nn.functional.interpolate(mode='bilinear'). With align_corners the centres
 * of the corner elements meet; without it the outer edges do, and sources before the first centre
 * are taken at it.
 */
#include "axis.h"
#include "builders.h"

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;
    gboolean align = node->p.resize.align_corners;

    for (gint64 plane = 0; plane < out[0] * out[1]; plane++) {
        const vdt_real *from = x[0] + plane * in[2] * in[3];

        for (gint64 oy = 0; oy < out[2]; oy++) {
            VdtBilinear v = vdt_bilinear(oy, in[2], out[2], align);
            const vdt_real *low = from + v.low * in[3], *high = from + v.high * in[3];

            for (gint64 ox = 0; ox < out[3]; ox++) {
                VdtBilinear h = vdt_bilinear(ox, in[3], out[3], align);
                vdt_real a = (1 - h.part) * low[h.low] + h.part * low[h.high];
                vdt_real b = (1 - h.part) * high[h.low] + h.part * high[h.high];

                *y++ = (1 - v.part) * a + v.part * b;
            }
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;
    gboolean align = node->p.resize.align_corners;

    if (!dx[0])
        return;
    for (gint64 plane = 0; plane < out[0] * out[1]; plane++) {
        vdt_real *to = dx[0] + plane * in[2] * in[3];

        for (gint64 oy = 0; oy < out[2]; oy++) {
            VdtBilinear v = vdt_bilinear(oy, in[2], out[2], align);
            vdt_real *low = to + v.low * in[3], *high = to + v.high * in[3];

            for (gint64 ox = 0; ox < out[3]; ox++) {
                VdtBilinear h = vdt_bilinear(ox, in[3], out[3], align);
                vdt_real d = *dy++;

                low[h.low] += (1 - v.part) * (1 - h.part) * d;
                low[h.high] += (1 - v.part) * h.part * d;
                high[h.low] += v.part * (1 - h.part) * d;
                high[h.high] += v.part * h.part * d;
            }
        }
    }
}

const VdtOp VDT_OP(resize_bilinear) = {
    .name = "resize_bilinear",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = vdt_resize_infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_resize_bilinear(VdtValue *x, int height, int width, gboolean align_corners)
{
    VdtNode node = {.p.resize = {.height = height, .width = width, .align_corners = align_corners}};

    return vdt_graph_add_unary(&vdt_op_resize_bilinear, x, &node);
}
#endif
