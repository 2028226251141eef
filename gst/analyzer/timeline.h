/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a stream is in time, by its timestamps: which frame goes on, which breaks off, and when a
 * result is due. Plain data, not thread-safe; reset it to begin with.
 *
 * Times here are those of the way that is played, which only ever grow: PTS, and for a stream that
 * is played backwards, PTS from the far end.
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

typedef struct {
    gboolean backwards;
    GstClockTime last; /* of the newest frame; NONE before the first */
    GstClockTime due;  /* when the last result was due; NONE before the first */
} VdtTimeline;

/* What breaks off at a frame: flags. */
typedef enum {
    VDT_BREAK_NONE = 0,
    VDT_BREAK_NEW_WINDOW = 1 << 0, /* it does not continue the frames before */
    VDT_BREAK_VOID = 1 << 1,       /* what was found before is not true of it */
} VdtBreaks;

void vdt_timeline_reset(VdtTimeline *timeline);
/* The stream is played in this direction from now on. TRUE, after a reset, if it was another. */
gboolean vdt_timeline_turn(VdtTimeline *timeline, gboolean backwards);
/* Time of a frame, counted from the last one if it has none of its own; NONE if that cannot be. */
GstClockTime vdt_timeline_time(const VdtTimeline *timeline, const GstSegment *segment,
                               const GstVideoInfo *info, const GstBuffer *buffer);
/* The PTS of a time, and the other way round. */
GstClockTime vdt_timeline_convert(const VdtTimeline *timeline, GstClockTime time);
/* Compares a frame's time with the last frame's, for windows of @window (0 for single frames). A
 * new window is the caller's to begin. A gap by itself makes none: the stream may be that slow. Nor
 * does a mark by itself: a frame was lost, and time goes on. */
VdtBreaks vdt_timeline_find_breaks(const VdtTimeline *timeline, const GstBuffer *buffer,
                                   GstClockTime time, GstClockTime interval, GstClockTime window);
/* Whether a frame is newer than the last one; a late one is not. */
gboolean vdt_timeline_is_newer(const VdtTimeline *timeline, GstClockTime time);
/* Whether a result is due, and to be called when it has been taken. */
gboolean vdt_timeline_is_due(const VdtTimeline *timeline, GstClockTime time, GstClockTime interval);
void vdt_timeline_took(VdtTimeline *timeline, GstClockTime time, GstClockTime interval);
/* How long what was found holds without a frame. */
GstClockTime vdt_timeline_hold(GstClockTime interval);

G_END_DECLS
