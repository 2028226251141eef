/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The largest element of each window. Padding never wins, NaN always does; of equal elements the
 * first one in reading order gets the gradient.
 */
#include "builders.h"
#include "window.h"

#include <math.h>

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    int kernel = node->p.max_pool2d.kernel, stride = node->p.max_pool2d.stride;
    int pad = node->p.max_pool2d.pad;
    gint64 height, width;

    if (x->n_dims != 4)
        return vdt_shape_error(error, "the input has %u dimensions, not 4", x->n_dims);
    if (kernel <= 0 || stride <= 0)
        return vdt_shape_error(error, "kernel %d and stride %d must be positive", kernel, stride);
    /* a window of nothing but padding would have no largest element */
    if (pad < 0 || pad > kernel / 2)
        return vdt_shape_error(error, "padding %d is not between 0 and half of kernel %d", pad,
                               kernel);
    height = window_count(x->dims[2], kernel, stride, pad);
    width = window_count(x->dims[3], kernel, stride, pad);
    if (height < 1 || width < 1) {
        g_autofree char *text = vdt_shape_to_string(x);

        return vdt_shape_error(error, "kernel %d is larger than input %s with padding %d", kernel,
                               text, pad);
    }
    node->shape = vdt_shape(x->dims[0], x->dims[1], height, width);
    return TRUE;
}

/* Where in plane @x the winner of the window of output (@oy, @ox) stands. */
static gint64 find_largest(const VdtNode *node, const vdt_real *x, gint64 oy, gint64 ox)
{
    gint64 height = node->inputs[0]->shape.dims[2], width = node->inputs[0]->shape.dims[3];
    gint64 y0 = oy * node->p.max_pool2d.stride - node->p.max_pool2d.pad;
    gint64 x0 = ox * node->p.max_pool2d.stride - node->p.max_pool2d.pad;
    gint64 y1 = MIN(y0 + node->p.max_pool2d.kernel, height);
    gint64 x1 = MIN(x0 + node->p.max_pool2d.kernel, width);
    gint64 best;

    y0 = MAX(y0, 0);
    x0 = MAX(x0, 0);
    best = y0 * width + x0;
    for (gint64 iy = y0; iy < y1; iy++)
        for (gint64 ix = x0; ix < x1; ix++)
            if (x[iy * width + ix] > x[best] || isnan(x[iy * width + ix]))
                best = iy * width + ix;
    return best;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    for (gint64 plane = 0; plane < out[0] * out[1]; plane++) {
        const vdt_real *from = x[0] + plane * in[2] * in[3];

        for (gint64 oy = 0; oy < out[2]; oy++)
            for (gint64 ox = 0; ox < out[3]; ox++)
                *y++ = from[find_largest(node, from, oy, ox)];
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *in = node->inputs[0]->shape.dims, *out = node->shape.dims;

    if (!dx[0])
        return;
    for (gint64 plane = 0; plane < out[0] * out[1]; plane++) {
        gint64 from = plane * in[2] * in[3];

        for (gint64 oy = 0; oy < out[2]; oy++)
            for (gint64 ox = 0; ox < out[3]; ox++)
                dx[0][from + find_largest(node, x[0] + from, oy, ox)] += *dy++;
    }
}

const VdtOp VDT_OP(max_pool2d) = {
    .name = "max_pool2d",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_max_pool2d_with(VdtValue *x, VdtMaxPool2d options)
{
    VdtNode node = {.p.max_pool2d = {
                        .kernel = options.kernel,
                        .stride = options.stride ? options.stride : options.kernel,
                        .pad = options.pad,
                    }};

    return vdt_graph_add_unary(&vdt_op_max_pool2d, x, &node);
}
#endif
