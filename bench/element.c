/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What squeezetime-recognizer costs the streaming thread, how soon it has a first result, and what
 * memory streams take: bench-element --model CARD [--seconds N] [--interval S] [--streams N]
 *
 * Frames of 1920 x 1080 NV12 come at 30 a second and every one is converted (a window of 15
 * frames); with the default interval of 0 the network runs all the time. First one stream is
 * measured, then memory with all of them. One JSON line.
 */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "recognizer/squeezetimerecognizer.h"

#define N_BUFFERS   8
#define RATE        30
#define FRAME_BYTES (1920 * 1080 * 3 / 2)
#define CAPS        "video/x-raw, format=NV12, width=1920, height=1080, framerate=30/1"

typedef struct {
    GstElement *recognizer;
    GstPad *in, *out;
    guint n_frames;
    double *cpu, *wall; /* ms, of each frame */
} Stream;

/* The frames of all streams: their own memory is not what is measured. */
static GstBuffer *buffers[N_BUFFERS];

static GstFlowReturn swallow(GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
}

static void stream_open(Stream *s, const char *model, double interval, guint n_frames)
{
    g_autoptr(GstCaps) caps = gst_caps_from_string(CAPS);
    g_autoptr(GstPad) sink = NULL, src = NULL;
    GstSegment segment;

    s->n_frames = n_frames;
    s->cpu = g_new0(double, n_frames);
    s->wall = g_new0(double, n_frames);
    s->recognizer = gst_element_factory_make("squeezetime-recognizer", NULL);
    g_object_set(s->recognizer, "model", model, "window", 15.0 / RATE, "interval", interval, NULL);
    s->in = gst_pad_new("in", GST_PAD_SRC);
    s->out = gst_pad_new("out", GST_PAD_SINK);
    gst_pad_set_chain_function(s->out, swallow);
    sink = gst_element_get_static_pad(s->recognizer, "sink");
    src = gst_element_get_static_pad(s->recognizer, "src");
    gst_pad_link(s->in, sink);
    gst_pad_link(src, s->out);
    gst_pad_set_active(s->out, TRUE);
    gst_pad_set_active(s->in, TRUE);
    if (gst_element_set_state(s->recognizer, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
        g_printerr("bench-element: cannot run %s\n", model);
        exit(1);
    }
    gst_pad_push_event(s->in, gst_event_new_stream_start("bench"));
    gst_pad_push_event(s->in, gst_event_new_caps(caps));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(s->in, gst_event_new_segment(&segment));
}

/* A streaming thread: a frame each 30th of a second. */
static gpointer stream_run(gpointer data)
{
    Stream *s = data;
    const gint64 begin = g_get_monotonic_time();

    for (guint i = 0; i < s->n_frames; i++) {
        GstBuffer *frame = gst_buffer_copy(buffers[i % N_BUFFERS]);
        const gint64 due = begin + (gint64)i * G_USEC_PER_SEC / RATE;
        double cpu, wall;

        GST_BUFFER_PTS(frame) = gst_util_uint64_scale(i, GST_SECOND, RATE);
        while (g_get_monotonic_time() < due)
            g_usleep(MAX(1, due - g_get_monotonic_time()));
        cpu = measure_ms(CLOCK_THREAD_CPUTIME_ID);
        wall = measure_ms(CLOCK_MONOTONIC);
        gst_pad_push(s->in, frame);
        s->wall[i] = measure_ms(CLOCK_MONOTONIC) - wall;
        s->cpu[i] = measure_ms(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    return NULL;
}

static guint64 stream_stat(const Stream *s, const char *field)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 value = 0;

    g_object_get(s->recognizer, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, field, &value);
    return value;
}

static void stream_close(Stream *s)
{
    gst_pad_set_active(s->in, FALSE);
    gst_element_set_state(s->recognizer, GST_STATE_NULL);
    gst_pad_set_active(s->out, FALSE);
    gst_object_unref(s->recognizer);
    gst_object_unref(s->in);
    gst_object_unref(s->out);
    g_free(s->cpu);
    g_free(s->wall);
}

/* Resident memory with @n streams that run. */
static double measure_streams(guint n, const char *model, guint n_frames)
{
    g_autofree Stream *streams = g_new0(Stream, n);
    g_autofree GThread **threads = g_new0(GThread *, n);
    double mb;

    for (guint i = 0; i < n; i++)
        stream_open(&streams[i], model, 1, n_frames);
    for (guint i = 0; i < n; i++)
        threads[i] = g_thread_new("stream", stream_run, &streams[i]);
    for (guint i = 0; i < n; i++)
        g_thread_join(threads[i]);
    mb = measure_resident_mb();
    for (guint i = 0; i < n; i++)
        stream_close(&streams[i]);
    return mb;
}

int main(int argc, char **argv)
{
    g_autofree char *model = NULL;
    int seconds = 10, n_streams = 4;
    double interval = 0, idle, one, all;
    const GOptionEntry entries[] = {
        {"model", 0, 0, G_OPTION_ARG_FILENAME, &model, "Model card", "CARD"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long to measure (10)", "N"},
        {"interval", 0, 0, G_OPTION_ARG_DOUBLE, &interval, "Of the element (0)", "S"},
        {"streams", 0, 0, G_OPTION_ARG_INT, &n_streams, "For memory (4)", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    Stream s = {0};
    guint n;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || !model || seconds < 1) {
        g_printerr("bench-element: %s\n", error ? error->message : "--model CARD is needed");
        return 2;
    }
    gst_init(NULL, NULL);
    GST_ELEMENT_REGISTER(squeezetime_recognizer, NULL);
    for (guint i = 0; i < N_BUFFERS; i++) {
        buffers[i] = gst_buffer_new_allocate(NULL, FRAME_BYTES, NULL);
        gst_buffer_memset(buffers[i], 0, (guint8)(30 * i), FRAME_BYTES);
    }
    idle = measure_resident_mb();
    n = (guint)seconds * RATE;
    stream_open(&s, model, interval, n);
    stream_run(&s);
    one = measure_resident_mb();
    measure_sort(s.cpu, n);
    measure_sort(s.wall, n);
    printf("{\"bench\":\"element\",\"frames\":%u,\"cpu_ms_median\":%.3f,\"cpu_ms_p90\":%.3f,"
           "\"wall_ms_median\":%.3f,\"wall_ms_p90\":%.3f,\"results\":%" G_GUINT64_FORMAT
           ",\"skipped\":%" G_GUINT64_FORMAT ",\"inference_ms\":%.1f,\"first_result_ms\":%.1f",
           n, s.cpu[n / 2], s.cpu[n * 9 / 10], s.wall[n / 2], s.wall[n * 9 / 10],
           stream_stat(&s, "results"), stream_stat(&s, "skipped"),
           (double)stream_stat(&s, "average-inference-time") / GST_MSECOND,
           (double)stream_stat(&s, "first-result-delay") / GST_MSECOND);
    stream_close(&s);
    all = measure_streams((guint)n_streams, model, 3 * RATE);
    printf(",\"rss_idle_mb\":%.1f,\"rss_one_mb\":%.1f,\"streams\":%d,\"rss_streams_mb\":%.1f}\n",
           idle, one, n_streams, all);
    for (guint i = 0; i < N_BUFFERS; i++)
        gst_buffer_unref(buffers[i]);
    return 0;
}
