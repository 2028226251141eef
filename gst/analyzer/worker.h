/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an element needs that runs a network: a plain struct, which it embeds.
 *
 * The streaming thread hands in work (put). A thread of the worker's runs it, behind a mailbox of
 * one slot, and publishes what it found, which the streaming thread takes whenever it likes
 * (get_result). An epoch ends where what was found, or is being looked for, is not true any more
 * (forget): results of work from an earlier one are void. Besides, the worker makes the network,
 * and another one when its properties change; counts what is done; and measures how long frames
 * wait. What work is, and what becomes of a result, is the element's.
 *
 * Who owns what:
 *   a network   counted, a g_atomic_rc_box that prepare made. The worker has the one in use, and
 *               each job its own reference. Immutable but for what run uses: it runs in one thread.
 *   work        the worker's from put on; freed when it was run, replaced or dropped
 *   a result    counted in the element's way; the newest is the worker's
 *
 * Who calls what:
 *   init, clear        as an instance begins and ends
 *   start, stop        the element, READY to PAUSED and back, when nothing streams
 *   shut               the element, PAUSED to READY, before its pads are stopped: the streaming
 *                      thread may wait for a result
 *   adopt, put, refresh, wait, count_*, is_waiting        the streaming thread
 *   drain, tell_skips                                     whoever ends the stream
 *   flush_start, flush_stop, forget                       any thread, flush_stop and forget when
 *                                                         no frame is on its way
 *   publish, check                                        run
 *   set, get, renew, poke, note, set_context, get_result, get_oldest, get_next, add_latency,
 *   count_unaligned                                       any thread
 *
 * Locks: the element's object lock guards the properties, and `lock` what the threads share; taken
 * in this order, and neither is held while anything is posted, prepared, run or freed. No function
 * here may be called with one of them held. None waits for work that runs, but for wait, drain,
 * flush_stop and stop.
 */
#pragma once

#include <gio/gio.h>
#include <vedette/engine.h>

#include "latency.h"
#include "mailbox.h"
#include "span.h"
#include "stats.h"

G_BEGIN_DECLS

typedef struct _VdtWorker VdtWorker;

/* Work that is under way. The element reads the first three. */
typedef struct {
    gpointer network, work;
    VdtSpan span;

    VdtWorker *worker;
    guint epoch;
    gint64 queued, began; /* monotonic, µs */
    gboolean answered;    /* it came to a result, an error or a skip; else it was discarded */
} VdtJob;

/* What the element brings. */
typedef struct {
    /* Of engines, NULL-terminated; NULL if it needs none (prepare gets NULL). */
    const char *const *architectures;
    /* The model that is meant if the property names none. NULL, as function or from it, for the
     * street model of the first architecture. */
    const char *(*usual)(GstElement *element);

    /* Makes what is needed to run: a g_atomic_rc_box, or NULL with @error set. Called by start,
     * later by the worker's thread. */
    gpointer (*prepare)(GstElement *element, VdtEngine *engine, GError **error);
    GDestroyNotify clear_network; /* NULL for nothing */
    /* In the worker's thread: does job->work with job->network. What it finds it publishes, but not
     * once @cancellable is cancelled. FALSE with @error set if the stream cannot go on. */
    gboolean (*run)(GstElement *element, VdtJob *job, GCancellable *cancellable, GError **error);
    GDestroyNotify free_work;
    /* In the worker's thread, when it starts, after each job and when poked: says what of the
     * properties does not go with the network that is used next. NULL for nothing. */
    void (*check)(GstElement *element, gpointer network);
    /* In the worker's thread, when it has nothing to do, and again at the monotonic time that it
     * returns; 0 for never. NULL for nothing. */
    gint64 (*rest)(GstElement *element);
    /* Adds to `stats` what the element counts itself; any thread. NULL for nothing. */
    void (*add_stats)(GstElement *element, GstStructure *stats);
    GBoxedCopyFunc ref_result;
    GDestroyNotify unref_result;
} VdtWorkerFuncs;

struct _VdtWorker {
    GstElement *element; /* it embeds this */
    VdtWorkerFuncs funcs;
    VdtMailbox *mailbox;

    /* under the object lock */
    char *model;
    VdtPrecision precision;
    gboolean stale; /* model, precision or engine changed since the network was made */
    VdtEngine *handed;
    GPtrArray *notes; /* strings: what is to be said of properties */

    /* the streaming thread's; the element reads it, others with the lock below */
    gpointer network;

    GMutex lock;           /* guards what follows */
    GQueue jobs;           /* those that there are, the first to be put first */
    gpointer next_network; /* the worker's, for the streaming thread */
    gpointer old_network;  /* the streaming thread's, for the worker to free: that may take locks */
    guint epoch;
    gpointer result;
    gboolean failed;
    VdtStats stats;
    VdtLatency latency;
    gint64 arrived;  /* when the newest frame came or was counted; monotonic, µs */
    gint64 finished; /* when the last job was, without what came after; monotonic, µs */
};

/* All zero before. @funcs are copied. */
void vdt_worker_init(VdtWorker *worker, GstElement *element, const VdtWorkerFuncs *funcs);
void vdt_worker_clear(VdtWorker *worker);

/* The properties model, precision and stats, with ids from @first on. */
#define VDT_WORKER_PROPS 3
void vdt_worker_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. */
gboolean vdt_worker_set(VdtWorker *worker, guint id, const GValue *value);
gboolean vdt_worker_get(VdtWorker *worker, guint id, GValue *value);
/* Takes the engine that @context hands in, if it does. */
void vdt_worker_set_context(VdtWorker *worker, GstContext *context);
/* Has the network prepared anew, for a property of the element's that it depends on. As with model
 * and precision, that is done at once, or after the work that runs, and the stream can adopt it
 * then. */
void vdt_worker_renew(VdtWorker *worker);
/* Has the element's check called, for a property of its own. */
void vdt_worker_poke(VdtWorker *worker);
/* Warns with @text, taken, of a property that was set; now, or once the worker has been started,
 * when somebody may hear it. NULL for nothing. */
void vdt_worker_note(VdtWorker *worker, char *text);

/* Makes the network and starts the thread; counts begin anew. FALSE, with an error posted, if there
 * is no network. */
gboolean vdt_worker_start(VdtWorker *worker);
/* Refuses work until it is started again, and wakes whoever waits. */
void vdt_worker_shut(VdtWorker *worker);
/* Shuts, waits for what runs, and frees networks and the result. */
void vdt_worker_stop(VdtWorker *worker);

/* Takes the network that was made for changed properties. TRUE if there was one: then what was
 * found by the old one is forgotten. */
gboolean vdt_worker_adopt(VdtWorker *worker);
/* Hands in @work, which takes the place of what waits; that counts as skipped. */
void vdt_worker_put(VdtWorker *worker, gpointer work, const VdtSpan *span);
/* Whether work waits for that which runs. */
gboolean vdt_worker_is_waiting(VdtWorker *worker);
/* Puts newer @work in the place of what waits, which does not count; drops it if none does. */
void vdt_worker_refresh(VdtWorker *worker, gpointer work, const VdtSpan *span);
/* Waits, for the sake of a frame, until all is done. FALSE if the stream is flushed meanwhile. */
gboolean vdt_worker_wait(VdtWorker *worker);
/* Counts work, due at @span, that was replaced before it began, or was not begun at all. */
void vdt_worker_count_skip(VdtWorker *worker, const VdtSpan *span);
/* Counts a frame, for which the streaming thread began at @begin, see vdt_stats_thread_time().
 * FALSE if the stream cannot go on: that was posted. */
gboolean vdt_worker_count_frame(VdtWorker *worker, GstClockTime begin);
/* When that was last, monotonic, µs. */
gint64 vdt_worker_get_arrived(VdtWorker *worker);
/* Counts a frame that cannot be looked at. */
void vdt_worker_count_unseen(VdtWorker *worker);
/* Counts a frame that went before the result nearest to it was there. */
void vdt_worker_count_unaligned(VdtWorker *worker);
/* A window breaks off that began when there were @results: counts it if there are no more. Returns
 * how many there are. */
guint64 vdt_worker_count_broken(VdtWorker *worker, guint64 results);

/* Ends the epoch: drops the result and what waits, and cancels what runs. */
void vdt_worker_forget(VdtWorker *worker);
/* Refuses work and wakes whoever waits, until flush_stop, which waits for what runs. */
void vdt_worker_flush_start(VdtWorker *worker);
void vdt_worker_flush_stop(VdtWorker *worker);
/* Waits until all is done. */
void vdt_worker_drain(VdtWorker *worker);
/* Posts skips that came too soon after others to be told. */
void vdt_worker_tell_skips(VdtWorker *worker);

/* How long @job has run so far. */
GstClockTime vdt_job_took(const VdtJob *job);
/* Makes @result the newest, which takes it; NULL if there is nothing to be kept. FALSE if @job has
 * become void. */
gboolean vdt_worker_publish(VdtJob *job, gpointer result, GstClockTime took);
/* Whether the epoch of @job has ended. */
gboolean vdt_job_is_void(const VdtJob *job);
/* Whether the network gave numbers, all of them. If it did not, that is counted, and warned of
 * once. */
gboolean vdt_worker_check(VdtWorker *worker, const float *numbers, gsize n);

/* The newest result of this epoch, the caller's; NULL if there is none. */
gpointer vdt_worker_get_result(VdtWorker *worker);
/* PTS of the picture that the oldest work under way is about; NONE if there is none. Results of it
 * that are taken after this are of no earlier one. */
GstClockTime vdt_worker_get_oldest(VdtWorker *worker);
/* The same of work without an answer so far: the next result is of it, or of newer work. */
GstClockTime vdt_worker_get_next(VdtWorker *worker);
/* Adds to the answer of a latency query how long frames wait; changes of that are posted. */
void vdt_worker_add_latency(VdtWorker *worker, GstQuery *query);

G_END_DECLS
