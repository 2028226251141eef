/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pattern.h"

/* What attention_match.c finds. */
typedef struct {
    const VdtNode *q, *k, *v; /* maps; a head's channels stand together */
    guint axis;               /* of their channels */
    guint heads;
    const VdtNode *bias;           /* a constant [1, biases heads, queries, keys], or NULL */
    guint biases;                  /* images have these in turn, as windows of a map */
    const VdtNode *key_bias;       /* a value [N, 1, 1, keys], or NULL; not beside a bias */
    const VdtNode *before, *after; /* 1x1 convolutions over the heads, or NULL */
} VdtAttention;

/* The pattern's match: reshape() of the values that softmax() of the scores has gathered. */
gboolean vdt_attention_match(VdtInfer *l, const VdtFused *end, gpointer match);
