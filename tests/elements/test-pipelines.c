/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The templates of pipelines/, filled in by a shell as their README says. */
#include <glib/gstdio.h>

#include "fixture.h"

/* The words of a template, with variables filled in. */
static char **fill_in(const char *name, char **environment)
{
    g_autofree char *path =
        g_build_filename(g_getenv("VEDETTE_SOURCE_DIR"), "pipelines", name, NULL);
    const char *const argv[] = {"/bin/sh", "-euc",
                                "eval \"set -- $(grep -v '^#' \"$0\")\"; printf '%s\\n' \"$@\"",
                                path, NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    int status;

    g_spawn_sync(NULL, (char **)argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                 &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return g_strsplit(g_strchomp(out), "\n", -1);
}

static GstElement *parse(const char *name, const char *variable, const char *value)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_auto(GStrv) environment = g_get_environ(), words = NULL;
    g_autoptr(GError) error = NULL;
    GstElement *pipeline;

    environment = g_environ_setenv(environment, "MODEL", card, TRUE);
    environment = g_environ_setenv(environment, variable, value, TRUE);
    words = fill_in(name, environment);
    pipeline = gst_parse_launchv((const char **)words, &error);
    g_assert_no_error(error);
    return pipeline;
}

static void test_parse(void)
{
    static const char *const templates[][3] = {
        {"file.launch", "FILE", "/no such place/a file.mp4"},
        {"rtsp.launch", "URL", "rtsp://127.0.0.1:1/camera"},
        {"camera.launch", "DEVICE", "/dev/video7"},
        {"street.launch", "SEED", "12"},
        {"rain.launch", "RESTORER", "/no such place/card.json"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(templates); i++) {
        GstElement *pipeline = parse(templates[i][0], templates[i][1], templates[i][2]);

        g_assert_true(GST_IS_PIPELINE(pipeline));
        gst_object_unref(pipeline);
    }
}

/* Every template of the folder is tested above. */
static void test_complete(void)
{
    g_autofree char *path = g_build_filename(g_getenv("VEDETTE_SOURCE_DIR"), "pipelines", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;

    while ((name = g_dir_read_name(dir)))
        n += g_str_has_suffix(name, ".launch");
    g_assert_cmpuint(n, ==, 5);
}

/* Plays to the end; gives the events. */
static char *play(GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    g_autoptr(GString) events = g_string_new(NULL);
    gboolean done = FALSE;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while (!done) {
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
            bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);

        g_assert_nonnull(message);
        g_assert_cmpint(GST_MESSAGE_TYPE(message), !=, GST_MESSAGE_ERROR);
        done = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
        if (!done && gst_message_has_name(message, "squeezetime-recognizer"))
            g_string_append_printf(
                events, "%s ",
                gst_structure_get_string(gst_message_get_structure(message), "event"));
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return g_string_free(g_steal_pointer(&events), FALSE);
}

static void test_file(void)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "a film.mp4", NULL);
    g_autofree char *make =
        g_strdup_printf("videotestsrc num-buffers=125 pattern=ball ! "
                        "video/x-raw,width=160,height=120,framerate=25/1 "
                        "! x264enc speed-preset=ultrafast ! mp4mux ! filesink location=\"%s\"",
                        file);
    g_autofree char *made = NULL, *events = NULL;
    GstElement *pipeline = gst_parse_launch(make, NULL);

    made = play(pipeline);
    gst_object_unref(pipeline);
    pipeline = parse("file.launch", "FILE", file);
    events = play(pipeline);
    gst_object_unref(pipeline);
    g_assert_true(g_str_has_prefix(events, "start "));
    g_assert_true(g_str_has_suffix(events, " end "));
    g_unlink(file);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/pipelines/parse", test_parse);
    g_test_add_func("/pipelines/complete", test_complete);
    g_test_add_func("/pipelines/file", test_file);
    return fixture_run();
}
