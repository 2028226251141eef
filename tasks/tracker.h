/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects: the regions of a class, picture after picture, that are the same thing.
 *
 * Each object has a filter of constant velocity (boxfilter.h) that says where it will be; a region
 * is its own if it overlaps that place most, as in A. Bewley et al., Simple Online and Realtime
 * Tracking, 2016. Beyond that paper: pieces of an object behind a post are one, edges that
 * something covers are not believed, of two objects and two regions each gets the one that looks as
 * it did alone, and objects whose regions have grown together go on within the common one, and out
 * of it under their own numbers only if their paths and looks tell which is which.
 *
 * Not thread-safe.
 */
#pragma once

#include "boxfilter.h"
#include "look.h"
#include "regions.h"

G_BEGIN_DECLS

#define VDT_OBJECT_PATH    64
/* Share of the frame from which a region becomes an object, unless somebody says another. */
#define VDT_OBJECT_AREA    0.002
/* Pixels of the map: smaller regions are noise, also beside what they may belong to. */
#define VDT_OBJECT_PIECE   12
/* More objects at a time are not begun. */
#define VDT_OBJECTS_MOST   256
/* Regions of a map that are looked at, the largest ones. */
#define VDT_OBJECT_REGIONS 256

typedef enum {
    VDT_OBJECT_SEEN,
    VDT_OBJECT_HIDDEN, /* not found in the newest picture: it is where it would have gone */
    VDT_OBJECT_MERGED, /* one region shows it and others: it is where it would be in that */
} VdtObjectState;

typedef struct {
    double x, y; /* shares of the frame */
} VdtPlace;

typedef struct {
    guint id; /* from 1 on, never the same twice */
    guint class_id;
    VdtObjectState state;
    guint parent;            /* id of the object that it has come off, 0 for none */
    gint64 first, last;      /* ns: when it was found first and last */
    VdtBounds box;           /* shares of the frame, clipped to it */
    double speed_x, speed_y; /* shares of the frame's sides a second */
    double score;            /* mean probability of its pixels, less the longer it is hidden */
    double share;            /* of the frame that its pixels are */
    guint n_path;
    VdtPlace path[VDT_OBJECT_PATH]; /* the middle of the lower edge, the newest last */
} VdtObject;

typedef struct _VdtTracker VdtTracker;
typedef struct _VdtStands VdtStands; /* stands.h */

VdtTracker *vdt_tracker_new(void);
void vdt_tracker_free(VdtTracker *tracker);
/*
 * The @regions (VdtRegion) of a map that @stands have marked (NULL: nothing is marked), of @width x
 * @height, of a frame whose sides are as @aspect to 1, at @time (ns), which is later than that
 * before; @looks has how each region looks, NULL if nobody knows. Regions of @least pixels and more
 * may become objects; smaller ones belong to others, or are noise.
 */
void vdt_tracker_update(VdtTracker *tracker, const VdtStands *stands, const GArray *regions,
                        const VdtLook *looks, guint width, guint height, double aspect, gint64 time,
                        gsize least);
/* Nothing of what was seen goes on. */
void vdt_tracker_reset(VdtTracker *tracker);
/* The objects there are, by id: an array of VdtObject, until the next update. */
const GArray *vdt_tracker_get_objects(const VdtTracker *tracker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtTracker, vdt_tracker_free)

G_END_DECLS
