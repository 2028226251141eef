/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How cheap the next inference of a stream has to be: one of some levels, from the best to the
 * cheapest. A stream that cannot be served goes to a cheaper one, and back when there is room, but
 * not to and fro: between the load that makes it go and the one that it comes back at there is a
 * wide gap, and a return that turns out to be wrong makes the next one wait longer.
 *
 * A plain struct without a clock of its own; one thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_ELASTIC_LEVELS 8  /* at most */
#define VDT_ELASTIC_WINDOW 10 /* results that a return is decided by */

typedef struct {
    double cost[VDT_ELASTIC_LEVELS]; /* of a result, relative to each other; falling */
    guint n_levels;
    guint level;   /* to run at */
    guint changes; /* of it, so far */

    double recent[VDT_ELASTIC_WINDOW]; /* shares of the interval that results took at this level */
    guint64 n_recent;
    gint64 changed;  /* when, µs */
    double patience; /* s, from one change to a return */
    gboolean tried;  /* the last change was a return, and may have been wrong */
} VdtElastic;

/* At the first of @n levels. */
void vdt_elastic_init(VdtElastic *elastic, const double *cost, guint n);
/* From now on only the first @n levels are there, one at least. */
void vdt_elastic_limit(VdtElastic *elastic, guint n);
/* Of a result that was made at level @level and took @took seconds, where one is due each @interval
 * seconds; at time @now, in µs of any clock that only goes forward. Returns whether the level has
 * changed. Without an interval nothing is too slow. */
gboolean vdt_elastic_note(VdtElastic *elastic, guint level, double took, double interval,
                          gint64 now);

G_END_DECLS
