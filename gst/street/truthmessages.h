/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The truth on the bus: an element message when an event starts and when it ends, with the fields
 * of an analyser's, so that what was and what was recognised can be laid side by side.
 *
 * Not thread-safe; one user at a time. Nothing is posted here: the caller does that, without locks.
 */
#pragma once

#include "analyzer/events.h"
#include "scene.h"

G_BEGIN_DECLS

typedef struct _VdtTruthMessages VdtTruthMessages;

/* Messages come from @source, which must outlive this. Ids are NAME-xxxxxxxx-N: the name that
 * @source has now, a random number, and the event's own id. */
VdtTruthMessages *vdt_truth_messages_new(GstElement *source);
void vdt_truth_messages_free(VdtTruthMessages *messages);
/* What is to be said at a frame: of events that were not going on before, and of those that do not
 * any more. NULL @truth is the end of everything. Returns messages, the caller's. */
GList *vdt_truth_messages_follow(VdtTruthMessages *messages, const VdtTruth *truth,
                                 const VdtSpan *span);

G_END_DECLS
