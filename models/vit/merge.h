/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens that become fewer from block to block: after its attention each block merges as many as
 * the level says, those that are alike, and from then on a key weighs by how many it stands for
 * (Token Merging, arXiv 2210.09461). The class token, the first, is in no other.
 */
#pragma once

#include <vedette/ops.h>

typedef struct {
    int level;       /* tokens that each block merges, or half of those that are left */
    int heads;       /* of the keys, by whose mean tokens are compared */
    gboolean weighs; /* scores of attention take in the keys' sizes */
    VdtValue *sizes; /* [N,L]; NULL while all are 1 */
} VdtTokens;

/* The highest level for a picture of so many tokens, the class token among them. */
static inline int vdt_tokens_most(int tokens)
{
    return (tokens - 1) / 2;
}

/* The share of the tokens that the blocks work on, of those that they would without merging: half
 * of a block's work is before it merges. */
double vdt_tokens_kept(int tokens, int n_blocks, int level);

/* @scores [N,heads,L,L] of attention, with the keys' sizes. */
VdtValue *vdt_tokens_weigh(const VdtTokens *tokens, VdtValue *scores);
/* What block number @block leaves of @x [N,L,C], by its keys @k [N,L,C]. */
VdtValue *vdt_tokens_merge(VdtTokens *tokens, VdtValue *x, VdtValue *k, int block);
