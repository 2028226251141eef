/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which classes are in which zones, and the events of their coming and going.
 *
 * The worker measures and tells; end is for whoever ends the stream, never at the same time as
 * tell.
 */
#pragma once

#include "analyzer/events.h"
#include "objectwatch.h"
#include "segmentation.h"
#include "segnetwork.h"
#include "zones.h"

G_BEGIN_DECLS

typedef struct {
    double share;      /* of a zone, from which a class is in it */
    double hysteresis; /* how much of that it may lose until it is no longer */
} VdtZoneLimits;

typedef struct _VdtZoneWatch VdtZoneWatch;

/* Messages come from @source and carry @kind; both outlive the watch. */
VdtZoneWatch *vdt_zone_watch_new(GstElement *source, const char *kind);
void vdt_zone_watch_free(VdtZoneWatch *watch);

/* Notes what of @zones (NULL for none) the classes of a map cover; before its map is taken. */
void vdt_zone_watch_measure(VdtZoneWatch *watch, VdtZones *zones, const VdtSegmentation *found,
                            const VdtSegNetwork *network);
/* What was measured last, for metas: writes to @zones, which is unset, an array of structures with
 * string `name`, array `points` (doubles: x and y of each, in turns), boolean `occupied`, and if it
 * is, of the class that has most of it, string `label`, int `class-id`, double `share`; with
 * @counts (by zone; NULL if no objects are followed), uint `objects` and `dwelling`. Occupied is a
 * zone while a class has so much of it as @limits say, however short. FALSE if there are no zones.
 * Called by the worker. */
gboolean vdt_zone_watch_describe(VdtZoneWatch *watch, const VdtZoneLimits *limits,
                                 const VdtZoneCount *counts, GValue *zones);
/* The messages for what was measured last: a class is in a zone, or not, once that has been so for
 * @least ns. */
GList *vdt_zone_watch_tell(VdtZoneWatch *watch, const VdtSpan *span, const VdtZoneLimits *limits,
                           GstClockTime least);
/* The messages that end all that goes on. */
GList *vdt_zone_watch_end(VdtZoneWatch *watch);

G_END_DECLS
