/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames with results that are scaled, with borders or without. */
#include "analyzer/letterbox.h"

#include <string.h>

#include "analyzer/arrays.h"
#include "fixture.h"
#include "runs.h"

#define SIDE 64 /* of the tiny network's maps */

typedef struct {
    const char *in, *out;
    gboolean borders;
    VdtInner inner;
} Case;

static const Case cases[] = {
    {"width=640, height=360", "width=320, height=180", FALSE, {0}},
    {"width=640, height=360", "width=640, height=640", TRUE, {0, 140. / 640, 1, 360. / 640}},
    {"width=360, height=640", "width=640, height=640", TRUE, {140. / 640, 0, 360. / 640, 1}},
    {"width=640, height=360", "width=101, height=101", TRUE, {0, 22. / 101, 1, 56. / 101}},
    /* pixels that are not square */
    {"width=720, height=576, pixel-aspect-ratio=16/15", "width=768, height=576", FALSE, {0}},
    {"width=720, height=576, pixel-aspect-ratio=64/45",
     "width=768, height=576",
     TRUE,
     {0, 72. / 576, 1, 432. / 576}},
};

static void parse(const char *text, GstVideoInfo *info)
{
    g_autofree char *full =
        g_strdup_printf("video/x-raw, format=GRAY8, framerate=25/1, %s%s", text,
                        strstr(text, "pixel-aspect") ? "" : ", pixel-aspect-ratio=1/1");
    g_autoptr(GstCaps) caps = gst_caps_from_string(full);

    g_assert_true(gst_video_info_from_caps(info, caps));
}

static void test_find(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VdtInner inner = {0};
        GstVideoInfo in, out;

        parse(cases[i].in, &in);
        parse(cases[i].out, &out);
        g_assert_cmpint(vdt_letterbox_find(&in, &out, &inner), ==, cases[i].borders);
        g_assert_cmpfloat_with_epsilon(inner.x, cases[i].inner.x, 1e-9);
        g_assert_cmpfloat_with_epsilon(inner.y, cases[i].inner.y, 1e-9);
        g_assert_cmpfloat_with_epsilon(inner.width, cases[i].inner.width, 1e-9);
        g_assert_cmpfloat_with_epsilon(inner.height, cases[i].inner.height, 1e-9);
    }
}

static guint8 *get_map(const GstStructure *s, int *width, int *height)
{
    g_autoptr(GstBuffer) map = NULL, runs = NULL;
    gpointer bytes, packed;
    g_autofree guint8 *decoded = NULL;
    gsize size, packed_size;

    g_assert_true(gst_structure_get(s, "map", GST_TYPE_BUFFER, &map, "map-width", G_TYPE_INT, width,
                                    "map-height", G_TYPE_INT, height, "runs", GST_TYPE_BUFFER,
                                    &runs, NULL));
    gst_buffer_extract_dup(map, 0, (gsize)-1, &bytes, &size);
    gst_buffer_extract_dup(runs, 0, (gsize)-1, &packed, &packed_size);
    g_assert_cmpuint(size, ==, (gsize)*width * (gsize)*height);
    decoded = g_malloc(size);
    g_assert_true(vdt_runs_decode(packed, packed_size, decoded, size, NULL));
    g_assert_cmpmem(decoded, size, bytes, size);
    g_free(packed);
    return bytes;
}

static double number(const GstStructure *s, const char *field)
{
    double value;

    g_assert_true(gst_structure_get_double(s, field, &value));
    return value;
}

static const GstStructure *first_of(const GstStructure *s, const char *field)
{
    return gst_value_get_structure(gst_value_array_get_value(gst_structure_get_value(s, field), 0));
}

/* A wide frame made square by videoscale: the map has borders of nothing above and below, with what
 * it had in between, and boxes and zones lie where the frame does. */
static void test_videoscale(void)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc pattern=ball num-buffers=1 ! "
        "video/x-raw,format=GRAY8,width=128,height=64,pixel-aspect-ratio=1/1 ! "
        "cgrseg-segmenter mode=exact run-length=true model=\"%s\" zones=\"all: 0,0 1,0 1,1 0,1\" ! "
        "tee name=t ! queue ! appsink name=before "
        "t. ! queue ! videoscale ! video/x-raw,width=128,height=128,pixel-aspect-ratio=1/1 ! "
        "appsink name=after",
        card);
    GstElement *pipeline = gst_parse_launch(launch, NULL);
    const GstStructure *metas[2];
    GstSample *samples[2];
    guint8 *maps[2];
    int width[2], height[2];

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), i ? "after" : "before");

        g_signal_emit_by_name(sink, "pull-sample", &samples[i]);
        g_assert_nonnull(samples[i]);
        metas[i] = fixture_meta(gst_sample_get_buffer(samples[i]), NULL);
        g_assert_nonnull(metas[i]);
        maps[i] = get_map(metas[i], &width[i], &height[i]);
    }
    g_assert_cmpint(width[0], ==, SIDE);
    g_assert_cmpint(height[0], ==, SIDE);
    g_assert_cmpint(width[1], ==, SIDE);
    g_assert_cmpint(height[1], ==, 2 * SIDE);
    for (guint y = 0; y < 2 * SIDE; y++)
        for (guint x = 0; x < SIDE; x++)
            g_assert_cmpuint(
                maps[1][y * SIDE + x], ==,
                y < SIDE / 2 || y >= SIDE + SIDE / 2 ? 255 : maps[0][(y - SIDE / 2) * SIDE + x]);
    g_assert_cmpfloat_with_epsilon(number(first_of(metas[1], "results"), "y"),
                                   0.25 + number(first_of(metas[0], "results"), "y") / 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(number(first_of(metas[1], "results"), "height"),
                                   number(first_of(metas[0], "results"), "height") / 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(number(first_of(metas[1], "results"), "share"),
                                   number(first_of(metas[0], "results"), "share") / 2, 1e-9);
    g_assert_cmpfloat_with_epsilon(
        g_value_get_double(gst_value_array_get_value(
            gst_structure_get_value(first_of(metas[1], "zones"), "points"), 5)),
        0.75, 1e-9);
    for (guint i = 0; i < 2; i++) {
        g_free(maps[i]);
        gst_sample_unref(samples[i]);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

static double nth(const GstStructure *s, const char *field, guint i)
{
    return g_value_get_double(gst_value_array_get_value(gst_structure_get_value(s, field), i));
}

/* Objects and lines lie where the frame does, and are as fast there as they were. */
static void test_objects(void)
{
    static const double path[] = {0, 0.5, 0.25, 1}, ends[] = {0, 0.1, 1, 0.9};
    const VdtInner inner = {0.25, 0.125, 0.5, 0.75};
    g_autoptr(GstStructure) s = gst_structure_new_empty("VedetteResult");
    GstStructure *object = fixture_object(7, 0.5, 0.2, 0.1, 0.4);
    GstStructure *line = gst_structure_new("line", "in", G_TYPE_UINT64, (guint64)3, NULL);
    GValue objects = G_VALUE_INIT, lines = G_VALUE_INIT;

    gst_structure_set(object, "speed-x", G_TYPE_DOUBLE, -0.3, "speed-y", G_TYPE_DOUBLE, 0.1, NULL);
    vdt_structure_set_doubles(object, "path", path, G_N_ELEMENTS(path));
    fixture_append(&objects, object);
    vdt_structure_set_doubles(line, "points", ends, G_N_ELEMENTS(ends));
    fixture_append(&lines, line);
    gst_structure_take_value(s, "objects", &objects);
    gst_structure_take_value(s, "lines", &lines);
    vdt_letterbox_apply(s, &inner, 64);
    for (guint i = 0; i < 4; i++) {
        const double start = i % 2 ? inner.y : inner.x, share = i % 2 ? inner.height : inner.width;

        g_assert_cmpfloat_with_epsilon(nth(first_of(s, "objects"), "path", i),
                                       start + share * path[i], 1e-12);
        g_assert_cmpfloat_with_epsilon(nth(first_of(s, "lines"), "points", i),
                                       start + share * ends[i], 1e-12);
    }
    g_assert_cmpfloat_with_epsilon(number(first_of(s, "objects"), "x"), 0.5, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first_of(s, "objects"), "height"), 0.3, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first_of(s, "objects"), "share"), 0.02 * 0.375, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first_of(s, "objects"), "speed-x"), -0.15, 1e-12);
    g_assert_cmpfloat_with_epsilon(number(first_of(s, "objects"), "speed-y"), 0.075, 1e-12);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/letterbox/find", test_find);
    g_test_add_func("/letterbox/videoscale", test_videoscale);
    g_test_add_func("/letterbox/objects", test_objects);
    return fixture_run();
}
