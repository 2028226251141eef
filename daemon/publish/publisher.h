/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All who are told what happens, by the groups [mqtt], [webhook] and [file]: each reads the journal
 * in a thread of its own, so that none waits for another, and nobody waits for them.
 */
#pragma once

#include "config/config.h"
#include "sink.h"

typedef struct _VdtPublisher VdtPublisher;

typedef struct {
    /* A sentence about itself, without secrets; @level as of syslog: 4 warning, 5 notice. Any
     * thread; may be NULL. */
    void (*tell)(int level, const char *text, gpointer data);
    /* One of them is not as it was, as for an event of the system's own. Any thread; may be NULL.
     */
    void (*changed)(const VdtSinkInfo *info, gpointer data);
    gpointer data;
    const VdtSinkTimes *times; /* NULL for the usual ones */
} VdtPublisherOptions;

/* @store outlives it. */
VdtPublisher *vdt_publisher_new(VdtConfig *config, VdtStore *store,
                                const VdtPublisherOptions *options);
/* Goes on by another configuration: who is told in another way begins anew, where it was in the
 * journal; who is not told any more is forgotten, and begins with what is new if it comes again.
 * Takes up to a second. */
void vdt_publisher_reload(VdtPublisher *publisher, VdtConfig *config);
/* How a stream is: its state's name, and why, NULL if there is no reason. Any thread; never waits
 * for a peer. */
void vdt_publisher_set_state(VdtPublisher *publisher, const char *stream, const char *state,
                             const char *reason);
/* "auto", "armed" or "disarmed", which is constant. As set_state. */
void vdt_publisher_set_arm(VdtPublisher *publisher, const char *arm);
/* Of those that there are, an array of VdtSinkInfo. Any thread. Caller frees. */
GPtrArray *vdt_publisher_get_info(VdtPublisher *publisher);
/* Within times.stop and a little. FALSE if threads hang, which are left; the process is to end
 * soon. */
gboolean vdt_publisher_free(VdtPublisher *publisher);
