/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scopes are the attribute names of the authors' PyTorch modules: network.0, .2, .4 and .6 are the
 * stages, .1, .3 and .5 what halves the map between them.
 */
#include "efficientformer.h"

#include <math.h>
#include <string.h>
#include <vedette/ops.h>

#define HEADS     8
#define RATIO     4  /* of a value's channels to a key's */
#define KEY       32 /* channels of a key and a query */
#define KEY_DOWN  16 /* in the attention that halves the map */
#define ATTENTIVE 2  /* the first stage with attention; there, at half of its resolution */

static const struct {
    const char *name;
    EfficientFormer network;
} published[] = {
    {"S1",
     {4,
      {3, 3, 9, 6},
      {32, 48, 120, 224},
      {{4, 4, 4}, {4, 4, 4}, {4, 4, 3, 3, 3, 3, 4, 4, 4}, {4, 4, 3, 3, 4, 4}},
      2,
      512}},
    {"S2",
     {4,
      {4, 4, 12, 8},
      {32, 64, 144, 288},
      {{4, 4, 4, 4}, {4, 4, 4, 4}, {4, 4, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4}, {4, 4, 3, 3, 3, 3, 4, 4}},
      4,
      512}},
    {"L",
     {4,
      {5, 5, 15, 10},
      {40, 80, 192, 384},
      {{4, 4, 4, 4, 4},
       {4, 4, 4, 4, 4},
       {4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4},
       {4, 4, 4, 3, 3, 3, 3, 4, 4, 4}},
      6,
      512}},
};

const EfficientFormer *vdt_efficientformer_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(published); i++)
        if (strcmp(published[i].name, name) == 0)
            return &published[i].network;
    return NULL;
}

/* A convolution that keeps its bias, and the norm behind it. */
static VdtValue *conv_norm(VdtScope conv, VdtScope norm, VdtValue *x, VdtConv2d options)
{
    options.bias = TRUE;
    return vdt_batch_norm(norm, vdt_conv2d_with(conv, x, options));
}

/* The two of a Sequential(Conv2d, BatchNorm2d). */
static VdtValue *pair(VdtScope s, VdtValue *x, VdtConv2d options)
{
    return conv_norm(vdt_in(s, "0"), vdt_in(s, "1"), x, options);
}

static VdtConv2d depthwise(const VdtValue *x, int stride)
{
    int channels = vdt_value_dim(x, 1);
    return (VdtConv2d){
        .out = channels, .kernel = 3, .stride = stride, .pad = 1, .groups = channels};
}

/* Widens, looks around in each channel, narrows. */
static VdtValue *mlp(VdtScope s, VdtValue *x, int hidden)
{
    int channels = vdt_value_dim(x, 1);
    x = vdt_gelu(conv_norm(vdt_in(s, "fc1"), vdt_in(s, "norm1"), x,
                           (VdtConv2d){.out = hidden, .kernel = 1}));
    x = vdt_gelu(conv_norm(vdt_in(s, "mid"), vdt_in(s, "mid_norm"), x, depthwise(x, 1)));
    return conv_norm(vdt_in(s, "fc2"), vdt_in(s, "norm2"), x,
                     (VdtConv2d){.out = channels, .kernel = 1});
}

/* Channels of a map as those of @n heads, positions in one row: [N, heads, C / heads, H W]. */
static VdtValue *split_heads(VdtValue *x)
{
    VdtShape map = vdt_value_shape(x);
    VdtShape heads = vdt_shape(map.dims[0], HEADS, -1, map.dims[2] * map.dims[3]);
    return vdt_reshape(x, &heads);
}

static VdtValue *join_heads(VdtValue *x, gint64 height, gint64 width)
{
    VdtShape map = vdt_shape(vdt_value_dim(x, 0), -1, height, width);
    return vdt_reshape(x, &map);
}

/* The biases of each head's pairs of query and key. What is learned belongs to maps of the
 * resolution trained at; for others the whole matrix is resized as if it were a picture. */
static VdtValue *biases(const EfficientFormer *e, VdtScope s, int stride, gint64 queries,
                        gint64 keys)
{
    gint64 grid = e->bias_resolution / 32, wide = grid * stride;
    VdtShape shape = vdt_shape(HEADS, wide * wide);
    VdtValue *bias = vdt_distance_bias(vdt_param(s, "attention_biases_seg", &shape), grid, stride);
    if (queries != grid * grid || keys != wide * wide)
        bias = vdt_resize_bicubic(bias, queries, keys);
    return bias;
}

/* Scores [N, heads, queries, keys] of maps of queries and keys. */
static VdtValue *scores(const EfficientFormer *e, VdtScope s, VdtValue *q, VdtValue *k, int stride,
                        int key_channels)
{
    gint64 queries = vdt_value_dim(q, 2) * vdt_value_dim(q, 3);
    gint64 keys = vdt_value_dim(k, 2) * vdt_value_dim(k, 3);
    VdtValue *products = vdt_matmul(split_heads(q), split_heads(k), .transpose_a = TRUE,
                                    .scale = 1 / sqrt(key_channels));
    return vdt_add(products, biases(e, s, stride, queries, keys));
}

static VdtValue *talk(VdtScope s, VdtValue *attention)
{
    return vdt_conv2d(s, attention, .out = HEADS, .kernel = 1, .bias = TRUE);
}

/* What each position makes of the values of all, and of those near it. */
static VdtValue *gather(VdtValue *v, VdtValue *attention, VdtValue *near)
{
    VdtValue *x = vdt_matmul(split_heads(v), attention, .transpose_b = TRUE);
    return vdt_add(join_heads(x, vdt_value_dim(near, 2), vdt_value_dim(near, 3)), near);
}

static VdtValue *project(VdtScope s, VdtValue *x, int out)
{
    return conv_norm(vdt_in(s, "1"), vdt_in(s, "2"), vdt_gelu(x),
                     (VdtConv2d){.out = out, .kernel = 1});
}

/* Attention4D, over a map or, with @stride, over half of it. */
static VdtValue *attention(const EfficientFormer *e, VdtScope s, VdtValue *x, gboolean half)
{
    gint64 height = vdt_value_dim(x, 2), width = vdt_value_dim(x, 3);
    int channels = vdt_value_dim(x, 1);
    if (half)
        x = pair(vdt_in(s, "stride_conv"), x, depthwise(x, 2));
    VdtValue *q = pair(vdt_in(s, "q"), x, (VdtConv2d){.out = HEADS * KEY, .kernel = 1});
    VdtValue *k = pair(vdt_in(s, "k"), x, (VdtConv2d){.out = HEADS * KEY, .kernel = 1});
    VdtValue *v = pair(vdt_in(s, "v"), x, (VdtConv2d){.out = HEADS * KEY * RATIO, .kernel = 1});
    VdtValue *near = pair(vdt_in(s, "v_local"), v, depthwise(v, 1));

    VdtValue *a = talk(vdt_in(s, "talking_head1"), scores(e, s, q, k, 1, KEY));
    a = talk(vdt_in(s, "talking_head2"), vdt_softmax(a));
    x = gather(v, a, near);
    if (half)
        x = vdt_resize_bilinear(x, height, width, FALSE);
    return project(vdt_in(s, "proj"), x, channels);
}

/* Attention4DDownsample: the queries are a map of half the size. */
static VdtValue *attention_down(const EfficientFormer *e, VdtScope s, VdtValue *x, int out)
{
    VdtScope query = vdt_in(s, "q");
    VdtConv2d around = depthwise(x, 2);
    around.bias = TRUE;
    VdtValue *q = vdt_add(vdt_conv2d_with(vdt_in(query, "local.0"), x, around),
                          vdt_max_pool2d(x, .kernel = 1, .stride = 2));
    q = pair(vdt_in(query, "proj"), q, (VdtConv2d){.out = HEADS * KEY_DOWN, .kernel = 1});
    VdtValue *k = pair(vdt_in(s, "k"), x, (VdtConv2d){.out = HEADS * KEY_DOWN, .kernel = 1});
    VdtValue *v =
        pair(vdt_in(s, "v"), x, (VdtConv2d){.out = HEADS * KEY_DOWN * RATIO, .kernel = 1});
    VdtValue *near = pair(vdt_in(s, "v_local"), v, depthwise(v, 2));
    VdtValue *a = vdt_softmax(scores(e, s, q, k, 2, KEY_DOWN));
    return project(vdt_in(s, "proj"), gather(v, a, near), out);
}

/* x + scale . y, with a learned scale for each channel. */
static VdtValue *add_scaled(VdtScope s, const char *scale, VdtValue *x, VdtValue *y)
{
    VdtShape stored = vdt_shape(vdt_value_dim(x, 1), 1, 1);
    VdtShape shape = vdt_shape(1, vdt_value_dim(x, 1), 1, 1);
    return vdt_add(x, vdt_mul(y, vdt_reshape(vdt_param(s, scale, &stored), &shape)));
}

static VdtValue *stage(const EfficientFormer *e, VdtScope s, VdtValue *x, int i)
{
    for (int j = 0; j < e->depths[i]; j++) {
        VdtScope b = vdt_in(s, "%d", j);
        if (i >= ATTENTIVE && j >= e->depths[i] - e->vit_num) {
            VdtValue *y = attention(e, vdt_in(b, "token_mixer"), x, i == ATTENTIVE);
            if (i == ATTENTIVE && j == e->depths[i] - e->vit_num)
                vdt_tap(y, "attn.stage%d", i + 1);
            x = add_scaled(b, "layer_scale_1", x, y);
        }
        VdtValue *y = mlp(vdt_in(b, "mlp"), x, e->widths[i] * e->expansion[i][j]);
        x = add_scaled(b, "layer_scale_2", x, y);
    }
    return vdt_tap(x, "stage%d", i + 1);
}

/* Halves the map and widens it; the last time, attention helps. */
static VdtValue *embed(const EfficientFormer *e, VdtScope s, VdtValue *x, int i)
{
    VdtConv2d halve = {.out = e->widths[i], .kernel = 3, .stride = 2, .pad = 1};
    if (i < EFFICIENTFORMER_STAGES - 1)
        return conv_norm(vdt_in(s, "proj"), vdt_in(s, "norm"), x, halve);
    VdtValue *y = conv_norm(vdt_in(s, "conv"), vdt_in(s, "bn"), x, halve);
    VdtValue *a = attention_down(e, vdt_in(s, "attn"), x, e->widths[i]);
    return vdt_add(vdt_tap(a, "attn.down"), y);
}

gint64 vdt_efficientformer_map_channels(const EfficientFormer *e, int map)
{
    return map == 0 ? e->widths[0] / 2 : e->widths[map - 1];
}

/* Halves the picture twice; @half is what there is in between. */
static VdtValue *stem(const EfficientFormer *e, VdtScope s, VdtValue *x, VdtValue **half)
{
    VdtConv2d halve = {.kernel = 3, .stride = 2, .pad = 1};
    halve.out = vdt_efficientformer_map_channels(e, 0);
    *half = vdt_gelu(pair(s, x, halve));
    halve.out = e->widths[0];
    x = vdt_gelu(conv_norm(vdt_in(s, "3"), vdt_in(s, "4"), *half, halve));
    return vdt_tap(x, "stem");
}

gboolean vdt_efficientformer_attends(const EfficientFormer *e)
{
    return e->stages > ATTENTIVE + 1 || e->vit_num > 0;
}

void vdt_efficientformer_build(const EfficientFormer *e, VdtScope s, VdtValue *picture,
                               VdtValue *maps[EFFICIENTFORMER_MAPS])
{
    VdtValue *x = stem(e, vdt_in(s, "patch_embed"), picture, &maps[0]);
    for (int i = 0; i < e->stages; i++) {
        if (i > 0)
            x = embed(e, vdt_in(s, "network.%d", 2 * i - 1), x, i);
        maps[1 + i] = x = stage(e, vdt_in(s, "network.%d", 2 * i), x, i);
    }
}
