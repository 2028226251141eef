/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "labelmap.h"

#include <math.h>

/* One axis: an output is (1 - part) of source @low and part of source @high. */
typedef struct {
    guint low, high;
    float part;
} Source;

/* Of @n outputs from @first on, of @out_size. */
static Source *new_sources(guint size, guint out_size, guint first, guint n)
{
    Source *sources = g_new(Source, n);
    for (guint i = 0; i < n; i++) {
        float where = MAX((float)size / out_size * (first + i + 0.5f) - 0.5f, 0);
        guint low = MIN((guint)where, size - 1);
        sources[i] = (Source){low, MIN(low + 1, size - 1), MIN(where - low, 1)};
    }
    return sources;
}

void vdt_plane_resize(const float *from, guint rows, guint columns, gsize stride, float *to,
                      guint height, guint width)
{
    g_autofree Source *down = new_sources(rows, height, 0, height);
    g_autofree Source *across = new_sources(columns, width, 0, width);
    for (guint y = 0; y < height; y++) {
        const float *low = from + down[y].low * stride, *high = from + down[y].high * stride;
        for (guint x = 0; x < width; x++) {
            const Source s = across[x];
            float a = (1 - s.part) * low[s.low] + s.part * low[s.high];
            float b = (1 - s.part) * high[s.low] + s.part * high[s.high];
            *to++ = (1 - down[y].part) * a + down[y].part * b;
        }
    }
}

/* Class by class, since a class's logits of a row stand together: @best is the row's largest so
 * far, @between the class's row between two rows of logits. */
static void map_row(const float *logits, guint classes, gsize plane, guint columns, Source down,
                    const Source *across, float *between, float *best, guint16 *labels, guint width)
{
    for (guint c = 0; c < classes; c++) {
        const float *low = logits + c * plane + (gsize)down.low * columns;
        const float *high = logits + c * plane + (gsize)down.high * columns;
        for (guint x = 0; x < columns; x++)
            between[x] = (1 - down.part) * low[x] + down.part * high[x];
        for (guint x = 0; x < width; x++) {
            const Source s = across[x];
            float value = (1 - s.part) * between[s.low] + s.part * between[s.high];
            gboolean better = c == 0 || value > best[x];
            best[x] = better ? value : best[x];
            labels[x] = better ? c : labels[x];
        }
    }
}

void vdt_label_map_part(const float *logits, guint classes, guint rows, guint columns,
                        guint16 *labels, guint width, guint height, const VdtLabelPart *part)
{
    g_autofree Source *down = new_sources(rows, height, part->top, part->height);
    g_autofree Source *across = new_sources(columns, width, part->left, part->width);
    g_autofree float *between = g_new(float, columns), *best = g_new(float, part->width);
    for (guint y = 0; y < part->height; y++)
        map_row(logits, classes, (gsize)rows * columns, columns, down[y], across, between, best,
                labels + y * part->stride, part->width);
}

void vdt_label_map(const float *logits, guint classes, guint rows, guint columns, guint16 *labels,
                   gsize stride, guint width, guint height)
{
    const VdtLabelPart all = {0, 0, width, height, stride};
    vdt_label_map_part(logits, classes, rows, columns, labels, width, height, &all);
}
