/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats.h"

#include <time.h>

#define QOS_GAP      G_USEC_PER_SEC
/* GStreamer's scale for "as good as it gets". */
#define FULL_QUALITY 1000000

GstClockTime vdt_stats_thread_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return GST_TIMESPEC_TO_TIME(t);
}

void vdt_stats_result(VdtStats *stats, GstClockTime took, GstClockTime delay, GstClockTime lag)
{
    if (!stats->results++)
        stats->first_delay = delay;
    stats->last = took;
    stats->lag = lag;
    stats->busy += took;
}

GstStructure *vdt_stats_to_structure(const VdtStats *stats, GstElement *element)
{
    GstElementFactory *factory = gst_element_get_factory(element);
    g_autofree char *name = g_strdup_printf(
        "application/x-%s-stats", factory ? GST_OBJECT_NAME(factory) : G_OBJECT_TYPE_NAME(element));

    return gst_structure_new(
        name, "frames", G_TYPE_UINT64, stats->frames, "results", G_TYPE_UINT64, stats->results,
        "skipped", G_TYPE_UINT64, stats->skipped, "discarded", G_TYPE_UINT64, stats->discarded,
        "invalid", G_TYPE_UINT64, stats->invalid, "unseen", G_TYPE_UINT64, stats->unseen, "broken",
        G_TYPE_UINT64, stats->broken, "unaligned", G_TYPE_UINT64, stats->unaligned,
        "last-inference-time", G_TYPE_UINT64, stats->last, "average-inference-time", G_TYPE_UINT64,
        stats->results ? stats->busy / stats->results : 0, "first-result-delay", G_TYPE_UINT64,
        stats->first_delay, "last-result-lag", G_TYPE_UINT64, stats->lag, "streaming-cpu-time",
        G_TYPE_UINT64, stats->streaming, NULL);
}

GstMessage *vdt_stats_skip(VdtStats *stats, GstElement *element, const VdtSpan *span)
{
    stats->skipped++;
    stats->untold = *span;
    stats->has_untold = TRUE;
    if (stats->qos_posted && g_get_monotonic_time() - stats->qos_posted < QOS_GAP)
        return NULL;
    return vdt_stats_flush(stats, element);
}

GstMessage *vdt_stats_flush(VdtStats *stats, GstElement *element)
{
    const VdtSpan *span = &stats->untold;
    GstMessage *qos;

    if (!stats->has_untold)
        return NULL;
    stats->has_untold = FALSE;
    stats->qos_posted = g_get_monotonic_time();
    qos = gst_message_new_qos(GST_OBJECT(element), TRUE, span->running_time, span->stream_time,
                              vdt_span_newest(span), GST_CLOCK_TIME_NONE);
    gst_message_set_qos_values(
        qos, 0, (double)stats->results / (double)(stats->results + stats->skipped), FULL_QUALITY);
    gst_message_set_qos_stats(qos, GST_FORMAT_BUFFERS, stats->results, stats->skipped);
    return qos;
}
