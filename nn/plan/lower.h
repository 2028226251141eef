/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lowering: from fused nodes to the steps of an INFER plan. lower.c walks the nodes and converts
 * between layouts where one is asked for; the other lower_*.c files make the steps of one kind.
 */
#pragma once

#include "fuse.h"

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
} VdtLowering;

/* The value of @node in one of the layouts. Channels last is possible for 4-D and 2-D values. */
const VdtMap *vdt_lower_get_planar(VdtLowering *l, const VdtNode *node);
const VdtMap *vdt_lower_get_channels_last(VdtLowering *l, const VdtNode *node);
/* The value in 8 bits, channels last; lower_quantise.c. */
const VdtQuantised *vdt_lower_get_quantised(VdtLowering *l, const VdtNode *node);
/* A new channels-last map for the value that @f computes; written by the step added next. */
VdtMap vdt_lower_new_map(VdtLowering *l, VdtFused *f, gboolean f32);
/* A float constant of @n elements, zero up to the next multiple of VDT_LANES. */
VdtPlace vdt_lower_constant(VdtLowering *l, const char *key, const float *values, gsize n);

/* Key of a constant made of the weight of @f and what was folded into it. That is part of the key
 * since it is not the same for every size: a sum takes in a batch norm where its operands' shapes
 * are equal. Caller frees. */
char *vdt_lower_key(const VdtFused *f, const char *what);

/* Base of every step: name, and the places it reads. */
#define vdt_lower_step(Type, l, f, ...)                                                            \
    ((Type *)vdt_lower_init_step((l), (f), g_new0(Type, 1), (VdtStep){__VA_ARGS__}))
/* The same from a step of that type which is filled in but for its base. */
#define vdt_lower_copy_step(l, f, from, ...)                                                       \
    vdt_lower_init_step((l), (f), g_memdup2((from), sizeof *(from)), (VdtStep){__VA_ARGS__})
/* In how many parts to share out the making of a map of so many elements. */
guint vdt_lower_parts(gsize elements);
/* What a step for @f is called in descriptions. */
const char *vdt_lower_label(const VdtFused *f);
gpointer vdt_lower_init_step(VdtLowering *l, const VdtFused *f, gpointer memory, VdtStep step);

VdtLateEpilogue vdt_lower_epilogue(VdtLowering *l, VdtFused *f);
/* A product but for its maps: window, packed weights and epilogue; not in 8 bits. */
VdtProduct vdt_lower_weights(VdtLowering *l, VdtFused *f);
/* The same of a convolution, for inputs that all taps and channels of a pixel lie side by side in.
 */
VdtProduct vdt_lower_flat_weights(VdtLowering *l, VdtFused *f);
/* A product of the value of @x by the weights of @f, but for its result; perhaps in 8 bits. */
VdtProduct vdt_lower_product_of(VdtLowering *l, VdtFused *f, const VdtNode *x);
/* Weights of a depthwise convolution [channels][taps], scaled, as [taps][channels]. */
VdtPlace vdt_lower_depthwise_weights(VdtLowering *l, const VdtFused *f);
VdtWindow vdt_lower_window(const VdtNode *node);
/* Whether @f is a 1x1 convolution of stride 1 over all channels: a product of pixels. */
gboolean vdt_lower_is_pixelwise(const VdtFused *f);
/* These give nodes their roles, before any is lowered. */
void vdt_lower_find_bands(VdtLowering *l, guint n);
void vdt_lower_find_exchanges(VdtLowering *l, guint n);
void vdt_lower_find_gathers(VdtLowering *l, guint n);
/* Each makes the steps for a node if it can; FALSE leaves it to the reference kernel. */
gboolean vdt_lower_bands(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_exchange(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_planes(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_product(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_winograd(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_depthwise(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_batch_norm(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_elementwise(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_max_pool(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_mean(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_resize(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_adaptive_pool(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_concat(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_slice(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_gather(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_matmul(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_softmax(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_attention(VdtLowering *l, VdtFused *f);
gboolean vdt_lower_outer_sum(VdtLowering *l, VdtFused *f);
