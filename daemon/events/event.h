/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has happened, as it is kept and told: that something starts, goes on, or ends. An event
 * never changes once it was handed on, is counted, and may be held by any thread.
 */
#pragma once

#include <glib.h>

#include "eventline.h"

G_BEGIN_DECLS

/* Text of more bytes is cut; what is no UTF-8 is replaced. */
#define VDT_EVENT_MOST_TEXT 1024

typedef enum { VDT_PHASE_START, VDT_PHASE_UPDATE, VDT_PHASE_END } VdtEventPhase;
#define VDT_N_PHASES 3

/* Who may be told. */
typedef enum {
    VDT_TO_MQTT = 1 << 0,
    VDT_TO_WEBHOOK = 1 << 1,
    VDT_TO_FILE = 1 << 2,
    VDT_TO_PAGE = 1 << 3,
    VDT_TO_ALL = (1 << 4) - 1,
} VdtAudience;

typedef struct {
    gint ref_count;
    VdtEventPhase phase;
    gint64 time;  /* UTC, us */
    char *id;     /* the same from start to end; unique, over restarts, too */
    char *stream; /* NULL for the service itself */
    char *type, *what, *element, *label, *zone,
        *line;       /* what, zone, line: NULL where there is none */
    double score;    /* NaN where there is none */
    guint audience;  /* of VdtAudience; 0: kept, and told to nobody. Profiles say so (profile.h) */
    guint64 foreign; /* its row in the journal of the other process that it is of; or 0 */
    char *json;      /* the line of docs/service.md, without a line end */
} VdtEvent;

/* For everybody. The line is written from the event's own copies of the fields, so that both are
 * the same. NULL if its event is none of start, update, end, or it has no type or id. */
VdtEvent *vdt_event_new(const VdtEventLine *line);
/* The end of @event, which somebody else did not end; for the same audience. @time is at least that
 * of @event. */
VdtEvent *vdt_event_new_end(const VdtEvent *event, gint64 time, const char *reason);
/* A copy, of one in pieces, too. */
VdtEvent *vdt_event_copy(const VdtEvent *event);
/* Takes @event, and returns it, or a copy, with that audience. */
VdtEvent *vdt_event_address(VdtEvent *event, guint audience);
VdtEvent *vdt_event_ref(VdtEvent *event);
void vdt_event_unref(VdtEvent *event);

const char *vdt_phase_name(VdtEventPhase phase);
/* About how much memory it takes, in bytes. */
gsize vdt_event_get_size(const VdtEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtEvent, vdt_event_unref)

G_END_DECLS
