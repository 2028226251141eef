/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times outer_tile on whole sums of a few hundred pixels, which stay in a cache. */
#include <stdlib.h>

#include "bench.h"

#define BATCH_USEC 1000
#define MAP_WIDTH  28 /* every so many pixels the window's rows jump over the map's edge */
#define MAP_EDGE   2

typedef struct {
    const BenchShape *shape;
    size_t x_pitch, y_pitch;
    float *x, *gradient, *y;
    const float **a, **b;
} Bench;

static Bench bench_new(const BenchShape *shape)
{
    size_t pixels = shape->depth + (shape->depth / MAP_WIDTH + 1) * MAP_EDGE;
    Bench b = {.shape = shape,
               .x_pitch = VDT_ALIGN_LANES(shape->rows),
               .y_pitch = VDT_ALIGN_LANES(shape->columns),
               .a = g_new(const float *, shape->depth),
               .b = g_new(const float *, shape->depth)};

    b.x = bench_memory(pixels * b.x_pitch * sizeof *b.x, sizeof *b.x);
    b.gradient = bench_memory(shape->depth * b.y_pitch * sizeof *b.gradient, sizeof *b.gradient);
    b.y = bench_memory(shape->rows * b.y_pitch * sizeof *b.y, sizeof *b.y);
    for (size_t n = 0; n < shape->depth; n++)
        b.a[n] = b.x + (n + n / MAP_WIDTH * MAP_EDGE) * b.x_pitch;
    for (size_t n = 0; n < shape->depth; n++)
        b.b[n] = b.gradient + n * b.y_pitch;
    return b;
}

static void bench_free(Bench *b)
{
    free(b->x);
    free(b->gradient);
    free(b->y);
    g_free(b->a);
    g_free(b->b);
}

/* The whole sum. Rows are shared out evenly: a tile of one or two rows has too few sums to keep the
 * CPU busy. */
static void add_products(const Bench *b, const VdtKernels *kernels)
{
    const BenchShape *shape = b->shape;
    size_t tiles = (shape->rows + kernels->mr - 1) / kernels->mr;

    for (size_t column = 0; column < b->y_pitch; column += kernels->nr) {
        for (size_t i = 0; i < tiles; i++) {
            size_t row = i * shape->rows / tiles, end = (i + 1) * shape->rows / tiles;
            VdtOuterTile tile = {.rows = end - row,
                                 .cols = MIN(kernels->nr, b->y_pitch - column),
                                 .depth = shape->depth,
                                 .a = b->a,
                                 .a_offset = row,
                                 .b = b->b,
                                 .b_offset = column,
                                 .y = b->y + row * b->y_pitch + column,
                                 .y_pitch = b->y_pitch};

            kernels->outer_tile(&tile);
        }
    }
}

/* The fastest of many short batches: other load on the machine only ever adds time. */
static double measure(const VdtKernels *kernels, const BenchShape *shape)
{
    Bench b = bench_new(shape);
    gint64 begin = g_get_monotonic_time(), now = begin;
    double best = 0;

    while (now - begin < BENCH_ENOUGH_USEC) {
        gint64 start = now;
        size_t done = 0;

        for (; now - start < BATCH_USEC; done++) {
            add_products(&b, kernels);
            now = g_get_monotonic_time();
        }
        best = MAX(best, (double)done / (now - start));
    }
    bench_free(&b);
    return 2e-3 * best * shape->columns * shape->rows * shape->depth;
}

void bench_outer(const BenchShape *shape)
{
    const VdtKernels *kernels, *blas = vdt_blas_kernels(VDT_ISA_C, VDT_PRECISION_F32);
    const VdtKernels *c = vdt_kernels_plain(VDT_PRECISION_F32);
    double plain = measure(c, shape), openblas = blas ? measure(blas, shape) : 0;

    for (guint i = 0; (kernels = vdt_kernels_nth(i)); i++) {
        double speed = kernels == blas ? openblas : plain;

        if (!kernels->outer_tile || kernels->isa > vdt_isa_get_available())
            continue;
        if (kernels != blas && kernels != c)
            speed = measure(kernels, shape);
        bench_print(kernels->name, kernels->isa, VDT_PRECISION_F32, shape, speed, plain, openblas);
    }
}
