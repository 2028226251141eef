/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "progress.h"

/* Frames that a pipeline may hold without giving any: a decoder's, and what is held behind it. */
#define HELD 30

void vdt_progress_init(VdtProgress *progress, gint64 now)
{
    *progress = (VdtProgress){.taken_at = now, .output_at = now};
}

VdtProgressState vdt_progress_look(VdtProgress *progress, guint64 taken, guint waiting,
                                   gint64 output, gint64 limit, gint64 now)
{
    if (taken != progress->taken || waiting == 0) {
        progress->taken = taken;
        progress->taken_at = now;
    }
    if (output < 0 || (guint64)output != progress->output) {
        progress->output = (guint64)MAX(output, 0);
        progress->output_at = now;
        progress->taken_then = taken;
    }
    if (now - progress->taken_at >= limit)
        return VDT_PROGRESS_HANGS;
    if (now - progress->output_at >= limit && taken - progress->taken_then > HELD)
        return VDT_PROGRESS_NO_OUTPUT;
    return VDT_PROGRESS_GOOD;
}
