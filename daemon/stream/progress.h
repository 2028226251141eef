/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what goes into a pipeline also goes through it. Plain data; looked at now and then. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    VDT_PROGRESS_GOOD,
    VDT_PROGRESS_NO_OUTPUT, /* it takes frames, and none comes out */
    VDT_PROGRESS_HANGS,     /* it takes none */
} VdtProgressState;

typedef struct {
    guint64 taken, output; /* when it last moved */
    guint64 taken_then;    /* at the last output */
    gint64 taken_at, output_at;
} VdtProgress;

void vdt_progress_init(VdtProgress *progress, gint64 now);
/* @taken of the frames that were put in, while @waiting are not; @output came out, -1 if nobody can
 * say. */
VdtProgressState vdt_progress_look(VdtProgress *progress, guint64 taken, guint waiting,
                                   gint64 output, gint64 limit, gint64 now);

G_END_DECLS
