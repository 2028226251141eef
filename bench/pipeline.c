/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A camera's stream through all that a user would have: bench-pipeline [--seconds N] [--width N
 * --height N]
 *
 * A street is drawn and encoded as H.264 beforehand, then played live at 15 frames a second:
 * decoded, recognised, segmented, drawn on and encoded again. One JSON line for the whole, and one
 * for each stage with the share of a core that its threads took. A queue before each stage gives it
 * a thread of its own, which has the queue's name; threads that the stage starts have it, too, or
 * one that is told apart. The pool works for both analysers, and is a line of its own.
 */
#include <gst/base/gstbasesink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/resultmeta.h"
#include "measure.h"
#include "overlay/overlay.h"
#include "recognizer/squeezetimerecognizer.h"
#include "segmenter/cgrsegsegmenter.h"
#include "street/scenesrc.h"

#define RATE       15
#define FRAME_TIME (GST_SECOND / RATE)
/* What is encoded: it is played again and again. */
#define CLIP       20 /* seconds */
/* What is not measured: decoders fill, networks run for the first time. */
#define WARM_UP    3 /* seconds */

/* Which threads belong to which stage: by how their names begin. */
static const struct {
    const char *stage, *threads[2];
} stages[] = {
    {"decode", {"decode:", "av:h264"}},
    {"recognise", {"recognise:", "vdt:actions"}},
    {"segment", {"segment:", "vdt:classes"}},
    {"overlay", {"overlay:", NULL}},
    {"encode", {"encode:", NULL}},
    {"inference", {"vedette-pool", NULL}},
    {"other", {"" /* all */, NULL}},
};

typedef struct {
    double stages[G_N_ELEMENTS(stages)]; /* seconds of CPU */
    double all;
    gint64 when;       /* monotonic, µs */
    guint shown, late; /* frames until then */
} Usage;

typedef struct {
    GstElement *pipeline, *source, *sink;
    guint pushed;
    guint shown, late; /* atomic: the sink's thread counts */
} Stream;

/* CPU time */

static guint stage_of(const char *thread)
{
    for (guint i = 0; i < G_N_ELEMENTS(stages); i++)
        for (guint k = 0; k < G_N_ELEMENTS(stages[i].threads); k++)
            if (stages[i].threads[k] && g_str_has_prefix(thread, stages[i].threads[k]))
                return i;
    g_assert_not_reached();
}

/* Adds what a thread took, from its line in /proc: "ID (NAME) STATE", then numbers, of which the
 * eleventh and twelfth are times. */
static void add_thread(Usage *usage, const char *id)
{
    g_autofree char *path = g_build_filename("/proc/self/task", id, "stat", NULL), *text = NULL;
    unsigned long user, system;
    char *name, *end;

    if (!g_file_get_contents(path, &text, NULL, NULL)) /* it is over */
        return;
    name = strchr(text, '(');
    end = strrchr(text, ')');
    if (!name || !end ||
        sscanf(end + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &system) !=
            2)
        return;
    *end = '\0';
    usage->stages[stage_of(name + 1)] += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static Usage usage_now(const Stream *s)
{
    Usage usage = {.when = g_get_monotonic_time(),
                   .all = measure_ms(CLOCK_PROCESS_CPUTIME_ID) / 1e3,
                   .shown = (guint)g_atomic_int_get(&s->shown),
                   .late = (guint)g_atomic_int_get(&s->late)};
    GDir *threads = g_dir_open("/proc/self/task", 0, NULL);
    const char *id;

    while (threads && (id = g_dir_read_name(threads)))
        add_thread(&usage, id);
    g_clear_pointer(&threads, g_dir_close);
    return usage;
}

/* The clip */

static void keep_unit(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer units)
{
    g_ptr_array_add(units, gst_buffer_ref(buffer));
}

/* Waits for the end; FALSE if it was an error, which is told. */
static gboolean wait_end(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    g_autoptr(GError) error = NULL;

    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
        return TRUE;
    gst_message_parse_error(message, &error, NULL);
    g_printerr("bench-pipeline: %s\n", error->message);
    return FALSE;
}

/* The access units of a street, and their caps; NULL if there is no encoder. */
static GPtrArray *encode(int width, int height, GstCaps **caps, GError **error)
{
    g_autofree char *launch = g_strdup_printf(
        "vedette-scenesrc is-live=false seed=1 num-buffers=%d ! "
        "video/x-raw, width=%d, height=%d, framerate=%d/1 ! videoconvert ! "
        "video/x-raw, format=I420 ! x264enc key-int-max=30 bframes=0 bitrate=1500 ! h264parse ! "
        "video/x-h264, stream-format=byte-stream, alignment=au ! "
        "fakesink name=sink signal-handoffs=true",
        CLIP * RATE, width, height, RATE);
    GstElement *pipeline = gst_parse_launch_full(launch, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify)gst_buffer_unref);
    GstElement *sink;
    gboolean done;

    if (!pipeline)
        return NULL;
    sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_signal_connect(sink, "handoff", G_CALLBACK(keep_unit), units);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    done = wait_end(pipeline);
    if (done)
        *caps = gst_pad_get_current_caps(GST_BASE_SINK_PAD(sink));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    if (!done || units->len == 0 || !*caps) {
        g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE, "cannot encode a street");
        return NULL;
    }
    return g_steal_pointer(&units);
}

/* Playing */

/* When a frame is shown: is it late? Time begins at 0 here. */
static void note_frame(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment;
    Stream *s = data;
    GstClockTime due;

    gst_event_parse_segment(event, &segment);
    /* encoders may begin their segment later than at 0 */
    due = gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer)) +
          gst_base_sink_get_latency(GST_BASE_SINK(sink));
    g_atomic_int_inc(&s->shown);
    if (gst_element_get_current_running_time(sink) > due + FRAME_TIME)
        g_atomic_int_inc(&s->late);
}

static gboolean stream_open(Stream *s, GstCaps *caps, double interval, GError **error)
{
    g_autoptr(GstElement) segmenter = NULL;

    s->pipeline = gst_parse_launch_full(
        "appsrc name=source is-live=true format=time ! queue name=decode ! avdec_h264 ! "
        "queue name=recognise ! squeezetime-recognizer name=actions ! "
        "queue name=segment ! cgrseg-segmenter name=classes ! "
        "queue name=overlay ! vedette-overlay ! "
        "queue name=encode ! x264enc speed-preset=ultrafast tune=zerolatency ! queue name=show ! "
        "fakesink name=sink sync=true qos=false signal-handoffs=true",
        NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    if (!s->pipeline)
        return FALSE;
    s->source = gst_bin_get_by_name(GST_BIN(s->pipeline), "source");
    s->sink = gst_bin_get_by_name(GST_BIN(s->pipeline), "sink");
    segmenter = gst_bin_get_by_name(GST_BIN(s->pipeline), "classes");
    g_object_set(s->source, "caps", caps, NULL);
    g_object_set(segmenter, "interval", interval, NULL);
    g_signal_connect(s->sink, "handoff", G_CALLBACK(note_frame), s);
    if (gst_element_set_state(s->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return TRUE;
    g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
                "cannot play: are the models in VEDETTE_DATA_DIR?");
    return FALSE;
}

static void stream_close(Stream *s)
{
    if (!s->pipeline)
        return;
    gst_element_set_state(s->pipeline, GST_STATE_NULL);
    gst_clear_object(&s->source);
    gst_clear_object(&s->sink);
    gst_clear_object(&s->pipeline);
}

/* Gives frame after frame when it is due, as a camera does, until @frames were given. */
static gboolean feed(Stream *s, const GPtrArray *units, guint frames)
{
    for (; s->pushed < frames; s->pushed++) {
        GstBuffer *unit = gst_buffer_copy(units->pdata[s->pushed % units->len]);
        const GstClockTime due = s->pushed * FRAME_TIME;
        const GstClockTime now = gst_element_get_current_running_time(s->source);
        GstFlowReturn flow;

        if (GST_CLOCK_TIME_IS_VALID(now) && now < due)
            g_usleep((gulong)GST_TIME_AS_USECONDS(due - now));
        GST_BUFFER_PTS(unit) = GST_BUFFER_DTS(unit) = due;
        GST_BUFFER_DURATION(unit) = FRAME_TIME;
        g_signal_emit_by_name(s->source, "push-buffer", unit, &flow);
        gst_buffer_unref(unit);
        if (flow != GST_FLOW_OK)
            return FALSE;
    }
    return TRUE;
}

static guint64 results_of(const Stream *s, const char *name)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(s->pipeline), name);
    g_autoptr(GstStructure) stats = NULL;
    guint64 results = 0;

    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "results", &results);
    return results;
}

/* What was late or lost counts from @begin on, to the end of the stream, which is over. */
static void report(const Stream *s, const Usage *begin, const Usage *end)
{
    const double seconds = (double)(end->when - begin->when) / G_USEC_PER_SEC;

    printf("{\"bench\":\"pipeline\",\"seconds\":%.1f,\"frames\":%u,\"late\":%u,\"dropped\":%u,"
           "\"frames_per_second\":%.2f,\"recognised\":%" G_GUINT64_FORMAT
           ",\"segmented\":%" G_GUINT64_FORMAT ",\"cpu_share\":%.3f}\n",
           seconds, s->shown - begin->shown, s->late - begin->late, s->pushed - s->shown,
           (end->shown - begin->shown) / seconds, results_of(s, "actions"),
           results_of(s, "classes"), (end->all - begin->all) / seconds);
    for (guint i = 0; i < G_N_ELEMENTS(stages); i++)
        printf("{\"bench\":\"pipeline-stage\",\"stage\":\"%s\",\"cpu_share\":%.4f}\n",
               stages[i].stage, (end->stages[i] - begin->stages[i]) / seconds);
}

/* Plays for so long; FALSE if that failed. */
static gboolean play(Stream *s, const GPtrArray *units, guint seconds)
{
    Usage begin, end;
    gboolean done;

    done = feed(s, units, WARM_UP * RATE);
    begin = usage_now(s);
    done = done && feed(s, units, (WARM_UP + seconds) * RATE);
    end = usage_now(s);
    if (done) {
        GstFlowReturn flow;

        g_signal_emit_by_name(s->source, "end-of-stream", &flow);
    }
    /* an error ends it, too */
    if (!wait_end(s->pipeline) || !done)
        return FALSE;
    report(s, &begin, &end);
    return TRUE;
}

int main(int argc, char **argv)
{
    int seconds = 60, width = 640, height = 360;
    double interval = 1;
    const GOptionEntry entries[] = {
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long (60)", "N"},
        {"width", 0, 0, G_OPTION_ARG_INT, &width, "Of the street (640)", "N"},
        {"height", 0, 0, G_OPTION_ARG_INT, &height, "Of the street (360)", "N"},
        {"interval", 0, 0, G_OPTION_ARG_DOUBLE, &interval,
         "Seconds from one map to the next (1); 0: one for each frame", "S"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = NULL;
    g_autoptr(GstCaps) caps = NULL;
    Stream stream = {0};
    gboolean done;

    g_option_context_add_main_entries(options, entries, NULL);
    g_option_context_add_group(options, gst_init_get_option_group());
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || seconds < 1 ||
        width < 16 || height < 16 || !(interval >= 0 && interval <= 3600)) {
        g_printerr("bench-pipeline: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    GST_ELEMENT_REGISTER(squeezetime_recognizer, NULL);
    GST_ELEMENT_REGISTER(cgrseg_segmenter, NULL);
    GST_ELEMENT_REGISTER(vedette_overlay, NULL);
    GST_ELEMENT_REGISTER(vedette_scenesrc, NULL);
    vdt_result_meta_get_info();
    units = encode(width, height, &caps, &error);
    done = units && stream_open(&stream, caps, interval, &error);
    if (error)
        g_printerr("bench-pipeline: %s\n", error->message);
    done = done && play(&stream, units, (guint)seconds);
    stream_close(&stream);
    return done ? 0 : 1;
}
