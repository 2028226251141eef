/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configured stream as the supervisor runs it: its events go to the hub, and end when it goes;
 * its states are told, and a camera that is away is an event of the system's.
 */
#pragma once

#include "config/config.h"
#include "events/hub.h"
#include "events/system.h"
#include "stream/supervisor.h"
#include "tell.h"

typedef struct _VdtChannel VdtChannel;

/* Where it tells what; all of this outlives the supervisor. */
typedef struct {
    VdtSupervisor *supervisor;
    const VdtTell *tell;
    VdtHub *hub;
    VdtSystem *system;
} VdtSurroundings;

/* Starts it. */
VdtChannel *vdt_channel_new(const VdtSurroundings *around, VdtStreamConfig *config, GError **error);
/* Goes on by another configuration of the same name, with no more disturbance than the difference
 * takes: @live says that it takes none. */
gboolean vdt_channel_change(VdtChannel *channel, VdtStreamConfig *config, gboolean live,
                            GError **error);
/* Stops the stream for good. */
void vdt_channel_remove(VdtChannel *channel, VdtSupervisor *supervisor);
/* Without the stream, which the supervisor stops. */
void vdt_channel_free(VdtChannel *channel);
/* Caller unrefs. */
VdtStream *vdt_channel_get_stream(VdtChannel *channel);
/* Caller frees. */
VdtStreamInfo *vdt_channel_get_info(VdtChannel *channel);
