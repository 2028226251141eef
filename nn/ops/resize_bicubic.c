/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bicubic resize, torch.nn.functional.interpolate(mode='bicubic', align_corners=False): Keys'
 * kernel with a = -0.75 over the four nearest sources, those outside taken at the border.
 */
#include "axis.h"
#include "builders.h"

#define TAPS 4

/* One axis: an output element is a weighted sum of four sources. */
typedef struct {
    gint64 at[TAPS];
    vdt_real weight[TAPS];
} Source;

/* The kernel within one step of its middle, and from one to two. */
static vdt_real near(vdt_real t)
{
    const vdt_real a = (vdt_real)-0.75;

    return ((a + 2) * t - (a + 3)) * t * t + 1;
}

static vdt_real far(vdt_real t)
{
    const vdt_real a = (vdt_real)-0.75;

    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
}

static Source source_of(gint64 i, gint64 size, gint64 out_size)
{
    vdt_real where = (vdt_real)size / out_size * (i + (vdt_real)0.5) - (vdt_real)0.5;
    gint64 low = (gint64)where - (where < (gint64)where); /* rounded down */
    vdt_real part = where - low;
    Source s = {.weight = {far(1 + part), near(part), near(1 - part), far(2 - part)}};

    for (int k = 0; k < TAPS; k++)
        s.at[k] = CLAMP(low - 1 + k, 0, size - 1);
    return s;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    for (gint64 plane = 0; plane < out[0] * out[1]; plane++)
        for (gint64 oy = 0; oy < out[2]; oy++) {
            Source v = source_of(oy, in[2], out[2]);

            for (gint64 ox = 0; ox < out[3]; ox++) {
                Source h = source_of(ox, in[3], out[3]);
                vdt_real sum = 0;

                for (int k = 0; k < TAPS; k++) {
                    const vdt_real *row = x[0] + (plane * in[2] + v.at[k]) * in[3];
                    vdt_real along = 0;

                    for (int l = 0; l < TAPS; l++)
                        along += h.weight[l] * row[h.at[l]];
                    sum += v.weight[k] * along;
                }
                *y++ = sum;
            }
        }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    if (!dx[0])
        return;
    for (gint64 plane = 0; plane < out[0] * out[1]; plane++)
        for (gint64 oy = 0; oy < out[2]; oy++) {
            Source v = source_of(oy, in[2], out[2]);

            for (gint64 ox = 0; ox < out[3]; ox++) {
                Source h = source_of(ox, in[3], out[3]);
                vdt_real d = *dy++;

                for (int k = 0; k < TAPS; k++)
                    for (int l = 0; l < TAPS; l++)
                        dx[0][(plane * in[2] + v.at[k]) * in[3] + h.at[l]] +=
                            d * v.weight[k] * h.weight[l];
            }
        }
}

const VdtOp VDT_OP(resize_bicubic) = {
    .name = "resize_bicubic",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = vdt_resize_infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_resize_bicubic(VdtValue *x, int height, int width)
{
    VdtNode node = {.p.resize = {.height = height, .width = width}};

    return vdt_graph_add_unary(&vdt_op_resize_bicubic, x, &node);
}
#endif
