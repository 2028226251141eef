/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal as one reader takes from it: in order, at least once. What was taken and not said to
 * be done comes again after vdt_spool_rewind(), and after a restart, and is then said to be
 * repeated: it may have arrived before.
 *
 * For one thread. In the store a reader has two marks: NAME, behind which nothing is done, and
 * NAME-sent, behind which nothing was ever sent; the latter is not there while it is being sent to,
 * so that after kill -9 all that waits counts as repeated.
 */
#pragma once

#include "store/store.h"

#define VDT_SPOOL_BATCH 64 /* rows that are in memory, at most */

typedef enum { VDT_TOLD_ALL, VDT_TOLD_START, VDT_TOLD_START_END } VdtToldPhases;

/* Which events are meant. */
typedef struct {
    guint audience;           /* one of VdtAudience */
    const char *const *types; /* NULL or empty for all; borrowed */
    VdtToldPhases phases;
} VdtToldFilter;

typedef struct {
    guint64 seq;
    const VdtEvent *event; /* until the next call */
    gboolean repeated;
} VdtTold;
/* The event's line with "seq", and "repeated" where it is so; no line end. Caller frees. */
char *vdt_told_to_json(const VdtTold *told);

typedef struct _VdtSpool VdtSpool;

/* @reader has names of its own in the store, which outlives it. */
VdtSpool *vdt_spool_new(VdtStore *store, const char *reader, const VdtToldFilter *filter);
/* What was taken and is not done is sent again, some time. */
void vdt_spool_free(VdtSpool *spool);

typedef enum {
    VDT_SPOOL_TAKEN,
    VDT_SPOOL_EMPTY,
    VDT_SPOOL_MORE,   /* none that is meant yet; ask again */
    VDT_SPOOL_FAILED, /* the journal cannot be read */
} VdtSpoolTake;
/* The next one, which the caller sends at once. */
VdtSpoolTake vdt_spool_take(VdtSpool *spool, VdtTold *told, GError **error);
/* It has arrived, or is not wanted. In any order. */
void vdt_spool_done(VdtSpool *spool, guint64 seq);
/* The peer is away: takes all again that is not done. */
void vdt_spool_rewind(VdtSpool *spool);
/* Rows of the journal that are not done. */
guint64 vdt_spool_get_pending(const VdtSpool *spool);
guint64 vdt_spool_get_lost(const VdtSpool *spool);
