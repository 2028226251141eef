/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every op, once. A new op is a line in this list and the file of its name, which meson.build takes
 * from here: each line that begins with X(.
 */
#pragma once

#include "graph/node.h"

#define VDT_OPS(X)                                                                                 \
    X(input)                                                                                       \
    X(state)                                                                                       \
    X(param)                                                                                       \
    X(conv2d)                                                                                      \
    X(linear)                                                                                      \
    X(matmul)                                                                                      \
    X(linear_attention)                                                                            \
    X(batch_norm)                                                                                  \
    X(batch_norm_batch)                                                                            \
    X(layer_norm)                                                                                  \
    X(progress)                                                                                    \
    X(progress_training)                                                                           \
    X(relu)                                                                                        \
    X(sigmoid)                                                                                     \
    X(hard_sigmoid)                                                                                \
    X(gelu)                                                                                        \
    X(log)                                                                                         \
    X(softmax)                                                                                     \
    X(add)                                                                                         \
    X(mul)                                                                                         \
    X(max_pool2d)                                                                                  \
    X(global_avg_pool)                                                                             \
    X(adaptive_avg_pool2d)                                                                         \
    X(resize_bilinear)                                                                             \
    X(resize_bicubic)                                                                              \
    X(distance_bias)                                                                               \
    X(windows)                                                                                     \
    X(window_bias)                                                                                 \
    X(pixel_shuffle)                                                                               \
    X(reshape)                                                                                     \
    X(permute)                                                                                     \
    X(expand)                                                                                      \
    X(concat)                                                                                      \
    X(slice)                                                                                       \
    X(gather_rows)                                                                                 \
    X(top_k)                                                                                       \
    X(match_tokens)                                                                                \
    X(merge_tokens)                                                                                \
    X(merge_sizes)                                                                                 \
    X(result)                                                                                      \
    X(write_rows)                                                                                  \
    X(live_rows)                                                                                   \
    X(dropout)                                                                                     \
    X(cross_entropy)                                                                               \
    X(kl_divergence)                                                                               \
    X(charbonnier)

#define VDT_DECLARE_OP(name) extern const VdtOp VDT_OP(name);
VDT_OPS(VDT_DECLARE_OP)
#undef VDT_DECLARE_OP
