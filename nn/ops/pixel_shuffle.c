/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels become pixels: of each r r channels, one after the other, a square of r by r pixels, row
 * by row. Inputs: x [N,C r r,H,W], to [N,C,H r,W r].
 */
#include "builders.h"

#define MOST 64

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    const gint64 r = node->p.pixel_shuffle.factor;

    if (x->n_dims != 4)
        return vdt_shape_error(error, "the input has %u dimensions, it takes [N,C,H,W]", x->n_dims);
    if (r < 1 || r > MOST)
        return vdt_shape_error(error, "the factor is %" G_GINT64_FORMAT ", it must be 1 to %d", r,
                               MOST);
    if (x->dims[1] % (r * r) != 0)
        return vdt_shape_error(error,
                               "%" G_GINT64_FORMAT " channels are no multiple of the factor's "
                               "square, %" G_GINT64_FORMAT,
                               x->dims[1], r * r);
    node->shape = vdt_shape(x->dims[0], x->dims[1] / (r * r), x->dims[2] * r, x->dims[3] * r);
    return TRUE;
}

/* Calls @move for each row of each plane of x: where it is, and where its first goes. */
static void walk(const VdtNode *node,
                 void (*move)(gpointer to, gint64 x, gint64 y, gint64 n, gint64 stride),
                 gpointer to)
{
    const gint64 *x = node->inputs[0]->shape.dims, r = node->p.pixel_shuffle.factor;

    for (gint64 plane = 0; plane < x[0] * x[1]; plane++) {
        const gint64 within = plane % (r * r), first = plane / (r * r) * r * r * x[2] * x[3];

        for (gint64 row = 0; row < x[2]; row++)
            move(to, (plane * x[2] + row) * x[3],
                 first + (row * r + within / r) * x[3] * r + within % r, x[3], r);
    }
}

typedef struct {
    const vdt_real *from;
    vdt_real *to;
} Values;

static void spread(gpointer data, gint64 x, gint64 y, gint64 n, gint64 stride)
{
    const Values *values = data;

    for (gint64 i = 0; i < n; i++)
        values->to[y + i * stride] = values->from[x + i];
}

static void gather(gpointer data, gint64 x, gint64 y, gint64 n, gint64 stride)
{
    const Values *values = data;

    for (gint64 i = 0; i < n; i++)
        values->to[x + i] += values->from[y + i * stride];
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    walk(node, spread, &(Values){x[0], y});
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    if (dx[0])
        walk(node, gather, &(Values){dy, dx[0]});
}

const VdtOp VDT_OP(pixel_shuffle) = {
    .name = "pixel_shuffle",
    .min_inputs = 1,
    .max_inputs = 1,
    .apart = vdt_apart_first,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_pixel_shuffle(VdtValue *x, int factor)
{
    VdtNode node = {.p.pixel_shuffle.factor = factor};

    return vdt_graph_add_unary(&vdt_op_pixel_shuffle, x, &node);
}
#endif
