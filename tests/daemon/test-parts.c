/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bins out of a configuration: what they promise, and that they play. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "build/description.h"
#include "build/parts.h"
#include "check.h"
#include "fixture.h"
#ifdef HAVE_CAMERA
#include "demo/camera.h"
#endif

#define STREET "[stream]\nsource=street:///\n[parameters]\nrate=15\nsize=160x96\n"

static const char *tiny(const char *folder)
{
    static char *path;
    g_free(path);
    path = g_build_filename(g_getenv("VEDETTE_TEST_MODELS"), folder, "card.json", NULL);
    return path;
}

/* Stream a of this text. */
static VdtConfig *load(const char *text)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    fixture_add("streams.d/a.conf", text);
    VdtConfig *config = vdt_config_load(fixture_path(""), problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[i]);
        g_error("%s", shown);
    }
    return config;
}

static const VdtStreamConfig *stream_of(const VdtConfig *config)
{
    return vdt_config_find(config, "a");
}

/* The name of the element that is two before the one of this name: there is a queue between. */
static char *come_from(GstElement *bin, const char *name)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(bin), name);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstPad) sink = gst_element_get_static_pad(element, "sink");
        g_autoptr(GstPad) peer = gst_pad_get_peer(sink);
        gst_object_replace((GstObject **)&element, GST_OBJECT_PARENT(peer));
    }
    return gst_object_get_name(GST_OBJECT(element));
}

/* Each source template, and all properties of all analysers, are GStreamer's as well. */
static void test_shipped(void)
{
    static const char *const sources[] = {"rtsp://cam:554/x?y=z", "rtsps://cam/",
                                          "file:///a%20b.mp4", "v4l2:///dev/video0", "street:///"};
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        fixture_files("vedette.conf", "", NULL);
        g_autofree char *text =
            g_strdup_printf("[stream]\nsource=%s\n[recognizer]\n[recognizer b]\nregion=0,0,0.5,1\n"
                            "[segmenter]\nzones=a door: 0,0 1,0 1,1\nresolution=64x32\n"
                            "classes=person, car\n[segmenter b]\nobjects=yes\n"
                            "[classifier]\nclassify=regions\nregions=a door: 0,0 1,0 1,1\n"
                            "[classifier b]\nclassify=boxes\nmax-boxes=9\n",
                            sources[i]);
        g_autoptr(VdtConfig) config = load(text);
        g_autoptr(GError) error = NULL;
        g_autoptr(GstElement) source = vdt_make_source(stream_of(config), &error);
        g_assert_no_error(error);
        g_autoptr(GstElement) analysis = vdt_make_analysis(stream_of(config), &error);
        g_assert_no_error(error);
        g_autoptr(GstPad) src = gst_element_get_static_pad(source, "src");
        g_autoptr(GstPad) sink = gst_element_get_static_pad(analysis, "sink");
        g_assert_true(GST_IS_GHOST_PAD(src) && GST_IS_GHOST_PAD(sink));
        g_autoptr(GstElement) segmenter = gst_bin_get_by_name(GST_BIN(analysis), "segmenter");
        g_autofree char *zones = NULL, *classes = NULL;
        g_object_get(segmenter, "zones", &zones, "classes", &classes, NULL);
        g_assert_cmpstr(zones, ==, "a door: 0,0 1,0 1,1");
        g_assert_cmpstr(classes, ==, "person, car");
        /* boxes come from the segmenter of the same name, all else from the decoder */
        g_autofree char *before = come_from(analysis, "classifier");
        g_autofree char *finder = come_from(analysis, "classifier-b");
        g_assert_cmpstr(before, ==, "frames");
        g_assert_cmpstr(finder, ==, "segmenter-b-found");
    }
}

/* A key has the name, the limits and the default of the property that it sets. */
static void compare_key(GstElement *element, const VdtKey *key)
{
    GParamSpec *property = g_object_class_find_property(G_OBJECT_GET_CLASS(element), key->name);
    if (property == NULL)
        g_error("%s has no property %s", G_OBJECT_TYPE_NAME(element), key->name);
    g_auto(VdtOption) value = {NULL}, min = {NULL}, max = {NULL};
    VdtOptionSpec open_spec = key->spec;
    open_spec.min = open_spec.max = NULL;
    g_assert_true(vdt_option_parse(&key->spec, "", &value, NULL));
    double unit = key->spec.type == VDT_OPTION_DURATION ? 1e-6 : 1;
    if (key->spec.min != NULL) {
        g_assert_true(vdt_option_parse(&open_spec, key->spec.min, &min, NULL));
        g_assert_true(vdt_option_parse(&open_spec, key->spec.max, &max, NULL));
    }
    if (value.text == NULL && key->spec.type < VDT_OPTION_ENUM)
        value.whole = G_MAXINT64; /* it is not set, so its default is the element's affair */
    if (G_IS_PARAM_SPEC_DOUBLE(property)) {
        GParamSpecDouble *real = G_PARAM_SPEC_DOUBLE(property);
        if (value.whole != G_MAXINT64)
            g_assert_cmpfloat_with_epsilon(real->default_value, value.whole * unit + value.real,
                                           1e-9);
        g_assert_cmpfloat_with_epsilon(real->minimum, min.whole * unit + min.real, 1e-9);
        g_assert_cmpfloat_with_epsilon(real->maximum, max.whole * unit + max.real, 1e-9);
    } else if (G_IS_PARAM_SPEC_UINT(property)) {
        GParamSpecUInt *whole = G_PARAM_SPEC_UINT(property);
        g_assert_cmpuint(whole->default_value, ==, value.whole);
        g_assert_cmpuint(whole->minimum, ==, min.whole);
        g_assert_cmpuint(whole->maximum, ==, max.whole);
    } else if (G_IS_PARAM_SPEC_INT(property)) {
        GParamSpecInt *whole = G_PARAM_SPEC_INT(property);
        g_assert_cmpint(whole->default_value, ==, value.whole);
        g_assert_cmpint(whole->minimum, ==, min.whole);
        g_assert_cmpint(whole->maximum, ==, max.whole);
    } else if (G_IS_PARAM_SPEC_BOOLEAN(property)) {
        g_assert_cmpint(G_PARAM_SPEC_BOOLEAN(property)->default_value, ==, value.whole);
    } else if (G_IS_PARAM_SPEC_ENUM(property)) {
        GParamSpecEnum *choice = G_PARAM_SPEC_ENUM(property);
        g_auto(GStrv) names = g_strsplit(key->spec.choices, " ", -1);
        GEnumValue *usual = g_enum_get_value(choice->enum_class, choice->default_value);
        g_assert_cmpstr(usual->value_nick, ==, value.text);
        g_assert_cmpuint(choice->enum_class->n_values, ==, g_strv_length(names));
        for (guint i = 0; names[i] != NULL; i++)
            g_assert_nonnull(g_enum_get_value_by_nick(choice->enum_class, names[i]));
    } else {
        g_assert_null(value.text);
    }
}

static void test_properties(void)
{
    for (guint i = 0; i < vdt_n_analyser_groups; i++) {
        const VdtGroup *group = &vdt_analyser_groups[i];
        g_autoptr(GstElement) element = gst_element_factory_make(group->factory, NULL);
        g_assert_nonnull(element);
        gst_object_ref_sink(element);
        for (guint k = 0; k < group->n_keys; k++)
            compare_key(element, &group->keys[k]);
    }
}

static void expect_error(GstElement *(*make)(const VdtStreamConfig *, GError **),
                         const char *template_name, const char *template, const char *text,
                         const char *expected)
{
    g_autofree char *file = g_strdup_printf("pipelines.d/%s.pipeline", template_name);
    fixture_files(file, template, NULL);
    g_autoptr(VdtConfig) config = load(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) part = make(stream_of(config), &error);
    g_assert_null(part);
    if (strstr(error->message, expected) == NULL)
        g_error("expected \"%s\", got: %s", expected, error->message);
}

#define SOURCE(body) "[template]\nsummary=x\nschemes=street\n[source]\n" body "\n"
#define FRAMES(body) "[template]\nsummary=x\n[frames]\n" body "\n"

static void test_promises(void)
{
    static const char plain[] = "[stream]\nsource=street:///\n";
    static const char analysed[] = "[stream]\nsource=street:///\n[recognizer]\n";
    expect_error(vdt_make_source, "street", SOURCE("fakesrc"), plain,
                 "street.pipeline: expected an element with name=exit");
    expect_error(vdt_make_source, "street", SOURCE("fakesrc name=exit ! fakesink"), plain,
                 "expected a pad src of name=exit that is not linked");
    expect_error(vdt_make_source, "street", SOURCE("fakesrc name=exit ! nosuchelement"), plain,
                 "nosuchelement");
    expect_error(vdt_make_source, "street", SOURCE("fakesrc name=exit nosuch=1"), plain, "nosuch");
    expect_error(vdt_make_source, "street", SOURCE("fakesrc name=exit num-buffers=${sorce}"), plain,
                 "street.pipeline:5: ${sorce}: there is no such value here; did you mean source?");
    expect_error(vdt_make_source, "street", SOURCE("fakesrc name=exit num-buffers=${source}"),
                 plain, "num-buffers");
    expect_error(vdt_make_analysis, "analyse", FRAMES("fakesink name=entry"), plain,
                 "analyse.pipeline: expected a sink with name=watch");
    expect_error(vdt_make_analysis, "analyse", FRAMES("fakesink name=watch"), plain,
                 "expected an element with name=entry");
    expect_error(vdt_make_analysis, "analyse",
                 FRAMES("identity name=entry ! fakesink name=watch\n[each recognizer]\n"), analysed,
                 "expected squeezetime-recognizer with name=${name} for a recognizer, found "
                 "nothing");
    expect_error(vdt_make_analysis, "analyse",
                 FRAMES("identity name=entry ! fakesink name=watch\n[each recognizer]\n"
                        "fakesrc ! fakesink name=${name}"),
                 analysed, "found fakesink");
}

/* User and password come to the element, and stand in no description. */
static void test_secret(void)
{
    fixture_files("secret", "admin:hunter2", NULL);
    g_assert_cmpint(g_chmod(fixture_path("secret"), 0600), ==, 0);
    g_autofree char *file = g_strdup(fixture_path("secret"));
    g_autofree char *text = g_strdup_printf("[stream]\nsource=rtsp://cam/\nsecret-file=%s\n", file);
    g_autoptr(VdtConfig) config = load(text);
    g_autoptr(GError) error = NULL;
    g_autofree char *description = vdt_describe_source(stream_of(config), FALSE, &error);
    g_assert_no_error(error);
    g_assert_null(strstr(description, "hunter2"));
    g_autoptr(GstElement) source = vdt_make_source(stream_of(config), &error);
    g_assert_no_error(error);
    g_autoptr(GstElement) camera = gst_bin_get_by_name(GST_BIN(source), VDT_PART_CAMERA);
    g_autofree char *user = NULL, *password = NULL, *location = NULL;
    g_object_get(camera, "user-id", &user, "user-pw", &password, "location", &location, NULL);
    g_assert_cmpstr(user, ==, "admin");
    g_assert_cmpstr(password, ==, "hunter2");
    g_assert_cmpstr(location, ==, "rtsp://cam/");
    /* Where there is nothing to give it to, it is not forgotten. */
    g_autofree char *other = g_strdup_printf("[stream]\nsource=street:///\nsecret-file=%s\n", file);
    g_autoptr(VdtConfig) street = load(other);
    g_assert_null(vdt_make_source(stream_of(street), &error));
    g_assert_nonnull(strstr(error->message, "has user-id and user-pw"));
}

typedef struct {
    GstElement *pipeline, *source, *analysis;
    guint frames; /* that came to the watch; atomic */
} Play;

static GstPadProbeReturn count_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Play *play = data;
    g_atomic_int_inc(&play->frames);
    return GST_PAD_PROBE_OK;
}

static void play_start(Play *play, const VdtStreamConfig *stream)
{
    g_autoptr(GError) error = NULL;
    *play = (Play){.pipeline = gst_pipeline_new("stream")};
    play->source = vdt_make_source(stream, &error);
    g_assert_no_error(error);
    play->analysis = vdt_make_analysis(stream, &error);
    g_assert_no_error(error);
    gst_bin_add_many(GST_BIN(play->pipeline), play->source, play->analysis, NULL);
    g_assert_true(gst_element_link(play->source, play->analysis));
    g_autoptr(GstElement) watch = gst_bin_get_by_name(GST_BIN(play->analysis), VDT_PART_WATCH);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(watch, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, count_frame, play, NULL);
    gst_element_set_state(play->pipeline, GST_STATE_PLAYING);
}

/* Until @n more frames have come; errors end the test. */
static void play_wait(Play *play, guint n)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(play->pipeline);
    guint wanted = g_atomic_int_get(&play->frames) + n;
    for (guint i = 0; i < 300 && (guint)g_atomic_int_get(&play->frames) < wanted; i++) {
        g_autoptr(GstMessage) message =
            gst_bus_timed_pop_filtered(bus, GST_SECOND / 10, GST_MESSAGE_ERROR);
        g_autoptr(GError) error = NULL;
        if (message != NULL) {
            gst_message_parse_error(message, &error, NULL);
            g_error("%s", error->message);
        }
    }
    g_assert_cmpuint(g_atomic_int_get(&play->frames), >=, wanted);
}

static void play_stop(Play *play)
{
    gst_element_set_state(play->pipeline, GST_STATE_NULL);
    gst_object_unref(play->pipeline);
}

static guint64 results_of(const Play *play, const char *name)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(play->analysis), name);
    g_autoptr(GstStructure) stats = NULL;
    guint64 results = 0;
    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "results", &results);
    return results;
}

static void wait_results(Play *play, const char *name)
{
    guint64 before = results_of(play, name);
    for (guint i = 0; i < 100 && results_of(play, name) <= before; i++)
        play_wait(play, 1);
    g_assert_cmpuint(results_of(play, name), >, before);
}

/* All analysers look at what is decoded once, and go on when the source is made anew. */
static void test_play(void)
{
    fixture_files("vedette.conf", "", NULL);
    g_autofree char *squeezetime = g_strdup(tiny("tiny")), *cgrseg = g_strdup(tiny("tiny-maps"));
    g_autofree char *classes = g_strdup(tiny("classes"));
    g_autofree char *text = g_strdup_printf(
        STREET "[recognizer]\nmodel=%s\nwindow=500ms\ninterval=200ms\n[segmenter]\nmodel=%s\n"
               "interval=200ms\n[segmenter left]\nmodel=%s\nregion=0,0,0.5,1\ninterval=200ms\n"
               "objects=yes\nobject-classes=0,1,2\n[classifier]\nmodel=%s\ninterval=200ms\n"
               "[classifier left]\nmodel=%s\ninterval=200ms\nclassify=boxes\n",
        squeezetime, cgrseg, cgrseg, classes, classes);
    g_autoptr(VdtConfig) config = load(text);
    Play play;
    play_start(&play, stream_of(config));
    wait_results(&play, "recognizer");
    wait_results(&play, "segmenter");
    wait_results(&play, "segmenter-left");
    wait_results(&play, "classifier");
    wait_results(&play, "classifier-left");

    g_autoptr(GstElement) recognizer = gst_bin_get_by_name(GST_BIN(play.analysis), "recognizer");
    gst_element_unlink(play.source, play.analysis);
    gst_element_set_state(play.source, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(play.pipeline), play.source);
    g_autoptr(GError) error = NULL;
    play.source = vdt_make_source(stream_of(config), &error);
    g_assert_no_error(error);
    gst_bin_add(GST_BIN(play.pipeline), play.source);
    g_assert_true(gst_element_link(play.source, play.analysis));
    g_assert_true(gst_element_sync_state_with_parent(play.source));
    play_wait(&play, 10);
    wait_results(&play, "recognizer");
    g_autoptr(GstElement) same = gst_bin_get_by_name(GST_BIN(play.analysis), "recognizer");
    g_assert_true(same == recognizer);
    play_stop(&play);
}

static void test_update(void)
{
    fixture_files("vedette.conf", "", NULL);
    g_autofree char *model = g_strdup(tiny("tiny"));
    g_autofree char *one =
        g_strdup_printf(STREET "[recognizer]\nmodel=%s\n[segmenter]\n[classifier]\n", model);
    g_autofree char *two =
        g_strdup_printf(STREET "[recognizer]\nmodel=%s\nthreshold=0.75\ninterval=1500ms\n"
                               "framing=fit\nregion=0,0,0.5,1\ntop-k=2\n"
                               "[segmenter]\nclasses=person\nzones=a: 0,0 1,0 1,1\nobjects=yes\n"
                               "lines=b: 0,0 1,1\ndwell=2min\ncount=3\ninterval=200ms\n"
                               "[classifier]\nthreshold=0.25\nregions=a: 0,0 1,0 1,1\n"
                               "max-boxes=3\n",
                        model);
    g_autoptr(VdtConfig) before = load(one), after = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) analysis = vdt_make_analysis(stream_of(before), &error);
    g_assert_no_error(error);
    after = load(two);
    vdt_update_analysis(analysis, stream_of(before), stream_of(after));
    /* It is as if it had been made for that. */
    g_autoptr(GstElement) fresh = vdt_make_analysis(stream_of(after), &error);
    g_assert_no_error(error);
    for (guint i = 0; i < vdt_n_analyser_groups; i++) {
        const VdtGroup *group = &vdt_analyser_groups[i];
        g_autoptr(GstElement) x = gst_bin_get_by_name(GST_BIN(analysis), group->name);
        g_autoptr(GstElement) y = gst_bin_get_by_name(GST_BIN(fresh), group->name);
        for (guint k = 0; k < group->n_keys; k++) {
            g_auto(GValue) a = G_VALUE_INIT, b = G_VALUE_INIT;
            g_object_get_property(G_OBJECT(x), group->keys[k].name, &a);
            g_object_get_property(G_OBJECT(y), group->keys[k].name, &b);
            if (gst_value_compare(&a, &b) != GST_VALUE_EQUAL) {
                g_autofree char *was = gst_value_serialize(&a), *is = gst_value_serialize(&b);
                g_assert_cmpstr(was, ==, is);
            }
        }
    }
    g_autoptr(GstElement) recognizer = gst_bin_get_by_name(GST_BIN(analysis), "recognizer");
    double threshold = 0;
    g_object_get(recognizer, "threshold", &threshold, NULL);
    g_assert_cmpfloat(threshold, ==, 0.75);
}

/* What is wrong changes nothing. */
static void test_reload(void)
{
    static const char good[] = "[stream]\nsource=street:///\n[recognizer]\n";
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    fixture_files("streams.d/a.conf", good, "streams.d/b.conf", good, NULL);
    g_autofree char *where = g_strdup(fixture_path(""));
    g_autoptr(VdtConfig) config = vdt_config_check(where, VDT_STREAMS_ALL, NULL, problems);
    g_assert_nonnull(config);
    const VdtConfig *first = config;
    fixture_add("streams.d/a.conf", "[stream]\nsource=street:///\n[recognizer]\nthreshold=0.75\n");
    fixture_add("streams.d/b.conf", "[stream]\nsource=street:///\n[recognizer]\nthreshold=x\n");
    g_assert_null(vdt_config_reload(&config, where, VDT_STREAMS_ALL, problems));
    fixture_expect(problems, "streams.d/b.conf:4: [recognizer] threshold=x: ");
    g_assert_true(config == first);
    fixture_add("streams.d/b.conf", good);
    g_autoptr(VdtProblems) none = vdt_problems_new();
    g_autoptr(GPtrArray) differences = vdt_config_reload(&config, where, VDT_STREAMS_ALL, none);
    g_assert_cmpuint(vdt_problems_count(none), ==, 0);
    g_assert_cmpuint(differences->len, ==, 3);
    const VdtDifference *a = differences->pdata[1], *b = differences->pdata[2];
    g_assert_cmpstr(a->keys[0], ==, "recognizer.threshold");
    g_assert_cmpint(b->change, ==, VDT_CHANGE_SAME);
    const VdtAnalyserConfig *analyser = vdt_config_find(config, "a")->analysers->pdata[0];
    g_assert_cmpfloat(analyser->values[VDT_KEY_RECOGNIZER_THRESHOLD].real, ==, 0.75);
}

static void test_file(void)
{
    fixture_files("vedette.conf", "", NULL);
    g_autofree char *film = g_strdup(fixture_path("a film.mp4"));
    g_autofree char *make = g_strdup_printf(
        "audiotestsrc num-buffers=60 ! avenc_aac ! mux. videotestsrc num-buffers=45 ! "
        "video/x-raw,width=160,height=96,framerate=15/1 ! x264enc speed-preset=ultrafast ! "
        "mp4mux name=mux ! filesink location=\"%s\"",
        film);
    g_autoptr(GstElement) maker = gst_parse_launch(make, NULL);
    g_autoptr(GstBus) bus = gst_element_get_bus(maker);
    gst_element_set_state(maker, GST_STATE_PLAYING);
    g_autoptr(GstMessage) end =
        gst_bus_timed_pop_filtered(bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_cmpint(GST_MESSAGE_TYPE(end), ==, GST_MESSAGE_EOS);
    gst_element_set_state(maker, GST_STATE_NULL);
    g_autofree char *uri = g_filename_to_uri(film, NULL, NULL);
    g_autofree char *text = g_strdup_printf("[stream]\nsource=%s\n", uri);
    g_autoptr(VdtConfig) config = load(text);
    Play play;
    gint64 start = g_get_monotonic_time();
    play_start(&play, stream_of(config));
    play_wait(&play, 30);
    /* At its own pace: 29 of 15 a second. */
    g_assert_cmpint(g_get_monotonic_time() - start, >, 1500000);
    play_stop(&play);
}

#ifdef HAVE_CAMERA
static gpointer serve(gpointer data)
{
    GMainLoop *loop = data;
    GMainContext *context = g_main_loop_get_context(loop);
    g_main_context_push_thread_default(context);
    g_main_loop_run(loop);
    g_main_context_pop_thread_default(context);
    return NULL;
}

static void test_rtsp(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);
    g_autoptr(GError) error = NULL;
    VdtRtspCamera *camera = vdt_rtsp_camera_new(1, context, &error);
    g_assert_no_error(error);
    GThread *thread = g_thread_new("camera", serve, loop);
    fixture_files("vedette.conf", "", NULL);
    g_autofree char *text =
        g_strdup_printf("[stream]\nsource=%s\n", vdt_rtsp_camera_get_url(camera));
    g_autoptr(VdtConfig) config = load(text);
    Play play;
    play_start(&play, stream_of(config));
    play_wait(&play, 20);
    play_stop(&play);
    g_main_loop_quit(loop);
    g_thread_join(thread);
    vdt_rtsp_camera_free(camera);
}
#endif

int main(int argc, char **argv)
{
    gst_init(NULL, NULL);
    fixture_open(&argc, &argv);
    g_test_add_func("/parts/shipped", test_shipped);
    g_test_add_func("/parts/properties", test_properties);
    g_test_add_func("/parts/promises", test_promises);
    g_test_add_func("/parts/secret", test_secret);
    g_test_add_func("/parts/play", test_play);
    g_test_add_func("/parts/update", test_update);
    g_test_add_func("/parts/reload", test_reload);
    g_test_add_func("/parts/file", test_file);
#ifdef HAVE_CAMERA
    g_test_add_func("/parts/rtsp", test_rtsp);
#endif
    return fixture_close();
}
