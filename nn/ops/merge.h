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

/* The best so far of the tokens that may move, most alike first, and the first of equal ones. */
typedef struct {
    gint64 n, most;
    vdt_real *likeness; /* [most] */
    gint32 *source, *target;
} VdtMergeList;

/* Takes in even token @source, which is behind those that were taken in, and most like @target. */
static inline void vdt_merge_offer(VdtMergeList *list, vdt_real likeness, gint64 source,
                                   gint64 target)
{
    gint64 at = list->n;

    if (at == list->most && !(likeness > list->likeness[at - 1]))
        return;
    list->n = MIN(list->n + 1, list->most);
    for (at = MIN(at, list->most - 1); at > 0 && likeness > list->likeness[at - 1]; at--) {
        list->likeness[at] = list->likeness[at - 1];
        list->source[at] = list->source[at - 1];
        list->target[at] = list->target[at - 1];
    }
    list->likeness[at] = likeness;
    list->source[at] = (gint32)source;
    list->target[at] = (gint32)target;
}

/* Brings them into the order of the tokens. */
static inline void vdt_merge_sort(VdtMergeList *list)
{
    for (gint64 i = 1; i < list->n; i++) {
        const vdt_real likeness = list->likeness[i];
        const gint32 source = list->source[i], target = list->target[i];
        gint64 at = i;

        for (; at > 0 && list->source[at - 1] > source; at--) {
            list->likeness[at] = list->likeness[at - 1];
            list->source[at] = list->source[at - 1];
            list->target[at] = list->target[at - 1];
        }
        list->likeness[at] = likeness;
        list->source[at] = source;
        list->target[at] = target;
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
