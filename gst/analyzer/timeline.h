/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a stream is in time, by its timestamps: which frame goes on, which breaks off, and when a
 * result is due. Plain data, not thread-safe; reset it to begin with. */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

typedef struct {
    GstClockTime last; /* PTS of the newest frame; NONE before the first */
    GstClockTime due;  /* when the last result was due; NONE before the first */
} VdtTimeline;

/* What breaks off at a frame: flags. */
typedef enum {
    VDT_BREAK_NONE = 0,
    VDT_BREAK_NEW_WINDOW = 1 << 0, /* it does not continue the frames before */
    VDT_BREAK_VOID = 1 << 1,       /* what was found before is not true of it */
} VdtBreaks;

void vdt_timeline_reset(VdtTimeline *timeline);
/* Time of a frame, counted from the last one if it has none of its own; NONE if that cannot be. */
GstClockTime vdt_timeline_time(const VdtTimeline *timeline, const GstSegment *segment,
                               const GstVideoInfo *info, const GstBuffer *buffer);
/* Compares a frame's time with the last frame's. A new window is the caller's to begin, by a reset;
 * a gap by itself makes none: the stream may be that slow. */
VdtBreaks vdt_timeline_find_breaks(const VdtTimeline *timeline, const GstBuffer *buffer,
                                   GstClockTime pts, GstClockTime interval);
/* Whether a frame is newer than the last one; a late one is not. */
gboolean vdt_timeline_is_newer(const VdtTimeline *timeline, GstClockTime pts);
/* Whether a result is due, and to be called when it has been taken. */
gboolean vdt_timeline_is_due(const VdtTimeline *timeline, GstClockTime pts, GstClockTime interval);
void vdt_timeline_took(VdtTimeline *timeline, GstClockTime pts, GstClockTime interval);

G_END_DECLS
