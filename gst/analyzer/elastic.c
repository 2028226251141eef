/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elastic.h"

#include <string.h>

/* The share of the interval that a result may take: what frames carry is then an interval and a
 * half old at most. */
#define HIGH          0.5
/* The share that it has to take at the better level for a return. */
#define LOW           0.35
/* Results that a change to a cheaper level is decided by: the middle one of the last, so that one
 * that was slow for another reason changes nothing. */
#define LEAST         3
#define LAST          5
/* s */
#define PATIENCE      5.0
#define MOST_PATIENCE 600.0

void vdt_elastic_init(VdtElastic *elastic, const double *cost, guint n)
{
    *elastic = (VdtElastic){.n_levels = CLAMP(n, 1, VDT_ELASTIC_LEVELS), .patience = PATIENCE};
    memcpy(elastic->cost, cost, elastic->n_levels * sizeof *cost);
}

static void change(VdtElastic *elastic, guint level, gint64 now)
{
    elastic->tried = level < elastic->level;
    elastic->level = level;
    elastic->changes++;
    elastic->changed = now;
    elastic->n_recent = 0;
}

void vdt_elastic_limit(VdtElastic *elastic, guint n)
{
    elastic->n_levels = CLAMP(n, 1, VDT_ELASTIC_LEVELS);
    if (elastic->level >= elastic->n_levels)
        change(elastic, elastic->n_levels - 1, elastic->changed);
}

static double recent(const VdtElastic *elastic, guint ago)
{
    return elastic->recent[(elastic->n_recent - 1 - ago) % VDT_ELASTIC_WINDOW];
}

/* The middle one of the last. */
static double middle(const VdtElastic *elastic)
{
    const guint n = (guint)MIN(elastic->n_recent, LAST);
    double sorted[LAST];

    for (guint i = 0; i < n; i++) {
        const double share = recent(elastic, i);
        guint at = i;

        for (; at > 0 && sorted[at - 1] > share; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = share;
    }
    return sorted[n / 2];
}

static double largest(const VdtElastic *elastic)
{
    double most = 0;

    for (guint i = 0; i < VDT_ELASTIC_WINDOW; i++)
        most = MAX(most, elastic->recent[i]);
    return most;
}

/* The best level at which what takes @share at this one is fast enough, or else the cheapest. */
static guint choose(const VdtElastic *elastic, double share)
{
    guint level = elastic->level + 1;

    while (level + 1 < elastic->n_levels &&
           share * elastic->cost[level] / elastic->cost[elastic->level] > HIGH)
        level++;
    return level;
}

gboolean vdt_elastic_note(VdtElastic *elastic, guint level, double took, double interval,
                          gint64 now)
{
    const double since = (double)(now - elastic->changed) / G_USEC_PER_SEC;

    if (!(interval > 0) || level != elastic->level || !(took >= 0))
        return FALSE;
    elastic->recent[elastic->n_recent++ % VDT_ELASTIC_WINDOW] = took / interval;
    if (elastic->n_recent >= LEAST && level + 1 < elastic->n_levels && middle(elastic) > HIGH) {
        if (elastic->tried)
            elastic->patience = MIN(2 * elastic->patience, MOST_PATIENCE);
        change(elastic, choose(elastic, middle(elastic)), now);
        return TRUE;
    }
    /* a return that has held so long was right */
    if (elastic->tried && since > 2 * elastic->patience) {
        elastic->tried = FALSE;
        elastic->patience = MAX(elastic->patience / 2, PATIENCE);
    }
    if (level > 0 && elastic->n_recent >= VDT_ELASTIC_WINDOW && since >= elastic->patience &&
        largest(elastic) * elastic->cost[level - 1] / elastic->cost[level] < LOW) {
        change(elastic, level - 1, now);
        return TRUE;
    }
    return FALSE;
}
