/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an element did since it was started: counts, times, and how they are told. Plain data, zero
 * to begin with; not thread-safe. */
#pragma once

#include <gst/gst.h>

#include "span.h"

G_BEGIN_DECLS

typedef struct {
    guint64 frames, results, skipped, discarded;
    guint64 invalid;          /* of the results, those of which the network gave no numbers */
    guint64 unseen, broken;   /* frames not looked at; windows that broke off without a result */
    guint64 unaligned;        /* frames that could not wait for the result nearest to them */
    GstClockTime busy, last;  /* analysing: altogether, for the newest result */
    GstClockTime first_delay; /* from the first work to the first result */
    GstClockTime lag;         /* of the newest result: from when its last frame was due */
    GstClockTime streaming;   /* CPU time of the streaming thread */
    gint64 qos_posted;        /* monotonic, µs; 0 for never */
    VdtSpan untold;           /* of the newest skip, if has_untold */
    gboolean has_untold;      /* no QoS message has told of it */
} VdtStats;

/* CPU time of this thread. */
GstClockTime vdt_stats_thread_time(void);
/* Counts a result that took so long, was there so long after work on it could begin, and so long
 * after its last frame was due. */
void vdt_stats_result(VdtStats *stats, GstClockTime took, GstClockTime delay, GstClockTime lag);
/* The value of an element's `stats` property. */
GstStructure *vdt_stats_to_structure(const VdtStats *stats, GstElement *element);
/* Counts an inference, due at @span, that was replaced before it began. Returns the QoS message
 * that is to be posted, at most once a second, or NULL. */
GstMessage *vdt_stats_skip(VdtStats *stats, GstElement *element, const VdtSpan *span);
/* The QoS message that came too soon after another to be posted, or NULL. */
GstMessage *vdt_stats_flush(VdtStats *stats, GstElement *element);

G_END_DECLS
