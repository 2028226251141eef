/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One stream's course through its states: the table of states.h, when what is over, how long it
 * waits before it tries again, and when it gives up. Knows neither GStreamer nor a clock: every
 * call says what time it is, in ns of a clock that does not go back but may leap ahead. Plain data;
 * one thread at a time.
 */
#pragma once

#include "backoff.h"
#include "states.h"

G_BEGIN_DECLS

#define VDT_SECOND G_GINT64_CONSTANT(1000000000)

/* All in ns, but for the counts. */
typedef struct {
    gint64 first_frame;  /* from opening the source to its first frame */
    gint64 stall;        /* without a frame, until the stream counts as stalled */
    gint64 patience;     /* stalled, until the source is closed and opened anew */
    gint64 settle;       /* with frames, until what went wrong before is forgotten */
    gint64 build;        /* to build the pipeline, models and all */
    gint64 hang;         /* frames go into the pipeline, and it takes none, or none comes out */
    gint64 slow_retry;   /* failed, until it is tried again; a fifth more or less */
    gint64 crash_window; /* within which @crashes are too many */
    guint crashes;       /* of its pipeline; at most VDT_MACHINE_CRASHES */
    guint strikes;       /* not found, or not supported, in a row */
    VdtBackoffLimits backoff; /* between attempts */
} VdtStreamTimes;

/* Cameras behind a switch that reboots are back within 30 s of it with these, 16 of them and a gate
 * of VDT_STREAM_WIDTH and VDT_STREAM_HOLD. */
extern const VdtStreamTimes vdt_stream_times_default;
#define VDT_STREAM_WIDTH 8
#define VDT_STREAM_HOLD  (3 * VDT_SECOND)

#define VDT_MACHINE_CRASHES 8

typedef struct {
    VdtStreamTimes times;
    VdtBackoff backoff;
    VdtStreamState state;
    gint64 since;    /* in this state */
    gint64 deadline; /* of this state; G_MAXINT64 for none */
    gint64 begun;    /* frames come since then, stalls included; -1 for no */
    gboolean faulty;
    VdtStreamEvent trouble; /* the last error, for strikes */
    guint n_strikes, n_crashes;
    gint64 crashes[VDT_MACHINE_CRASHES]; /* when; a ring */
} VdtMachine;

/* Stopped. @name and @seed as for backoffs. */
void vdt_machine_init(VdtMachine *machine, const char *name, guint64 seed,
                      const VdtStreamTimes *times, gint64 now);
/* From the next state on. */
void vdt_machine_set_times(VdtMachine *machine, const VdtStreamTimes *times);
/* Goes where @event leads; returns what is to be done for it, in the order of VdtStreamActions. A
 * TIMEOUT before the deadline is none. Of frames not each need be told: only such that the last one
 * is when the deadline comes. */
VdtStreamActions vdt_machine_handle(VdtMachine *machine, VdtStreamEvent event, gint64 now);

G_END_DECLS
