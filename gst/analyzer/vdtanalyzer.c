/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vdtanalyzer.h"

#include "naming.h"
#include "pace.h"
#include "silence.h"
#include "telling.h"
#include "timeline.h"

GST_DEBUG_CATEGORY_STATIC(vdt_analyzer_debug);
#define GST_CAT_DEFAULT vdt_analyzer_debug

typedef struct {
    VdtWorker worker; /* its results are VdtResults */
    VdtTelling telling;
    VdtPace pace; /* under the object lock */
    gint live;    /* whether the pipeline is; atomic */

    /* the streaming thread's */
    GstVideoInfo info;
    GstVideoOrientationMethod orientation;
    VdtFrameMap *map;
    guint8 *lying; /* a picture that is to be turned */
    VdtTimeline timeline;
    VdtSilence silence;
} VdtAnalyzerPrivate;

enum { PROP_WORKER = 1, PROP_PACE = PROP_WORKER + VDT_WORKER_PROPS /* and more */ };

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(VdtAnalyzer, vdt_analyzer, GST_TYPE_BASE_TRANSFORM,
                                 G_ADD_PRIVATE(VdtAnalyzer)
                                     GST_DEBUG_CATEGORY_INIT(vdt_analyzer_debug, "vdtanalyzer", 0,
                                                             "base of Vedette's analysers"))

#define PRIV(self) ((VdtAnalyzerPrivate *)vdt_analyzer_get_instance_private(self))

static VdtPace get_pace(VdtAnalyzer *self)
{
    VdtPace pace;

    GST_OBJECT_LOCK(self);
    pace = PRIV(self)->pace;
    GST_OBJECT_UNLOCK(self);
    return pace;
}

static GstClockTime ns(double seconds)
{
    return (GstClockTime)(seconds * GST_SECOND);
}

/* --- the worker's thread --- */

static gpointer prepare(GstElement *element, VdtEngine *engine, GError **error)
{
    return VDT_ANALYZER_GET_CLASS(element)->prepare(VDT_ANALYZER(element), engine, error);
}

static void check(GstElement *element, gpointer network)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(element);

    if (klass->check)
        klass->check(VDT_ANALYZER(element), network);
}

static gboolean run(GstElement *element, VdtJob *job, GCancellable *cancellable, GError **error)
{
    VdtAnalyzer *self = VDT_ANALYZER(element);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    VdtPace pace;

    if (!VDT_ANALYZER_GET_CLASS(self)->analyse(self, job->network, job->work, cancellable, found,
                                               error))
        return FALSE;
    pace = get_pace(self); /* as it is now */
    if (!g_cancellable_is_cancelled(cancellable))
        vdt_telling_publish(&PRIV(self)->telling, self, &pace, job, found);
    return TRUE;
}

/* A camera that hangs has no frame end what went on: a clock does, where there is one to go by. */
static gint64 rest(GstElement *element)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(element));
    const VdtPace pace = get_pace(VDT_ANALYZER(element));
    const gint64 at = vdt_worker_get_arrived(&priv->worker) +
                      (gint64)(vdt_timeline_hold(ns(pace.interval)) / GST_USECOND);

    if (!g_atomic_int_get(&priv->live) || GST_STATE(element) != GST_STATE_PLAYING)
        return 0;
    if (g_get_monotonic_time() < at)
        return at;
    vdt_telling_end(&priv->telling, VDT_ANALYZER(element), &pace);
    return 0;
}

VdtWorker *vdt_analyzer_get_worker(VdtAnalyzer *self)
{
    return &PRIV(self)->worker;
}

/* --- the streaming thread --- */

static void end_events(VdtAnalyzer *self)
{
    const VdtPace pace = get_pace(self);

    vdt_telling_end(&PRIV(self)->telling, self, &pace);
}

/* Makes void what was found, and what is being looked for. */
static void drop_results(VdtAnalyzer *self)
{
    vdt_worker_forget(&PRIV(self)->worker);
    end_events(self);
}

/* Forgets the stream so far. */
static void forget(VdtAnalyzer *self)
{
    vdt_timeline_reset(&PRIV(self)->timeline);
    VDT_ANALYZER_GET_CLASS(self)->reset(self);
    drop_results(self);
}

/* Whether a frame goes on where the stream was; what does not belong to it any more is forgotten.
 */
static gboolean follows(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime time)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtTimeline *timeline = &priv->timeline;
    const GstClockTime window = klass->window ? klass->window(self) : 0;
    const VdtBreaks breaks =
        vdt_timeline_find_breaks(timeline, buffer, time, ns(get_pace(self).interval), window);
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
    VdtAnalyzerPrivate *priv = PRIV(self);
    VdtWorker *worker = &priv->worker;
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    const VdtPace pace = get_pace(self);
    const VdtTimeline *timeline = &priv->timeline;
    const gboolean due = vdt_timeline_is_due(timeline, time, ns(pace.interval));
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
    vdt_timeline_took(&priv->timeline, time, ns(pace.interval));
    vdt_worker_put(worker, work, &span);
    if (pace.mode == VDT_ANALYZER_EXACT && !vdt_worker_wait(worker))
        return GST_FLOW_FLUSHING;
    return GST_FLOW_OK;
}

static void attach_result(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    g_autoptr(VdtResult) result = vdt_worker_get_result(&PRIV(self)->worker);

    if (result)
        vdt_result_attach(result, buffer, pts, GST_OBJECT_NAME(self), klass->kind);
    if (klass->passing)
        klass->passing(self, buffer, pts, vdt_worker_get_oldest(&PRIV(self)->worker), result);
}

static GstFlowReturn vdt_analyzer_transform_ip(GstBaseTransform *trans, GstBuffer *buffer)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);
    const GstClockTime begin = vdt_stats_thread_time();
    GstFlowReturn flow = GST_FLOW_OK;
    GstClockTime time;

    if (vdt_timeline_turn(&priv->timeline, trans->segment.rate < 0) ||
        vdt_worker_adopt(&priv->worker))
        forget(self);
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
    VdtAnalyzerPrivate *priv = PRIV(self);
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
    return PRIV(self)->orientation;
}

gboolean vdt_analyzer_is_backwards(VdtAnalyzer *self)
{
    return PRIV(self)->timeline.backwards;
}

static gboolean vdt_analyzer_set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(trans));

    if (!gst_video_info_from_caps(&priv->info, in)) {
        GST_ELEMENT_ERROR(trans, STREAM, FORMAT, ("The video format is not valid."),
                          ("caps: %" GST_PTR_FORMAT, in));
        return FALSE;
    }
    return TRUE;
}

/* Buffers go through as they are, so what can be done with them is what downstream can do. */
static gboolean vdt_analyzer_propose_allocation(GstBaseTransform *trans, GstQuery *decide,
                                                GstQuery *query)
{
    return gst_pad_peer_query(trans->srcpad, query);
}

/* From here on, frames lie like this. */
static void set_orientation(VdtAnalyzer *self, GstVideoOrientationMethod orientation)
{
    if (PRIV(self)->orientation == orientation)
        return;
    PRIV(self)->orientation = orientation;
    VDT_ANALYZER_GET_CLASS(self)->reset(self);
}

static void take_tags(VdtAnalyzer *self, GstEvent *event)
{
    GstVideoOrientationMethod orientation;
    GstTagList *tags;

    gst_event_parse_tag(event, &tags);
    if (gst_video_orientation_from_tag(tags, &orientation) &&
        orientation <= GST_VIDEO_ORIENTATION_UR_LL)
        set_orientation(self, orientation);
}

static gboolean vdt_analyzer_sink_event(GstBaseTransform *trans, GstEvent *event)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtWorker *worker = &PRIV(self)->worker;

    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        vdt_worker_flush_start(worker);
        break;
    case GST_EVENT_FLUSH_STOP:
        vdt_worker_flush_stop(worker);
        forget(self);
        break;
    case GST_EVENT_STREAM_START:
        if (GST_CLOCK_TIME_IS_VALID(PRIV(self)->timeline.last))
            vdt_silence_broke(&PRIV(self)->silence, worker);
        forget(self);
        set_orientation(self, GST_VIDEO_ORIENTATION_IDENTITY);
        break;
    case GST_EVENT_TAG:
        take_tags(self, event);
        break;
    case GST_EVENT_EOS:
        vdt_worker_drain(worker);
        if (GST_CLOCK_TIME_IS_VALID(PRIV(self)->timeline.last))
            vdt_silence_ended(&PRIV(self)->silence, worker);
        end_events(self);
        vdt_worker_tell_skips(worker);
        break;
    default:
        break;
    }
    return GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->sink_event(trans, event);
}

static gboolean vdt_analyzer_query(GstBaseTransform *trans, GstPadDirection direction,
                                   GstQuery *query)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    gboolean live;

    if (!GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->query(trans, direction, query))
        return FALSE;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || direction != GST_PAD_SRC)
        return TRUE;
    gst_query_parse_latency(query, &live, NULL, NULL);
    if (g_atomic_int_compare_and_exchange(&PRIV(self)->live, !live, live))
        vdt_worker_poke(&PRIV(self)->worker);
    if (get_pace(self).mode == VDT_ANALYZER_EXACT)
        vdt_worker_add_latency(&PRIV(self)->worker, query);
    return TRUE;
}

/* --- life --- */

static gboolean vdt_analyzer_start(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);

    gst_video_info_init(&priv->info);
    priv->orientation = GST_VIDEO_ORIENTATION_IDENTITY;
    priv->timeline = (VdtTimeline){0};
    vdt_timeline_reset(&priv->timeline);
    priv->silence = (VdtSilence){0};
    vdt_telling_start(&priv->telling, self);
    return vdt_worker_start(&priv->worker);
}

static gboolean vdt_analyzer_stop(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);

    vdt_worker_stop(&priv->worker);
    forget(self);
    g_clear_pointer(&priv->map, vdt_frame_map_free);
    g_clear_pointer(&priv->lying, g_free);
    return TRUE;
}

static GstStateChangeReturn vdt_analyzer_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    /* before the pads: the streaming thread may be waiting for a result */
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        vdt_worker_shut(&PRIV(VDT_ANALYZER(element))->worker);
    return GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->change_state(element, transition);
}

static void vdt_analyzer_set_context(GstElement *element, GstContext *context)
{
    vdt_worker_set_context(&PRIV(VDT_ANALYZER(element))->worker, context);
    GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->set_context(element, context);
}

static void vdt_analyzer_set_property(GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(object));
    gboolean known, relatency;
    VdtAnalyzerMode before;

    if (vdt_worker_set(&priv->worker, id - PROP_WORKER, value))
        return;
    GST_OBJECT_LOCK(object);
    before = priv->pace.mode;
    known = vdt_pace_set(&priv->pace, id - PROP_PACE, value);
    relatency = priv->pace.mode != before;
    GST_OBJECT_UNLOCK(object);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    if (relatency)
        gst_element_post_message(GST_ELEMENT(object), gst_message_new_latency(GST_OBJECT(object)));
}

static void vdt_analyzer_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtAnalyzer *self = VDT_ANALYZER(object);
    const VdtPace pace = get_pace(self);

    if (!vdt_worker_get(&PRIV(self)->worker, id - PROP_WORKER, value) &&
        !vdt_pace_get(&pace, id - PROP_PACE, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void vdt_analyzer_finalize(GObject *object)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(object));

    vdt_worker_clear(&priv->worker);
    vdt_telling_clear(&priv->telling);
    G_OBJECT_CLASS(vdt_analyzer_parent_class)->finalize(object);
}

/* Not before: while an instance is initialised, its class is the base's. */
static void vdt_analyzer_constructed(GObject *object)
{
    const VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(object);
    const VdtWorkerFuncs funcs = {.architecture = klass->architecture,
                                  .prepare = prepare,
                                  .clear_network = klass->clear_network,
                                  .run = run,
                                  .check = check,
                                  .rest = rest,
                                  .free_work = klass->free_work,
                                  .ref_result = (GBoxedCopyFunc)vdt_result_ref,
                                  .unref_result = (GDestroyNotify)vdt_result_unref};

    vdt_worker_init(&PRIV(VDT_ANALYZER(object))->worker, GST_ELEMENT(object), &funcs);
    G_OBJECT_CLASS(vdt_analyzer_parent_class)->constructed(object);
    if (klass->factory)
        vdt_element_name(GST_ELEMENT(object), klass->factory);
}

static void vdt_analyzer_init(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = PRIV(self);

    vdt_pace_init(&priv->pace);
    vdt_telling_init(&priv->telling);
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), FALSE);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
    /* being late means to skip an inference, never a frame */
    gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
}

static void vdt_analyzer_class_init(VdtAnalyzerClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *trans = GST_BASE_TRANSFORM_CLASS(klass);

    object->set_property = vdt_analyzer_set_property;
    object->get_property = vdt_analyzer_get_property;
    object->constructed = vdt_analyzer_constructed;
    object->finalize = vdt_analyzer_finalize;
    element->change_state = GST_DEBUG_FUNCPTR(vdt_analyzer_change_state);
    element->set_context = GST_DEBUG_FUNCPTR(vdt_analyzer_set_context);
    trans->start = GST_DEBUG_FUNCPTR(vdt_analyzer_start);
    trans->stop = GST_DEBUG_FUNCPTR(vdt_analyzer_stop);
    trans->set_caps = GST_DEBUG_FUNCPTR(vdt_analyzer_set_caps);
    trans->sink_event = GST_DEBUG_FUNCPTR(vdt_analyzer_sink_event);
    trans->query = GST_DEBUG_FUNCPTR(vdt_analyzer_query);
    trans->propose_allocation = GST_DEBUG_FUNCPTR(vdt_analyzer_propose_allocation);
    trans->transform_ip = GST_DEBUG_FUNCPTR(vdt_analyzer_transform_ip);

    vdt_worker_install(object, PROP_WORKER);
    vdt_pace_install(object, PROP_PACE);
    vdt_result_meta_get_info();
    gst_type_mark_as_plugin_api(VDT_TYPE_ANALYZER, 0);
}
