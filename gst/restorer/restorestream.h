/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two files of the element share: iptrestorer is its class, its properties and its life,
 * restorestream what it does with frames. A frame waits until the worker has restored it.
 *
 * Who owns what is said below; the worker's own is in its header.
 */
#pragma once

#include <gst/video/video.h>

#include "analyzer/latency.h"
#include "analyzer/worker.h"
#include "frame/framemap.h"
#include "iptrestorer.h"
#include "quality.h"
#include "restorelog.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN(vdt_ipt_restorer_debug);

/* What properties say of how a frame is restored. */
typedef struct {
    VdtRestoreMode mode;
    VdtRestoreWanted wanted;
    double strength;
    double budget;   /* ms; 0: any */
    guint gather;    /* frames, 0: none */
    double interval; /* s, from one look of the estimator to the next */
} VdtRestoreProps;

struct _VdtIptRestorer {
    GstBaseTransform parent;
    VdtWorker worker;
    VdtRestoreWait wait;

    /* under the object lock */
    char *task, *instruction, *estimator;
    VdtRestoreProps props;
    gboolean still; /* the next frame is asked for */
    GstPad *original;
    VdtRestoreCounts counts;
    double size; /* that the network works at; 0: frames pass */
    guint size_changes;
    VdtLatency latency;
    gboolean live;
    GstClockTime upstream; /* how late frames come by themselves */
    GstClockTime earliest; /* running time that downstream still has a use for; NONE: any */
    guint scale;           /* of frames that go out; 0: there is no network yet */

    /* of whichever thread prepares networks */
    VdtRestoreNetwork *made; /* the last one */
    char *told;              /* the instruction that was told to change nothing */

    VdtGather *gather; /* the worker's thread's */

    /* the streaming thread's */
    GstVideoInfo in, out;
    VdtRestoreWork *work;   /* NULL: another is to be made */
    VdtRestoreWork *behind; /* that was abandoned, and the worker may still have; or NULL */
    VdtRestoreAreas areas;
    VdtFrameMap *map; /* to pictures for the estimator */
    VdtQuality quality;
    gboolean shrinks;       /* what quality began with */
    gboolean fresh;         /* the next frame is of something else than those before */
    GstVideoRectangle part; /* that was gathered last */
    guint most;             /* frames, then */
    int going;              /* the restoration that pictures need, -1: none */
    GstClockTime looked;    /* running time of the last look; NONE: none yet */
    VdtRestoreProps now;    /* as they are for the frame under way */
    VdtRestored restored;   /* what became of the frame under way */
    gboolean is_still;      /* it was asked for */
    gint64 arrived, spent;  /* µs: when it came; what it took so far, but for preparations */
    GstClockTime begin;     /* vdt_stats_thread_time() when it came */
};

/* When a buffer is, in the segment that there is. */
VdtSpan vdt_ipt_restorer_span(VdtIptRestorer *self, GstBuffer *buffer);

/* Before a frame: takes another network, if there is one, and properties as they are, and has caps
 * negotiated that go with these. */
void vdt_ipt_restorer_follow(VdtIptRestorer *self);
/* Before the first frame, and after a flush. */
void vdt_ipt_restorer_reset_stream(VdtIptRestorer *self);

/* Decides what becomes of @in, which passes for as long as it is here, and has that found out. */
GstFlowReturn vdt_ipt_restorer_begin(VdtIptRestorer *self, GstBuffer *in);
/* Makes @out, which is @in or a copy, what was found. */
GstFlowReturn vdt_ipt_restorer_finish(VdtIptRestorer *self, GstBuffer *out);

/* The worker's thread. */
gboolean vdt_ipt_restorer_run(VdtIptRestorer *self, VdtJob *job, GCancellable *cancellable,
                              GError **error);

G_END_DECLS
