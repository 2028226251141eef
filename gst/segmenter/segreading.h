/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a segmenter reads from a network's logits, and the properties of that: classes, min-area,
 * smoothing, map-size, run-length, roi-metas.
 *
 * A plain struct, the element's. Set and get are called with its object lock held; all that follows
 * them without, by the worker's thread, but for renew, which prepare calls.
 */
#pragma once

#include "analyzer/worker.h"
#include "enums.h"
#include "frame/frameview.h"
#include "logits.h"
#include "segnetwork.h"

G_BEGIN_DECLS

/* A picture to look at. */
typedef struct {
    guint generation;  /* counts what does not continue what was before */
    GstClockTime time; /* that of look */
    VdtSeen seen;
    GstVideoOrientationMethod orientation; /* how the frame lies: the picture does not */
    guint map_width, map_height;
    /* of the frame, for masks */
    GstVideoInfo info;
    GstSegment segment;
    GstClockTime duration; /* NONE if it is not known */
    guint8 rgb[];
} VdtSegWork;

typedef struct {
    GstElement *element;

    /* under its object lock */
    char *classes;
    gboolean classes_changed; /* what it names was not looked up yet */
    double min_area, smoothing;
    VdtMapSize map_size;
    gboolean run_length, roi_metas;

    /* the worker's thread's */
    VdtLogits *average;
    GstBuffer *map, *runs; /* no runs: NULL */
    guint map_width, map_height;
} VdtSegReading;

#define VDT_SEG_READING_PROPS 6

/* Room for the picture of @buffer that @target says, of the frame as it lies; where that lies in
 * the frame, and how large its map is to be. */
VdtSegWork *vdt_seg_work_new(const VdtFrameTarget *target, const GstVideoInfo *info,
                             GstBuffer *buffer, VdtMapSize size, guint generation);

void vdt_seg_reading_init(VdtSegReading *reading, GstElement *element);
void vdt_seg_reading_clear(VdtSegReading *reading);
/* Installs VDT_SEG_READING_PROPS properties, with ids from @first on. */
void vdt_seg_reading_install(GObjectClass *klass, guint first);
/* Property @id of those, counted from 0. FALSE if there is none. */
gboolean vdt_seg_reading_set(VdtSegReading *reading, guint id, const GValue *value);
gboolean vdt_seg_reading_get(const VdtSegReading *reading, guint id, GValue *value);

/* There is another network, which may have other classes. */
void vdt_seg_reading_renew(VdtSegReading *reading);
/* Warns of classes that @network does not have, once. */
void vdt_seg_reading_check(VdtSegReading *reading, const VdtSegNetwork *network);
/* What @network, which was run on @work, says of it, of the classes that are to be reported. A map
 * of nothing if it gave no numbers. */
VdtSegmentation *vdt_seg_reading_read(VdtSegReading *reading, VdtWorker *worker,
                                      const VdtSegNetwork *network, const VdtSegWork *work);
/* Adds a result structure for each class of @found to @results, the largest first. */
void vdt_seg_reading_list(const VdtSegmentation *found, const VdtSegNetwork *network,
                          GPtrArray *results);
/* Takes the map out of @found, for metas to share. */
void vdt_seg_reading_keep(VdtSegReading *reading, VdtSegmentation *found);
/* The map that was kept last as fields for metas; the caller's. */
GstStructure *vdt_seg_reading_describe(const VdtSegReading *reading);

G_END_DECLS
