/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "h264.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "gstreason.h"

/* A codec that gives nothing for so many waits is stuck; one that was stopped with its process has
 * waited once. */
#define SILENCE       GST_SECOND
#define MOST_SILENCES 30

/* Settings of a camera: no frames out of order, a whole picture every two seconds. One thread each,
 * since clips are coded side by side, and so that the result is the same everywhere. */
static const struct {
    const char *name, *settings; /* the latter with one %u, the bitrate */
    guint unit;                  /* bits per second that the bitrate is counted in */
} encoders[] = {
    {"x264enc",
     "x264enc bitrate=%u speed-preset=superfast tune=zerolatency key-int-max=50 trellis=false "
     "threads=1",
     1000},
    {"openh264enc",
     "openh264enc bitrate=%u rate-control=bitrate complexity=low gop-size=50 multi-thread=1", 1},
};
static const struct {
    const char *name, *settings;
} decoders[] = {
    {"avdec_h264", "avdec_h264 max-threads=1"},
    {"openh264dec", "openh264dec"},
};

static gboolean have(const char *element)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(element);
    return factory != NULL;
}

/* Indices into the tables. */
static gboolean find_codec(guint *encoder, guint *decoder, GError **error)
{
    if (!gst_init_check(NULL, NULL, error))
        return FALSE;
    for (*encoder = 0; *encoder < G_N_ELEMENTS(encoders); (*encoder)++)
        if (have(encoders[*encoder].name))
            break;
    for (*decoder = 0; *decoder < G_N_ELEMENTS(decoders); (*decoder)++)
        if (have(decoders[*decoder].name))
            break;
    if (*encoder < G_N_ELEMENTS(encoders) && *decoder < G_N_ELEMENTS(decoders) && have("h264parse"))
        return TRUE;
    g_set_error(
        error, VDT_ERROR, VDT_ERROR_UNSUPPORTED,
        "GStreamer has no H.264 encoder and decoder here: install gstreamer1.0-plugins-ugly "
        "(x264enc), gstreamer1.0-libav (avdec_h264) and gstreamer1.0-plugins-bad, or "
        "do without by --coded 0");
    return FALSE;
}

const char *h264_find_encoder(GError **error)
{
    guint encoder, decoder;
    return find_codec(&encoder, &decoder, error) ? encoders[encoder].name : NULL;
}

typedef struct {
    const H264Job *job;
    GstElement *pipeline;
    GstAppSrc *source;
    GstAppSink *sink;
    guint n_taken;
} Codec;

static void codec_clear(Codec *codec)
{
    if (codec->pipeline != NULL)
        gst_element_set_state(codec->pipeline, GST_STATE_NULL);
    gst_clear_object(&codec->source);
    gst_clear_object(&codec->sink);
    gst_clear_object(&codec->pipeline);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Codec, codec_clear)

static gboolean codec_open(Codec *codec, GError **error)
{
    const H264Job *job = codec->job;
    guint encoder, decoder;
    if (!find_codec(&encoder, &decoder, error))
        return FALSE;
    g_autoptr(GString) line = g_string_new("appsrc name=source format=time ! videoconvert ! "
                                           "video/x-raw,format=I420 ! ");
    g_string_append_printf(line, encoders[encoder].settings,
                           job->bitrate * 1000 / encoders[encoder].unit);
    g_string_append_printf(line,
                           " ! h264parse ! %s ! videoconvert ! video/x-raw,format=RGB ! "
                           "appsink name=sink sync=false",
                           decoders[decoder].settings);
    codec->pipeline = gst_parse_launch(line->str, error);
    if (codec->pipeline == NULL)
        return FALSE;
    codec->source = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(codec->pipeline), "source"));
    codec->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(codec->pipeline), "sink"));
    g_autoptr(GstCaps) caps =
        gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "BGRx", "width", G_TYPE_INT,
                            (int)job->width, "height", G_TYPE_INT, (int)job->height, "framerate",
                            GST_TYPE_FRACTION, (int)job->rate, 1, NULL);
    gst_app_src_set_caps(codec->source, caps);
    gst_element_set_state(codec->pipeline, GST_STATE_PLAYING);
    return TRUE;
}

static gboolean push(Codec *codec, guint i)
{
    const H264Job *job = codec->job;
    gsize stride = (gsize)4 * job->width;
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, stride * job->height, NULL);
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
        gst_buffer_unref(buffer);
        return FALSE;
    }
    job->draw(job->data, i, map.data, stride);
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(i, GST_SECOND, job->rate);
    GST_BUFFER_DURATION(buffer) = GST_SECOND / job->rate;
    return gst_app_src_push_buffer(codec->source, buffer) == GST_FLOW_OK;
}

static gboolean take(Codec *codec, GstSample *sample)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
        return FALSE;
    VdtPicture picture = {GST_VIDEO_FRAME_PLANE_DATA(&frame, 0), info.width, info.height,
                          GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)};
    codec->job->take(codec->job->data, codec->n_taken++, &picture);
    gst_video_frame_unmap(&frame);
    return TRUE;
}

/* Takes what has arrived; waits for more until the end if @all. */
static gboolean drain(Codec *codec, gboolean all)
{
    for (guint silent = 0; silent < MOST_SILENCES;) {
        g_autoptr(GstSample) sample = gst_app_sink_try_pull_sample(codec->sink, all ? SILENCE : 0);
        if (sample == NULL && (!all || gst_app_sink_is_eos(codec->sink)))
            return TRUE;
        silent = sample == NULL ? silent + 1 : 0;
        if (sample != NULL && !take(codec, sample))
            return FALSE;
    }
    return FALSE;
}

gboolean h264_round_trip(const H264Job *job, GError **error)
{
    g_auto(Codec) codec = {.job = job};
    if (!codec_open(&codec, error))
        return FALSE;
    gboolean ok = TRUE;
    for (guint i = 0; i < job->n_frames && ok; i++)
        ok = push(&codec, i) && drain(&codec, FALSE);
    ok = ok && gst_app_src_end_of_stream(codec.source) == GST_FLOW_OK && drain(&codec, TRUE);
    if (ok && codec.n_taken == job->n_frames)
        return TRUE;
    g_autoptr(GstBus) bus = gst_element_get_bus(codec.pipeline);
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    g_autofree char *reason = message != NULL ? gst_reason(message) : g_strdup("no reason given");
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "H.264 gave %u of %u pictures back: %s",
                codec.n_taken, job->n_frames, reason);
    return FALSE;
}
