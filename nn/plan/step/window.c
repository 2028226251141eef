/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window.h"

void vdt_window_find_in(const VdtWindow *window, const char *const *lines, gsize width, gsize size,
                        const void *zeros, gsize column, gsize count, const void **a)
{
    const gssize left = (gssize)column * window->stride - window->pad_w;
    const gssize right = left + (gssize)(count - 1) * window->stride + window->kernel_w;
    const gboolean inside = left >= 0 && right <= (gssize)width;
    const gsize line_taps = vdt_window_line(window), n = count + line_taps - 1;

    for (int y = 0; y < window->kernel_h; y++) {
        const char *line = lines[y];

        for (gssize x = left; x < left + window->kernel_w; x += line_taps, a += n) {
            for (gsize i = 0; i < n; i++) {
                gssize at = x + (gssize)i * window->stride;

                a[i] =
                    line && (inside || (at >= 0 && at < (gssize)width)) ? line + at * size : zeros;
            }
        }
    }
}

void vdt_window_find(const VdtWindow *window, const VdtMap *map, const char *x, gsize size,
                     const void *zeros, gsize row, gsize column, gsize count, const void **a)
{
    const char *lines[VDT_MOST_TAPS];

    for (int y = 0; y < window->kernel_h; y++) {
        gssize at = vdt_window_row(window, map, row, y);

        lines[y] = at < 0 ? NULL : x + at * map->w * size;
    }
    vdt_window_find_in(window, lines, map->w, size, zeros, column, count, a);
}
