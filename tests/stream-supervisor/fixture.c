/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "fixture.h"

#include "stream/part.h"

#include <signal.h>

void fixture_init(int *argc, char ***argv)
{
    gst_init(argc, argv);
    g_test_init(argc, argv, NULL);
}

void fixture_wait(gint64 *end, const char *file, int line, const char *function,
                  const char *condition)
{
    if (*end == 0)
        *end = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    if (g_get_monotonic_time() > *end)
        g_assertion_message_expr(G_LOG_DOMAIN, file, line, function, condition);
    g_usleep(5000);
}

void fixture_wait_threads(void)
{
    wait_until(vdt_part_count_threads() == 0);
}

int fixture_run(void)
{
    const int failed = g_test_run();

    fixture_wait_threads();
    gst_deinit();
    return failed;
}

/* --- streams --- */

/* Of a long test nobody asks what was told at its beginning. */
#define MOST_TOLD 100000

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    const GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstClockTime pts = GST_BUFFER_PTS(buffer);
    const gboolean breaks = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    seen->frames++;
    seen->breaks += breaks;
    if (breaks && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
        seen->torn++;
    if (GST_CLOCK_TIME_IS_VALID(seen->last)) {
        if (pts <= seen->last)
            seen->back = TRUE;
        else if (!breaks)
            seen->widest = MAX(seen->widest, pts - seen->last);
    }
    seen->last = pts;
    gst_caps_replace(&seen->caps, caps);
    g_mutex_unlock(&seen->lock);
    if (breaks)
        g_atomic_int_compare_and_exchange(&seen->deaf, 1, 0);
    return g_atomic_int_get(&seen->deaf) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstPadProbeReturn on_picture(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    seen->decoded++;
    if (caps)
        gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &seen->width);
    g_mutex_unlock(&seen->lock);
    return GST_PAD_PROBE_OK;
}

static void add_probe(GstElement *bin, const char *name, const char *pad_name,
                      GstPadProbeCallback probe, gpointer data)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(bin), name);
    g_autoptr(GstPad) pad = element ? gst_element_get_static_pad(element, pad_name) : NULL;

    if (pad)
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, probe, data, NULL);
}

void (*fixture_in_build)(void);

static GstElement *build(const char *stream, gpointer data, GError **error)
{
    Seen *seen = data;
    GstElement *bin;

    g_atomic_int_inc(&seen->builds);
    if (g_atomic_int_get(&seen->fails) > 0) {
        g_atomic_int_add(&seen->fails, -1);
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "it was told to fail");
        return NULL;
    }
    bin = vdt_pipeline_parse(seen->launch, error);
    g_assert_no_error(*error);
    /* another pipeline counts time anew */
    g_mutex_lock(&seen->lock);
    seen->last = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&seen->lock);
    add_probe(bin, "tap", "sink", on_frame, seen);
    add_probe(bin, "sink", "sink", on_picture, seen);
    if (fixture_in_build)
        fixture_in_build();
    return bin;
}

static void on_changed(VdtStream *stream, gpointer data)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(stream);
    Seen *seen = data;

    g_test_message("%s: %s: %s", vdt_stream_get_name(stream), vdt_stream_state_name(info->state),
                   info->reason);
    g_mutex_lock(&seen->lock);
    seen->states[info->state]++;
    if (seen->told->len > MOST_TOLD)
        g_string_truncate(seen->told, 0);
    g_string_append_printf(seen->told, "%s\n", info->reason);
    g_mutex_unlock(&seen->lock);
}

static void on_message(VdtStream *stream, GstMessage *message, gpointer data)
{
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    seen->messages++;
    g_mutex_unlock(&seen->lock);
}

static void on_done(gpointer data)
{
    g_atomic_int_set(&((Seen *)data)->done, TRUE);
}

void fixture_film(const char *path, const char *muxer)
{
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=15 ! video/x-raw,width=64,height=48,framerate=15/1 ! x264enc ! "
        "h264parse ! %s ! filesink location=%s",
        muxer, path);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);
    g_autoptr(GstBus) bus = NULL;
    g_autoptr(GstMessage) message = NULL;

    g_assert_no_error(error);
    bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS);
    g_assert_nonnull(message);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

VdtStreamTimes fixture_times(void)
{
    VdtStreamTimes times = vdt_stream_times_default;

    times.stall = 5 * VDT_SECOND / 2;
    times.patience = 2 * VDT_SECOND;
    times.settle = 2 * VDT_SECOND;
    times.backoff = (VdtBackoffLimits){.first = VDT_SECOND / 5, .most = VDT_SECOND};
    return times;
}

VdtSupervisor *fixture_supervisor(void)
{
    return vdt_supervisor_new(&vdt_supervisor_options_default);
}

/* Their times go on, but for pictures that are shown in another order than they are coded in. */
static void on_coded(GstBuffer *buffer, GstCaps *caps, gpointer data)
{
    Seen *seen = data;
    const gint64 time = (gint64)GST_BUFFER_DTS_OR_PTS(buffer);

    g_assert_nonnull(caps);
    g_mutex_lock(&seen->lock);
    seen->coded_back |= time < seen->coded_last - VDT_SECOND;
    seen->coded_last = MAX(seen->coded_last, time);
    seen->coded++;
    g_mutex_unlock(&seen->lock);
}

void seen_init_spec(Seen *seen, VdtSupervisor *supervisor, const char *name, VdtStreamSpec *spec,
                    const char *launch)
{
    g_autoptr(GError) error = NULL;

    *seen = (Seen){.launch = launch, .last = GST_CLOCK_TIME_NONE, .told = g_string_new(NULL)};
    g_mutex_init(&seen->lock);
    spec->name = name;
    spec->build = build;
    spec->build_data = spec->user_data = seen;
    spec->changed = on_changed;
    spec->message = on_message;
    spec->coded = on_coded;
    spec->user_free = on_done;
    seen->stream = vdt_supervisor_add(supervisor, spec, &error);
    g_assert_no_error(error);
    vdt_stream_start(seen->stream);
}

void seen_init(Seen *seen, VdtSupervisor *supervisor, const char *name, const Peer *peer,
               const char *source, const char *launch)
{
    g_autofree char *uri = peer ? g_strdup_printf("rtsp://127.0.0.1:%u/camera", peer->port) : NULL;
    VdtStreamSpec spec = {
        .source = {.uri = uri, .launch = source, .latency = 100, .timeout = 5 * VDT_SECOND},
        .times = fixture_times()};

    seen_init_spec(seen, supervisor, name, &spec, launch);
}

void seen_clear(Seen *seen)
{
    vdt_stream_unref(seen->stream);
    gst_clear_caps(&seen->caps);
    g_string_free(seen->told, TRUE);
}

static VdtStreamState get_state(Seen *seen)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);

    return info->state;
}

void wait_state(Seen *seen, VdtStreamState state)
{
    wait_until(get_state(seen) == state);
}

guint count_state(Seen *seen, VdtStreamState state)
{
    guint n;

    g_mutex_lock(&seen->lock);
    n = seen->states[state];
    g_mutex_unlock(&seen->lock);
    return n;
}

void wait_state_count(Seen *seen, VdtStreamState state, guint n)
{
    wait_until(count_state(seen, state) >= n);
}

static guint64 get_counter(Seen *seen, const guint64 *counter)
{
    guint64 value;

    g_mutex_lock(&seen->lock);
    value = *counter;
    g_mutex_unlock(&seen->lock);
    return value;
}

void wait_frames(Seen *seen, guint n)
{
    const guint64 goal = get_counter(seen, &seen->frames) + n;

    wait_until(get_counter(seen, &seen->frames) >= goal);
}

void wait_pictures(Seen *seen, guint n)
{
    const guint64 goal = get_counter(seen, &seen->decoded) + n;

    wait_until(get_counter(seen, &seen->decoded) >= goal);
}

guint64 get_connects(Seen *seen)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);

    return info->connects;
}

guint get_hanging(Seen *seen)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);

    return info->hanging;
}

gboolean was_told(Seen *seen, const char *text)
{
    gboolean told;

    g_mutex_lock(&seen->lock);
    told = strstr(seen->told->str, text) != NULL;
    g_mutex_unlock(&seen->lock);
    return told;
}

void check_times(Seen *seen)
{
    g_mutex_lock(&seen->lock);
    g_assert_false(seen->back);
    g_assert_false(seen->coded_back);
    g_mutex_unlock(&seen->lock);
}

void check_untouched(Seen *seen, GstElement *pipeline)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);
    g_autoptr(GstElement) now = vdt_stream_get_pipeline(seen->stream);

    check_times(seen);
    g_assert_true(now == pipeline);
    g_assert_cmpuint(info->connects, ==, 1);
    g_assert_cmpuint(info->stalls, ==, 0);
    g_assert_cmpuint(info->counts.dropped, ==, 0);
    g_mutex_lock(&seen->lock);
    g_assert_cmpuint(seen->breaks, ==, 1);
    /* 15 frames a second */
    g_assert_cmpuint(seen->widest, <, GST_SECOND / 10);
    g_mutex_unlock(&seen->lock);
}

/* --- pairs --- */

static void begin_good(Pair *pair)
{
    wait_frames(&pair->good, 5);
    /* a server's first frame lies some way before its second */
    g_mutex_lock(&pair->good.lock);
    pair->good.widest = 0;
    g_mutex_unlock(&pair->good.lock);
    pair->good_pipeline = vdt_stream_get_pipeline(pair->good.stream);
    g_assert_nonnull(pair->good_pipeline);
}

void pair_init(Pair *pair)
{
    *pair = (Pair){.supervisor = fixture_supervisor()};
    seen_init(&pair->good, pair->supervisor, "good", NULL, CODED, DECODE);
    begin_good(pair);
}

void pair_init_cameras(Pair *pair, const char *options)
{
    *pair = (Pair){.supervisor = fixture_supervisor(), .of_cameras = TRUE};
    peer_init(&pair->peer);
    peer_init(&pair->good_peer);
    if (options)
        peer_serve(&pair->peer, options);
    peer_serve(&pair->good_peer, "h264");
    seen_init(&pair->good, pair->supervisor, "good", &pair->good_peer, NULL, DECODE);
    begin_good(pair);
}

void pair_begin_cameras(Pair *pair, const char *options)
{
    pair_init_cameras(pair, options);
    seen_init(&pair->seen, pair->supervisor, "camera", &pair->peer, NULL, DECODE);
}

double pair_stop(Pair *pair, guint hanging)
{
    gint64 begin;

    wait_frames(&pair->good, 5);
    check_untouched(&pair->good, pair->good_pipeline);
    gst_clear_object(&pair->good_pipeline);
    begin = g_get_monotonic_time();
    g_assert_cmpuint(vdt_supervisor_free(pair->supervisor), ==, hanging);
    return (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
}

void pair_clear(Pair *pair)
{
    /* what hung may still look at what is cleared */
    fixture_wait_threads();
    seen_clear(&pair->seen);
    seen_clear(&pair->good);
    if (pair->of_cameras) {
        peer_clear(&pair->peer);
        peer_clear(&pair->good_peer);
    }
}

void pair_end(Pair *pair)
{
    pair_stop(pair, 0);
    pair_clear(pair);
}
