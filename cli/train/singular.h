/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Squares of the singular values of a matrix of @n @rows of @width, which are changed; the largest
 * first. Caller frees. */
double *singular_squares(double *rows, gsize n, gsize width);
