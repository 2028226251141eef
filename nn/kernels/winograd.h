/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Winograd's F(4x4, 3x3): sixteen outputs of a 3x3 convolution from 36 products instead of 144
 * (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015).
 *
 *     Y = A' [(G g G') . (B' d B)] A
 *
 * The interpolation points are 0, +-a, +-b and infinity with a = 1/sqrt(2), b = sqrt(2): a pair of
 * reciprocals keeps the transforms' entries near 1, so that rounding costs about one decimal digit
 * less than with 0, +-1, +-2. With these points
 *
 *     B' row 0    1    0  -5/2   0    1   0        A' = 1   1    1     1     1    0
 *        +-a      0  -+b   -2  +-a    1   0             0   a   -a     b    -b    0
 *        +-b      0  -+a  -1/2 +-b    1   0             0  1/2  1/2    2     2    0
 *        inf      0    1    0  -5/2   0   1             0  a/2 -a/2   2b   -2b    1
 *
 *     G  row 0: 1 0 0;  +-a: (1, +-a, 1/2) / (-3/2);  +-b: (1, +-b, 2) / 6;  inf: 0 0 1
 */
#pragma once

#include <stddef.h>

#define VDT_WINOGRAD_IN     6  /* pixels on a side of a tile's input */
#define VDT_WINOGRAD_OUT    4  /* and of its output */
#define VDT_WINOGRAD_POINTS 36 /* products */
#define VDT_WINOGRAD_A      0.70710678118654752440
#define VDT_WINOGRAD_B      1.41421356237309504880

/* u[36] = G g G' of one 3x3 kernel, row-major; summed in double. */
void vdt_winograd_kernel(const float g[9], float u[VDT_WINOGRAD_POINTS]);
