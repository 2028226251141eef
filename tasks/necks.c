/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "necks.h"

#include <string.h>

#define NECK   0.65 /* of the lower one of its sides, at most */
#define ALIKE  0.65 /* of the highest column: the least a side is high */
#define NARROW 0.2  /* of its height: the least a side is wide */

/* Of heads. */
#define HEAD  0.1  /* of the lower one's height, that it rises above what is between */
#define JOINT 0.25 /* of it, at least, that bodies are one: less is a neck, or covered */
#define WIDE  0.05 /* of that, the least a head is wide half the way down */
#define BODY  0.45 /* of that, the least that is filled below a head: an arm has nothing below */
#define TALL  40   /* pixels: of what is lower, heads are too small to tell */

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
    const guint *rises; /* NULL to look for necks */
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

static guint find_highest(const guint *rises, guint from, guint to)
{
    guint highest = from;

    for (guint i = from; i < to; i++)
        if (rises[i] > rises[highest])
            highest = i;
    return highest;
}

static guint count_above(const guint *rises, guint from, guint to, double level)
{
    guint n = 0;

    for (guint i = from; i < to; i++)
        n += rises[i] > level;
    return n;
}

/* How far heads on both sides of column @at, at @left and @right, rise above it; 0 if these are
 * none. */
static guint get_depth(const Search *search, guint from, guint left, guint at, guint right,
                       guint to)
{
    const guint *rises = search->rises, *profile = search->profile;
    const guint lower = MIN(rises[left], rises[right]);
    const guint deep = lower > rises[at] ? lower - rises[at] : 0;
    const double level = rises[at] + deep / 2.0;

    return lower >= ALIKE * search->highest && deep >= HEAD * lower && rises[at] >= JOINT * lower &&
                   profile[left] >= BODY * rises[left] && profile[right] >= BODY * rises[right] &&
                   count_above(rises, from, at, level) >= WIDE * lower &&
                   count_above(rises, at, to, level) >= WIDE * lower
               ? deep
               : 0;
}

/* The best place to cut between two heads, 0 for none. */
static guint find_parting(const Search *search, guint from, guint to)
{
    const guint *rises = search->rises;
    g_autofree guint *right = g_new(guint, to - from); /* the highest from there on */
    guint deepest = 0, best = 0, last = 0, left = from;

    for (guint i = to; i-- > from;)
        right[i - from] =
            i + 1 < to && rises[right[i + 1 - from]] > rises[i] ? right[i + 1 - from] : i;
    for (guint i = from + 1; i < to; i++) {
        const guint deep = get_depth(search, from, left, i, right[i - from], to);

        if (rises[i] > rises[left])
            left = i;
        if (deep > deepest)
            best = last = i;
        else if (deep > 0 && deep == deepest && i == last + 1)
            last = i;
        deepest = MAX(deepest, deep);
    }
    return (best + last) / 2;
}

static guint find(const Search *search, guint from, guint to)
{
    return search->rises ? find_parting(search, from, to) : find_cut(search, from, to);
}

static void search_in(Search *search, guint from, guint to)
{
    const guint cut = search->n_cuts < VDT_NECKS_MOST && to > from ? find(search, from, to) : 0;

    if (cut == 0)
        return;
    search_in(search, from, cut);
    if (search->n_cuts < VDT_NECKS_MOST)
        search->cuts[search->n_cuts++] = cut;
    search_in(search, cut, to);
}

/* Fills what is no wider than @thin of @n columns, at least one. */
static guint *close_gaps(const guint *columns, guint n, guint thin)
{
    g_autofree guint *wide = g_new(guint, n);
    guint *closed = g_new(guint, n);

    /* an odd one reaches farther on one side, and back on the other */
    filter(columns, n, thin / 2, thin - thin / 2, TRUE, wide);
    filter(wide, n, thin - thin / 2, thin / 2, FALSE, closed);
    return closed;
}

guint vdt_necks_find(const guint *profile, guint n, guint thin, guint cuts[VDT_NECKS_MOST])
{
    g_autofree guint *closed = n > 0 ? close_gaps(profile, n, thin) : NULL;
    Search search = {.profile = closed, .cuts = cuts};

    if (n == 0)
        return 0;
    search.highest = closed[find_highest(closed, 0, n)];
    search_in(&search, 0, n);
    return search.n_cuts;
}

guint vdt_necks_find_heads(const guint *rises, const guint *profile, guint n, guint thin,
                           guint cuts[VDT_NECKS_MOST])
{
    g_autofree guint *closed = n > 0 ? close_gaps(rises, n, thin) : NULL;
    Search search = {.profile = profile, .rises = closed, .cuts = cuts};

    if (n == 0)
        return 0;
    search.highest = closed[find_highest(closed, 0, n)];
    if (search.highest < MAX(TALL, n))
        return 0;
    search_in(&search, 0, n);
    return search.n_cuts;
}
