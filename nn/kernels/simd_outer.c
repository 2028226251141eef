/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tile of a sum of outer products: mr x nr sums stay in registers while the pixels are walked;
 * each pixel loads a row of vectors of one side and broadcasts some values of the other. One
 * function exists for every number of rows and vectors, so that the sums' indices are constants.
 */
#include "simd_tile.h"

INLINE void outer(const VdtOuterTile *tile, const int rows, const int vectors)
{
    const float *const *a = tile->a;
    const float *const *b = tile->b;
    size_t depth = tile->depth, a_offset = tile->a_offset, b_offset = tile->b_offset;
    vf sums[MR][NV];

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++)
            sums[i][j] = splat(0);

#pragma GCC unroll 1
    for (size_t n = 0; n < depth; n++) {
        const float *row = a[n] + a_offset;
        vf w[NV];

#pragma GCC unroll 8
        for (int j = 0; j < vectors; j++)
            w[j] = load_f32(b[n] + b_offset + j * VDT_VL);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            float s = row[i];

#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] += s * w[j];
        }
    }

#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        float *y = tile->y + i * tile->y_pitch;

#pragma GCC unroll 8
        for (int j = 0; j < vectors; j++) {
            if (tile->add)
                sums[i][j] += load_f32(y + j * VDT_VL);
            store_f32(y + j * VDT_VL, sums[i][j]);
        }
    }
}

/* clang-format off */
#define TILE(rows, vectors)                                                                        \
    static void outer_##rows##x##vectors(const VdtOuterTile *tile)                                 \
    {                                                                                              \
        outer(tile, rows, vectors);                                                                \
    }
#if VDT_VL == 16
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3) TILE(rows, 4)
#define ROW(rows) {outer_##rows##x1, outer_##rows##x2, outer_##rows##x3, outer_##rows##x4}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6) TILES(7)
static void (*const tiles[MR][NV])(const VdtOuterTile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6), ROW(7),
};
#else
/* Columns come in multiples of VDT_LANES, which is two vectors. */
#define ROW(rows) {NULL, outer_##rows##x2}
TILE(1, 2) TILE(2, 2) TILE(3, 2) TILE(4, 2) TILE(5, 2) TILE(6, 2)
static void (*const tiles[MR][NV])(const VdtOuterTile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6),
};
#endif
/* clang-format on */

void VDT_K(outer_tile)(const VdtOuterTile *tile)
{
    tiles[tile->rows - 1][tile->cols / VDT_VL - 1](tile);
}
