/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of cgrseg-segmenter, with a network whose classes are colours: what is drawn is found. */
#include <math.h>
#include <string.h>

#include "enums.h"
#include "fixture.h"

#define SIDE  128 /* of frames and maps, pixels */
#define BEGIN (10 * GST_SECOND)
#define STEP  (100 * GST_MSECOND)
#define CAPS  "video/x-raw, format=RGB, width=128, height=128, framerate=10/1"
/* The outline of what is found is not exactly that of what was drawn. */
#define NEAR  (2.5 / SIDE)

/* In pixels; its colour is that of its class, or a shade of it. */
typedef struct {
    enum { PERSON = 1, VEHICLE, BAG } class_id;
    int x, y, width, height;
    int shade; /* levels that it is darker */
} Thing;

typedef struct {
    GstElement *element;
    GstHarness *h;
    GstBus *bus;
    GstClockTime now;
    GstClockTimeDiff step;
} Scene;

static void fill(guint8 *pixel, const Thing *thing)
{
    memset(pixel, 0, 3); /* what is behind it */
    pixel[thing->class_id - 1] = (guint8)(255 - thing->shade);
}

static GstBuffer *draw(const Thing *things, guint n, GstClockTime pts)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, SIDE * SIDE * 3, NULL);
    GstMapInfo map;

    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    memset(map.data, 0, map.size);
    for (guint i = 0; i < n; i++)
        for (int y = MAX(things[i].y, 0); y < MIN(things[i].y + things[i].height, SIDE); y++)
            for (int x = MAX(things[i].x, 0); x < MIN(things[i].x + things[i].width, SIDE); x++)
                fill(map.data + 3 * (y * SIDE + x), &things[i]);
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
}

static void scene_init(Scene *scene, const char *property, ...) G_GNUC_NULL_TERMINATED;
static void scene_init(Scene *scene, const char *property, ...)
{
    g_autofree char *card = fixture_model("colours/card.json");
    va_list args;

    *scene = (Scene){
        .element = gst_element_factory_make("cgrseg-segmenter", NULL), .now = BEGIN, .step = STEP};
    g_object_set(scene->element, "model", card, "interval", 0.0, "mode", VDT_ANALYZER_EXACT,
                 "objects", TRUE, NULL);
    va_start(args, property);
    g_object_set_valist(G_OBJECT(scene->element), property, args);
    va_end(args);
    scene->h = fixture_harness(scene->element);
    scene->bus = fixture_bus(scene->h);
    gst_harness_set_src_caps_str(scene->h, CAPS);
}

static void scene_clear(Scene *scene)
{
    fixture_harness_free(scene->h);
}

/* The frame that comes out, with what was found. */
static GstBuffer *show(Scene *scene, const Thing *things, guint n)
{
    GstBuffer *out;

    g_assert_cmpint(gst_harness_push(scene->h, draw(things, n, scene->now)), ==, GST_FLOW_OK);
    scene->now += (GstClockTime)scene->step;
    out = gst_harness_pull(scene->h);
    g_assert_nonnull(out);
    return out;
}

/* The last one of several frames. */
static GstBuffer *show_long(Scene *scene, const Thing *things, guint n, guint frames)
{
    GstBuffer *out = NULL;

    for (guint i = 0; i < frames; i++) {
        gst_clear_buffer(&out);
        out = show(scene, things, n);
    }
    return out;
}

static void pass(Scene *scene, const Thing *things, guint n, guint frames)
{
    gst_buffer_unref(show_long(scene, things, n, frames));
}

static Thing person_at(int x)
{
    return (Thing){PERSON, x, 60, 12, 24};
}

static void push_segment(Scene *scene, double rate)
{
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = rate;
    segment.stop = 1000 * GST_SECOND;
    gst_harness_push_event(scene->h, gst_event_new_segment(&segment));
}

static void flush(Scene *scene)
{
    gst_harness_push_event(scene->h, gst_event_new_flush_start());
    gst_harness_push_event(scene->h, gst_event_new_flush_stop(TRUE));
    push_segment(scene, 1);
}

/* A person walks by @step pixels a frame; the last frame. */
static GstBuffer *walk(Scene *scene, int from, int to, int step)
{
    GstBuffer *out = NULL;

    for (int x = from; step > 0 ? x <= to : x >= to; x += step) {
        const Thing person = person_at(x);

        gst_clear_buffer(&out);
        out = show(scene, &person, 1);
    }
    return out;
}

static const GValue *get_array(const GstStructure *s, const char *field)
{
    const GValue *array = gst_structure_get_value(s, field);

    g_assert_true(array && GST_VALUE_HOLDS_ARRAY(array));
    return array;
}

static guint count_of(GstBuffer *buffer, const char *field)
{
    return gst_value_array_get_size(get_array(fixture_meta(buffer, NULL), field));
}

static const GstStructure *nth(GstBuffer *buffer, const char *field, guint i)
{
    const GValue *array = get_array(fixture_meta(buffer, NULL), field);

    g_assert_cmpuint(i, <, gst_value_array_get_size(array));
    return gst_value_get_structure(gst_value_array_get_value(array, i));
}

static double number(const GstStructure *s, const char *field)
{
    double value = NAN;

    g_assert_true(gst_structure_get_double(s, field, &value));
    return value;
}

static int class_of(const GstStructure *s)
{
    int class_id = -1;

    g_assert_true(gst_structure_get_int(s, "class-id", &class_id));
    return class_id;
}

static guint uint_of(const GstStructure *s, const char *field)
{
    guint value = 0;

    g_assert_true(gst_structure_get_uint(s, field, &value));
    return value;
}

static guint64 uint64_of(const GstStructure *s, const char *field)
{
    guint64 value = 0;

    g_assert_true(gst_structure_get_uint64(s, field, &value));
    return value;
}

static double place(const GstStructure *s, const char *field, guint i)
{
    return g_value_get_double(gst_value_array_get_value(get_array(s, field), i));
}

/* The messages of one kind that are on the bus, which is emptied: "start 1, end 1" of objects,
 * "start door out 1 (0 1)" of crossings, "start left 1" of dwells, "start left 2" of counts. */
static char *told(GstBus *bus, const char *what)
{
    GString *text = g_string_new(NULL);
    GstMessage *message;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);

        if (g_strcmp0(gst_structure_get_string(s, "what"), what) == 0) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "",
                                   gst_structure_get_string(s, "event"));
            if (gst_structure_has_field(s, "zone"))
                g_string_append_printf(text, " %s", gst_structure_get_string(s, "zone"));
            if (gst_structure_has_field(s, "line"))
                g_string_append_printf(text, " %s %s", gst_structure_get_string(s, "line"),
                                       gst_structure_get_string(s, "direction"));
            if (gst_structure_has_field(s, "object"))
                g_string_append_printf(text, " %u", uint_of(s, "object"));
            if (gst_structure_has_field(s, "count"))
                g_string_append_printf(text, " %u", uint_of(s, "count"));
            if (gst_structure_has_field(s, "in"))
                g_string_append_printf(text, " (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT ")",
                                       uint64_of(s, "in"), uint64_of(s, "out"));
        }
        gst_message_unref(message);
    }
    return g_string_free(text, FALSE);
}

static void check_told(Scene *scene, const char *what, const char *expected)
{
    g_autofree char *text = told(scene->bus, what);

    g_assert_cmpstr(text, ==, expected);
}

/* The first message of its kind and event on the bus, which is emptied. */
static GstStructure *find_told(GstBus *bus, const char *what, const char *event)
{
    GstStructure *found = NULL;
    GstMessage *message;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);

        if (!found && g_strcmp0(gst_structure_get_string(s, "what"), what) == 0 &&
            g_strcmp0(gst_structure_get_string(s, "event"), event) == 0)
            found = gst_structure_copy(s);
        gst_message_unref(message);
    }
    g_assert_nonnull(found);
    return found;
}

static void test_inspect(void)
{
    static const struct {
        const char *name;
        GType type;
    } properties[] = {
        {"objects", G_TYPE_BOOLEAN},        {"object-classes", G_TYPE_STRING},
        {"object-min-area", G_TYPE_DOUBLE}, {"lines", G_TYPE_STRING},
        {"dwell", G_TYPE_DOUBLE},           {"count", G_TYPE_INT},
    };
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        GParamSpec *spec =
            g_object_class_find_property(G_OBJECT_GET_CLASS(element), properties[i].name);
        g_auto(GValue) value = G_VALUE_INIT;

        g_assert_nonnull(spec);
        g_assert_true(spec->value_type == properties[i].type);
        g_assert_true(spec->flags & GST_PARAM_MUTABLE_PLAYING);
        g_assert_true((spec->flags & G_PARAM_READWRITE) == G_PARAM_READWRITE);
        g_object_get_property(G_OBJECT(element), properties[i].name, &value);
        g_assert_true(g_param_value_defaults(spec, &value));
        g_assert_nonnull(g_param_spec_get_blurb(spec));
    }
    gst_object_unref(element);
}

/* A person of 12 x 24 pixels who walks 20 pixels a second. */
static void test_fields(void)
{
    const Thing stays = person_at(70);
    Scene scene;
    GstBuffer *out;
    const GstStructure *s;

    scene_init(&scene, NULL, NULL);
    out = walk(&scene, 10, 12, 2); /* two times are not enough */
    g_assert_cmpuint(count_of(out, "objects"), ==, 0);
    gst_buffer_unref(out);
    out = walk(&scene, 14, 70, 2);
    g_assert_cmpuint(count_of(out, "objects"), ==, 1);
    g_assert_false(gst_structure_has_field(fixture_meta(out, NULL), "lines"));
    g_assert_false(gst_structure_has_field(fixture_meta(out, NULL), "zones"));
    s = nth(out, "objects", 0);
    g_assert_cmpstr(gst_structure_get_name(s), ==, "object");
    g_assert_cmpuint(uint_of(s, "id"), ==, 1);
    g_assert_cmpstr(gst_structure_get_string(s, "label"), ==, "person");
    g_assert_cmpint(class_of(s), ==, PERSON);
    g_assert_cmpfloat(number(s, "score"), >, 0.9);
    g_assert_cmpfloat(number(s, "score"), <=, 1);
    g_assert_cmpfloat_with_epsilon(number(s, "share"), 12.0 * 24 / SIDE / SIDE, 0.005);
    g_assert_cmpfloat_with_epsilon(number(s, "x"), 70.0 / SIDE, NEAR);
    g_assert_cmpfloat_with_epsilon(number(s, "y"), 60.0 / SIDE, NEAR);
    g_assert_cmpfloat_with_epsilon(number(s, "width"), 12.0 / SIDE, 2 * NEAR);
    g_assert_cmpfloat_with_epsilon(number(s, "height"), 24.0 / SIDE, 2 * NEAR);
    g_assert_cmpfloat_with_epsilon(number(s, "speed-x"), 20.0 / SIDE, 4.0 / SIDE);
    g_assert_cmpfloat_with_epsilon(number(s, "speed-y"), 0, 4.0 / SIDE);
    g_assert_cmpuint(uint64_of(s, "first-seen"), ==, BEGIN);
    g_assert_cmpstr(gst_structure_get_string(s, "state"), ==, "seen");
    g_assert_false(gst_structure_has_field(s, "parent"));
    g_assert_cmpuint(gst_value_array_get_size(get_array(s, "path")), ==, 2 * 31);
    g_assert_cmpfloat(place(s, "path", 0), <, place(s, "path", 60) - 0.3);
    g_assert_cmpfloat_with_epsilon(place(s, "path", 60), number(s, "x") + number(s, "width") / 2,
                                   1e-9);
    g_assert_cmpfloat_with_epsilon(place(s, "path", 61), number(s, "y") + number(s, "height"),
                                   1e-9);
    gst_buffer_unref(out);

    /* a path has an end, and what nobody sees any more another state */
    out = show_long(&scene, &stays, 1, 50);
    s = nth(out, "objects", 0);
    g_assert_cmpuint(uint_of(s, "id"), ==, 1);
    g_assert_cmpuint(gst_value_array_get_size(get_array(s, "path")), ==, 2 * 64);
    gst_buffer_unref(out);
    out = show_long(&scene, NULL, 0, 2);
    s = nth(out, "objects", 0);
    g_assert_cmpuint(uint_of(s, "id"), ==, 1);
    g_assert_cmpstr(gst_structure_get_string(s, "state"), ==, "hidden");
    gst_buffer_unref(out);
    out = show_long(&scene, NULL, 0, 40);
    g_assert_cmpuint(count_of(out, "objects"), ==, 0);
    gst_buffer_unref(out);
    scene_clear(&scene);
}

/* Two who meet are one region for a while, and still two. */
static void test_merged(void)
{
    Scene scene;
    guint merged = 0;

    scene_init(&scene, NULL, NULL);
    for (int i = 0; i < 40; i++) {
        const Thing people[] = {person_at(10 + 2 * i), person_at(90 - 2 * i)};
        g_autoptr(GstBuffer) out = show(&scene, people, G_N_ELEMENTS(people));
        const gboolean touch = ABS(people[0].x - people[1].x) < 12;

        if (i < 5)
            continue;
        g_assert_cmpuint(count_of(out, "objects"), ==, 2);
        for (guint k = 0; k < 2; k++) {
            const GstStructure *s = nth(out, "objects", k);

            if (people[0].x < people[1].x)
                g_assert_cmpuint(uint_of(s, "id"), ==, k + 1);
            if (touch)
                g_assert_cmpstr(gst_structure_get_string(s, "state"), ==, "merged");
            merged += touch;
        }
    }
    g_assert_cmpuint(merged, >=, 8);
    scene_clear(&scene);
}

/* Each class by itself; those that are asked for only, by label or number; none too small. */
static void test_classes(void)
{
    static const Thing things[] = {
        {PERSON, 10, 20, 12, 24}, {VEHICLE, 50, 20, 30, 16}, {BAG, 100, 30, 8, 8}};
    static const struct {
        const char *classes;
        double min_area;
        const char *found;
    } cases[] = {
        {NULL, 0.001, " person vehicle bag"},
        {"person", 0.001, " person"},
        {"2, bag", 0.001, " vehicle bag"},
        {"", 0.01, " person vehicle"},
        {"vehicle", 0.5, ""},
        {"road", 0.001, " road"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Scene scene;
        g_autoptr(GstBuffer) out = NULL;
        g_autoptr(GString) classes = g_string_new(NULL);

        scene_init(&scene, "object-classes", cases[i].classes, "object-min-area", cases[i].min_area,
                   NULL);
        out = show_long(&scene, things, G_N_ELEMENTS(things), 4);
        for (int class_id = 0; class_id <= BAG; class_id++)
            for (guint k = 0; k < count_of(out, "objects"); k++) {
                const GstStructure *s = nth(out, "objects", k);

                g_assert_cmpuint(uint_of(s, "id"), ==, k + 1);
                if (class_of(s) == class_id)
                    g_string_append_printf(classes, " %s", gst_structure_get_string(s, "label"));
            }
        g_assert_cmpstr(classes->str, ==, cases[i].found);
        g_assert_cmpuint(fixture_count(scene.bus, GST_MESSAGE_WARNING, NULL), ==, 0);
        scene_clear(&scene);
    }
}

/* The only region that an object has left on a frame. */
static const GstVideoRegionOfInterestMeta *get_region(GstBuffer *buffer)
{
    const GstVideoRegionOfInterestMeta *region, *next;
    gpointer state = NULL;

    region = (gpointer)gst_buffer_iterate_meta_filtered(buffer, &state,
                                                        GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
    next = (gpointer)gst_buffer_iterate_meta_filtered(buffer, &state,
                                                      GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
    g_assert_null(next);
    return region;
}

static void check_region(GstBuffer *out, int x)
{
    const GstStructure *s = nth(out, "objects", 0), *params;
    const GstVideoRegionOfInterestMeta *region = get_region(out);

    g_assert_nonnull(region);
    g_assert_cmpstr(g_quark_to_string(region->roi_type), ==, "person");
    g_assert_cmpint(region->id, ==, 1);
    g_assert_cmpint(ABS((int)region->x - x), <=, 3);
    g_assert_cmpint(ABS((int)region->y - 60), <=, 3);
    params = gst_video_region_of_interest_meta_get_param((gpointer)region, "cgrseg-segmenter");
    g_assert_nonnull(params);
    g_assert_cmpuint(uint_of(params, "object"), ==, 1);
    g_assert_cmpint(class_of(params), ==, PERSON);
    g_assert_cmpfloat(number(params, "share"), ==, number(s, "share"));
    g_assert_cmpfloat(number(params, "confidence"), ==, number(s, "score"));
    g_assert_cmpfloat(number(params, "speed-x"), ==, number(s, "speed-x"));
    g_assert_cmpfloat(number(params, "speed-y"), ==, number(s, "speed-y"));
    g_assert_cmpuint(uint64_of(params, "first-seen"), ==, uint64_of(s, "first-seen"));
    g_assert_cmpstr(gst_structure_get_string(params, "state"), ==, "seen");
    g_assert_cmpint(gst_value_compare(get_array(params, "path"), get_array(s, "path")), ==,
                    GST_VALUE_EQUAL);
}

/* Where the person is on each frame, though not each frame is looked at: also on frames that wait
 * for a result which is later than they are, and on those that are played backwards. */
static void test_regions(void)
{
    static const struct {
        VdtAnalyzerMode mode;
        int rate;
    } cases[] = {{VDT_ANALYZER_EXACT, 1}, {VDT_ANALYZER_ALIGNED, 1}, {VDT_ANALYZER_EXACT, -1}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const int frames = 34, last = frames - 1;
        guint between = 0;
        GstSegment segment;
        Scene scene;

        scene_init(&scene, "interval", 0.3, "mode", cases[i].mode, NULL);
        gst_segment_init(&segment, GST_FORMAT_TIME);
        segment.rate = cases[i].rate;
        segment.stop = 100 * GST_SECOND;
        gst_harness_push_event(scene.h, gst_event_new_segment(&segment));
        for (int k = 0; k < frames; k++) {
            const Thing person = person_at(8 + 3 * k);
            const GstClockTime pts =
                BEGIN + (GstClockTime)(cases[i].rate > 0 ? k : last - k) * STEP;

            g_assert_cmpint(gst_harness_push(scene.h, draw(&person, 1, pts)), ==, GST_FLOW_OK);
            /* no result is skipped */
            fixture_wait_stat(scene.element, "results", (guint64)k / 3 + 1);
        }
        gst_harness_push_event(scene.h, gst_event_new_eos());
        for (int k = 0; k < frames; k++) {
            g_autoptr(GstBuffer) out = gst_harness_pull(scene.h);

            g_assert_nonnull(out);
            if (k < 15) /* it has to be known how fast the person walks */
                continue;
            between += GST_BUFFER_PTS(out) != uint64_of(fixture_meta(out, NULL), "result-pts");
            check_region(out, 8 + 3 * k);
        }
        g_assert_cmpuint(between, >, 8);
        scene_clear(&scene);
    }
}

/* Backwards, times are still those of the stream, and speeds those of what it shows. */
static void test_backwards(void)
{
    const GstClockTime end = BEGIN + 40 * STEP;
    Scene scene;
    GstSegment segment;
    GstStructure *dwell;
    const GstStructure *s;
    g_autoptr(GstBuffer) out = NULL;

    scene_init(&scene, "zones", "all: 0,0 1,0 1,1 0,1", "dwell", 1.0, NULL);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 100 * GST_SECOND;
    gst_harness_push_event(scene.h, gst_event_new_segment(&segment));
    for (int i = 0; i < 30; i++) {
        const Thing person = person_at(10 + 2 * i);

        gst_clear_buffer(&out);
        scene.now = end - (GstClockTime)i * STEP;
        out = show(&scene, &person, 1);
    }
    s = nth(out, "objects", 0);
    g_assert_cmpuint(uint64_of(s, "first-seen"), ==, end);
    g_assert_cmpfloat_with_epsilon(number(s, "speed-x"), -20.0 / SIDE, 4.0 / SIDE);
    dwell = find_told(scene.bus, "dwell", "start");
    g_assert_cmpuint(uint64_of(dwell, "since"), ==, end);
    gst_structure_free(dwell);
    scene_clear(&scene);
}

/* Down the line from its first point to its second, left is where x is larger. */
static void test_lines(void)
{
    Scene scene;
    const GstStructure *s;
    GstBuffer *out;

    scene_init(&scene, "lines", "door: 0.5,0 0.5,1; floor: 0,0.99 0.2,0.99", NULL);
    out = walk(&scene, 20, 40, 4);
    g_assert_cmpuint(count_of(out, "lines"), ==, 2);
    gst_buffer_unref(out);
    check_told(&scene, "crossing", "");
    out = walk(&scene, 44, 96, 4);
    check_told(&scene, "crossing", "start door out 1 (0 1), end door out 1 (0 1)");
    s = nth(out, "lines", 0);
    g_assert_cmpstr(gst_structure_get_string(s, "name"), ==, "door");
    g_assert_cmpuint(gst_value_array_get_size(get_array(s, "points")), ==, 4);
    g_assert_cmpfloat(place(s, "points", 0), ==, 0.5);
    g_assert_cmpfloat(place(s, "points", 3), ==, 1);
    g_assert_cmpuint(uint64_of(s, "in"), ==, 0);
    g_assert_cmpuint(uint64_of(s, "out"), ==, 1);
    g_assert_cmpuint(uint64_of(nth(out, "lines", 1), "out"), ==, 0);
    gst_buffer_unref(out);
    out = walk(&scene, 96, 20, -4);
    check_told(&scene, "crossing", "start door in 1 (1 1), end door in 1 (1 1)");
    g_assert_cmpuint(uint64_of(nth(out, "lines", 0), "in"), ==, 1);
    gst_buffer_unref(out);

    /* others begin at nought; none are not there */
    g_object_set(scene.element, "lines", "door: 0.5,1 0.5,0", NULL);
    out = walk(&scene, 20, 96, 4);
    check_told(&scene, "crossing", "start door in 1 (1 0), end door in 1 (1 0)");
    gst_buffer_unref(out);
    g_object_set(scene.element, "lines", "", NULL);
    out = walk(&scene, 96, 20, -4);
    check_told(&scene, "crossing", "");
    g_assert_false(gst_structure_has_field(fixture_meta(out, NULL), "lines"));
    gst_buffer_unref(out);
    scene_clear(&scene);
}

/* A break ends objects, not the count of those that have crossed. */
static void test_lines_count_on(void)
{
    Scene scene;
    GstBuffer *out;

    scene_init(&scene, "lines", "door: 0.5,0 0.5,1", NULL);
    gst_buffer_unref(walk(&scene, 20, 96, 4));
    check_told(&scene, "crossing", "start door out 1 (0 1), end door out 1 (0 1)");
    flush(&scene);
    /* who is on the other side now has not crossed */
    gst_buffer_unref(walk(&scene, 20, 40, 4));
    check_told(&scene, "crossing", "");
    g_object_set(scene.element, "objects", FALSE, NULL);
    pass(&scene, NULL, 0, 1);
    g_object_set(scene.element, "objects", TRUE, NULL);
    out = walk(&scene, 96, 20, -4);
    check_told(&scene, "crossing", "start door in 3 (1 1), end door in 3 (1 1)");
    g_assert_cmpuint(uint64_of(nth(out, "lines", 0), "in"), ==, 1);
    gst_buffer_unref(out);
    scene_clear(&scene);
}

/* What was before there were lines and zones is no crossing, nor has anybody dwelt there. */
static void test_set_late(void)
{
    const Thing person = person_at(80);
    Scene scene;
    GstClockTime set;
    GstStructure *dwell;

    scene_init(&scene, "dwell", 1.0, NULL);
    gst_buffer_unref(walk(&scene, 20, 80, 4));
    pass(&scene, &person, 1, 20);
    set = scene.now;
    g_object_set(scene.element, "lines", "door: 0.5,0 0.5,1", "zones", "all: 0,0 1,0 1,1 0,1",
                 NULL);
    pass(&scene, &person, 1, 10);
    check_told(&scene, "crossing", "");
    pass(&scene, &person, 1, 1);
    dwell = find_told(scene.bus, "dwell", "start");
    g_assert_cmpuint(uint64_of(dwell, "since"), ==, set);
    g_assert_cmpuint(uint64_of(dwell, "timestamp"), ==, set + GST_SECOND);
    gst_structure_free(dwell);
    scene_clear(&scene);
}

/* What a crossing says besides. */
static void test_crossing_message(void)
{
    Scene scene;
    GstStructure *start, *end;

    scene_init(&scene, "lines", "door: 0.5,0 0.5,1", NULL);
    gst_buffer_unref(walk(&scene, 20, 96, 4));
    start = find_told(scene.bus, "crossing", "start");
    g_assert_cmpstr(gst_structure_get_name(start), ==, "cgrseg-segmenter");
    g_assert_cmpstr(gst_structure_get_string(start, "kind"), ==, "segmentation");
    g_assert_cmpstr(gst_structure_get_string(start, "label"), ==, "person");
    g_assert_cmpint(class_of(start), ==, PERSON);
    g_assert_cmpfloat(number(start, "score"), >, 0.9);
    g_assert_false(gst_structure_has_field(start, "results"));
    gst_buffer_unref(walk(&scene, 96, 20, -4));
    end = find_told(scene.bus, "crossing", "end");
    g_assert_cmpstr(gst_structure_get_string(start, "id"), !=, gst_structure_get_string(end, "id"));
    g_assert_cmpuint(uint64_of(start, "timestamp"), <, uint64_of(end, "timestamp"));
    gst_structure_free(start);
    gst_structure_free(end);
    scene_clear(&scene);
}

static void check_zone(GstBuffer *buffer, guint objects, guint dwelling)
{
    g_assert_cmpuint(uint_of(nth(buffer, "zones", 0), "objects"), ==, objects);
    g_assert_cmpuint(uint_of(nth(buffer, "zones", 0), "dwelling"), ==, dwelling);
}

/* From the first time that they were seen on, until they have been out for a while. */
static void test_dwell(void)
{
    const Thing in = person_at(20), out = person_at(90);
    Scene scene;
    GstBuffer *buffer;
    GstStructure *start;

    scene_init(&scene, "zones", "left: 0,0 0.4,0 0.4,1 0,1", "dwell", 1.0, NULL);
    buffer = show_long(&scene, &in, 1, 10);
    check_zone(buffer, 1, 0);
    gst_buffer_unref(buffer);
    check_told(&scene, "dwell", "");
    buffer = show(&scene, &in, 1);
    check_zone(buffer, 1, 1);
    gst_buffer_unref(buffer);
    start = find_told(scene.bus, "dwell", "start");
    g_assert_cmpstr(gst_structure_get_string(start, "zone"), ==, "left");
    g_assert_cmpstr(gst_structure_get_string(start, "label"), ==, "person");
    g_assert_cmpuint(uint_of(start, "object"), ==, 1);
    g_assert_cmpuint(uint64_of(start, "since"), ==, BEGIN);
    g_assert_cmpuint(uint64_of(start, "timestamp"), ==, BEGIN + 10 * STEP);
    gst_structure_free(start);
    /* it goes on without news */
    pass(&scene, &in, 1, 20);
    check_told(&scene, "dwell", "");
    gst_buffer_unref(walk(&scene, 20, 60, 5));
    buffer = walk(&scene, 65, 90, 5);
    gst_buffer_unref(buffer);
    buffer = show_long(&scene, &out, 1, 6);
    check_zone(buffer, 0, 0);
    gst_buffer_unref(buffer);
    check_told(&scene, "dwell", "end left 1");
    /* nobody dwells any more */
    g_object_set(scene.element, "dwell", 0.0, NULL);
    gst_buffer_unref(walk(&scene, 90, 20, -5));
    buffer = show_long(&scene, &in, 1, 20);
    check_zone(buffer, 1, 0);
    gst_buffer_unref(buffer);
    check_told(&scene, "dwell", "");
    scene_clear(&scene);
}

static void test_count(void)
{
    const Thing things[] = {person_at(10), person_at(40), {VEHICLE, 64, 60, 30, 20}};
    Scene scene;
    GstBuffer *buffer;

    scene_init(&scene, "zones", "all: 0,0 1,0 1,1 0,1", "count", 1, NULL);
    pass(&scene, things, 1, 10);
    check_told(&scene, "count", "");
    pass(&scene, things, 2, 10);
    check_told(&scene, "count", "start all 2");
    buffer = show_long(&scene, things, 3, 10);
    check_zone(buffer, 3, 0);
    gst_buffer_unref(buffer);
    check_told(&scene, "count", "update all 3");
    pass(&scene, things, 2, 20);
    check_told(&scene, "count", "update all 2");
    pass(&scene, things, 1, 20);
    check_told(&scene, "count", "end all 2");
    /* none is one too many */
    g_object_set(scene.element, "count", 0, NULL);
    pass(&scene, things, 1, 1);
    check_told(&scene, "count", "start all 1");
    g_object_set(scene.element, "count", -1, NULL);
    pass(&scene, things, 1, 1);
    check_told(&scene, "count", "end all 1");
    scene_clear(&scene);
}

/* Start, what is new, end. */
static void test_events(void)
{
    const Thing person = person_at(20);
    Scene scene;
    GstStructure *start;
    g_autofree char *text = NULL;

    scene_init(&scene, NULL, NULL);
    pass(&scene, &person, 1, 3);
    start = find_told(scene.bus, "object", "start");
    g_assert_cmpstr(gst_structure_get_string(start, "label"), ==, "person");
    g_assert_cmpstr(gst_structure_get_string(start, "state"), ==, "seen");
    g_assert_cmpuint(uint64_of(start, "first-seen"), ==, BEGIN);
    g_assert_cmpuint(uint64_of(start, "timestamp"), ==, BEGIN + 2 * STEP);
    g_assert_cmpfloat_with_epsilon(number(start, "x"), 20.0 / SIDE, NEAR);
    g_assert_cmpfloat_with_epsilon(number(start, "height"), 24.0 / SIDE, 2 * NEAR);
    g_assert_true(isfinite(number(start, "speed-x")) && isfinite(number(start, "speed-y")));
    g_assert_false(gst_structure_has_field(start, "path"));
    gst_structure_free(start);
    pass(&scene, &person, 1, 20);
    fixture_count(scene.bus, GST_MESSAGE_ELEMENT, NULL);
    pass(&scene, &person, 1, 20);
    check_told(&scene, "object", "");
    gst_buffer_unref(walk(&scene, 22, 30, 2));
    check_told(&scene, "object", "update 1");
    pass(&scene, NULL, 0, 1);
    fixture_count(scene.bus, GST_MESSAGE_ELEMENT, NULL);
    pass(&scene, NULL, 0, 40);
    text = told(scene.bus, "object");
    g_assert_true(g_str_has_suffix(text, "end 1"));
    scene_clear(&scene);
}

/* Who is gone too soon was not there; who may not be told of is not. */
static void test_min_duration(void)
{
    const Thing one = person_at(20), other = person_at(80);
    g_autofree char *text = NULL;
    Scene scene;

    scene_init(&scene, "min-duration", 3.0, "post-events", VDT_EVENT_START | VDT_EVENT_END, NULL);
    pass(&scene, &one, 1, 10);
    pass(&scene, NULL, 0, 40);
    check_told(&scene, "object", "");
    pass(&scene, &other, 1, 32);
    check_told(&scene, "object", "");
    pass(&scene, &other, 1, 2);
    check_told(&scene, "object", "start 2");
    gst_buffer_unref(walk(&scene, 80, 60, -2));
    check_told(&scene, "object", "");
    g_object_set(scene.element, "post-events", VDT_EVENT_UPDATE, NULL);
    pass(&scene, NULL, 0, 40);
    text = told(scene.bus, "object");
    g_assert_null(strstr(text, "end"));
    scene_clear(&scene);
}

/* Without objects, all is as it was before there were any. */
static void test_off(void)
{
    static const char *const fields[] = {"element", "kind",      "result-pts", "age",  "results",
                                         "map",     "map-width", "map-height", "zones"};
    const Thing person = person_at(20);
    Scene scene;
    GstMessage *message;
    g_autoptr(GstBuffer) out = NULL;
    const GstStructure *s;

    scene_init(&scene, "objects", FALSE, "zones", "all: 0,0 1,0 1,1 0,1", "lines",
               "door: 0.5,0 0.5,1", "dwell", 0.1, "count", 0, "object-classes", "cat", NULL);
    out = show_long(&scene, &person, 1, 10);
    s = fixture_meta(out, NULL);
    g_assert_cmpint(gst_structure_n_fields(s), ==, G_N_ELEMENTS(fields));
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        g_assert_true(gst_structure_has_field(s, fields[i]));
    g_assert_false(gst_structure_has_field(nth(out, "zones", 0), "objects"));
    g_assert_false(gst_structure_has_field(nth(out, "zones", 0), "dwelling"));
    g_assert_null(get_region(out));
    while ((message = gst_bus_pop_filtered(scene.bus, GST_MESSAGE_ELEMENT))) {
        g_assert_false(gst_structure_has_field(gst_message_get_structure(message), "what"));
        gst_message_unref(message);
    }
    g_assert_cmpuint(fixture_count(scene.bus, GST_MESSAGE_WARNING, NULL), ==, 0);
    scene_clear(&scene);
}

/* An object, its dwelling and the count of it end, once each. */
static void check_ends(GstBus *bus)
{
    static const char *const kinds[] = {"object", "dwell", "count"};
    guint ends[G_N_ELEMENTS(kinds)] = {0};
    GstMessage *message;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        const GstStructure *s = gst_message_get_structure(message);

        for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
            ends[k] += g_strcmp0(gst_structure_get_string(s, "what"), kinds[k]) == 0 &&
                       g_strcmp0(gst_structure_get_string(s, "event"), "end") == 0;
        gst_message_unref(message);
    }
    for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
        g_assert_cmpuint(ends[k], ==, 1);
}

/* While the stream plays; what went on ends, and numbers are not used again. */
static void test_switch(void)
{
    const Thing person = person_at(20);
    Scene scene;
    GstBuffer *out;

    scene_init(&scene, "zones", "all: 0,0 1,0 1,1 0,1", "dwell", 0.5, "count", 0, NULL);
    for (guint i = 1; i <= 3; i++) {
        out = show_long(&scene, &person, 1, 10);
        g_assert_cmpuint(uint_of(nth(out, "objects", 0), "id"), ==, i);
        gst_buffer_unref(out);
        fixture_count(scene.bus, GST_MESSAGE_ELEMENT, NULL);
        g_object_set(scene.element, "objects", FALSE, NULL);
        out = show(&scene, &person, 1);
        g_assert_false(gst_structure_has_field(fixture_meta(out, NULL), "objects"));
        g_assert_null(get_region(out));
        gst_buffer_unref(out);
        check_ends(scene.bus);
        g_object_set(scene.element, "objects", TRUE, NULL);
    }
    scene_clear(&scene);
}

/* What cannot be followed is said once, and again when it is changed. */
static void test_warnings(void)
{
    static const struct {
        const char *model, *classes, *says;
    } cases[] = {
        {"colours/card.json", "person, cat, dog", "object classes: cat, dog"},
        {"tiny-maps/card.json", NULL, "card names no things"},
        {"tiny-maps/card.json", "label 1", NULL},
        {"colours/card.json", NULL, NULL},
    };
    const Thing person = person_at(20);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *card = fixture_model(cases[i].model);
        Scene scene;

        scene_init(&scene, "model", card, "object-classes", cases[i].classes, NULL);
        for (guint k = 0; k < 2; k++) {
            g_autofree char *warning = NULL;

            pass(&scene, &person, 1, 3);
            warning = fixture_error(scene.bus, GST_MESSAGE_WARNING, NULL);
            g_assert_true((warning != NULL) == (cases[i].says != NULL));
            if (warning)
                g_assert_nonnull(strstr(warning, cases[i].says));
            g_assert_cmpuint(fixture_count(scene.bus, GST_MESSAGE_WARNING, NULL), ==, 0);
            g_object_set(scene.element, "object-classes", cases[i].classes, NULL);
        }
        scene_clear(&scene);
    }
}

/* What are no lines leaves those that there are. */
static void test_bad_lines(void)
{
    static const struct {
        const char *lines, *says;
    } cases[] = {
        {"a: 0,0 1,1 1,0", "line \"a\""},
        {"a: 0,0", "line \"a\""},
        {"a: 0.5,0.5 0.5,0.5", "line \"a\""},
        {"a", "The lines stay as they were"},
    };
    Scene scene;
    GstBuffer *out;

    scene_init(&scene, "lines", "door: 0.5,0 0.5,1", NULL);
    gst_buffer_unref(walk(&scene, 20, 30, 2));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *warning = NULL, *text = NULL;

        g_object_set(scene.element, "lines", cases[i].lines, NULL);
        pass(&scene, NULL, 0, 1);
        warning = fixture_error(scene.bus, GST_MESSAGE_WARNING, NULL);
        g_assert_nonnull(warning);
        g_assert_nonnull(strstr(warning, cases[i].says));
        g_assert_nonnull(strstr(warning, "The lines stay as they were"));
        g_object_get(scene.element, "lines", &text, NULL);
        g_assert_cmpstr(text, ==, "door: 0.5,0 0.5,1");
    }
    out = walk(&scene, 30, 90, 4);
    g_assert_cmpuint(count_of(out, "lines"), ==, 1);
    gst_buffer_unref(out);
    check_told(&scene, "crossing", "start door out 1 (0 1), end door out 1 (0 1)");
    scene_clear(&scene);
}

static double interval_of(GstElement *element)
{
    double interval;

    g_object_get(element, "interval", &interval, NULL);
    return interval;
}

static void count_notify(GObject *object, GParamSpec *spec, gpointer n)
{
    ++*(guint *)n;
}

/* Ten results a second, unless another interval was set, before or after. */
static void test_interval(void)
{
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    guint n = 0;

    g_signal_connect(element, "notify::interval", G_CALLBACK(count_notify), &n);
    g_object_set(element, "objects", TRUE, NULL);
    g_assert_cmpfloat(interval_of(element), ==, 0.1);
    g_assert_cmpuint(n, ==, 1);
    g_object_set(element, "objects", TRUE, NULL);
    g_assert_cmpuint(n, ==, 1);
    g_object_set(element, "objects", FALSE, NULL);
    g_assert_cmpfloat(interval_of(element), ==, 1);
    g_assert_cmpuint(n, ==, 2);
    g_object_set(element, "objects", TRUE, "interval", 0.5, NULL);
    g_assert_cmpfloat(interval_of(element), ==, 0.5);
    g_object_set(element, "objects", FALSE, NULL);
    g_assert_cmpfloat(interval_of(element), ==, 0.5);
    g_object_set(element, "objects", TRUE, NULL);
    g_assert_cmpfloat(interval_of(element), ==, 0.5);
    gst_object_unref(element);
}

/* Frames wait shorter, or longer, which is told, if they wait at all. */
static void test_latency(void)
{
    for (int mode = VDT_ANALYZER_LIVE; mode <= VDT_ANALYZER_ALIGNED; mode++)
        for (guint set = 0; set < 2; set++) {
            GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
            g_autoptr(GstBus) bus = gst_bus_new();
            const guint expected = mode == VDT_ANALYZER_ALIGNED && !set;

            if (set)
                g_object_set(element, "interval", 0.2, NULL);
            g_object_set(element, "mode", mode, NULL);
            gst_element_set_bus(element, bus);
            g_object_set(element, "objects", TRUE, NULL);
            g_assert_cmpuint(fixture_count(bus, GST_MESSAGE_LATENCY, NULL), ==, expected);
            g_object_set(element, "objects", TRUE, NULL);
            g_assert_cmpuint(fixture_count(bus, GST_MESSAGE_LATENCY, NULL), ==, 0);
            g_object_set(element, "objects", FALSE, NULL);
            g_assert_cmpuint(fixture_count(bus, GST_MESSAGE_LATENCY, NULL), ==, expected);
            gst_element_set_bus(element, NULL);
            gst_object_unref(element);
        }
}

static void change_caps(Scene *scene)
{
    gst_harness_set_src_caps_str(scene->h,
                                 "video/x-raw, format=RGB, width=128, height=128, framerate=10/1, "
                                 "pixel-aspect-ratio=2/1");
}

static void jump(Scene *scene)
{
    GstBuffer *frame = draw(NULL, 0, scene->now += 10 * GST_SECOND);

    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    gst_harness_push(scene->h, frame);
    gst_buffer_unref(gst_harness_pull(scene->h));
    scene->now += STEP;
}

static void turn(Scene *scene)
{
    scene->step = -scene->step;
    push_segment(scene, scene->step > 0 ? 1 : -1);
}

static void begin_anew(Scene *scene)
{
    gst_harness_push_event(scene->h, gst_event_new_stream_start("another"));
    push_segment(scene, 1);
}

static void end(Scene *scene)
{
    gst_harness_push_event(scene->h, gst_event_new_eos());
}

/* All that goes on ends where the stream breaks off, before anything begins; what is seen then is
 * somebody else. */
static void test_breaks(void)
{
    static void (*const breaks[])(Scene *) = {flush, change_caps, jump, turn,
                                              turn,  begin_anew,  end};
    const Thing person = person_at(20);
    Scene scene;

    scene_init(&scene, "post-events", VDT_EVENT_START | VDT_EVENT_END, NULL);
    push_segment(&scene, 1);
    for (guint i = 0; i < G_N_ELEMENTS(breaks); i++) {
        g_autofree char *starts = g_strdup_printf("start %u", i + 1);
        g_autofree char *ends = g_strdup_printf("end %u", i + 1);

        pass(&scene, &person, 1, 5);
        check_told(&scene, "object", starts);
        breaks[i](&scene);
        if (breaks[i] != end)
            pass(&scene, &person, 1, 1);
        check_told(&scene, "object", ends);
    }
    scene_clear(&scene);
}

/* The number of the object that is where a thing is, 0 if there is none. */
static guint find_id(GstBuffer *buffer, const Thing *thing)
{
    for (guint i = 0; i < count_of(buffer, "objects"); i++) {
        const GstStructure *o = nth(buffer, "objects", i);

        if (fabs(number(o, "x") - (double)thing->x / SIDE) <= 2 * NEAR &&
            fabs(number(o, "y") - (double)thing->y / SIDE) <= 2 * NEAR &&
            fabs(number(o, "width") - (double)thing->width / SIDE) <= 2 * NEAR &&
            fabs(number(o, "height") - (double)thing->height / SIDE) <= 2 * NEAR)
            return uint_of(o, "id");
    }
    return 0;
}

/* A car drives by before a parked one of another shade: each is where it is all the time. The map
 * may be finer than the network's picture, and the frame may lie. */
static void test_passing(void)
{
    static const struct {
        const char *resolution, *orientation;
    } ways[] = {{"128x128", "rotate-0"}, {"64x64", "rotate-0"}, {"128x128", "rotate-90"}};

    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        Thing both[] = {{VEHICLE, 44, 30, 48, 24, 0}, {VEHICLE, -48, 38, 48, 28, 60}};
        guint parked = 0, passing = 0;
        Scene scene;

        scene_init(&scene, "resolution", ways[i].resolution, "map-size", VDT_MAP_OF_FRAME, NULL);
        gst_harness_push_event(scene.h, gst_event_new_tag(gst_tag_list_new(
                                            GST_TAG_IMAGE_ORIENTATION, ways[i].orientation, NULL)));
        pass(&scene, both, 1, 20);
        for (; both[1].x < SIDE; both[1].x += 5) {
            g_autoptr(GstBuffer) out = show(&scene, both, 2);

            if (both[1].x > 10 && both[1].x + both[1].width < SIDE - 10) {
                g_assert_cmpuint(find_id(out, &both[1]), !=, 0);
                passing = passing ? passing : find_id(out, &both[1]);
                g_assert_cmpuint(find_id(out, &both[1]), ==, passing);
            }
            parked = parked ? parked : find_id(out, both);
            g_assert_cmpuint(find_id(out, both), ==, parked);
        }
        g_assert_cmpuint(parked, !=, passing);
        scene_clear(&scene);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/objects/inspect", test_inspect);
    g_test_add_func("/objects/fields", test_fields);
    g_test_add_func("/objects/merged", test_merged);
    g_test_add_func("/objects/classes", test_classes);
    g_test_add_func("/objects/regions", test_regions);
    g_test_add_func("/objects/backwards", test_backwards);
    g_test_add_func("/objects/lines", test_lines);
    g_test_add_func("/objects/lines/count-on", test_lines_count_on);
    g_test_add_func("/objects/set-late", test_set_late);
    g_test_add_func("/objects/crossing-message", test_crossing_message);
    g_test_add_func("/objects/dwell", test_dwell);
    g_test_add_func("/objects/count", test_count);
    g_test_add_func("/objects/events", test_events);
    g_test_add_func("/objects/min-duration", test_min_duration);
    g_test_add_func("/objects/off", test_off);
    g_test_add_func("/objects/switch", test_switch);
    g_test_add_func("/objects/passing", test_passing);
    g_test_add_func("/objects/warnings", test_warnings);
    g_test_add_func("/objects/bad-lines", test_bad_lines);
    g_test_add_func("/objects/interval", test_interval);
    g_test_add_func("/objects/latency", test_latency);
    g_test_add_func("/objects/breaks", test_breaks);
    return fixture_run();
}
