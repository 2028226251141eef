/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tile of a matrix product: mr rows by nr columns of sums stay in registers while the depth is
 * walked; each step loads one row of packed weights and broadcasts one input of each row. One
 * function exists for every number of rows and vectors, so that the sums' indices are constants.
 */
#include "simd_sums.h"

#if VDT_IS_BF16
typedef struct {
    vu pair; /* two inputs of each column, first in the lower half */
} weight_vector;
typedef uint32_t input_scalar;

INLINE weight_vector load_weights(const char *b)
{
    weight_vector w;
    memcpy(&w.pair, b, sizeof w.pair);
    return w;
}

INLINE input_scalar load_input(const char *a, size_t step)
{
    uint32_t s;
    memcpy(&s, a + 4 * step, sizeof s);
    return s;
}

INLINE vf multiply_add(vf sum, input_scalar s, weight_vector w)
{
#if defined(__AVX512BF16__)
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)s), (__m512bh)w.pair);
#else
    uint32_t low = s << 16, high = s & 0xffff0000u;
    float x0, x1;

    memcpy(&x0, &low, sizeof x0);
    memcpy(&x1, &high, sizeof x1);
    sum += x0 * bits_to_float(w.pair << 16);
    return sum + x1 * bits_to_float(w.pair & 0xffff0000u);
#endif
}
#else
typedef vf weight_vector;
typedef float input_scalar;

INLINE weight_vector load_weights(const char *b)
{
    return load_f32((const float *)b);
}

INLINE input_scalar load_input(const char *a, size_t step)
{
    return ((const float *)a)[step];
}

INLINE vf multiply_add(vf sum, input_scalar s, weight_vector w)
{
    return sum + s * w;
}
#endif

INLINE void gemm(const VdtGemmTile *tile, const int rows, const int vectors)
{
    const VdtEpilogue *e = &tile->epilogue;
    const void *const *a = tile->a;
    const char *b = tile->b;
    size_t steps = tile->depth / (VDT_IS_BF16 ? 2 : 1);
    vf sums[MR][NV];

    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < vectors; j++)
            sums[i][j] = load_f32(e->bias + j * VDT_VL);
        ask_for_row(e, tile->y, tile->y_pitch, tile->y_f32, i, vectors);
    }

    for (size_t t = 0; t < tile->taps; t++, a += rows) {
        const char *row[MR];

#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
            row[i] = a[i];
#pragma GCC unroll 1
        for (size_t k = 0; k < steps; k++) {
            weight_vector w[NV];

#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                w[j] = load_weights(b + j * 4 * VDT_VL);
            b += vectors * 4 * VDT_VL;
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                input_scalar s = load_input(row[i], k);

#pragma GCC unroll 8
                for (int j = 0; j < vectors; j++)
                    sums[i][j] = multiply_add(sums[i][j], s, w[j]);
            }
        }
    }

    put_sums(e, tile->y, tile->y_pitch, tile->y_f32, rows, vectors, sums);
}

/* clang-format off */
#define TILE(rows, vectors)                                                                        \
    static void gemm_##rows##x##vectors(const VdtGemmTile *tile)                                   \
    {                                                                                              \
        gemm(tile, rows, vectors);                                                                 \
    }
#if VDT_VL == 16
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4)
#define ROW(rows) {gemm_##rows##x1, gemm_##rows##x2, gemm_##rows##x3, gemm_##rows##x4}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7)
static void (*const tiles[MR][NV])(const VdtGemmTile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7),
};
#else
/* Columns come in multiples of VDT_LANES, which is two vectors. */
#define ROW(rows) {NULL, gemm_##rows##x2}
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
static void (*const tiles[MR][NV])(const VdtGemmTile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6),
};
#endif
/* clang-format on */

void VDT_K(gemm_tile)(const VdtGemmTile *tile)
{
    tiles[tile->rows - 1][tile->cols / VDT_VL - 1](tile);
}

VDT_DEFINE_KERNELS(MR, (NV * VDT_VL));
