/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of real RTSP servers that do what cameras do. */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "fixture.h"

#include <signal.h>
#include <string.h>

static void test_dies(void)
{
    Pair pair;
    g_autoptr(GstElement) before = NULL, after = NULL;

    pair_begin_cameras(&pair, "h264");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 10);
    before = vdt_stream_get_pipeline(pair.seen.stream);
    for (guint i = 1; i <= 2; i++) {
        g_autoptr(VdtStreamInfo) info = NULL;

        peer_kill(&pair.peer);
        wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2 * i);
        g_assert_cmpint(count_state(&pair.seen, VDT_STREAM_LIVE), ==, i);
        peer_serve(&pair.peer, "h264");
        wait_state(&pair.seen, VDT_STREAM_LIVE);
        wait_pictures(&pair.seen, 10);
        info = vdt_stream_get_info(pair.seen.stream);
        g_assert_cmpuint(info->reconnects, ==, i);
    }
    after = vdt_stream_get_pipeline(pair.seen.stream);
    g_assert_true(before == after);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    check_times(&pair.seen);
    g_assert_true(was_told(&pair.seen, "it ended the stream"));
    g_assert_cmpuint(pair.seen.breaks, ==, 3);
    g_assert_cmpuint(pair.seen.torn, ==, 0);
    pair_end(&pair);
}

static void test_hangs(void)
{
    Pair pair;

    pair_begin_cameras(&pair, "h264");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    peer_signal(&pair.peer, SIGSTOP);
    wait_state_count(&pair.seen, VDT_STREAM_STALLED, 1);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 1);
    peer_signal(&pair.peer, SIGCONT);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    check_times(&pair.seen);
    pair_end(&pair);
}

static void test_refuses(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;

    pair_begin_cameras(&pair, NULL);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 3);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_REFUSED], >=, 3);
    g_assert_cmpint(info->frame_age, ==, -1);
    peer_serve(&pair.peer, "h264");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    pair_end(&pair);
}

/* No packets, while the connection stays: waited for, and then connected anew. */
static void test_mute(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;

    pair_begin_cameras(&pair, "h264");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    peer_command(&pair.peer, "mute");
    wait_state_count(&pair.seen, VDT_STREAM_STALLED, 1);
    peer_command(&pair.peer, "unmute");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    g_assert_cmpuint(get_connects(&pair.seen), ==, 1);
    peer_command(&pair.peer, "mute");
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 1);
    peer_command(&pair.peer, "unmute");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->stalls, >=, 2);
    g_assert_cmpuint(info->connects, >=, 2);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    check_times(&pair.seen);
    pair_end(&pair);
}

static int get_width(Seen *seen)
{
    int width;

    g_mutex_lock(&seen->lock);
    width = seen->width;
    g_mutex_unlock(&seen->lock);
    return width;
}

static void test_size(void)
{
    Pair pair;

    pair_begin_cameras(&pair, "h264");
    wait_until(get_width(&pair.seen) == 160);
    peer_command(&pair.peer, "size 320 240");
    wait_until(get_width(&pair.seen) == 320);
    g_assert_cmpuint(get_connects(&pair.seen), ==, 1);
    /* and over a new connection */
    peer_kill(&pair.peer);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 1);
    peer_serve(&pair.peer, "h264");
    wait_until(get_width(&pair.seen) == 160);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    check_times(&pair.seen);
    pair_end(&pair);
}

static char *get_codec(Seen *seen)
{
    g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen->stream);

    return g_steal_pointer(&info->codec);
}

/* Another codec needs another decoder: the pipeline is built anew, and says so. */
static void test_codec(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;
    static const char *const codecs[] = {"h264", "h265", "jpeg", "h264"};
    static const char *const types[] = {"video/x-h264", "video/x-h265", "image/jpeg",
                                        "video/x-h264"};

    pair_init_cameras(&pair, codecs[0]);
    seen_init(&pair.seen, pair.supervisor, "camera", &pair.peer, NULL,
              "decodebin ! fakesink sync=false name=sink");
    for (guint i = 0; i < G_N_ELEMENTS(codecs); i++) {
        g_autofree char *codec = NULL;

        if (i > 0) {
            peer_kill(&pair.peer);
            wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2 * i - 1);
            peer_serve(&pair.peer, codecs[i]);
            wait_until(g_atomic_int_get(&pair.seen.builds) == (int)i + 1);
        }
        wait_state(&pair.seen, VDT_STREAM_LIVE);
        wait_pictures(&pair.seen, 5);
        codec = get_codec(&pair.seen);
        g_assert_cmpstr(codec, ==, types[i]);
        g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, i + 1);
    }
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_RECODED], ==, 3);
    g_assert_cmpuint(info->events[VDT_STREAM_CRASH], ==, 0);
    pair_end(&pair);
}

/* Bytes that mean nothing, in packets: whatever becomes of them, afterwards there are pictures. */
static void send_garbage(Pair *pair)
{
    wait_state(&pair->seen, VDT_STREAM_LIVE);
    wait_pictures(&pair->seen, 5);
    for (guint i = 0; i < 2; i++) {
        peer_command(&pair->peer, "garbage");
        g_usleep(G_USEC_PER_SEC);
        peer_command(&pair->peer, "clean");
        wait_pictures(&pair->seen, 30);
    }
    wait_state(&pair->seen, VDT_STREAM_LIVE);
    pair_end(pair);
}

static void check_garbage(const char *codec, const char *launch)
{
    Pair pair;

    pair_init_cameras(&pair, codec);
    seen_init(&pair.seen, pair.supervisor, "camera", &pair.peer, NULL, launch);
    send_garbage(&pair);
}

static void test_garbage_h264(void)
{
    check_garbage("h264", DECODE);
}

static void test_garbage_h265(void)
{
    check_garbage("h265", "avdec_h265 name=tap ! fakesink sync=false name=sink");
}

/* Through a parser that somebody else chose. */
static void test_garbage_elements(void)
{
    Pair pair;
    g_autofree char *launch = NULL;

    pair_init_cameras(&pair, "h264");
    launch =
        g_strdup_printf("rtspsrc location=rtsp://127.0.0.1:%u/camera protocols=tcp latency=100 "
                        "! application/x-rtp,media=video ! parsebin",
                        pair.peer.port);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, launch, DECODE);
    send_garbage(&pair);
}

static void test_garbage_jpeg(void)
{
    check_garbage("jpeg", "avdec_mjpeg name=tap ! fakesink sync=false name=sink");
}

static void test_sends_audio_only(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;

    pair_begin_cameras(&pair, "h264 audio");
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_UNSUPPORTED], >=, 2);
    g_assert_true(was_told(&pair.seen, "There is no video in it."));
    pair_end(&pair);
}

static void test_udp(void)
{
    Pair pair;
    VdtStreamSpec spec = {.times = fixture_times()};
    g_autofree char *uri = NULL;

    pair_init_cameras(&pair, "h264");
    uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera", pair.peer.port);
    spec.source = (VdtSourceSpec){
        .uri = uri, .transport = VDT_SOURCE_UDP, .latency = 200, .timeout = 5 * VDT_SECOND};
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_pictures(&pair.seen, 10);
    peer_kill(&pair.peer);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 1);
    peer_serve(&pair.peer, "h264");
    wait_pictures(&pair.seen, 10);
    check_times(&pair.seen);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    pair_end(&pair);
}

/* Packets that come late, and then all at once: the frames' times stay even. */
static void check_late(Pair *pair)
{
    wait_frames(&pair->seen, 10);
    g_mutex_lock(&pair->seen.lock);
    pair->seen.widest = 0;
    g_mutex_unlock(&pair->seen.lock);
    for (guint i = 0; i < 3; i++) {
        peer_command(&pair->peer, "late 500");
        wait_frames(&pair->seen, 20);
    }
    check_times(&pair->seen);
    g_mutex_lock(&pair->seen.lock);
    g_assert_cmpuint(pair->seen.breaks, ==, 1);
    g_assert_cmpuint(pair->seen.widest, <, GST_SECOND / 10);
    g_mutex_unlock(&pair->seen.lock);
}

static void test_late(void)
{
    Pair pair;

    pair_begin_cameras(&pair, "h264");
    check_late(&pair);
    pair_end(&pair);
}

/* A source of elements that somebody else chose, as a template does. */
static void test_elements(void)
{
    Pair pair;
    g_autofree char *launch = NULL;

    pair_init_cameras(&pair, "h264");
    launch =
        g_strdup_printf("rtspsrc location=rtsp://127.0.0.1:%u/camera protocols=tcp latency=100 "
                        "drop-on-latency=true ! application/x-rtp,media=video ! parsebin ! "
                        "identity name=exit silent=true",
                        pair.peer.port);
    seen_init(&pair.seen, pair.supervisor, "camera", NULL, launch, DECODE);
    check_late(&pair);
    peer_kill(&pair.peer);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2);
    peer_serve(&pair.peer, "h264");
    wait_pictures(&pair.seen, 10);
    check_times(&pair.seen);
    g_assert_true(was_told(&pair.seen, "it ended the stream"));
    g_assert_true(was_told(&pair.seen, "there is no connection to be had"));
    g_assert_cmpuint(pair.seen.breaks, ==, 2);
    g_assert_cmpuint(pair.seen.torn, ==, 0);
    g_assert_cmpstr(
        gst_structure_get_string(gst_caps_get_structure(pair.seen.caps, 0), "stream-format"), ==,
        "byte-stream");
    pair_end(&pair);
}

/* RTP's clock has 32 bits, of which most cameras take any to begin with. */
static void test_wrap(void)
{
    Pair pair;
    g_autofree char *options = g_strdup_printf("h264 timestamp-offset=%u", G_MAXUINT32 - 3 * 90000);

    pair_begin_cameras(&pair, options);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_frames(&pair.seen, 6 * 15);
    check_times(&pair.seen);
    g_mutex_lock(&pair.seen.lock);
    g_assert_cmpuint(pair.seen.breaks, ==, 1);
    g_assert_cmpuint(pair.seen.widest, <, GST_SECOND / 10);
    g_mutex_unlock(&pair.seen.lock);
    pair_end(&pair);
}

/* What begins with the second delimiter that parameters follow: where pictures begin to be
 * refreshed from a column on. Whoever comes to a camera that runs sees nothing else. */
static void cut_film(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *film = NULL;
    static const guint8 start[] = {0, 0, 0, 1, 9};
    gsize size;
    g_assert_true(g_file_get_contents(path, &film, &size, &error));
    const char *const end = film + size;
    const char *at = film + 1;
    while ((at = memmem(at, (gsize)(end - at), start, sizeof start)) && at[10] != 0x67)
        at++;
    g_assert_nonnull(at);
    for (const char *unit = at; (unit = memmem(unit, (gsize)(end - unit), start + 1, 3)); unit += 3)
        g_assert_cmpint(unit[3] & 0x1f, !=, 5); /* no keyframe */
    g_assert_true(g_file_set_contents(path, at, end - at, &error));
}

/* A camera that has no keyframes but refreshes a column after the other. */
static void test_no_keyframes(void)
{
    Pair pair;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("vedette-film-XXXXXX", &error),
                    *path = g_build_filename(folder, "film.h264", NULL),
                    *options = g_strdup_printf("film film=%s", path);
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=120 pattern=ball ! "
        "video/x-raw,format=I420,width=160,height=120,framerate=15/1 ! x264enc "
        "tune=zerolatency speed-preset=ultrafast key-int-max=15 intra-refresh=true ! "
        "video/x-h264,stream-format=byte-stream,alignment=au ! filesink location=%s",
        path);
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, &error);
    g_assert_no_error(error);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    gst_message_unref(gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    cut_film(path);

    pair_begin_cameras(&pair, options);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_frames(&pair.seen, 30);
    wait_pictures(&pair.seen, 30);
    g_assert_cmpuint(pair.seen.torn, ==, 0);
    pair_end(&pair);
    g_unlink(path);
    g_rmdir(folder);
}

/* The keyframe that it begins with, and what refers to it. */
static GstPadProbeReturn drop_first(GstPad *pad, GstPadProbeInfo *info, gpointer count)
{
    return (*(guint *)count)++ < 20 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstElement *build_without_keyframes(gpointer data, GError **error)
{
    GstElement *bin = gst_parse_bin_from_description(
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=160,height=120,framerate=15/1 "
        "! "
        "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
        "option-string=intra-refresh=1:repeat-headers=1 ! h265parse name=parse ! "
        "capsfilter caps=video/x-h265,stream-format=byte-stream,alignment=au",
        TRUE, error);
    g_autoptr(GstElement) parse = gst_bin_get_by_name(GST_BIN(bin), "parse");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(parse, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, drop_first, g_new0(guint, 1), g_free);
    return bin;
}

/* The same in H.265, where nothing but parameters tells: after a while they do. */
static void test_no_keyframes_h265(void)
{
    Pair pair;
    VdtStreamSpec spec = {.source = {.build = build_without_keyframes}, .times = fixture_times()};
    pair_init_cameras(&pair, "h264");
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "avdec_h265 name=tap ! fakesink sync=false name=sink");
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 30);
    g_assert_cmpuint(pair.seen.torn, ==, 0);
    pair_end(&pair);
}

static void test_password(void)
{
    static const char *const secrets[] = {"wrong", "right", "secret"};
    Pair pair;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtStreamInfo) info = NULL;
    g_autofree char *uri = NULL;
    VdtStreamSpec spec = {.times = fixture_times()};

    pair_init_cameras(&pair, "h264 password=right");
    uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera?token=secret", pair.peer.port);
    spec.source = (VdtSourceSpec){
        .uri = uri, .user = "user", .password = "wrong", .latency = 100, .timeout = 5 * VDT_SECOND};
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_state(&pair.seen, VDT_STREAM_FAILED);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_AUTH], ==, 1);
    g_assert_cmpuint(info->connects, ==, 1);
    g_assert_cmpstr(info->reason, ==, "user or password are refused");
    g_assert_cmpint(info->retry - vdt_clock_now(), >, 200 * VDT_SECOND);
    spec.source.password = "right";
    g_assert_true(vdt_stream_reload(pair.seen.stream, &spec.source, &error));
    g_assert_no_error(error);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    g_assert_cmpint(g_atomic_int_get(&pair.seen.builds), ==, 1);
    pair_stop(&pair, 0);
    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
        g_assert_false(was_told(&pair.seen, secrets[i]));
    g_assert_true(was_told(&pair.seen, "/camera"));
    pair_clear(&pair);
}

static void test_not_found(void)
{
    Pair pair;
    g_autoptr(VdtStreamInfo) info = NULL;
    g_autofree char *uri = NULL;
    VdtStreamSpec spec = {.times = fixture_times()};

    pair_init_cameras(&pair, "h264");
    uri = g_strdup_printf("rtsp://127.0.0.1:%u/nowhere", pair.peer.port);
    spec.source = (VdtSourceSpec){.uri = uri, .latency = 100, .timeout = 5 * VDT_SECOND};
    spec.times.strikes = 3;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_state(&pair.seen, VDT_STREAM_FAILED);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[VDT_STREAM_NOT_FOUND], ==, 3);
    pair_end(&pair);
}

static gboolean all_live(Seen *seen, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(VdtStreamInfo) info = vdt_stream_get_info(seen[i].stream);

        if (info->state != VDT_STREAM_LIVE)
            return FALSE;
    }
    return TRUE;
}

/* 16 cameras go at once, and come back at once. */
static void test_switch(void)
{
    VdtSupervisor *supervisor = fixture_supervisor();
    Peer peer;
    Seen seen[16];
    gint64 begin;

    peer_init(&peer);
    peer_serve(&peer, "h264");
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++) {
        g_autofree char *name = g_strdup_printf("camera-%u", i);
        g_autofree char *uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera", peer.port);
        VdtStreamSpec spec = {.source = {.uri = uri, .latency = 100, .timeout = 5 * VDT_SECOND},
                              .times = vdt_stream_times_default};

        seen_init_spec(&seen[i], supervisor, name, &spec, DECODE);
    }
    wait_until(all_live(seen, G_N_ELEMENTS(seen)));
    peer_kill(&peer);
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
        wait_state_count(&seen[i], VDT_STREAM_BACKOFF, 3);
    peer_serve(&peer, "h264");
    begin = g_get_monotonic_time();
    wait_until(all_live(seen, G_N_ELEMENTS(seen)));
    g_test_message("16 cameras are back after %.1f s",
                   (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 30 * G_USEC_PER_SEC);
    g_assert_cmpuint(vdt_supervisor_free(supervisor), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++) {
        check_times(&seen[i]);
        g_assert_cmpint(g_atomic_int_get(&seen[i].builds), ==, 1);
        seen_clear(&seen[i]);
    }
    peer_clear(&peer);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/cameras/dies", test_dies);
    g_test_add_func("/cameras/hangs", test_hangs);
    g_test_add_func("/cameras/refuses", test_refuses);
    g_test_add_func("/cameras/mute", test_mute);
    g_test_add_func("/cameras/size", test_size);
    g_test_add_func("/cameras/codec", test_codec);
    g_test_add_func("/cameras/garbage-h264", test_garbage_h264);
    g_test_add_func("/cameras/garbage-h265", test_garbage_h265);
    g_test_add_func("/cameras/garbage-elements", test_garbage_elements);
    g_test_add_func("/cameras/garbage-jpeg", test_garbage_jpeg);
    g_test_add_func("/cameras/elements", test_elements);
    g_test_add_func("/cameras/udp", test_udp);
    g_test_add_func("/cameras/audio", test_sends_audio_only);
    g_test_add_func("/cameras/wrap", test_wrap);
    g_test_add_func("/cameras/no-keyframes", test_no_keyframes);
    g_test_add_func("/cameras/no-keyframes-h265", test_no_keyframes_h265);
    g_test_add_func("/cameras/late", test_late);
    g_test_add_func("/cameras/password", test_password);
    g_test_add_func("/cameras/not-found", test_not_found);
    g_test_add_func("/cameras/switch", test_switch);
    return fixture_run();
}
