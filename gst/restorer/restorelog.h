/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of frames: counted, and said by a meta on each. */
#pragma once

#include "analyzer/resultmeta.h"
#include "restoreareas.h"
#include "restorenetwork.h"

G_BEGIN_DECLS

/* Why a frame is as it came. */
typedef enum {
    VDT_RESTORE_DONE, /* it is not */
    VDT_RESTORE_OFF,
    VDT_RESTORE_NO_TASK,
    VDT_RESTORE_NOT_ASKED,
    VDT_RESTORE_CLEAN,
    VDT_RESTORE_NO_BOXES,
    VDT_RESTORE_GAP,
    VDT_RESTORE_NO_TIME,
    VDT_RESTORE_LATE,
    VDT_RESTORE_INVALID,
    VDT_RESTORE_UNREADABLE,
    VDT_RESTORE_N_ENDS
} VdtRestoreEnd;

/* What became of a frame. */
typedef struct {
    VdtRestoreEnd end;
    const VdtRestoreNetwork *network;
    VdtRestoreSteps steps; /* that were done */
    guint scale;           /* of the frame that goes out */
    double strength, size;
    guint gather;             /* frames that one is made of at most, 0 if that is not asked for */
    double gathered;          /* share of the pixels that are made of more than one */
    const GstVideoInfo *info; /* of the frame that came */
    const VdtRestoreAreas *areas; /* that were restored; NULL: all of it */
} VdtRestored;

/* Plain data, zero to begin with; whoever has it looks after locks. */
typedef struct {
    guint64 ends[VDT_RESTORE_N_ENDS];
    guint64 boxes, left_out;
} VdtRestoreCounts;

void vdt_restore_counts_add(VdtRestoreCounts *counts, const VdtRestored *restored);
/* Adds a field for each to `stats`. */
void vdt_restore_counts_tell(const VdtRestoreCounts *counts, GstStructure *stats);

/*
 * The meta `VedetteResult` of kind `restoration`, for a writable buffer:
 *
 *   results   array    of structures, one for each restoration in its order: label string,
 *                      class-id int, score double (the strength); none if nothing was restored
 *   altered   boolean  pixels are others than those that came
 *   why       string   of those that are not restored: off, no-task, not-asked, clean, no-boxes,
 *                      gap, no-time, late, invalid, unreadable
 *   model     string   its name
 *   scale     uint     how many times as wide and as high the frame has become
 *   strength  double   0 to 1
 *   size      double   share of the frame's sides that the network worked at; less than 1 where
 *                      time was short
 *   gathered  double   with gather: share of the pixels that are made of more than this frame
 *   areas     array    of structures x, y, width, height (doubles, shares of the frame): what was
 *                      restored; without it, all
 */
void vdt_restored_attach(const VdtRestored *restored, GstBuffer *buffer, const char *element);
/* The same fields, for a message. */
void vdt_restored_describe(const VdtRestored *restored, GstStructure *s);

G_END_DECLS
