/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A map of tokens [N, height width, C] cut into windows, each a sequence of its own; windows put
 * together again; or the tokens of each window side by side, as one. Whole tokens move, and nothing
 * is computed. Padding is zeros, and is left out where windows are put together.
 */
#include "windows.h"
#include "builders.h"

#include <string.h>

#define MOST 65536

static gboolean check_options(const VdtNode *node, GError **error)
{
    const gint64 height = node->p.windows.height, width = node->p.windows.width;
    const gint64 high = node->p.windows.window_h, wide = node->p.windows.window_w;
    const gint64 shift = node->p.windows.shift;

    if (height < 1 || width < 1 || height > MOST || width > MOST)
        return vdt_shape_error(
            error, "a map of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT " is not of 1 to %d on a side",
            height, width, MOST);
    if (high < 1 || wide < 1 || high > MOST || wide > MOST)
        return vdt_shape_error(error,
                               "windows of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                               " are not of 1 to %d on a side",
                               high, wide, MOST);
    if (shift < 0 || shift >= MIN(high, wide))
        return vdt_shape_error(error,
                               "windows of %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                               " cannot be shifted by %" G_GINT64_FORMAT,
                               high, wide, shift);
    return TRUE;
}

static gboolean infer_shape(VdtNode *node, GError **error)
{
    const VdtShape *x = &node->inputs[0]->shape;
    const gboolean back = node->p.windows.way == VDT_WINDOWS_BACK;
    gint64 tokens = (gint64)node->p.windows.height * node->p.windows.width;
    gint64 places = (gint64)node->p.windows.window_h * node->p.windows.window_w, n;
    g_autofree char *text = vdt_shape_to_string(x);

    if (!check_options(node, error))
        return FALSE;
    n = vdt_windows_down(node) * vdt_windows_across(node);
    if (x->n_dims != 3)
        return vdt_shape_error(error, "the input has %u dimensions, it takes [N,tokens,C]",
                               x->n_dims);
    if (back && (x->dims[1] != places || x->dims[0] % n != 0))
        return vdt_shape_error(error,
                               "input %s is not of windows of %" G_GINT64_FORMAT
                               " tokens, %" G_GINT64_FORMAT " for each map",
                               text, places, n);
    if (!back && x->dims[1] != tokens)
        return vdt_shape_error(error, "input %s does not hold maps of %" G_GINT64_FORMAT " tokens",
                               text, tokens);
    switch (node->p.windows.way) {
    case VDT_WINDOWS_APART:
        node->shape = vdt_shape(x->dims[0] * n, places, x->dims[2]);
        break;
    case VDT_WINDOWS_BACK:
        node->shape = vdt_shape(x->dims[0] / n, tokens, x->dims[2]);
        break;
    case VDT_WINDOWS_JOINED:
        node->shape = vdt_shape(x->dims[0], n, x->dims[2] * places);
        break;
    }
    return TRUE;
}

/* Calls @move with each token of windows that is one of a map: its first elements on either side,
 * and how many there are. Returns where the first of padding would be. */
typedef void (*Move)(gpointer data, gint64 of_map, gint64 of_windows, gint64 n);

static void for_each_token(const VdtNode *node, Move move, gpointer data)
{
    const gint64 tokens = (gint64)node->p.windows.height * node->p.windows.width;
    const gint64 places = (gint64)node->p.windows.window_h * node->p.windows.window_w;
    const gint64 windows = vdt_windows_down(node) * vdt_windows_across(node);
    const gint64 c = node->inputs[0]->shape.dims[2];
    const gint64 maps =
        vdt_shape_elements(node->p.windows.way == VDT_WINDOWS_BACK ? &node->shape
                                                                   : &node->inputs[0]->shape) /
        (tokens * c);

    for (gint64 map = 0; map < maps; map++)
        for (gint64 window = 0; window < windows; window++)
            for (gint64 place = 0; place < places; place++) {
                gint64 token = vdt_windows_token(node, window, place);

                if (token >= 0)
                    move(data, (map * tokens + token) * c,
                         ((map * windows + window) * places + place) * c, c);
            }
}

typedef struct {
    const vdt_real *from;
    vdt_real *to;
} Sides;

static void to_windows(gpointer data, gint64 of_map, gint64 of_windows, gint64 n)
{
    const Sides *s = data;

    memcpy(s->to + of_windows, s->from + of_map, n * sizeof *s->to);
}

static void to_map(gpointer data, gint64 of_map, gint64 of_windows, gint64 n)
{
    const Sides *s = data;

    memcpy(s->to + of_map, s->from + of_windows, n * sizeof *s->to);
}

static void add_to_windows(gpointer data, gint64 of_map, gint64 of_windows, gint64 n)
{
    const Sides *s = data;

    for (gint64 i = 0; i < n; i++)
        s->to[of_windows + i] += s->from[of_map + i];
}

static void add_to_map(gpointer data, gint64 of_map, gint64 of_windows, gint64 n)
{
    const Sides *s = data;

    for (gint64 i = 0; i < n; i++)
        s->to[of_map + i] += s->from[of_windows + i];
}

static void forward(const VdtNode *node, const vdt_real *const *x, vdt_real *y)
{
    const gboolean back = node->p.windows.way == VDT_WINDOWS_BACK;
    Sides sides = {x[0], y};

    if (!back)
        memset(y, 0, vdt_shape_elements(&node->shape) * sizeof *y);
    for_each_token(node, back ? to_map : to_windows, &sides);
}

static void backward(const VdtNode *node, const vdt_real *const *x, const vdt_real *y,
                     const vdt_real *dy, vdt_real *const *dx)
{
    Sides sides = {dy, dx[0]};

    if (dx[0])
        for_each_token(node, node->p.windows.way == VDT_WINDOWS_BACK ? add_to_windows : add_to_map,
                       &sides);
}

const VdtOp VDT_OP(windows) = {
    .name = "windows",
    .min_inputs = 1,
    .max_inputs = 1,
    .infer_shape = infer_shape,
    .forward = forward,
    .backward = backward,
    .needs = VDT_NEEDS_NOTHING,
};

#ifndef VDT_REFERENCE_F64
static VdtValue *add(VdtValue *x, VdtWindows o, VdtWindowsWay way)
{
    VdtNode node = {.p.windows = {.height = o.height,
                                  .width = o.width,
                                  .window_h = o.window,
                                  .window_w = o.window_w ? o.window_w : o.window,
                                  .shift = o.shift,
                                  .way = way}};

    return vdt_graph_add_unary(&vdt_op_windows, x, &node);
}

VdtValue *vdt_windows_with(VdtValue *x, VdtWindows options)
{
    return add(x, options, VDT_WINDOWS_APART);
}

VdtValue *vdt_windows_back_with(VdtValue *x, VdtWindows options)
{
    return add(x, options, VDT_WINDOWS_BACK);
}

VdtValue *vdt_windows_joined_with(VdtValue *x, VdtWindows options)
{
    return add(x, options, VDT_WINDOWS_JOINED);
}
#endif
