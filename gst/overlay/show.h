/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be seen on a frame, taken from its metas: plain data of limited size, whatever the
 * metas hold; but for maps, which are not copied. All bytes of what is used are set, so two of them
 * are the same if their bytes are.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VDT_OVERLAY_PANELS    8
#define VDT_OVERLAY_LINES     10
#define VDT_OVERLAY_BOXES     64
#define VDT_OVERLAY_MAPS      2
#define VDT_OVERLAY_ZONES     32
#define VDT_OVERLAY_CROSSINGS 32
#define VDT_OVERLAY_OBJECTS   64
#define VDT_OVERLAY_POINTS    64 /* of a zone or a path */

/* Kinds: what has a colour in common. Those of regions come first, then those of objects. */
#define VDT_OVERLAY_REGION_KINDS 8
#define VDT_OVERLAY_OBJECT_KINDS 12
#define VDT_OVERLAY_EMPTY        7 /* zones */
#define VDT_OVERLAY_OCCUPIED     2
#define VDT_OVERLAY_CROSSED      (VDT_OVERLAY_REGION_KINDS + VDT_OVERLAY_OBJECT_KINDS)
#define VDT_OVERLAY_KINDS        (VDT_OVERLAY_CROSSED + 1)

/* A label, and how sure it is. */
typedef struct {
    char text[256];
    int percent;    /* -1: it has no score */
    guint32 colour; /* 0xffRRGGBB, of a patch before the label; 0: none */
} VdtOverlayLine;

/* One result. */
typedef struct {
    char title[64]; /* empty: none */
    gboolean old;
    guint n_lines;
    VdtOverlayLine lines[VDT_OVERLAY_LINES];
} VdtOverlayPanel;

typedef struct {
    char text[64]; /* empty: none */
    guint kind;    /* the same for all regions of one type, and for an object's box and path */
} VdtOverlayTag;

/* A region, in pixels as its meta says: any part of it may be outside the frame. */
typedef struct {
    guint x, y, width, height;
    VdtOverlayTag tag;
} VdtOverlayBox;

/* Classes of the frame's pixels: a map that covers all of it. */
typedef struct {
    GstBuffer *classes; /* rows of bytes, @width times @height; borrowed from the meta */
    guint width, height;
    guint32 colours[256]; /* by class, as above; 0: not to be seen */
} VdtOverlayMap;

/* A part of the frame that has a name. What its outline looks like comes first, the tag last. */
typedef struct {
    guint n_points;
    gboolean occupied;
    float points[VDT_OVERLAY_POINTS][2]; /* x, y in shares of the frame; may be outside */
    VdtOverlayTag tag;
} VdtOverlayZone;

/* A line that objects cross. What it looks like comes first. */
typedef struct {
    float points[2][2]; /* as above; in is from the left to the right of who goes along it */
    VdtOverlayTag tag;
} VdtOverlayCrossing;

/* An object, where it is at the frame's time. */
typedef struct {
    guint id;
    float x, y, width, height; /* in shares of the frame; may be outside */
    gboolean predicted;        /* that it is there was not seen */
    VdtOverlayTag tag;
} VdtOverlayObject;

/* Where an object was, the newest place last: two at least. */
typedef struct {
    guint kind;
    guint n_points;
    float points[VDT_OVERLAY_POINTS][2];
} VdtOverlayPath;

typedef struct {
    guint n_panels, n_boxes, n_maps, n_zones, n_crossings, n_objects, n_paths;
    VdtOverlayPanel panels[VDT_OVERLAY_PANELS];
    VdtOverlayBox boxes[VDT_OVERLAY_BOXES];
    VdtOverlayMap maps[VDT_OVERLAY_MAPS];
    VdtOverlayZone zones[VDT_OVERLAY_ZONES];
    VdtOverlayCrossing crossings[VDT_OVERLAY_CROSSINGS];
    VdtOverlayObject objects[VDT_OVERLAY_OBJECTS];
    VdtOverlayPath paths[VDT_OVERLAY_OBJECTS];
} VdtOverlayShow;

typedef struct {
    guint top_k;                    /* lines of a panel, VDT_OVERLAY_LINES at most */
    GstClockTime max_age;           /* results older than this are not shown; 0: any are */
    gboolean boxes, zones, objects; /* crossings go with zones, paths with objects */
} VdtOverlayLimits;

/* Fills @show from @buffer, for as long as that is there; FALSE if there is nothing to be seen. */
gboolean vdt_overlay_show_gather(VdtOverlayShow *show, GstBuffer *buffer,
                                 const VdtOverlayLimits *limits);
gboolean vdt_overlay_show_equal(const VdtOverlayShow *a, const VdtOverlayShow *b);
void vdt_overlay_show_copy(VdtOverlayShow *to, const VdtOverlayShow *from);

G_END_DECLS
