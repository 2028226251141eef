/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of a picture that have names: polygons, or lines from one point to another, in shares of
 * its sides.
 *
 * As text, "door: 0.1,0.2 0.4,0.2 0.4,0.9; kerb: 0,0.8 1,0.8 1,1 0,1".
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_ZONES_MOST      32
#define VDT_ZONE_POINTS     64
#define VDT_ZONE_NAME_BYTES 64
/* How far out of the picture a point may lie, in sides of it. */
#define VDT_ZONE_FARTHEST   10.0

typedef struct {
    double x, y;
} VdtZonePoint;

typedef struct {
    char name[VDT_ZONE_NAME_BYTES + 1];
    guint n_points;
    VdtZonePoint points[VDT_ZONE_POINTS]; /* the last one is joined to the first */
} VdtZone;

/* Counted: g_atomic_rc_box. */
typedef struct {
    guint n_zones;
    VdtZone zones[VDT_ZONES_MOST];
} VdtZones;

/*
 * Reads @text; NULL or empty means no zones. The error names the zone, and the point if it is one's
 * fault: a zone has at least three points, an outline that does not meet itself, and a name of its
 * own. Zones may reach out of the picture; *@outside, if that is not NULL, says which do, NULL for
 * none. The caller frees it.
 */
VdtZones *vdt_zones_parse(const char *text, char **outside, GError **error);
/* The same for lines, which have two points. */
VdtZones *vdt_lines_parse(const char *text, char **outside, GError **error);
void vdt_zones_unref(VdtZones *zones);

/* Whether a point lies in the polygon. */
gboolean vdt_zone_contains(const VdtZone *zone, double x, double y);

/* Part of a row of pixels: from @from on, before @to. */
typedef struct {
    guint y, from, to;
} VdtZoneRun;

/* The pixels of a picture of @width x @height whose centres lie in @zone: an array of VdtZoneRun.
 */
GArray *vdt_zone_rasterise(const VdtZone *zone, guint width, guint height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtZones, vdt_zones_unref)

G_END_DECLS
