/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cgrseg-segmenter with small networks of made-up weights. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <vedette/engine.h>

#include "enums.h"
#include "fixture.h"
#include "preprocess.h"
#include "runs.h"
#include "segmentation.h"
#include "segmenter/segnetwork.h"

#define SIZE     64
#define FRAME    (40 * GST_MSECOND)
#define CAPS_NET "video/x-raw, format=RGB, width=64, height=64, framerate=25/1"

static GstElement *segmenter_new(const char *model)
{
    g_autofree char *card = fixture_model(model);
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);

    g_object_set(element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT, NULL);
    return element;
}

/* A frame of the network's size: blocks in strong colours. */
static GstBuffer *busy_frame(guint seed, GstClockTime pts)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, SIZE * SIZE * 3, NULL);
    guint8 colours[SIZE * SIZE / 256];
    guint32 state = seed;
    GstMapInfo map;

    for (guint i = 0; i < sizeof colours; i++) {
        state = state * 1664525 + 1013904223;
        colours[i] = (guint8)(state >> 24);
    }
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (guint p = 0; p < SIZE * SIZE * 3; p++) {
        const guint colour = colours[p / 3 / SIZE / 16 * (SIZE / 16) + p / 3 % SIZE / 16];

        map.data[p] = colour >> p % 3 & 1 ? 255 : 0;
    }
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
}

static GstBuffer *pass(GstHarness *h, GstBuffer *buffer)
{
    GstBuffer *out;

    g_assert_cmpint(gst_harness_push(h, buffer), ==, GST_FLOW_OK);
    out = gst_harness_pull(h);
    g_assert_nonnull(out);
    return out;
}

/* The map that a buffer carries, and its size. Caller frees. */
static guint8 *get_map(GstBuffer *buffer, int *width, int *height)
{
    const GstStructure *s = fixture_meta(buffer, NULL);
    g_autoptr(GstBuffer) map = NULL;
    guint8 *bytes;

    g_assert_nonnull(s);
    g_assert_true(gst_structure_get(s, "map", GST_TYPE_BUFFER, &map, "map-width", G_TYPE_INT, width,
                                    "map-height", G_TYPE_INT, height, NULL));
    g_assert_cmpuint(gst_buffer_get_size(map), ==, (gsize)*width * (gsize)*height);
    bytes = g_malloc(gst_buffer_get_size(map));
    gst_buffer_extract(map, 0, bytes, gst_buffer_get_size(map));
    return bytes;
}

static const GValue *get_results(GstBuffer *buffer)
{
    return gst_structure_get_value(fixture_meta(buffer, NULL), "results");
}

static const GstStructure *get_result(const GValue *results, guint i)
{
    return gst_value_get_structure(gst_value_array_get_value(results, i));
}

static double number(const GstStructure *s, const char *field)
{
    double value = NAN;

    g_assert_true(gst_structure_get_double(s, field, &value));
    return value;
}

static int class_of(const GstStructure *s)
{
    int class = -1;

    g_assert_true(gst_structure_get_int(s, "class-id", &class));
    return class;
}

static void test_inspect(void)
{
    static const char *const live[] = {
        "model",      "precision",     "mode",       "interval",   "classes",
        "min-area",   "smoothing",     "resolution", "framing",    "region",
        "map-size",   "post-messages", "zones",      "zone-share", "zone-hysteresis",
        "run-length", "min-duration",  "roi-metas"};
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);

    g_assert_cmpstr(gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS), ==,
                    "Filter/Analyzer/Video");
    for (guint i = 0; i < G_N_ELEMENTS(live); i++) {
        const GParamSpec *spec = g_object_class_find_property(klass, live[i]);
        GValue value = G_VALUE_INIT;

        g_assert_nonnull(spec);
        g_assert_true(spec->flags & GST_PARAM_MUTABLE_PLAYING);
        g_assert_true(spec->flags & G_PARAM_WRITABLE);
        g_object_get_property(G_OBJECT(element), live[i], &value);
        g_value_unset(&value);
    }
    gst_object_unref(element);
}

/* What the network itself says of a frame. */
static VdtSegmentation *expected(GstBuffer *frame)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = vdt_engine_new(&(VdtEngineOptions){.model = card}, &error);
    const VdtShape shape = vdt_engine_get_input_shape(engine, 1, SIZE, SIZE);
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &shape, &error);
    const VdtCard *c = vdt_engine_get_card(engine);
    const VdtTensor *out;
    GstMapInfo map;

    g_assert_no_error(error);
    gst_buffer_map(frame, &map, GST_MAP_READ);
    vdt_clip_set_frame(vdt_session_get_input(session, 0), 0, 0,
                       &(VdtPicture){map.data, SIZE, SIZE, SIZE * 3}, c->mean, c->std);
    gst_buffer_unmap(frame, &map);
    g_assert_true(vdt_session_run(session, NULL, &error));
    out = vdt_session_get_output(session, 0);
    return vdt_segmentation_new(out->data, (guint)out->shape.dims[1], (guint)out->shape.dims[2],
                                (guint)out->shape.dims[3], &(VdtSeen){0, 0, 1, 1}, SIZE, SIZE);
}

/* The element finds what the network finds in the same picture, and tells it in both ways. */
static void test_results(void)
{
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);
    g_autoptr(GstBuffer) frame = busy_frame(1, 0), out = NULL;
    g_autoptr(VdtSegmentation) s = expected(frame);
    g_autoptr(GstMessage) message = NULL;
    const GstStructure *told;
    g_autofree guint8 *map = NULL;
    const GValue *results;
    double before = 1;
    int width, height;

    gst_harness_set_src_caps_str(h, CAPS_NET);
    out = pass(h, gst_buffer_ref(frame));
    map = get_map(out, &width, &height);
    g_assert_cmpint(width, ==, SIZE);
    g_assert_cmpint(height, ==, SIZE);
    g_assert_cmpmem(map, SIZE * SIZE, s->map, SIZE * SIZE);
    g_assert_cmpstr(gst_structure_get_string(fixture_meta(out, NULL), "kind"), ==, "segmentation");
    results = get_results(out);
    g_assert_cmpuint(gst_value_array_get_size(results), >=, 2);
    for (guint i = 0; i < gst_value_array_get_size(results); i++) {
        const GstStructure *r = get_result(results, i);
        const VdtSegment *segment = &s->segments[class_of(r)];
        g_autofree char *label = g_strdup_printf("label %d", class_of(r));
        guint rgb;

        g_assert_cmpstr(gst_structure_get_string(r, "label"), ==, label);
        g_assert_cmpfloat(number(r, "share"), <=, before);
        before = number(r, "share");
        g_assert_cmpfloat(before, ==, segment->share);
        g_assert_cmpfloat_with_epsilon(number(r, "score"), segment->score, 1e-5);
        g_assert_cmpfloat(number(r, "x"), ==, segment->x);
        g_assert_cmpfloat(number(r, "y"), ==, segment->y);
        g_assert_cmpfloat(number(r, "width"), ==, segment->width);
        g_assert_cmpfloat(number(r, "height"), ==, segment->height);
        g_assert_true(gst_structure_get_uint(r, "rgb", &rgb) && rgb <= 0xffffff);
    }

    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, &message), ==, 1);
    told = gst_message_get_structure(message);
    g_assert_cmpstr(gst_structure_get_name(told), ==, "cgrseg-segmenter");
    g_assert_cmpstr(gst_structure_get_string(told, "event"), ==, "update");
    g_assert_cmpstr(gst_structure_get_string(told, "kind"), ==, "segmentation");
    g_assert_cmpint(class_of(told), ==, class_of(get_result(results, 0)));
    g_assert_cmpfloat(number(told, "share"), ==, number(get_result(results, 0), "share"));
    g_assert_cmpint(gst_value_compare(gst_structure_get_value(told, "results"), results), ==,
                    GST_VALUE_EQUAL);
    fixture_harness_free(h);
}

/* Labels as ADE20K has them: the longest one that fits is meant. */
static void test_labels_with_commas(void)
{
    static char *labels[] = {"wall", "door, double door", "car,auto , automobile", "door", "auto",
                             NULL};
    static const struct {
        const char *names, *found, *unknown;
    } cases[] = {
        {"wall", "10000", NULL},
        {"door", "00010", NULL},
        {"door, double door", "01000", NULL},
        {" wall ,door,double door,auto", "11001", NULL},
        {"car, auto, automobile", "00100", NULL},
        {"car, auto", "00001", "car"},
        {"double door, 0", "10000", "double door"},
        {"wall, door, wall", "10010", NULL},
        {" , ", NULL, NULL},
        {"", NULL, NULL},
    };
    const VdtCard card = {.labels = labels, .n_labels = 5};
    const VdtSegNetwork network = {.card = &card, .n_classes = 5};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *unknown = NULL;
        g_autofree gboolean *found = vdt_seg_network_find(&network, cases[i].names, &unknown);

        g_assert_cmpstr(unknown, ==, cases[i].unknown);
        g_assert_true((found != NULL) == (cases[i].found != NULL));
        for (guint c = 0; found && c < network.n_classes; c++)
            g_assert_cmpint(found[c], ==, cases[i].found[c] == '1');
    }
}

/* Only classes that are asked for; names that the network lacks are said, once. */
static void test_classes(void)
{
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);
    g_autofree char *names = NULL, *warning = NULL;
    int first, width, height;
    GstBuffer *out;

    gst_harness_set_src_caps_str(h, CAPS_NET);
    out = pass(h, busy_frame(1, 0));
    first = class_of(get_result(get_results(out), 0));
    gst_buffer_unref(out);
    names = g_strdup_printf(" label %d , cat,,dog", first);
    g_object_set(element, "classes", names, NULL);
    for (guint i = 1; i < 4; i++) {
        g_autofree guint8 *map = NULL;

        out = pass(h, busy_frame(1, i * FRAME));
        g_assert_cmpuint(gst_value_array_get_size(get_results(out)), ==, 1);
        g_assert_cmpint(class_of(get_result(get_results(out), 0)), ==, first);
        map = get_map(out, &width, &height);
        for (int p = 0; p < width * height; p++)
            g_assert_true(map[p] == first || map[p] == VDT_SEGMENTATION_NOTHING);
        gst_buffer_unref(out);
    }
    warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
    g_assert_nonnull(strstr(warning, "cat, dog"));
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);

    /* all of them are too small */
    fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, NULL);
    g_object_set(element, "classes", "", "min-area", 1.0, NULL);
    out = pass(h, busy_frame(1, 5 * FRAME));
    g_assert_cmpuint(gst_value_array_get_size(get_results(out)), ==, 0);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, NULL), ==, 0);
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

/* Each class is a region in pixels, for elements that know nothing of segmentations. */
static void test_regions(void)
{
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);

    gst_harness_set_src_caps_str(h, CAPS_NET);
    for (guint i = 0; i < 4; i++) {
        const GValue *results;
        GstVideoRegionOfInterestMeta *region;
        g_autoptr(GstBuffer) out = NULL;
        GstBuffer *in = busy_frame(1, i * FRAME);
        /* a part of the frame that is to be seen, last */
        const guint left = i == 3 ? 8 : 0, top = i == 3 ? 4 : 0;
        const guint width = i == 3 ? SIZE - 20 : SIZE, height = i == 3 ? SIZE - 10 : SIZE;
        gpointer state = NULL;
        guint n = 0;

        if (i > 0)
            g_object_set(element, "roi-metas", i != 2, NULL);
        if (i == 3) {
            GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(in);

            crop->x = left;
            crop->y = top;
            crop->width = width;
            crop->height = height;
        }
        out = pass(h, in);
        results = get_results(out);
        g_assert_cmpuint(gst_value_array_get_size(results), >, 1);
        while ((region = (GstVideoRegionOfInterestMeta *)gst_buffer_iterate_meta_filtered(
                    out, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
            const GstStructure *s = get_result(results, n++);
            const GstStructure *params =
                gst_video_region_of_interest_meta_get_param(region, "cgrseg-segmenter");

            g_assert_cmpstr(g_quark_to_string(region->roi_type), ==,
                            gst_structure_get_string(s, "label"));
            g_assert_cmpint(region->id, ==, class_of(s));
            g_assert_nonnull(params);
            g_assert_cmpfloat(number(params, "share"), ==, number(s, "share"));
            g_assert_cmpfloat(number(params, "confidence"), ==, number(s, "score"));
            /* all of it, and not a whole pixel more */
            g_assert_cmpfloat(region->x, <, left + number(s, "x") * width + 1e-3);
            g_assert_cmpfloat(region->x + 1, >, left + number(s, "x") * width - 1e-3);
            g_assert_cmpfloat(region->y, <, top + number(s, "y") * height + 1e-3);
            g_assert_cmpfloat(region->y + 1, >, top + number(s, "y") * height - 1e-3);
            g_assert_cmpfloat(region->x + region->w, >,
                              left + (number(s, "x") + number(s, "width")) * width - 1e-3);
            g_assert_cmpuint(region->x + region->w, <=, left + width);
            g_assert_cmpuint(region->y + region->h, <=, top + height);
            g_assert_cmpuint(MIN(region->w, region->h), >=, 1);
        }
        g_assert_cmpuint(n, ==, i % 2 ? gst_value_array_get_size(results) : 0);
    }
    fixture_harness_free(h);
}

/* The map in run-length form is the same map. */
static void test_run_length(void)
{
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);

    gst_harness_set_src_caps_str(h, CAPS_NET);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstBuffer) out = NULL, runs = NULL;
        g_autofree guint8 *map = NULL;
        guint8 again[SIZE * SIZE];
        int width, height;
        GstMapInfo info;

        g_object_set(element, "run-length", i == 1, NULL);
        out = pass(h, busy_frame(1, i * FRAME));
        gst_structure_get(fixture_meta(out, NULL), "runs", GST_TYPE_BUFFER, &runs, NULL);
        g_assert_true((runs != NULL) == (i == 1));
        if (!runs)
            continue;
        map = get_map(out, &width, &height);
        gst_buffer_map(runs, &info, GST_MAP_READ);
        g_assert_cmpuint(info.size, <, sizeof again);
        g_assert_true(vdt_runs_decode(info.data, info.size, again, sizeof again, NULL));
        gst_buffer_unmap(runs, &info);
        g_assert_cmpmem(again, sizeof again, map, (gsize)width * (gsize)height);
    }
    fixture_harness_free(h);
}

/* Sizes of frames change; maps follow them, or the network. */
static void test_caps_change(void)
{
    static const int sizes[][2] = {{640, 360}, {1920, 1080}, {320, 240}, {640, 360}};

    for (int of = VDT_MAP_OF_NETWORK; of <= VDT_MAP_OF_FRAME; of++) {
        GstElement *element = segmenter_new("tiny-maps/card.json");
        GstHarness *h = fixture_harness(element);

        g_object_set(element, "map-size", of, NULL);
        for (guint i = 0; i < 12; i++) {
            const int *size = sizes[i / 3];
            g_autofree char *caps = g_strdup_printf(
                "video/x-raw, format=I420, width=%d, height=%d, framerate=25/1", size[0], size[1]);
            g_autoptr(GstBuffer) out = NULL;
            g_autofree guint8 *map = NULL;
            int width, height;

            if (i % 3 == 0)
                gst_harness_set_src_caps_str(h, caps);
            out = pass(h, fixture_frame(caps, i * FRAME));
            map = get_map(out, &width, &height);
            g_assert_cmpint(width, ==, of == VDT_MAP_OF_FRAME ? size[0] : SIZE);
            g_assert_cmpint(height, ==, of == VDT_MAP_OF_FRAME ? size[1] : SIZE);
        }
        g_assert_cmpuint(fixture_stat(element, "results"), ==, 12);
        fixture_harness_free(h);
    }
}

/* Maps cover the frame; what was not looked at is nothing. */
static void test_region(void)
{
    static const char caps[] = "video/x-raw, format=I420, width=160, height=64, framerate=25/1";
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);
    g_autoptr(GstBuffer) out = NULL;
    g_autofree guint8 *map = NULL;
    int width, height;

    gst_util_set_object_arg(G_OBJECT(element), "region", "<0.5, 0, 0.5, 1>");
    gst_harness_set_src_caps_str(h, caps);
    out = pass(h, fixture_frame(caps, 0));
    map = get_map(out, &width, &height);
    g_assert_cmpint(width, ==, 2 * SIZE);
    g_assert_cmpint(height, ==, SIZE);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            g_assert_true((map[y * width + x] == VDT_SEGMENTATION_NOTHING) == (x < SIZE));
    g_assert_cmpfloat(number(get_result(get_results(out), 0), "x"), >=, 0.5);
    fixture_harness_free(h);
}

static void test_framing(void)
{
    static const char caps[] = "video/x-raw, format=I420, width=128, height=64, framerate=25/1";
    /* of the map's pixels, in percent, those that were seen; and the map's size */
    static const int seen[][3] = {[VDT_FRAMING_STRETCH] = {100, SIZE, SIZE},
                                  [VDT_FRAMING_CROP] = {50, 2 * SIZE, SIZE},
                                  [VDT_FRAMING_FIT] = {100, SIZE, SIZE / 2}};
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);

    gst_harness_set_src_caps_str(h, caps);
    for (int framing = VDT_FRAMING_STRETCH; framing <= VDT_FRAMING_FIT; framing++) {
        g_autoptr(GstBuffer) out = NULL;
        g_autofree guint8 *map = NULL;
        int width, height, n = 0;

        g_object_set(element, "framing", framing, NULL);
        out = pass(h, fixture_frame(caps, framing * FRAME));
        map = get_map(out, &width, &height);
        g_assert_cmpint(width, ==, seen[framing][1]);
        g_assert_cmpint(height, ==, seen[framing][2]);
        for (int p = 0; p < width * height; p++)
            n += map[p] != VDT_SEGMENTATION_NOTHING;
        g_assert_cmpint(n * 100 / (width * height), ==, seen[framing][0]);
    }
    fixture_harness_free(h);
}

/* An average of what was found; forgotten where the stream breaks off. */
static void test_smoothing(void)
{
    g_autofree guint8 *maps[6] = {NULL};
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);
    guint differ = 0;
    int width, height;

    gst_harness_set_src_caps_str(h, CAPS_NET);
    g_object_set(element, "smoothing", 0.99, NULL);
    for (guint i = 0; i < 6; i++) {
        g_autoptr(GstBuffer) out = NULL;

        /* another picture from the second on; a break before the fifth; not smoothed: the sixth */
        if (i == 4)
            g_assert_true(gst_harness_push_event(h, gst_event_new_flush_start()) &&
                          gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
        if (i == 4) {
            GstSegment segment;

            gst_segment_init(&segment, GST_FORMAT_TIME);
            gst_harness_push_event(h, gst_event_new_segment(&segment));
        }
        if (i == 5)
            g_object_set(element, "smoothing", 0.0, NULL);
        out = pass(h, busy_frame(i ? 7 : 1, i * FRAME));
        maps[i] = get_map(out, &width, &height);
    }
    for (int p = 0; p < SIZE * SIZE; p++)
        differ += maps[0][p] != maps[5][p];
    g_assert_cmpuint(differ, >, 100);
    for (guint i = 1; i < 4; i++) {
        guint moved = 0;

        for (int p = 0; p < SIZE * SIZE; p++)
            moved += maps[0][p] != maps[i][p];
        g_assert_cmpuint(moved, <, differ / 4);
    }
    g_assert_cmpmem(maps[4], SIZE * SIZE, maps[5], SIZE * SIZE);
    for (guint i = 1; i < 6; i++)
        g_clear_pointer(&maps[i], g_free);
    fixture_harness_free(h);
}

/* Another part of the frame, or other frames, are nothing to average with. */
static void test_smoothing_begins_anew(void)
{
    static const char yuv[] = "video/x-raw, format=I420, width=64, height=64, framerate=25/1";

    for (guint other_caps = 0; other_caps < 2; other_caps++) {
        g_autofree guint8 *maps[2] = {NULL};
        int width, height;

        for (guint smooth = 0; smooth < 2; smooth++) {
            GstElement *element = segmenter_new("tiny-maps/card.json");
            GstHarness *h = fixture_harness(element);
            g_autoptr(GstBuffer) out = NULL;

            g_object_set(element, "smoothing", 0.99 * smooth, NULL);
            gst_harness_set_src_caps_str(h, CAPS_NET);
            gst_buffer_unref(pass(h, busy_frame(1, 0)));
            if (other_caps)
                gst_harness_set_src_caps_str(h, yuv);
            else
                gst_util_set_object_arg(G_OBJECT(element), "region", "<0, 0, 0.5, 1>");
            out = pass(h, other_caps ? fixture_frame(yuv, FRAME) : busy_frame(7, FRAME));
            maps[smooth] = get_map(out, &width, &height);
            fixture_harness_free(h);
        }
        g_assert_cmpmem(maps[0], (gsize)width * (gsize)height, maps[1],
                        (gsize)width * (gsize)height);
        g_free(maps[1]);
    }
}

/* Classes that labels do not name go by numbers, which is said. */
static void test_few_labels(void)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *card = g_build_filename(dir, "card.json", NULL);
    g_autofree char *labels = g_build_filename(dir, "labels.txt", NULL);
    g_autofree char *weights = fixture_model("tiny-maps/weights.safetensors");
    g_autofree char *copy = g_build_filename(dir, "weights.safetensors", NULL);
    g_autofree char *from = fixture_model("tiny-maps/card.json");
    g_autofree char *text = NULL, *warning = NULL, *bytes = NULL;
    gsize n_bytes;
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    g_autoptr(GstBuffer) out = NULL;
    GstHarness *h;

    g_assert_true(g_file_get_contents(from, &text, NULL, NULL) &&
                  g_file_set_contents(card, text, -1, NULL) &&
                  g_file_set_contents(labels, "only\n", -1, NULL));
    g_assert_true(g_file_get_contents(weights, &bytes, &n_bytes, NULL) &&
                  g_file_set_contents(copy, bytes, (gssize)n_bytes, NULL));
    g_object_set(element, "model", card, "mode", VDT_ANALYZER_EXACT, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_NET);
    out = pass(h, busy_frame(1, 0));
    warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
    g_assert_nonnull(warning);
    g_assert_nonnull(strstr(warning, "labels.txt has 1 labels, but the network has"));
    for (guint i = 0; i < gst_value_array_get_size(get_results(out)); i++) {
        const GstStructure *r = get_result(get_results(out), i);
        g_autofree char *number = g_strdup_printf("%d", class_of(r));

        g_assert_cmpstr(gst_structure_get_string(r, "label"), ==, class_of(r) ? number : "only");
    }
    fixture_harness_free(h);
    g_unlink(copy);
    g_unlink(labels);
    g_unlink(card);
    g_rmdir(dir);
}

/* Any size for a network without attention; multiples of 32 for the others, which is said. */
static void test_resolution(void)
{
    static const struct {
        const char *model, *resolution;
        int width, height;
        gboolean warned;
    } cases[] = {
        {"tiny-maps/card.json", "", 64, 64, FALSE},
        {"tiny-maps/card.json", "81x47", 81, 47, FALSE},
        {"tiny-attention/card.json", "96x64", 96, 64, FALSE},
        {"tiny-attention/card.json", "100x36", 96, 32, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstElement *element = segmenter_new(cases[i].model);
        GstHarness *h;
        g_autoptr(GstBuffer) out = NULL;
        g_autofree guint8 *map = NULL;
        g_autofree char *warning = NULL;
        int width, height;

        g_object_set(element, "resolution", cases[i].resolution, NULL);
        h = fixture_harness(element);
        gst_harness_set_src_caps_str(h, CAPS_NET);
        out = pass(h, busy_frame(1, 0));
        map = get_map(out, &width, &height);
        g_assert_cmpint(width, ==, cases[i].width);
        g_assert_cmpint(height, ==, cases[i].height);
        warning = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
        g_assert_true((warning != NULL) == cases[i].warned);
        if (warning)
            g_assert_nonnull(strstr(warning, "100x36; it gets 96x32"));
        fixture_harness_free(h);
    }
}

static void test_bad_resolution(void)
{
    static const char *const bad[] = {"64",       "64x",     "x64",
                                      "64x64x64", "31x64",   "64x4097",
                                      "-64x64",   "64 x 64", "64x99999999999999999999",
                                      "0x0"};
    GstElement *element = segmenter_new("tiny-maps/card.json");
    g_autofree char *text = NULL;

    g_object_set(element, "resolution", "96x64", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_object_set(element, "resolution", bad[i], NULL);
    g_object_get(element, "resolution", &text, NULL);
    g_assert_cmpstr(text, ==, "96x64");
    gst_object_unref(element);
}

/* Damaged weights are said, once, and counted; nothing is found, and nothing that is no number. */
static void test_no_numbers(void)
{
    g_autofree char *card = fixture_damaged_model("tiny-maps", "decode_head.conv_seg");
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    GstHarness *h;

    g_object_set(element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT, "smoothing",
                 0.5, "zones", "all: 0,0 1,0 1,1 0,1", "roi-metas", TRUE, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_NET);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = pass(h, busy_frame(1, i * FRAME));
        g_autofree guint8 *map = NULL;
        int width, height;

        g_assert_cmpuint(gst_value_array_get_size(get_results(out)), ==, 0);
        map = get_map(out, &width, &height);
        for (int p = 0; p < width * height; p++)
            g_assert_cmpuint(map[p], ==, VDT_SEGMENTATION_NOTHING);
        g_assert_null(gst_buffer_get_video_region_of_interest_meta_id(out, 0));
    }
    g_assert_cmpuint(fixture_stat(element, "invalid"), ==, 3);
    fixture_check_no_numbers(h);
    fixture_harness_free(h);
}

static void test_change_while_playing(void)
{
    static const char *const resolutions[] = {"96x64", "", "64x160"};
    GstElement *element = segmenter_new("tiny-maps/card.json");
    GstHarness *h = fixture_harness(element);
    int width = 0, height;

    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    for (guint i = 0; i < 3; i++) {
        g_autofree guint8 *map = NULL;
        g_autoptr(GstBuffer) out = NULL;

        g_object_set(element, "resolution", resolutions[i], "smoothing", 0.3 * i, "framing", (int)i,
                     NULL);
        fixture_push(h, CAPS_SMALL, i * GST_SECOND, FRAME, 10);
        out = pass(h, fixture_frame(CAPS_SMALL, i * GST_SECOND + 10 * FRAME));
        map = get_map(out, &width, &height);
        g_assert_cmpint(i == 0 ? width : 96, ==, 96);
    }
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    fixture_harness_free(h);
}

/* A network for actions has no maps. */
static void test_errors(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autofree char *text = NULL;

    gst_element_set_bus(element, bus);
    g_object_set(element, "model", card, NULL);
    g_assert_cmpint(gst_element_set_state(element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    text = fixture_error(bus, GST_MESSAGE_ERROR, NULL);
    g_assert_nonnull(strstr(text, "squeezetime"));
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(element);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/segmenter/inspect", test_inspect);
    g_test_add_func("/segmenter/results", test_results);
    g_test_add_func("/segmenter/classes", test_classes);
    g_test_add_func("/segmenter/labels-with-commas", test_labels_with_commas);
    g_test_add_func("/segmenter/regions", test_regions);
    g_test_add_func("/segmenter/run-length", test_run_length);
    g_test_add_func("/segmenter/caps-change", test_caps_change);
    g_test_add_func("/segmenter/region", test_region);
    g_test_add_func("/segmenter/framing", test_framing);
    g_test_add_func("/segmenter/smoothing", test_smoothing);
    g_test_add_func("/segmenter/smoothing/begins-anew", test_smoothing_begins_anew);
    g_test_add_func("/segmenter/few-labels", test_few_labels);
    g_test_add_func("/segmenter/resolution", test_resolution);
    g_test_add_func("/segmenter/bad-resolution", test_bad_resolution);
    g_test_add_func("/segmenter/no-numbers", test_no_numbers);
    g_test_add_func("/segmenter/change-while-playing", test_change_while_playing);
    g_test_add_func("/segmenter/errors", test_errors);
    return fixture_run();
}
