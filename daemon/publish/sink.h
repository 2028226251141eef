/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What those who are told have in common: a thread that takes from the journal what its peer does
 * not have yet, waits for news, and for a peer that is away, longer each time; how it is, and
 * figures.
 */
#pragma once

#include "spool.h"
#include "stream/backoff.h"

typedef enum {
    VDT_SINK_STARTING, /* the first attempt is made */
    VDT_SINK_UP,
    VDT_SINK_AWAY,    /* tried again, after pauses */
    VDT_SINK_REFUSED, /* user or password are wrong, or such: tried again, after longer ones */
    VDT_SINK_STOPPED, /* it is none any more */
    VDT_N_SINK_STATES
} VdtSinkState;
const char *vdt_sink_state_name(VdtSinkState state);

typedef struct {
    char *name; /* mqtt, webhook, file */
    char *peer; /* where it sends to, without secrets: "broker.lan:1883" */
    VdtSinkState state;
    char *error;  /* the last thing that went wrong, a sentence without secrets; NULL if nothing did
                     since all was well */
    gint64 retry; /* when it is tried again, by g_get_monotonic_time(); 0 if it is not away */
    guint64 sent; /* events that arrived */
    guint64 repeated; /* of these, said to be repeated */
    guint64 refused;  /* that the peer does not want, and were left out */
    guint64 failures; /* attempts that failed */
    guint64 pending;  /* rows of the journal that wait, those that are not for it too */
    guint64 lost;     /* that went before they could be sent */
} VdtSinkInfo;
VdtSinkInfo *vdt_sink_info_copy(const VdtSinkInfo *info);
void vdt_sink_info_free(VdtSinkInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtSinkInfo, vdt_sink_info_free)

/* Limits, in ns and us. */
typedef struct {
    VdtBackoffLimits away, refused;
    gint64 connect; /* us, until the peer has answered at all */
    gint64 answer;  /* us, until it says that it has an event */
    gint64 stop;    /* us, that the end may take */
} VdtSinkTimes;
extern const VdtSinkTimes vdt_sink_times_default;

typedef struct _VdtSink VdtSink;

/* What one kind of peer takes. Both in the sink's thread. */
typedef struct {
    const char *name;
    guint audience; /* one of VdtAudience */
    /* Until vdt_sink_is_stopping(). */
    void (*run)(VdtSink *sink, gpointer self);
    void (*free)(gpointer self);
} VdtSinkKind;

typedef struct {
    VdtStore *store; /* outlives it */
    const VdtSinkTimes *times;
    /* State, peer or error are not as before. In the sink's thread; may be NULL. */
    void (*changed)(const VdtSinkInfo *info, gpointer data);
    gpointer data;
    const char *const *types; /* of VdtToldFilter; copied */
    VdtToldPhases phases;
} VdtSinkOptions;

/* Takes @self. */
VdtSink *vdt_sink_new(const VdtSinkKind *kind, gpointer self, const char *peer,
                      const VdtSinkOptions *options);
/* Stops, within times.stop: FALSE if its thread hangs, which is then left, and ends by itself
 * without another look at the store. */
gboolean vdt_sink_free(VdtSink *sink);
/* Any thread. Caller frees. */
VdtSinkInfo *vdt_sink_get_info(VdtSink *sink);
/* Has it come out of vdt_sink_wait(), and out of a pause. Any thread. */
void vdt_sink_wake(VdtSink *sink);

/* --- for the kinds, in the sink's thread --- */

const VdtSinkTimes *vdt_sink_get_times(VdtSink *sink);
gboolean vdt_sink_is_stopping(VdtSink *sink);
/* Is cancelled when it has to stop. Borrowed. */
GCancellable *vdt_sink_get_cancellable(VdtSink *sink);

/* The next event; FALSE if there is none now. @told is good until the next call. */
gboolean vdt_sink_take(VdtSink *sink, VdtTold *told);
/* An event that was taken has arrived. */
void vdt_sink_arrived(VdtSink *sink, guint64 seq, gboolean repeated);
/* The peer does not want it, for a reason which is @error then; it is left out. */
void vdt_sink_unwanted(VdtSink *sink, guint64 seq, const char *error);

/* Waits for news, for @events of @fd, which may be -1, or until @until, by g_get_monotonic_time().
 * Returns what was found of @events. */
int vdt_sink_wait(VdtSink *sink, int fd, int events, gint64 until);
/* The peer is there. */
void vdt_sink_up(VdtSink *sink);
/* An attempt failed: all that did not arrive is taken again. Waits for the next one, at least
 * @least us. @state is AWAY or REFUSED. */
void vdt_sink_failed(VdtSink *sink, VdtSinkState state, gint64 least, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
