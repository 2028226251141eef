/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window.h"

void vdt_window_find(const VdtWindow *window, const VdtMap *map, const char *x, gsize size,
                     const void *zeros, gsize row, gsize column, gsize count, const void **a)
{
    const gssize top = (gssize)row * window->stride - window->pad_h;
    const gssize left = (gssize)column * window->stride - window->pad_w;
    const gssize right = left + (gssize)(count - 1) * window->stride + window->kernel_w;
    const gboolean inside = left >= 0 && right <= (gssize)map->w;

    for (gssize y = top; y < top + window->kernel_h; y++) {
        const gboolean line_inside = y >= 0 && y < (gssize)map->h;
        const char *line = line_inside ? x + y * map->w * size : NULL;

        for (gssize at = left; at < left + window->kernel_w; at++, a += count) {
            for (gsize i = 0; i < count; i++) {
                gssize seen = at + (gssize)i * window->stride;

                a[i] = line_inside && (inside || (seen >= 0 && seen < (gssize)map->w))
                           ? line + seen * size
                           : zeros;
            }
        }
    }
}
