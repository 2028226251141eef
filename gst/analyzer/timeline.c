/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "timeline.h"

/* A frame that is this much older than the one before is late, not the start of something else. */
#define LATE_LIMIT     (GST_SECOND / 2)
/* What was found still holds after so long without a frame, or after so many intervals. */
#define HOLD_LIMIT     (2 * GST_SECOND)
#define HOLD_INTERVALS 3
/* From where time is counted backwards: the sum of both is no invalid time. */
#define FAR_END        ((GstClockTime)G_MAXINT64)

void vdt_timeline_reset(VdtTimeline *timeline)
{
    timeline->last = timeline->due = GST_CLOCK_TIME_NONE;
}

gboolean vdt_timeline_turn(VdtTimeline *timeline, gboolean backwards)
{
    if (timeline->backwards == backwards)
        return FALSE;
    timeline->backwards = backwards;
    vdt_timeline_reset(timeline);
    return TRUE;
}

GstClockTime vdt_timeline_convert(const VdtTimeline *timeline, GstClockTime time)
{
    if (!timeline->backwards || !GST_CLOCK_TIME_IS_VALID(time))
        return time;
    return FAR_END - MIN(time, FAR_END);
}

GstClockTime vdt_timeline_time(const VdtTimeline *timeline, const GstSegment *segment,
                               const GstVideoInfo *info, const GstBuffer *buffer)
{
    const int fps_n = GST_VIDEO_INFO_FPS_N(info), fps_d = GST_VIDEO_INFO_FPS_D(info);

    if (segment->format != GST_FORMAT_TIME)
        return GST_CLOCK_TIME_NONE;
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        return vdt_timeline_convert(timeline, GST_BUFFER_PTS(buffer));
    if (fps_n <= 0 || fps_d <= 0)
        return GST_CLOCK_TIME_NONE;
    return GST_CLOCK_TIME_IS_VALID(timeline->last)
               ? timeline->last + gst_util_uint64_scale_int(GST_SECOND, fps_d, fps_n)
               : vdt_timeline_convert(timeline,
                                      timeline->backwards ? segment->stop : segment->start);
}

GstClockTime vdt_timeline_hold(GstClockTime interval)
{
    return MAX(HOLD_LIMIT, HOLD_INTERVALS * interval);
}

VdtBreaks vdt_timeline_find_breaks(const VdtTimeline *timeline, const GstBuffer *buffer,
                                   GstClockTime time, GstClockTime interval, GstClockTime window)
{
    const GstClockTime last = timeline->last, hold = vdt_timeline_hold(interval);
    const gboolean discont = GST_BUFFER_IS_DISCONT(buffer);

    if (!GST_CLOCK_TIME_IS_VALID(last))
        return VDT_BREAK_NONE;
    if (time < last)
        return discont || time + LATE_LIMIT < last ? VDT_BREAK_NEW_WINDOW | VDT_BREAK_VOID
                                                   : VDT_BREAK_NONE;
    return (discont && time - last > MAX(hold, window) ? VDT_BREAK_NEW_WINDOW : VDT_BREAK_NONE) |
           (time - last > hold ? VDT_BREAK_VOID : VDT_BREAK_NONE);
}

gboolean vdt_timeline_is_newer(const VdtTimeline *timeline, GstClockTime time)
{
    return !GST_CLOCK_TIME_IS_VALID(timeline->last) || time > timeline->last;
}

gboolean vdt_timeline_is_due(const VdtTimeline *timeline, GstClockTime time, GstClockTime interval)
{
    return !GST_CLOCK_TIME_IS_VALID(timeline->due) || time >= timeline->due + interval;
}

void vdt_timeline_took(VdtTimeline *timeline, GstClockTime time, GstClockTime interval)
{
    /* due times keep their distance, whichever frame comes first after each */
    if (GST_CLOCK_TIME_IS_VALID(timeline->due) && interval > 0)
        timeline->due += (time - timeline->due) / interval * interval;
    else
        timeline->due = time;
}
