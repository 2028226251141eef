/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"
#include "faults.h"
#include "host.h"
#include "part.h"
#include "progress.h"
#include "trouble.h"

/* How often one with frames is looked at. */
#define LOOK       VDT_SECOND
/* To open a source, not to connect: that goes on by itself. */
#define OPEN_LIMIT (10 * VDT_SECOND)
/* For what is in a pipeline at its end to come out, so that files are finished. */
#define DRAIN      (VDT_SECOND * 7 / 10)
/* What was said once counts for a while. */
#define SLOW_FOR   (10 * VDT_SECOND)
#define WARN_FOR   (60 * VDT_SECOND)
#define NO_OUTPUT  "frames come, but none comes out of its pipeline"

/* What pipelines are built by; kept by threads that may be left. */
typedef struct {
    VdtStreamBuild build;
    gpointer data;
    GDestroyNotify free;
} Builder;

struct _VdtStream {
    char *name;
    VdtStreamHost host;
    void (*changed)(VdtStream *stream, gpointer user_data);
    void (*message)(VdtStream *stream, GstMessage *message, gpointer user_data);
    gpointer user_data;
    GDestroyNotify user_free;
    Builder *builder;
    VdtFeed *feed;

    /* of the supervisor's thread */
    VdtMachine machine;
    VdtSourceSpec *source_spec;
    VdtPart *source, *rest;
    VdtFaults *faults;
    VdtProgress progress;
    GSource *timer, *waker;
    gint64 last_frame; /* that the machine was told of */
    gboolean lived, leaves, closed;
    guint64 output_then; /* when it was connected anew because nothing came out */

    GMutex lock;
    VdtStreamInfo info;   /* guarded; without what is read when it is asked for */
    GstElement *pipeline; /* guarded */
};

static void handle(VdtStream *stream, VdtStreamEvent event, const char *reason);

/* --- what is told --- */

/* Takes note of where the stream is; tells it if it is another thing. */
static void publish(VdtStream *stream, const char *reason)
{
    const VdtMachine *m = &stream->machine;
    const gboolean waits = m->state == VDT_STREAM_BACKOFF || m->state == VDT_STREAM_FAILED;
    gboolean differs;

    g_mutex_lock(&stream->lock);
    differs = stream->info.state != m->state || g_strcmp0(stream->info.reason, reason) != 0;
    stream->info.state = m->state;
    stream->info.since = m->since;
    stream->info.retry = waits ? m->deadline : -1;
    if (g_strcmp0(stream->info.reason, reason) != 0) {
        g_free(stream->info.reason);
        stream->info.reason = g_strdup(reason);
    }
    g_mutex_unlock(&stream->lock);
    if (differs && stream->changed && !stream->closed)
        stream->changed(stream, stream->user_data);
}

static void count(VdtStream *stream, guint64 *counter)
{
    g_mutex_lock(&stream->lock);
    ++*counter;
    g_mutex_unlock(&stream->lock);
}

static char *describe(VdtStream *stream, VdtStreamState was, VdtStreamActions actions)
{
    const VdtStreamTimes *times = &stream->machine.times;
    g_autofree char *address = vdt_source_describe(stream->source_spec);

    switch (stream->machine.state) {
    case VDT_STREAM_STOPPED:
        return g_strdup("it is not asked to run");
    case VDT_STREAM_CONNECTING:
        if (actions & VDT_STREAM_OPEN)
            return g_strdup_printf("connects to %s", address);
        return g_strdup(vdt_part_get(stream->rest) ? "waits for its turn to connect"
                                                   : "builds its pipeline");
    case VDT_STREAM_LIVE:
        return g_strdup("frames come");
    case VDT_STREAM_DEGRADED:
        return vdt_faults_describe(stream->faults);
    case VDT_STREAM_STALLED:
        return g_strdup_printf("no frame for %g s", (double)times->stall / VDT_SECOND);
    default:
        if (was == VDT_STREAM_STALLED)
            return g_strdup_printf("no frame for %g s, so it is connected anew",
                                   (double)(times->stall + times->patience) / VDT_SECOND);
        return g_strdup_printf("no frame within %g s of connecting to %s",
                               (double)times->first_frame / VDT_SECOND, address);
    }
}

/* --- what is done --- */

static void arm(VdtStream *stream)
{
    const VdtStreamState state = stream->machine.state;
    gint64 at = stream->machine.deadline;

    if (state == VDT_STREAM_LIVE || state == VDT_STREAM_DEGRADED || state == VDT_STREAM_STALLED)
        at = MIN(at, vdt_clock_now() + LOOK);
    /* rounded up: what is early is too early */
    g_source_set_ready_time(stream->timer, at == G_MAXINT64 ? -1 : at / 1000 + 1);
}

typedef struct {
    VdtSourceSpec *spec;
    VdtFeed *feed;
    guint opening;
    gint64 base;
} Opening;

static void opening_free(gpointer data)
{
    Opening *opening = data;

    vdt_source_spec_free(opening->spec);
    vdt_feed_unref(opening->feed);
    g_free(opening);
}

static GstElement *open_source(gpointer data, GError **error)
{
    const Opening *o = data;
    GstElement *pipeline = vdt_pipeline_new_source(o->spec, o->feed, o->opening, o->base, error);

    /* One that fails at once tells why on its bus, as one that fails later does. */
    if (pipeline)
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
    return pipeline;
}

static void open_(VdtStream *stream)
{
    const gint64 slack = (gint64)stream->source_spec->latency * (gint64)GST_MSECOND;
    Opening *o = g_new(Opening, 1);

    o->spec = vdt_source_spec_copy(stream->source_spec);
    o->feed = vdt_feed_ref(stream->feed);
    o->base = vdt_clock_now();
    o->opening = vdt_feed_open(stream->feed, o->base, slack);
    count(stream, &stream->info.connects);
    vdt_part_make(stream->source, open_source, o, opening_free, OPEN_LIMIT);
}

typedef struct {
    Builder *builder;
    char *name;
    gint64 latency;
} Building;

static void builder_clear(gpointer data)
{
    Builder *builder = data;

    if (builder->free)
        builder->free(builder->data);
}

static void building_free(gpointer data)
{
    Building *building = data;

    g_atomic_rc_box_release_full(building->builder, builder_clear);
    g_free(building->name);
    g_free(building);
}

static GstElement *build_rest(gpointer data, GError **error)
{
    const Building *b = data;

    return vdt_pipeline_new(b->name, b->builder->build, b->builder->data, b->latency, error);
}

static void prepare(VdtStream *stream)
{
    Building *b;

    if (vdt_part_get(stream->rest)) {
        handle(stream, VDT_STREAM_READY, NULL);
        return;
    }
    if (vdt_part_is_wanted(stream->rest))
        return;
    b = g_new(Building, 1);
    b->builder = g_atomic_rc_box_acquire(stream->builder);
    b->name = g_strdup(stream->name);
    b->latency = (gint64)stream->source_spec->latency * (gint64)GST_MSECOND;
    count(stream, &stream->info.builds);
    vdt_part_make(stream->rest, build_rest, b, building_free, stream->machine.times.build);
}

static void set_pipeline(VdtStream *stream, GstElement *pipeline)
{
    GstElement *old;

    g_mutex_lock(&stream->lock);
    old = stream->pipeline;
    stream->pipeline = pipeline ? gst_object_ref(pipeline) : NULL;
    g_mutex_unlock(&stream->lock);
    if (old)
        gst_object_unref(old);
}

/* Whole: what is in it still comes out. */
static void drop_rest(VdtStream *stream, gboolean whole)
{
    GstElement *pipeline = vdt_part_get(stream->rest);
    g_autofree char *codec = vdt_feed_get_codec(stream->feed);
    /* one that never had a frame has no end either */
    const gboolean drains = whole && pipeline && codec;

    vdt_feed_set_sink(stream->feed, NULL, 0);
    set_pipeline(stream, NULL);
    if (drains)
        gst_app_src_end_of_stream(vdt_pipeline_get_entry(pipeline));
    vdt_part_unmake(stream->rest, drains ? DRAIN : 0);
}

static void close_source(VdtStream *stream)
{
    vdt_feed_close(stream->feed);
    vdt_part_unmake(stream->source, 0);
}

/* What ends: nothing follows from it. */
static void finish(VdtStream *stream, VdtStreamEvent event, VdtStreamActions actions)
{
    if (actions & VDT_STREAM_CLOSE)
        close_source(stream);
    if (actions & VDT_STREAM_DROP)
        drop_rest(stream, event != VDT_STREAM_CRASH);
    if (stream->machine.state != VDT_STREAM_CONNECTING || (actions & VDT_STREAM_PREPARE))
        stream->host.leave(stream, stream->host.data);
}

/* What begins, and may lead on at once. */
static void begin(VdtStream *stream, VdtStreamActions actions)
{
    if (actions & VDT_STREAM_PREPARE)
        prepare(stream);
    if (actions & VDT_STREAM_ASK)
        stream->host.ask(stream, stream->host.data);
    if (actions & VDT_STREAM_OPEN)
        open_(stream);
}

/* The reason is the one that is given, or follows from where it leads. */
static void handle(VdtStream *stream, VdtStreamEvent event, const char *reason)
{
    VdtMachine *m = &stream->machine;
    const VdtStreamState was = m->state;
    const gint64 now = event == VDT_STREAM_FRAME ? stream->last_frame : vdt_clock_now();
    const VdtStreamActions actions = vdt_machine_handle(m, event, now);
    g_autofree char *own = NULL;

    if (m->state == was && actions == 0) {
        arm(stream);
        return;
    }
    count(stream, &stream->info.events[event]);
    if (m->state == VDT_STREAM_STALLED && was != m->state) {
        count(stream, &stream->info.stalls);
        vdt_feed_ask(stream->feed);
    }
    if (was == VDT_STREAM_CONNECTING && event == VDT_STREAM_FRAME) {
        if (stream->lived)
            count(stream, &stream->info.reconnects);
        stream->lived = TRUE;
        vdt_progress_init(&stream->progress, now);
    }
    if (!reason || (m->state != VDT_STREAM_BACKOFF && m->state != VDT_STREAM_FAILED))
        reason = own = describe(stream, was, actions);
    finish(stream, event, actions);
    publish(stream, reason);
    begin(stream, actions);
    arm(stream);
}

/* --- what happens --- */

static void on_faults(VdtStream *stream)
{
    g_autofree char *text = vdt_faults_describe(stream->faults);

    handle(stream, text ? VDT_STREAM_FAULT : VDT_STREAM_WELL, NULL);
    if (stream->machine.state == VDT_STREAM_DEGRADED)
        publish(stream, text);
}

static void set_fault(VdtStream *stream, const char *name, const char *sentence, gint64 until)
{
    if (vdt_faults_set(stream->faults, name, sentence, until))
        on_faults(stream);
}

static void look_at_pipeline(VdtStream *stream, gint64 now)
{
    GstElement *pipeline = vdt_part_get(stream->rest);
    VdtProgressState progress;
    VdtFeedCounts counts;
    guint64 output;
    gboolean known;

    if (!pipeline)
        return;
    vdt_feed_get(stream->feed, &counts);
    if (counts.last_drop > now - SLOW_FOR)
        set_fault(stream, "slow", "its pipeline is slower than its source, so frames are dropped",
                  counts.last_drop + SLOW_FOR);
    known = vdt_pipeline_count_output(pipeline, &output);
    progress = vdt_progress_look(&stream->progress, counts.passed - counts.waiting, counts.waiting,
                                 known ? (gint64)output : -1, stream->machine.times.hang, now);
    if (progress == VDT_PROGRESS_HANGS) {
        handle(stream, VDT_STREAM_CRASH, "its pipeline hangs");
    } else if (progress == VDT_PROGRESS_NO_OUTPUT && output > stream->output_then) {
        /* what a decoder lost, a camera may send only when it is connected to; tried once */
        stream->output_then = output;
        handle(stream, VDT_STREAM_LOST, NO_OUTPUT ", so it is connected anew");
    } else {
        set_fault(stream, "output", progress == VDT_PROGRESS_GOOD ? NULL : NO_OUTPUT,
                  now + SLOW_FOR);
    }
}

static gboolean has_frames(const VdtStream *stream)
{
    const VdtStreamState state = stream->machine.state;

    return state == VDT_STREAM_LIVE || state == VDT_STREAM_DEGRADED || state == VDT_STREAM_STALLED;
}

static gboolean on_timer(gpointer data)
{
    VdtStream *stream = data;
    const VdtFeedNews news = vdt_feed_take_news(stream->feed);
    const gint64 now = vdt_clock_now();
    VdtFeedCounts counts;

    vdt_feed_get(stream->feed, &counts);
    if (news & VDT_FEED_RECODED) {
        g_autofree char *reason = vdt_trouble_describe(VDT_STREAM_RECODED, NULL);

        handle(stream, VDT_STREAM_RECODED, reason);
    } else if ((news & VDT_FEED_FRAME) ||
               (has_frames(stream) && counts.last_frame > stream->last_frame)) {
        stream->last_frame = counts.last_frame;
        handle(stream, VDT_STREAM_FRAME, NULL);
    }
    if (vdt_faults_expire(stream->faults, now))
        on_faults(stream);
    if (now >= stream->machine.deadline)
        handle(stream, VDT_STREAM_TIMEOUT, NULL);
    if (has_frames(stream))
        look_at_pipeline(stream, now);
    arm(stream);
    return G_SOURCE_CONTINUE;
}

/* From the feed, in any thread. */
static void wake(gpointer data)
{
    VdtStream *stream = data;

    /* not the timer, which may just be set to something later */
    g_source_set_ready_time(stream->waker, 0);
}

static void trouble(VdtStream *stream, VdtStreamEvent event, const GError *error)
{
    g_autofree char *reason = vdt_trouble_describe(event, error);

    handle(stream, event, reason);
}

static void on_source_failed(const GError *error, gpointer data)
{
    trouble(data, vdt_trouble_classify(error), error);
}

static void on_source_message(GstMessage *message, gpointer data)
{
    g_autoptr(GError) error = NULL;

    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
        gst_message_parse_error(message, &error, NULL);
        trouble(data, vdt_trouble_classify(error), error);
        break;
    case GST_MESSAGE_EOS:
        trouble(data, VDT_STREAM_ENDED, NULL);
        break;
    default:
        break;
    }
}

static void on_rest_made(GstElement *pipeline, gpointer data)
{
    VdtStream *stream = data;

    vdt_feed_set_sink(stream->feed, vdt_pipeline_get_entry(pipeline),
                      (gint64)gst_element_get_base_time(pipeline));
    set_pipeline(stream, pipeline);
    vdt_progress_init(&stream->progress, vdt_clock_now());
    stream->output_then = 0;
    /* what was wrong with another one */
    if (vdt_faults_expire(stream->faults, G_MAXINT64 - 1))
        on_faults(stream);
    handle(stream, VDT_STREAM_READY, NULL);
}

static void on_rest_failed(const GError *error, gpointer data)
{
    trouble(data, VDT_STREAM_CRASH, error);
}

static void recalculate(GstElement *pipeline, gpointer data)
{
    gst_bin_recalculate_latency(GST_BIN(pipeline));
}

static void on_rest_error(VdtStream *stream, GstMessage *message)
{
    GstElement *pipeline = vdt_part_get(stream->rest);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) whole = NULL;
    g_autofree char *codec = vdt_feed_get_codec(stream->feed);

    gst_message_parse_error(message, &error, NULL);
    /* what goes wrong where frames go in is that nobody takes them */
    if (codec && GST_MESSAGE_SRC(message) == GST_OBJECT(vdt_pipeline_get_entry(pipeline)))
        whole = g_error_new(error->domain, error->code, "it does not take %s", codec);
    else
        whole = g_error_new(error->domain, error->code, "%s: %s",
                            GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), error->message);
    trouble(stream, VDT_STREAM_CRASH, whole);
}

static void on_rest_message(GstMessage *message, gpointer data)
{
    VdtStream *stream = data;
    g_autoptr(GError) error = NULL;

    if (stream->message)
        stream->message(stream, message, stream->user_data);
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
        on_rest_error(stream, message);
        break;
    case GST_MESSAGE_EOS:
        handle(stream, VDT_STREAM_CRASH, "its pipeline came to an end");
        break;
    case GST_MESSAGE_WARNING:
        gst_message_parse_warning(message, &error, NULL);
        set_fault(stream, GST_OBJECT_NAME(GST_MESSAGE_SRC(message)), error->message,
                  vdt_clock_now() + WARN_FOR);
        break;
    case GST_MESSAGE_LATENCY:
        /* it asks all elements, of which one may hang */
        gst_element_call_async(vdt_part_get(stream->rest), recalculate, NULL, NULL);
        break;
    default:
        break;
    }
}

static void on_gone(gpointer data)
{
    VdtStream *stream = data;

    if (vdt_stream_is_gone(stream))
        stream->host.gone(stream, stream->host.data);
}

static const VdtPartCallbacks source_callbacks = {
    .failed = on_source_failed,
    .message = on_source_message,
    .gone = on_gone,
};
static const VdtPartCallbacks rest_callbacks = {
    .made = on_rest_made,
    .failed = on_rest_failed,
    .message = on_rest_message,
    .gone = on_gone,
};

/* --- from the supervisor --- */

static gboolean dispatch(GSource *source, GSourceFunc function, gpointer data)
{
    g_source_set_ready_time(source, -1);
    return function(data);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch};

static GSource *add_timer(VdtStream *stream)
{
    GSource *timer = g_source_new(&timer_funcs, sizeof(GSource));

    g_source_set_callback(timer, on_timer, stream, NULL);
    g_source_attach(timer, stream->host.context);
    return timer;
}

VdtStream *vdt_stream_new(const VdtStreamSpec *spec, const VdtStreamHost *host)
{
    VdtStream *stream = g_atomic_rc_box_new0(VdtStream);

    g_mutex_init(&stream->lock);
    stream->name = g_strdup(spec->name);
    stream->host = *host;
    stream->host.context = g_main_context_ref(host->context);
    stream->changed = spec->changed;
    stream->message = spec->message;
    stream->user_data = spec->user_data;
    stream->user_free = spec->user_free;
    stream->builder = g_atomic_rc_box_new0(Builder);
    *stream->builder = (Builder){spec->build, spec->build_data, spec->build_free};
    stream->source_spec = vdt_source_spec_copy(&spec->source);
    vdt_machine_init(&stream->machine, spec->name, host->seed, &spec->times, vdt_clock_now());
    stream->info = (VdtStreamInfo){.state = VDT_STREAM_STOPPED,
                                   .since = stream->machine.since,
                                   .retry = -1,
                                   .reason = g_strdup("it is not asked to run")};
    stream->faults = vdt_faults_new();
    stream->timer = add_timer(stream);
    stream->waker = add_timer(stream);
    stream->source = vdt_part_new("vdt-source", stream->host.context, &source_callbacks, stream);
    stream->rest = vdt_part_new("vdt-pipeline", stream->host.context, &rest_callbacks, stream);
    stream->feed = vdt_feed_new(wake, stream);
    vdt_feed_set_tap(stream->feed, spec->coded, spec->user_data);
    return stream;
}

static void stream_clear(gpointer data)
{
    VdtStream *stream = data;

    vdt_source_spec_free(stream->source_spec);
    g_atomic_rc_box_release_full(stream->builder, builder_clear);
    vdt_faults_free(stream->faults);
    vdt_feed_unref(stream->feed);
    g_source_unref(stream->timer);
    g_source_unref(stream->waker);
    g_main_context_unref(stream->host.context);
    g_free(stream->info.reason);
    g_free(stream->name);
    g_mutex_clear(&stream->lock);
}

VdtStream *vdt_stream_ref(VdtStream *stream)
{
    return g_atomic_rc_box_acquire(stream);
}

void vdt_stream_unref(VdtStream *stream)
{
    g_atomic_rc_box_release_full(stream, stream_clear);
}

void vdt_stream_turn(VdtStream *stream)
{
    handle(stream, VDT_STREAM_TURN, NULL);
}

void vdt_stream_halt(VdtStream *stream)
{
    stream->leaves = TRUE;
    handle(stream, VDT_STREAM_STOP, NULL);
}

gboolean vdt_stream_is_gone(VdtStream *stream)
{
    return vdt_part_is_gone(stream->source) && vdt_part_is_gone(stream->rest);
}

guint vdt_stream_close(VdtStream *stream)
{
    guint hanging;

    stream->leaves = stream->closed = TRUE;
    vdt_feed_silence(stream->feed);
    vdt_feed_close(stream->feed);
    vdt_feed_set_sink(stream->feed, NULL, 0);
    set_pipeline(stream, NULL);
    g_source_destroy(stream->timer);
    g_source_destroy(stream->waker);
    g_mutex_lock(&stream->lock); /* for who asks about threads that hang */
    hanging = vdt_part_free(g_steal_pointer(&stream->source)) +
              vdt_part_free(g_steal_pointer(&stream->rest));
    g_mutex_unlock(&stream->lock);
    if (stream->user_free)
        stream->user_free(stream->user_data);
    return hanging;
}

/* --- from any thread --- */

typedef struct {
    VdtStream *stream;
    VdtStreamEvent event;
    VdtSourceSpec *source;
    VdtStreamTimes *times;
    char *name, *sentence;
} Order;

static gboolean obey(gpointer data)
{
    Order *order = data;
    VdtStream *stream = order->stream;

    if (stream->leaves)
        return G_SOURCE_REMOVE;
    if (order->times) {
        vdt_machine_set_times(&stream->machine, order->times);
        return G_SOURCE_REMOVE;
    }
    if (order->name) {
        set_fault(stream, order->name, order->sentence, G_MAXINT64);
        return G_SOURCE_REMOVE;
    }
    if (order->event == VDT_STREAM_RELOAD) {
        close_source(stream);
        /* a pipeline is built for a latency */
        if (!order->source || order->source->latency != stream->source_spec->latency)
            drop_rest(stream, TRUE);
        if (order->source) {
            vdt_source_spec_free(stream->source_spec);
            stream->source_spec = g_steal_pointer(&order->source);
        }
    }
    handle(stream, order->event, NULL);
    return G_SOURCE_REMOVE;
}

static void order_free(gpointer data)
{
    Order *order = data;

    if (order->source)
        vdt_source_spec_free(order->source);
    g_free(order->times);
    g_free(order->name);
    g_free(order->sentence);
    vdt_stream_unref(order->stream);
    g_free(order);
}

static void give(VdtStream *stream, const Order *order)
{
    Order *copy = g_memdup2(order, sizeof *order);
    GSource *source = g_idle_source_new();

    copy->stream = vdt_stream_ref(stream);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, obey, copy, order_free);
    g_source_attach(source, stream->host.context);
    g_source_unref(source);
}

const char *vdt_stream_get_name(const VdtStream *stream)
{
    return stream->name;
}

void vdt_stream_start(VdtStream *stream)
{
    give(stream, &(Order){.event = VDT_STREAM_START});
}

void vdt_stream_stop(VdtStream *stream)
{
    give(stream, &(Order){.event = VDT_STREAM_STOP});
}

gboolean vdt_stream_reload(VdtStream *stream, const VdtSourceSpec *source, GError **error)
{
    Order order = {.event = VDT_STREAM_RELOAD};

    if (source && !vdt_source_check(source, error))
        return FALSE;
    if (source)
        order.source = vdt_source_spec_copy(source);
    give(stream, &order);
    return TRUE;
}

void vdt_stream_set_times(VdtStream *stream, const VdtStreamTimes *times)
{
    give(stream, &(Order){.times = g_memdup2(times, sizeof *times)});
}

void vdt_stream_set_fault(VdtStream *stream, const char *name, const char *sentence)
{
    give(stream, &(Order){.name = g_strdup(name), .sentence = g_strdup(sentence)});
}

VdtStreamInfo *vdt_stream_get_info(VdtStream *stream)
{
    VdtStreamInfo *info;

    g_mutex_lock(&stream->lock);
    info = g_memdup2(&stream->info, sizeof stream->info);
    info->reason = g_strdup(info->reason);
    if (stream->source)
        info->hanging = vdt_part_get_hanging(stream->source) + vdt_part_get_hanging(stream->rest);
    g_mutex_unlock(&stream->lock);
    info->codec = vdt_feed_get_codec(stream->feed);
    vdt_feed_get(stream->feed, &info->counts);
    info->frame_age =
        info->counts.last_frame ? MAX(vdt_clock_now() - info->counts.last_frame, 0) : -1;
    return info;
}

void vdt_stream_info_free(VdtStreamInfo *info)
{
    g_free(info->reason);
    g_free(info->codec);
    g_free(info);
}

GstElement *vdt_stream_get_pipeline(VdtStream *stream)
{
    GstElement *pipeline;

    g_mutex_lock(&stream->lock);
    pipeline = stream->pipeline ? gst_object_ref(stream->pipeline) : NULL;
    g_mutex_unlock(&stream->lock);
    return pipeline;
}
