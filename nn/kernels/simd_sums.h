/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a tile's sums, from the registers to memory. */
#pragma once

#include "simd_tile.h"

#define LINE 64 /* bytes that memory is read and written in */

/* What a row's sums will be written to, and what is added to them, is asked for before they are
 * summed: the lines come meanwhile. */
INLINE void ask_for_row(const VdtEpilogue *e, const void *y, size_t y_pitch, bool y_f32, size_t i,
                        size_t vectors)
{
    size_t y_element = !VDT_IS_BF16 || y_f32 ? sizeof(float) : sizeof(element);
    const char *to = (const char *)y + i * y_pitch * y_element;
    const char *add = (const char *)((const element *)e->add + i * e->add_pitch);

    for (size_t line = 0; line < vectors * VDT_VL * y_element; line += LINE)
        __builtin_prefetch(to + line, 1);
    if (e->add)
        for (size_t line = 0; line < vectors * VDT_VL * sizeof(element); line += LINE)
            __builtin_prefetch(add + line);
}

/* Long activations work through memory, to keep the common path short. */
static __attribute__((noinline, unused)) void activate_tile(vf *sums, size_t n, VdtAct act)
{
    if (act == VDT_ACT_GELU)
        for (size_t i = 0; i < n; i++)
            sums[i] = gelu(sums[i]);
    else
        for (size_t i = 0; i < n; i++)
            sums[i] = activate(sums[i], act);
}

/* The epilogue of sums that have their bias, except that act1 is RELU at most. */
INLINE void put_sums(const VdtEpilogue *e, void *y, size_t y_pitch, bool y_f32, const int rows,
                     const int vectors, vf sums[][NV])
{
    if (e->act0 > VDT_ACT_RELU) {
        vf spilled[MR * NV];

        /* By loops: a copy of a few hundred bytes becomes a string instruction, which is slow. */
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                spilled[i * vectors + j] = sums[i][j];
        activate_tile(spilled, rows * vectors, e->act0);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] = spilled[i * vectors + j];
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        if (e->act0 == VDT_ACT_RELU) {
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] = at_least(sums[i][j], splat(0));
        }
        if (e->mul) {
            const element *mul = (const element *)e->mul + i * e->mul_pitch;
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] *= load(mul + j * VDT_VL);
        }
        if (e->add) {
            const element *add = (const element *)e->add + i * e->add_pitch;
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] += load(add + j * VDT_VL);
        }
        if (e->act1 == VDT_ACT_RELU) {
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                sums[i][j] = at_least(sums[i][j], splat(0));
        }
        if (!VDT_IS_BF16 || y_f32) {
            float *to = (float *)y + i * y_pitch;
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                store_f32(to + j * VDT_VL, sums[i][j]);
        } else {
            element *to = (element *)y + i * y_pitch;
#pragma GCC unroll 8
            for (int j = 0; j < vectors; j++)
                store(to + j * VDT_VL, sums[i][j]);
        }
    }
}
