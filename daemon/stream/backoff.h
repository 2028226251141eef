/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long one source waits before it tries again: longer each time, by chance. Plain data. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In ns; 0 < first <= most. */
typedef struct {
    gint64 first, most;
} VdtBackoffLimits;

typedef struct {
    guint64 random;
    guint attempt;
} VdtBackoff;

/* Chance follows from @name and @seed alone: streams of one process differ by name, processes that
 * know the same cameras by seed. */
void vdt_backoff_init(VdtBackoff *backoff, const char *name, guint64 seed);
/* The next wait, in ns: between first/2 and min(most, first * 2^n), every value alike (full
 * jitter), n counted from 0 since the reset. */
gint64 vdt_backoff_next(VdtBackoff *backoff, const VdtBackoffLimits *limits);
/* @wait, a fifth more or less by chance. */
gint64 vdt_backoff_spread(VdtBackoff *backoff, gint64 wait);
/* The next wait is a first one. Not for every connection: one that breaks at once would be tried
 * without pause. */
void vdt_backoff_reset(VdtBackoff *backoff);

G_END_DECLS
