/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzerstream.h"

#include "analytics.h"

#define GST_CAT_DEFAULT vdt_analyzer_debug

VdtPace vdt_analyzer_get_pace(VdtAnalyzer *self)
{
    VdtPace pace;

    GST_OBJECT_LOCK(self);
    pace = vdt_analyzer_get_private(self)->pace;
    GST_OBJECT_UNLOCK(self);
    return pace;
}

void vdt_analyzer_end_events(VdtAnalyzer *self)
{
    const VdtPace pace = vdt_analyzer_get_pace(self);

    vdt_telling_end(&vdt_analyzer_get_private(self)->telling, self, &pace);
}

/* Makes void what was found, and what is being looked for. */
static void drop_results(VdtAnalyzer *self)
{
    vdt_worker_forget(&vdt_analyzer_get_private(self)->worker);
    vdt_analyzer_end_events(self);
}

void vdt_analyzer_forget(VdtAnalyzer *self)
{
    vdt_timeline_reset(&vdt_analyzer_get_private(self)->timeline);
    VDT_ANALYZER_GET_CLASS(self)->reset(self);
    drop_results(self);
}

/* Whether a frame goes on where the stream was; what does not belong to it any more is forgotten.
 */
static gboolean follows(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime time)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtTimeline *timeline = &priv->timeline;
    const GstClockTime window = klass->window ? klass->window(self) : 0;
    const VdtBreaks breaks = vdt_timeline_find_breaks(
        timeline, buffer, time, vdt_analyzer_ns(vdt_analyzer_get_pace(self).interval), window);
    gboolean newer;

    if (breaks)
        GST_DEBUG_OBJECT(self, "break from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT,
                         GST_TIME_ARGS(timeline->last), GST_TIME_ARGS(time));
    if (breaks & VDT_BREAK_NEW_WINDOW) {
        klass->reset(self);
        vdt_silence_broke(&priv->silence, &priv->worker);
        /* what is due stays so, unless time begins anew */
        if (!vdt_timeline_is_newer(timeline, time))
            vdt_timeline_reset(timeline);
    }
    if (breaks & VDT_BREAK_VOID)
        drop_results(self);
    newer = vdt_timeline_is_newer(timeline, time);
    vdt_silence_timed(&priv->silence, &priv->worker, newer);
    return newer;
}

/* Puts work in the mailbox if a result is due; in exact mode, waits for it. Work that waits already
 * is renewed: when the network is behind, what it takes next is as new as can be. */
static GstFlowReturn analyse_if_due(VdtAnalyzer *self, GstClockTime time)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    VdtWorker *worker = &priv->worker;
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    const VdtPace pace = vdt_analyzer_get_pace(self);
    const VdtTimeline *timeline = &priv->timeline;
    const gboolean due = vdt_timeline_is_due(timeline, time, vdt_analyzer_ns(pace.interval));
    VdtSpan span = {.backwards = timeline->backwards};
    GstClockTime from, to;
    gpointer work;

    if (!due && !vdt_worker_is_waiting(worker))
        return GST_FLOW_OK;
    work = VDT_ANALYZER_GET_CLASS(self)->take(self, worker->network, &from, &to);
    if (!work) /* too little to look at, so far */
        return GST_FLOW_OK;
    priv->silence.took = TRUE;
    span.start = vdt_timeline_convert(timeline, span.backwards ? to : from);
    span.end = vdt_timeline_convert(timeline, span.backwards ? from : to);
    to = vdt_timeline_convert(timeline, to);
    span.stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, to);
    span.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, to);
    if (!due) {
        vdt_worker_refresh(worker, work, &span);
        return GST_FLOW_OK;
    }
    vdt_timeline_took(&priv->timeline, time, vdt_analyzer_ns(pace.interval));
    vdt_worker_put(worker, work, &span);
    if (pace.mode == VDT_ANALYZER_EXACT && !vdt_worker_wait(worker))
        return GST_FLOW_FLUSHING;
    return GST_FLOW_OK;
}

static void attach_result(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    g_autoptr(VdtResult) result = vdt_worker_get_result(&vdt_analyzer_get_private(self)->worker);

    if (result) {
        vdt_result_attach(result, buffer, pts, GST_OBJECT_NAME(self), klass->kind);
        vdt_analytics_attach(result, buffer, &vdt_analyzer_get_private(self)->info);
    }
    if (klass->passing)
        klass->passing(self, buffer, pts,
                       vdt_worker_get_oldest(&vdt_analyzer_get_private(self)->worker), result);
}

GstFlowReturn vdt_analyzer_transform_ip(GstBaseTransform *trans, GstBuffer *buffer)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    const GstClockTime begin = vdt_stats_thread_time();
    GstFlowReturn flow = GST_FLOW_OK;
    GstClockTime time;

    if (vdt_timeline_turn(&priv->timeline, trans->segment.rate < 0) ||
        vdt_worker_adopt(&priv->worker))
        vdt_analyzer_forget(self);
    time = vdt_timeline_time(&priv->timeline, &trans->segment, &priv->info, buffer);
    if (!GST_CLOCK_TIME_IS_VALID(time)) {
        vdt_silence_untimed(&priv->silence, &priv->worker);
    } else {
        if (follows(self, buffer, time)) {
            VDT_ANALYZER_GET_CLASS(self)->look(self, priv->worker.network, buffer, time);
            priv->timeline.last = time;
            flow = analyse_if_due(self, time);
        }
        if (flow == GST_FLOW_OK)
            attach_result(self, buffer, vdt_timeline_convert(&priv->timeline, time));
    }
    if (!vdt_worker_count_frame(&priv->worker, begin) && flow == GST_FLOW_OK)
        flow = GST_FLOW_ERROR;
    return flow;
}

gboolean vdt_analyzer_convert(VdtAnalyzer *self, GstBuffer *buffer, const VdtFrameTarget *target,
                              guint8 *rgb)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    const GstVideoOrientationMethod orientation = priv->orientation;
    const VdtFrameTarget lying = vdt_orientation_lay(orientation, target);
    const gboolean turns = orientation != GST_VIDEO_ORIENTATION_IDENTITY;

    if (turns)
        priv->lying = g_realloc(priv->lying, (gsize)3 * lying.width * lying.height);
    if (vdt_frame_map_buffer(&priv->map, &priv->info, buffer, &lying, turns ? priv->lying : rgb)) {
        if (turns)
            vdt_orientation_turn(orientation, priv->lying, lying.width, lying.height, 3, rgb);
        return TRUE;
    }
    GST_WARNING_OBJECT(self, "cannot read %" GST_PTR_FORMAT, buffer);
    vdt_silence_unreadable(&priv->silence, &priv->worker);
    return FALSE;
}

GstVideoOrientationMethod vdt_analyzer_get_orientation(VdtAnalyzer *self)
{
    return vdt_analyzer_get_private(self)->orientation;
}

gboolean vdt_analyzer_is_backwards(VdtAnalyzer *self)
{
    return vdt_analyzer_get_private(self)->timeline.backwards;
}

void vdt_analyzer_set_orientation(VdtAnalyzer *self, GstVideoOrientationMethod orientation)
{
    if (vdt_analyzer_get_private(self)->orientation == orientation)
        return;
    vdt_analyzer_get_private(self)->orientation = orientation;
    VDT_ANALYZER_GET_CLASS(self)->reset(self);
}

void vdt_analyzer_take_tags(VdtAnalyzer *self, GstEvent *event)
{
    GstVideoOrientationMethod orientation;
    GstTagList *tags;

    gst_event_parse_tag(event, &tags);
    if (gst_video_orientation_from_tag(tags, &orientation) &&
        orientation <= GST_VIDEO_ORIENTATION_UR_LL)
        vdt_analyzer_set_orientation(self, orientation);
}
