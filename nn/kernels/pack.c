/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights into the form that gemm_tile reads, and Winograd's transform of 3x3 kernels. */
#include <string.h>

#include "kernels.h"
#include "winograd.h"

static size_t padded_depth(const VdtKernels *kernels, size_t depth)
{
    size_t step = vdt_depth_step(kernels->precision);

    return (depth + step - 1) / step * step;
}

size_t vdt_packed_size(const VdtKernels *kernels, size_t cols, size_t depth, size_t taps)
{
    return taps * padded_depth(kernels, depth) * VDT_ALIGN_LANES(cols) *
           vdt_element_size(kernels->precision);
}

size_t vdt_packed_block(const VdtKernels *kernels, size_t block, size_t depth, size_t taps)
{
    return vdt_packed_size(kernels, block * kernels->nr, depth, taps);
}

static uint16_t to_bfloat16(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

void vdt_pack_gemm(const VdtKernels *kernels, const float *weights, size_t cols, size_t depth,
                   size_t taps, void *packed)
{
    size_t step = vdt_depth_step(kernels->precision), padded = padded_depth(kernels, depth);

    memset(packed, 0, vdt_packed_size(kernels, cols, depth, taps));
    for (size_t block = 0; block * kernels->nr < cols; block++) {
        size_t first = block * kernels->nr;
        size_t width = MIN(kernels->nr, VDT_ALIGN_LANES(cols - first));
        char *to = (char *)packed + vdt_packed_block(kernels, block, depth, taps);

        for (size_t j = 0; j < MIN(width, cols - first); j++) {
            for (size_t k = 0; k < depth; k++) {
                for (size_t t = 0; t < taps; t++) {
                    float value = weights[((first + j) * depth + k) * taps + t];
                    size_t at = ((t * padded + k) / step * width + j) * step + k % step;

                    if (kernels->precision == VDT_PRECISION_BF16)
                        ((uint16_t *)to)[at] = to_bfloat16(value);
                    else
                        ((float *)to)[at] = value;
                }
            }
        }
    }
}

void vdt_winograd_kernel(const float g[9], float u[VDT_WINOGRAD_POINTS])
{
    const double a = VDT_WINOGRAD_A, b = VDT_WINOGRAD_B;
    const double rows[6][3] = {
        {1, 0, 0},
        {-2.0 / 3, -2.0 / 3 * a, -1.0 / 3},
        {-2.0 / 3, 2.0 / 3 * a, -1.0 / 3},
        {1.0 / 6, b / 6, 1.0 / 3},
        {1.0 / 6, -b / 6, 1.0 / 3},
        {0, 0, 1},
    };

    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            double sum = 0;

            for (int k = 0; k < 9; k++)
                sum += rows[i][k / 3] * rows[j][k % 3] * g[k];
            u[6 * i + j] = (float)sum;
        }
    }
}
