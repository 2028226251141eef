/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which tokens merge, and where each goes, for the ops and for the steps that plans make of them.
 *
 * Of a sample's tokens those with an even number may move, each into one with an odd number. What
 * is left are the even ones that did not move, in their order, and behind them all odd ones. Even
 * and odd tokens are numbered apart, from 0.
 */
#pragma once

#include "graph/node.h"

static inline gint64 vdt_even_tokens(gint64 tokens)
{
    return (tokens + 1) / 2;
}

/* The @n even tokens with the best of the scores @best move to the odd ones of @into, the first of
 * those that are equal; the first token does not if it is protected. No score is NaN. */
static inline void vdt_choose_merges(gint64 n_even, gboolean protect, gint64 n,
                                     const vdt_real *best, const gint32 *into, gint32 *source,
                                     gint32 *target)
{
    for (gint64 i = protect ? 1 : 0; i < n_even; i++) {
        gint64 better = 0;

        for (gint64 j = protect ? 1 : 0; j < n_even && better < n; j++)
            better += best[j] > best[i] || (best[j] == best[i] && j < i);
        if (better < n) {
            *source++ = (gint32)i;
            *target++ = into[i];
        }
    }
}

/* A walk over a sample's tokens, from the first to the last. */
typedef struct {
    gint64 n;             /* tokens that move */
    gint64 kept;          /* even tokens that do not */
    const gint32 *source; /* [n], all of them different */
    const gint32 *target;
    gint64 seen; /* even tokens so far that do not */
} VdtMergeWalk;

static inline VdtMergeWalk vdt_merge_walk(gint64 tokens, gint64 n, gint64 sample,
                                          const gint32 *source, const gint32 *target)
{
    return (VdtMergeWalk){.n = n,
                          .kept = vdt_even_tokens(tokens) - n,
                          .source = source + sample * n,
                          .target = target + sample * n};
}

/* Where the next token, number @token, goes among those that are left. Sources that are not all
 * different give something in range. */
static inline gint64 vdt_merge_step(VdtMergeWalk *walk, gint64 token)
{
    if (token % 2 == 1)
        return walk->kept + token / 2;
    for (gint64 i = 0; i < walk->n; i++)
        if (walk->source[i] == token / 2)
            return walk->kept + walk->target[i];
    walk->seen++;
    return MIN(walk->seen, MAX(walk->kept, 1)) - 1;
}

/* Shape rule helper: inputs @i and @i + 1 are sources and targets [N,n] of tokens [N,L], of which
 * some are left. */
gboolean vdt_merge_check(VdtNode *node, guint i, gint64 samples, gint64 tokens, GError **error);
