/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where all events come together: from analysers and from the system itself, in any thread, on to
 * sinks. It knows what is open, and ends that when its stream goes.
 */
#pragma once

#include "event.h"

G_BEGIN_DECLS

typedef struct _VdtHub VdtHub;

/* In the thread that puts an event, one at a time; must not wait, nor call the hub. */
typedef void (*VdtHubSink)(VdtEvent *event, gpointer data);
/* Who is told of @event, of VdtAudience; as a sink. */
typedef guint (*VdtHubJudge)(const VdtEvent *event, gpointer data);

VdtHub *vdt_hub_new(void);
/* Ends what is open, since the service stops. Nobody may put anything any more. */
void vdt_hub_free(VdtHub *hub);

/* It has all events from now on. */
void vdt_hub_add_sink(VdtHub *hub, VdtHubSink sink, gpointer data, GDestroyNotify destroy);
/* Without one, or for NULL, everybody is told of everything. */
void vdt_hub_set_judge(VdtHub *hub, VdtHubJudge judge, gpointer data, GDestroyNotify destroy);

/*
 * Takes @event, which may be NULL. Never waits. Whoever was told of an event is told of all that
 * follows until its end; who is let in while it goes on, from there on. What the hub ended itself
 * is over: its analyser's end of it goes no further. An update of what did not start is none.
 */
void vdt_hub_put(VdtHub *hub, VdtEvent *event);
/* Ends what analysers of @stream have open. What the system itself has told of it is not: whoever
 * started that ends it. */
void vdt_hub_end_stream(VdtHub *hub, const char *stream, const char *reason);
/* How many go on. */
guint vdt_hub_count_open(VdtHub *hub);

/* What the system itself tells of. */
#define VDT_EVENT_SYSTEM "system"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtHub, vdt_hub_free)

G_END_DECLS
