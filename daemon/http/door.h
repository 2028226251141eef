/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where requests come in: listens, bounds how many are there and how long they may take, reads one
 * request of each connection through the guard, and hands it on whole. A connection carries one
 * request only: there is no second one to be smuggled in behind it. All in the thread whose default
 * main context it was made in.
 */
#pragma once

#include "guard.h"
#include "settings.h"

#define VDT_DOOR_TLS_LIMIT    3   /* s, for a handshake from its turn on */
#define VDT_DOOR_HEAD_LIMIT   5   /* s, for the head, and to wait for a turn with TLS */
#define VDT_DOOR_BODY_LIMIT   10  /* s */
#define VDT_DOOR_STALL_LIMIT  30  /* s without a byte that the peer takes */
#define VDT_DOOR_ANSWER_LIMIT 600 /* s, but for answers without an end */

typedef struct _VdtDoor VdtDoor;

/* A request that was read. */
typedef struct {
    guint64 id;
    VdtHead *head;
    GBytes *body;
    VdtPeer peer;
    GIOStream *stream; /* to answer on; closing it ends the connection */
} VdtArrival;

typedef struct {
    guint open, open_unix;              /* connections now */
    guint64 accepted, served;           /* connections; requests that were whole */
    guint64 refused, crowded, timeouts; /* by the guard; for want of room; too slow */
} VdtDoorCounts;

/* @func takes the arrival. @say is told sentences: what cannot be listened on is tried again every
 * ten seconds. @settings are borrowed. */
VdtDoor *vdt_door_new(const VdtHttpSettings *settings, void (*func)(VdtArrival *, gpointer),
                      void (*say)(const char *sentence, gpointer), gpointer data);
/* Cuts all connections. */
void vdt_door_free(VdtDoor *door);
VdtDoorCounts vdt_door_get_counts(const VdtDoor *door);
/* The answer to it has no end, and is not cut for taking long. */
void vdt_door_let_stay(VdtDoor *door, guint64 id);
void vdt_arrival_free(VdtArrival *arrival);
/* What the guard would answer: a whole response, of problem+json. Caller frees. */
char *vdt_door_refusal(const VdtRefusal *refusal);
