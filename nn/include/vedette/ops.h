/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The ops a network is written with. Shapes are PyTorch's; x is the first input.
 *
 * Optional settings are named in the call: vdt_conv2d(s, x, .out = 64, .kernel = 3, .pad = 1).
 * Parameters are declared as "<scope>.weight", "<scope>.bias" and so on, as PyTorch's modules do.
 */
#pragma once

#include <vedette/graph.h>

G_BEGIN_DECLS

/** 2-D convolution, torch.nn.Conv2d: x [N,C,H,W], weight [out, C/groups, kh, kw], bias [out]. */
typedef struct {
    int out;              /**< output channels */
    int kernel, kernel_w; /**< kernel height; width, 0 for the same */
    int stride;           /**< 0 means 1 */
    int pad, pad_w;       /**< zero padding on each side; pad_w applies if kernel_w is set */
    int groups;           /**< 0 means 1 */
    gboolean bias;        /**< has "<scope>.bias" */
} VdtConv2d;
VDT_API VdtValue *vdt_conv2d_with(VdtScope scope, VdtValue *x, VdtConv2d options);
#define vdt_conv2d(scope, x, ...) vdt_conv2d_with(scope, x, (VdtConv2d){__VA_ARGS__})

/** torch.nn.Linear on the last dimension: x [..., in], weight [out, in], bias [out]. */
typedef struct {
    int out;
    gboolean no_bias;
} VdtLinear;
VDT_API VdtValue *vdt_linear_with(VdtScope scope, VdtValue *x, VdtLinear options);
#define vdt_linear(scope, x, ...) vdt_linear_with(scope, x, (VdtLinear){__VA_ARGS__})

/** The same two by a weight, and a bias that may be NULL, that are values of the network: a
 * parameter that is used twice, a part of one (vdt_slice), or what another op computes. */
typedef struct {
    int stride; /**< 0 means 1 */
    int pad;    /**< zero padding on each side */
    int groups; /**< 0 means 1 */
} VdtConv2dBy;
VDT_API VdtValue *vdt_conv2d_by_with(VdtValue *x, VdtValue *weight, VdtValue *bias,
                                     VdtConv2dBy options);
#define vdt_conv2d_by(x, weight, bias, ...)                                                        \
    vdt_conv2d_by_with(x, weight, bias, (VdtConv2dBy){__VA_ARGS__})
VDT_API VdtValue *vdt_linear_by(VdtValue *x, VdtValue *weight, VdtValue *bias);

/** torch.matmul of the last two dimensions, times @scale; all others are equal: a [..., m, k],
 * b [..., k, n], or [..., k, m] and [..., n, k] where they are read transposed. */
typedef struct {
    gboolean transpose_a, transpose_b;
    double scale; /**< 0 means 1 */
} VdtMatmul;
VDT_API VdtValue *vdt_matmul_with(VdtValue *a, VdtValue *b, VdtMatmul options);
#define vdt_matmul(a, b, ...) vdt_matmul_with(a, b, (VdtMatmul){__VA_ARGS__})

/** torch.nn.LayerNorm(@shape): over the last dimensions, which are @shape; weight and bias of that
 * shape. */
typedef struct {
    double eps; /**< 0 means 1e-5 */
} VdtLayerNorm;
VDT_API VdtValue *vdt_layer_norm_with(VdtScope scope, VdtValue *x, const VdtShape *shape,
                                      VdtLayerNorm options);
#define vdt_layer_norm(scope, x, shape, ...)                                                       \
    vdt_layer_norm_with(scope, x, shape, (VdtLayerNorm){__VA_ARGS__})

/** torch.nn.BatchNorm2d: weight, bias, running_mean, running_var [C]; eps 1e-5. In a TRAIN plan it
 * uses the batch's mean and biased variance, and moves the running ones by a tenth towards the
 * batch's mean and unbiased variance, as PyTorch does. */
typedef struct {
    guint axis;      /**< the dimension that channels are; 0 means 1 */
    VdtValue *alpha; /**< [1]: alpha * x is added, RepBN of "SLAB"; or NULL */
} VdtBatchNorm;
VDT_API VdtValue *vdt_batch_norm_with(VdtScope scope, VdtValue *x, VdtBatchNorm options);
#define vdt_batch_norm(scope, x, ...) vdt_batch_norm_with(scope, x, (VdtBatchNorm){__VA_ARGS__})

/**
 * One value that a training turns into another of the same shape: @to, but in a TRAIN plan
 *     lambda * from + (1 - lambda) * to
 * where lambda goes down to 0, PRepBN of "SLAB". It is 1 while "<scope>.warm" is above 0, then
 * "<scope>.iter" / "<scope>.total_step"; each run takes 1 from warm, or if that is 0 from iter, as
 * long as there is something left. The three have no dimensions and are no parameters that are
 * trained: they stand in checkpoints, and begin as 0 and VDT_PROGRESS_STEPS.
 */
#define VDT_PROGRESS_STEPS 300000
VDT_API VdtValue *vdt_progress(VdtScope scope, VdtValue *from, VdtValue *to);

/** torch.nn.Dropout: in a TRAIN plan each element is 0 with probability @p, and divided by 1 - @p
 * otherwise; x itself in the others. 0 <= @p < 1. */
VDT_API VdtValue *vdt_dropout(VdtValue *x, double p);

VDT_API VdtValue *vdt_relu(VdtValue *x);
VDT_API VdtValue *vdt_sigmoid(VdtValue *x);
/** relu6(x + 3) / 6, torch.nn.Hardsigmoid. */
VDT_API VdtValue *vdt_hard_sigmoid(VdtValue *x);
/** torch.nn.GELU with the exact error function. */
VDT_API VdtValue *vdt_gelu(VdtValue *x);
/** The natural logarithm. */
VDT_API VdtValue *vdt_log(VdtValue *x);
/** torch.softmax over the last dimension. */
VDT_API VdtValue *vdt_softmax(VdtValue *x);

/** Elementwise with numpy's broadcasting; both have the same number of dimensions. */
VDT_API VdtValue *vdt_add(VdtValue *a, VdtValue *b);
VDT_API VdtValue *vdt_mul(VdtValue *a, VdtValue *b);

/** torch.nn.MaxPool2d; padding never wins. Sizes round down. */
typedef struct {
    int kernel;
    int stride; /**< 0 means the kernel's size */
    int pad;    /**< at most half of the kernel */
} VdtMaxPool2d;
VDT_API VdtValue *vdt_max_pool2d_with(VdtValue *x, VdtMaxPool2d options);
#define vdt_max_pool2d(x, ...) vdt_max_pool2d_with(x, (VdtMaxPool2d){__VA_ARGS__})

/** Mean over height and width: [N,C,H,W] to [N,C,1,1]. torch.nn.AdaptiveAvgPool2d(1). */
VDT_API VdtValue *vdt_global_avg_pool(VdtValue *x);

/** torch.nn.AdaptiveAvgPool2d((height, width)). */
VDT_API VdtValue *vdt_adaptive_avg_pool2d(VdtValue *x, int height, int width);

/** Bicubic resize of [N,C,H,W] to (height, width), torch.nn.functional.interpolate without
 * align_corners. */
VDT_API VdtValue *vdt_resize_bicubic(VdtValue *x, int height, int width);

/** Attention biases by distance (LeViT): @table [heads, (grid stride)^2] to [1, heads, grid^2,
 * (grid stride)^2]. Queries stand on a grid that is @grid wide and high, keys on one that is
 * @stride times that; a pair's bias is the entry |stride y1 - y2| * grid * stride +
 * |stride x1 - x2|. Grids are at most 256 wide. */
VDT_API VdtValue *vdt_distance_bias(VdtValue *table, int grid, int stride);

/**
 * Windows of a map whose tokens stand row by row: @x [N, height width, C] to [N windows,
 * window window_w, C]. A map that is no multiple of the window is padded with zeros below and on
 * the right, and then moved up and to the left by @shift, what moves out coming in on the other
 * side. vdt_windows_back() is the way back, by the same options, and drops what padding has become.
 * vdt_windows_joined() puts the tokens of a window side by side, column by column: [N, windows,
 * window window_w C].
 */
typedef struct {
    int height, width;    /**< of the map */
    int window, window_w; /**< height and width of a window; the width 0 for the same */
    int shift;            /**< less than either */
} VdtWindows;
VDT_API VdtValue *vdt_windows_with(VdtValue *x, VdtWindows options);
#define vdt_windows(x, ...) vdt_windows_with(x, (VdtWindows){__VA_ARGS__})
VDT_API VdtValue *vdt_windows_back_with(VdtValue *x, VdtWindows options);
#define vdt_windows_back(x, ...) vdt_windows_back_with(x, (VdtWindows){__VA_ARGS__})
VDT_API VdtValue *vdt_windows_joined_with(VdtValue *x, VdtWindows options);
#define vdt_windows_joined(x, ...) vdt_windows_joined_with(x, (VdtWindows){__VA_ARGS__})

/** What attention in such windows adds to its scores: @table [(2 window - 1) (2 window_w - 1),
 * heads], whose row (y1 - y2 + window - 1) (2 window_w - 1) + x1 - x2 + window_w - 1 is for a query
 * at (y1, x1) and a key at (y2, x2), to [1, heads, tokens, tokens]. Shifted windows have one each,
 * [1, windows heads, tokens, tokens], with -100 for pairs that the shift alone brought together. */
VDT_API VdtValue *vdt_window_bias_with(VdtValue *table, VdtWindows options);
#define vdt_window_bias(table, ...) vdt_window_bias_with(table, (VdtWindows){__VA_ARGS__})

/** torch.nn.PixelShuffle: [N,C r r,H,W] to [N,C,H r,W r], where r is the @factor. */
VDT_API VdtValue *vdt_pixel_shuffle(VdtValue *x, int factor);

/** Bilinear resize of [N,C,H,W] to (height, width), torch.nn.functional.interpolate. */
VDT_API VdtValue *vdt_resize_bilinear(VdtValue *x, int height, int width, gboolean align_corners);

/**
 * torch.nn.functional.cross_entropy, mean reduction: logits [N,C] or [N,C,H,W], labels [N] or
 * [N,H,W], class numbers as floats. A label that is no class number from 0 to C-1 is left out of
 * the mean; if all are, the loss is 0. A target is 1 - smoothing + smoothing / C for the label's
 * class and smoothing / C for the others. The result is [1].
 */
typedef struct {
    double label_smoothing;
} VdtCrossEntropy;
VDT_API VdtValue *vdt_cross_entropy_with(VdtValue *logits, VdtValue *labels,
                                         VdtCrossEntropy options);
#define vdt_cross_entropy(logits, labels, ...)                                                     \
    vdt_cross_entropy_with(logits, labels, (VdtCrossEntropy){__VA_ARGS__})

/** torch.nn.functional.kl_div of the logarithms of what softmax makes of @logits and @targets, both
 * [N,C], summed and divided by N C: how far a student's answers are from a teacher's. [1]. */
VDT_API VdtValue *vdt_kl_divergence(VdtValue *logits, VdtValue *targets);

/** The mean of sqrt(d^2 + eps^2) over the differences d of two values of one shape: how far a
 * picture is from what it should be. [1]. */
typedef struct {
    double eps; /**< 0 means 1e-3 */
} VdtCharbonnier;
VDT_API VdtValue *vdt_charbonnier_with(VdtValue *x, VdtValue *targets, VdtCharbonnier options);
#define vdt_charbonnier(x, targets, ...)                                                           \
    vdt_charbonnier_with(x, targets, (VdtCharbonnier){__VA_ARGS__})

/** torch.cat of up to 8 values, which differ in dimension @axis only. */
VDT_API VdtValue *vdt_concat(VdtValue *const *x, guint n, guint axis);
/** @length elements of dimension @axis from @begin on, torch.narrow. */
VDT_API VdtValue *vdt_slice(VdtValue *x, guint axis, gint64 begin, gint64 length);

/** Rows of @x [V,C] by their numbers, torch.nn.functional.embedding: @indices, of int32 and any
 * shape, to that shape with C behind it. Numbers from 0 to V-1: a run with others in an input is
 * refused. */
VDT_API VdtValue *vdt_gather_rows(VdtValue *x, VdtValue *indices);

/**
 * Writes the rows (elements of dimension 0) of @x to those of @state from number @at on, a
 * vdt_run_arg(), and gives what @state then is; all of @x fits in, or the run is refused. @state is
 * vdt_state() or what an earlier write gave; the value that is written over may still be used, and
 * is what it was, but not written again. What the last write gave stays in the state.
 */
VDT_API VdtValue *vdt_write_rows(VdtValue *state, VdtValue *x, VdtValue *at);

/**
 * Of @x, from here on, only the first @count elements of dimension 0 are live: rows of [tokens,C],
 * pictures of [N,C,H,W]. @count is a vdt_run_arg(), so half a batch needs no other plan, and steps
 * do no more than for what is live. What an op gives for the others, outputs included, may be
 * anything; ops that would look at them are mistakes in the graph. vdt_all_rows() ends that, with
 * zeros for the others.
 */
VDT_API VdtValue *vdt_live_rows(VdtValue *x, VdtValue *count);
VDT_API VdtValue *vdt_all_rows(VdtValue *x, VdtValue *count);

/** torch.topk: the @k largest of the last dimension, the largest first and of equal ones the one
 * that comes first, and where they stand, as int32. NaN is larger than anything. */
typedef struct {
    VdtValue *values, *indices;
} VdtTopK;
VDT_API VdtTopK vdt_top_k(VdtValue *x, gint64 k);

/**
 * Merging tokens that are alike. Of the tokens of each sample of @x [N,L,C], those with an even
 * number may move into one with an odd number; even and odd ones are counted apart, from 0. The @n
 * even ones that are most like an odd one, by the cosine of the mean of their heads, do, each into
 * the odd one that is most like it, the first of equal ones. Sources ascend; both are [N,n], of
 * int32, and have no gradient. @n is from 1 to half of the tokens, without the first if that is
 * protected.
 */
typedef struct {
    VdtValue *source, *target;
} VdtMatch;
typedef struct {
    int heads;        /**< 0 means 1 */
    gboolean protect; /**< the first token, that of the class, does not move */
} VdtMatchTokens;
VDT_API VdtMatch vdt_match_tokens_with(VdtValue *x, gint64 n, VdtMatchTokens options);
#define vdt_match_tokens(x, n, ...) vdt_match_tokens_with(x, n, (VdtMatchTokens){__VA_ARGS__})
/** What is left of @x [N,L,C]: the even tokens that did not move, then all odd ones, each the mean
 * of what it is made of by @sizes [N,L], or NULL if all are 1. Sources differ from each other. */
VDT_API VdtValue *vdt_merge_tokens(VdtValue *x, VdtMatch match, VdtValue *sizes);
/** The sizes of these: sums of @sizes [N,L], or NULL if all of the @tokens are 1. */
VDT_API VdtValue *vdt_merge_sizes(VdtMatch match, gint64 tokens, VdtValue *sizes);

/** The same elements in another shape; at most one dimension may be -1. */
VDT_API VdtValue *vdt_reshape(VdtValue *x, const VdtShape *shape);
/** Repeats dimensions of size 1 up to @shape, torch.expand. vdt_add() and vdt_mul() need no help;
 * vdt_concat() does: a token of every sample is expanded to the batch. */
VDT_API VdtValue *vdt_expand(VdtValue *x, const VdtShape *shape);
/** Dimension d becomes what dimension @order[d] of x was, torch.permute; @order has as many numbers
 * as x has dimensions. */
VDT_API VdtValue *vdt_permute(VdtValue *x, const guint *order);

/**
 * Simplified linear attention of "SLAB", of tokens whose heads lie side by side in the channels:
 * q [N,Lq,C], k [N,Lk,C], v [N,Lk,E] to [N,Lq,E], for each of @heads
 *     q (k' v) / (q . sum of the k + 1e-6)
 * @q and @k have been through a ReLU: nothing in them is below 0.
 */
VDT_API VdtValue *vdt_linear_attention(VdtValue *q, VdtValue *k, VdtValue *v, int heads);

/** Attention's heads: [N,L,C] to [N,heads,L,C/heads], and back. */
VDT_API VdtValue *vdt_split_heads(VdtValue *x, int heads);
VDT_API VdtValue *vdt_join_heads(VdtValue *x);

/** What made @like, with the same parameters and options, of @x in the place of its first input. */
VDT_API VdtValue *vdt_apply_again(VdtValue *like, VdtValue *x);

G_END_DECLS
