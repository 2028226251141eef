/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A segmenter's zones: the properties zones, zone-share and zone-hysteresis, and who is in them.
 *
 * A plain struct, the element's. Set and get are called with its object lock held, all that follows
 * them without: end by whoever ends the stream, never at
 * the same time as tell; the others by the worker's thread.
 */
#pragma once

#include "zonewatch.h"

G_BEGIN_DECLS

typedef struct {
    GstElement *element;

    /* under its object lock */
    char *text;
    VdtZones *zones; /* what it says; NULL for none */
    VdtZoneLimits limits;
    guint width, height; /* of the newest map; 0: there was none */
    gboolean unchecked;  /* whether the zones have pixels there */

    VdtZoneWatch *watch; /* the worker's thread's */
} VdtSegZones;

#define VDT_SEG_ZONES_PROPS 3

/* Messages come from @element and carry @kind. */
void vdt_seg_zones_init(VdtSegZones *zones, GstElement *element, const char *kind);
void vdt_seg_zones_clear(VdtSegZones *zones);
/* Installs VDT_SEG_ZONES_PROPS properties, with ids from @first on. */
void vdt_seg_zones_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. What are no zones leaves those
 * that were; *@note, else NULL, says so, and is the caller's. */
gboolean vdt_seg_zones_set(VdtSegZones *zones, guint id, const GValue *value, char **note);
gboolean vdt_seg_zones_get(const VdtSegZones *zones, guint id, GValue *value);

/* Warns of zones that hold no pixel of the newest map, once. */
void vdt_seg_zones_check(VdtSegZones *zones);
/* Notes what of them the classes of a map cover; before its map is taken. The zones that were; the
 * caller's reference, or NULL. */
VdtZones *vdt_seg_zones_measure(VdtSegZones *zones, const VdtSegmentation *found,
                                const VdtSegNetwork *network);
/* Adds the field `zones` to @fields of a meta, if there are any, with the objects in them; NULL if
 * nothing is followed. */
void vdt_seg_zones_describe(VdtSegZones *zones, const VdtZoneCount *counts, GstStructure *fields);
/* Messages for what was measured last, and those that end all; as those of zonewatch.h. */
GList *vdt_seg_zones_tell(VdtSegZones *zones, const VdtSpan *span, GstClockTime least);
GList *vdt_seg_zones_end(VdtSegZones *zones);

G_END_DECLS
