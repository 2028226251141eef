/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tile of simd_gemm.c for Strassen's method. The first tile of a product adds the weights that
 * it multiplies: that costs next to nothing where the loop waits for multiplications, while a pass
 * over the weights of its own would wait for memory.
 */
#include "simd_sums.h"

enum { ALONE, PLUS, MINUS };

/* The sums stay as they are. */
INLINE void put_part(const VdtStrassenPart *part, size_t y_pitch, const int rows, vf sums[][NV])
{
    const vf sign = splat(part->minus ? -1 : 1);

    if (part->add) {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < NV; j++) {
                float *y = part->y + i * y_pitch + j * VDT_VL;

                if (i < part->rows)
                    store_f32(y, load_f32(y) + sign * sums[i][j]);
            }
    } else {
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < NV; j++)
                if (i < part->rows)
                    store_f32(part->y + i * y_pitch + j * VDT_VL, sums[i][j]);
    }
}

INLINE void finish_part(const VdtStrassenTile *tile, const VdtStrassenPart *part, const int rows,
                        vf sums[][NV])
{
    const vf sign = splat(part->minus ? -1 : 1);

#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int j = 0; j < NV; j++) {
            vf bias = load_f32(tile->epilogue->bias + j * VDT_VL);

            if (part->add)
                bias += load_f32(part->y + i * tile->y_pitch + j * VDT_VL);
            sums[i][j] = bias + sign * sums[i][j];
        }
    put_sums(tile->epilogue, part->y, tile->y_pitch, true, rows, NV, sums);
}

INLINE void strassen(const VdtStrassenTile *tile, const int rows, const int weights)
{
    const VdtStrassenPart *last = &tile->parts[tile->n_parts - 1];
    const VdtEpilogue none = {0};
    const VdtEpilogue *e = tile->epilogue ? tile->epilogue : &none;
    const float *b = tile->b, *other = tile->other;
    const char *ahead = tile->ahead ? tile->ahead : (const char *)b;
    float *b_sum = tile->b_sum;
    const float *row[MR];
    vf sums[MR][NV];

#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        row[i] = tile->a[i];
        for (int j = 0; j < NV; j++)
            sums[i][j] = splat(0);
        ask_for_row(&none, tile->parts[0].y, tile->y_pitch, true, i, NV);
        ask_for_row(e, last->y, tile->y_pitch, true, i, NV);
    }

#pragma GCC unroll 1
    for (size_t k = 0; k < tile->depth; k++) {
        vf w[NV];

#pragma GCC unroll 8
        for (int j = 0; j < NV; j++) {
            w[j] = load_f32(b + j * VDT_VL);
            if (weights == PLUS)
                w[j] += load_f32(other + j * VDT_VL);
            if (weights == MINUS)
                w[j] -= load_f32(other + j * VDT_VL);
            if (weights != ALONE)
                store_f32(b_sum + j * VDT_VL, w[j]);
        }
        __builtin_prefetch(ahead + k * LINE, 0, 2);
        b += NV * VDT_VL;
        other += weights == ALONE ? 0 : NV * VDT_VL;
        b_sum += weights == ALONE ? 0 : NV * VDT_VL;
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            float s = row[i][k];

#pragma GCC unroll 8
            for (int j = 0; j < NV; j++)
                sums[i][j] += s * w[j];
        }
    }

    if (tile->n_parts > 1)
        put_part(&tile->parts[0], tile->y_pitch, rows, sums);
    if (tile->epilogue)
        finish_part(tile, last, rows, sums);
    else
        put_part(last, tile->y_pitch, rows, sums);
}

/* clang-format off */
#define TILE(rows, weights)                                                                        \
    static void strassen_##rows##_##weights(const VdtStrassenTile *tile)                           \
    {                                                                                              \
        strassen(tile, rows, weights);                                                             \
    }
#define TILES(rows) TILE(rows, ALONE) TILE(rows, PLUS) TILE(rows, MINUS)
#define ROW(rows) {strassen_##rows##_ALONE, strassen_##rows##_PLUS, strassen_##rows##_MINUS}
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
#if VDT_VL == 16
TILES(7)
#endif
static void (*const tiles[MR][3])(const VdtStrassenTile *) = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6),
#if VDT_VL == 16
    ROW(7),
#endif
};
/* clang-format on */

void VDT_K(strassen_tile)(const VdtStrassenTile *tile)
{
    tiles[tile->rows - 1][!tile->other ? ALONE : tile->minus ? MINUS : PLUS](tile);
}
