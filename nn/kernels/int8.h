/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernels of products in 8 bits, summed in 32. Maps are elements as everywhere, bfloat16 where the
 * processor multiplies it; what a product reads is quantised when it is there, each pixel by its
 * own largest value, and weights when they are packed, each output channel by its own:
 *     x[c] = q[c] * scale, q[c] = round(127 x[c] / max |x|), -127 <= q <= 127
 * This is dynamic quantisation, of rows and of output channels: nothing is to be calibrated. All
 * variants give the same sums of integers, bit by bit.
 */
#pragma once

#include "kernels.h"

/* The depth of a product is rounded up to so many. */
#define VDT_INT8_STEP     4
#define VDT_INT8_MOST     127
/* A pixel whose largest value is less counts as nothing: 127 over it need not be a number. */
#define VDT_INT8_LEAST    0x1p-100f
#define VDT_ALIGN_INT8(n) (((size_t)(n) + VDT_INT8_STEP - 1) / VDT_INT8_STEP * VDT_INT8_STEP)

/*
 * One tile of an indirect product:
 *     sum[i][j] = column_scales[j] * sum over t of scales[t * rows + i] *
 *                 sum over k of a[t * rows + i][k] * b[t][k][j]
 * followed by the epilogue.
 */
typedef struct {
    size_t rows; /* 1 to mr */
    size_t cols; /* a multiple of VDT_LANES, up to nr */
    size_t taps;
    size_t depth; /* a multiple of VDT_INT8_STEP */
    const int8_t *const *a;
    const float *scales;
    const void *b; /* packed by vdt_int8_pack(): the block that holds this tile's columns */
    const float *column_scales;
    void *y; /* elements */
    size_t y_pitch;
    VdtEpilogue epilogue; /* already at row 0, column 0 */
} VdtInt8Tile;

typedef struct {
    const char *name;
    VdtIsa isa;
    VdtPrecision maps; /* of what elements maps are */
    size_t mr, nr;     /* largest tile, as of VdtKernels */
    void (*gemm_tile)(const VdtInt8Tile *tile);
    /* Quantises rows of elements; q past the channels is 0 up to VDT_ALIGN_LANES(channels). The
     * scale of a row that is not finite is not a number, and so is all that is made of it. */
    void (*quantise_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, int8_t *q,
                          size_t q_pitch, float *scales);
} VdtInt8Kernels;

/* The best kernels up to @isa. Never NULL. */
const VdtInt8Kernels *vdt_int8_kernels_get(VdtIsa isa);
/* The reference over maps of these elements. */
const VdtInt8Kernels *vdt_int8_kernels_plain(VdtPrecision maps);
/* All of them, for tests: NULL past the last. */
const VdtInt8Kernels *vdt_int8_kernels_nth(unsigned i);

/*
 * Packs weights [cols][depth][taps] into blocks of nr columns, each for every tap
 *     int32 offset[columns]; int8 q[depth / 4][columns][4]
 * where offset is -128 times the column's sum, which is what inputs that are raised by 128, to have
 * no sign, add too much. The last block is as wide as needed in whole vectors; missing columns and
 * depth are zero. scales gets VDT_ALIGN_LANES(cols). vdt_int8_packed_size() gives bytes,
 * vdt_int8_packed_block() the offset in bytes of a block.
 */
size_t vdt_int8_packed_size(size_t cols, size_t depth, size_t taps);
size_t vdt_int8_packed_block(const VdtInt8Kernels *kernels, size_t block, size_t depth,
                             size_t taps);
void vdt_int8_pack(const VdtInt8Kernels *kernels, const float *weights, size_t cols, size_t depth,
                   size_t taps, void *packed, float *scales);
