/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as GStreamer's own metas, read by GStreamer's own functions. */
#include <gst/analytics/analytics.h>
#include <unistd.h>

#include "analyzer/analytics.h"
#include "enums.h"
#include "fixture.h"

#define SIZE     64
#define FRAME    (40 * GST_MSECOND)
#define CAPS_NET "video/x-raw, format=RGB, width=64, height=64, framerate=25/1"

static GstHarness *analyzer_new(const char *factory, const char *model)
{
    g_autofree char *card = fixture_model(model);
    GstElement *element = gst_element_factory_make(factory, NULL);
    GstHarness *h;

    g_object_set(element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_NET);
    return h;
}

/* Blocks in strong colours. */
static GstBuffer *busy_frame(guint seed, GstClockTime pts)
{
    guint8 *rgb = g_malloc(SIZE * SIZE * 3);
    guint32 state = seed;
    GstBuffer *buffer;

    for (guint block = 0; block < SIZE * SIZE / 256; block++) {
        state = state * 1664525 + 1013904223;
        for (guint p = 0; p < 256 * 3; p++) {
            const guint x = block % 4 * 16 + p / 3 % 16, y = block / 4 * 16 + p / 48;

            rgb[(y * SIZE + x) * 3 + p % 3] = state >> (24 + p % 3) & 1 ? 255 : 0;
        }
    }
    buffer = gst_buffer_new_wrapped(rgb, SIZE * SIZE * 3);
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
}

static GstBuffer *pass(GstHarness *h, GstBuffer *buffer)
{
    g_assert_cmpint(gst_harness_push(h, buffer), ==, GST_FLOW_OK);
    return gst_harness_pull(h);
}

static const GstStructure *result(GstBuffer *buffer, guint i)
{
    const GValue *results = gst_structure_get_value(fixture_meta(buffer, NULL), "results");

    return gst_value_get_structure(gst_value_array_get_value(results, i));
}

static guint n_results(GstBuffer *buffer)
{
    return gst_value_array_get_size(gst_structure_get_value(fixture_meta(buffer, NULL), "results"));
}

static double number(GstBuffer *buffer, guint i, const char *field)
{
    double value;

    g_assert_true(gst_structure_get_double(result(buffer, i), field, &value));
    return value;
}

static const char *label(GstBuffer *buffer, guint i)
{
    return gst_structure_get_string(result(buffer, i), "label");
}

static guint count(GstAnalyticsRelationMeta *meta, GstAnalyticsMtdType type, GstAnalyticsMtd *last)
{
    GstAnalyticsMtd each; /* the search that fails writes there, too */
    gpointer state = NULL;
    guint n = 0;

    while (gst_analytics_relation_meta_iterate(meta, &state, type, &each)) {
        *last = each;
        n++;
    }
    return n;
}

static GstAnalyticsRelationMeta *get_meta(GstBuffer *buffer)
{
    GstAnalyticsRelationMeta *meta = gst_buffer_get_analytics_relation_meta(buffer);

    g_assert_nonnull(meta);
    return meta;
}

/* Label and score of each result, in their order. */
static void check_classification(GstBuffer *buffer, const GstAnalyticsClsMtd *found)
{
    g_assert_cmpuint(gst_analytics_cls_mtd_get_length(found), ==, n_results(buffer));
    for (guint i = 0; i < n_results(buffer); i++) {
        const GQuark quark = gst_analytics_cls_mtd_get_quark(found, i);

        g_assert_cmpstr(g_quark_to_string(quark), ==, label(buffer, i));
        g_assert_cmpint(gst_analytics_cls_mtd_get_index_by_quark(found, quark), ==, (int)i);
        g_assert_cmpfloat(gst_analytics_cls_mtd_get_level(found, i), ==,
                          (float)number(buffer, i, "score"));
    }
}

static void test_actions(void)
{
    GstHarness *h = analyzer_new("squeezetime-recognizer", "tiny/card.json");
    guint n = 0;

    g_object_set(h->element, "window", 0.6, NULL);
    for (guint i = 0; i < 20; i++) {
        g_autoptr(GstBuffer) out = pass(h, busy_frame(i, i * FRAME));
        GstAnalyticsRelationMeta *meta;
        GstAnalyticsMtd found;

        if (!fixture_meta(out, NULL)) {
            g_assert_null(gst_buffer_get_analytics_relation_meta(out));
            continue;
        }
        meta = get_meta(out);
        g_assert_cmpuint(gst_analytics_relation_get_length(meta), ==, 1);
        g_assert_cmpuint(count(meta, gst_analytics_cls_mtd_get_mtd_type(), &found), ==, 1);
        g_assert_cmpuint(n_results(out), >, 1);
        check_classification(out, &found);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
    fixture_harness_free(h);
}

/* All pixels that a box touches, and none besides. */
static void check_box(GstBuffer *buffer, guint i, const GstAnalyticsODMtd *found,
                      const GstVideoRectangle *visible)
{
    const double left = visible->x + number(buffer, i, "x") * visible->w;
    const double top = visible->y + number(buffer, i, "y") * visible->h;
    const double right = left + number(buffer, i, "width") * visible->w;
    const double bottom = top + number(buffer, i, "height") * visible->h;
    float confidence;
    int x, y, w, h;

    g_assert_true(gst_analytics_od_mtd_get_location(found, &x, &y, &w, &h, &confidence));
    g_assert_cmpfloat_with_epsilon(x, left, 1);
    g_assert_cmpfloat_with_epsilon(y, top, 1);
    g_assert_cmpfloat_with_epsilon(x + w, right, 1);
    g_assert_cmpfloat_with_epsilon(y + h, bottom, 1);
    g_assert_cmpfloat(confidence, ==, (float)number(buffer, i, "score"));
    g_assert_cmpstr(g_quark_to_string(gst_analytics_od_mtd_get_obj_type(found)), ==,
                    label(buffer, i));
}

static void check_boxes(GstBuffer *buffer, const GstVideoRectangle *visible)
{
    GstAnalyticsMtd found;
    gpointer state = NULL;
    guint n = 0;

    while (gst_analytics_relation_meta_iterate(get_meta(buffer), &state,
                                               gst_analytics_od_mtd_get_mtd_type(), &found))
        check_box(buffer, n++, &found, visible);
    g_assert_cmpuint(n, ==, n_results(buffer));
}

#if GST_CHECK_VERSION(1, 26, 0)
static void check_mask(GstBuffer *buffer, GstBuffer *mask)
{
    const GstVideoMeta *video = gst_buffer_get_video_meta(mask);
    g_autoptr(GstBuffer) map = NULL;
    GstMapInfo bytes;
    int width, height;

    g_assert_true(gst_structure_get(fixture_meta(buffer, NULL), "map", GST_TYPE_BUFFER, &map,
                                    "map-width", G_TYPE_INT, &width, "map-height", G_TYPE_INT,
                                    &height, NULL));
    g_assert_cmpint(video->format, ==, GST_VIDEO_FORMAT_GRAY8);
    g_assert_cmpint(video->width, ==, width);
    g_assert_cmpint(video->height, ==, height);
    g_assert_cmpint(video->stride[0], ==, width);
    gst_buffer_map(map, &bytes, GST_MAP_READ);
    g_assert_cmpuint(bytes.size, ==, (gsize)width * (gsize)height);
    g_assert_cmpuint(gst_buffer_get_size(mask), ==, bytes.size);
    g_assert_cmpint(gst_buffer_memcmp(mask, 0, bytes.data, bytes.size), ==, 0);
    gst_buffer_unmap(map, &bytes);
    /* the map that others see is as it was */
    g_assert_null(gst_buffer_get_video_meta(map));
}

/* The map, whose regions are classes; the classification names them. */
static void check_segmentation(GstBuffer *buffer, const GstVideoRectangle *visible)
{
    GstAnalyticsRelationMeta *meta = get_meta(buffer);
    g_autoptr(GstBuffer) mask = NULL;
    GstAnalyticsMtd found, named, back;
    gpointer state = NULL;
    guint w, h;
    int x, y;

    g_assert_cmpuint(count(meta, gst_analytics_segmentation_mtd_get_mtd_type(), &found), ==, 1);
    mask = gst_analytics_segmentation_mtd_get_mask(&found, &x, &y, &w, &h);
    g_assert_cmpint(x, ==, visible->x);
    g_assert_cmpint(y, ==, visible->y);
    g_assert_cmpuint(w, ==, visible->w);
    g_assert_cmpuint(h, ==, visible->h);
    check_mask(buffer, mask);

    g_assert_cmpuint(gst_analytics_segmentation_mtd_get_region_count(&found), ==,
                     n_results(buffer));
    for (guint i = 0; i < n_results(buffer); i++) {
        gsize index;
        int id;

        g_assert_true(gst_structure_get_int(result(buffer, i), "class-id", &id));
        g_assert_cmpuint(gst_analytics_segmentation_mtd_get_region_id(&found, i), ==, (guint)id);
        g_assert_true(gst_analytics_segmentation_mtd_get_region_index(&found, &index, (guint)id));
        g_assert_cmpuint(index, ==, i);
    }
    g_assert_true(gst_analytics_relation_meta_get_direct_related(
        meta, found.id, GST_ANALYTICS_REL_TYPE_N_TO_N, gst_analytics_cls_mtd_get_mtd_type(), &state,
        &named));
    check_classification(buffer, &named);
    state = NULL;
    g_assert_true(gst_analytics_relation_meta_get_direct_related(
        meta, named.id, GST_ANALYTICS_REL_TYPE_N_TO_N,
        gst_analytics_segmentation_mtd_get_mtd_type(), &state, &back));
    g_assert_cmpuint(back.id, ==, found.id);
}
#else
static void check_segmentation(GstBuffer *buffer, const GstVideoRectangle *visible) {}
#endif

static void test_maps(void)
{
    static const GstVideoRectangle parts[] = {{0, 0, SIZE, SIZE}, {8, 4, SIZE - 20, SIZE - 10}};
    GstHarness *h = analyzer_new("cgrseg-segmenter", "tiny-maps/card.json");

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const GstVideoRectangle *visible = &parts[i];
        GstBuffer *in = busy_frame(1, i * FRAME);
        g_autoptr(GstBuffer) out = NULL;
        GstAnalyticsMtd found;

        if (i > 0) {
            GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(in);

            crop->x = (guint)visible->x;
            crop->y = (guint)visible->y;
            crop->width = (guint)visible->w;
            crop->height = (guint)visible->h;
        }
        out = pass(h, in);
        g_assert_cmpuint(n_results(out), >, 1);
        g_assert_cmpuint(count(get_meta(out), gst_analytics_cls_mtd_get_mtd_type(), &found), ==, 1);
        check_classification(out, &found);
        check_boxes(out, visible);
        check_segmentation(out, visible);
    }
    fixture_harness_free(h);
}

/* Nothing found is nothing told. */
static void test_nothing(void)
{
    GstHarness *h = analyzer_new("cgrseg-segmenter", "tiny-maps/card.json");
    g_autoptr(GstBuffer) out = NULL;

    g_object_set(h->element, "min-area", 1.0, NULL);
    out = pass(h, busy_frame(1, 0));
    g_assert_cmpuint(n_results(out), ==, 0);
    g_assert_null(gst_buffer_get_analytics_relation_meta(out));
    fixture_harness_free(h);
}

/* What somebody else said stays, and ours is beside it. */
static void test_beside_others(void)
{
    GstHarness *h = analyzer_new("cgrseg-segmenter", "tiny-maps/card.json");
    GstBuffer *in = busy_frame(1, 0);
    const GQuark theirs = g_quark_from_static_string("theirs");
    GstAnalyticsODMtd other, found;
    g_autoptr(GstBuffer) out = NULL;

    g_assert_true(gst_analytics_relation_meta_add_od_mtd(gst_buffer_add_analytics_relation_meta(in),
                                                         theirs, 1, 2, 3, 4, 0.5f, &other));
    out = pass(h, in);
    g_assert_true(gst_analytics_relation_meta_get_od_mtd(get_meta(out), other.id, &found));
    g_assert_cmpuint(gst_analytics_od_mtd_get_obj_type(&found), ==, theirs);
    g_assert_cmpuint(count(get_meta(out), gst_analytics_od_mtd_get_mtd_type(), &found), ==,
                     1 + n_results(out));
    fixture_harness_free(h);
}

/* Quarks are for life: a text that is no class's name becomes none. */
static void test_texts(void)
{
    static const char text[] = "a text that no model has as a class";
    g_autoptr(GPtrArray) structures =
        g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(VdtResult) answer = NULL;
    GstVideoInfo info;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, SIZE, SIZE);
    g_ptr_array_add(structures, gst_structure_new("result", "label", G_TYPE_STRING, text, "score",
                                                  G_TYPE_DOUBLE, 1.0, NULL));
    answer = vdt_result_new(structures, 0);
    vdt_analytics_prepare(answer);
    vdt_analytics_attach(answer, buffer, 0, &info);
    g_assert_null(gst_buffer_get_analytics_relation_meta(buffer));
    g_assert_cmpuint(g_quark_try_string(text), ==, 0);
}

/* A result of one class and of these objects, taken, at a time of two seconds. */
static VdtResult *objects_new(GstStructure *const *objects, guint n)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    GValue array = G_VALUE_INIT;
    VdtResult *made;

    g_value_init(&array, GST_TYPE_ARRAY);
    g_ptr_array_add(found,
                    gst_structure_new("result", "label", G_TYPE_STRING, "person", "class-id",
                                      G_TYPE_INT, 11, "score", G_TYPE_DOUBLE, 0.5, "x",
                                      G_TYPE_DOUBLE, 0.0, "y", G_TYPE_DOUBLE, 0.0, "width",
                                      G_TYPE_DOUBLE, 1.0, "height", G_TYPE_DOUBLE, 1.0, NULL));
    made = vdt_result_new(found, 2 * GST_SECOND);
    for (guint i = 0; i < n; i++)
        fixture_append(&array, objects[i]);
    made->fields = gst_structure_new_empty("fields");
    gst_structure_take_value(made->fields, "objects", &array);
    vdt_analytics_prepare(made);
    return made;
}

/* Each object, where it is at the frame's time, and a track of its number; no box of the class. */
static void test_objects(void)
{
    GstStructure *const three[] = {fixture_object(7, 0.25, 0.5, 0.125, 0.25),
                                   fixture_object(9, 0, 0, 0.5, 0.5),
                                   fixture_object(11, 0.9, 0.5, 0.1, 0.25)};
    static const gint64 times[] = {0, GST_SECOND / 2, -GST_SECOND / 4, 30 * GST_SECOND};
    static const int x[] = {160, 240, 120, 320}; /* of the first, in 640 */
    g_autoptr(VdtResult) made = NULL;
    GstVideoInfo info;

    gst_structure_set(three[0], "speed-x", G_TYPE_DOUBLE, 0.25, NULL);
    gst_structure_set(three[1], "state", G_TYPE_STRING, "hidden", NULL);
    /* out of the frame in half a second */
    gst_structure_set(three[2], "speed-x", G_TYPE_DOUBLE, 0.25, NULL);
    made = objects_new(three, G_N_ELEMENTS(three));
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GstAnalyticsMtd found;
        gpointer state = NULL;
        guint n = 0;

        vdt_analytics_attach(made, buffer, (GstClockTime)(2 * (gint64)GST_SECOND + times[i]),
                             &info);
        g_assert_cmpuint(count(get_meta(buffer), gst_analytics_cls_mtd_get_mtd_type(), &found), ==,
                         1);
        while (gst_analytics_relation_meta_iterate(get_meta(buffer), &state,
                                                   gst_analytics_od_mtd_get_mtd_type(), &found)) {
            GstAnalyticsMtd track, back;
            GstClockTime first, last;
            gpointer inner = NULL;
            gboolean lost;
            guint64 id;
            float score;
            int box[4];

            g_assert_true(gst_analytics_od_mtd_get_location(&found, &box[0], &box[1], &box[2],
                                                            &box[3], &score));
            g_assert_cmpfloat(score, ==, 0.75f);
            g_assert_true(gst_analytics_relation_meta_get_direct_related(
                get_meta(buffer), found.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
                gst_analytics_tracking_mtd_get_mtd_type(), &inner, &track));
            inner = NULL;
            g_assert_true(gst_analytics_relation_meta_get_direct_related(
                get_meta(buffer), track.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
                gst_analytics_od_mtd_get_mtd_type(), &inner, &back));
            g_assert_cmpuint(back.id, ==, found.id);
            g_assert_true(gst_analytics_tracking_mtd_get_info(&track, &id, &first, &last, &lost));
            g_assert_cmpuint(id, ==, 7 + 2 * n);
            g_assert_cmpuint(first, ==, GST_SECOND);
            g_assert_cmpuint(last, ==, n == 1 ? GST_SECOND : 2 * GST_SECOND);
            g_assert_true(lost == (n == 1));
            if (n == 0) {
                g_assert_cmpint(box[0], ==, x[i]);
                g_assert_cmpint(box[1], ==, 240);
                g_assert_cmpint(box[2], ==, 80);
                g_assert_cmpint(box[3], ==, 120);
            }
            n++;
        }
        g_assert_cmpuint(n, ==, times[i] > 0 ? 2 : 3);
        g_assert_cmpuint(count(get_meta(buffer), gst_analytics_tracking_mtd_get_mtd_type(), &found),
                         ==, n);
    }
}

/* Where objects are told of, a class's box is none, though there be no object. */
static void test_no_objects(void)
{
    g_autoptr(VdtResult) made = objects_new(NULL, 0);
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstAnalyticsMtd found;
    GstVideoInfo info;

    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    vdt_analytics_attach(made, buffer, 0, &info);
    g_assert_cmpuint(count(get_meta(buffer), gst_analytics_cls_mtd_get_mtd_type(), &found), ==, 1);
    g_assert_cmpuint(gst_analytics_relation_get_length(get_meta(buffer)), ==, 1);
}

/* Objects that lack what makes them some. */
static void test_odd_objects(void)
{
    static const char *const fields[] = {"id", "label", "class-id", "score", "x", "height"};
    GstStructure *odd[G_N_ELEMENTS(fields)];
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(VdtResult) made = NULL;
    GstAnalyticsMtd found;
    GstVideoInfo info;

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        odd[i] = fixture_object(i, 0, 0, 1, 1);
        gst_structure_remove_field(odd[i], fields[i]);
    }
    made = objects_new(odd, G_N_ELEMENTS(odd));
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    vdt_analytics_attach(made, buffer, 0, &info);
    g_assert_cmpuint(count(get_meta(buffer), gst_analytics_od_mtd_get_mtd_type(), &found), ==, 0);
    g_assert_cmpuint(count(get_meta(buffer), gst_analytics_tracking_mtd_get_mtd_type(), &found), ==,
                     0);
}

/* The distribution's own element draws what ours found. It keeps what it drew last for ever, so
 * this is a process that nobody asks for leaks. */
static void test_drawn(void)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find("objectdetectionoverlay");
    g_autoptr(GstBuffer) out = NULL, plain = NULL;
    GstHarness *h, *drawing;
    GstMapInfo bytes;

    if (!factory) {
        g_test_skip("no objectdetectionoverlay");
        return;
    }
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    h = analyzer_new("cgrseg-segmenter", "tiny-maps/card.json");
    drawing = fixture_harness(gst_element_factory_create(factory, NULL));
    gst_harness_set_src_caps_str(drawing, CAPS_NET);
    plain = pass(drawing, busy_frame(1, 0));
    gst_buffer_map(plain, &bytes, GST_MAP_READ);
    out = pass(drawing, pass(h, busy_frame(1, FRAME)));
    g_assert_cmpint(gst_buffer_memcmp(out, 0, bytes.data, bytes.size), !=, 0);
    _exit(0);
}

/* A classification for each group of labels. */
static void test_groups(void)
{
    GstHarness *h = analyzer_new("slab-classifier", "classes/card.json");
    g_autoptr(GstBuffer) out = pass(h, busy_frame(1, 0));
    GstAnalyticsRelationMeta *meta = get_meta(out);
    GstAnalyticsMtd each;
    gpointer state = NULL;
    guint n = 0;

    while (gst_analytics_relation_meta_iterate(meta, &state, gst_analytics_cls_mtd_get_mtd_type(),
                                               &each))
        for (guint i = 0; i < gst_analytics_cls_mtd_get_length(&each); i++, n++) {
            g_assert_cmpstr(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&each, i)), ==,
                            label(out, n));
            g_assert_cmpfloat(gst_analytics_cls_mtd_get_level(&each, i), ==,
                              (float)number(out, n, "score"));
        }
    g_assert_cmpuint(n, ==, 5);
    g_assert_cmpuint(count(meta, gst_analytics_cls_mtd_get_mtd_type(), &each), ==, 2);
    g_assert_cmpuint(count(meta, gst_analytics_od_mtd_get_mtd_type(), &each), ==, 0);
    fixture_harness_free(h);
}

/* What is in a box is related to the detection that has its type and place. */
static void test_boxes(void)
{
    g_autofree char *card = fixture_model("classes/card.json");
    GstElement *element = gst_element_factory_make("slab-classifier", NULL);
    GstHarness *h;
    GstBuffer *in = busy_frame(1, 0);
    GstAnalyticsRelationMeta *meta = gst_buffer_add_analytics_relation_meta(in);
    const GQuark car = g_quark_from_string("car");
    g_autoptr(GstBuffer) out = NULL;
    GstAnalyticsMtd each;
    GstAnalyticsODMtd other, same;
    gpointer state = NULL;
    guint n = 0;

    g_object_set(element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT, "classify",
                 VDT_CLASSIFY_BOXES, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_NET);
    gst_buffer_add_video_region_of_interest_meta(in, "car", 4, 4, 16, 16);
    g_assert_true(gst_analytics_relation_meta_add_od_mtd(meta, car, 8, 4, 16, 16, 0.5f, &other));
    g_assert_true(gst_analytics_relation_meta_add_od_mtd(meta, car, 4, 4, 16, 16, 0.5f, &same));
    out = pass(h, in);
    meta = get_meta(out);
    while (gst_analytics_relation_meta_iterate(meta, &state, gst_analytics_cls_mtd_get_mtd_type(),
                                               &each)) {
        g_assert_cmpint(gst_analytics_relation_meta_get_relation(meta, same.id, each.id), ==,
                        GST_ANALYTICS_REL_TYPE_RELATE_TO);
        g_assert_cmpint(gst_analytics_relation_meta_get_relation(meta, other.id, each.id), ==,
                        GST_ANALYTICS_REL_TYPE_NONE);
        n += (guint)gst_analytics_cls_mtd_get_length(&each);
    }
    g_assert_cmpuint(n, ==, 5);
    fixture_harness_free(h);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/analytics/actions", test_actions);
    g_test_add_func("/analytics/maps", test_maps);
    g_test_add_func("/analytics/nothing", test_nothing);
    g_test_add_func("/analytics/beside-others", test_beside_others);
    g_test_add_func("/analytics/texts", test_texts);
    g_test_add_func("/analytics/objects", test_objects);
    g_test_add_func("/analytics/objects/none", test_no_objects);
    g_test_add_func("/analytics/objects/odd", test_odd_objects);
    g_test_add_func("/analytics/groups", test_groups);
    g_test_add_func("/analytics/boxes", test_boxes);
    g_test_add_func("/analytics/drawn", test_drawn);
    return fixture_run();
}
