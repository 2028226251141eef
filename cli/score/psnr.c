/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "psnr.h"

#include <math.h>

float psnr_luma(const guint8 rgb[3])
{
    return 16 + (65.738f * rgb[0] + 129.057f * rgb[1] + 25.064f * rgb[2]) / 256;
}

static double squared(PsnrOf of, const guint8 *a, const guint8 *b)
{
    if (of == PSNR_LUMA) {
        double d =
            (65.738 * (a[0] - b[0]) + 129.057 * (a[1] - b[1]) + 25.064 * (a[2] - b[2])) / 256;
        return d * d;
    }
    int sum = 0;
    for (guint c = 0; c < 3; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum / 3.0;
}

double psnr_of(PsnrOf of, const VdtPicture *a, const VdtPicture *b, guint margin)
{
    double sum = 0, n = (double)(a->width - 2 * margin) * (a->height - 2 * margin);
    for (guint y = margin; y < a->height - margin; y++)
        for (guint x = margin; x < a->width - margin; x++)
            sum += squared(of, a->data + y * a->stride + 3 * x, b->data + y * b->stride + 3 * x);
    return sum > 0 ? MIN(PSNR_MOST, 10 * log10(255 * 255 * n / sum)) : PSNR_MOST;
}
