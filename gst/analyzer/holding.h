/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames that wait for the result nearest to them in time: mode=aligned.
 *
 * The streaming thread puts frames in, and whatever is to keep its order with them; a task of the
 * source pad takes them out. A frame goes
 *   - with the nearest result, as soon as no nearer one can come;
 *   - with what there is, and is counted as unaligned, once it has waited for as long as frames
 * may: in a live pipeline, by the clock; in another, which waits as long as the network is at work,
 *     when no more frames fit in or come;
 *   - with what there is, when the stream is drained or breaks off, and nothing is under way.
 *
 * These references are as a queue element's: the analysis itself keeps none of a decoder's buffers,
 * and an allocation query asks for as many more as are held.
 *
 * Who calls what:
 *   put, push_event, wait_slot, drain, seal          the streaming thread
 *   found, measured, wake                            the worker's thread
 *   flush_start, flush_stop, shut, stop, get_bound   any thread; stop when nothing streams
 *   go                                               the task
 * `lock` may be held while the worker's own locks are taken, and is not while anything is pushed.
 */
#pragma once

#include "nearest.h"
#include "worker.h"

G_BEGIN_DECLS

/* However close they are in time. */
#define VDT_HOLDING_MOST 256

/* Pushes @buffer, which it takes, with @result, or with none if that is NULL. @pts is NONE if the
 * frame has no time. */
typedef GstFlowReturn (*VdtHoldingGo)(GstElement *element, GstBuffer *buffer, GstClockTime pts,
                                      const VdtResult *result);

/* How frames wait; ns. */
typedef struct {
    gboolean live;
    GstClockTime bound; /* how long, in a live pipeline; how much fits in, in any */
    GstClockTime most;  /* how long, if nothing is under way, in others */
} VdtHoldingLimits;

typedef struct {
    VdtWorker *worker;
    GstPad *pad;
    VdtHoldingGo go;

    GMutex lock; /* guards what follows */
    GCond changed;
    GQueue items;
    VdtNearest results; /* of this epoch */
    VdtHoldingLimits limits;
    VdtTimeline way;   /* of times here: how it is played */
    GstClockTime next; /* no work to come is of an earlier time; NONE if that is not known */
    GstClockTime gone; /* time of the newest frame that went */
    gboolean flushing, draining, pushing, running;
    GstFlowReturn flow;
    VdtLatency inference;
} VdtHolding;

void vdt_holding_init(VdtHolding *holding, VdtWorker *worker, GstPad *pad, VdtHoldingGo go);
void vdt_holding_clear(VdtHolding *holding);
void vdt_holding_start(VdtHolding *holding);
/* Wakes whoever waits, and takes nothing any more, until it is started again. */
void vdt_holding_shut(VdtHolding *holding);
/* Drops what is held and ends the task. */
void vdt_holding_stop(VdtHolding *holding);

/* How long frames wait at most, if results are due every @interval and none may wait for more than
 * @most: a frame behind the middle of two results waits for the second, and for what it takes. */
GstClockTime vdt_holding_get_bound(VdtHolding *holding, GstClockTime interval, GstClockTime most);

/* Holds @buffer, with a reference of its own, whose time is @time or NONE: that of @way. Waits for
 * as long as it is full. See `next` above. */
GstFlowReturn vdt_holding_put(VdtHolding *holding, GstBuffer *buffer, GstClockTime time,
                              const VdtTimeline *way, GstClockTime next,
                              const VdtHoldingLimits *limits);
/* Takes @event, to go after the frames that are held. FALSE if there are none. */
gboolean vdt_holding_push_event(VdtHolding *holding, GstEvent *event);
/* Waits until work can be put without taking the place of other work. FALSE if the stream is
 * flushed or cannot go on, which the flow then says. */
gboolean vdt_holding_wait_slot(VdtHolding *holding, GstFlowReturn *flow);
/* Waits until all have gone. */
void vdt_holding_drain(VdtHolding *holding);
/* Settles with which result each frame goes: those there are. They are forgotten then. */
void vdt_holding_seal(VdtHolding *holding);

/* @result, of @job, is there; taken note of unless @job is void. */
void vdt_holding_found(VdtHolding *holding, const VdtJob *job, VdtResult *result);
/* An inference took so long. TRUE if the bound has changed. */
gboolean vdt_holding_measured(VdtHolding *holding, GstClockTime took);
/* Work was begun, or is gone. */
void vdt_holding_wake(VdtHolding *holding);

/* Before a flush is handed on; after it was; and when it is over: what is held is dropped. */
void vdt_holding_flush_start(VdtHolding *holding);
void vdt_holding_flushed(VdtHolding *holding);
void vdt_holding_flush_stop(VdtHolding *holding);

G_END_DECLS
