/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a source's times to those of the pipeline behind it, which runs on while sources come and
 * go. Times go on from connection to connection, without a step back in decoding order; a source
 * whose clock leaps is brought back to now, one whose clock is fast or slow is followed. All times
 * in ns, running times, -1 for none. Plain data.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gint64 offset;  /* from the source's time to the pipeline's */
    gint64 slack;   /* by which frames may be behind now without being late */
    gint64 in;      /* of the last frame, in the source's time */
    gint64 arrived; /* when that was */
    gint64 out;     /* the latest that was given out */
    gint64 pending; /* still to be added to the offset, by and by */
    gint64 window;  /* end of what @least is of */
    gint64 least;   /* lag */
} VdtTimeline;

void vdt_timeline_init(VdtTimeline *timeline);
/* Another connection, whose time 0 is @offset of the pipeline's. */
void vdt_timeline_begin(VdtTimeline *timeline, gint64 offset, gint64 slack);
/* Of a frame that came at @now of the pipeline's time. TRUE if it does not go on from the one
 * before. */
gboolean vdt_timeline_map(VdtTimeline *timeline, gint64 *pts, gint64 *dts, gint64 now);

G_END_DECLS
