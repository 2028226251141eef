/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps an analyser silent although frames come: each reason is said once, as a warning on the
 * bus, and `stats` counts it. Plain data, the streaming thread's; zero to begin with.
 */
#pragma once

#include "worker.h"

G_BEGIN_DECLS

typedef struct {
    guint late;      /* frames in a row whose time did not go on */
    guint broken;    /* windows in a row that broke off without a result */
    guint64 results; /* there were when the window began */
    gboolean took;   /* there was enough to look at, once */
    guint told;      /* flags: which were said */
} VdtSilence;

/* A frame has neither a time nor a rate. */
void vdt_silence_untimed(VdtSilence *silence, VdtWorker *worker);
/* The pixels of a frame cannot be read. */
void vdt_silence_unreadable(VdtSilence *silence, VdtWorker *worker);
/* A frame is newer than the one before, or is not. */
void vdt_silence_timed(VdtSilence *silence, VdtWorker *worker, gboolean newer);
/* Another window begins, in the middle of a stream or with another one. */
void vdt_silence_broke(VdtSilence *silence, VdtWorker *worker);
/* The stream, of which frames came, is at its end. */
void vdt_silence_ended(VdtSilence *silence, VdtWorker *worker);

G_END_DECLS
