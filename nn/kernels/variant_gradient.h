/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What variant.h is for kernels.h, for train.h: prototypes and the row of the table. Training works
 * on floats, so variants for bfloat16 have none of this. */
#pragma once

#include "gradient.h"
#include "variant.h"

void VDT_K(outer_tile)(const VdtOuterTile *tile);
void VDT_K(moments)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                    const float *shift, float *sum, float *square);
void VDT_K(affine_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch,
                        const float *scale, const float *bias, VdtAct act, float *y,
                        size_t y_pitch);
void VDT_K(act_gradient)(size_t rows, size_t channels, VdtAct act, const float *y, size_t y_pitch,
                         const float *dy, size_t dy_pitch, float *dx, size_t dx_pitch, bool add);
void VDT_K(norm_sums)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                      const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                      const float *mean, float *sum, float *dot);
void VDT_K(norm_gradient)(size_t rows, size_t channels, VdtAct act, const float *x, size_t x_pitch,
                          const float *y, size_t y_pitch, const float *dy, size_t dy_pitch,
                          const float *mean, const float *a, const float *b, const float *c0,
                          float *dx, size_t dx_pitch, bool add);
void VDT_K(mul_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *y, size_t y_pitch, bool add);
void VDT_K(dot_rows)(size_t rows, size_t channels, const float *a, size_t a_pitch, const float *b,
                     size_t b_pitch, float *sum);
void VDT_K(copy_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float factor,
                      float *y, size_t y_pitch, bool add);
void VDT_K(softmax_rows)(size_t rows, size_t channels, const float *x, size_t x_pitch, float *y,
                         size_t y_pitch);
void VDT_K(max_row_gradient)(size_t taps, size_t channels, const float *const *a, const float *y,
                             const float *dy, float *const *dx);

/* The row itself: put once into a source of the variant. */
extern const VdtGradientKernels VDT_K(gradient_kernels);
#define VDT_DEFINE_GRADIENT_KERNELS(tile_rows, tile_cols)                                          \
    const VdtGradientKernels VDT_K(gradient_kernels) = {.name = VDT_STRING(VDT_VARIANT),           \
                                                        .isa = VDT_LEVEL,                          \
                                                        .mr = tile_rows,                           \
                                                        .nr = tile_cols,                           \
                                                        .outer_tile = VDT_K(outer_tile),           \
                                                        .moments = VDT_K(moments),                 \
                                                        .affine_rows = VDT_K(affine_rows),         \
                                                        .act_gradient = VDT_K(act_gradient),       \
                                                        .norm_sums = VDT_K(norm_sums),             \
                                                        .norm_gradient = VDT_K(norm_gradient),     \
                                                        .mul_rows = VDT_K(mul_rows),               \
                                                        .dot_rows = VDT_K(dot_rows),               \
                                                        .copy_rows = VDT_K(copy_rows),             \
                                                        .softmax_rows = VDT_K(softmax_rows),       \
                                                        .max_row_gradient =                        \
                                                            VDT_K(max_row_gradient)}
