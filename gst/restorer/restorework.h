/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a frame is to be restored, and what comes of it: work for the worker. One at a time has
 * it, the streaming thread or the worker's; counted, so that a stream that is flushed need not wait
 * for it.
 */
#pragma once

#include "gather.h"
#include "restore.h"

G_BEGIN_DECLS

#define VDT_RESTORE_MOST_STEPS 2

/* One restoration after the other. */
typedef struct {
    guint n;
    guint restoration[VDT_RESTORE_MOST_STEPS];
    guint scale[VDT_RESTORE_MOST_STEPS];
} VdtRestoreSteps;

/* How many times as wide and as high pictures get. */
guint vdt_restore_steps_scale(const VdtRestoreSteps *steps);

/* What the network is to look at, and what is kept of what it makes of that: in pixels of the
 * picture, the latter within the former. */
typedef struct {
    VdtRestoreArea run, keep;
} VdtRestorePatch;

/* Floats that grow, and are kept. */
typedef struct {
    float *floats;
    gsize room;
} VdtRestoreRoom;

/* Where the streaming thread waits for work. */
typedef struct {
    GMutex lock;
    GCond changed;
    gboolean shut; /* under the lock: nobody waits any more */
} VdtRestoreWait;

/* A counted box. */
typedef struct {
    VdtRestoreWait *wait; /* outlives it */

    /* What is asked: by begin, and then by whoever asks. */
    VdtRestoreSteps steps;
    guint width, height;
    VdtRestoreRoom picture; /* [3,height,width] */
    GArray *patches;        /* of VdtRestorePatch; none: all of it, at once */
    gboolean squares;       /* all patches are as large: they have a restorer of their own */
    double strength;
    double size;    /* share of the sides that the network works at; 1 where pictures get larger */
    guint gather;   /* frames that are gathered into one before, at most; 0: none */
    gboolean fresh; /* what was gathered is of something else */
    gboolean looks; /* not all that, but what the picture in @look needs */
    GByteArray *look;

    /* What came of it, if it is done. */
    gboolean done;
    gboolean valid;        /* set by whoever runs it: all of them are numbers */
    VdtRestoreRoom result; /* the difference of each pixel; of larger pictures, the pixels */
    double gathered;       /* share of the pixels that are of more than this frame */
    int going;             /* of a look: the restoration that goes on, -1: none */
    gint64 took;           /* µs, without preparations */

    /* of the worker's thread */
    VdtRestoreRoom means; /* of frames; if there are any gathered, they are what is restored */
    VdtRestoreRoom between, patch, small, smaller_result;

    /* under the lock of @wait */
    gint64 began;       /* when the network did, monotonic, µs; 0: not yet */
    gboolean released;  /* the worker has it no longer */
    gboolean abandoned; /* nobody waits for it */
} VdtRestoreWork;

VdtRestoreWork *vdt_restore_work_new(VdtRestoreWait *wait);
VdtRestoreWork *vdt_restore_work_ref(VdtRestoreWork *work);
void vdt_restore_work_unref(gpointer work);
/* The worker's: it is done with it, or will not do it. */
void vdt_restore_work_release(gpointer work);

void vdt_restore_wait_init(VdtRestoreWait *wait);
void vdt_restore_wait_clear(VdtRestoreWait *wait);
/* Whoever waits lets go, and nobody waits until it is no longer @shut. Any thread; before the
 * worker drops its work, so that this is known for what it is. */
void vdt_restore_wait_shut(VdtRestoreWait *wait, gboolean shut);

/* Forgets what was, and has room for pictures of that size. FALSE if there is no memory for it. */
gboolean vdt_restore_work_begin(VdtRestoreWork *work, const VdtRestoreSteps *steps, guint width,
                                guint height);

typedef enum {
    VDT_WAIT_DONE,     /* the worker has it no longer */
    VDT_WAIT_PREPARES, /* it takes too long before the network could begin; it is abandoned */
    VDT_WAIT_SLOW,     /* the network takes too long */
    VDT_WAIT_SHUT      /* it is abandoned */
} VdtRestoreWaited;

/* Waits for @work, which was put, @most µs before the network begins, or a little longer, and as
 * long from then on; 0: for as long as it takes. */
VdtRestoreWaited vdt_restore_work_wait(VdtRestoreWork *work, gint64 most);
gboolean vdt_restore_work_is_released(VdtRestoreWork *work);
/* The worker's: FALSE if nobody waits for it. */
gboolean vdt_restore_work_is_wanted(VdtRestoreWork *work);

/* Has @restorer make what it needs for work like this, which can take a while. */
gboolean vdt_restore_work_prepare(const VdtRestoreWork *work, VdtRestorer *restorer,
                                  GError **error);
/* Gathers its picture with those before, if that is asked for, in *@gather, which is made or freed
 * as it has to be. */
gboolean vdt_restore_work_gather(VdtRestoreWork *work, VdtGather **gather, GError **error);
/* Does it, but for looks. */
gboolean vdt_restore_work_run(VdtRestoreWork *work, VdtRestorer *restorer,
                              GCancellable *cancellable, GError **error);

G_END_DECLS
