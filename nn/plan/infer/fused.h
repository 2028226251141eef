/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rewrites of the INFER plan: what a network says in several ops becomes one step.
 *
 * Every node gets a VdtFused. A product (convolution or linear layer) takes in the batch norm
 * behind it, as a scale and a bias of its columns, and then what follows elementwise:
 *     y = act1(act0(scale * product(x) + bias) * mul + add)
 * and the batch norm before it, as a factor of each input channel and a part of the bias. A node
 * that was taken in says so in same_as: its value is the one that the other node computes.
 */
#pragma once

#include "plan/binder.h"
#include "plan/step/product.h"

/* A convolution of few planes is a product of all taps and channels of a pixel, up to so many. */
#define VDT_MOST_PLANES      4
#define VDT_MOST_PLANE_DEPTH 1024

typedef struct _VdtFused VdtFused;

typedef struct _VdtPattern VdtPattern;

struct _VdtFused {
    const VdtNode *node;
    /* The value, if it follows from parameters alone. Vectors are float32 always; a matrix may be
     * of the type that it has in the file: vdt_infer_floats(). */
    VdtTensor *constant;
    /* What the constant is, or the weights of a product with all that was folded into them. */
    VdtIdentity identity;
    VdtFused *same_as;   /* who computes this value, if not this node */
    gboolean unused;     /* nobody looks at the value, or only steps that make it themselves */
    const VdtNode *user; /* one that uses the value */
    guint n_uses;        /* being an output of the graph counts as a use */
    gboolean is_output;

    /* products and batch norms: for each column; NULL for other ops */
    guint columns, axis; /* the dimension that they are */
    float *scale, *bias;
    float *in_scale; /* products: what each input channel is multiplied by; or NULL */
    /* Products; a resize may have an act0, a pattern an act0, or add and then any act1. */
    VdtAct act0, act1;
    VdtFused *mul, *add;
    const VdtPattern *pattern; /* that it is the end of, or NULL, and what was matched */
    gpointer match;
    guint position; /* index of the node in whose place the product runs: all it reads is there */
};

void vdt_fused_free(VdtFused *fused, guint n);
/* Who computes the value of @node. */
VdtFused *vdt_fused_resolve(VdtFused *fused, const VdtNode *node);
/* @f now computes the value of @node too, and is used where @node is used. */
void vdt_fused_take_in(VdtFused *fused, VdtFused *f, const VdtNode *node);
/* The activation that @op is, if it can only come first in an epilogue of kernels.h; otherwise
 * VDT_ACT_NONE. */
VdtAct vdt_long_act(const VdtOp *op);
/* Multiplies the value of @node by @factor where it is computed, also if it is some of the columns
 * of a product; FALSE if that cannot be. */
gboolean vdt_fused_scale(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared,
                         const VdtNode *node, float factor);
/* Whether @fused is a product that a fast kernel runs: nothing may be taken in by others. */
gboolean vdt_fused_is_product(const VdtFused *fused);

/* fold.c, in this order: values that follow from parameters alone are computed; uses are counted;
 * batch norms and scales move into products. What comes of that has to be checked once nothing more
 * is folded: finite weights may fold into others that are not. */
gboolean vdt_fold_constants(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared,
                            const VdtBound *params, GError **error);
void vdt_fold_count_uses(const VdtGraph *graph, VdtFused *fused);
void vdt_fold_into_products(const VdtGraph *graph, VdtFused *fused, VdtConstants *shared);
gboolean vdt_fold_check(const VdtFused *fused, guint n, GError **error);
/* epilogue.c: last products first, so that where two meet in a sum, the later one adds to the
 * earlier. */
void vdt_fuse_epilogues(const VdtGraph *graph, VdtFused *fused);
