/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A segmenter's objects: the properties objects, object-classes, object-min-area, lines, dwell and
 * count, and what is followed by them.
 *
 * A plain struct, the element's. Set and get are called with its object lock held, all that follows
 * them without: end by whoever ends the stream, never at the same time as tell; the others by the
 * worker's thread, but for renew, which prepare calls.
 */
#pragma once

#include "follower.h"
#include "objectwatch.h"
#include "segreading.h"

G_BEGIN_DECLS

typedef struct {
    GstElement *element;

    /* under its object lock */
    gboolean on;
    char *classes;
    gboolean unchecked; /* what they name was not looked up yet */
    double min_area;
    char *text;
    VdtZones *lines; /* what it says; NULL for none */
    VdtObjectLimits limits;

    /* the worker's thread's */
    VdtFollower *follower;
    VdtObjectWatch *watch;
    guint generation;   /* of the newest work */
    gboolean following; /* it was followed */
} VdtSegObjects;

#define VDT_SEG_OBJECTS_PROPS 6
/* Seconds between two results with objects, unless `interval` was set. */
#define VDT_OBJECTS_INTERVAL  0.1

/* Messages come from @element and carry @kind. */
void vdt_seg_objects_init(VdtSegObjects *objects, GstElement *element, const char *kind);
void vdt_seg_objects_clear(VdtSegObjects *objects);
/* Installs VDT_SEG_OBJECTS_PROPS properties, with ids from @first on; the first is `objects`. */
void vdt_seg_objects_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. What are no lines leaves those
 * that were; *@note, else NULL, says so, and is the caller's. */
gboolean vdt_seg_objects_set(VdtSegObjects *objects, guint id, const GValue *value, char **note);
gboolean vdt_seg_objects_get(const VdtSegObjects *objects, guint id, GValue *value);

/* There is another network, which may have other classes. */
void vdt_seg_objects_renew(VdtSegObjects *objects);
/* Warns of what cannot be followed with @network, once. */
void vdt_seg_objects_check(VdtSegObjects *objects, const VdtSegNetwork *network);
/* Follows the objects of @found, which @work led to, and @zones (NULL for none) that they are in;
 * before its map is taken. */
void vdt_seg_objects_follow(VdtSegObjects *objects, const VdtSegmentation *found,
                            const VdtSegNetwork *network, const VdtSegWork *work, VdtZones *zones);
/* Those in the zones, for metas; NULL if nothing is followed. */
const VdtZoneCount *vdt_seg_objects_count(VdtSegObjects *objects);
/* Adds the fields `objects` and `lines` to @fields of a meta, if something is followed. */
void vdt_seg_objects_describe(VdtSegObjects *objects, GstStructure *fields);
/* Messages for what was followed last, and those that end all; as those of objectwatch.h. */
GList *vdt_seg_objects_tell(VdtSegObjects *objects, const VdtSpan *span, GstClockTime least);
GList *vdt_seg_objects_end(VdtSegObjects *objects);

G_END_DECLS
