/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the worker share, and nobody else uses. */
#pragma once

#include "worker.h"

GST_DEBUG_CATEGORY_EXTERN(vdt_worker_debug);
#define GST_CAT_DEFAULT vdt_worker_debug

/* Makes a network for the properties as they are now; the caller's. */
gpointer vdt_worker_make_network(VdtWorker *worker, GCancellable *cancellable, GError **error);
/* The worker's thread: makes another network for properties that were changed; the streaming thread
 * will take it. What is wrong is warned of. */
void vdt_worker_renew_network(VdtWorker *worker, GCancellable *cancellable);
static inline void vdt_worker_unref_network(VdtWorker *worker, gpointer network)
{
    if (network)
        g_atomic_rc_box_release_full(network, worker->funcs.clear_network);
}

/* Says what was noted. */
void vdt_worker_tell_notes(VdtWorker *worker);
/* Notes what is wrong with variables of the environment: one that is ignored would make the network
 * another than was asked for. */
void vdt_worker_note_environment(VdtWorker *worker);
