/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an analyser did since it was started: counts, times, and how they are told. Plain data, zero
 * to begin with; not thread-safe. */
#pragma once

#include <gst/gst.h>

#include "events.h"

G_BEGIN_DECLS

typedef struct {
    guint64 frames, results, skipped, discarded;
    GstClockTime busy, last;  /* analysing: altogether, for the newest result */
    GstClockTime first_delay; /* from the first work to the first result */
    GstClockTime streaming;   /* CPU time of the streaming thread */
    gint64 qos_posted;        /* monotonic, µs; 0 for never */
} VdtStats;

/* The value of an element's `stats` property. */
GstStructure *vdt_stats_to_structure(const VdtStats *stats, GstElement *element);
/* Counts an inference, due at @span, that was replaced before it began. Returns the QoS message
 * that is to be posted, at most once a second, or NULL. */
GstMessage *vdt_stats_skip(VdtStats *stats, GstElement *element, const VdtSpan *span);

G_END_DECLS
