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
    if (g_atomic_int_get(&vdt_analyzer_get_private(self)->holds))
        vdt_holding_seal(&vdt_analyzer_get_private(self)->holding);
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
    /* where nothing is lost by it, all that is due is done */
    const gboolean patient = pace.mode == VDT_ANALYZER_ALIGNED && !g_atomic_int_get(&priv->live);
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtSpan span = {.backwards = timeline->backwards};
    GstFlowReturn flow;
    GstClockTime from, to;
    gpointer work;

    if (!due &&
        (patient || !vdt_worker_is_waiting(worker) || (klass->renews && !klass->renews(self))))
        return GST_FLOW_OK;
    if (patient && !vdt_holding_wait_slot(&priv->holding, &flow))
        return flow;
    work = klass->take(self, worker->network, &from, &to);
    if (!work) /* too little to look at, so far */
        return GST_FLOW_OK;
    priv->silence.took = TRUE;
    priv->lag = time - MIN(time, to);
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

static void attach_result(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts,
                          const VdtResult *result)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);

    if (result) {
        vdt_result_attach(result, buffer, pts, GST_OBJECT_NAME(self), klass->kind);
        vdt_analytics_attach(result, buffer, pts, &vdt_analyzer_get_private(self)->info);
    }
    if (klass->passing)
        klass->passing(self, buffer, pts,
                       vdt_worker_get_oldest(&vdt_analyzer_get_private(self)->worker), result);
}

static void attach_newest(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts)
{
    g_autoptr(VdtResult) result = vdt_worker_get_result(&vdt_analyzer_get_private(self)->worker);

    attach_result(self, buffer, pts, result);
}

static gboolean drops(VdtAnalyzer *self)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);

    return klass->drops && klass->drops(self);
}

/* --- mode=aligned --- */

GstClockTime vdt_analyzer_get_bound(VdtAnalyzer *self, const VdtPace *pace)
{
    return vdt_holding_get_bound(&vdt_analyzer_get_private(self)->holding,
                                 vdt_analyzer_ns(pace->interval), vdt_analyzer_ns(pace->max_delay));
}

/* How many of a stream's frames are held; 0 if it has no rate. */
static guint count_held(GstCaps *caps, GstClockTime bound, GstVideoInfo *info)
{
    if (!caps || !gst_video_info_from_caps(info, caps) || GST_VIDEO_INFO_FPS_N(info) <= 0)
        return 0;
    return (guint)MIN(VDT_HOLDING_MOST,
                      1 + gst_util_uint64_scale(bound, (guint64)GST_VIDEO_INFO_FPS_N(info),
                                                (guint64)GST_VIDEO_INFO_FPS_D(info) * GST_SECOND));
}

gboolean vdt_analyzer_add_held(VdtAnalyzer *self, GstQuery *query, gboolean answered)
{
    const VdtPace pace = vdt_analyzer_get_pace(self);
    const guint n_pools = gst_query_get_n_allocation_pools(query);
    GstVideoInfo info;
    GstCaps *caps;
    guint held, size, min, max;

    gst_query_parse_allocation(query, &caps, NULL);
    held = pace.mode == VDT_ANALYZER_ALIGNED
               ? count_held(caps, vdt_analyzer_get_bound(self, &pace), &info)
               : 0;
    if (held == 0)
        return answered;
    if (n_pools == 0)
        gst_query_add_allocation_pool(query, NULL, (guint)GST_VIDEO_INFO_SIZE(&info), held, 0);
    for (guint i = 0; i < n_pools; i++) {
        g_autoptr(GstBufferPool) pool = NULL;

        gst_query_parse_nth_allocation_pool(query, i, &pool, &size, &min, &max);
        /* one that cannot grow so far is nobody's here */
        if (max > 0 && max < min + held) {
            g_clear_object(&pool);
            max = 0;
        }
        gst_query_set_nth_allocation_pool(query, i, pool, size, min + held, max);
    }
    return TRUE;
}

void vdt_analyzer_wake(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    if (g_atomic_int_get(&priv->holds))
        vdt_holding_wake(&priv->holding);
}

void vdt_analyzer_measured(VdtAnalyzer *self, GstClockTime took)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    if (g_atomic_int_get(&priv->holds) && vdt_holding_measured(&priv->holding, took))
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

void vdt_analyzer_found(VdtAnalyzer *self, const VdtJob *job, VdtResult *result)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    if (g_atomic_int_get(&priv->holds))
        vdt_holding_found(&priv->holding, job, result);
}

GstFlowReturn vdt_analyzer_let_go(GstElement *element, GstBuffer *buffer, GstClockTime pts,
                                  const VdtResult *result)
{
    VdtAnalyzer *self = VDT_ANALYZER(element);

    buffer = gst_buffer_make_writable(buffer);
    if (GST_CLOCK_TIME_IS_VALID(pts))
        attach_result(self, buffer, pts, result);
    if (!drops(self))
        return gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(self), buffer);
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static GstFlowReturn hold(VdtAnalyzer *self, const VdtPace *pace, GstBuffer *buffer,
                          GstClockTime time)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    const VdtTimeline *timeline = &priv->timeline;
    const VdtHoldingLimits limits = {.live = g_atomic_int_get(&priv->live),
                                     .bound = vdt_analyzer_get_bound(self, pace),
                                     .most = vdt_analyzer_ns(pace->max_delay)};
    GstClockTime next = timeline->last;

    if (GST_CLOCK_TIME_IS_VALID(next) && GST_CLOCK_TIME_IS_VALID(timeline->due))
        next = MAX(next, timeline->due + vdt_analyzer_ns(pace->interval));
    if (GST_CLOCK_TIME_IS_VALID(next))
        next -= MIN(next, priv->lag);
    return vdt_holding_put(&priv->holding, buffer, time, timeline, next, &limits);
}

static void begin_to_hold(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    g_autoptr(GstQuery) query = NULL;
    gboolean live;

    if (g_atomic_int_get(&priv->holds))
        return;
    g_atomic_int_set(&priv->holds, TRUE);
    /* nobody downstream may have asked so far */
    query = gst_query_new_latency();
    if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self), query))
        return;
    gst_query_parse_latency(query, &live, NULL, NULL);
    g_atomic_int_set(&priv->live, live);
}

/* Frames were held until now: they go first. */
static void cease_to_hold(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    vdt_holding_drain(&priv->holding);
    vdt_holding_seal(&priv->holding);
    g_atomic_int_set(&priv->holds, FALSE);
}

GstFlowReturn vdt_analyzer_transform_ip(GstBaseTransform *trans, GstBuffer *buffer)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    const GstClockTime begin = vdt_stats_thread_time();
    const VdtPace pace = vdt_analyzer_get_pace(self);
    const gboolean holds = pace.mode == VDT_ANALYZER_ALIGNED;
    GstFlowReturn flow = GST_FLOW_OK;
    GstClockTime time;

    if (holds)
        begin_to_hold(self);
    else if (g_atomic_int_get(&priv->holds))
        cease_to_hold(self);
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
        if (flow == GST_FLOW_OK && !holds)
            attach_newest(self, buffer, vdt_timeline_convert(&priv->timeline, time));
    }
    if (!vdt_worker_count_frame(&priv->worker, begin) && flow == GST_FLOW_OK)
        flow = GST_FLOW_ERROR;
    if (flow == GST_FLOW_OK && holds)
        flow = hold(self, &pace, buffer, time);
    return flow == GST_FLOW_OK && (holds || drops(self)) ? GST_BASE_TRANSFORM_FLOW_DROPPED : flow;
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
