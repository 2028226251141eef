/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes on by a classifier's results: an event for each group of labels, of the frame, of each
 * region, and of each box that is followed.
 *
 * The worker tells; end is for whoever ends the stream, never at the same time as tell.
 */
#pragma once

#include "analyzer/events.h"
#include "classreading.h"

G_BEGIN_DECLS

typedef struct _VdtClassWatch VdtClassWatch;

/* Messages come from @source and carry @kind; both outlive the watch. */
VdtClassWatch *vdt_class_watch_new(GstElement *source, const char *kind);
void vdt_class_watch_free(VdtClassWatch *watch);

/* The messages for what was found: a label goes on, or not, once that has been so for @least ns. Of
 * boxes that are not there any more, what went on ends at once. */
GList *vdt_class_watch_tell(VdtClassWatch *watch, const VdtClassFound *found, const VdtSpan *span,
                            const VdtHysteresis *hysteresis, GstClockTime least);
/* The messages for what time tells, @finding, or NULL if it tells nothing; as above. */
GList *vdt_class_watch_tell_still(VdtClassWatch *watch, const GstStructure *finding,
                                  const VdtSpan *span, GstClockTime least);
/* The messages that end all that goes on. */
GList *vdt_class_watch_end(VdtClassWatch *watch);

G_END_DECLS
