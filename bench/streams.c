/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several live cameras in one process, each with recogniser and overlay, for as long as it takes to
 * see whether they stay live: bench-streams [--streams N] [--seconds N] [--model MODEL]
 *
 * The cameras are drawn streets of 640 x 360 at 15 frames a second, drawing included. A frame that
 * is more than a frame's time late at the sink counts as late. One JSON line; memory is what is
 * resident after a tenth of the time, and at the end.
 */
#include <gst/base/gstbasesink.h>
#include <stdio.h>

#include "analyzer/resultmeta.h"
#include "measure.h"
#include "overlay/overlay.h"
#include "recognizer/squeezetimerecognizer.h"
#include "street/scenesrc.h"

#define RATE       15
#define INTERVAL   0.5 /* seconds between two looks of a recogniser */
#define FRAME_TIME (GST_SECOND / RATE)

typedef struct {
    GstElement *pipeline, *recognizer, *sink;
    /* the streaming thread's */
    guint64 n_frames, n_late, n_aged, age_sum, age_max;
} Stream;

/* When a frame is shown: is it late, and how old is what it carries? Time begins at 0 here. */
static void note_frame(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, VDT_RESULT_META_NAME);
    const GstClockTime due =
        GST_BUFFER_PTS(buffer) + gst_base_sink_get_latency(GST_BASE_SINK(sink));
    Stream *s = data;
    guint64 age = 0;

    s->n_frames++;
    s->n_late += gst_element_get_current_running_time(sink) > due + FRAME_TIME;

    if (meta && gst_structure_get_uint64(gst_custom_meta_get_structure(meta), "age", &age)) {
        s->n_aged++;
        s->age_sum += age;
        s->age_max = MAX(s->age_max, age);
    }
}

static gboolean stream_open(Stream *s, guint seed, const char *model, GError **error)
{
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc is-live=true seed=%u ! "
        "video/x-raw, width=640, height=360, framerate=%d/1 ! videoconvert ! "
        "video/x-raw, format=I420 ! squeezetime-recognizer name=recognizer interval=%g ! "
        "vedette-overlay ! fakesink name=sink sync=true qos=false signal-handoffs=true",
        seed, RATE, INTERVAL);

    s->pipeline = gst_parse_launch_full(launch, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    if (!s->pipeline)
        return FALSE;
    s->recognizer = gst_bin_get_by_name(GST_BIN(s->pipeline), "recognizer");
    s->sink = gst_bin_get_by_name(GST_BIN(s->pipeline), "sink");
    g_object_set(s->recognizer, "model", model, NULL);
    g_signal_connect(s->sink, "handoff", G_CALLBACK(note_frame), s);
    if (gst_element_set_state(s->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return TRUE;
    g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "cannot play with model %s",
                model ? model : "squeezetime-street");
    return FALSE;
}

static void stream_close(Stream *s)
{
    if (!s->pipeline)
        return;
    gst_element_set_state(s->pipeline, GST_STATE_NULL);
    g_clear_object(&s->recognizer);
    g_clear_object(&s->sink);
    g_clear_object(&s->pipeline);
}

static guint64 stat_of(GstElement *element, const char *field)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 value = 0;

    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, field, &value);
    return value;
}

/* Whether one of the streams has come to an error; it is told. */
static gboolean any_failed(const Stream *streams, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(GstBus) bus = gst_element_get_bus(streams[i].pipeline);
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
        g_autoptr(GError) error = NULL;

        if (!message)
            continue;
        gst_message_parse_error(message, &error, NULL);
        g_printerr("bench-streams: %s\n", error->message);
        return TRUE;
    }
    return FALSE;
}

static void report(const Stream *streams, guint n, double seconds, double cpu_ms, double early_mb)
{
    guint64 frames = 0, late = 0, results = 0, skipped = 0, aged = 0, age_sum = 0, age_max = 0;

    for (guint i = 0; i < n; i++) {
        const Stream *s = &streams[i];

        frames += s->n_frames;
        late += s->n_late;
        results += stat_of(s->recognizer, "results");
        skipped += stat_of(s->recognizer, "skipped");
        aged += s->n_aged;
        age_sum += s->age_sum;
        age_max = MAX(age_max, s->age_max);
    }
    printf("{\"bench\":\"streams\",\"streams\":%u,\"seconds\":%.0f,\"frames_per_second\":%.2f,"
           "\"frames\":%" G_GUINT64_FORMAT ",\"late\":%" G_GUINT64_FORMAT
           ",\"results\":%" G_GUINT64_FORMAT ",\"skipped\":%" G_GUINT64_FORMAT
           ",\"age_ms_mean\":%.0f,\"age_ms_max\":%.0f,\"cpu_cores\":%.2f,"
           "\"rss_early_mb\":%.1f,\"rss_end_mb\":%.1f}\n",
           n, seconds, (double)frames / seconds / n, frames, late, results, skipped,
           (double)age_sum / (double)MAX(aged, 1) / GST_MSECOND, (double)age_max / GST_MSECOND,
           cpu_ms / 1e3 / seconds, early_mb, measure_resident_mb());
}

/* Plays for so long; FALSE if that failed. */
static gboolean run(Stream *streams, guint n, guint seconds)
{
    const double cpu_ms = measure_ms(CLOCK_PROCESS_CPUTIME_ID);
    const gint64 begin = g_get_monotonic_time();
    double early_mb = 0, took;

    for (guint i = 0; i < seconds; i++) {
        g_usleep(G_USEC_PER_SEC);
        if (any_failed(streams, n))
            return FALSE;
        if (i == seconds / 10)
            early_mb = measure_resident_mb();
    }
    took = (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
    for (guint i = 0; i < n; i++) /* so that the counts are of one moment, and at rest */
        gst_element_set_state(streams[i].pipeline, GST_STATE_PAUSED);
    report(streams, n, took, measure_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms, early_mb);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autofree char *model = NULL;
    int n = 4, seconds = 600;
    const GOptionEntry entries[] = {
        {"streams", 0, 0, G_OPTION_ARG_INT, &n, "How many (4)", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long (600)", "N"},
        {"model", 0, 0, G_OPTION_ARG_FILENAME, &model,
         "Name of a model, or path of its card (squeezetime-street)", "MODEL"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree Stream *streams = NULL;
    gboolean done = TRUE;

    g_option_context_add_main_entries(options, entries, NULL);
    g_option_context_add_group(options, gst_init_get_option_group());
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || n < 1 || n > 1000 ||
        seconds < 1) {
        g_printerr("bench-streams: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    GST_ELEMENT_REGISTER(squeezetime_recognizer, NULL);
    GST_ELEMENT_REGISTER(vedette_overlay, NULL);
    GST_ELEMENT_REGISTER(vedette_scenesrc, NULL);
    vdt_result_meta_get_info();
    streams = g_new0(Stream, (gsize)n);
    for (int i = 0; i < n && done; i++)
        done = stream_open(&streams[i], (guint)i + 1, model, &error);
    if (error)
        g_printerr("bench-streams: %s\n", error->message);
    done = done && run(streams, (guint)n, (guint)seconds);
    for (int i = 0; i < n; i++)
        stream_close(&streams[i]);
    return done ? 0 : 1;
}
