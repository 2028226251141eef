/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A camera in a process of its own, to be frozen, killed and told to misbehave: an RTSP server on
 * loopback. Usage: peer PORT CODEC [timestamp-offset=N] [password=P] [certificate=FILE]
 * [audio] [film=FILE]. A film, of H.264 as a byte stream, is what it sends in place of a ball,
 * again and again, 15 frames a second, with the codec film. Prints "ready" once it serves
 * rtsp://127.0.0.1:PORT/camera, or, with a certificate, a PEM file with its key in it, rtsps. Takes
 * a command a line from stdin, and ends with it:
 *
 *     mute, unmute    no packets, while the connection stays
 *     garbage, clean  random bytes in place of what packets carry
 *     size W H        another size of picture
 *     late MS         what is sent next is sent that much later
 */
#include <gst/rtsp-server/rtsp-server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    GMainLoop *loop;
    GMutex lock;
    GstElement *size;          /* guarded; of the newest media */
    GPtrArray *film;           /* of GstBuffer, or NULL */
    gint muted, garbage, late; /* atomic; late in ms, once */
} Peer;

static gboolean spoil(GstBuffer **buffer, guint i, gpointer data)
{
    GstMapInfo map;

    /* behind the 12 bytes of RTP's own header */
    if (gst_buffer_map(*buffer, &map, GST_MAP_READWRITE)) {
        for (gsize at = 12; at < map.size; at++)
            map.data[at] = (guint8)g_random_int();
        gst_buffer_unmap(*buffer, &map);
    }
    return TRUE;
}

static GstPadProbeReturn on_packets(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Peer *peer = data;

    g_usleep((gulong)g_atomic_int_and((guint *)&peer->late, 0) * 1000);
    if (g_atomic_int_get(&peer->muted))
        return GST_PAD_PROBE_DROP;
    if (!g_atomic_int_get(&peer->garbage))
        return GST_PAD_PROBE_OK;
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
        GstBufferList *list = gst_buffer_list_copy_deep(GST_PAD_PROBE_INFO_BUFFER_LIST(info));

        gst_buffer_list_foreach(list, spoil, NULL);
        gst_buffer_list_unref(GST_PAD_PROBE_INFO_BUFFER_LIST(info));
        GST_PAD_PROBE_INFO_DATA(info) = list;
    } else {
        GstBuffer *buffer = gst_buffer_copy_deep(GST_PAD_PROBE_INFO_BUFFER(info));

        spoil(&buffer, 0, NULL);
        gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
        GST_PAD_PROBE_INFO_DATA(info) = buffer;
    }
    return GST_PAD_PROBE_OK;
}

/* --- a film --- */

static GPtrArray *read_film(const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "filesrc location=%s ! h264parse ! video/x-h264,stream-format=byte-stream,alignment=au ! "
        "appsink name=frames sync=false",
        file);
    g_autoptr(GstElement) pipeline = gst_parse_launch(text, &error);

    if (pipeline == NULL)
        g_error("%s", error->message);
    g_autoptr(GstElement) frames = gst_bin_get_by_name(GST_BIN(pipeline), "frames");
    GPtrArray *film = g_ptr_array_new_with_free_func((GDestroyNotify)gst_buffer_unref);
    GstSample *sample = NULL;
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    for (;;) {
        g_signal_emit_by_name(frames, "pull-sample", &sample);
        if (sample == NULL)
            break;
        g_ptr_array_add(film, gst_buffer_ref(gst_sample_get_buffer(sample)));
        gst_sample_unref(sample);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return film;
}

typedef struct {
    GPtrArray *film;
    GstElement *source;
} Show;

static gpointer show(gpointer data)
{
    Show *s = data;
    const gint64 begin = g_get_monotonic_time();
    GstFlowReturn flow = GST_FLOW_OK;

    for (guint n = 0; flow == GST_FLOW_OK; n++) {
        GstBuffer *buffer = gst_buffer_copy(s->film->pdata[n % s->film->len]);

        GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
        g_usleep((gulong)MAX(begin + (gint64)n * G_USEC_PER_SEC / 15 - g_get_monotonic_time(), 0));
        g_signal_emit_by_name(s->source, "push-buffer", buffer, &flow);
        gst_buffer_unref(buffer);
    }
    gst_object_unref(s->source);
    g_free(s);
    return NULL;
}

static void begin_film(Peer *peer, GstBin *bin)
{
    Show *s = g_new(Show, 1);

    *s = (Show){peer->film, gst_bin_get_by_name(bin, "film")};
    g_thread_unref(g_thread_new("film", show, s));
}

static void on_media(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data)
{
    Peer *peer = data;
    g_autoptr(GstElement) bin = gst_rtsp_media_get_element(media);
    g_autoptr(GstElement) pay = gst_bin_get_by_name(GST_BIN(bin), "pay0");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(pay, "src");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packets,
                      peer, NULL);
    if (peer->film)
        begin_film(peer, GST_BIN(bin));
    g_mutex_lock(&peer->lock);
    gst_clear_object(&peer->size);
    peer->size = gst_bin_get_by_name(GST_BIN(bin), "size");
    g_mutex_unlock(&peer->lock);
}

static void set_size(Peer *peer, int width, int height)
{
    g_autoptr(GstCaps) caps = gst_caps_new_simple("video/x-raw", "width", G_TYPE_INT, width,
                                                  "height", G_TYPE_INT, height, NULL);

    g_mutex_lock(&peer->lock);
    if (peer->size)
        g_object_set(peer->size, "caps", caps, NULL);
    g_mutex_unlock(&peer->lock);
}

static gboolean on_command(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    Peer *peer = data;
    g_autofree char *line = NULL;
    int width, height, late;

    if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(peer->loop);
        return G_SOURCE_REMOVE;
    }
    g_strchomp(line);
    if (g_str_equal(line, "mute") || g_str_equal(line, "unmute"))
        g_atomic_int_set(&peer->muted, g_str_equal(line, "mute"));
    else if (g_str_equal(line, "garbage") || g_str_equal(line, "clean"))
        g_atomic_int_set(&peer->garbage, g_str_equal(line, "garbage"));
    else if (sscanf(line, "size %d %d", &width, &height) == 2)
        set_size(peer, width, height);
    else if (sscanf(line, "late %d", &late) == 1)
        g_atomic_int_set(&peer->late, late);
    return G_SOURCE_CONTINUE;
}

static const struct {
    const char *name, *launch;
} codecs[] = {
    {"h264",
     "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0"},
    {"h265",
     "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0"},
    {"jpeg", "jpegenc ! rtpjpegpay name=pay0"},
};

static char *launch_new(const char *codec, guint offset, gboolean audio)
{
    if (audio)
        return g_strdup("( audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay "
                        "name=pay0 pt=8 )");
    if (g_str_equal(codec, "film"))
        return g_strdup("( appsrc name=film is-live=true do-timestamp=true format=time max-bytes=0 "
                        "caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate=15/1 ! "
                        "h264parse ! rtph264pay name=pay0 config-interval=-1 )");
    for (guint i = 0; i < G_N_ELEMENTS(codecs); i++)
        if (g_str_equal(codec, codecs[i].name))
            return g_strdup_printf("( videotestsrc is-live=true pattern=ball ! "
                                   "video/x-raw,format=I420,width=160,height=120,framerate=15/1 ! "
                                   "videoscale ! "
                                   "capsfilter name=size caps-change-mode=immediate ! %s "
                                   "timestamp-offset=%u )",
                                   codecs[i].launch, offset);
    return NULL;
}

static void ask_for(GstRTSPAuth *auth, GstRTSPMediaFactory *factory, const char *password)
{
    g_autoptr(GstRTSPToken) token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "user", NULL);

    gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
    gst_rtsp_auth_add_digest(auth, "user", password, token);
    gst_rtsp_media_factory_add_role(factory, "user", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
}

static void encrypt(GstRTSPAuth *auth, GstRTSPMediaFactory *factory, const char *file)
{
    g_autoptr(GstRTSPToken) token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "anybody", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GTlsCertificate) certificate = g_tls_certificate_new_from_file(file, &error);

    if (certificate == NULL)
        g_error("%s", error->message);
    gst_rtsp_auth_set_tls_certificate(auth, certificate);
    gst_rtsp_auth_set_default_token(auth, token);
    gst_rtsp_media_factory_add_role(factory, "anybody", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
}

int main(int argc, char **argv)
{
    Peer peer = {0};
    GstRTSPServer *server;
    GstRTSPMediaFactory *factory;
    g_autoptr(GstRTSPMountPoints) mounts = NULL;
    g_autoptr(GIOChannel) input = g_io_channel_unix_new(0);
    g_autofree char *launch = NULL;
    g_autoptr(GstRTSPAuth) auth = NULL;
    const char *password = NULL, *certificate = NULL;
    gboolean audio = FALSE;
    guint offset = 0;

    gst_init(&argc, &argv);
    if (argc < 3)
        return 2;
    for (int i = 3; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "timestamp-offset="))
            offset = (guint)strtoul(strchr(argv[i], '=') + 1, NULL, 10);
        else if (g_str_has_prefix(argv[i], "password="))
            password = strchr(argv[i], '=') + 1;
        else if (g_str_has_prefix(argv[i], "certificate="))
            certificate = strchr(argv[i], '=') + 1;
        else if (g_str_has_prefix(argv[i], "film="))
            peer.film = read_film(strchr(argv[i], '=') + 1);
        else
            audio = TRUE;
    }
    launch = launch_new(argv[2], offset, audio);
    server = gst_rtsp_server_new();
    factory = gst_rtsp_media_factory_new();
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, argv[1]);
    gst_rtsp_media_factory_set_launch(factory, launch);
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    auth = gst_rtsp_auth_new();
    if (password)
        ask_for(auth, factory, password);
    if (certificate)
        encrypt(auth, factory, certificate);
    if (password || certificate)
        gst_rtsp_server_set_auth(server, auth);
    g_signal_connect(factory, "media-configure", G_CALLBACK(on_media), &peer);
    mounts = gst_rtsp_server_get_mount_points(server);
    gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);
    if (gst_rtsp_server_attach(server, NULL) == 0)
        return 1;
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_command, &peer);
    peer.loop = g_main_loop_new(NULL, FALSE);
    puts("ready");
    fflush(stdout);
    g_main_loop_run(peer.loop);
    g_main_loop_unref(peer.loop);
    return 0;
}
