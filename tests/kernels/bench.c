/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times every variant of gemm_tile on the products of a network, or of outer_tile on the sums of
 * its training, one thread. One JSON object for each variant and shape on standard output. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vedette/tensor.h>

#include "bench.h"

#include "../../bench/multiply-adds.h"

#define MOST_TAPS 121

typedef struct {
    const BenchShape *shape;
    const VdtKernels *kernels;
    size_t padded, x_pitch, y_pitch, map_width; /* the map is about square */
    char *x, *y, *packed;
    float *bias;
} Bench;

void *bench_memory(size_t size, size_t element)
{
    char *memory = aligned_alloc(VDT_ALIGN, (size + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN);

    g_assert_nonnull(memory);
    for (size_t i = 0; i < size / element; i++)
        check_set(memory, i, element == 2, check_uniform(-1, 1));
    return memory;
}

static void bench_init(Bench *b, const VdtKernels *kernels, const BenchShape *shape)
{
    size_t element = vdt_element_size(kernels->precision);
    size_t step = vdt_depth_step(kernels->precision), wide = VDT_ALIGN_LANES(shape->columns);
    g_autofree float *weights = NULL;
    size_t n_weights = shape->columns * shape->depth * shape->taps;
    size_t map_width = (size_t)ceil(sqrt((double)shape->rows));
    size_t side = (size_t)sqrt((double)shape->taps);

    *b = (Bench){.shape = shape,
                 .kernels = kernels,
                 .padded = (shape->depth + step - 1) / step * step,
                 .x_pitch = VDT_ALIGN_LANES(shape->depth),
                 .y_pitch = wide,
                 .map_width = map_width};
    b->x = bench_memory((shape->rows + side * map_width + side) * b->x_pitch * element, element);
    b->y = bench_memory(shape->rows * b->y_pitch * element, element);
    b->bias = bench_memory(wide * sizeof *b->bias, sizeof *b->bias);
    weights = g_new(float, n_weights);
    for (size_t i = 0; i < n_weights; i++)
        weights[i] = (float)check_uniform(-1, 1);
    b->packed =
        bench_memory(vdt_packed_size(kernels, shape->columns, shape->depth, shape->taps), element);
    vdt_pack_gemm(kernels, weights, shape->columns, shape->depth, shape->taps, b->packed);
}

static void bench_clear(Bench *b)
{
    free(b->x);
    free(b->y);
    free(b->bias);
    free(b->packed);
}

/* Rows [first, first + count) of the product. */
static void multiply(const Bench *b, size_t first, size_t count)
{
    const VdtKernels *kernels = b->kernels;
    const BenchShape *shape = b->shape;
    size_t element = vdt_element_size(kernels->precision);
    size_t side = (size_t)sqrt((double)shape->taps);
    const void *a[MOST_TAPS * VDT_MOST_GEMM_ROWS];

    for (size_t t = 0; t < shape->taps; t++)
        for (size_t i = 0; i < count; i++)
            a[t * count + i] =
                b->x + (first + i + t / side * b->map_width + t % side) * b->x_pitch * element;
    for (size_t column = 0; column < b->y_pitch; column += kernels->nr) {
        VdtGemmTile tile = {.rows = count,
                            .cols = MIN(kernels->nr, b->y_pitch - column),
                            .taps = shape->taps,
                            .depth = b->padded,
                            .a = a,
                            .b = b->packed + vdt_packed_block(kernels, column / kernels->nr,
                                                              shape->depth, shape->taps),
                            .y = b->y + (first * b->y_pitch + column) * element,
                            .y_pitch = b->y_pitch,
                            .epilogue = {.bias = b->bias + column, .act0 = VDT_ACT_RELU}};

        kernels->gemm_tile(&tile);
    }
}

/* Billions of multiplications and additions a second, two for each pair. */
static double measure(const VdtKernels *kernels, const BenchShape *shape)
{
    gint64 start, spent = 0;
    size_t done = 0, row = 0;
    Bench b;

    bench_init(&b, kernels, shape);
    multiply(&b, 0, MIN(kernels->mr, shape->rows)); /* once unmeasured */
    start = g_get_monotonic_time();
    while (spent < BENCH_ENOUGH_USEC) {
        size_t count = MIN(kernels->mr, shape->rows - row);

        multiply(&b, row, count);
        done += count;
        row = row + count < shape->rows ? row + count : 0;
        spent = g_get_monotonic_time() - start;
    }
    bench_clear(&b);
    return 2e-3 * done * shape->columns * shape->depth * shape->taps / spent;
}

/* What multiply-adds on registers reach: the best so far, since other load on the machine takes
 * from a single one. */
static double peak_of(VdtIsa isa, VdtPrecision precision)
{
    static double best[VDT_N_ISAS][2];
    MultiplyAdds work = precision == VDT_PRECISION_BF16 ? multiply_adds_bf16(isa) : NULL;

    if (!work)
        work = multiply_adds_f32(isa);
    for (guint i = 0; i < 3; i++) {
        gint64 start = g_get_monotonic_time();
        double done = work(NULL), speed = 1e-3 * done / (g_get_monotonic_time() - start);

        best[isa][precision] = MAX(best[isa][precision], speed);
    }
    return best[isa][precision];
}

void bench_print(const char *kernel, VdtIsa isa, VdtPrecision precision, const BenchShape *shape,
                 double speed, double plain, double openblas)
{
    printf("{\"kernel\": \"%s\", \"shape\": \"%s\", \"gflops\": %.2f, \"vs_c\": %.1f", kernel,
           shape->name, speed, speed / plain);
    if (openblas > 0 && precision == VDT_PRECISION_F32)
        printf(", \"vs_openblas\": %.2f", speed / openblas);
    /* What plain C could reach depends on what the compiler makes of it. */
    if (isa != VDT_ISA_C)
        printf(", \"peak_share\": %.3f", speed / peak_of(isa, precision));
    printf("}\n");
    fflush(stdout);
}

static void bench_gemm(const BenchShape *shape)
{
    const VdtKernels *kernels;
    const VdtKernels *blas = vdt_blas_kernels(VDT_ISA_C, VDT_PRECISION_F32);
    double plain[2] = {0}; /* C's, by precision */
    double openblas = blas ? measure(blas, shape) : 0;

    for (guint precision = 0; precision < 2; precision++)
        plain[precision] = measure(vdt_kernels_plain(precision), shape);
    for (guint i = 0; (kernels = vdt_kernels_nth(i)); i++) {
        double speed = plain[kernels->precision];

        if (kernels->isa > vdt_isa_get_available())
            continue;
        if (kernels == blas)
            speed = openblas;
        else if (kernels != vdt_kernels_plain(kernels->precision))
            speed = measure(kernels, shape);
        bench_print(kernels->name, kernels->isa, kernels->precision, shape, speed,
                    plain[kernels->precision], openblas);
    }
}

int check_bench(const char *tile, const char *path)
{
    void (*bench)(const BenchShape *) = strcmp(tile, "outer") == 0 ? bench_outer : bench_gemm;
    FILE *file = fopen(path, "re");
    char line[256];

    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        return 1;
    }
    while (fgets(line, sizeof line, file)) {
        BenchShape shape;

        if (*line == '#' || *line == '\n')
            continue;
        if (sscanf(line, "%63s %zu %zu %zu %zu", shape.name, &shape.rows, &shape.columns,
                   &shape.depth, &shape.taps) != 5 ||
            shape.taps > MOST_TAPS) {
            fprintf(stderr, "%s: not a shape: %s", path, line);
            fclose(file);
            return 1;
        }
        bench(&shape);
    }
    fclose(file);
    return 0;
}
