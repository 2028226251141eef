/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of an event: a label starts, goes on, and ends, in element messages.
 *
 * Not thread-safe; one user at a time. Nothing is posted here: the caller does that, without locks.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* When something happened, as the bus tells it. */
typedef struct {
    GstClockTime start, end;                /* PTS of the first and the last picture */
    GstClockTime stream_time, running_time; /* of @end */
} VdtSpan;

typedef struct _VdtEvents VdtEvents;

/* Messages come from @source and carry @kind; both must outlive the events. Ids are
 * NAME-xxxxxxxx-N: the name that @source has now, a random number, so that they differ between
 * elements of one name in other processes and at other times, and a count. */
VdtEvents *vdt_events_new(GstElement *source, const char *kind);
void vdt_events_free(VdtEvents *events);

/*
 * What is now to be said: @finding (label, class-id, score) is the best of @results, and above the
 * threshold, or NULL if nothing is. An event ends when the label changes; each result that has a
 * finding is an update. Returns messages, the caller's, or NULL for none.
 */
GList *vdt_events_follow(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                         const GValue *results);
/* Ends the event that goes on. Returns a message, or NULL. */
GstMessage *vdt_events_end(VdtEvents *events);

G_END_DECLS
