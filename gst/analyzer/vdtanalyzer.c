/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks, in the order they may be taken: priv->posting (keeps events on the bus in the order in
 * which they were made), the object lock (properties), priv->lock (what the streaming thread, the
 * worker and readers of `stats` share). Nothing is posted with one of the last two held, and only
 * events with the first. The rest of the private state belongs to the streaming thread.
 */
#include "vdtanalyzer.h"

#include "enginecontext.h"
#include "enums.h"
#include "latency.h"
#include "logits.h"
#include "mailbox.h"
#include "pace.h"
#include "stats.h"
#include "timeline.h"

GST_DEBUG_CATEGORY_STATIC(vdt_analyzer_debug);
#define GST_CAT_DEFAULT vdt_analyzer_debug

#define DEFAULT_PRECISION VDT_PRECISION_F32

typedef struct {
    VdtAnalyzer *self;
    gpointer network;
    gpointer work;
    VdtSpan span;
    guint epoch;
    gint64 queued;     /* monotonic, µs */
    gboolean answered; /* it came to a result, an error or a skip; else it was discarded */
} Job;

typedef struct {
    /* under the object lock */
    char *model;
    VdtPrecision precision;
    VdtPace pace;
    gboolean stale; /* model, precision or engine changed since the network was made */
    VdtEngine *handed;

    /* the streaming thread's */
    GstVideoInfo info;
    VdtFrameMap *map;
    gpointer network;
    VdtTimeline timeline;
    gboolean warned_untimed;

    VdtMailbox *mailbox;

    GMutex posting;        /* held from making events to having posted them */
    GMutex lock;           /* guards what follows */
    gpointer next_network; /* the worker's, for the streaming thread */
    gpointer old_network;  /* the streaming thread's, for the worker to free: that may take locks */
    guint epoch;           /* results of work from an earlier one are void */
    VdtResult *result;
    VdtEvents *events; /* guarded by posting */
    gboolean failed;
    VdtStats stats;
    VdtLatency latency;
    gint64 finished; /* when the last job was, without what came after; monotonic, µs */
} VdtAnalyzerPrivate;

enum {
    PROP_MODEL = 1,
    PROP_PRECISION,
    PROP_STATS,
    PROP_PACE /* and more */
};

G_DEFINE_ABSTRACT_TYPE_WITH_CODE(VdtAnalyzer, vdt_analyzer, GST_TYPE_BASE_TRANSFORM,
                                 G_ADD_PRIVATE(VdtAnalyzer)
                                     GST_DEBUG_CATEGORY_INIT(vdt_analyzer_debug, "vdtanalyzer", 0,
                                                             "base of Vedette's analysers"))

#define PRIV(self) ((VdtAnalyzerPrivate *)vdt_analyzer_get_instance_private(self))

/* --- results and jobs --- */

static void network_unref(VdtAnalyzerClass *klass, gpointer network)
{
    if (network)
        g_atomic_rc_box_release_full(network, klass->clear_network);
}

static void job_free(gpointer data)
{
    Job *job = data;
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(job->self);
    VdtAnalyzerPrivate *priv = PRIV(job->self);

    if (!job->answered) {
        g_mutex_lock(&priv->lock);
        priv->stats.discarded++;
        g_mutex_unlock(&priv->lock);
    }
    klass->free_work(job->work);
    network_unref(klass, job->network);
    g_free(job);
}

/* --- networks --- */

/* Makes a network for the properties as they are now. */
static gpointer make_network(VdtAnalyzer *self, GCancellable *cancellable, GError **error)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtAnalyzerPrivate *priv = PRIV(self);
    g_autofree char *model = NULL;
    g_autoptr(VdtEngine) handed = NULL, engine = NULL;
    VdtPrecision precision;

    GST_OBJECT_LOCK(self);
    priv->stale = FALSE;
    model = g_strdup(priv->model);
    precision = priv->precision;
    handed = priv->handed ? vdt_engine_ref(priv->handed) : NULL;
    GST_OBJECT_UNLOCK(self);
    if (klass->architecture) {
        engine = vdt_engine_find(klass->architecture, model, precision, handed, error);
        if (!engine || g_cancellable_set_error_if_cancelled(cancellable, error))
            return NULL;
        if (vdt_engine_get_unused(engine))
            GST_WARNING_OBJECT(self, "%s: tensors that the network does not use:\n%s",
                               vdt_engine_get_card(engine)->weights, vdt_engine_get_unused(engine));
    }
    return klass->prepare(self, engine, error);
}

/* Worker: makes another network if the model was changed; the streaming thread will take it. */
static void renew_network(VdtAnalyzer *self, GCancellable *cancellable)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    g_autoptr(GError) error = NULL;
    gboolean stale;
    gpointer network, old;

    g_mutex_lock(&priv->lock);
    old = g_steal_pointer(&priv->old_network);
    g_mutex_unlock(&priv->lock);
    network_unref(klass, old);

    GST_OBJECT_LOCK(self);
    stale = priv->stale;
    GST_OBJECT_UNLOCK(self);
    if (!stale)
        return;
    network = make_network(self, cancellable, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        GST_OBJECT_LOCK(self);
        priv->stale = TRUE; /* after another job, then */
        GST_OBJECT_UNLOCK(self);
        return;
    }
    if (!network) {
        vdt_engine_complain(GST_ELEMENT(self), GST_MESSAGE_WARNING, error);
        return;
    }
    g_mutex_lock(&priv->lock);
    old = priv->next_network;
    priv->next_network = network;
    g_mutex_unlock(&priv->lock);
    network_unref(klass, old);
}

void vdt_analyzer_renew(VdtAnalyzer *self)
{
    GST_OBJECT_LOCK(self);
    PRIV(self)->stale = TRUE;
    GST_OBJECT_UNLOCK(self);
}

/* --- the worker --- */

gboolean vdt_analyzer_check(VdtAnalyzer *self, const float *numbers, gsize n)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    gboolean first;

    if (vdt_logits_are_finite(numbers, n))
        return TRUE;
    g_mutex_lock(&priv->lock);
    first = priv->stats.invalid++ == 0;
    g_mutex_unlock(&priv->lock);
    if (first)
        GST_ELEMENT_WARNING(self, LIBRARY, FAILED,
                            ("The network gives what are no numbers: such results are empty."),
                            ("its weights may be damaged; `stats` counts them as invalid"));
    return FALSE;
}

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

/* What the bus is told of @result. Posting is held: events change only then. */
static GList *tell(VdtAnalyzer *self, const Job *job, GPtrArray *found, const VdtResult *result,
                   GstClockTime least)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtEvents *events = PRIV(self)->events;
    const GstStructure *finding;

    if (klass->tell)
        return klass->tell(self, events, &job->span, &result->structures, least);
    finding = klass->choose ? klass->choose(self, found, vdt_events_get_class(events)) : NULL;
    return vdt_events_follow(events, &job->span, finding, &result->structures, least);
}

/* Makes @found the newest result, unless it has become void, and tells the bus. */
static void publish(VdtAnalyzer *self, Job *job, GPtrArray *found, GstClockTime took)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtAnalyzerPrivate *priv = PRIV(self);
    g_autoptr(VdtResult) result = vdt_result_new(found, job->span.end), old = NULL;
    const VdtPace pace = get_pace(self);
    GList *messages = NULL;

    result->fields = klass->describe ? klass->describe(self) : NULL;
    g_mutex_lock(&priv->posting);
    g_mutex_lock(&priv->lock);
    if (job->epoch == priv->epoch) {
        old = priv->result;
        priv->result = vdt_result_ref(result);
        vdt_stats_result(&priv->stats, took, (g_get_monotonic_time() - job->queued) * GST_USECOND);
        job->answered = TRUE;
    }
    g_mutex_unlock(&priv->lock);
    /* if it becomes void now, who makes it void will end what this starts */
    if (job->answered)
        messages = tell(self, job, found, result, ns(pace.min_duration));
    vdt_events_post(priv->events, messages, pace.post_messages);
    g_mutex_unlock(&priv->posting);
}

static void run(gpointer data, GCancellable *cancellable, gpointer user_data)
{
    VdtAnalyzer *self = user_data;
    VdtAnalyzerPrivate *priv = PRIV(self);
    Job *job = data;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(GError) error = NULL;
    const gint64 begin = g_get_monotonic_time();
    const gboolean done = VDT_ANALYZER_GET_CLASS(self)->analyse(self, job->network, job->work,
                                                                cancellable, found, &error);

    if (g_cancellable_is_cancelled(cancellable))
        return;
    if (done) {
        publish(self, job, found, (g_get_monotonic_time() - begin) * GST_USECOND);
    } else {
        job->answered = TRUE;
        g_mutex_lock(&priv->lock);
        priv->failed = TRUE;
        g_mutex_unlock(&priv->lock);
        GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("%s", error->message), (NULL));
    }
    g_mutex_lock(&priv->lock);
    priv->finished = g_get_monotonic_time();
    g_mutex_unlock(&priv->lock);
    renew_network(self, cancellable);
}

/* --- the streaming thread --- */

static void end_events(VdtAnalyzer *self)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtAnalyzerPrivate *priv = PRIV(self);
    GList *end;

    if (!priv->events) /* never started */
        return;
    g_mutex_lock(&priv->posting);
    end = klass->end ? klass->end(self) : vdt_events_end(priv->events);
    vdt_events_post(priv->events, end, get_pace(self).post_messages);
    g_mutex_unlock(&priv->posting);
}

/* Counts a skip, if it is one; tells of those that came too soon after the last QoS message, too.
 */
static void tell_skips(VdtAnalyzer *self, const Job *skipped)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    GstElement *element = GST_ELEMENT(self);
    GstMessage *qos;

    g_mutex_lock(&priv->lock);
    qos = skipped ? vdt_stats_skip(&priv->stats, element, &skipped->span)
                  : vdt_stats_flush(&priv->stats, element);
    g_mutex_unlock(&priv->lock);
    if (qos)
        gst_element_post_message(element, qos);
}

/* Begins a new window: what comes does not continue what was. */
static void reset_window(VdtAnalyzer *self)
{
    vdt_timeline_reset(&PRIV(self)->timeline);
    VDT_ANALYZER_GET_CLASS(self)->reset(self);
}

/* Makes void what was found, and what is being looked for. */
static void drop_results(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    g_autoptr(VdtResult) result = NULL;

    g_mutex_lock(&priv->lock);
    priv->epoch++;
    result = g_steal_pointer(&priv->result);
    g_mutex_unlock(&priv->lock);
    vdt_mailbox_discard(priv->mailbox);
    end_events(self);
}

/* Forgets the stream so far. */
static void forget(VdtAnalyzer *self)
{
    reset_window(self);
    drop_results(self);
}

/* Whether @pts goes on where the stream was; what does not belong to it any more is forgotten. */
static gboolean follows(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    const VdtBreaks breaks =
        vdt_timeline_find_breaks(&priv->timeline, buffer, pts, ns(get_pace(self).interval));

    if (breaks)
        GST_DEBUG_OBJECT(self, "break from %" GST_TIME_FORMAT " to %" GST_TIME_FORMAT,
                         GST_TIME_ARGS(priv->timeline.last), GST_TIME_ARGS(pts));
    if (breaks & VDT_BREAK_NEW_WINDOW)
        reset_window(self);
    if (breaks & VDT_BREAK_VOID)
        drop_results(self);
    return vdt_timeline_is_newer(&priv->timeline, pts);
}

/* Takes the network that the worker made for a changed model. */
static void adopt_network(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    gboolean changed;

    g_mutex_lock(&priv->lock);
    changed = priv->next_network && !priv->old_network;
    g_mutex_unlock(&priv->lock);
    if (!changed)
        return;
    GST_INFO_OBJECT(self, "the model has changed");
    forget(self); /* first: work that waits holds the old network, too */
    g_mutex_lock(&priv->lock);
    priv->old_network = priv->network;
    priv->network = g_steal_pointer(&priv->next_network);
    g_mutex_unlock(&priv->lock);
}

/* Notes how long a frame had to wait for its result since @begin, and tells the pipeline when that
 * is not what it believes. */
static void measure_latency(VdtAnalyzer *self, gint64 begin)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    gboolean changed;

    g_mutex_lock(&priv->lock);
    changed = vdt_latency_note(&priv->latency, MAX(priv->finished - begin, 0) * GST_USECOND,
                               g_get_monotonic_time());
    g_mutex_unlock(&priv->lock);
    if (changed)
        gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

/* Work on what is newest; NULL while that is too little. */
static Job *job_new(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    const GstSegment *segment = &GST_BASE_TRANSFORM(self)->segment;
    VdtSpan span;
    gpointer work = VDT_ANALYZER_GET_CLASS(self)->take(self, priv->network, &span.start, &span.end);
    Job *job;

    if (!work)
        return NULL;
    span.stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, span.end);
    span.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, span.end);
    job = g_new(Job, 1);
    *job = (Job){.self = self,
                 .network = g_atomic_rc_box_acquire(priv->network),
                 .work = work,
                 .span = span,
                 .queued = g_get_monotonic_time()};
    g_mutex_lock(&priv->lock);
    job->epoch = priv->epoch;
    g_mutex_unlock(&priv->lock);
    return job;
}

/* Puts work in the mailbox if a result is due; in exact mode, waits for it. Work that waits already
 * is renewed: when the network is behind, what it takes next is as new as can be. */
static GstFlowReturn analyse_if_due(VdtAnalyzer *self, GstClockTime pts)
{
    VdtAnalyzerPrivate *priv = PRIV(self);
    const VdtPace pace = get_pace(self);
    const gboolean due = vdt_timeline_is_due(&priv->timeline, pts, ns(pace.interval));
    Job *job, *replaced;

    if (!due && !vdt_mailbox_is_waiting(priv->mailbox))
        return GST_FLOW_OK;
    job = job_new(self);
    if (!job)
        return GST_FLOW_OK;
    if (due) {
        vdt_timeline_took(&priv->timeline, pts, ns(pace.interval));
        replaced = vdt_mailbox_put(priv->mailbox, job);
        if (replaced)
            tell_skips(self, replaced);
    } else {
        replaced = vdt_mailbox_refresh(priv->mailbox, job);
    }
    if (replaced) {
        replaced->answered = TRUE; /* by the other one */
        job_free(replaced);
    }
    if (due && pace.mode == VDT_ANALYZER_EXACT) {
        const gint64 begin = g_get_monotonic_time();

        if (!vdt_mailbox_drain(priv->mailbox))
            return GST_FLOW_FLUSHING;
        measure_latency(self, begin);
    }
    return GST_FLOW_OK;
}

static void attach_result(VdtAnalyzer *self, GstBuffer *buffer, GstClockTime pts)
{
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtAnalyzerPrivate *priv = PRIV(self);
    gboolean fresh = FALSE;
    g_autoptr(VdtResult) result = NULL;

    g_mutex_lock(&priv->lock);
    result = priv->result ? vdt_result_ref(priv->result) : NULL;
    g_mutex_unlock(&priv->lock);
    if (result) {
        fresh = !result->attached;
        result->attached = TRUE;
        vdt_result_attach(result, buffer, pts, GST_OBJECT_NAME(self), klass->kind);
    }
    if (klass->passing)
        klass->passing(self, buffer, pts, result, fresh);
}

static GstFlowReturn vdt_analyzer_transform_ip(GstBaseTransform *trans, GstBuffer *buffer)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);
    const GstClockTime begin = vdt_stats_thread_time();
    const GstClockTime pts =
        vdt_timeline_time(&priv->timeline, &trans->segment, &priv->info, buffer);
    GstFlowReturn flow = GST_FLOW_OK;

    adopt_network(self);
    if (!GST_CLOCK_TIME_IS_VALID(pts)) {
        if (!priv->warned_untimed)
            GST_ELEMENT_WARNING(self, STREAM, FORMAT,
                                ("Frames without time or frame rate are not analysed."),
                                ("timestamp the stream, for example with videorate before"));
        priv->warned_untimed = TRUE;
    } else {
        if (follows(self, buffer, pts)) {
            VDT_ANALYZER_GET_CLASS(self)->look(self, priv->network, buffer, pts);
            priv->timeline.last = pts;
            flow = analyse_if_due(self, pts);
        }
        if (flow == GST_FLOW_OK)
            attach_result(self, buffer, pts);
    }
    g_mutex_lock(&priv->lock);
    priv->stats.frames++;
    priv->stats.streaming += vdt_stats_thread_time() - begin;
    if (flow == GST_FLOW_OK && priv->failed)
        flow = GST_FLOW_ERROR;
    g_mutex_unlock(&priv->lock);
    return flow;
}

gboolean vdt_analyzer_convert(VdtAnalyzer *self, GstBuffer *buffer, const VdtFrameTarget *target,
                              guint8 *rgb)
{
    VdtAnalyzerPrivate *priv = PRIV(self);

    if (vdt_frame_map_buffer(&priv->map, &priv->info, buffer, target, rgb))
        return TRUE;
    GST_WARNING_OBJECT(self, "cannot read %" GST_PTR_FORMAT, buffer);
    return FALSE;
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

static gboolean vdt_analyzer_sink_event(GstBaseTransform *trans, GstEvent *event)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);

    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        vdt_mailbox_close(priv->mailbox);
        break;
    case GST_EVENT_FLUSH_STOP:
        vdt_mailbox_open(priv->mailbox);
        forget(self);
        break;
    case GST_EVENT_STREAM_START:
        forget(self);
        break;
    case GST_EVENT_EOS:
        vdt_mailbox_drain(priv->mailbox);
        end_events(self);
        tell_skips(self, NULL);
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
    VdtAnalyzerPrivate *priv = PRIV(self);
    GstClockTime min, max, own;
    const gboolean exact = get_pace(self).mode == VDT_ANALYZER_EXACT;
    gboolean live;

    if (!GST_BASE_TRANSFORM_CLASS(vdt_analyzer_parent_class)->query(trans, direction, query))
        return FALSE;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || direction != GST_PAD_SRC)
        return TRUE;
    g_mutex_lock(&priv->lock);
    own = exact ? priv->latency.reported : 0;
    g_mutex_unlock(&priv->lock);
    gst_query_parse_latency(query, &live, &min, &max);
    gst_query_set_latency(query, live, min + own, GST_CLOCK_TIME_IS_VALID(max) ? max + own : max);
    return TRUE;
}

/* --- life --- */

static gboolean vdt_analyzer_start(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerPrivate *priv = PRIV(self);
    g_autoptr(GError) error = NULL;
    gboolean handed;
    char name[16]; /* what the kernel keeps */

    GST_OBJECT_LOCK(self);
    handed = priv->handed != NULL;
    GST_OBJECT_UNLOCK(self);
    if (VDT_ANALYZER_GET_CLASS(self)->architecture && !handed)
        vdt_engine_ask(GST_ELEMENT(self));
    priv->network = make_network(self, NULL, &error);
    if (!priv->network) {
        vdt_engine_complain(GST_ELEMENT(self), GST_MESSAGE_ERROR, error);
        return FALSE;
    }
    gst_video_info_init(&priv->info);
    vdt_timeline_reset(&priv->timeline);
    priv->warned_untimed = FALSE;
    if (!priv->events) /* for life, so that ids are not used again; nobody else is here yet */
        priv->events = vdt_events_new(GST_ELEMENT(self), VDT_ANALYZER_GET_CLASS(self)->kind);
    g_mutex_lock(&priv->lock);
    priv->failed = FALSE;
    priv->stats = (VdtStats){0};
    priv->latency = (VdtLatency){0};
    g_mutex_unlock(&priv->lock);
    g_snprintf(name, sizeof name, "vdt:%s", GST_OBJECT_NAME(self));
    vdt_mailbox_start(priv->mailbox, name);
    return TRUE;
}

static gboolean vdt_analyzer_stop(GstBaseTransform *trans)
{
    VdtAnalyzer *self = VDT_ANALYZER(trans);
    VdtAnalyzerClass *klass = VDT_ANALYZER_GET_CLASS(self);
    VdtAnalyzerPrivate *priv = PRIV(self);

    vdt_mailbox_stop(priv->mailbox);
    forget(self);
    /* nobody else is here any more */
    network_unref(klass, g_steal_pointer(&priv->next_network));
    network_unref(klass, g_steal_pointer(&priv->old_network));
    network_unref(klass, g_steal_pointer(&priv->network));
    g_clear_pointer(&priv->map, vdt_frame_map_free);
    return TRUE;
}

static GstStateChangeReturn vdt_analyzer_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    /* before the pads: the streaming thread may be waiting for a result */
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        vdt_mailbox_shut(PRIV(VDT_ANALYZER(element))->mailbox);
    return GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->change_state(element, transition);
}

static void vdt_analyzer_set_context(GstElement *element, GstContext *context)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(element));
    VdtEngine *engine = vdt_engine_from_context(context), *old;

    if (engine) {
        GST_OBJECT_LOCK(element);
        old = priv->handed;
        priv->handed = engine;
        priv->stale |= engine != old;
        GST_OBJECT_UNLOCK(element);
        vdt_engine_unref(old);
    }
    GST_ELEMENT_CLASS(vdt_analyzer_parent_class)->set_context(element, context);
}

static void vdt_analyzer_set_property(GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(object));
    gboolean relatency = FALSE;
    VdtAnalyzerMode before;

    GST_OBJECT_LOCK(object);
    before = priv->pace.mode;
    switch (id) {
    case PROP_MODEL:
        g_free(priv->model);
        priv->model = g_value_dup_string(value);
        priv->stale = TRUE;
        break;
    case PROP_PRECISION:
        priv->precision = g_value_get_enum(value);
        priv->stale = TRUE;
        break;
    default:
        if (!vdt_pace_set(&priv->pace, id - PROP_PACE, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        relatency = priv->pace.mode != before;
        break;
    }
    GST_OBJECT_UNLOCK(object);
    if (relatency)
        gst_element_post_message(GST_ELEMENT(object), gst_message_new_latency(GST_OBJECT(object)));
}

static void vdt_analyzer_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(object));

    if (id == PROP_STATS) {
        VdtStats stats;

        g_mutex_lock(&priv->lock);
        stats = priv->stats;
        g_mutex_unlock(&priv->lock);
        g_value_take_boxed(value, vdt_stats_to_structure(&stats, GST_ELEMENT(object)));
        return;
    }
    GST_OBJECT_LOCK(object);
    switch (id) {
    case PROP_MODEL:
        g_value_set_string(value, priv->model);
        break;
    case PROP_PRECISION:
        g_value_set_enum(value, priv->precision);
        break;
    default:
        if (!vdt_pace_get(&priv->pace, id - PROP_PACE, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(object);
}

static void vdt_analyzer_finalize(GObject *object)
{
    VdtAnalyzerPrivate *priv = PRIV(VDT_ANALYZER(object));

    vdt_mailbox_free(priv->mailbox);
    g_clear_pointer(&priv->handed, vdt_engine_unref);
    g_free(priv->model);
    g_clear_pointer(&priv->events, vdt_events_free);
    g_mutex_clear(&priv->posting);
    g_mutex_clear(&priv->lock);
    G_OBJECT_CLASS(vdt_analyzer_parent_class)->finalize(object);
}

static void vdt_analyzer_init(VdtAnalyzer *self)
{
    VdtAnalyzerPrivate *priv = PRIV(self);

    priv->precision = DEFAULT_PRECISION;
    vdt_pace_init(&priv->pace);
    g_mutex_init(&priv->posting);
    g_mutex_init(&priv->lock);
    priv->mailbox = vdt_mailbox_new(run, job_free, self);
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), FALSE);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
    /* being late means to skip an inference, never a frame */
    gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
}

static void vdt_analyzer_class_init(VdtAnalyzerClass *klass)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *trans = GST_BASE_TRANSFORM_CLASS(klass);

    object->set_property = vdt_analyzer_set_property;
    object->get_property = vdt_analyzer_get_property;
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

    g_object_class_install_property(
        object, PROP_MODEL,
        g_param_spec_string("model", "Model",
                            "Name of an installed model, or path of a model card; "
                            "empty for the street model",
                            NULL, live));
    g_object_class_install_property(object, PROP_PRECISION,
                                    g_param_spec_enum("precision", "Precision",
                                                      "Arithmetic of the network",
                                                      VDT_TYPE_PRECISION, DEFAULT_PRECISION, live));
    vdt_pace_install(object, PROP_PACE);
    g_object_class_install_property(
        object, PROP_STATS,
        g_param_spec_boxed(
            "stats", "Statistics",
            "What was done since the element was started: counts of frames, "
            "results, inferences skipped and discarded, results that are invalid; times in ns",
            GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

    vdt_result_meta_get_info();
    gst_type_mark_as_plugin_api(VDT_TYPE_ANALYZER, 0);
}
