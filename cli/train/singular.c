/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One-sided Jacobi: pairs of rows are rotated until all are at right angles; their lengths are then
 * the singular values. */
#include "singular.h"

#include <math.h>

#define MOST_SWEEPS 20 /* over all pairs; it converges long before */
#define RIGHT_ANGLE 1e-9

double *singular_squares(double *rows, gsize n, gsize width)
{
    gboolean turned = TRUE;
    for (guint sweep = 0; sweep < MOST_SWEEPS && turned; sweep++) {
        turned = FALSE;
        for (gsize p = 0; p + 1 < n; p++)
            for (gsize q = p + 1; q < n; q++) {
                double *a = rows + p * width, *b = rows + q * width, aa = 0, bb = 0, ab = 0;
                for (gsize i = 0; i < width; i++) {
                    aa += a[i] * a[i];
                    bb += b[i] * b[i];
                    ab += a[i] * b[i];
                }
                if (fabs(ab) <= RIGHT_ANGLE * sqrt(aa * bb))
                    continue;
                turned = TRUE;
                double tau = (bb - aa) / (2 * ab);
                double t = copysign(1, tau) / (fabs(tau) + sqrt(1 + tau * tau));
                double cosine = 1 / sqrt(1 + t * t), sine = cosine * t;
                for (gsize i = 0; i < width; i++) {
                    double x = a[i], y = b[i];
                    a[i] = cosine * x - sine * y;
                    b[i] = sine * x + cosine * y;
                }
            }
    }
    double *squares = g_new0(double, n);
    for (gsize p = 0; p < n; p++) {
        double square = 0;
        for (gsize i = 0; i < width; i++)
            square += pow(rows[p * width + i], 2);
        gsize at = p;
        for (; at > 0 && squares[at - 1] < square; at--)
            squares[at] = squares[at - 1];
        squares[at] = square;
    }
    return squares;
}
