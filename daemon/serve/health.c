/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "health.h"

#include "stream/part.h"

#define BEAT_LIMIT (4 * VDT_SECOND)

void vdt_health_add(VdtHealth *health, const VdtStreamInfo *info)
{
    health->streams++;
    health->live += info->state == VDT_STREAM_LIVE;
    health->stuck += info->hanging >= VDT_PART_MOST_HANGING;
}

gboolean vdt_health_is_good(const VdtHealth *health, gint64 beat, gint64 now)
{
    return now - beat <= BEAT_LIMIT && (health->streams == 0 || health->stuck < health->streams);
}
