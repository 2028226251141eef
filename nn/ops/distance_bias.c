/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attention biases that depend on how far a query and a key are apart, LeViT's and
 * EfficientFormer's: from a table [heads, distances] the matrix [1, heads, queries, keys]. Queries
 * stand on a square grid, keys on one that is @stride times as wide; the bias of the pair is the
 * table's entry |stride y1 - y2| * width of the keys' grid + |stride x1 - x2|.
 */
#include "builders.h"

static gint64 keys_wide(const VdtNode *node)
{
    return (gint64)node->p.distance_bias.grid * node->p.distance_bias.stride;
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *table = &node->inputs[0]->shape;
    gint64 grid = node->p.distance_bias.grid, wide = keys_wide(node);

    if (grid < 1 || grid > 256 || node->p.distance_bias.stride < 1 || wide > 256)
        return vdt_shape_error(error,
                               "grids of %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                               " are not from 1 to 256 wide",
                               grid, wide);
    if (table->n_dims != 2 || table->dims[1] != wide * wide) {
        g_autofree char *text = vdt_shape_to_string(table);

        return vdt_shape_error(error, "table %s does not hold %" G_GINT64_FORMAT " distances", text,
                               wide * wide);
    }
    node->shape = vdt_shape(1, table->dims[0], grid * grid, wide * wide);
    return TRUE;
}

/* Which entry of a head's row is meant. */
static gint64 entry(const VdtNode *node, gint64 query, gint64 key)
{
    gint64 grid = node->p.distance_bias.grid, stride = node->p.distance_bias.stride;
    gint64 wide = keys_wide(node);
    gint64 dy = stride * (query / grid) - key / wide, dx = stride * (query % grid) - key % wide;

    return ABS(dy) * wide + ABS(dx);
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 *out = node->shape.dims;

    for (gint64 head = 0; head < out[1]; head++)
        for (gint64 query = 0; query < out[2]; query++)
            for (gint64 key = 0; key < out[3]; key++)
                *y++ = x[0][head * out[3] + entry(node, query, key)];
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 *out = node->shape.dims;

    for (gint64 head = 0; head < out[1] && dx[0]; head++)
        for (gint64 query = 0; query < out[2]; query++)
            for (gint64 key = 0; key < out[3]; key++)
                dx[0][head * out[3] + entry(node, query, key)] += *dy++;
}

const VdtOp VDT_OP(distance_bias) = {
    .name = "distance_bias",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_distance_bias(VdtValue *table, int grid, int stride)
{
    VdtNode node = {.p.distance_bias = {.grid = grid, .stride = stride}};

    return vdt_graph_add_unary(&vdt_op_distance_bias, table, &node);
}
#endif
