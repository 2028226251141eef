/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Singular values: of matrices that are made of known ones, and where there are none. */
#include "train/singular.h"

#include <math.h>

/* Rows of length 1 at right angles: of cosines. */
static double basis(gsize n, gsize i, gsize k)
{
    return sqrt((i == 0 ? 1.0 : 2.0) / (double)n) *
           cos(G_PI * (double)i * ((double)k + 0.5) / (double)n);
}

static void check(const double *values, gsize n, gsize width, gsize given)
{
    g_autofree double *rows = g_new0(double, n *width);
    for (gsize v = 0; v < given; v++)
        for (gsize i = 0; i < n; i++)
            for (gsize k = 0; k < width; k++)
                rows[i * width + k] += values[v] * basis(n, v, i) * basis(width, v, k);
    g_autofree double *squares = singular_squares(rows, n, width);
    for (gsize i = 0; i < n; i++)
        g_assert_cmpfloat_with_epsilon(sqrt(squares[i]), i < given ? values[i] : 0, 1e-6);
}

static void test_known(void)
{
    static const double values[] = {7, 5, 5, 2, 0.25};
    check(values, 5, 5, 5);
    check(values, 5, 9, 5);
    check(values, 12, 31, 3); /* of a rank below its size */
    check(values, 1, 4, 1);
    check(values, 3, 3, 0); /* nothing but zeros */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/singular/known", test_known);
    return g_test_run();
}
