/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Products of matrices, tile by tile. */
#include "kernels.h"

size_t vdt_tile_rows(const VdtKernels *kernels, size_t left)
{
    size_t tiles = (left + kernels->mr - 1) / kernels->mr;

    return (left + tiles - 1) / tiles;
}

void vdt_multiply(const VdtKernels *kernels, const VdtMatrices *m)
{
    const size_t size = vdt_element_size(kernels->precision);
    const size_t y_size = m->y_f32 ? sizeof(float) : size;

    for (size_t column = 0; column < m->columns; column += kernels->nr) {
        size_t columns = VDT_ALIGN_LANES(m->columns - column);

        for (size_t row = 0, count; row < m->rows; row += count) {
            const void *a[VDT_MOST_GEMM_ROWS];
            VdtGemmTile tile = {
                .rows = count = vdt_tile_rows(kernels, m->rows - row),
                .cols = columns < kernels->nr ? columns : kernels->nr,
                .taps = 1,
                .depth = vdt_padded_depth(kernels, m->depth),
                .a = a,
                .b = m->packed + vdt_packed_block(kernels, column / kernels->nr, m->depth, 1),
                .y = (char *)m->y + (row * m->y_pitch + column) * y_size,
                .y_pitch = m->y_pitch,
                .y_f32 = m->y_f32,
                .epilogue = {.bias = m->zeros, .add_pitch = m->add_pitch},
            };

            if (m->add)
                tile.epilogue.add = (const char *)m->add + (row * m->add_pitch + column) * size;
            for (size_t i = 0; i < tile.rows; i++)
                a[i] = (const char *)m->a + (row + i) * m->a_pitch * size;
            kernels->gemm_tile(&tile);
        }
    }
}
