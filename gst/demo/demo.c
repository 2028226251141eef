/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vedette-demo: a camera on this machine, played through the elements as a real one would be. What
 * happens and what is recognised goes to stdout, one line of JSON each; everything else goes to
 * stderr. A film with the results drawn in, and a picture of the first event, stay behind.
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <sys/resource.h>

#include "camera.h"
#include "record.h"

#define ELEMENT    "squeezetime-recognizer"
#define CLASSIFIER "slab-classifier"
/* Who passes the middle of the street, and who is on the pavement before it. */
#define LINES      "lines=\"middle: 0.5,0.95 0.5,0.5\" "
#define ZONES      "zones=\"pavement: 0.02,0.8 0.98,0.76 0.98,0.98 0.02,0.98\" "
/* Milliseconds between two looks at what happens on the street. */
#define LOOK       100
/* From a start to the frame that the picture is made of, so that it is drawn in: frames are held
 * behind the recogniser until they are segmented. */
#define SETTLE     600

typedef struct {
    const char *folder;  /* for film and picture */
    VdtDemoTotal *total; /* of all streets */
    VdtRtspCamera *camera;
    VdtDemoRecord *record;
    GMainLoop *loop;
    GPtrArray *sources; /* GSource */
    GstElement *pipeline;
    gboolean begun, asked, pictured, failed; /* of the picture: for it, and there it is */

    GMutex lock;
    GstSample *newest; /* guarded */
} Demo;

static char *in_folder(const Demo *demo, const char *name)
{
    return g_build_filename(demo->folder, name, NULL);
}

/* --- the picture -------------------------------------------------------------------------------
 */

static GstPadProbeReturn keep_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Demo *demo = data;
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    GstSample *old, *sample = gst_sample_new(GST_PAD_PROBE_INFO_BUFFER(info), caps, NULL, NULL);

    g_mutex_lock(&demo->lock);
    old = demo->newest;
    demo->newest = sample;
    g_mutex_unlock(&demo->lock);
    if (old)
        gst_sample_unref(old);
    return GST_PAD_PROBE_OK;
}

static gboolean take_picture(gpointer data)
{
    Demo *demo = data;
    g_autoptr(GstCaps) caps = gst_caps_new_empty_simple("image/png");
    g_autoptr(GstSample) sample = NULL, picture = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = in_folder(demo, "event.png");
    GstMapInfo map;

    g_mutex_lock(&demo->lock);
    sample = demo->newest ? gst_sample_ref(demo->newest) : NULL;
    g_mutex_unlock(&demo->lock);
    if (!sample)
        return G_SOURCE_REMOVE;
    picture = gst_video_convert_sample(sample, caps, 5 * GST_SECOND, &error);
    if (picture && gst_buffer_map(gst_sample_get_buffer(picture), &map, GST_MAP_READ)) {
        g_file_set_contents(path, (const char *)map.data, (gssize)map.size, &error);
        gst_buffer_unmap(gst_sample_get_buffer(picture), &map);
    }
    demo->pictured = picture && !error;
    if (error)
        g_printerr("vedette-demo: %s: %s\n", path, error->message);
    return G_SOURCE_REMOVE;
}

/* --- the run -----------------------------------------------------------------------------------
 */

/* What waits for this street must not outlive it: another may follow. */
static void watch(Demo *demo, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, demo, NULL);
    g_source_attach(source, NULL);
    g_ptr_array_add(demo->sources, source);
}

static void drop_source(gpointer source)
{
    g_source_destroy(source);
    g_source_unref(source);
}

static void on_element(Demo *demo, GstMessage *message)
{
    const gboolean starts =
        vdt_demo_record_take(demo->record, message, gst_element_get_base_time(demo->pipeline));

    if (starts && !demo->asked) {
        demo->asked = TRUE;
        watch(demo, g_timeout_source_new(SETTLE), take_picture);
    }
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    Demo *demo = data;
    g_autoptr(GError) error = NULL;

    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message, ELEMENT))
            on_element(demo, message);
        else if (gst_message_has_name(message, CLASSIFIER))
            vdt_demo_record_print(message);
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

static gboolean look(gpointer data)
{
    Demo *demo = data;
    const gint64 beginning = vdt_rtsp_camera_get_beginning(demo->camera);

    if (!demo->begun && beginning != 0) {
        demo->begun = TRUE;
        vdt_demo_record_begin(demo->record, beginning);
    }
    vdt_demo_record_happen(demo->record);
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
    watch(demo, g_timeout_source_new_seconds(5), give_up);
    return G_SOURCE_REMOVE;
}

static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static guint64 count_of(const GstStructure *stats, const char *field)
{
    guint64 value = 0;

    gst_structure_get_uint64(stats, field, &value);
    return value;
}

/* Tells how an analyser went; returns its number of results. */
static guint64 report_element(const Demo *demo, const char *name)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(demo->pipeline), name);
    g_autoptr(GstStructure) stats = NULL;
    guint64 results;

    g_object_get(element, "stats", &stats, NULL);
    results = count_of(stats, "results");
    g_printerr("  %s: %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT
               " results, %" G_GUINT64_FORMAT " skipped; an inference takes %.1f ms\n",
               name, count_of(stats, "frames"), results, count_of(stats, "skipped"),
               (double)count_of(stats, "average-inference-time") / GST_MSECOND);
    return results;
}

/* Tells how it went. TRUE if there were results. */
static gboolean report(const Demo *demo, double seconds, double cpu)
{
    g_autofree char *film = in_folder(demo, "street.mp4"), *picture = in_folder(demo, "event.png");
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(double));
    VdtDemoTotal own = {.delays = delays};
    guint64 recognised, segmented, classified;

    vdt_demo_total_add(&own, demo->record);
    vdt_demo_total_add(demo->total, demo->record);
    vdt_demo_total_print(&own);
    recognised = report_element(demo, "recognizer");
    segmented = report_element(demo, "segmenter");
    classified = report_element(demo, "camera");
    classified = MIN(classified, report_element(demo, "objects"));
    g_printerr(
        "  %.0f %% of a core for all of it: drawing, coding and serving the street, receiving "
        "and\n  decoding it, recognising, segmenting, classifying, drawing in, coding the film\n\n",
        100 * cpu / MAX(seconds, 1e-3));
    g_printerr("  film:    %s\n", film);
    if (demo->pictured)
        g_printerr("  picture: %s\n", picture);
    return recognised > 0 && segmented > 0 && classified > 0;
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

static GstElement *build(Demo *demo, const char *model, GError **error)
{
    GstElement *pipeline = gst_parse_launch_full(
        "rtspsrc name=source latency=100 protocols=tcp ! rtph264depay ! h264parse ! avdec_h264 ! "
        "squeezetime-recognizer name=recognizer interval=0.3 threshold=0.7 hysteresis=0.3 "
        "min-duration=0.6 ! " CLASSIFIER
        " name=camera interval=2 min-duration=2 post-events=start+end ! "
        "cgrseg-segmenter name=segmenter mode=aligned interval=0.1 objects=true " LINES ZONES
        "! " CLASSIFIER " name=objects classify=boxes interval=0.5 post-messages=false ! "
        "vedette-overlay name=overlay map-opacity=0.4 ! x264enc tune=zerolatency "
        "speed-preset=veryfast ! "
        /* no h264parse: of two frames with one time, as a slow machine has them, the second has
         * none behind it, which mp4mux does not take */
        "mp4mux ! filesink name=film sync=false",
        NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);

    if (pipeline) {
        g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
        g_autoptr(GstElement) recognizer = gst_bin_get_by_name(GST_BIN(pipeline), "recognizer");
        g_autoptr(GstElement) overlay = gst_bin_get_by_name(GST_BIN(pipeline), "overlay");
        g_autoptr(GstElement) film = gst_bin_get_by_name(GST_BIN(pipeline), "film");
        g_autoptr(GstPad) pad = gst_element_get_static_pad(overlay, "src");
        g_autofree char *path = in_folder(demo, "street.mp4");

        g_object_set(source, "location", vdt_rtsp_camera_get_url(demo->camera), NULL);
        g_object_set(recognizer, "model", model, NULL);
        g_object_set(film, "location", path, NULL);
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, keep_frame, demo, NULL);
    }
    return pipeline;
}

static gboolean play(Demo *demo, const char *model, int seconds, GError **error)
{
    g_autoptr(GstBus) bus = NULL;
    const double cpu = cpu_seconds();
    const gint64 begin = g_get_monotonic_time();
    gboolean found = FALSE;

    demo->pipeline = build(demo, model, error);
    if (!demo->pipeline)
        return FALSE;
    g_printerr("Playing %s.\n", vdt_rtsp_camera_get_url(demo->camera));
    bus = gst_element_get_bus(demo->pipeline);
    gst_bus_add_watch(bus, on_message, demo);
    gst_element_set_state(demo->pipeline, GST_STATE_PLAYING);
    watch(demo, g_timeout_source_new(LOOK), look);
    watch(demo, g_timeout_source_new_seconds((guint)seconds), finish);
    watch(demo, g_unix_signal_source_new(SIGINT), finish);
    g_main_loop_run(demo->loop);
    g_ptr_array_set_size(demo->sources, 0);

    if (!demo->failed)
        found = report(demo, (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC,
                       cpu_seconds() - cpu);
    gst_element_set_state(demo->pipeline, GST_STATE_NULL);
    gst_bus_remove_watch(bus);
    g_clear_object(&demo->pipeline);
    if (!demo->failed && !found)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no result in %d seconds", seconds);
    return !demo->failed && found;
}

static gboolean run(const char *folder, guint seed, const char *model, int seconds,
                    VdtDemoTotal *total, GError **error)
{
    Demo demo = {.folder = folder, .total = total};
    gboolean done = FALSE;

    if (g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "%s: %s", folder,
                    g_strerror(errno));
        return FALSE;
    }
    g_mutex_init(&demo.lock);
    demo.camera = vdt_rtsp_camera_new(seed, NULL, error);
    if (demo.camera) {
        demo.record = vdt_demo_record_new(seed);
        demo.loop = g_main_loop_new(NULL, FALSE);
        demo.sources = g_ptr_array_new_with_free_func(drop_source);
        done = play(&demo, model, seconds, error);
        g_ptr_array_unref(demo.sources);
        g_main_loop_unref(demo.loop);
        vdt_demo_record_free(demo.record);
        vdt_rtsp_camera_free(demo.camera);
    }
    if (demo.newest)
        gst_sample_unref(demo.newest);
    g_mutex_clear(&demo.lock);
    return done;
}

/* One street after another, each with a folder of its own if there are several. */
static gboolean run_all(const char *folder, guint seed, guint streets, const char *model,
                        int seconds, GError **error)
{
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(double));
    VdtDemoTotal total = {.delays = delays};

    for (guint i = 0; i < streets; i++) {
        g_autofree char *number = g_strdup_printf("%u", seed + i);
        g_autofree char *own =
            streets > 1 ? g_build_filename(folder, number, NULL) : g_strdup(folder);

        if (!run(own, seed + i, model, seconds, &total, error))
            return FALSE;
    }
    if (streets > 1) {
        g_printerr("\nStreets %u to %u together:\n", seed, seed + streets - 1);
        vdt_demo_total_print(&total);
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    int seconds = 60, seed = 1, streets = 1;
    g_autofree char *model = NULL, *folder = NULL;
    const GOptionEntry entries[] = {
        {"model", 0, 0, G_OPTION_ARG_FILENAME, &model,
         "Name of a model, or path of its card (squeezetime-street)", "MODEL"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long to play (60)", "N"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &seed, "Which street to play (1)", "N"},
        {"streets", 0, 0, G_OPTION_ARG_INT, &streets,
         "How many streets to play, one after another, from that seed on (1)", "N"},
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &folder,
         "Folder for film and picture; of several streets, each has its own in it (.)", "FOLDER"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    gboolean done;

    g_option_context_set_summary(
        options,
        "Plays a camera on this machine through squeezetime-recognizer, "
        "cgrseg-segmenter, slab-classifier and vedette-overlay; prints what happens and what "
        "is recognised as JSON lines.");
    g_option_context_add_main_entries(options, entries, NULL);
    g_option_context_add_group(options, gst_init_get_option_group());
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || seconds < 1 ||
        seed < 0 || streets < 1 || streets > 1000 || seed > G_MAXINT - streets) {
        g_printerr("vedette-demo: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    if (!find_plugin()) {
        g_printerr("vedette-demo: there is no element " ELEMENT "; set GST_PLUGIN_PATH\n");
        return 1;
    }
    done = run_all(folder ? folder : ".", (guint)seed, (guint)streets, model, seconds, &error);
    if (error)
        g_printerr("vedette-demo: %s\n", error->message);
    return done ? 0 : 1;
}
