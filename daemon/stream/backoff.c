/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "backoff.h"

/* splitmix64: any seed will do. */
static guint64 next_random(VdtBackoff *backoff)
{
    guint64 z = backoff->random += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* At least @from, at most @to. */
static gint64 between(VdtBackoff *backoff, gint64 from, gint64 to)
{
    return from + (gint64)(next_random(backoff) % ((guint64)(to - from) + 1));
}

void vdt_backoff_init(VdtBackoff *backoff, const char *name, guint64 seed)
{
    guint64 hash = 0xcbf29ce484222325u; /* FNV-1a */

    for (const char *c = name; *c; c++)
        hash = (hash ^ (guchar)*c) * 0x100000001b3u;
    *backoff = (VdtBackoff){.random = hash ^ seed};
}

gint64 vdt_backoff_next(VdtBackoff *backoff, const VdtBackoffLimits *limits)
{
    gint64 most = limits->first;

    for (guint i = 0; i < backoff->attempt && most < limits->most; i++)
        most = most > limits->most / 2 ? limits->most : 2 * most;
    backoff->attempt++;
    return between(backoff, limits->first / 2, MIN(most, limits->most));
}

gint64 vdt_backoff_spread(VdtBackoff *backoff, gint64 wait)
{
    return between(backoff, wait - wait / 5, wait + wait / 5);
}

void vdt_backoff_reset(VdtBackoff *backoff)
{
    backoff->attempt = 0;
}
