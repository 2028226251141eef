/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lowering: from fused nodes to the steps of an INFER plan. lower.c walks the nodes and converts
 * between layouts where one is asked for; the other lower_*.c files make the steps of one kind.
 */
#pragma once

#include "fused.h"

/* A value in 8 bits: an image's pixels, pitch bytes apart, and a float for each. */
typedef struct {
    gboolean exists;
    VdtMap map;
    VdtPlace scales;
} VdtQuantised;

/* What a node is where nodes are lowered together. */
typedef enum {
    VDT_ROLE_NONE,
    VDT_ROLE_INSIDE,    /* the steps of a node behind it make it */
    VDT_ROLE_BANDS,     /* the end of a run of lower_bands.c */
    VDT_ROLE_EXCHANGED, /* a product that lower_resize.c moves before the resize it reads */
    VDT_ROLE_GATHER,    /* a product that lower_gather.c makes of a map and a softmax of scores */
} VdtRole;

typedef struct {
    VdtPlan *plan;
    VdtFused *fused;
    VdtMap *planar, *channels_last; /* by node index; place is unset until the form exists */
    gboolean *has_planar, *has_channels_last;
    VdtRole *roles;
    VdtQuantised *quantised; /* NULL for those that no product in 8 bits has read */
    VdtPlace zeros;          /* a row of zeros, as wide as any map */
} VdtInfer;

/* The value of @node in one of the layouts. Channels last is possible for 4-D and 2-D values. */
const VdtMap *vdt_infer_get_planar(VdtInfer *l, const VdtNode *node);
const VdtMap *vdt_infer_get_channels_last(VdtInfer *l, const VdtNode *node);
/* The value in 8 bits, channels last; lower_quantise.c. */
const VdtQuantised *vdt_infer_get_quantised(VdtInfer *l, const VdtNode *node);
/* A new channels-last map for the value that @f computes; written by the step added next. */
VdtMap vdt_infer_new_map(VdtInfer *l, VdtFused *f, gboolean f32);
/* A float constant of @n elements, zero up to the next multiple of VDT_LANES. */
VdtPlace vdt_infer_constant(VdtInfer *l, const char *key, const float *values, gsize n);

/* Key of a constant made of the weight of @f and what was folded into it. That is part of the key
 * since it is not the same for every size: a sum takes in a batch norm where its operands' shapes
 * are equal. Caller frees. */
char *vdt_infer_key(const VdtFused *f, const char *what);

/* Base of every step: name, and the places it reads. */
#define vdt_infer_step(Type, l, f, ...)                                                            \
    ((Type *)vdt_infer_init_step((l), (f), g_new0(Type, 1), (VdtStep){__VA_ARGS__}))
/* The same from a step of that type which is filled in but for its base. */
#define vdt_infer_copy_step(l, f, from, ...)                                                       \
    vdt_infer_init_step((l), (f), g_memdup2((from), sizeof *(from)), (VdtStep){__VA_ARGS__})
/* In how many parts to share out the making of a map of so many elements. */
guint vdt_infer_parts(gsize elements);
/* What a step for @f is called in descriptions. */
const char *vdt_infer_label(const VdtFused *f);
gpointer vdt_infer_init_step(VdtInfer *l, const VdtFused *f, gpointer memory, VdtStep step);

VdtLateEpilogue vdt_infer_epilogue(VdtInfer *l, VdtFused *f);
/* A product but for its maps: window, packed weights and epilogue; not in 8 bits. */
VdtProduct vdt_infer_weights(VdtInfer *l, VdtFused *f);
/* The same in 8 bits. */
VdtProduct vdt_infer_weights_int8(VdtInfer *l, VdtFused *f);
/* The same of a convolution, for inputs that all taps and channels of a pixel lie side by side in.
 */
VdtProduct vdt_infer_flat_weights(VdtInfer *l, VdtFused *f);
/* A product of the value of @x by the weights of @f, but for its result; perhaps in 8 bits. */
VdtProduct vdt_infer_product_of(VdtInfer *l, VdtFused *f, const VdtNode *x);
/* Weights of a depthwise convolution [channels][taps], scaled, as [taps][channels]. */
VdtPlace vdt_infer_depthwise_weights(VdtInfer *l, const VdtFused *f);
VdtWindow vdt_infer_window(const VdtNode *node);
/* Whether @f is a 1x1 convolution of stride 1 over all channels: a product of pixels. */
gboolean vdt_infer_is_pixelwise(const VdtFused *f);
/* These give nodes their roles, before any is lowered. */
void vdt_infer_find_bands(VdtInfer *l, guint n);
void vdt_infer_find_exchanges(VdtInfer *l, guint n);
void vdt_infer_find_gathers(VdtInfer *l, guint n);
/* Each makes the steps for a node if it can; FALSE leaves it to the reference kernel. */
gboolean vdt_infer_bands(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_exchange(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_planes(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_product(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_winograd(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_depthwise(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_batch_norm(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_elementwise(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_max_pool(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_mean(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_resize(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_adaptive_pool(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_concat(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_slice(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_gather(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_matmul(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_softmax(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_attention(VdtInfer *l, VdtFused *f);
gboolean vdt_infer_outer_sum(VdtInfer *l, VdtFused *f);
