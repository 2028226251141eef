/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights into the form that the tiles of int8.h read. */
#include <math.h>
#include <string.h>

#include "int8.h"

size_t vdt_int8_packed_size(size_t cols, size_t depth, size_t taps)
{
    return taps * VDT_ALIGN_LANES(cols) * (sizeof(int32_t) + VDT_ALIGN_INT8(depth));
}

size_t vdt_int8_packed_block(const VdtInt8Kernels *kernels, size_t block, size_t depth, size_t taps)
{
    return vdt_int8_packed_size(block * kernels->nr, depth, taps);
}

/* One column of a block that is @width columns wide. */
static void pack_column(const float *weights, size_t depth, size_t taps, float scale, char *block,
                        size_t width, size_t column)
{
    for (size_t t = 0; t < taps; t++) {
        int32_t *offset = (int32_t *)(block + vdt_int8_packed_size(width, depth, t)) + column;
        int8_t *q = (int8_t *)(offset + width - column) + column * VDT_INT8_STEP;
        int32_t sum = 0;

        for (size_t k = 0; k < depth; k++) {
            int32_t value = scale > 0 ? (int32_t)lrint((double)weights[k * taps + t] / scale) : 0;

            q[k / VDT_INT8_STEP * VDT_INT8_STEP * width + k % VDT_INT8_STEP] = (int8_t)value;
            sum += value;
        }
        *offset = -128 * sum;
    }
}

void vdt_int8_pack(const VdtInt8Kernels *kernels, const float *weights, size_t cols, size_t depth,
                   size_t taps, void *packed, float *scales)
{
    memset(packed, 0, vdt_int8_packed_size(cols, depth, taps));
    memset(scales, 0, VDT_ALIGN_LANES(cols) * sizeof *scales);
    for (size_t c = 0; c < cols; c++, weights += depth * taps) {
        size_t block = c / kernels->nr;
        float most = 0;

        for (size_t i = 0; i < depth * taps; i++)
            most = fmaxf(most, fabsf(weights[i]));
        scales[c] = most < VDT_INT8_LEAST ? 0 : most / VDT_INT8_MOST;
        pack_column(weights, depth, taps, scales[c],
                    (char *)packed + vdt_int8_packed_block(kernels, block, depth, taps),
                    MIN(kernels->nr, VDT_ALIGN_LANES(cols - block * kernels->nr)), c % kernels->nr);
    }
}
