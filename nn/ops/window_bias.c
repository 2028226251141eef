/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What attention in windows adds to its scores: a bias for each head by how far query and
 * key are apart, from a table [(2 high - 1) (2 wide - 1), heads], and in shifted windows -100 for
 * pairs that are neighbours only because the map was moved around. The result is [1, heads, places,
 * places]; of shifted windows, where each window of a map has its own, [1, windows heads, places,
 * places].
 */
#include "builders.h"
#include "windows.h"

#define APART   (-100)
#define MOST    4096 /* places of a window */
#define WINDOWS 65536

static gint64 places_of(const VdtNode *node)
{
    return (gint64)node->p.windows.window_h * node->p.windows.window_w;
}

static gint64 windows_of(const VdtNode *node)
{
    return node->p.windows.shift > 0 ? vdt_windows_down(node) * vdt_windows_across(node) : 1;
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *table = &node->inputs[0]->shape;
    const gint64 high = node->p.windows.window_h, wide = node->p.windows.window_w;
    gint64 entries;

    if (high < 1 || wide < 1 || high > MOST || wide > MOST || places_of(node) > MOST)
        return vdt_shape_error(
            error, "windows of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT " are not of 1 to %d tokens",
            high, wide, MOST);
    if (node->p.windows.shift < 0 || node->p.windows.shift >= MIN(high, wide))
        return vdt_shape_error(
            error, "windows of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT " cannot be shifted by %d",
            high, wide, node->p.windows.shift);
    if (node->p.windows.height < 1 || node->p.windows.width < 1 || windows_of(node) > WINDOWS)
        return vdt_shape_error(error, "a map of %dx%d is empty or has more than %d windows",
                               node->p.windows.height, node->p.windows.width, WINDOWS);
    entries = (2 * high - 1) * (2 * wide - 1);
    if (table->n_dims != 2 || table->dims[0] != entries) {
        g_autofree char *text = vdt_shape_to_string(table);

        return vdt_shape_error(error, "table %s does not hold %" G_GINT64_FORMAT " distances", text,
                               entries);
    }
    node->shape = vdt_shape(1, windows_of(node) * table->dims[1], places_of(node), places_of(node));
    return TRUE;
}

/* Which part of the padded map a place along one dimension comes from: what was moved around to the
 * last window, what stood there before, or neither. */
static int part_of(gint64 window, gint64 place, gint64 size, gint64 n_windows, gint64 shift)
{
    if (window + 1 < n_windows)
        return 0;
    return place < size - shift ? 1 : 2;
}

/* Whether the places of a window were neighbours before the shift. */
static gboolean are_near(const VdtNode *node, gint64 window, gint64 a, gint64 b)
{
    const gint64 high = node->p.windows.window_h, wide = node->p.windows.window_w;
    const gint64 down = vdt_windows_down(node), across = vdt_windows_across(node);
    const gint64 shift = node->p.windows.shift, wy = window / across, wx = window % across;

    return part_of(wy, a / wide, high, down, shift) == part_of(wy, b / wide, high, down, shift) &&
           part_of(wx, a % wide, wide, across, shift) == part_of(wx, b % wide, wide, across, shift);
}

/* The row of the table that is meant. */
static gint64 entry(const VdtNode *node, gint64 query, gint64 key)
{
    const gint64 high = node->p.windows.window_h, wide = node->p.windows.window_w;

    return (query / wide - key / wide + high - 1) * (2 * wide - 1) + query % wide - key % wide +
           wide - 1;
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gint64 heads = node->inputs[0]->shape.dims[1], places = places_of(node);
    const gint64 windows = windows_of(node);

    for (gint64 window = 0; window < windows; window++)
        for (gint64 head = 0; head < heads; head++)
            for (gint64 query = 0; query < places; query++)
                for (gint64 key = 0; key < places; key++)
                    *y++ = x[0][entry(node, query, key) * heads + head] +
                           (are_near(node, window, query, key) ? 0 : APART);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    const gint64 heads = node->inputs[0]->shape.dims[1], places = places_of(node);
    const gint64 windows = windows_of(node);

    for (gint64 window = 0; window < windows && dx[0]; window++)
        for (gint64 head = 0; head < heads; head++)
            for (gint64 query = 0; query < places; query++)
                for (gint64 key = 0; key < places; key++)
                    dx[0][entry(node, query, key) * heads + head] += *dy++;
}

const VdtOp VDT_OP(window_bias) = {
    .name = "window_bias",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_window_bias_with(VdtValue *table, VdtWindows o)
{
    VdtNode node = {.p.windows = {.height = o.height,
                                  .width = o.width,
                                  .window_h = o.window,
                                  .window_w = o.window_w ? o.window_w : o.window,
                                  .shift = o.shift}};

    return vdt_graph_add_unary(&vdt_op_window_bias, table, &node);
}
#endif
