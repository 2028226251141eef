/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernels of int8.h in plain C. */
#include "int8.h"
#include "reference.h"

#define MR 4
#define NR 16

static int32_t dot(const int8_t *a, const int8_t *b, size_t depth, size_t width)
{
    int32_t sum = 0;

    for (size_t k = 0; k < depth; k++)
        sum += a[k] * b[k / VDT_INT8_STEP * VDT_INT8_STEP * width + k % VDT_INT8_STEP];
    return sum;
}

static void gemm_tile(const VdtInt8Tile *tile)
{
    const size_t width = tile->cols;

    for (size_t i = 0; i < tile->rows; i++) {
        for (size_t j = 0; j < width; j++) {
            float sum = 0;

            for (size_t t = 0; t < tile->taps; t++) {
                const char *b = (const char *)tile->b + vdt_int8_packed_size(width, tile->depth, t);
                const int8_t *q = (const int8_t *)(b + width * sizeof(int32_t));

                sum += (float)dot(tile->a[t * tile->rows + i], q + j * VDT_INT8_STEP, tile->depth,
                                  width) *
                       tile->scales[t * tile->rows + i];
            }
            store(tile->y, i * tile->y_pitch + j,
                  finish(sum * tile->column_scales[j], &tile->epilogue, i, j));
        }
    }
}

static void quantise_rows(size_t rows, size_t channels, const void *x, size_t x_pitch, int8_t *q,
                          size_t q_pitch, float *scales)
{
    for (size_t r = 0; r < rows; r++, q += q_pitch) {
        const void *row = row_at(x, r, x_pitch);
        float most = 0, nothing = 0, factor;

        for (size_t c = 0; c < channels; c++) {
            float value = load(row, c);

            most = fabsf(value) > most ? fabsf(value) : most;
            nothing += value - value;
        }
        factor = most < VDT_INT8_LEAST ? 0 : VDT_INT8_MOST / most;
        scales[r] = (factor > 0 ? most / VDT_INT8_MOST : 0) + nothing;
        memset(q, 0, VDT_ALIGN_LANES(channels));
        for (size_t c = 0; c < channels && scales[r] > 0; c++)
            q[c] = (int8_t)lrint((double)load(row, c) * factor);
    }
}

const VdtInt8Kernels VDT_K(products) = {.name = VDT_STRING(VDT_VARIANT),
                                        .isa = VDT_LEVEL,
                                        .maps = VDT_VARIANT_PRECISION,
                                        .mr = MR,
                                        .nr = NR,
                                        .gemm_tile = gemm_tile,
                                        .quantise_rows = quantise_rows};
