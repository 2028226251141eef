/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which objects have crossed which lines, and which way.
 *
 * An object is where its path ends, the middle of its lower edge. It is on a side of a line once it
 * is farther from it than a fifth of its own size, the larger side, and has crossed the line when
 * it has come from one side to the other, in between the line's ends: so nobody who stands on a
 * line, waves or fights there, crosses it again and again. Who is hidden crosses nothing until
 * found again; who has come off another and goes the same way has been where that was.
 *
 * Not thread-safe.
 */
#pragma once

#include "tracker.h"
#include "zones.h"

G_BEGIN_DECLS

typedef struct {
    guint line;
    guint object; /* its index */
    gboolean in;  /* from the left of the line to its right, seen from its first point */
} VdtCrossing;

typedef struct _VdtCrossings VdtCrossings;

VdtCrossings *vdt_crossings_new(void);
void vdt_crossings_free(VdtCrossings *crossings);
/*
 * Takes the @objects (VdtObject) of a frame whose sides are as @aspect to 1; with other @lines than
 * before (NULL for none), counts begin anew. Those that have crossed since the last time: an array
 * of VdtCrossing, until the next.
 */
const GArray *vdt_crossings_update(VdtCrossings *crossings, VdtZones *lines, const GArray *objects,
                                   double aspect);
/* The lines that were given last; NULL for none. */
const VdtZones *vdt_crossings_get_lines(const VdtCrossings *crossings);
/* How many have crossed line @line so far. */
void vdt_crossings_get_counts(const VdtCrossings *crossings, guint line, guint64 *in, guint64 *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtCrossings, vdt_crossings_free)

G_END_DECLS
