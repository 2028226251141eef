/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions of the ops, element by element in double.
 */
#pragma once

#include "graph/node.h"

void naive_conv2d(const VdtNode *node, const double *const *x, double *y);
void naive_linear(const VdtNode *node, const double *const *x, double *y);
void naive_batch_norm(const VdtNode *node, const double *const *x, double *y);
void naive_batch_norm_batch(const VdtNode *node, const double *const *x, double *y);
void naive_linear_attention(const VdtNode *node, const double *const *x, double *y);
void naive_progress(const VdtNode *node, const double *const *x, double *y);
void naive_progress_training(const VdtNode *node, const double *const *x, double *y);
void naive_relu(const VdtNode *node, const double *const *x, double *y);
void naive_sigmoid(const VdtNode *node, const double *const *x, double *y);
void naive_add(const VdtNode *node, const double *const *x, double *y);
void naive_mul(const VdtNode *node, const double *const *x, double *y);
void naive_max_pool2d(const VdtNode *node, const double *const *x, double *y);
void naive_global_avg_pool(const VdtNode *node, const double *const *x, double *y);
void naive_resize_bilinear(const VdtNode *node, const double *const *x, double *y);
void naive_reshape(const VdtNode *node, const double *const *x, double *y);
void naive_permute(const VdtNode *node, const double *const *x, double *y);
void naive_expand(const VdtNode *node, const double *const *x, double *y);
void naive_dropout(const VdtNode *node, const double *const *x, double *y);
void naive_cross_entropy(const VdtNode *node, const double *const *x, double *y);
void naive_matmul(const VdtNode *node, const double *const *x, double *y);
void naive_layer_norm(const VdtNode *node, const double *const *x, double *y);
void naive_hard_sigmoid(const VdtNode *node, const double *const *x, double *y);
void naive_gelu(const VdtNode *node, const double *const *x, double *y);
void naive_softmax(const VdtNode *node, const double *const *x, double *y);
void naive_adaptive_avg_pool2d(const VdtNode *node, const double *const *x, double *y);
void naive_resize_bicubic(const VdtNode *node, const double *const *x, double *y);
void naive_distance_bias(const VdtNode *node, const double *const *x, double *y);
void naive_windows(const VdtNode *node, const double *const *x, double *y);
void naive_window_bias(const VdtNode *node, const double *const *x, double *y);
void naive_concat(const VdtNode *node, const double *const *x, double *y);
void naive_gather_rows(const VdtNode *node, const double *const *x, double *y);
void naive_top_k(const VdtNode *node, const double *const *x, double *y);
void naive_match_tokens(const VdtNode *node, const double *const *x, double *y);
void naive_merge_tokens(const VdtNode *node, const double *const *x, double *y);
void naive_merge_sizes(const VdtNode *node, const double *const *x, double *y);
void naive_log(const VdtNode *node, const double *const *x, double *y);
void naive_pixel_shuffle(const VdtNode *node, const double *const *x, double *y);
void naive_charbonnier(const VdtNode *node, const double *const *x, double *y);
void naive_kl_divergence(const VdtNode *node, const double *const *x, double *y);
void naive_result(const VdtNode *node, const double *const *x, double *y);
void naive_write_rows(const VdtNode *node, const double *const *x, double *y);
void naive_live_rows(const VdtNode *node, const double *const *x, double *y);
void naive_slice(const VdtNode *node, const double *const *x, double *y);
