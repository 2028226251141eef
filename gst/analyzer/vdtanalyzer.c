/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vdtanalyzer.h"

#include "analyzerstream.h"
#include "naming.h"

GST_DEBUG_CATEGORY(vdt_analyzer_debug);
#define GST_CAT_DEFAULT vdt_analyzer_debug

enum { PROP_WORKER = 1, PROP_PACE = PROP_WORKER + VDT_WORKER_PROPS /* and more */ };

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(VdtAnalyzer, vdt_analyzer, GST_TYPE_BASE_TRANSFORM,
                                 G_ADD_PRIVATE(VdtAnalyzer)
                                     GST_DEBUG_CATEGORY_INIT(vdt_analyzer_debug, "vdtanalyzer", 0,
                                                             "base of Vedette's analysers"))

VdtAnalyzerPrivate *vdt_analyzer_get_private(VdtAnalyzer *self)
{
    return vdt_analyzer_get_instance_private(self);
}

/* --- the worker's thread --- */

static gpointer prepare(GstElement *element, VdtEngine *engine, GError **error)
{
    return VDT_ANALYZER_GET_CLASS(element)->prepare(VDT_ANALYZER(element), engine, error);
}

static const char *usual(GstElement *element)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(element);

    return klass->usual ? klass->usual(VDT_ANALYZER(element)) : NULL;
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

    vdt_analyzer_wake(self);
    if (!VDT_ANALYZER_GET_CLASS(self)->analyse(self, job->network, job->work, cancellable, found,
                                               error))
        return FALSE;
    pace = vdt_analyzer_get_pace(self); /* as it is now */
    vdt_analyzer_measured(self, vdt_job_took(job));
    if (!g_cancellable_is_cancelled(cancellable))
        vdt_telling_publish(&vdt_analyzer_get_private(self)->telling, self, &pace, job, found);
    return TRUE;
}

/* A camera that hangs has no frame end what went on: a clock does, where there is one to go by. */
static gint64 rest(GstElement *element)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(element));
    const VdtPace pace = vdt_analyzer_get_pace(VDT_ANALYZER(element));
    const gint64 at = vdt_worker_get_arrived(&priv->worker) +
                      (gint64)(vdt_timeline_hold(vdt_analyzer_ns(pace.interval)) / GST_USECOND);

    vdt_analyzer_wake(VDT_ANALYZER(element));
    if (!g_atomic_int_get(&priv->live) || GST_STATE(element) != GST_STATE_PLAYING)
        return 0;
    if (g_get_monotonic_time() < at)
        return at;
    vdt_telling_end(&priv->telling, VDT_ANALYZER(element), &pace);
    return 0;
}

static void add_stats(GstElement *element, GstStructure *stats)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(element);

    if (klass->add_stats)
        klass->add_stats(VDT_ANALYZER(element), stats);
}

VdtWorker *vdt_analyzer_get_worker(VdtAnalyzer *self)
{
    return &vdt_analyzer_get_private(self)->worker;
}

/* --- the streaming thread --- */

static gboolean vdt_analyzer_set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(trans));

    if (!gst_video_info_from_caps(&priv->info, in)) {
        GST_ELEMENT_ERROR(trans, STREAM, FORMAT, ("The video format is not valid."),
                          ("caps: %" GST_PTR_FORMAT, in));
        return FALSE;
    }
    return TRUE;
}

/* Buffers go through as they are, so what can be done with them is what downstream can do; those
 * that are held are needed besides. */
static gboolean vdt_analyzer_propose_allocation(GstBaseTransform *trans, GstQuery *decide,
                                                GstQuery *query)
{
    return vdt_analyzer_add_held(VDT_ANALYZER(trans), query,
                                 gst_pad_peer_query(trans->srcpad, query));
}

/* A flush that downstream knows of has the task come back from there. */
static gboolean flush_start(GstBaseTransform *trans, GstEvent *event)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(trans));
    gboolean done;

    vdt_worker_flush_start(&priv->worker);
    vdt_holding_flush_start(&priv->holding);
    done = GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->sink_event(trans, event);
    vdt_holding_flushed(&priv->holding);
    return done;
}

static gboolean vdt_analyzer_sink_event(GstBaseTransform *trans, GstEvent *event)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtHolding *holding = &vdt_analyzer_get_private(self)->holding;
    VdtWorker *worker = &vdt_analyzer_get_private(self)->worker;

    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        return flush_start(trans, event);
    case GST_EVENT_FLUSH_STOP:
        vdt_worker_flush_stop(worker);
        vdt_holding_flush_stop(holding);
        vdt_analyzer_forget(self);
        break;
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_GROUP_DONE:
        vdt_holding_drain(holding);
        break;
    case GST_EVENT_STREAM_START:
        vdt_holding_drain(holding);
        if (GST_CLOCK_TIME_IS_VALID(vdt_analyzer_get_private(self)->timeline.last))
            vdt_silence_broke(&vdt_analyzer_get_private(self)->silence, worker);
        vdt_analyzer_forget(self);
        vdt_analyzer_set_orientation(self, GST_VIDEO_ORIENTATION_IDENTITY);
        break;
    case GST_EVENT_EOS:
        vdt_worker_drain(worker);
        vdt_holding_drain(holding);
        if (GST_CLOCK_TIME_IS_VALID(vdt_analyzer_get_private(self)->timeline.last))
            vdt_silence_ended(&vdt_analyzer_get_private(self)->silence, worker);
        vdt_analyzer_end_events(self);
        vdt_worker_tell_skips(worker);
        break;
    default:
        if (GST_EVENT_TYPE(event) == GST_EVENT_TAG)
            vdt_analyzer_take_tags(self, event);
        if (GST_EVENT_IS_SERIALIZED(event) && vdt_holding_push_event(holding, event))
            return TRUE;
        break;
    }
    return GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->sink_event(trans, event);
}

static gboolean vdt_analyzer_query(GstBaseTransform *trans, GstPadDirection direction,
                                   GstQuery *query)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    VdtPace pace;
    gboolean live;

    if (GST_QUERY_TYPE(query) == GST_QUERY_DRAIN && direction == GST_PAD_SINK)
        vdt_holding_drain(&priv->holding);
    if (!GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->query(trans, direction, query))
        return FALSE;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || direction != GST_PAD_SRC)
        return TRUE;
    gst_query_parse_latency(query, &live, NULL, NULL);
    if (g_atomic_int_compare_and_exchange(&priv->live, !live, live))
        vdt_worker_poke(&priv->worker);
    pace = vdt_analyzer_get_pace(self);
    if (pace.mode == VDT_ANALYZER_EXACT)
        vdt_worker_add_latency(&priv->worker, query);
    else if (pace.mode == VDT_ANALYZER_ALIGNED)
        vdt_latency_add(query, vdt_analyzer_get_bound(self, &pace));
    return TRUE;
}

/* --- life --- */

static gboolean vdt_analyzer_start(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    gst_video_info_init(&priv->info);
    priv->orientation = GST_VIDEO_ORIENTATION_IDENTITY;
    priv->timeline = (VdtTimeline){0};
    vdt_timeline_reset(&priv->timeline);
    priv->silence = (VdtSilence){0};
    priv->lag = 0;
    g_atomic_int_set(&priv->holds, FALSE);
    vdt_telling_start(&priv->telling, self);
    vdt_holding_start(&priv->holding);
    return vdt_worker_start(&priv->worker);
}

static gboolean vdt_analyzer_stop(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

    vdt_holding_stop(&priv->holding);
    vdt_worker_stop(&priv->worker);
    vdt_analyzer_forget(self);
    g_clear_pointer(&priv->map, vdt_frame_map_free);
    g_clear_pointer(&priv->lying, g_free);
    return TRUE;
}

static GstStateChangeReturn vdt_analyzer_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(element));

    /* before the pads: the streaming thread may be waiting for a result */
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
        vdt_worker_shut(&priv->worker);
        vdt_holding_shut(&priv->holding);
    }
    return GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->change_state(element, transition);
}

static void vdt_analyzer_set_context(GstElement *element, GstContext *context)
{
    vdt_worker_set_context(&vdt_analyzer_get_private(VDT_ANALYZER(element))->worker, context);
    GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->set_context(element, context);
}

/* If frames wait longer, or not as long, as with the pace that was @before. */
static void tell_latency(VdtAnalyzer *self, const VdtPace *before)
{
    const VdtPace pace = vdt_analyzer_get_pace(self);

    if (pace.mode != before->mode ||
        (pace.mode == VDT_ANALYZER_ALIGNED &&
         (pace.interval != before->interval || pace.max_delay != before->max_delay)))
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

static void vdt_analyzer_set_property(GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(object));
    gboolean known;
    VdtPace before;

    if (vdt_worker_set(&priv->worker, id - PROP_WORKER, value))
        return;
    GST_OBJECT_LOCK(object);
    before = priv->pace;
    known = vdt_pace_set(&priv->pace, id - PROP_PACE, value);
    GST_OBJECT_UNLOCK(object);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    tell_latency(VDT_ANALYZER(object), &before);
}

void vdt_analyzer_suggest_interval(VdtAnalyzer *self, double interval)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);
    VdtPace before, now;

    GST_OBJECT_LOCK(self);
    before = priv->pace;
    vdt_pace_suggest_interval(&priv->pace, interval);
    now = priv->pace;
    GST_OBJECT_UNLOCK(self);
    if (now.interval != before.interval)
        g_object_notify(G_OBJECT(self), "interval");
    tell_latency(self, &before);
}

static void vdt_analyzer_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtAnalyzer *self = VDT_ANALYZER(object);
    const VdtPace pace = vdt_analyzer_get_pace(self);

    if (!vdt_worker_get(&vdt_analyzer_get_private(self)->worker, id - PROP_WORKER, value) &&
        !vdt_pace_get(&pace, id - PROP_PACE, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void vdt_analyzer_finalize(GObject *object)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(object));

    vdt_worker_clear(&priv->worker);
    vdt_holding_clear(&priv->holding);
    vdt_telling_clear(&priv->telling);
    G_OBJECT_CLASS(vdt_analyzer_parent_class)->finalize(object);
}

/* Not before: while an instance is initialised, its class is the base's. */
static void vdt_analyzer_constructed(GObject *object)
{
    const VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(object);
    const VdtWorkerFuncs funcs = {.architectures = klass->architectures,
                                  .usual = usual,
                                  .prepare = prepare,
                                  .clear_network = klass->clear_network,
                                  .run = run,
                                  .check = check,
                                  .rest = rest,
                                  .add_stats = add_stats,
                                  .free_work = klass->free_work,
                                  .ref_result = (GBoxedCopyFunc)vdt_result_ref,
                                  .unref_result = (GDestroyNotify)vdt_result_unref};

    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(VDT_ANALYZER(object));

    vdt_worker_init(&priv->worker, GST_ELEMENT(object), &funcs);
    vdt_holding_init(&priv->holding, &priv->worker, GST_BASE_TRANSFORM_SRC_PAD(object),
                     vdt_analyzer_let_go);
    G_OBJECT_CLASS(vdt_analyzer_parent_class)->constructed(object);
    if (klass->factory)
        vdt_element_name(GST_ELEMENT(object), klass->factory);
}

static void vdt_analyzer_init(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = vdt_analyzer_get_private(self);

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
