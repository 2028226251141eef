/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette infer, for networks that restore: a picture, all pictures of a folder, or a film of a
 * video's.
 */
#pragma once

#include <time.h>

#include "restoring.h"

/* FALSE, with G_OPTION_ERROR, for names of files that do not go with the input or each other. */
gboolean restore_request_check(const RestoreRequest *request, GError **error);
gboolean infer_restored(VdtEngine *engine, const RestoreRequest *request, GError **error);

/* What there is to print. */
typedef struct {
    guint width, height, to_width, to_height;
    double seconds, cpu_seconds; /* of restoring alone */
    gint64 n_frames, n_restored; /* of a video; or 0 */
    gint64 first_pts, last_pts;
} RestoredAnswer;

/* Begins a time that is measured, and adds it when it ends. */
typedef struct {
    gint64 wall;
    clock_t cpu;
} RestoredClock;

RestoredClock restored_clock_begin(void);
void restored_clock_end(const RestoredClock *begin, RestoredAnswer *answer);

void restored_answer_print(const Restoring *restoring, const RestoreRequest *request,
                           const RestoredAnswer *answer);
/* Of a video, with GStreamer. */
gboolean infer_restored_video(Restoring *restoring, const RestoreRequest *request, GError **error);
