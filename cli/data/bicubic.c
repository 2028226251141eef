/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bicubic.h"

#include <math.h>

#define MOST      16
#define MOST_TAPS (4 * MOST + 2)

/* Keys' kernel with a = -1/2. */
static double cubic(double x)
{
    x = fabs(x);
    if (x <= 1)
        return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/* What becomes one pixel, the same for all but for where it begins. */
typedef struct {
    int first, n; /* of the first pixel */
    double weights[MOST_TAPS];
} Taps;

static Taps make_taps(guint by)
{
    double middle = 0.5 * by - 0.5, sum = 0;
    Taps taps = {.first = (int)floor(middle - 2.0 * by), .n = 4 * (int)by + 2};
    for (int i = 0; i < taps.n; i++)
        sum += taps.weights[i] = cubic((taps.first + i - middle) / by);
    for (int i = 0; i < taps.n; i++)
        taps.weights[i] /= sum;
    return taps;
}

/* Mirrored so that the pixel at the edge is there twice. */
static guint mirrored(int i, guint n)
{
    int period = 2 * (int)n;
    i = ((i % period) + period) % period;
    return i < (int)n ? i : period - 1 - i;
}

void bicubic_reduce(const VdtPicture *from, guint by, VdtPicture *to)
{
    g_return_if_fail(by >= 1 && by <= MOST && to->width * by == from->width &&
                     to->height * by == from->height);
    const Taps taps = make_taps(by);
    gsize n = (gsize)3 * from->width;
    g_autofree double *row = g_new(double, n);
    for (guint y = 0; y < to->height; y++) {
        for (gsize i = 0; i < n; i++)
            row[i] = 0;
        for (int t = 0; t < taps.n; t++) {
            const guint8 *line =
                from->data + mirrored(y * by + taps.first + t, from->height) * from->stride;
            for (gsize i = 0; i < n; i++)
                row[i] += taps.weights[t] * line[i];
        }
        guint8 *result = to->data + y * to->stride;
        for (guint x = 0; x < to->width; x++)
            for (guint c = 0; c < 3; c++) {
                double sum = 0;
                for (int t = 0; t < taps.n; t++)
                    sum += taps.weights[t] *
                           row[3 * mirrored(x * by + taps.first + t, from->width) + c];
                *result++ = CLAMP(lrint(sum), 0, 255);
            }
    }
}
