/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other source of a camera, which is recorded while its first one is analysed: a stream of its
 * own behind which nothing stands. If it does not come, the first one counts as degraded.
 */
#pragma once

#include "records.h"
#include "stream/supervisor.h"

typedef struct _VdtRecorded VdtRecorded;

/* Of @config->recorded. Starts it. */
VdtRecorded *vdt_recorded_new(VdtSupervisor *supervisor, VdtStream *first, VdtStreamConfig *config,
                              VdtRecordist *recordist, const VdtTell *tell, GError **error);
/* Other times. */
void vdt_recorded_set_times(VdtRecorded *recorded, const VdtStreamTimes *times);
/* Stops the stream for good. */
void vdt_recorded_remove(VdtRecorded *recorded, VdtSupervisor *supervisor);
/* Without the stream, which the supervisor stops. */
void vdt_recorded_free(VdtRecorded *recorded);
