/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs streams, all in one thread that never waits: what can take time or hang has threads of its
 * own. How many streams connect at a time is bounded over all of them. Any thread may call, but for
 * free.
 */
#pragma once

#include "stream.h"

G_BEGIN_DECLS

typedef struct _VdtSupervisor VdtSupervisor;

typedef struct {
    guint width;  /* streams that connect at a time */
    gint64 hold;  /* for how long one that connects counts, in ns */
    guint64 seed; /* of chance, so that two processes do not do the same */
} VdtSupervisorOptions;

extern const VdtSupervisorOptions vdt_supervisor_options_default;

VdtSupervisor *vdt_supervisor_new(const VdtSupervisorOptions *options);
/* Stops all streams, within 3 s whatever they do, and not from a callback. Returns how many threads
 * still hang then. */
guint vdt_supervisor_free(VdtSupervisor *supervisor);

/* A stream that is not started yet; caller unrefs. NULL if there can be no such source. */
VdtStream *vdt_supervisor_add(VdtSupervisor *supervisor, const VdtStreamSpec *spec, GError **error);
/* Stops the stream, for good. Its callbacks are still called until its user data are freed. */
void vdt_supervisor_remove(VdtSupervisor *supervisor, VdtStream *stream);

/* Streams that connect at a time, from now on. */
void vdt_supervisor_set_width(VdtSupervisor *supervisor, guint width);

/* When its thread last came round, by vdt_clock_now(): not longer than two seconds ago, unless it
 * or a callback hangs. */
gint64 vdt_supervisor_get_beat(VdtSupervisor *supervisor);

G_END_DECLS
