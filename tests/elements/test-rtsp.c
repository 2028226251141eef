/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A camera over RTSP, from end to end, and one that goes away. */
#include "demo/camera.h"
#include "fixture.h"

typedef struct {
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    VdtRtspCamera *camera;
} Server;

static gpointer serve(gpointer data)
{
    Server *server = data;

    g_main_context_push_thread_default(server->context);
    g_main_loop_run(server->loop);
    g_main_context_pop_thread_default(server->context);
    return NULL;
}

static void server_start(Server *server)
{
    g_autoptr(GError) error = NULL;

    server->context = g_main_context_new();
    server->loop = g_main_loop_new(server->context, FALSE);
    server->camera = vdt_rtsp_camera_new(1, server->context, &error);
    g_assert_no_error(error);
    server->thread = g_thread_new("camera", serve, server);
}

static void server_stop(Server *server)
{
    g_main_loop_quit(server->loop);
    g_thread_join(server->thread);
    vdt_rtsp_camera_free(server->camera);
    while (g_main_context_iteration(server->context, FALSE))
        continue;
    g_main_loop_unref(server->loop);
    g_main_context_unref(server->context);
}

static GstElement *pipeline_new(const Server *server)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch = g_strdup_printf(
        "rtspsrc location=%s latency=100 protocols=tcp ! rtph264depay ! h264parse ! avdec_h264 ! "
        "squeezetime-recognizer name=r window=1 interval=0.25 model=\"%s\" ! fakesink sync=true",
        vdt_rtsp_camera_get_url(server->camera), card);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);

    g_assert_no_error(error);
    return pipeline;
}

/* Waits for the first message, whose window is as long as it should be, and for @n results: the
 * jitter buffer moves times by some frames if a busy machine sent the first ones late. */
static void wait_results(GstElement *pipeline, GstBus *bus, guint n)
{
    g_autoptr(GstElement) recognizer = gst_bin_get_by_name(GST_BIN(pipeline), "r");
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
    guint64 duration;

    while (message && !gst_message_has_name(message, "squeezetime-recognizer")) {
        gst_message_unref(message);
        message = gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND,
                                             GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
    }
    g_assert_nonnull(message);
    g_assert_cmpint(GST_MESSAGE_TYPE(message), ==, GST_MESSAGE_ELEMENT);
    gst_structure_get(gst_message_get_structure(message), "duration", G_TYPE_UINT64, &duration,
                      NULL);
    g_assert_cmpuint(duration, >, 750 * GST_MSECOND);
    g_assert_cmpuint(duration, <, 1250 * GST_MSECOND);
    fixture_wait_stat(recognizer, "results", n);
}

static void stop_quickly(GstElement *pipeline)
{
    const gint64 begin = g_get_monotonic_time();

    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
    gst_object_unref(pipeline);
}

static void test_stream(void)
{
    Server server;
    GstElement *pipeline;
    g_autoptr(GstBus) bus = NULL;
    g_autoptr(GstElement) recognizer = NULL;

    server_start(&server);
    pipeline = pipeline_new(&server);
    recognizer = gst_bin_get_by_name(GST_BIN(pipeline), "r");
    bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    wait_results(pipeline, bus, 5);
    g_assert_cmpuint(fixture_stat(recognizer, "frames"), >=, 45);
    g_assert_cmpuint(fixture_stat(recognizer, "results"), >=, 5);
    g_clear_object(&recognizer);
    gst_bus_set_flushing(bus, TRUE);
    stop_quickly(pipeline);
    server_stop(&server);
}

/* GStreamer's server may still send to a client whose watch it has just let go. */
static gboolean is_fatal(const char *domain, GLogLevelFlags level, const char *message,
                         gpointer data)
{
    return g_strcmp0(domain, "GStreamer-RTSP") != 0 ||
           strstr(message, "gst_rtsp_watch_send_messages") == NULL;
}

/* The camera goes away in the middle: whatever the source makes of it, nothing hangs. */
static void test_camera_goes_away(void)
{
    Server server;
    GstElement *pipeline;
    g_autoptr(GstBus) bus = NULL;

    g_test_log_set_fatal_handler(is_fatal, NULL);
    server_start(&server);
    pipeline = pipeline_new(&server);
    bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    wait_results(pipeline, bus, 1);
    server_stop(&server);
    g_usleep(G_USEC_PER_SEC / 4);
    gst_bus_set_flushing(bus, TRUE);
    stop_quickly(pipeline);
}

/* Frames as they come out of a pipeline: their times go on, a frame or two apart. */
static GstPadProbeReturn check_time(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    GstClockTime *last = data;

    if (GST_CLOCK_TIME_IS_VALID(*last)) {
        g_assert_cmpuint(pts, >, *last);
        g_assert_cmpuint(pts, <, *last + 100 * GST_MSECOND);
    }
    *last = pts;
    return GST_PAD_PROBE_OK;
}

/* RTP's clock has 32 bits: at 90 kHz it begins anew after 13 hours and a quarter; here, after a
 * second. */
static void test_wrap(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc is-live=true num-buffers=75 ! "
        "video/x-raw, width=160, height=90, framerate=25/1 ! videoconvert ! "
        "x264enc tune=zerolatency speed-preset=ultrafast ! rtph264pay timestamp-offset=%u ! "
        "rtpjitterbuffer ! rtph264depay ! h264parse ! avdec_h264 ! "
        "squeezetime-recognizer name=r mode=exact window=0.6 interval=0.2 model=\"%s\" ! "
        "fakesink name=sink sync=false",
        G_MAXUINT32 - 90000, card);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);
    g_autoptr(GstElement) recognizer = NULL;
    GstClockTime last = GST_CLOCK_TIME_NONE;

    g_assert_no_error(error);
    recognizer = gst_bin_get_by_name(GST_BIN(pipeline), "r");
    fixture_add_probe(pipeline, "sink", "sink", check_time, &last);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    fixture_wait_eos(pipeline);
    g_assert_cmpuint(fixture_stat(recognizer, "frames"), ==, 75);
    /* from 0.6 s on, five a second, and none for a second window */
    g_assert_cmpuint(fixture_stat(recognizer, "results"), ==, 12);
    g_assert_cmpuint(fixture_stat(recognizer, "discarded"), ==, 0);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/rtsp/stream", test_stream);
    g_test_add_func("/rtsp/wrap", test_wrap);
    g_test_add_func("/rtsp/camera-goes-away", test_camera_goes_away);
    return fixture_run();
}
