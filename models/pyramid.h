/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What transformers of four stages have in common (Swin, PVT, CSWin): each stage has a smaller map
 * of wider tokens than the one before, and attends by softmax or linearly, as "SLAB"
 * (arXiv 2405.11582) does it. Tokens are [N,L,C], row by row of their map.
 */
#pragma once

#include <vedette/ops.h>

#include "model.h"
#include "norm.h"

#define VDT_STAGES          4
#define VDT_PYRAMID_DEPTH   64 /* most blocks of a stage */
#define VDT_PYRAMID_SIDE    4096
#define VDT_PYRAMID_CLASSES 100000

typedef struct {
    int patch, size; /* side of a patch, and of the pictures of the training */
    int dims[VDT_STAGES], depths[VDT_STAGES], heads[VDT_STAGES], mlp_ratios[VDT_STAGES];
    gboolean linear[VDT_STAGES]; /* how a stage attends */
    int kernel;                  /* of the convolution beside linear attention */
    gboolean qkv_bias;
    VdtNormKind norm;
    double eps; /* of layer norms */
    int num_classes;
} VdtPyramid;

/* The keys that vdt_pyramid_read() reads, for VdtModel.keys. */
#define VDT_PYRAMID_KEYS                                                                           \
    "patch", "patch_size", "img_size", "dim", "dims", "embed_dim", "embed_dims", "depth",          \
        "depths", "heads", "num_heads", "mlp_ratio", "mlp_ratios", "attention", "attn_type",       \
        "kernel_size", "qkv_bias", "norm", "ln_eps", "num_classes"

/* Fills @p, which holds the fallbacks. A list may also be one number: of dims, the first, which
 * doubles from stage to stage; of the others, one for all. */
void vdt_pyramid_read(VdtFields *fields, VdtPyramid *p);
/* The four numbers under one of @keys (NULL-terminated), whichever is there: a list, a number for
 * all, or text, "8421" or "1-2-7-7". */
void vdt_pyramid_read_list(VdtFields *fields, const char *const *keys, int *values, int min,
                           int max);
/* What @p is made of, under the first names of keys. */
JsonObject *vdt_pyramid_to_json(const char *arch, const VdtPyramid *p);
void vdt_pyramid_list_to_json(JsonObject *object, const char *key, const int *values);
gboolean vdt_pyramid_same(const VdtPyramid *a, const VdtPyramid *b);
/* The side of a square of so many places; 0 if it is none. */
int vdt_pyramid_side(int places);
/* TRUE for a picture [N,3,H,W] in patches; VDT_ERROR_SHAPE says what is wrong. */
gboolean vdt_pyramid_check_input(const VdtPyramid *p, const VdtShape *input, GError **error);

/* From tokens to their map [N,C,H,W], and back. */
VdtValue *vdt_pyramid_map(VdtValue *tokens, gint64 height, gint64 width);
VdtValue *vdt_pyramid_tokens(VdtValue *map);
/* One value for each place of a square map of @from a side, [1, from from, C], for another. */
VdtValue *vdt_pyramid_resize(VdtValue *places, gint64 from, gint64 height, gint64 width,
                             gboolean bicubic);
/* fc1, GELU, fc2. */
VdtValue *vdt_pyramid_mlp(VdtScope s, VdtValue *x, int ratio);
/* The results of linear layer @s in @n parts of @width. Where they are @apart, each is a
 * product of its own, which takes in what follows it: linear attention looks at all but the values
 * through a ReLU. */
void vdt_pyramid_linear(VdtScope s, VdtValue *x, gboolean bias, gboolean apart, gint64 width,
                        guint n, VdtValue **parts);
/* Attention by softmax over all tokens of each sample; @bias is added to the scores, or NULL. */
VdtValue *vdt_pyramid_attend(VdtValue *const qkv[3], int heads, VdtValue *bias);
/* Linear attention, with the parameters of @s: "positional_encoding", of a map of @from a side, and
 * "dwc". */
VdtValue *vdt_pyramid_attend_linearly(int kernel, VdtScope s, VdtValue *const qkv[3], int heads,
                                      gint64 from, gint64 height, gint64 width);
/* The mean of all tokens, classified. */
VdtValue *vdt_pyramid_head(const VdtPyramid *p, VdtScope s, VdtValue *x);
