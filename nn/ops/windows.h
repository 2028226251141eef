/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of a map: which token of the map stands at which place of a window. The map is padded
 * below and on the right to whole windows, and all of it, padding too, moves up and to the left by
 * the shift; what moves out comes in on the other side.
 */
#pragma once

#include "graph/node.h"

static inline gint64 vdt_windows_down(const VdtNode *node)
{
    return (node->p.windows.height - 1) / node->p.windows.window_h + 1;
}

static inline gint64 vdt_windows_across(const VdtNode *node)
{
    return (node->p.windows.width - 1) / node->p.windows.window_w + 1;
}

/* Of the map, the row or column that stands at @place of window @window, windows being @size; it
 * may be padding. */
static inline gint64 vdt_windows_along(gint64 window, gint64 place, gint64 size, gint64 n_windows,
                                       gint64 shift)
{
    gint64 at = window * size + place + shift;

    return at < n_windows * size ? at : at - n_windows * size;
}

/* The token at @place of window @window of a map, counted row by row, or, in a window of tokens
 * that stand side by side, column by column; -1 for padding. */
static inline gint64 vdt_windows_token(const VdtNode *node, gint64 window, gint64 place)
{
    const gint64 high = node->p.windows.window_h, wide = node->p.windows.window_w;
    const gint64 across = vdt_windows_across(node);
    const gboolean by_columns = node->p.windows.way == VDT_WINDOWS_JOINED;
    gint64 y = vdt_windows_along(window / across, by_columns ? place % high : place / wide, high,
                                 vdt_windows_down(node), node->p.windows.shift);
    gint64 x = vdt_windows_along(window % across, by_columns ? place / high : place % wide, wide,
                                 across, node->p.windows.shift);

    return y < node->p.windows.height && x < node->p.windows.width ? y * node->p.windows.width + x
                                                                   : -1;
}
