/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette-demo: a camera on this machine, played through squeezetime-recognizer as a real one would
 * be. Events go to stdout, one line of JSON each; everything else goes to stderr.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdio.h>

#include "demo/camera.h"
#include "eventjson.h"

#define ELEMENT "squeezetime-recognizer"

typedef struct {
    GMainLoop *loop;
    GstElement *pipeline;
    guint n_events;
    gboolean failed;
} Demo;

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    Demo *demo = data;
    g_autofree char *line = NULL;
    g_autoptr(GError) error = NULL;

    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
        line = vdt_event_to_json(message, "demo", NULL);
        if (line) {
            puts(line);
            fflush(stdout);
            demo->n_events++;
        }
        break;
    case GST_MESSAGE_LATENCY:
        gst_bin_recalculate_latency(GST_BIN(demo->pipeline));
        break;
    case GST_MESSAGE_ERROR:
        gst_message_parse_error(message, &error, NULL);
        g_printerr("vedette-demo: %s: %s\n", GST_OBJECT_NAME(GST_MESSAGE_SRC(message)),
                   error->message);
        demo->failed = TRUE;
        g_main_loop_quit(demo->loop);
        break;
    case GST_MESSAGE_EOS:
        g_main_loop_quit(demo->loop);
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

static gboolean give_up(gpointer data)
{
    g_main_loop_quit(((Demo *)data)->loop);
    return G_SOURCE_REMOVE;
}

/* The end of the stream has what was begun finished; a camera that does not answer is left. */
static gboolean finish(gpointer data)
{
    Demo *demo = data;

    if (!gst_element_send_event(demo->pipeline, gst_event_new_eos()))
        g_main_loop_quit(demo->loop);
    g_timeout_add_seconds(5, give_up, demo);
    return G_SOURCE_REMOVE;
}

static guint64 stat(const GstStructure *stats, const char *field)
{
    guint64 value = 0;

    gst_structure_get_uint64(stats, field, &value);
    return value;
}

/* Tells how it went. TRUE if there were results. */
static gboolean report(GstElement *recognizer)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 frames, results;

    g_object_get(recognizer, "stats", &stats, NULL);
    frames = stat(stats, "frames");
    results = stat(stats, "results");
    g_printerr("\n  frames                          %8" G_GUINT64_FORMAT "\n", frames);
    g_printerr("  results                         %8" G_GUINT64_FORMAT "\n", results);
    g_printerr("  skipped                         %8" G_GUINT64_FORMAT "\n",
               stat(stats, "skipped"));
    g_printerr("  first result after a full clip  %8.1f ms\n",
               (double)stat(stats, "first-result-delay") / GST_MSECOND);
    g_printerr("  an inference, on average        %8.1f ms\n",
               (double)stat(stats, "average-inference-time") / GST_MSECOND);
    g_printerr("  streaming thread, per frame     %8.3f ms of CPU time\n\n",
               (double)stat(stats, "streaming-cpu-time") / GST_MSECOND / (double)MAX(frames, 1));
    return results > 0;
}

/* The plugin, if GStreamer does not find it: beside this program, as in a build folder. */
static gboolean find_plugin(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program) : NULL;
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(ELEMENT);

    if (!factory && folder) {
        gst_registry_scan_path(gst_registry_get(), folder);
        factory = gst_element_factory_find(ELEMENT);
    }
    return factory != NULL;
}

static GstElement *build(const char *url, const char *model, GError **error)
{
    GstElement *pipeline = gst_parse_launch(
        "rtspsrc name=source latency=100 protocols=tcp ! rtph264depay ! h264parse ! avdec_h264 ! "
        "squeezetime-recognizer name=recognizer ! fakesink sync=true",
        error);

    if (pipeline) {
        g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
        g_autoptr(GstElement) recognizer = gst_bin_get_by_name(GST_BIN(pipeline), "recognizer");

        g_object_set(source, "location", url, NULL);
        g_object_set(recognizer, "model", model, NULL);
    }
    return pipeline;
}

static gboolean play(Demo *demo, const char *model, int seconds, GError **error)
{
    g_autoptr(VdtCamera) camera = vdt_camera_new(NULL, error);
    g_autoptr(GstElement) recognizer = NULL;
    g_autoptr(GstBus) bus = NULL;
    gboolean found = FALSE;

    demo->pipeline = camera ? build(vdt_camera_get_url(camera), model, error) : NULL;
    if (!demo->pipeline)
        return FALSE;
    g_printerr("Playing %s.\n", vdt_camera_get_url(camera));
    recognizer = gst_bin_get_by_name(GST_BIN(demo->pipeline), "recognizer");
    bus = gst_element_get_bus(demo->pipeline);
    gst_bus_add_watch(bus, on_message, demo);
    gst_element_set_state(demo->pipeline, GST_STATE_PLAYING);
    g_timeout_add_seconds((guint)seconds, finish, demo);
    g_unix_signal_add(SIGINT, finish, demo);
    g_main_loop_run(demo->loop);

    found = report(recognizer);
    gst_element_set_state(demo->pipeline, GST_STATE_NULL);
    gst_bus_remove_watch(bus);
    gst_object_unref(demo->pipeline);
    if (!demo->failed && !found)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no result in %d seconds", seconds);
    return !demo->failed && found;
}

int main(int argc, char **argv)
{
    int seconds = 20;
    g_autofree char *model = NULL;
    const GOptionEntry entries[] = {
        {"model", 0, 0, G_OPTION_ARG_FILENAME, &model,
         "Name of a model, or path of its card (squeezetime-street)", "MODEL"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long to play (20)", "N"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    Demo demo = {0};
    gboolean done;

    g_option_context_set_summary(options, "Plays a camera on this machine through "
                                          "squeezetime-recognizer; prints events as JSON lines.");
    g_option_context_add_main_entries(options, entries, NULL);
    g_option_context_add_group(options, gst_init_get_option_group());
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || seconds < 1) {
        g_printerr("vedette-demo: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    if (!find_plugin()) {
        g_printerr("vedette-demo: there is no element " ELEMENT "; set GST_PLUGIN_PATH\n");
        return 1;
    }
    demo.loop = g_main_loop_new(NULL, FALSE);
    done = play(&demo, model, seconds, &error);
    g_main_loop_unref(demo.loop);
    if (error)
        g_printerr("vedette-demo: %s\n", error->message);
    return done ? 0 : 1;
}
