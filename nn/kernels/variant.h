/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of one variant's functions, VDT_K(name), and their prototypes. A variant is a set of
 * sources built with VDT_VARIANT and VDT_LEVEL (an ISA), VDT_IS_BF16 (0 or 1) defined.
 */
#pragma once

#include "kernels.h"

#define VDT_CONCAT_(a, b) a##_##b
#define VDT_CONCAT(a, b)  VDT_CONCAT_(a, b)
#define VDT_K(name)       VDT_CONCAT(vdt_##name, VDT_VARIANT)

void VDT_K(gemm_tile)(const VdtGemmTile *tile);
void VDT_K(scale_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                       const void *scale, void *y, size_t y_pitch);
void VDT_K(sum_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, float *sum);
void VDT_K(store_scaled)(size_t channels, const float *value, float factor, void *y);
void VDT_K(max_row)(size_t taps, size_t channels, const void *const *a, void *y);
void VDT_K(blend_rows)(size_t outs, size_t taps, size_t channels, const void *const *a,
                       const float *weights, void *y, size_t y_pitch);
void VDT_K(softmax_row)(size_t n, float *x);
void VDT_K(exp_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch, const float *top,
                     float *y, size_t y_pitch, float *sum);
void VDT_K(depthwise_rows)(size_t rows, size_t lines, size_t width, size_t channels,
                           const void *const *a, const float *weight, const VdtEpilogue *epilogue,
                           void *y, size_t y_pitch);
void VDT_K(map_rows)(size_t rows, size_t channels, const void *x, size_t x_pitch,
                     const VdtEpilogue *epilogue, void *y, size_t y_pitch);
void VDT_K(from_planes)(size_t pixels, size_t channels, const float *x, size_t plane, void *y,
                        size_t y_pitch);
void VDT_K(to_planes)(size_t pixels, size_t channels, const void *x, size_t x_pitch, float *y,
                      size_t plane);
#if !VDT_IS_BF16
void VDT_K(winograd_input)(size_t channels, const void *const *a, float *v, size_t v_stride);
void VDT_K(winograd_output)(size_t channels, const float *m, size_t m_stride, size_t rows,
                            size_t cols, size_t width, const VdtEpilogue *epilogue, void *y,
                            size_t y_pitch);
#endif

/* The row itself: put once into a source of the variant. */
#define VDT_STRING_(x) #x
#define VDT_STRING(x)  VDT_STRING_(x)
#if VDT_IS_BF16
#define VDT_VARIANT_PRECISION VDT_PRECISION_BF16
#define VDT_VARIANT_WINOGRAD
#else
#define VDT_VARIANT_PRECISION VDT_PRECISION_F32
#define VDT_VARIANT_WINOGRAD                                                                       \
    .winograd_input = VDT_K(winograd_input), .winograd_output = VDT_K(winograd_output)
#endif
extern const VdtKernels VDT_K(kernels);
#define VDT_DEFINE_KERNELS(tile_rows, tile_cols)                                                   \
    _Static_assert(tile_rows <= VDT_MOST_TILE_ROWS, "lists of rows have room for a tile");         \
    const VdtKernels VDT_K(kernels) = {.name = VDT_STRING(VDT_VARIANT),                            \
                                       .isa = VDT_LEVEL,                                           \
                                       .precision = VDT_VARIANT_PRECISION,                         \
                                       .mr = tile_rows,                                            \
                                       .nr = tile_cols,                                            \
                                       .gemm_tile = VDT_K(gemm_tile),                              \
                                       .scale_rows = VDT_K(scale_rows),                            \
                                       .sum_rows = VDT_K(sum_rows),                                \
                                       .store_scaled = VDT_K(store_scaled),                        \
                                       .max_row = VDT_K(max_row),                                  \
                                       .blend_rows = VDT_K(blend_rows),                            \
                                       .softmax_row = VDT_K(softmax_row),                          \
                                       .exp_rows = VDT_K(exp_rows),                                \
                                       .depthwise_rows = VDT_K(depthwise_rows),                    \
                                       .map_rows = VDT_K(map_rows),                                \
                                       .from_planes = VDT_K(from_planes),                          \
                                       .to_planes = VDT_K(to_planes),                              \
                                       VDT_VARIANT_WINOGRAD}
