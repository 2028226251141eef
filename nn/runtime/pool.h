/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process's one thread pool. Networks of several streams take turns on the whole pool: a run
 * holds it from vdt_pool_begin() to vdt_pool_end() and issues parallel loops in between.
 *
 * Items of a loop are claimed one by one, so an item must not depend on who runs it: results are
 * the same for every assignment of items to workers.
 */
#pragma once

#include <glib.h>

/* Most workers a pool has; more CPUs than that are not used. */
#define VDT_MAX_WORKERS 64

/* @worker is below the number that vdt_pool_begin() returned; use it to find scratch memory. */
typedef void (*VdtPoolFunc)(gconstpointer job, guint item, guint worker);

/* Whether a run that waits for its turn is not wanted any more; called every 20 ms. */
typedef gboolean (*VdtPoolCancelled)(gpointer data);

/* Waits for the turn, which comes in the order of asking. At most @max_workers take part. Returns
 * the number of workers; 0, without the turn, if @cancelled (may be NULL) says so before. */
guint vdt_pool_begin(guint max_workers, VdtPoolCancelled cancelled, gpointer data);
/* Calls func(job, 0 … n_items-1) and returns when all are done. */
void vdt_pool_run(VdtPoolFunc func, gconstpointer job, guint n_items);
void vdt_pool_end(void);
