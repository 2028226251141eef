/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "necks.h"

#include <string.h>

#define NECK   0.65 /* of the lower one of its sides, at most */
#define ALIKE  0.65 /* of the highest column: the least a side is high */
#define NARROW 0.2  /* of its height: the least a side is wide */

/* The largest of @n numbers from @before to @behind each; or the smallest. */
static void filter(const guint *from, guint n, guint before, guint behind, gboolean largest,
                   guint *to)
{
    for (guint i = 0; i < n; i++) {
        const guint first = i > before ? i - before : 0, last = MIN(i + behind, n - 1);

        to[i] = from[i];
        for (guint k = first; k <= last; k++)
            to[i] = largest ? MAX(to[i], from[k]) : MIN(to[i], from[k]);
    }
}

typedef struct {
    const guint *profile;
    guint highest;
    guint *cuts, n_cuts;
} Search;

/* The best place to cut columns @from to @to, 0 for none. */
static guint find_cut(const Search *search, guint from, guint to)
{
    const guint *p = search->profile;
    g_autofree guint *right = g_new0(guint, to - from + 1); /* the highest from there on */
    double least = NECK;
    guint left = 0, best = 0, last = 0;

    for (guint i = to; i-- > from;)
        right[i - from] = MAX(p[i], right[i - from + 1]);
    for (guint i = from; i < to; i++) {
        const guint lower = MIN(left, right[i - from]);
        const double part = lower > 0 ? (double)p[i] / lower : 1;

        left = MAX(left, p[i]);
        if (lower < ALIKE * search->highest || i - from < NARROW * lower ||
            to - i < NARROW * lower || part > least)
            continue;
        if (part < least || best == 0)
            best = last = i;
        else if (i == last + 1) /* of the same neck, not of another that is as low */
            last = i;
        least = part;
    }
    return best > 0 ? (best + last) / 2 : 0;
}

static void search_in(Search *search, guint from, guint to)
{
    const guint cut = search->n_cuts < VDT_NECKS_MOST && to > from ? find_cut(search, from, to) : 0;

    if (cut == 0)
        return;
    search_in(search, from, cut);
    if (search->n_cuts < VDT_NECKS_MOST)
        search->cuts[search->n_cuts++] = cut;
    search_in(search, cut, to);
}

guint vdt_necks_find(const guint *profile, guint n, guint thin, guint cuts[VDT_NECKS_MOST])
{
    g_autofree guint *wide = g_new(guint, MAX(n, 1)), *closed = g_new(guint, MAX(n, 1));
    Search search = {closed, 0, cuts, 0};

    if (n == 0)
        return 0;
    /* an odd one reaches farther on one side, and back on the other */
    filter(profile, n, thin / 2, thin - thin / 2, TRUE, wide);
    filter(wide, n, thin - thin / 2, thin / 2, FALSE, closed);
    for (guint i = 0; i < n; i++)
        search.highest = MAX(search.highest, closed[i]);
    search_in(&search, 0, n);
    return search.n_cuts;
}
