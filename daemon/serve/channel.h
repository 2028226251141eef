/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A configured stream as the supervisor runs it: what is told of it, what is recorded of it, and
 * what a change of its configuration takes.
 */
#pragma once

#include "config/config.h"
#include "outlets.h"
#include "stream/supervisor.h"

typedef struct _VdtChannel VdtChannel;

/* Starts it. Both outlive it. */
VdtChannel *vdt_channel_new(VdtSupervisor *supervisor, VdtStreamConfig *config, VdtOutlets *outlets,
                            GError **error);
/* Goes on by another configuration of the same name, with no more disturbance than the difference
 * takes: @live says that it takes none. */
gboolean vdt_channel_change(VdtChannel *channel, VdtStreamConfig *config, gboolean live,
                            GError **error);
/* Stops the stream for good. */
void vdt_channel_remove(VdtChannel *channel);
/* Without the stream, which the supervisor stops. */
void vdt_channel_free(VdtChannel *channel);
/* Caller unrefs. */
VdtStream *vdt_channel_get_stream(VdtChannel *channel);
/* Caller unrefs; NULL where nothing is kept. */
VdtRecordist *vdt_channel_get_recordist(VdtChannel *channel);
/* Caller frees. */
VdtStreamInfo *vdt_channel_get_info(VdtChannel *channel);
