/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What objects do: they are there, cross lines, stay in zones, become too many. What metas say of
 * that, and the events of it.
 *
 * The worker follows, describes and tells; end is for whoever ends the stream, never at the same
 * time as tell.
 */
#pragma once

#include "analyzer/events.h"
#include "segnetwork.h"
#include "tracker.h"
#include "zones.h"

G_BEGIN_DECLS

typedef struct {
    double dwell; /* s in a zone, from which on it is told of; 0 for never */
    int count;    /* objects in a zone, above which it is told of; -1 for never */
} VdtObjectLimits;

/* How many objects are in a zone. */
typedef struct {
    guint objects, dwelling; /* so long that it is told of */
} VdtZoneCount;

typedef struct _VdtObjectWatch VdtObjectWatch;

/* Messages come from @source and carry @kind; both outlive the watch. */
VdtObjectWatch *vdt_object_watch_new(GstElement *source, const char *kind);
void vdt_object_watch_free(VdtObjectWatch *watch);

/* Notes where the @objects (VdtObject) are at @time, of a frame whose sides are as @aspect to 1.
 * Times are those of a timeline; with @backwards, what is said of them is PTS all the same. */
void vdt_object_watch_follow(VdtObjectWatch *watch, const GArray *objects,
                             const VdtSegNetwork *network, double aspect, gint64 time,
                             gboolean backwards, VdtZones *zones, VdtZones *lines,
                             const VdtObjectLimits *limits);
/* Nothing is followed any more: what went on ends when it is told of next. Counts of lines stay. */
void vdt_object_watch_stop(VdtObjectWatch *watch);
/* By zone. */
const VdtZoneCount *vdt_object_watch_count(const VdtObjectWatch *watch);
/* Adds `objects` to @fields, and `lines`, if there are any: see the element. */
void vdt_object_watch_describe(VdtObjectWatch *watch, GstStructure *fields);
/* The messages for what was followed last: what begins once it has been so for @least ns. */
GList *vdt_object_watch_tell(VdtObjectWatch *watch, const VdtSpan *span, GstClockTime least);
/* The messages that end all that goes on. */
GList *vdt_object_watch_end(VdtObjectWatch *watch);

G_END_DECLS
