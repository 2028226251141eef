/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The latency an element reports, kept from flickering: it follows the slowest of the last results,
 * with a margin, goes down only if they became much faster, and changes at most once a second.
 *
 * Plain data, zero to begin with; not thread-safe.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VDT_LATENCY_RESULTS 16

typedef struct {
    GstClockTime reported;
    GstClockTime recent[VDT_LATENCY_RESULTS];
    guint next;
    gint64 changed; /* monotonic, µs; 0 for never */
} VdtLatency;

/* Notes that a result took @took, at the monotonic time @now. TRUE if @reported has changed. */
gboolean vdt_latency_note(VdtLatency *latency, GstClockTime took, gint64 now);

/* Adds @own, how long an element holds what it is given, to the answer of a latency query. */
void vdt_latency_add(GstQuery *query, GstClockTime own);

G_END_DECLS
