/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of elements and files: pipelines that break, hang and are slow; stopping; what is left.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "fixture.h"

#include <gst/base/gstbasesink.h>
#include <gst/base/gstpushsrc.h>

/* --- elements that do not return --- */

/* Whoever comes here while it is shut stays until it is opened. */
static struct {
    GMutex lock;
    GCond cond;
    gboolean shut;
    guint inside;
} trap;

static void enter_trap(void)
{
    g_mutex_lock(&trap.lock);
    trap.inside++;
    while (trap.shut)
        g_cond_wait(&trap.cond, &trap.lock);
    trap.inside--;
    g_mutex_unlock(&trap.lock);
}

static guint count_trapped(void)
{
    guint n;

    g_mutex_lock(&trap.lock);
    n = trap.inside;
    g_mutex_unlock(&trap.lock);
    return n;
}

static void shut_trap(void)
{
    g_mutex_lock(&trap.lock);
    trap.shut = TRUE;
    g_mutex_unlock(&trap.lock);
}

static void open_trap(void)
{
    g_mutex_lock(&trap.lock);
    trap.shut = FALSE;
    g_cond_broadcast(&trap.cond);
    g_mutex_unlock(&trap.lock);
}

typedef struct {
    GstPushSrc parent;
    guint n;
} HangSrc;
typedef GstPushSrcClass HangSrcClass;
GType hang_src_get_type(void);
G_DEFINE_TYPE(HangSrc, hang_src, GST_TYPE_PUSH_SRC)

/* Five frames, and then it hears nothing. */
static GstFlowReturn hang_create(GstPushSrc *src, GstBuffer **buffer)
{
    HangSrc *self = (HangSrc *)src;

    if (++self->n > 5)
        enter_trap();
    *buffer = gst_buffer_new_allocate(NULL, 16, NULL);
    GST_BUFFER_PTS(*buffer) = self->n * GST_SECOND / 15;
    return GST_FLOW_OK;
}

static void hang_src_class_init(HangSrcClass *klass)
{
    static GstStaticPadTemplate pad = GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                                                              GST_STATIC_CAPS("video/x-test"));

    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(klass), &pad);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "Hangs", "Source", "Hangs",
                                          "Vedette");
    GST_PUSH_SRC_CLASS(klass)->create = hang_create;
}

static void hang_src_init(HangSrc *self)
{
    GstBaseSrc *src = GST_BASE_SRC(self);

    gst_base_src_set_live(src, TRUE);
    gst_base_src_set_format(src, GST_FORMAT_TIME);
}

typedef GstBaseSink HangSink;
typedef GstBaseSinkClass HangSinkClass;
GType hang_sink_get_type(void);
G_DEFINE_TYPE(HangSink, hang_sink, GST_TYPE_BASE_SINK)

static GstFlowReturn hang_render(GstBaseSink *sink, GstBuffer *buffer)
{
    enter_trap();
    return GST_FLOW_OK;
}

static void hang_sink_class_init(HangSinkClass *klass)
{
    static GstStaticPadTemplate pad =
        GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

    gst_element_class_add_static_pad_template(GST_ELEMENT_CLASS(klass), &pad);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "Hangs", "Sink", "Hangs",
                                          "Vedette");
    GST_BASE_SINK_CLASS(klass)->render = hang_render;
}

static void hang_sink_init(HangSink *sink) {}

/* How long the supervisor took to stop, in s; @hanging are left, in the trap. */
static double pair_finish(Pair *pair, guint hanging)
{
    const double took = pair_stop(pair, hanging);

    open_trap();
    pair_clear(pair);
    return took;
}

/* Of what takes under 3 s by itself, on a machine that may be busy. */
#define STOP_MOST 3.5

static void test_lives(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;

    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, DECODE);
    wait_pictures(&pair.seen, 10);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpint(info->state, ==, VDT_STREAM_LIVE);
    g_assert_cmpstr(info->reason, ==, "frames come");
    g_assert_cmpstr(info->codec, ==, "video/x-h264");
    g_assert_cmpuint(info->connects, ==, 1);
    g_assert_cmpuint(info->reconnects, ==, 0);
    g_assert_cmpuint(info->counts.frames, >=, 10);
    g_assert_cmpuint(info->counts.bytes, >, info->counts.frames);
    g_assert_cmpint(info->frame_age, >=, 0);
    vdt_stream_stop(pair.seen.stream);
    wait_state(&pair.seen, VDT_STREAM_STOPPED);
    g_assert_null(vdt_stream_get_pipeline(pair.seen.stream));
    vdt_stream_start(pair.seen.stream);
    wait_pictures(&pair.seen, 10);
    check_times(&pair.seen);
    g_assert_cmpfloat(pair_finish(&pair, 0), <, STOP_MOST);
}

static void test_removed(void)
{
    Pair pair;

    pair_init(&pair);
    for (guint i = 0; i < 10; i++) {
        Seen seen;

        seen_init(&seen, pair.supervisor, "camera", NULL, CODED, DECODE);
        if (i % 2)
            wait_pictures(&seen, 2);
        vdt_supervisor_remove(pair.supervisor, seen.stream);
        vdt_supervisor_remove(pair.supervisor, seen.stream); /* again: nothing */
        wait_state(&seen, VDT_STREAM_STOPPED);
        vdt_stream_start(seen.stream); /* too late */
        wait_until(g_atomic_int_get(&seen.done));
        seen_clear(&seen);
    }
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, DECODE);
    pair_end(&pair);
}

/* Streams come and go at any moment of their lives, and the one beside them misses no frame. */
static void test_churn(void)
{
    static const char *const sources[] = {CODED, "hangsrc", "fakesrc num-buffers=3 ! nothing"};
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Pair pair;
    Seen seen[8];
    gboolean there[G_N_ELEMENTS(seen)] = {FALSE};

    pair_init(&pair);
    for (guint step = 0; step < 80; step++) {
        const guint i = (guint)g_rand_int_range(random, 0, G_N_ELEMENTS(seen));

        if (there[i]) {
            vdt_supervisor_remove(pair.supervisor, seen[i].stream);
            wait_until(g_atomic_int_get(&seen[i].done));
            seen_clear(&seen[i]);
        } else {
            seen_init(&seen[i], pair.supervisor, "camera", NULL, sources[step % 3], DECODE);
        }
        there[i] = !there[i];
        g_usleep((gulong)g_rand_int_range(random, 0, 100000));
    }
    pair_stop(&pair, 0);
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
        if (there[i])
            seen_clear(&seen[i]);
    seen_clear(&pair.good);
}

/* --- the thread of it all --- */

static void hang_in_callback(VdtStream *stream, gpointer data)
{
    enter_trap();
}

static GstElement *build_nothing(const char *stream, gpointer data, GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "there is nothing to build");
    return NULL;
}

static void test_beat(void)
{
    VdtSupervisor *supervisor = fixture_supervisor();
    VdtStreamSpec spec = {.name = "camera",
                          .source = {.launch = CODED},
                          .times = fixture_times(),
                          .build = build_nothing,
                          .changed = hang_in_callback};
    const gint64 begin = vdt_supervisor_get_beat(supervisor);
    g_autoptr(VdtStream) stream = NULL;
    gint64 last;

    wait_until(vdt_supervisor_get_beat(supervisor) > begin);
    shut_trap();
    stream = vdt_supervisor_add(supervisor, &spec, NULL);
    vdt_stream_start(stream);
    wait_until(count_trapped() == 1);
    last = vdt_supervisor_get_beat(supervisor);
    wait_until(vdt_clock_now() - last > 4 * VDT_SECOND);
    g_assert_cmpint(vdt_supervisor_get_beat(supervisor), ==, last);
    open_trap();
    wait_until(vdt_supervisor_get_beat(supervisor) > last);
    g_assert_cmpuint(vdt_supervisor_free(supervisor), ==, 0);
}

/* --- faults --- */

static char *get_reason(Seen *seen)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);

    return g_steal_pointer(&info->reason);
}

static void test_faults(void)
{
    Pair pair;
    g_autofree char *reason = NULL;

    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, DECODE);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    vdt_stream_set_fault(pair.seen.stream, "record", "the source to record is down");
    wait_state(&pair.seen, VDT_STREAM_DEGRADED);
    reason = get_reason(&pair.seen);
    g_assert_cmpstr(reason, ==, "the source to record is down");
    vdt_stream_set_fault(pair.seen.stream, "record", NULL);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    pair_end(&pair);
}

static guint64 count_breaks(Seen *seen)
{
    guint64 n;

    g_mutex_lock(&seen->lock);
    n = seen->breaks;
    g_mutex_unlock(&seen->lock);
    return n;
}

/* A pipeline that takes a third of the frames: none waits for long, and it says so. */
static void test_slow(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;
    g_autofree char *reason = NULL;

    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED,
              "identity name=tap sleep-time=200000 ! fakesink sync=false name=sink");
    wait_state(&pair.seen, VDT_STREAM_DEGRADED);
    reason = get_reason(&pair.seen);
    g_assert_nonnull(strstr(reason, "slower than its source"));
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->counts.dropped, >, 0);
    g_assert_cmpuint(info->counts.waiting, <, 3 * 15);
    /* who looks at what comes misses nothing */
    g_mutex_lock(&pair.seen.lock);
    g_assert_cmpuint(pair.seen.coded, >=, info->counts.frames - 1);
    g_mutex_unlock(&pair.seen.lock);
    /* what follows what was dropped is a keyframe */
    wait_until(count_breaks(&pair.seen) > 1);
    g_mutex_lock(&pair.seen.lock);
    g_assert_cmpuint(pair.seen.torn, ==, 0);
    g_mutex_unlock(&pair.seen.lock);
    g_assert_cmpuint(info->connects, ==, 1);
    check_times(&pair.seen);
    pair_end(&pair);
}

/* Frames go in, and none comes out. */
static void test_no_output(void)
{
    Pair pair;
    g_autofree char *reason = NULL;
    VdtStreamSpec spec = {.source = {.launch = CODED}, .times = fixture_times()};

    pair_init(&pair);
    spec.times.hang = 3 * VDT_SECOND;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "identity name=tap ! valve name=valve drop=true ! fakesink async=false");
    wait_state(&pair.seen, VDT_STREAM_DEGRADED);
    reason = get_reason(&pair.seen);
    g_assert_nonnull(strstr(reason, "none comes out"));
    {
        g_autoptr(GstElement) pipeline = vdt_stream_get_pipeline(pair.seen.stream);
        g_autoptr(GstElement) valve = gst_bin_get_by_name(GST_BIN(pipeline), "valve");

        g_object_set(valve, "drop", FALSE, NULL);
    }
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    pair_end(&pair);
}

/* A decoder that lost what a camera sends once: it is connected anew, once. */
static void test_deaf(void)
{
    Pair pair;
    VdtStreamSpec spec = {.source = {.launch = CODED}, .times = fixture_times()};

    pair_init(&pair);
    spec.times.hang = 3 * VDT_SECOND;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_pictures(&pair.seen, 5);
    g_atomic_int_set(&pair.seen.deaf, TRUE);
    wait_until(!g_atomic_int_get(&pair.seen.deaf));
    wait_pictures(&pair.seen, 5);
    g_assert_true(was_told(&pair.seen, "none comes out of its pipeline, so it is connected anew"));
    g_assert_cmpuint(get_connects(&pair.seen), ==, 2);
    /* if that does not help, it says so and stays */
    g_atomic_int_set(&pair.seen.deaf, 2);
    wait_state(&pair.seen, VDT_STREAM_DEGRADED);
    g_assert_cmpuint(get_connects(&pair.seen), ==, 3);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    pair_end(&pair);
}

/* --- pipelines that break --- */

static void test_crashes(void)
{
    Pair pair;
    g_autofree char *reason = NULL;
    VdtStreamSpec spec = {.source = {.launch = CODED}, .times = fixture_times()};

    pair_init(&pair);
    spec.times.crashes = 3;
    spec.times.slow_retry = VDT_SECOND;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "identity name=tap error-after=10 ! fakesink");
    wait_state(&pair.seen, VDT_STREAM_FAILED);
    reason = get_reason(&pair.seen);
    g_assert_nonnull(strstr(reason, "its pipeline broke: tap: "));
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 3);
    /* tried again, seldom */
    wait_state_count(&pair.seen, VDT_STREAM_FAILED, 2);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 4);
    pair_end(&pair);
}

/* It says what it has no use for. */
static void test_takes_another_codec(void)
{
    Pair pair;

    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, "avdec_h265 ! fakesink");
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 1);
    g_assert_true(was_told(&pair.seen, "its pipeline broke: it does not take video/x-h264"));
    pair_end(&pair);
}

static void test_cannot_be_built(void)
{
    Pair pair;

    pair_init(&pair);
    /* set before it is started, since it starts at once */
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, DECODE);
    wait_pictures(&pair.seen, 2);
    g_atomic_int_set(&pair.seen.fails, 2);
    g_assert_true(vdt_stream_reload(pair.seen.stream, NULL, NULL));
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2);
    wait_pictures(&pair.seen, 5);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 4);
    pair_end(&pair);
}

/* --- what hangs --- */

static void test_source_hangs(void)
{
    Pair pair;

    shut_trap();
    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, "hangsrc",
              "identity name=tap ! fakesink name=sink sync=false");
    wait_state_count(&pair.seen, VDT_STREAM_STALLED, 2);
    wait_until(get_hanging(&pair.seen) == 2);
    /* no more threads than that */
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF,
                     count_state(&pair.seen, VDT_STREAM_BACKOFF) + 3);
    g_assert_cmpuint(get_hanging(&pair.seen), ==, 2);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    g_assert_cmpfloat(pair_finish(&pair, 2), <, STOP_MOST);
}

static void test_pipeline_hangs(void)
{
    Pair pair;
    VdtStreamSpec spec = {.source = {.launch = CODED}, .times = fixture_times()};

    shut_trap();
    pair_init(&pair);
    spec.times.hang = 2 * VDT_SECOND;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, "identity name=tap ! hangsink");
    wait_state(&pair.seen, VDT_STREAM_FAILED);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 2);
    g_assert_cmpuint(get_hanging(&pair.seen), ==, 2);
    g_assert_cmpfloat(pair_finish(&pair, 2), <, STOP_MOST);
}

static void test_build_hangs(void)
{
    Pair pair;
    VdtStreamSpec spec = {.source = {.launch = CODED}, .times = fixture_times()};

    shut_trap();
    pair_init(&pair);
    spec.times.build = VDT_SECOND;
    fixture_in_build = enter_trap;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2);
    wait_until(get_hanging(&pair.seen) == 2);
    fixture_in_build = NULL;
    /* once they come back, it goes on */
    open_trap();
    wait_pictures(&pair.seen, 5);
    pair_end(&pair);
}

/* --- stopping --- */

static void test_stop(void)
{
    VdtSupervisor *supervisor = fixture_supervisor();
    Seen seen[8];
    gint64 begin;

    shut_trap();
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++) {
        g_autofree char *name = g_strdup_printf("camera-%u", i);

        seen_init(&seen[i], supervisor, name, NULL, i == 7 ? "hangsrc" : CODED,
                  i == 6 ? "identity name=tap ! hangsink" : DECODE);
    }
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
        wait_state_count(&seen[i], VDT_STREAM_LIVE, 1);
    wait_until(count_trapped() == 2);
    begin = g_get_monotonic_time();
    g_assert_cmpuint(vdt_supervisor_free(supervisor), ==, 2);
    g_test_message("stopped after %.2f s",
                   (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
    g_assert_cmpfloat((double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC, <, STOP_MOST);
    open_trap();
    fixture_wait_threads();
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
        seen_clear(&seen[i]);
}

/* What is in a pipeline when it is stopped comes out: a film is finished. */
static void test_film_is_finished(void)
{
    Pair pair;
    g_autofree char *folder = g_dir_make_tmp("vedette-film-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "film.mp4", NULL);
    g_autofree char *launch = g_strdup_printf(
        "h264parse name=tap ! mp4mux ! filesink name=film location=%s sync=false", path);
    g_autofree char *film = NULL;
    gsize size;

    pair_init(&pair);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, CODED, launch);
    wait_frames(&pair.seen, 20);
    vdt_stream_stop(pair.seen.stream);
    wait_state(&pair.seen, VDT_STREAM_STOPPED);
    pair_end(&pair);
    g_assert_true(g_file_get_contents(path, &film, &size, NULL));
    /* the index of the film is written at its end */
    g_assert_nonnull(memmem(film, size, "moov", 4));
    g_unlink(path);
    g_rmdir(folder);
}

/* --- files --- */

/* A film takes its time, has pictures in another order than they are coded in, and begins anew. */
static void test_file(void)
{
    Pair pair;
    g_autofree char *folder = g_dir_make_tmp("vedette-film-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "film.mp4", NULL);
    g_autofree char *uri = g_filename_to_uri(path, NULL, NULL);
    VdtStreamSpec spec = {.source = {.uri = uri}, .times = fixture_times()};
    gint64 begin;

    fixture_film(path, "mp4mux");
    pair_init(&pair);
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "avdec_h264 ! identity name=tap ! fakesink sync=false name=sink");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    begin = g_get_monotonic_time();
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 3);
    g_assert_cmpint(g_get_monotonic_time() - begin, >, 2 * G_USEC_PER_SEC);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    check_times(&pair.seen);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    pair_end(&pair);
    g_unlink(path);
    g_rmdir(folder);
}

/* --- sources that somebody else makes --- */

typedef struct {
    gint refs;  /* atomic */
    gint makes; /* atomic; the second one fails */
} Maker;

static GstElement *make_source(gpointer data, GError **error)
{
    Maker *maker = data;

    if (g_atomic_int_add(&maker->makes, 1) != 1)
        return gst_parse_bin_from_description("videotestsrc is-live=true num-buffers=20 ! "
                                              "capsfilter caps=video/x-raw,width=64,framerate=15/1",
                                              TRUE, error);
    g_set_error(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "there is no such thing");
    return NULL;
}

static gpointer ref_maker(gpointer data)
{
    g_atomic_int_inc(&((Maker *)data)->refs);
    return data;
}

static void unref_maker(gpointer data)
{
    g_atomic_int_add(&((Maker *)data)->refs, -1);
}

static void test_made(void)
{
    Pair pair;
    Maker maker = {0};
    VdtStreamSpec spec = {.source = {.build = make_source,
                                     .build_data = &maker,
                                     .build_ref = ref_maker,
                                     .build_unref = unref_maker,
                                     .shown = "the door"},
                          .times = fixture_times()};
    g_autoptr(VdtStreamInfo) info = NULL;

    pair_init(&pair);
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "identity name=tap ! fakesink sync=false name=sink");
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 3);
    wait_frames(&pair.seen, 5);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_NOT_FOUND], ==, 1);
    g_assert_cmpuint(info->events[VDT_STREAM_ENDED], >=, 2);
    g_assert_true(was_told(&pair.seen, "connects to the door"));
    check_times(&pair.seen);
    pair_end(&pair);
    g_assert_cmpint(g_atomic_int_get(&maker.refs), ==, 0);
}

/* --- sources that there cannot be --- */

static void test_check(void)
{
    static const struct {
        VdtSourceSpec spec;
        const char *says;
    } bad[] = {
        {{.uri = NULL}, "neither"},
        {{.uri = "rtsp://a/b", .launch = "videotestsrc"}, "both"},
        {{.uri = "rtsp://a/b", .user = "u"}, "no password"},
        {{.uri = "rtsp://a/b", .password = "geheim"}, "no user"},
        {{.uri = "rtsp://u:geheim@a/b"}, "apart"},
        {{.uri = "rtsp://u:geheim@a b/%%"}, "source"},
        {{.uri = "ftp://u:geheim@a/b"}, "begins with"},
        {{.uri = "camera"}, "begins with"},
    };
    static const VdtSourceSpec good[] = {{.uri = "rtsp://127.0.0.1:554/a?b=c"},
                                         {.uri = "RTSPS://a/b", .user = "u", .password = ""},
                                         {.uri = "http://a/b"},
                                         {.uri = "file:///a%20b"},
                                         {.launch = "videotestsrc"}};
    g_autofree char *shown = vdt_source_describe(&good[0]);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(vdt_source_check(&bad[i].spec, &error));
        g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
        g_assert_nonnull(strstr(error->message, bad[i].says));
        g_assert_null(strstr(error->message, "geheim"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(vdt_source_check(&good[i], &error));
        g_assert_no_error(error);
    }
    g_assert_cmpstr(shown, ==, "rtsp://127.0.0.1:554/a");
}

/* --- what is left --- */

static guint count_entries(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* A camera that is away for long costs nothing that grows. */
static void test_away(void)
{
    VdtSupervisor *supervisor = fixture_supervisor();
    Peer peer;
    Seen seen;
    guint threads, files;
    VdtStreamSpec spec = {.times = fixture_times()};
    g_autofree char *uri = NULL;

    peer_init(&peer);
    uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera", peer.port);
    spec.source = (VdtSourceSpec){.uri = uri, .latency = 100, .timeout = VDT_SECOND};
    spec.times.backoff = (VdtBackoffLimits){.first = VDT_SECOND / 100, .most = VDT_SECOND / 50};
    seen_init_spec(&seen, supervisor, "camera", &spec, DECODE);
    wait_until(get_connects(&seen) >= 20);
    threads = count_entries("/proc/self/task");
    files = count_entries("/proc/self/fd");
    wait_until(get_connects(&seen) >= 120);
    g_test_message("%u threads, %u files before 100 attempts; %u, %u after", threads, files,
                   count_entries("/proc/self/task"), count_entries("/proc/self/fd"));
    /* one attempt may be under way, then and now */
    wait_until(count_entries("/proc/self/task") <= threads + 3);
    wait_until(count_entries("/proc/self/fd") <= files + 6);
    g_assert_cmpuint(vdt_supervisor_free(supervisor), ==, 0);
    seen_clear(&seen);
    peer_clear(&peer);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    gst_element_register(NULL, "hangsrc", GST_RANK_NONE, hang_src_get_type());
    gst_element_register(NULL, "hangsink", GST_RANK_NONE, hang_sink_get_type());
    g_test_add_func("/supervisor/lives", test_lives);
    g_test_add_func("/supervisor/removed", test_removed);
    g_test_add_func("/supervisor/churn", test_churn);
    g_test_add_func("/supervisor/beat", test_beat);
    g_test_add_func("/supervisor/faults", test_faults);
    g_test_add_func("/supervisor/slow", test_slow);
    g_test_add_func("/supervisor/no-output", test_no_output);
    g_test_add_func("/supervisor/deaf", test_deaf);
    g_test_add_func("/supervisor/crashes", test_crashes);
    g_test_add_func("/supervisor/takes-another-codec", test_takes_another_codec);
    g_test_add_func("/supervisor/cannot-be-built", test_cannot_be_built);
    g_test_add_func("/supervisor/source-hangs", test_source_hangs);
    g_test_add_func("/supervisor/pipeline-hangs", test_pipeline_hangs);
    g_test_add_func("/supervisor/build-hangs", test_build_hangs);
    g_test_add_func("/supervisor/stop", test_stop);
    g_test_add_func("/supervisor/film-is-finished", test_film_is_finished);
    g_test_add_func("/supervisor/file", test_file);
    g_test_add_func("/supervisor/made", test_made);
    g_test_add_func("/supervisor/check", test_check);
    g_test_add_func("/supervisor/away", test_away);
    return fixture_run();
}
