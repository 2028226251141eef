/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions in each table of kernels, by name: what fills the tables and declares prototypes,
 * and what the checker walks to find one that it does not check.
 */
#pragma once

/* Members of VdtKernels. */
#define VDT_KERNELS_OF_ALL(X)                                                                      \
    X(gemm_tile)                                                                                   \
    X(scale_rows)                                                                                  \
    X(sum_rows)                                                                                    \
    X(store_scaled)                                                                                \
    X(max_row)                                                                                     \
    X(blend_rows)                                                                                  \
    X(softmax_row)                                                                                 \
    X(exp_rows)                                                                                    \
    X(layer_norm_rows)                                                                             \
    X(depthwise_rows)                                                                              \
    X(map_rows)                                                                                    \
    X(from_planes)                                                                                 \
    X(to_planes)
#define VDT_KERNELS_OF_F32(X)                                                                      \
    X(outer_tile)                                                                                  \
    X(winograd_input)                                                                              \
    X(winograd_output)

/* Members of VdtGradientKernels. */
#define VDT_GRADIENT_KERNELS(X)                                                                    \
    X(moments)                                                                                     \
    X(affine_rows)                                                                                 \
    X(act_gradient)                                                                                \
    X(norm_sums)                                                                                   \
    X(norm_gradient)                                                                               \
    X(layer_norm_gradient)                                                                         \
    X(mul_rows)                                                                                    \
    X(dot_rows)                                                                                    \
    X(copy_rows)                                                                                   \
    X(softmax_rows)                                                                                \
    X(max_row_gradient)

/* Members of VdtInt8Kernels. */
#define VDT_INT8_KERNELS(X)                                                                        \
    X(gemm_tile)                                                                                   \
    X(quantise_rows)
