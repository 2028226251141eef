/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker.h"

#include "enginecontext.h"
#include "workerparts.h"

GST_DEBUG_CATEGORY(vdt_worker_debug);

/* --- networks --- */

static void free_old_network(VdtWorker *worker)
{
    gpointer old;

    g_mutex_lock(&worker->lock);
    old = g_steal_pointer(&worker->old_network);
    g_mutex_unlock(&worker->lock);
    vdt_worker_unref_network(worker, old);
}

static gboolean is_stale(VdtWorker *worker)
{
    gboolean stale;

    GST_OBJECT_LOCK(worker->element);
    stale = worker->stale;
    GST_OBJECT_UNLOCK(worker->element);
    return stale;
}

/* The network that will be used next, the caller's. */
static gpointer get_newest_network(VdtWorker *worker)
{
    gpointer network;

    g_mutex_lock(&worker->lock);
    network =
        g_atomic_rc_box_acquire(worker->next_network ? worker->next_network : worker->network);
    g_mutex_unlock(&worker->lock);
    return network;
}

/* The worker's thread, when there is no job to be done. */
static gint64 idle(GCancellable *cancellable, gpointer user_data)
{
    VdtWorker *worker = user_data;
    gpointer network;

    free_old_network(worker);
    /* a load cannot be cancelled, so none is begun for a stream that is being stopped */
    if (g_cancellable_is_cancelled(cancellable))
        return g_get_monotonic_time();
    if (is_stale(worker))
        vdt_worker_renew_network(worker, cancellable);
    vdt_worker_tell_notes(worker);
    network = get_newest_network(worker);
    if (worker->funcs.check)
        worker->funcs.check(worker->element, network);
    vdt_worker_unref_network(worker, network);
    return worker->funcs.rest ? worker->funcs.rest(worker->element) : 0;
}

gboolean vdt_worker_adopt(VdtWorker *worker)
{
    gboolean changed;

    g_mutex_lock(&worker->lock);
    changed = worker->next_network && !worker->old_network;
    g_mutex_unlock(&worker->lock);
    if (!changed)
        return FALSE;
    GST_INFO_OBJECT(worker->element, "the model has changed");
    vdt_worker_forget(worker); /* first: work that waits holds the old network, too */
    g_mutex_lock(&worker->lock);
    worker->old_network = worker->network;
    worker->network = g_steal_pointer(&worker->next_network);
    g_mutex_unlock(&worker->lock);
    return TRUE;
}

/* --- jobs --- */

static VdtJob *job_new(VdtWorker *worker, gpointer work, const VdtSpan *span)
{
    VdtJob *job = g_new(VdtJob, 1);

    *job = (VdtJob){.network = g_atomic_rc_box_acquire(worker->network),
                    .work = work,
                    .span = *span,
                    .worker = worker,
                    .queued = g_get_monotonic_time()};
    g_mutex_lock(&worker->lock);
    job->epoch = worker->epoch;
    g_queue_push_tail(&worker->jobs, job);
    worker->arrived = job->queued; /* the frame itself is counted when it leaves */
    g_mutex_unlock(&worker->lock);
    return job;
}

static void job_free(gpointer data)
{
    VdtJob *job = data;
    VdtWorker *worker = job->worker;

    g_mutex_lock(&worker->lock);
    g_queue_remove(&worker->jobs, job);
    worker->stats.discarded += !job->answered;
    g_mutex_unlock(&worker->lock);
    worker->funcs.free_work(job->work);
    vdt_worker_unref_network(worker, job->network);
    g_free(job);
}

/* The worker's thread. */
static void run(gpointer data, GCancellable *cancellable, gpointer user_data)
{
    VdtWorker *worker = user_data;
    VdtJob *job = data;
    g_autoptr(GError) error = NULL;
    gboolean done;

    job->began = g_get_monotonic_time();
    done = worker->funcs.run(worker->element, job, cancellable, &error);
    if (g_cancellable_is_cancelled(cancellable) && !job->answered)
        return;
    if (!done) {
        g_mutex_lock(&worker->lock);
        job->answered = TRUE;
        worker->failed = TRUE;
        g_mutex_unlock(&worker->lock);
        GST_ELEMENT_ERROR(worker->element, LIBRARY, FAILED, ("%s", error->message), (NULL));
    }
    g_mutex_lock(&worker->lock);
    worker->finished = g_get_monotonic_time();
    g_mutex_unlock(&worker->lock);
}

GstClockTime vdt_job_took(const VdtJob *job)
{
    return (GstClockTime)(g_get_monotonic_time() - job->began) * GST_USECOND;
}

gboolean vdt_job_is_void(const VdtJob *job)
{
    VdtWorker *worker = job->worker;
    gboolean is_void;

    g_mutex_lock(&worker->lock);
    is_void = job->epoch != worker->epoch;
    g_mutex_unlock(&worker->lock);
    return is_void;
}

/* How long ago the job's last frame was due; 0 where no clock says so, as for a file that is read
 * as fast as can be. */
static GstClockTime lag_of(const VdtJob *job)
{
    const GstClockTime now = gst_element_get_current_running_time(job->worker->element),
                       due = job->span.running_time;

    return GST_CLOCK_TIME_IS_VALID(now) && GST_CLOCK_TIME_IS_VALID(due) && now > due ? now - due
                                                                                     : 0;
}

gboolean vdt_worker_publish(VdtJob *job, gpointer result, GstClockTime took)
{
    VdtWorker *worker = job->worker;
    gpointer old = result;
    const GstClockTime lag = lag_of(job); /* which takes the element's own lock */

    g_mutex_lock(&worker->lock);
    if (job->epoch == worker->epoch) {
        old = worker->result;
        worker->result = result;
        vdt_stats_result(&worker->stats, took, (g_get_monotonic_time() - job->queued) * GST_USECOND,
                         lag);
        job->answered = TRUE;
    }
    g_mutex_unlock(&worker->lock);
    if (old)
        worker->funcs.unref_result(old);
    return job->answered;
}

/* --- the streaming thread --- */

static void free_replaced(VdtJob *job)
{
    g_mutex_lock(&job->worker->lock);
    job->answered = TRUE; /* by the other one */
    g_mutex_unlock(&job->worker->lock);
    job_free(job);
}

void vdt_worker_put(VdtWorker *worker, gpointer work, const VdtSpan *span)
{
    VdtJob *replaced = vdt_mailbox_put(worker->mailbox, job_new(worker, work, span));

    if (!replaced)
        return;
    vdt_worker_count_skip(worker, &replaced->span);
    free_replaced(replaced);
}

gboolean vdt_worker_is_waiting(VdtWorker *worker)
{
    return vdt_mailbox_is_waiting(worker->mailbox);
}

void vdt_worker_refresh(VdtWorker *worker, gpointer work, const VdtSpan *span)
{
    free_replaced(vdt_mailbox_refresh(worker->mailbox, job_new(worker, work, span)));
}

gboolean vdt_worker_wait(VdtWorker *worker)
{
    const gint64 begin = g_get_monotonic_time();
    gboolean changed;

    if (!vdt_mailbox_drain(worker->mailbox))
        return FALSE;
    /* the frame did not wait for what came after the job: another model may have been made */
    g_mutex_lock(&worker->lock);
    changed = vdt_latency_note(&worker->latency, MAX(worker->finished - begin, 0) * GST_USECOND,
                               g_get_monotonic_time());
    g_mutex_unlock(&worker->lock);
    if (changed)
        gst_element_post_message(worker->element,
                                 gst_message_new_latency(GST_OBJECT(worker->element)));
    return TRUE;
}

void vdt_worker_forget(VdtWorker *worker)
{
    gpointer result;

    g_mutex_lock(&worker->lock);
    worker->epoch++;
    result = g_steal_pointer(&worker->result);
    g_mutex_unlock(&worker->lock);
    if (result)
        worker->funcs.unref_result(result);
    vdt_mailbox_discard(worker->mailbox);
}

void vdt_worker_flush_start(VdtWorker *worker)
{
    vdt_mailbox_close(worker->mailbox);
}

void vdt_worker_flush_stop(VdtWorker *worker)
{
    vdt_mailbox_open(worker->mailbox);
}

void vdt_worker_drain(VdtWorker *worker)
{
    vdt_mailbox_drain(worker->mailbox);
}

gpointer vdt_worker_get_result(VdtWorker *worker)
{
    gpointer result;

    g_mutex_lock(&worker->lock);
    result = worker->result ? worker->funcs.ref_result(worker->result) : NULL;
    g_mutex_unlock(&worker->lock);
    return result;
}

/* Of the oldest work under way, or of that without an answer so far. What is of an epoch that has
 * ended has none, nor will have one. */
static GstClockTime get_oldest(VdtWorker *worker, gboolean answered)
{
    GstClockTime time = GST_CLOCK_TIME_NONE;

    g_mutex_lock(&worker->lock);
    for (const GList *l = worker->jobs.head; l && !GST_CLOCK_TIME_IS_VALID(time); l = l->next) {
        const VdtJob *job = l->data;

        if (job->answered ? answered : job->epoch == worker->epoch)
            time = vdt_span_newest(&job->span);
    }
    g_mutex_unlock(&worker->lock);
    return time;
}

GstClockTime vdt_worker_get_oldest(VdtWorker *worker)
{
    return get_oldest(worker, TRUE);
}

GstClockTime vdt_worker_get_next(VdtWorker *worker)
{
    return get_oldest(worker, FALSE);
}

/* --- life --- */

gboolean vdt_worker_start(VdtWorker *worker)
{
    GstElement *element = worker->element;
    g_autoptr(GError) error = NULL;
    gboolean handed;
    char name[16]; /* what the kernel keeps */

    GST_OBJECT_LOCK(element);
    handed = worker->handed != NULL;
    GST_OBJECT_UNLOCK(element);
    if (worker->funcs.architectures && !handed)
        vdt_engine_ask(element);
    worker->network = vdt_worker_make_network(worker, NULL, &error);
    if (!worker->network) {
        vdt_engine_complain(element, GST_MESSAGE_ERROR, error);
        return FALSE;
    }
    g_mutex_lock(&worker->lock);
    worker->failed = FALSE;
    worker->stats = (VdtStats){0};
    worker->latency = (VdtLatency){0};
    g_mutex_unlock(&worker->lock);
    g_snprintf(name, sizeof name, "vdt:%s", GST_OBJECT_NAME(element));
    vdt_mailbox_start(worker->mailbox, name);
    vdt_worker_note_environment(worker);
    vdt_mailbox_poke(worker->mailbox);
    return TRUE;
}

void vdt_worker_shut(VdtWorker *worker)
{
    vdt_mailbox_shut(worker->mailbox);
}

void vdt_worker_stop(VdtWorker *worker)
{
    vdt_mailbox_stop(worker->mailbox);
    vdt_worker_forget(worker);
    /* nobody else is here any more */
    vdt_worker_unref_network(worker, g_steal_pointer(&worker->next_network));
    vdt_worker_unref_network(worker, g_steal_pointer(&worker->old_network));
    vdt_worker_unref_network(worker, g_steal_pointer(&worker->network));
}

void vdt_worker_init(VdtWorker *worker, GstElement *element, const VdtWorkerFuncs *funcs)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        GST_DEBUG_CATEGORY_INIT(vdt_worker_debug, "vdtworker", 0, "runs Vedette's networks");
        g_once_init_leave(&once, 1);
    }
    worker->element = element;
    worker->funcs = *funcs;
    worker->notes = g_ptr_array_new_with_free_func(g_free);
    worker->mailbox = vdt_mailbox_new(run, idle, job_free, worker);
    g_mutex_init(&worker->lock);
    g_queue_init(&worker->jobs);
}

void vdt_worker_clear(VdtWorker *worker)
{
    vdt_mailbox_free(worker->mailbox);
    g_clear_pointer(&worker->handed, vdt_engine_unref);
    g_free(worker->model);
    g_ptr_array_unref(worker->notes);
    g_mutex_clear(&worker->lock);
}
