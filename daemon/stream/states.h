/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream can be in, what can happen to it, and what follows: one table, plain data. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    VDT_STREAM_STOPPED,    /* not asked to run: before start and after stop */
    VDT_STREAM_CONNECTING, /* builds its pipeline, waits for a turn, or connects: no frame yet */
    VDT_STREAM_LIVE,       /* frames come, and nothing else is wrong */
    VDT_STREAM_DEGRADED,   /* frames come, but something beside them fails: see set_fault */
    VDT_STREAM_STALLED,    /* frames stopped without an error; the source is still open */
    VDT_STREAM_BACKOFF,    /* the source is closed, and is opened again soon */
    VDT_STREAM_FAILED,     /* trying again soon is useless or harmful: tried seldom, told */
} VdtStreamState;
#define VDT_N_STREAM_STATES 7

typedef enum {
    VDT_STREAM_START,       /* run; where it waits to try again: now */
    VDT_STREAM_STOP,        /* run no more */
    VDT_STREAM_RELOAD,      /* source, or pipeline, are described anew */
    VDT_STREAM_READY,       /* the pipeline behind the source plays */
    VDT_STREAM_TURN,        /* may connect */
    VDT_STREAM_FRAME,       /* a frame came out of the source */
    VDT_STREAM_TIMEOUT,     /* what the state waits for at most is over */
    VDT_STREAM_REFUSED,     /* error: there is no connection to be had */
    VDT_STREAM_AUTH,        /* error: user or password are wrong */
    VDT_STREAM_UNTRUSTED,   /* error: its certificate is not to be trusted */
    VDT_STREAM_NOT_FOUND,   /* error: it answers, but has no such stream */
    VDT_STREAM_UNSUPPORTED, /* error: what it offers cannot be read */
    VDT_STREAM_LOST,        /* error: a connection broke */
    VDT_STREAM_ENDED,       /* the source came to its end */
    VDT_STREAM_RECODED,     /* the source has another codec than the pipeline was begun with */
    VDT_STREAM_CRASH,       /* error: the pipeline behind the source broke or hangs */
    VDT_STREAM_EXHAUSTED,   /* the same error once too often */
    VDT_STREAM_FAULT,       /* something beside the frames fails */
    VDT_STREAM_WELL,        /* nothing does any more */
} VdtStreamEvent;
#define VDT_N_STREAM_EVENTS 19

/* In the order in which they are done. */
typedef enum {
    VDT_STREAM_CLOSE = 1 << 0,   /* close the source */
    VDT_STREAM_DROP = 1 << 1,    /* take the pipeline behind it down */
    VDT_STREAM_PREPARE = 1 << 2, /* have a pipeline that plays, then tell READY */
    VDT_STREAM_ASK = 1 << 3,     /* ask for a turn, then tell TURN */
    VDT_STREAM_OPEN = 1 << 4,    /* open the source */
} VdtStreamActions;

typedef struct {
    VdtStreamState to;
    VdtStreamActions actions;
} VdtStreamStep;

/* What follows from @event in @state; for any pair. */
VdtStreamStep vdt_stream_step(VdtStreamState state, VdtStreamEvent event);

/* "connecting", "not-found": as they stand in metrics, topics and answers. */
const char *vdt_stream_state_name(VdtStreamState state);
const char *vdt_stream_event_name(VdtStreamEvent event);

G_END_DECLS
