/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The life of an event: a label starts, goes on, and ends, in element messages.
 *
 * Not thread-safe; one user at a time. Messages are made here, and posted by the caller.
 */
#pragma once

#include <gst/gst.h>

#include "span.h"

G_BEGIN_DECLS

typedef struct _VdtEvents VdtEvents;

/* Messages come from @source and carry @kind; both must outlive the events. Ids are
 * NAME-xxxxxxxx-N: the name that @source has now, a random number, so that they differ between
 * elements of one name in other processes and at other times, and a count. */
VdtEvents *vdt_events_new(GstElement *source, const char *kind);
void vdt_events_free(VdtEvents *events);

/* From now on, what goes on is not told: starts and ends alone are. Otherwise updates tell of it,
 * half a second of the stream apart at least, when something changed. */
void vdt_events_omit_updates(VdtEvents *events);
/* The class-id of the event that goes on, -1 if there is none. */
int vdt_events_get_class(const VdtEvents *events);
/*
 * What is now to be said: @finding (label, class-id, score) is what goes on according to @results,
 * NULL if nothing does. An event starts when the same has been found for @least ns, and ends when
 * it has not been found for as long; results that find it are updates. A start tells of the
 * middle of the first window that showed it. Fields of @finding that are not the message's own are
 * told along. Returns messages, the caller's, or NULL for none.
 */
GList *vdt_events_follow(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                         const GValue *results, GstClockTime least);
/* A message "update" of @finding alone, if there is to be one, which begins and ends nothing; all
 * of them have one id. */
GList *vdt_events_tell(VdtEvents *events, const VdtSpan *span, const GstStructure *finding,
                       const GValue *results);
/* Ends the event that goes on, and forgets what was coming. Returns messages, as above. */
GList *vdt_events_end(VdtEvents *events);

G_END_DECLS
