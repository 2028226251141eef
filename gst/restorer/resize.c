/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resize.h"

#include <math.h>
#include <string.h>

/* What pixel @i of @to covers of a line of @from, in pixels. */
static void cover(guint i, guint from, guint to, double *begin, double *end)
{
    *begin = (double)i * from / to;
    *end = MIN((double)(i + 1) * from / to, (double)from);
}

/* How much of pixel @i lies between. */
static float share(guint i, double begin, double end)
{
    return (float)(MIN(end, (double)i + 1) - MAX(begin, (double)i));
}

/* A line of @from pixels to one of @to. */
static void shrink_line(const float *line, guint from, float *out, guint to)
{
    for (guint i = 0; i < to; i++) {
        double begin, end;
        float sum = 0;

        cover(i, from, to, &begin, &end);
        for (guint k = (guint)begin; k < from && k < end; k++)
            sum += share(k, begin, end) * line[k];
        out[i] = sum / (float)(end - begin);
    }
}

void vdt_planes_shrink(const float *from, VdtPlaneSize size, float *to, VdtPlaneSize smaller)
{
    g_autofree float *line = g_new(float, size.width);

    for (guint c = 0; c < 3; c++, from += (gsize)size.width * size.height)
        for (guint y = 0; y < smaller.height; y++, to += smaller.width) {
            double begin, end;

            cover(y, size.height, smaller.height, &begin, &end);
            memset(line, 0, size.width * sizeof *line);
            for (guint k = (guint)begin; k < size.height && k < end; k++) {
                const float part = share(k, begin, end) / (float)(end - begin);
                const float *row = from + (gsize)k * size.width;

                for (guint x = 0; x < size.width; x++)
                    line[x] += part * row[x];
            }
            shrink_line(line, size.width, to, smaller.width);
        }
}

typedef struct {
    guint first, second;
    float share;
} Place;

static Place place_of(guint at, guint size, guint smaller)
{
    const float p =
        CLAMP(((float)at + 0.5f) * (float)smaller / (float)size - 0.5f, 0, (float)(smaller - 1));

    return (Place){(guint)p, MIN((guint)p + 1, smaller - 1), p - floorf(p)};
}

void vdt_planes_enlarge(const float *from, VdtPlaneSize smaller, float *to, VdtPlaneSize size,
                        guint x, guint y, guint width, guint height)
{
    g_autofree Place *columns = g_new(Place, width);

    for (guint i = 0; i < width; i++)
        columns[i] = place_of(x + i, size.width, smaller.width);
    for (guint c = 0; c < 3; c++)
        for (guint j = y; j < y + height; j++) {
            const Place row = place_of(j, size.height, smaller.height);
            const float *above = from + ((gsize)c * smaller.height + row.first) * smaller.width;
            const float *below = from + ((gsize)c * smaller.height + row.second) * smaller.width;
            float *out = to + ((gsize)c * size.height + j) * size.width + x;

            for (guint i = 0; i < width; i++) {
                const Place p = columns[i];
                const float up = above[p.first] + p.share * (above[p.second] - above[p.first]);
                const float down = below[p.first] + p.share * (below[p.second] - below[p.first]);

                out[i] = up + row.share * (down - up);
            }
        }
}
