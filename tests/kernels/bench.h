/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmarks of the tiles share. */
#pragma once

#include "check.h"
#include "kernels/blas.h"

#define BENCH_ENOUGH_USEC 50000 /* for each variant and shape */

typedef struct {
    char name[64];
    size_t rows, columns, depth, taps;
} BenchShape;

/* Random elements, aligned; to be freed. */
void *bench_memory(size_t size, size_t element);
/* A line of JSON. @speed is in 1e9 operations a second, two for each multiply-add; @plain is that
 * of the C variant, @openblas that of OpenBLAS, or 0. */
void bench_print(const char *kernel, VdtIsa isa, VdtPrecision precision, const BenchShape *shape,
                 double speed, double plain, double openblas);

void bench_outer(const BenchShape *shape);
