/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an output pixel of a convolution or a pool sees of its input. */
#pragma once

#include "layout.h"

/* Kernel positions of the largest convolution that has a fast kernel: 11x11. */
#define VDT_MOST_TAPS 121

/* Where the window of an output lies. With @spread the input is seen as if spread - 1 rows and
 * columns of zeros lay between its own: how the gradient of a strided convolution sees it. */
typedef struct {
    int kernel_h, kernel_w, stride, pad_h, pad_w;
    int spread; /* 0 means 1 */
} VdtWindow;

static inline gsize vdt_window_taps(const VdtWindow *window)
{
    return window->kernel_h * window->kernel_w;
}

/* Whether each output pixel sees just the input pixel of the same number. */
static inline gboolean vdt_window_is_pixel(const VdtWindow *window)
{
    return vdt_window_taps(window) == 1 && window->stride == 1 && window->spread <= 1 &&
           window->pad_h + window->pad_w == 0;
}

/* Which row of an input of @size rows is seen at @at; -1 for padding and the rows between. */
static inline gssize vdt_window_place(gssize at, int spread, gsize size)
{
    if (spread > 1) {
        if (at % spread != 0)
            return -1;
        at /= spread;
    }
    return at < 0 || at >= (gssize)size ? -1 : at;
}

/* The row and the column of the input that an output sees through a tap; -1 for padding. */
static inline gssize vdt_window_row(const VdtWindow *window, const VdtMap *x, gsize row,
                                    int tap_row)
{
    return vdt_window_place((gssize)row * window->stride - window->pad_h + tap_row, window->spread,
                            x->h);
}

static inline gssize vdt_window_column(const VdtWindow *window, const VdtMap *x, gsize column,
                                       int tap_column)
{
    return vdt_window_place((gssize)column * window->stride - window->pad_w + tap_column,
                            window->spread, x->w);
}

/* The number of the input pixel that output (row, column) sees through a tap; -1 for padding. */
static inline gssize vdt_window_pixel(const VdtWindow *window, const VdtMap *x, gsize row,
                                      gsize column, gsize tap)
{
    gssize r = vdt_window_row(window, x, row, (int)tap / window->kernel_w);
    gssize c = vdt_window_column(window, x, column, (int)tap % window->kernel_w);

    return r < 0 || c < 0 ? -1 : r * (gssize)x->w + c;
}

/* Taps side by side through which each output pixel sees what the one before it saw, but for one:
 * the width of a line of depthwise_rows() in kernels.h. */
static inline gsize vdt_window_line(const VdtWindow *window)
{
    return window->stride == 1 ? window->kernel_w : 1;
}

/* Addresses of what @count output pixels of one row, the first one at @column, see of the input's
 * rows under the window, @lines, as depthwise_rows() wants them; NULL is a row of padding, and
 * @zeros stands for it and other padding. A row has @width pixels of @size bytes. Not for windows
 * with a spread. */
void vdt_window_find_in(const VdtWindow *window, const char *const *lines, gsize width, gsize size,
                        const void *zeros, gsize column, gsize count, const void **a);
/* The same for output row @row of an image at @x. */
void vdt_window_find(const VdtWindow *window, const VdtMap *map, const char *x, gsize size,
                     const void *zeros, gsize row, gsize column, gsize count, const void **a);
