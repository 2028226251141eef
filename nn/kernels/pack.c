/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights into the form that gemm_tile reads, and Winograd's transform of 3x3 kernels. */
#include <string.h>

#include "kernels.h"
#include "winograd.h"

size_t vdt_packed_size(const VdtKernels *kernels, size_t cols, size_t depth, size_t taps)
{
    return taps * vdt_padded_depth(kernels, depth) * VDT_ALIGN_LANES(cols) *
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

/* How far one walks along the depth before the next tap or group of columns: what is read and
 * written until then fits the first cache, whichever way the weights are laid out. */
#define DEPTH_CHUNK 16

/* Some columns, at most VDT_LANES, and some depth of one tap. */
typedef struct {
    const float *from;
    ptrdiff_t col_stride, depth_stride;
    size_t cols, depth;
} Chunk;

/* @to has rows of @width columns. Missing columns are zero. */
static void pack_f32(const Chunk *c, float *to, size_t width)
{
    const float *from = c->from;

    for (size_t k = 0; k < c->depth && c->cols < VDT_LANES; k++)
        memset(to + k * width + c->cols, 0, (VDT_LANES - c->cols) * sizeof *to);
    if (c->col_stride == 1 && c->cols == VDT_LANES) {
        for (size_t k = 0; k < c->depth; k++, from += c->depth_stride)
            memcpy(to + k * width, from, VDT_LANES * sizeof *to);
    } else if (ABS(c->col_stride) < ABS(c->depth_stride)) {
        for (size_t k = 0; k < c->depth; k++, from += c->depth_stride)
            for (size_t j = 0; j < c->cols; j++)
                to[k * width + j] = from[(ptrdiff_t)j * c->col_stride];
    } else {
        for (size_t j = 0; j < c->cols; j++, from += c->col_stride)
            for (size_t k = 0; k < c->depth; k++)
                to[k * width + j] = from[(ptrdiff_t)k * c->depth_stride];
    }
}

/* Pairs of depth are kept together; the last may lack its second half. */
static void pack_bf16(const Chunk *c, uint16_t *to, size_t width)
{
    for (size_t k = 0; k < (c->depth + 1) / 2 * 2; k++) {
        const float *from = c->from + (ptrdiff_t)k * c->depth_stride;
        uint16_t *row = to + k / 2 * width * 2 + k % 2;

        for (size_t j = 0; j < VDT_LANES; j++)
            row[2 * j] =
                k < c->depth && j < c->cols ? to_bfloat16(from[(ptrdiff_t)j * c->col_stride]) : 0;
    }
}

void vdt_pack_gemm_strided(const VdtKernels *kernels, const float *weights, size_t cols,
                           ptrdiff_t col_stride, size_t depth, ptrdiff_t depth_stride, size_t taps,
                           ptrdiff_t tap_stride, void *packed)
{
    size_t padded = vdt_padded_depth(kernels, depth);

    for (size_t first = 0; first < cols; first += VDT_LANES) {
        size_t block = first / kernels->nr, column = first % kernels->nr;
        size_t width = MIN(kernels->nr, VDT_ALIGN_LANES(cols - block * kernels->nr));
        char *to = (char *)packed + vdt_packed_block(kernels, block, depth, taps);

        for (size_t k = 0; k < depth; k += DEPTH_CHUNK) {
            for (size_t t = 0; t < taps; t++) {
                size_t row = t * padded + k; /* even where rows are in pairs */
                Chunk c = {.from = weights + (ptrdiff_t)first * col_stride +
                                   (ptrdiff_t)k * depth_stride + (ptrdiff_t)t * tap_stride,
                           .col_stride = col_stride,
                           .depth_stride = depth_stride,
                           .cols = MIN(VDT_LANES, cols - first),
                           .depth = MIN(DEPTH_CHUNK, depth - k)};

                if (kernels->precision == VDT_PRECISION_BF16)
                    pack_bf16(&c, (uint16_t *)to + row * width + 2 * column, width);
                else
                    pack_f32(&c, (float *)to + row * width + column, width);
            }
        }
    }
}

/* One row of pairs from two rows of elements; there may be no second one. */
static void pair_rows(const uint16_t *first, const uint16_t *second, ptrdiff_t stride, size_t n,
                      uint32_t *to)
{
    if (second == NULL)
        for (size_t j = 0; j < n; j++)
            to[j] = first[(ptrdiff_t)j * stride];
    else if (stride == 1) /* in vectors */
        for (size_t j = 0; j < n; j++)
            to[j] = first[j] | (uint32_t)second[j] << 16;
    else
        for (size_t j = 0; j < n; j++)
            to[j] = first[(ptrdiff_t)j * stride] | (uint32_t)second[(ptrdiff_t)j * stride] << 16;
}

void vdt_pack_elements(const VdtKernels *kernels, const void *elements, size_t cols,
                       ptrdiff_t col_stride, size_t depth, ptrdiff_t depth_stride, void *packed)
{
    if (kernels->precision == VDT_PRECISION_F32) {
        vdt_pack_gemm_strided(kernels, elements, cols, col_stride, depth, depth_stride, 1, 0,
                              packed);
        return;
    }
    for (size_t first = 0; first < cols; first += kernels->nr) {
        size_t n = MIN(kernels->nr, cols - first), width = VDT_ALIGN_LANES(n);
        uint32_t *to =
            (uint32_t *)((char *)packed + vdt_packed_block(kernels, first / kernels->nr, depth, 1));

        for (size_t k = 0; k < depth; k += 2, to += width) {
            const uint16_t *row = (const uint16_t *)elements + (ptrdiff_t)first * col_stride +
                                  (ptrdiff_t)k * depth_stride;

            pair_rows(row, k + 1 < depth ? row + depth_stride : NULL, col_stride, n, to);
            memset(to + n, 0, (width - n) * sizeof *to);
        }
    }
}

void vdt_pack_gemm(const VdtKernels *kernels, const float *weights, size_t cols, size_t depth,
                   size_t taps, void *packed)
{
    vdt_pack_gemm_strided(kernels, weights, cols, (ptrdiff_t)(depth * taps), depth, (ptrdiff_t)taps,
                          taps, 1, packed);
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
