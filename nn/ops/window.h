/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The geometry of sliding windows (convolutions, pools) along one axis.
 */
#pragma once

#include <glib.h>

/* Output size for @size elements padded on both sides; less than 1 if the window does not fit. */
static inline gint64 window_count(gint64 size, int kernel, int stride, int pad)
{
    gint64 room = size + 2 * (gint64)pad - kernel;

    return room < 0 ? 0 : room / stride + 1;
}

/* The outputs [*begin, *end) of @count whose element at @tap of the window is not padding: those
 * with 0 <= output * stride - pad + tap < size. */
static inline void window_range(gint64 size, gint64 count, int tap, int stride, int pad,
                                gint64 *begin, gint64 *end)
{
    gint64 before = (gint64)pad - tap;
    gint64 past = size + before;

    *begin = before > 0 ? MIN((before + stride - 1) / stride, count) : 0;
    *end = past > 0 ? MIN((past + stride - 1) / stride, count) : 0;
    *end = MAX(*end, *begin);
}
