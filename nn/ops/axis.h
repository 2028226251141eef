/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resizes and adaptive pools: their shape, and where along one axis an output element looks, for
 * the ops and for the steps that plans make of them. */
#pragma once

#include "graph/node.h"

/* Shape rule of ops that bring [N,C,H,W] to a height and a width: p.resize. */
gboolean vdt_resize_infer_shape(VdtNode *node, GError **error);

/* An output element of a bilinear resize is (1 - part) of source @low and part of source @high. */
typedef struct {
    gint64 low, high;
    vdt_real part;
} VdtBilinear;

static inline VdtBilinear vdt_bilinear(gint64 at, gint64 size, gint64 out_size,
                                       gboolean align_corners)
{
    vdt_real scale, where;
    VdtBilinear s;

    if (align_corners) {
        scale = out_size > 1 ? (vdt_real)(size - 1) / (out_size - 1) : 0;
        where = scale * at;
    } else {
        scale = (vdt_real)size / out_size;
        where = MAX(scale * (at + (vdt_real)0.5) - (vdt_real)0.5, 0);
    }
    s.low = MIN((gint64)where, size - 1);
    s.high = MIN(s.low + 1, size - 1);
    s.part = MIN(where - s.low, 1);
    return s;
}

/* Window i of n over a size begins at floor(i size / n) and ends before ceil((i + 1) size / n). */
static inline gint64 vdt_pool_begin(gint64 i, gint64 n, gint64 size)
{
    return i * size / n;
}

static inline gint64 vdt_pool_end(gint64 i, gint64 n, gint64 size)
{
    return ((i + 1) * size + n - 1) / n;
}
