/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the service does its work, or had better be restarted. Plain data. */
#pragma once

#include "stream/stream.h"

typedef struct {
    guint streams, live;
    guint stuck; /* so many threads of it hang that nothing is begun any more */
} VdtHealth;

void vdt_health_add(VdtHealth *health, const VdtStreamInfo *info);
/* @beat is when the supervisor last came round, @now by the same clock. A stream that hangs is
 * taken down by itself; only when all are stuck does nothing but a restart help. */
gboolean vdt_health_is_good(const VdtHealth *health, gint64 beat, gint64 now);
