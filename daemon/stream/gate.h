/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many streams of the process connect at a time; who asked first is first. A turn that is not
 * given back is over by itself, so that sources that hang cannot keep the others out. Times are ns
 * of one clock that does not go back. One thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _VdtGate VdtGate;

/* @width turns at a time, at least 1, each for @hold ns at most. */
VdtGate *vdt_gate_new(guint width, gint64 hold);
/* Those that have a turn keep it, as far as there are that many. */
void vdt_gate_set_width(VdtGate *gate, guint width);
void vdt_gate_free(VdtGate *gate);

/* Puts @who into the queue, unless it is there or has a turn. */
void vdt_gate_ask(VdtGate *gate, gpointer who);
/* Gives back the turn or the place of @who, if it has one. */
void vdt_gate_leave(VdtGate *gate, gpointer who);
/* Whose turn begins at @now, or NULL; to be called until then. */
gpointer vdt_gate_next(VdtGate *gate, gint64 now);
/* When the next turn is over by itself, if somebody waits for it; G_MAXINT64 if not. */
gint64 vdt_gate_get_deadline(const VdtGate *gate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtGate, vdt_gate_free)

G_END_DECLS
