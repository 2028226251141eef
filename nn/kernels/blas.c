/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tile becomes a call of sgemm: tiles are large here, and weights keep the packed form of
 * kernels.h, whose blocks are matrices as they are. Rows that do not lie evenly, as those of a
 * convolution, are first put side by side.
 *
 * The library is loaded when the first plan asks for kernels of level C, not linked: it is large
 * and starts a thread for each CPU when it is loaded, which those who never call it should not pay
 * for. Our pool is what runs products beside each other, so OpenBLAS is told to use one thread.
 */
#include "blas.h"

#include <string.h>

#include "isa-config.h"

#if VDT_HAVE_OPENBLAS
#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#define TILE_ROWS     VDT_MOST_GEMM_ROWS
#define TILE_COLUMNS  128
/* Of sums, that are put side by side at once. With a tile's sums they stay in the second cache. */
#define CHUNK         256
/* A call costs about as much as so many multiplications in plain C. */
#define LEAST_PRODUCT 2048

extern const VdtKernels vdt_kernels_c_f32;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static VdtKernels kernels; /* without a name: there are none */
static __typeof__(&cblas_sgemm) sgemm;
static bool always;

bool vdt_blas_pays(size_t rows, size_t columns, size_t depth)
{
    return always || rows * columns * depth >= LEAST_PRODUCT;
}

/* Elements from one address to the next; 0 if they differ, are not at least @width, or are more
 * than the library counts: two rows may lie anywhere. */
static size_t find_pitch(const float *const *rows, size_t n, size_t width)
{
    ptrdiff_t bytes =
        n > 1 ? (const char *)rows[1] - (const char *)rows[0] : (ptrdiff_t)(width * sizeof(float));

    if (bytes < (ptrdiff_t)(width * sizeof(float)) || bytes % (ptrdiff_t)sizeof(float) != 0 ||
        bytes / (ptrdiff_t)sizeof(float) > INT_MAX)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((const char *)rows[i] - (const char *)rows[i - 1] != bytes)
            return 0;
    return (size_t)bytes / sizeof(float);
}

/* y (+)= a b, or a' b where @turned. */
static void multiply(bool turned, size_t rows, size_t columns, size_t depth, const float *a,
                     size_t a_pitch, const float *b, size_t b_pitch, bool add, float *y,
                     size_t y_pitch)
{
    sgemm(CblasRowMajor, turned ? CblasTrans : CblasNoTrans, CblasNoTrans, (blasint)rows,
          (blasint)columns, (blasint)depth, 1, a, (blasint)a_pitch, b, (blasint)b_pitch,
          add ? 1 : 0, y, (blasint)y_pitch);
}

/* sums = the tile's, where each tap's rows lie anyhow. */
static void multiply_gathered(const VdtGemmTile *tile, float *sums)
{
    const float *const *rows = (const float *const *)tile->a, *b = tile->b;
    const size_t all = tile->taps * tile->depth;
    float side[TILE_ROWS * CHUNK];

    for (size_t first = 0; first < all; first += CHUNK) {
        size_t n = all - first < CHUNK ? all - first : CHUNK;

        for (size_t done = 0, run; done < n; done += run) {
            size_t tap = (first + done) / tile->depth, k = (first + done) % tile->depth;

            run = tile->depth - k < n - done ? tile->depth - k : n - done;
            for (size_t i = 0; i < tile->rows; i++)
                memcpy(side + i * n + done, rows[tap * tile->rows + i] + k, run * sizeof *side);
        }
        multiply(false, tile->rows, tile->cols, n, side, n, b + first * tile->cols, tile->cols,
                 first > 0, sums, tile->cols);
    }
}

static void relu(float *restrict x, size_t n)
{
    for (size_t j = 0; j < n; j++)
        x[j] = x[j] < 0 ? 0 : x[j];
}

/* The epilogue, operand by operand, which the compiler makes vectors of; map_rows() goes element by
 * element, and would take longer than a product of little depth. */
static void finish_row(const VdtEpilogue *e, size_t row, size_t n, float *restrict x)
{
    const float *mul = e->mul ? (const float *)e->mul + row * e->mul_pitch : NULL;
    const float *add = e->add ? (const float *)e->add + row * e->add_pitch : NULL;

    for (size_t j = 0; j < n; j++)
        x[j] += e->bias[j];
    if (e->act0 == VDT_ACT_RELU)
        relu(x, n);
    for (size_t j = 0; j < n && mul; j++)
        x[j] *= mul[j];
    for (size_t j = 0; j < n && add; j++)
        x[j] += add[j];
    if (e->act1 == VDT_ACT_RELU)
        relu(x, n);
}

static void gemm_tile(const VdtGemmTile *tile)
{
    /* What is added may be what is written, so sums have a place of their own. */
    float sums[TILE_ROWS * TILE_COLUMNS];
    size_t pitch = 0;

    if (!vdt_blas_pays(tile->rows, tile->cols, tile->taps * tile->depth)) {
        vdt_kernels_c_f32.gemm_tile(tile);
        return;
    }
    if (tile->taps == 1)
        pitch = find_pitch((const float *const *)tile->a, tile->rows, tile->depth);
    if (pitch > 0)
        multiply(false, tile->rows, tile->cols, tile->depth, tile->a[0], pitch, tile->b, tile->cols,
                 false, sums, tile->cols);
    else
        multiply_gathered(tile, sums);
    if (tile->epilogue.act0 > VDT_ACT_RELU) {
        kernels.map_rows(tile->rows, tile->cols, sums, tile->cols, &tile->epilogue, tile->y,
                         tile->y_pitch);
        return;
    }
    for (size_t i = 0; i < tile->rows; i++) {
        finish_row(&tile->epilogue, i, tile->cols, sums + i * tile->cols);
        memcpy((float *)tile->y + i * tile->y_pitch, sums + i * tile->cols,
               tile->cols * sizeof *sums);
    }
}

/* The matrix of @n rows of @width from @offset on, copied to @side if they do not lie evenly. */
static const float *line_up(const float *const *rows, size_t n, size_t offset, size_t width,
                            float *side, size_t *pitch)
{
    *pitch = find_pitch(rows, n, width);
    if (*pitch > 0)
        return rows[0] + offset;
    for (size_t i = 0; i < n; i++)
        memcpy(side + i * width, rows[i] + offset, width * sizeof *side);
    *pitch = width;
    return side;
}

static void outer_tile(const VdtOuterTile *tile)
{
    float a_side[CHUNK * TILE_ROWS], b_side[CHUNK * TILE_COLUMNS];

    for (size_t first = 0; first < tile->depth; first += CHUNK) {
        size_t n = tile->depth - first < CHUNK ? tile->depth - first : CHUNK, a_pitch, b_pitch;
        const float *a = line_up(tile->a + first, n, tile->a_offset, tile->rows, a_side, &a_pitch);
        const float *b = line_up(tile->b + first, n, tile->b_offset, tile->cols, b_side, &b_pitch);

        multiply(true, tile->rows, tile->cols, n, a, a_pitch, b, b_pitch, tile->add || first > 0,
                 tile->y, tile->y_pitch);
    }
}

/* As the only user of the library, we can end its threads; with one thread to use it starts no
 * others, and neither does a child behind a fork. */
static void load(void)
{
    const char *wish = getenv("VEDETTE_BLAS");
    void *library;
    bool is_ours;
    __typeof__(&openblas_set_num_threads) set_threads;
    int (*end_threads)(void);

    if (wish && strcmp(wish, "0") == 0)
        return;
    always = wish && strcmp(wish, "1") == 0;
    library = dlopen(VDT_OPENBLAS, RTLD_NOW | RTLD_NOLOAD);
    is_ours = !library;
    if (is_ours)
        library = dlopen(VDT_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    sgemm = (__typeof__(sgemm))dlsym(library, "cblas_sgemm");
    set_threads = (__typeof__(set_threads))dlsym(library, "openblas_set_num_threads");
    end_threads = (__typeof__(end_threads))dlsym(library, "blas_thread_shutdown_");
    if (!sgemm || !set_threads)
        return;
    set_threads(1);
    if (is_ours && end_threads)
        end_threads();
    kernels = vdt_kernels_c_f32;
    kernels.mr = TILE_ROWS;
    kernels.nr = TILE_COLUMNS;
    kernels.gemm_tile = gemm_tile;
    kernels.outer_tile = outer_tile;
    /* It would multiply in plain C, and Winograd's transforms are: they take longer than the
     * multiplications that they save. */
    kernels.strassen_tile = NULL;
    kernels.winograd_input = NULL;
    kernels.winograd_output = NULL;
    kernels.name = "openblas_f32";
}

const VdtKernels *vdt_blas_kernels(VdtIsa isa, VdtPrecision precision)
{
    if (isa != VDT_ISA_C || precision != VDT_PRECISION_F32)
        return NULL;
    pthread_once(&once, load);
    return kernels.name ? &kernels : NULL;
}
#else
bool vdt_blas_pays(size_t rows, size_t columns, size_t depth)
{
    return false;
}

const VdtKernels *vdt_blas_kernels(VdtIsa isa, VdtPrecision precision)
{
    return NULL;
}
#endif
