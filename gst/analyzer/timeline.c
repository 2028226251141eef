/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline.h"

/* A frame that is this much older than the one before is late, not the start of something else. */
#define LATE_LIMIT     (GST_SECOND / 2)
/* What was found still holds after so long without a frame, or after so many intervals. */
#define HOLD_LIMIT     (2 * GST_SECOND)
#define HOLD_INTERVALS 3

void vdt_timeline_reset(VdtTimeline *timeline)
{
    timeline->last = timeline->due = GST_CLOCK_TIME_NONE;
}

GstClockTime vdt_timeline_time(const VdtTimeline *timeline, const GstSegment *segment,
                               const GstVideoInfo *info, const GstBuffer *buffer)
{
    const int fps_n = GST_VIDEO_INFO_FPS_N(info), fps_d = GST_VIDEO_INFO_FPS_D(info);

    if (segment->format != GST_FORMAT_TIME)
        return GST_CLOCK_TIME_NONE;
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        return GST_BUFFER_PTS(buffer);
    if (fps_n <= 0 || fps_d <= 0)
        return GST_CLOCK_TIME_NONE;
    return GST_CLOCK_TIME_IS_VALID(timeline->last)
               ? timeline->last + gst_util_uint64_scale_int(GST_SECOND, fps_d, fps_n)
               : segment->start;
}

VdtBreaks vdt_timeline_find_breaks(const VdtTimeline *timeline, const GstBuffer *buffer,
                                   GstClockTime pts, GstClockTime interval)
{
    const GstClockTime last = timeline->last;
    const gboolean discont = GST_BUFFER_IS_DISCONT(buffer);

    if (!GST_CLOCK_TIME_IS_VALID(last))
        return VDT_BREAK_NONE;
    if (pts < last)
        return discont || pts + LATE_LIMIT < last ? VDT_BREAK_NEW_WINDOW | VDT_BREAK_VOID
                                                  : VDT_BREAK_NONE;
    return (discont ? VDT_BREAK_NEW_WINDOW : VDT_BREAK_NONE) |
           (pts - last > MAX(HOLD_LIMIT, HOLD_INTERVALS * interval) ? VDT_BREAK_VOID
                                                                    : VDT_BREAK_NONE);
}

gboolean vdt_timeline_is_newer(const VdtTimeline *timeline, GstClockTime pts)
{
    return !GST_CLOCK_TIME_IS_VALID(timeline->last) || pts > timeline->last;
}

gboolean vdt_timeline_is_due(const VdtTimeline *timeline, GstClockTime pts, GstClockTime interval)
{
    return !GST_CLOCK_TIME_IS_VALID(timeline->due) || pts >= timeline->due + interval;
}

void vdt_timeline_took(VdtTimeline *timeline, GstClockTime pts, GstClockTime interval)
{
    /* due times keep their distance, whichever frame comes first after each */
    if (GST_CLOCK_TIME_IS_VALID(timeline->due) && interval > 0)
        timeline->due += (pts - timeline->due) / interval * interval;
    else
        timeline->due = pts;
}
