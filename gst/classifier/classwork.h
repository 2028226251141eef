/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a frame is classified, as pictures for a network; and the properties of that: classify,
 * regions, max-boxes, frozen-after.
 *
 * VdtClassProps is a plain struct, the element's, under its object lock.
 */
#pragma once

#include "analyzer/vdtanalyzer.h"
#include "classnetwork.h"
#include "zones.h"

G_BEGIN_DECLS

/* Boxes of a frame, at most. */
#define VDT_CLASS_BOXES_MOST 500

typedef struct {
    VdtClassify what;
    char *text;
    VdtZones *regions; /* what it says; NULL for none */
    guint max_boxes;
    double frozen_after; /* s; 0: never */
} VdtClassProps;

#define VDT_CLASS_PROPS 4

/* One thing to be classified. */
typedef struct {
    GQuark type;        /* of a box; 0: it is none */
    int id;             /* of a box that is followed from frame to frame; 0: it is not */
    guint region;       /* which one of the work's */
    VdtFrameRegion box; /* in shares of what can be seen; of a box, any of it may be outside */
} VdtClassSubject;

typedef struct {
    VdtClassify what;
    VdtZones *regions; /* or NULL */
    guint n;           /* 0: there is nothing to be classified */
    VdtClassSubject *subjects;
    VdtClassSubject *hidden; /* objects that cannot be seen now, or not alone */
    guint n_hidden;
    guint left_out;    /* boxes that were too many */
    guint empty;       /* boxes of which nothing is in the frame */
    guint8 *pictures;  /* one for each, one behind the other */
    GstClockTime time; /* that of look */
    guint generation;  /* counts what does not continue what was before */
} VdtClassWork;

void vdt_class_props_init(VdtClassProps *props);
void vdt_class_props_clear(VdtClassProps *props);
/* Installs VDT_CLASS_PROPS properties, with ids from @first on. */
void vdt_class_props_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. What are no regions leaves those
 * that were; *@note, else NULL, says so, and is the caller's. */
gboolean vdt_class_props_set(VdtClassProps *props, guint id, const GValue *value, char **note);
gboolean vdt_class_props_get(const VdtClassProps *props, guint id, GValue *value);

/* A copy of what is needed to make work. */
VdtClassProps vdt_class_props_copy(const VdtClassProps *props);

/*
 * The streaming thread: what @network is to see of @buffer, the analyser's frame, by @props. Of the
 * frame, it is what @target says; of regions and boxes, its size and framing. NULL if the frame
 * cannot be read.
 */
VdtClassWork *vdt_class_work_new(VdtAnalyzer *analyzer, const VdtClassNetwork *network,
                                 const VdtClassProps *props, const VdtFrameTarget *target,
                                 const GstVideoInfo *info, GstBuffer *buffer);
void vdt_class_work_free(gpointer work);

/* The box of @region in shares of what can be seen, and which object it is: 0 if nobody says so. */
VdtFrameRegion vdt_class_box_of(const GstVideoRectangle *visible,
                                const GstVideoRegionOfInterestMeta *region);
int vdt_class_id_of(const GstVideoRegionOfInterestMeta *region);

G_END_DECLS
