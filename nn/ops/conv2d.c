/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 2-D convolution. One output channel at a time: each weight adds one shifted row of the input,
 * scaled, to each row of the output. Rows are clipped to where the input is, so padding costs
 * nothing and the inner loops are plain vectors.
 */
#include "builders.h"

#include <math.h>

#include "window.h"

typedef struct {
    gint64 n, channels, height, width; /* of x */
    gint64 out, out_height, out_width; /* of y */
    gint64 group_channels, group_out;  /* channels in and out of one group */
    int kernel_h, kernel_w, stride, pad_h, pad_w;
} Conv;

static Conv conv_of(const VdtNode *node)
{
    const gint64 *x = node->inputs[0]->shape.dims, *y = node->shape.dims;
    int groups = node->p.conv2d.groups;

    return (Conv){
        .n = x[0],
        .channels = x[1],
        .height = x[2],
        .width = x[3],
        .out = y[1],
        .out_height = y[2],
        .out_width = y[3],
        .group_channels = x[1] / groups,
        .group_out = y[1] / groups,
        .kernel_h = node->p.conv2d.kernel_h,
        .kernel_w = node->p.conv2d.kernel_w,
        .stride = node->p.conv2d.stride,
        .pad_h = node->p.conv2d.pad_h,
        .pad_w = node->p.conv2d.pad_w,
    };
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape, *w = &node->inputs[1]->shape;
    int kernel_h = node->p.conv2d.kernel_h, kernel_w = node->p.conv2d.kernel_w;
    int stride = node->p.conv2d.stride, pad_h = node->p.conv2d.pad_h, pad_w = node->p.conv2d.pad_w;
    int groups = node->p.conv2d.groups;
    gint64 height, width;
    VdtShape weight;

    if (stride <= 0 || groups <= 0 || pad_h < 0 || pad_w < 0)
        return vdt_shape_error(error,
                               "stride %d and groups %d must be positive, padding %dx%d not "
                               "negative",
                               stride, groups, pad_h, pad_w);
    weight = vdt_shape(w->dims[0], x->dims[1] / groups, kernel_h, kernel_w);
    if (x->n_dims != 4 || x->dims[1] % groups || w->dims[0] % groups ||
        !vdt_shape_equal(w, &weight)) {
        g_autofree char *x_text = vdt_shape_to_string(x), *w_text = vdt_shape_to_string(w);

        return vdt_shape_error(error, "weight %s does not fit input %s and %d groups", w_text,
                               x_text, groups);
    }
    if (node->n_inputs > 2 && !vdt_shape_is_vector(&node->inputs[2]->shape, w->dims[0])) {
        g_autofree char *text = vdt_shape_to_string(&node->inputs[2]->shape);

        return vdt_shape_error(error, "bias %s does not fit %" G_GINT64_FORMAT " outputs", text,
                               w->dims[0]);
    }
    height = window_count(x->dims[2], kernel_h, stride, pad_h);
    width = window_count(x->dims[3], kernel_w, stride, pad_w);
    if (height < 1 || width < 1) {
        g_autofree char *text = vdt_shape_to_string(x);

        return vdt_shape_error(error, "kernel %dx%d is larger than input %s with padding %dx%d",
                               kernel_h, kernel_w, text, pad_h, pad_w);
    }
    node->shape = vdt_shape(x->dims[0], w->dims[0], height, width);
    return TRUE;
}

/* Where a 1x1 kernel meets whole rows the plane is one long row. */
static void join_rows(Conv *c)
{
    if (c->kernel_h != 1 || c->kernel_w != 1 || c->stride != 1 || c->pad_h || c->pad_w)
        return;
    c->width *= c->height;
    c->out_width = c->width;
    c->height = c->out_height = 1;
}

static void add_row(vdt_real *restrict y, const vdt_real *restrict x, vdt_real scale, gint64 n,
                    int stride)
{
    if (stride == 1) {
        for (gint64 i = 0; i < n; i++)
            y[i] += scale * x[i];
    } else {
        for (gint64 i = 0; i < n; i++)
            y[i] += scale * x[i * stride];
    }
}

/* Adds to plane @y the plane @x convolved with the kernel @w. */
static void add_plane(const Conv *c, vdt_real *y, const vdt_real *x, const vdt_real *w)
{
    for (int ky = 0; ky < c->kernel_h; ky++) {
        gint64 y0, y1;

        window_range(c->height, c->out_height, ky, c->stride, c->pad_h, &y0, &y1);
        for (int kx = 0; kx < c->kernel_w; kx++) {
            gint64 x0, x1;

            window_range(c->width, c->out_width, kx, c->stride, c->pad_w, &x0, &x1);
            if (x0 == x1)
                continue;
            for (gint64 oy = y0; oy < y1; oy++) {
                gint64 iy = oy * c->stride - c->pad_h + ky;
                gint64 ix = x0 * c->stride - c->pad_w + kx;

                add_row(y + oy * c->out_width + x0, x + iy * c->width + ix,
                        w[ky * c->kernel_w + kx], x1 - x0, c->stride);
            }
        }
    }
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    Conv c = conv_of(node);
    gint64 kernel = (gint64)c.kernel_h * c.kernel_w;

    join_rows(&c);
    for (gint64 n = 0; n < c.n; n++) {
        for (gint64 o = 0; o < c.out; o++) {
            gint64 first = o / c.group_out * c.group_channels;
            vdt_real *plane = y + (n * c.out + o) * c.out_height * c.out_width;
            vdt_real bias = node->n_inputs > 2 ? x[2][o] : 0;

            for (gint64 i = 0; i < c.out_height * c.out_width; i++)
                plane[i] = bias;
            for (gint64 i = 0; i < c.group_channels; i++)
                add_plane(&c, plane, x[0] + (n * c.channels + first + i) * c.height * c.width,
                          x[1] + (o * c.group_channels + i) * kernel);
        }
    }
}

/* The gradients of one add_plane(): each row of dy goes back to the row of x it came from, and its
 * product with that row to the weight. */
static void back_plane(const Conv *c, const vdt_real *dy, const vdt_real *x, const vdt_real *w,
                       vdt_real *dx, vdt_real *dw)
{
    for (int ky = 0; ky < c->kernel_h; ky++) {
        gint64 y0, y1;

        window_range(c->height, c->out_height, ky, c->stride, c->pad_h, &y0, &y1);
        for (int kx = 0; kx < c->kernel_w; kx++) {
            double sum = 0;
            gint64 x0, x1;

            window_range(c->width, c->out_width, kx, c->stride, c->pad_w, &x0, &x1);
            for (gint64 oy = y0; oy < y1; oy++) {
                for (gint64 ox = x0; ox < x1; ox++) {
                    gint64 from = (oy * c->stride - c->pad_h + ky) * c->width + ox * c->stride -
                                  c->pad_w + kx;
                    vdt_real d = dy[oy * c->out_width + ox];

                    if (dx)
                        dx[from] += d * w[ky * c->kernel_w + kx];
                    sum += (double)d * x[from];
                }
            }
            if (dw)
                dw[ky * c->kernel_w + kx] += sum;
        }
    }
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    Conv c = conv_of(node);
    gint64 kernel = (gint64)c.kernel_h * c.kernel_w;
    gint64 size = c.height * c.width, out_size = c.out_height * c.out_width;

    for (gint64 n = 0; n < c.n; n++) {
        for (gint64 o = 0; o < c.out; o++) {
            const vdt_real *plane = dy + (n * c.out + o) * out_size;

            for (gint64 i = 0; i < c.group_channels; i++) {
                gint64 from = (n * c.channels + o / c.group_out * c.group_channels + i) * size;
                gint64 tap = (o * c.group_channels + i) * kernel;

                back_plane(&c, plane, x[0] + from, x[1] + tap, dx[0] ? dx[0] + from : NULL,
                           dx[1] ? dx[1] + tap : NULL);
            }
            if (node->n_inputs > 2 && dx[2]) {
                double sum = 0;

                for (gint64 i = 0; i < out_size; i++)
                    sum += plane[i];
                dx[2][o] += sum;
            }
        }
    }
}

static guint64 macs(const VdtNode *node)
{
    const VdtShape *w = &node->inputs[1]->shape;

    return (guint64)vdt_shape_elements(&node->shape) * w->dims[1] * w->dims[2] * w->dims[3];
}

const VdtOp VDT_OP(conv2d) = {
    .name = "conv2d",
    .min_inputs = 2,
    .max_inputs = 3,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_X0 | VDT_NEEDS_X1,
    .macs = macs,
};

#ifndef VDT_REFERENCE_F64
/* Kaiming, by what goes out. */
static VdtStart conv2d_start(const VdtShape *weight)
{
    /* in double: nothing has looked yet at how large it is */
    double fan_out = (double)weight->dims[0] * weight->dims[2] * weight->dims[3];

    return (VdtStart){.deviation = sqrt(2.0 / fan_out)};
}

VdtValue *vdt_conv2d_with(VdtScope scope, VdtValue *x, VdtConv2d options)
{
    VdtNode node = {.p.conv2d = {
                        .kernel_h = options.kernel,
                        .kernel_w = options.kernel_w ? options.kernel_w : options.kernel,
                        .stride = options.stride ? options.stride : 1,
                        .pad_h = options.pad,
                        .pad_w = options.kernel_w ? options.pad_w : options.pad,
                        .groups = options.groups ? options.groups : 1,
                    }};
    int groups = node.p.conv2d.groups;
    gint64 channels = vdt_value_dim(x, 1);
    VdtValue *inputs[3] = {x};
    VdtShape weight, bias = vdt_shape(options.out);

    if (!x || x->shape.n_dims != 4)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: the input has %u dimensions, not 4",
                              vdt_value_shape(x).n_dims);
    if (options.out <= 0 || node.p.conv2d.kernel_h <= 0 || node.p.conv2d.kernel_w <= 0)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: %d outputs and a kernel of %dx%d must be positive",
                              options.out, node.p.conv2d.kernel_h, node.p.conv2d.kernel_w);
    if (groups <= 0 || channels % groups || options.out % groups)
        return vdt_graph_fail(scope.graph, VDT_ERROR_SHAPE, scope.prefix,
                              "conv2d: %d groups do not divide %" G_GINT64_FORMAT
                              " input and %d output channels",
                              groups, channels, options.out);
    weight =
        vdt_shape(options.out, channels / groups, node.p.conv2d.kernel_h, node.p.conv2d.kernel_w);
    inputs[1] = vdt_param_with(scope, "weight", &weight, conv2d_start(&weight));
    if (options.bias)
        inputs[2] = vdt_param_with(scope, "bias", &bias, (VdtStart){0});
    return vdt_graph_add(scope.graph, &vdt_op_conv2d, scope.prefix, &node, options.bias ? 3 : 2,
                         inputs);
}

VdtValue *vdt_conv2d_by_with(VdtValue *x, VdtValue *weight, VdtValue *bias, VdtConv2dBy options)
{
    VdtNode node = {.p.conv2d = {
                        .kernel_h = (int)vdt_value_dim(weight, 2),
                        .kernel_w = (int)vdt_value_dim(weight, 3),
                        .stride = options.stride ? options.stride : 1,
                        .pad_h = options.pad,
                        .pad_w = options.pad,
                        .groups = options.groups ? options.groups : 1,
                    }};

    return vdt_graph_add_weighted(&vdt_op_conv2d, x, weight, bias, &node);
}
#endif
