/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads what a Vedette element found, in both ways there are: events from the bus, and the newest
 * result from the frames. It needs GStreamer only, nothing of Vedette's but the plugin.
 *
 *   cc read-results.c $(pkg-config --cflags --libs gstreamer-1.0) -o read-results
 *   ./read-results                                     the drawn street, for 20 seconds of it
 *   ./read-results "uridecodebin uri=file:///… ! videoconvert ! squeezetime-recognizer ! fakesink"
 */
#include <gst/gst.h>

#define STREET                                                                                     \
    "vedette-scenesrc num-buffers=500 ! video/x-raw, width=320, height=180, framerate=25/1 ! "     \
    "squeezetime-recognizer mode=exact interval=0.4 ! fakesink"

/* Of an event, on the bus: called in the main thread, whenever it suits the application. */
static void print_event(const GstStructure *event)
{
    guint64 time = 0;
    double score = 0;

    gst_structure_get(event, "stream-time", G_TYPE_UINT64, &time, "score", G_TYPE_DOUBLE, &score,
                      NULL);
    g_print("event  %6.2f s  %-6s  %s %.2f\n", (double)time / GST_SECOND,
            gst_structure_get_string(event, "event"), gst_structure_get_string(event, "label"),
            score);
}

static void print_result(const GstStructure *result, GstClockTime pts)
{
    const GValue *found = gst_structure_get_value(result, "results");
    /* printed at once, since events are printed by another thread */
    g_autoptr(GString) line = g_string_new(NULL);
    guint64 age = 0;

    gst_structure_get_uint64(result, "age", &age);
    g_string_printf(line, "frame  %6.2f s ", (double)pts / GST_SECOND);
    for (guint i = 0; found != NULL && i < gst_value_array_get_size(found); i++) {
        const GstStructure *one = gst_value_get_structure(gst_value_array_get_value(found, i));
        double score = 0;

        gst_structure_get_double(one, "score", &score);
        g_string_append_printf(line, " %s %.2f,", gst_structure_get_string(one, "label"), score);
    }
    g_print("%s found %.2f s ago\n", line->str, (double)age / GST_SECOND);
}

/* Of each frame, in the streaming thread: so it has to be quick. Every Vedette element that the
 * frame came through has left a meta of its own; "element" tells them apart. Here, one line for
 * each new result. */
static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer last)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstMetaInfo *wanted = gst_meta_get_info("VedetteResult");
    guint64 pts, *last_pts = last;
    gpointer state = NULL;
    GstMeta *meta;

    while (wanted != NULL &&
           (meta = gst_buffer_iterate_meta_filtered(buffer, &state, wanted->api))) {
        const GstStructure *result = gst_custom_meta_get_structure((GstCustomMeta *)meta);

        if (gst_structure_get_uint64(result, "result-pts", &pts) && pts != *last_pts) {
            *last_pts = pts;
            print_result(result, GST_BUFFER_PTS(buffer));
        }
    }
    return GST_PAD_PROBE_OK;
}

/* Before the first sink. */
static void watch_frames(GstElement *pipeline, guint64 *last)
{
    g_autoptr(GstIterator) sinks = gst_bin_iterate_sinks(GST_BIN(pipeline));
    g_auto(GValue) item = G_VALUE_INIT;

    if (gst_iterator_next(sinks, &item) == GST_ITERATOR_OK) {
        g_autoptr(GstPad) pad = gst_element_get_static_pad(g_value_get_object(&item), "sink");

        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, last, NULL);
    }
}

/* To the end of the stream; FALSE if there was an error. */
static gboolean run(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

    for (;;) {
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
            bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
        g_autoptr(GError) error = NULL;

        switch (GST_MESSAGE_TYPE(message)) {
        case GST_MESSAGE_ELEMENT:
            if (gst_message_has_name(message, "squeezetime-recognizer"))
                print_event(gst_message_get_structure(message));
            break;
        case GST_MESSAGE_ERROR:
            gst_message_parse_error(message, &error, NULL);
            g_printerr("%s: %s\n", GST_MESSAGE_SRC_NAME(message), error->message);
            return FALSE;
        default:
            return TRUE;
        }
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    GstElement *pipeline;
    guint64 last = GST_CLOCK_TIME_NONE;
    gboolean done;

    gst_init(&argc, &argv);
    pipeline = gst_parse_launch_full(argc > 1 ? argv[1] : STREET, NULL, GST_PARSE_FLAG_FATAL_ERRORS,
                                     &error);
    if (pipeline == NULL || !GST_IS_BIN(pipeline)) {
        g_printerr("%s\n", error ? error->message : "this is no pipeline");
        return 1;
    }
    watch_frames(pipeline, &last);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    done = run(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return done ? 0 : 1;
}
