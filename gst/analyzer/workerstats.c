/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a worker counts and measures, and what is said of that. */
#include "logits.h"
#include "workerparts.h"

gboolean vdt_worker_check(VdtWorker *worker, const float *numbers, gsize n)
{
    gboolean first;

    if (vdt_logits_are_finite(numbers, n))
        return TRUE;
    g_mutex_lock(&worker->lock);
    first = worker->stats.invalid++ == 0;
    g_mutex_unlock(&worker->lock);
    if (first)
        GST_ELEMENT_WARNING(worker->element, LIBRARY, FAILED,
                            ("The network gives what are no numbers: such results are empty."),
                            ("its weights may be damaged; `stats` counts them as invalid"));
    return FALSE;
}

/* Tells of skips that came too soon after the last QoS message, too. */
static void tell_skips(VdtWorker *worker, const VdtSpan *skipped)
{
    GstMessage *qos;

    g_mutex_lock(&worker->lock);
    qos = skipped ? vdt_stats_skip(&worker->stats, worker->element, skipped)
                  : vdt_stats_flush(&worker->stats, worker->element);
    g_mutex_unlock(&worker->lock);
    if (qos)
        gst_element_post_message(worker->element, qos);
}

void vdt_worker_count_skip(VdtWorker *worker, const VdtSpan *span)
{
    tell_skips(worker, span);
}

void vdt_worker_tell_skips(VdtWorker *worker)
{
    tell_skips(worker, NULL);
}

gboolean vdt_worker_count_frame(VdtWorker *worker, GstClockTime begin)
{
    gboolean failed;

    g_mutex_lock(&worker->lock);
    worker->stats.frames++;
    worker->arrived = g_get_monotonic_time();
    worker->stats.streaming += vdt_stats_thread_time() - begin;
    failed = worker->failed;
    g_mutex_unlock(&worker->lock);
    return !failed;
}

gint64 vdt_worker_get_arrived(VdtWorker *worker)
{
    gint64 arrived;

    g_mutex_lock(&worker->lock);
    arrived = worker->arrived;
    g_mutex_unlock(&worker->lock);
    return arrived;
}

void vdt_worker_count_unseen(VdtWorker *worker)
{
    g_mutex_lock(&worker->lock);
    worker->stats.unseen++;
    g_mutex_unlock(&worker->lock);
}

void vdt_worker_count_unaligned(VdtWorker *worker)
{
    g_mutex_lock(&worker->lock);
    worker->stats.unaligned++;
    g_mutex_unlock(&worker->lock);
}

guint64 vdt_worker_count_broken(VdtWorker *worker, guint64 results)
{
    guint64 now;

    g_mutex_lock(&worker->lock);
    now = worker->stats.results;
    worker->stats.broken += now == results;
    g_mutex_unlock(&worker->lock);
    return now;
}

void vdt_worker_add_latency(VdtWorker *worker, GstQuery *query)
{
    GstClockTime own;

    g_mutex_lock(&worker->lock);
    own = worker->latency.reported;
    g_mutex_unlock(&worker->lock);
    vdt_latency_add(query, own);
}
