/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects: where they are drawn, with which number and path; the lines that they cross. */
#include <math.h>
#include <string.h>

#include "analyzer/arrays.h"
#include "analyzer/resultmeta.h"
#include "fixture.h"
#include "frame/objectbox.h"
#include "overlay/room.h"
#include "overlay/show.h"

#define GRAY 0x80
#define AT   (10 * GST_SECOND) /* of the picture in which objects were found */

/* A segmenter's result without classes. Takes what it is given; nothing: NULL. */
static void add_result(GstBuffer *buffer, GValue *objects, GValue *lines)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(VdtResult) result = vdt_result_new(found, AT);

    result->fields = gst_structure_new_empty("fields");
    if (objects)
        gst_structure_take_value(result->fields, "objects", objects);
    if (lines)
        gst_structure_take_value(result->fields, "lines", lines);
    vdt_result_attach(result, buffer, GST_BUFFER_PTS(buffer), "segmenter0", "segmentation");
}

static GstStructure *meta_of(GstBuffer *buffer)
{
    return gst_custom_meta_get_structure(gst_buffer_get_custom_meta(buffer, VDT_RESULT_META_NAME));
}

static GstStructure *line_new(const char *name, double x1, double y1, double x2, double y2)
{
    const double ends[] = {x1, y1, x2, y2};
    GstStructure *s = gst_structure_new("line", "name", G_TYPE_STRING, name, "in", G_TYPE_UINT64,
                                        (guint64)3, "out", G_TYPE_UINT64, (guint64)1, NULL);

    vdt_structure_set_doubles(s, "points", ends, G_N_ELEMENTS(ends));
    return s;
}

static char *caps_of(guint width, guint height)
{
    return g_strdup_printf("video/x-raw, format=RGB, width=%u, height=%u, framerate=25/1", width,
                           height);
}

/* One whose drawing is blended, or attached, so that it can be looked at. */
static GstHarness *overlay_new(const char *caps, gboolean attached)
{
    GstHarness *h = fixture_harness(gst_element_factory_make("vedette-overlay", NULL));

    if (attached)
        gst_harness_add_propose_allocation_meta(h, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE,
                                                NULL);
    gst_harness_set_src_caps_str(h, caps);
    return h;
}

static GstBuffer *pass(GstHarness *h, GstBuffer *buffer)
{
    GstBuffer *out;

    g_assert_cmpint(gst_harness_push(h, buffer), ==, GST_FLOW_OK);
    out = gst_harness_pull(h);
    g_assert_nonnull(out);
    return out;
}

/* What is drawn of one object, or of one line; taken. */
static GstBuffer *draw(GstHarness *h, const char *caps, GstClockTime pts, GstStructure *object,
                       GstStructure *line)
{
    GValue objects = G_VALUE_INIT, lines = G_VALUE_INIT;
    GstBuffer *in = fixture_frame(caps, pts);

    if (object)
        fixture_append(&objects, object);
    if (line)
        fixture_append(&lines, line);
    add_result(in, object ? &objects : NULL, line ? &lines : NULL);
    return pass(h, in);
}

static guint n_rectangles(GstBuffer *buffer)
{
    const GstVideoOverlayCompositionMeta *meta =
        gst_buffer_get_video_overlay_composition_meta(buffer);

    return meta ? gst_video_overlay_composition_n_rectangles(meta->overlay) : 0;
}

static GstVideoRectangle get_place(GstBuffer *buffer, guint i, guint *seqnum)
{
    GstVideoOverlayComposition *composition =
        gst_buffer_get_video_overlay_composition_meta(buffer)->overlay;
    GstVideoOverlayRectangle *rectangle =
        gst_video_overlay_composition_get_rectangle(composition, i);
    GstVideoRectangle place;
    guint width, height;

    g_assert_nonnull(rectangle);
    gst_video_overlay_rectangle_get_render_rectangle(rectangle, &place.x, &place.y, &width,
                                                     &height);
    place.w = (int)width;
    place.h = (int)height;
    if (seqnum)
        *seqnum = gst_video_overlay_rectangle_get_seqnum(rectangle);
    return place;
}

static void check_inside(GstBuffer *buffer, guint width, guint height)
{
    for (guint i = 0; i < n_rectangles(buffer); i++) {
        const GstVideoRectangle place = get_place(buffer, i, NULL);

        g_assert_cmpint(MIN(place.x, place.y), >=, 0);
        g_assert_cmpint(place.x + place.w, <=, (int)width);
        g_assert_cmpint(place.y + place.h, <=, (int)height);
    }
}

static guint32 pixel(GstBuffer *buffer, guint width, guint x, guint y)
{
    guint8 rgb[3];

    gst_buffer_extract(buffer, (gsize)y * GST_ROUND_UP_4(width * 3) + x * 3, rgb, 3);
    return (guint32)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
}

static gboolean is_drawn(guint32 rgb)
{
    for (guint shift = 0; shift < 24; shift += 8)
        if (ABS((int)(rgb >> shift & 0xff) - GRAY) > 2)
            return TRUE;
    return FALSE;
}

static guint count_drawn(GstBuffer *buffer, guint width, GstVideoRectangle part)
{
    guint n = 0;

    for (int y = part.y; y < part.y + part.h; y++)
        for (int x = part.x; x < part.x + part.w; x++)
            n += is_drawn(pixel(buffer, width, (guint)x, (guint)y));
    return n;
}

/* The box is where the object is at the frame's time, whichever way that is from the picture's. */
static void test_time(void)
{
    static const struct {
        gint64 away;
        int x, y;
    } cases[] = {{0, 320, 90},
                 {GST_SECOND / 2, 352, 81},
                 {-(gint64)(GST_SECOND / 2), 288, 99},
                 {5 * GST_SECOND, 384, 72}};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, TRUE);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstStructure *s = fixture_object(1, 0.5, 0.25, 0.125, 0.5);
        g_autoptr(GstBuffer) out = NULL;
        GstVideoRectangle top, right, tag;

        gst_structure_set(s, "speed-x", G_TYPE_DOUBLE, 0.1, "speed-y", G_TYPE_DOUBLE, -0.05, NULL);
        out = draw(h, caps, (GstClockTime)((gint64)AT + cases[i].away), s, NULL);
        g_assert_cmpuint(n_rectangles(out), ==, 5);
        top = get_place(out, 0, NULL);
        right = get_place(out, 3, NULL);
        tag = get_place(out, 4, NULL);
        g_assert_cmpint(top.x, ==, cases[i].x);
        g_assert_cmpint(top.y, ==, cases[i].y & ~1);
        g_assert_cmpint(top.w, ==, 80);
        g_assert_cmpint(right.x + right.w, ==, cases[i].x + 80);
        g_assert_cmpint(right.h, >=, 174);
        /* the tag goes along */
        g_assert_cmpint(tag.x, ==, top.x);
        g_assert_cmpint(ABS(tag.y + tag.h - top.y), <=, 2);
    }
    fixture_harness_free(h);
}

/* Frames whose times were changed since: what the meta says of its age still holds. */
static void test_other_time(void)
{
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, TRUE);

    for (guint i = 0; i < 3; i++) {
        static const guint64 ages[] = {GST_SECOND / 2, 0, 3 * GST_SECOND};
        static const int x[] = {352, 320, 384};
        GstStructure *s = fixture_object(1, 0.5, 0.25, 0.125, 0.5);
        GstBuffer *in = fixture_frame(caps, AT);
        GValue objects = G_VALUE_INIT;
        g_autoptr(GstBuffer) out = NULL;

        gst_structure_set(s, "speed-x", G_TYPE_DOUBLE, 0.1, NULL);
        fixture_append(&objects, s);
        add_result(in, &objects, NULL);
        gst_structure_set(meta_of(in), "age", G_TYPE_UINT64, ages[i], NULL);
        GST_BUFFER_PTS(in) = i == 0 ? GST_CLOCK_TIME_NONE : 3600 * GST_SECOND;
        out = pass(h, in);
        g_assert_cmpint(get_place(out, 0, NULL).x, ==, x[i]);
    }
    fixture_harness_free(h);
}

/* The colours of boxes are those of numbers, twelve of them; lines of boxes that are not seen are
 * broken. */
static void test_look(void)
{
    const GstVideoRectangle left = {160, 100, 2, 160};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, FALSE);
    guint32 colours[14];

    for (guint id = 0; id < G_N_ELEMENTS(colours); id++) {
        g_autoptr(GstBuffer) out =
            draw(h, caps, AT, fixture_object(id, 0.25, 0.25, 0.25, 0.5), NULL);

        colours[id] = pixel(out, 640, 160, 180);
        g_assert_cmpuint(count_drawn(out, 640, left), ==, 2 * 160);
        for (guint k = 0; k < id; k++)
            g_assert_true((colours[k] == colours[id]) == (k + 12 == id));
    }
    for (guint i = 0; i < 2; i++) {
        GstStructure *s = fixture_object(1, 0.25, 0.25, 0.25, 0.5);
        g_autoptr(GstBuffer) out = NULL;
        guint n;

        gst_structure_set(s, "state", G_TYPE_STRING, i ? "merged" : "hidden", NULL);
        out = draw(h, caps, AT, s, NULL);
        n = count_drawn(out, 640, left);
        g_assert_cmpuint(n, >, 120);
        g_assert_cmpuint(n, <, 200);
    }
    fixture_harness_free(h);
}

static const VdtOverlayLimits all = {3, 0, TRUE, TRUE, TRUE};

/* What tags say. */
static void test_texts(void)
{
    static const struct {
        const char *label, *state, *text;
    } objects[] = {
        {"person", "seen", "person 4000000000"},
        {"person", "merged", "person 4000000000 (merged)"},
        {"person", "hidden", "person 4000000000"},
        {"person", "flying", "person 4000000000"},
        {"person", NULL, "person 4000000000"},
        {NULL, "seen", "4000000000"},
        {"", "seen", "4000000000"},
        {"<b>\xff\n", "seen", "<b>\xef\xbf\xbd  4000000000"},
        {"a label that is longer than a tag would be wide", "merged",
         "a label that is longer than…4000000000 (merged)"},
    };
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);

    for (guint i = 0; i < G_N_ELEMENTS(objects); i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GstStructure *s = fixture_object(4000000000, 0, 0, 1, 1);
        GValue array = G_VALUE_INIT;

        gst_structure_remove_fields(s, "label", "state", NULL);
        if (objects[i].state)
            gst_structure_set(s, "state", G_TYPE_STRING, objects[i].state, NULL);
        if (objects[i].label) {
            gst_structure_set(s, "label", G_TYPE_STRING, "", NULL);
            g_value_set_string((GValue *)gst_structure_get_value(s, "label"), objects[i].label);
        }
        fixture_append(&array, s);
        add_result(buffer, &array, NULL);
        g_assert_true(vdt_overlay_show_gather(show, buffer, &all));
        g_assert_cmpuint(show->n_objects, ==, 1);
        g_assert_true(g_utf8_validate(show->objects[0].tag.text, -1, NULL));
        if (i + 1 < G_N_ELEMENTS(objects))
            g_assert_cmpstr(show->objects[0].tag.text, ==, objects[i].text);
        else /* it is cut, its number is not */
            g_assert_true(g_str_has_suffix(show->objects[0].tag.text, "4000000000 (merged)"));
    }
}

static void test_crossing_texts(void)
{
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);

    for (guint i = 0; i < 4; i++) {
        static const char *const texts[] = {"kerb in 3 out 1", "in 3 out 1",
                                            "kerb in 18446744073709551615 out 1", "kerb"};
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GstStructure *s = line_new(i == 1 ? "" : "kerb", 0, 0.5, 1, 0.5);
        GValue lines = G_VALUE_INIT;

        if (i == 2)
            gst_structure_set(s, "in", G_TYPE_UINT64, G_MAXUINT64, NULL);
        if (i == 3)
            gst_structure_set(s, "in", G_TYPE_STRING, "many", NULL);
        fixture_append(&lines, s);
        add_result(buffer, NULL, &lines);
        g_assert_true(vdt_overlay_show_gather(show, buffer, &all));
        g_assert_cmpuint(show->n_crossings, ==, 1);
        g_assert_cmpstr(show->crossings[0].tag.text, ==, texts[i]);
    }
}

/* Zones say how many are in them, where that is counted. */
static void test_zone_texts(void)
{
    static const double corners[] = {0, 0, 1, 0, 1, 1};
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);

    for (guint i = 0; i < 3; i++) {
        static const char *const texts[] = {"crossing: person", "crossing 0", "crossing 2"};
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GstStructure *s =
            gst_structure_new("zone", "name", G_TYPE_STRING, "crossing", "occupied", G_TYPE_BOOLEAN,
                              TRUE, "label", G_TYPE_STRING, "person", NULL);
        GValue zones = G_VALUE_INIT;

        if (i > 0)
            gst_structure_set(s, "objects", G_TYPE_UINT, 2 * (i - 1), NULL);
        vdt_structure_set_doubles(s, "points", corners, G_N_ELEMENTS(corners));
        fixture_append(&zones, s);
        add_result(buffer, NULL, NULL);
        gst_structure_take_value(meta_of(buffer), "zones", &zones);
        g_assert_true(vdt_overlay_show_gather(show, buffer, &all));
        g_assert_cmpuint(show->n_zones, ==, 1);
        g_assert_cmpstr(show->zones[0].tag.text, ==, texts[i]);
    }
}

static guint get_overlap(const GstVideoRectangle *a, const GstVideoRectangle *b)
{
    const int w = MIN(a->x + a->w, b->x + b->w) - MAX(a->x, b->x);
    const int h = MIN(a->y + a->h, b->y + b->h) - MAX(a->y, b->y);

    return w > 0 && h > 0 ? (guint)(w * h) : 0;
}

/* Objects that are close to each other, everywhere on the frame: all numbers can be read. */
static void test_neighbours(void)
{
    static const guint sizes[][2] = {{640, 360}, {1280, 720}, {1920, 1080}};
    static const double places[][2] = {{0, 0},      {0.9, 0},    {0, 0.8},     {0.9, 0.8},
                                       {0.5, 0.4},  {0.97, 0.4}, {0.02, 0.02}, {0.88, 0.02},
                                       {0.02, 0.8}, {0.5, 0.02}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes) * G_N_ELEMENTS(places); i++) {
        const guint width = sizes[i % 3][0], height = sizes[i % 3][1];
        g_autofree char *caps = caps_of(width, height);
        GstHarness *h = overlay_new(caps, TRUE);
        GstBuffer *in = fixture_frame(caps, AT);
        GValue objects = G_VALUE_INIT;
        g_autoptr(GstBuffer) out = NULL;
        GstVideoRectangle tags[3];

        for (guint k = 0; k < 3; k++)
            fixture_append(&objects, fixture_object(7 + k, places[i / 3][0] + 0.01 * k,
                                                    places[i / 3][1] + 0.01 * k, 0.08, 0.19));
        add_result(in, &objects, NULL);
        out = pass(h, in);
        check_inside(out, width, height);
        g_assert_cmpuint(n_rectangles(out), ==, 3 * 5);
        for (guint k = 0; k < 3; k++) {
            tags[k] = get_place(out, 12 + k, NULL);
            g_assert_cmpint(tags[k].h, >=, 12);
            for (guint m = 0; m < k; m++)
                g_assert_cmpuint(get_overlap(&tags[k], &tags[m]), ==, 0);
        }
        fixture_harness_free(h);
    }
}

/* No line goes through a name: whatever the object's box does to the frame, the name stays. */
static void test_names_on_top(void)
{
    static const double corners[] = {0.25, 0.5, 0.75, 0.5, 0.75, 0.9, 0.25, 0.9};
    static const GstVideoRectangle name = {162, 168, 40, 10};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, FALSE);
    g_autoptr(GstBuffer) alone = NULL;

    g_object_set(h->element, "opacity", 1.0, NULL);
    for (guint i = 0; i < 2; i++) {
        GstBuffer *in = fixture_frame(caps, AT);
        GValue objects = G_VALUE_INIT, lines = G_VALUE_INIT, zones = G_VALUE_INIT;
        GstStructure *s = gst_structure_new("zone", "name", G_TYPE_STRING, "crossing", NULL);
        g_autoptr(GstBuffer) out = NULL;

        g_value_init(&objects, GST_TYPE_ARRAY);
        g_value_init(&lines, GST_TYPE_ARRAY);
        if (i > 0) {
            fixture_append(&objects, fixture_object(1, 0.28, 0.3, 0.01, 0.5));
            fixture_append(&lines, line_new("", 0.2, 0.48, 0.8, 0.48));
        }
        vdt_structure_set_doubles(s, "points", corners, G_N_ELEMENTS(corners));
        fixture_append(&zones, s);
        add_result(in, &objects, &lines);
        gst_structure_take_value(meta_of(in), "zones", &zones);
        out = pass(h, in);
        if (i == 0)
            alone = gst_buffer_ref(out);
        else
            g_assert_true(is_drawn(pixel(out, 640, 320, 172)));
        for (int y = name.y; y < name.y + name.h; y++)
            for (int x = name.x; x < name.x + name.w; x++)
                g_assert_cmphex(pixel(out, 640, (guint)x, (guint)y), ==,
                                pixel(alone, 640, (guint)x, (guint)y));
    }
    fixture_harness_free(h);
}

/* Numbers keep out of the way of panels, which lie on top of them. */
static void test_room(void)
{
    const GstVideoRectangle panel = {0, 0, 200, 100}, box = {20, 80, 60, 100};
    GstVideoRectangle at;
    VdtOverlayRoom room;

    vdt_overlay_room_init(&room, 640, 360, 1);
    at = vdt_overlay_room_by_box(&room, 50, 20, &box);
    g_assert_cmpint(at.y, ==, 60);
    vdt_overlay_room_init(&room, 640, 360, 1);
    vdt_overlay_room_take(&room, &panel);
    at = vdt_overlay_room_by_box(&room, 50, 20, &box);
    g_assert_cmpint(at.x, ==, 20);
    g_assert_cmpint(at.y, ==, 180);
    /* the frame may be no larger than the text, and all of it taken */
    vdt_overlay_room_init(&room, 50, 20, 1);
    for (guint i = 0; i < 1000; i++) {
        at = vdt_overlay_room_by_box(&room, 50, 20, &box);
        g_assert_cmpint(at.x | at.y, ==, 0);
        at = vdt_overlay_room_by_line(&room, 50, 20, (const float[2][2]){{9, 9}, {9, 9}}, 4);
        g_assert_cmpint(at.x | at.y, ==, 0);
    }
}

/* A path leads to the object, and fades behind it. It is painted once for each result, though the
 * box moves on with every frame. */
static void test_path(void)
{
    static const double path[] = {0.1, 0.75, 0.2, 0.75, 0.3, 0.75, 0.4, 0.75, 0.5, 0.75};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, FALSE), *attached = overlay_new(caps, TRUE);
    g_autoptr(GstBuffer) out = NULL;
    guint first = 0, seqnum;

    for (guint i = 0; i < 4; i++) {
        GstStructure *s = fixture_object(12, 0.45, 0.25, 0.1, 0.5);
        g_autoptr(GstBuffer) moved = NULL;

        gst_structure_set(s, "speed-x", G_TYPE_DOUBLE, 0.2, NULL);
        vdt_structure_set_doubles(s, "path", path, i < 3 ? 10 : 8);
        if (i == 0)
            out = draw(h, caps, AT, gst_structure_copy(s), NULL);
        moved = draw(attached, caps, AT + i * GST_SECOND / 10, s, NULL);
        check_inside(moved, 640, 360);
        g_assert_cmpuint(n_rectangles(moved), >, 5);
        get_place(moved, 0, &seqnum);
        if (i == 0)
            first = seqnum;
        else
            g_assert_true((seqnum == first) == (i < 3));
    }
    /* blue, on gray, more and more of it */
    g_assert_true(is_drawn(pixel(out, 640, 80, 270)));
    g_assert_cmpuint(pixel(out, 640, 80, 270) & 0xff, <, pixel(out, 640, 180, 270) & 0xff);
    g_assert_cmpuint(pixel(out, 640, 180, 270) & 0xff, <, pixel(out, 640, 270, 270) & 0xff);
    g_assert_false(is_drawn(pixel(out, 640, 40, 270)));
    fixture_harness_free(h);
    fixture_harness_free(attached);
}

/* The arrow points to the right of who goes along the line. */
static void test_arrow(void)
{
    static const struct {
        double ends[4];
        GstVideoRectangle in, out; /* beside the middle, where no text is */
    } cases[] = {
        {{0.25, 0.5, 0.75, 0.5}, {312, 188, 16, 8}, {312, 164, 16, 8}},
        {{0.75, 0.5, 0.25, 0.5}, {312, 164, 16, 8}, {312, 188, 16, 8}},
        {{0.5, 0.25, 0.5, 0.75}, {304, 176, 8, 8}, {328, 176, 8, 8}},
        {{0.5, 0.75, 0.5, 0.25}, {328, 176, 8, 8}, {304, 176, 8, 8}},
    };
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, FALSE);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const double *ends = cases[i].ends;
        GstStructure *s = line_new("", ends[0], ends[1], ends[2], ends[3]);
        g_autoptr(GstBuffer) out = NULL;

        gst_structure_remove_fields(s, "in", "out", NULL); /* no text */
        out = draw(h, caps, AT, NULL, s);
        g_assert_true(is_drawn(pixel(out, 640, 320, 180)));
        g_assert_true(is_drawn(pixel(out, 640, (guint)(ends[0] * 640), (guint)(ends[1] * 360))));
        g_assert_cmpuint(count_drawn(out, 640, cases[i].in), >, 20);
        g_assert_cmpuint(count_drawn(out, 640, cases[i].out), ==, 0);
    }
    fixture_harness_free(h);
}

/* What was counted stands beside the line, not on it. */
static void test_counts(void)
{
    static const double ends[][4] = {{0.1, 0.5, 0.9, 0.5},   {0.9, 0.5, 0.1, 0.5},
                                     {0.5, 0.05, 0.5, 0.95}, {0.1, 0.1, 0.9, 0.9},
                                     {0.5, 0.5, 0.5, 0.5},   {0, 0, 1, 0}};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, TRUE);

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        const double *e = ends[i];
        g_autoptr(GstBuffer) out =
            draw(h, caps, AT, NULL, line_new("kerb", e[0], e[1], e[2], e[3]));
        const GstVideoRectangle tag = get_place(out, n_rectangles(out) - 1, NULL);

        check_inside(out, 640, 360);
        g_assert_cmpint(tag.w, >, 60);
        for (guint k = 0; k <= 100 && i < 4; k++) {
            const int x = (int)((e[0] + (e[2] - e[0]) * k / 100) * 640);
            const int y = (int)((e[1] + (e[3] - e[1]) * k / 100) * 360);

            g_assert_true(x < tag.x || x > tag.x + tag.w || y < tag.y || y > tag.y + tag.h);
        }
    }
    fixture_harness_free(h);
}

/* An object's region of interest is the object, not another box; others stay. */
static void test_regions(void)
{
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);

    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        VdtOverlayLimits limits = all;
        GValue objects = G_VALUE_INIT;

        limits.objects = i != 1;
        gst_buffer_add_video_region_of_interest_meta(buffer, "bag", 1, 2, 3, 4);
        gst_video_region_of_interest_meta_add_param(
            gst_buffer_add_video_region_of_interest_meta(buffer, "person", 1, 2, 3, 4),
            gst_structure_new("cgrseg-segmenter", "object", G_TYPE_UINT, 7, NULL));
        fixture_append(&objects, fixture_object(7, 0, 0, 1, 1));
        if (i < 2)
            add_result(buffer, &objects, NULL);
        else
            g_value_unset(&objects);
        g_assert_true(vdt_overlay_show_gather(show, buffer, &limits));
        g_assert_cmpuint(show->n_objects, ==, i == 0 ? 1 : 0);
        g_assert_cmpuint(show->n_boxes, ==, i == 0 ? 1 : 2);
        g_assert_cmpstr(show->boxes[0].tag.text, ==, "bag");
    }
}

/* Two properties, read while frames pass. */
static void test_properties(void)
{
    static const double path[] = {0.1, 0.1, 0.9, 0.9};
    g_autofree char *caps = caps_of(640, 360);
    GstHarness *h = overlay_new(caps, TRUE);

    for (guint i = 0; i < 4; i++) {
        const gboolean objects = i % 2 == 1, zones = i >= 2;
        GstStructure *s = fixture_object(1, 0.5, 0.5, 0.1, 0.1);
        g_autoptr(GstBuffer) out = NULL;
        gboolean shown;

        if (i == 3) {
            /* as it was made */
            fixture_harness_free(h);
            h = overlay_new(caps, TRUE);
        } else {
            g_object_set(h->element, "show-objects", objects, "show-zones", zones, NULL);
        }
        g_object_get(h->element, "show-objects", &shown, NULL);
        g_assert_true(shown == objects);
        vdt_structure_set_doubles(s, "path", path, G_N_ELEMENTS(path));
        out = draw(h, caps, AT, s, line_new("kerb", 0, 0.5, 1, 0.5));
        g_assert_true((n_rectangles(out) > 0) == (objects || zones));
    }
    /* too old */
    g_object_set(h->element, "max-age", 1.0, NULL);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstBuffer) out =
            draw(h, caps, AT + (1 + i) * GST_SECOND, fixture_object(1, 0.5, 0.5, 0.1, 0.1),
                 line_new("kerb", 0, 0.5, 1, 0.5));

        g_assert_true((n_rectangles(out) > 0) == (i == 0));
    }
    fixture_harness_free(h);
}

/* What is compared has no bytes that were not set. */
static void test_show(void)
{
    static const double path[] = {0.1, 0.1, 0.9, 0.9};
    g_autofree VdtOverlayShow *a = g_malloc(sizeof *a), *b = g_malloc(sizeof *b);
    g_autofree VdtOverlayShow *c = g_malloc(sizeof *c);
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstStructure *s = fixture_object(1, 0.5, 0.5, 0.1, 0.1);
    GValue objects = G_VALUE_INIT, lines = G_VALUE_INIT;

    memset(a, 0x55, sizeof *a);
    memset(b, 0xaa, sizeof *b);
    memset(c, 0x33, sizeof *c);
    vdt_structure_set_doubles(s, "path", path, G_N_ELEMENTS(path));
    fixture_append(&objects, s);
    fixture_append(&lines, line_new("kerb", 0, 0.5, 1, 0.5));
    add_result(buffer, &objects, &lines);
    g_assert_true(vdt_overlay_show_gather(a, buffer, &all));
    g_assert_cmpuint(a->n_objects, ==, 1);
    g_assert_cmpuint(a->n_paths, ==, 1);
    g_assert_cmpuint(a->n_crossings, ==, 1);
    g_assert_false(vdt_overlay_show_equal(a, b));
    g_assert_true(vdt_overlay_show_gather(b, buffer, &all));
    g_assert_true(vdt_overlay_show_equal(a, b));
    vdt_overlay_show_copy(c, a);
    g_assert_true(vdt_overlay_show_equal(a, c));
    c->paths[0].points[1][1] = 0.8f;
    g_assert_false(vdt_overlay_show_equal(a, c));
}

/* Draws it both ways; how many rectangles it is. */
static guint draw_hostile(GstBuffer *buffer, guint width, guint height)
{
    g_autofree char *caps = caps_of(width, height);
    GstHarness *h = overlay_new(caps, FALSE), *attached = overlay_new(caps, TRUE);
    g_autoptr(GstBuffer) out = NULL;
    guint n;

    gst_buffer_unref(pass(h, gst_buffer_copy(buffer)));
    out = pass(attached, buffer);
    check_inside(out, width, height);
    n = n_rectangles(out);
    fixture_harness_free(h);
    fixture_harness_free(attached);
    return n;
}

static GstBuffer *frame_of(guint width, guint height)
{
    g_autofree char *caps = caps_of(width, height);

    return fixture_frame(caps, AT);
}

/* Fields that are not there, are of another type, or no numbers. */
static void test_hostile_fields(void)
{
    static const struct {
        const char *field;
        gboolean needed;
    } fields[] = {{"id", TRUE},     {"label", FALSE},   {"class-id", FALSE}, {"score", FALSE},
                  {"share", FALSE}, {"x", TRUE},        {"y", TRUE},         {"width", TRUE},
                  {"height", TRUE}, {"speed-x", FALSE}, {"speed-y", FALSE},  {"first-seen", FALSE},
                  {"state", FALSE}, {"path", FALSE}};

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        for (guint k = 0; k < 3; k++) {
            GstStructure *s = fixture_object(1, 0.25, 0.25, 0.5, 0.5);
            GstBuffer *in = frame_of(64, 48);
            GValue objects = G_VALUE_INIT;

            if (k == 0)
                gst_structure_remove_field(s, fields[i].field);
            else if (k == 1)
                gst_structure_set(s, fields[i].field, GST_TYPE_FRACTION, 1, 2, NULL);
            else
                gst_structure_set(s, fields[i].field, G_TYPE_STRING, NULL, NULL);
            fixture_append(&objects, s);
            add_result(in, &objects, NULL);
            g_assert_true((draw_hostile(in, 64, 48) > 0) == !fields[i].needed);
        }
}

static void test_hostile_numbers(void)
{
    static const char *const fields[] = {"x", "y", "width", "height", "speed-x", "speed-y"};
    static const double numbers[] = {NAN,  INFINITY, -INFINITY, 1e308, -1e308, 1e-308,
                                     -0.0, 9.99,     -9.99,     11,    0.5,    1};

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        for (guint k = 0; k < G_N_ELEMENTS(numbers); k++) {
            GstStructure *s = fixture_object(1, 0.25, 0.25, 0.5, 0.5);
            GstBuffer *in = frame_of(k % 2 ? 321 : 64, k % 2 ? 181 : 48);
            GValue objects = G_VALUE_INIT;

            GST_BUFFER_PTS(in) += GST_SECOND;
            gst_structure_set(s, fields[i], G_TYPE_DOUBLE, numbers[k], NULL);
            fixture_append(&objects, s);
            add_result(in, &objects, NULL);
            draw_hostile(in, k % 2 ? 321 : 64, k % 2 ? 181 : 48);
        }
}

/* Arrays that hold something else, or are none. */
static void test_hostile_arrays(void)
{
    static const char *const fields[] = {"objects", "lines", "zones"};
    static const char *const arrays[] = {
        "s, a=(int)7",
        "s, a=(string)none",
        "s, a=(int){1, 2}",
        "s, a=(int)<1, 2, 3>",
        "s, a=(double)<0.1, 0.2, 0.3, 0.4, 0.5, 0.6>",
        "s, a=(string)<one, two>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        for (guint k = 0; k <= G_N_ELEMENTS(arrays); k++) {
            GstBuffer *in = frame_of(64, 48);
            GValue array = G_VALUE_INIT;

            add_result(in, NULL, NULL);
            if (k < G_N_ELEMENTS(arrays)) {
                g_autoptr(GstStructure) s = gst_structure_from_string(arrays[k], NULL);

                g_assert_nonnull(s);
                gst_structure_set_value(meta_of(in), fields[i], gst_structure_get_value(s, "a"));
            } else {
                fixture_append(&array, NULL);
                gst_structure_take_value(meta_of(in), fields[i], &array);
            }
            g_assert_cmpuint(draw_hostile(in, 64, 48), ==, 0);
        }
}

/* Paths and lines that are none, or have no end. */
static void test_hostile_points(void)
{
    static const struct {
        double points[8];
        guint n;
        gboolean path, line;
    } cases[] = {
        {{0}, 0, FALSE, FALSE},
        {{0.5, 0.5}, 2, FALSE, FALSE},
        {{0.1, 0.1, 0.9}, 3, FALSE, FALSE},
        {{0.1, 0.1, 0.9, 0.9}, 4, TRUE, TRUE},
        {{0.1, 0.1, 0.9, 0.9, 0.5, 0.5}, 6, TRUE, FALSE},
        {{NAN, 0.1, 0.9, 0.9}, 4, FALSE, FALSE},
        {{0.1, 0.1, 0.9, INFINITY}, 4, FALSE, FALSE},
        {{1e300, 0.1, 0.9, 0.9}, 4, FALSE, FALSE},
        {{-9, -9, 9, 9}, 4, TRUE, TRUE},
        {{5, 5, 6, 6}, 4, FALSE, FALSE},
        {{0.5, 0.5, 0.5, 0.5}, 4, TRUE, TRUE},
    };
    g_autofree double *endless = g_new(double, 200000);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        for (guint k = 0; k < 2; k++) {
            GstStructure *s = k ? line_new("", 0, 0, 0, 0) : fixture_object(1, 3, 3, 0.1, 0.1);
            GstBuffer *in = frame_of(321, 181);
            GValue array = G_VALUE_INIT;
            guint n;

            vdt_structure_set_doubles(s, k ? "points" : "path", cases[i].points, cases[i].n);
            fixture_append(&array, s);
            add_result(in, k ? NULL : &array, k ? &array : NULL);
            n = draw_hostile(in, 321, 181);
            /* a point is nothing that a path can be seen by */
            if (i + 1 < G_N_ELEMENTS(cases) && (n > 0) != (k ? cases[i].line : cases[i].path))
                g_error("case %u of %s: %u", i, k ? "lines" : "paths", n);
        }
    for (guint i = 0; i < 200000; i++)
        endless[i] = i % 37 / 37.0;
    for (guint n = 199999; n <= 200000; n++) {
        g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);
        GstStructure *s = fixture_object(1, 0.2, 0.2, 0.1, 0.1);
        GstBuffer *in = frame_of(321, 181);
        GValue array = G_VALUE_INIT;

        vdt_structure_set_doubles(s, "path", endless, n);
        fixture_append(&array, s);
        add_result(in, &array, NULL);
        g_assert_true(vdt_overlay_show_gather(show, in, &all));
        g_assert_cmpuint(show->n_paths, ==, n % 2 ? 0 : 1);
        /* the newest places */
        if (n % 2 == 0)
            g_assert_cmpfloat(show->paths[0].points[VDT_OVERLAY_POINTS - 1][1], ==,
                              (float)endless[n - 1]);
        g_assert_cmpuint(draw_hostile(in, 321, 181), >, 0);
    }
}

/* No more than the first of them are looked at, whether they are any or not. */
static void test_hostile_many(void)
{
    g_autofree VdtOverlayShow *show = g_malloc(sizeof *show);

    for (guint n = 99; n <= 100; n++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GValue objects = G_VALUE_INIT;

        for (guint i = 0; i <= n; i++) {
            GstStructure *s = fixture_object(i, 0, 0, 1, 1);

            if (i < n)
                gst_structure_remove_field(s, "id");
            fixture_append(&objects, s);
        }
        add_result(buffer, &objects, NULL);
        g_assert_true(vdt_overlay_show_gather(show, buffer, &all) == (n < 100));
    }
}

/* Ten thousand of each, with paths all over a large frame. */
static void test_hostile_crowd(void)
{
    static const guint sizes[][2] = {{1, 1}, {64, 48}, {20000, 8}, {1920, 1080}};
    double path[2 * VDT_OVERLAY_POINTS];

    for (guint i = 0; i < G_N_ELEMENTS(path); i++)
        path[i] = i % 4 < 2 ? i / (double)G_N_ELEMENTS(path) : 1 - i / (double)G_N_ELEMENTS(path);
    for (guint k = 0; k < G_N_ELEMENTS(sizes); k++) {
        GstBuffer *in = frame_of(sizes[k][0], sizes[k][1]);
        GValue objects = G_VALUE_INIT, lines = G_VALUE_INIT;
        guint n;

        for (guint i = 0; i < 10000; i++) {
            GstStructure *s = fixture_object(i, i % 97 / 100.0, i % 89 / 100.0, 0.1, 0.2);

            if (i < 100)
                vdt_structure_set_doubles(s, "path", path, G_N_ELEMENTS(path));
            fixture_append(&objects, s);
            fixture_append(&lines, line_new("kerb", 0, i % 97 / 100.0, 1, i % 89 / 100.0));
        }
        add_result(in, &objects, &lines);
        n = draw_hostile(in, sizes[k][0], sizes[k][1]);
        if (k == 3)
            g_assert_cmpuint(n, >, VDT_OVERLAY_OBJECTS * 5 + VDT_OVERLAY_CROSSINGS * 2);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/overlay-objects/time", test_time);
    g_test_add_func("/overlay-objects/time/other", test_other_time);
    g_test_add_func("/overlay-objects/look", test_look);
    g_test_add_func("/overlay-objects/texts", test_texts);
    g_test_add_func("/overlay-objects/texts/crossings", test_crossing_texts);
    g_test_add_func("/overlay-objects/texts/zones", test_zone_texts);
    g_test_add_func("/overlay-objects/neighbours", test_neighbours);
    g_test_add_func("/overlay-objects/names", test_names_on_top);
    g_test_add_func("/overlay-objects/room", test_room);
    g_test_add_func("/overlay-objects/path", test_path);
    g_test_add_func("/overlay-objects/arrow", test_arrow);
    g_test_add_func("/overlay-objects/counts", test_counts);
    g_test_add_func("/overlay-objects/regions", test_regions);
    g_test_add_func("/overlay-objects/properties", test_properties);
    g_test_add_func("/overlay-objects/show", test_show);
    g_test_add_func("/overlay-objects/hostile/fields", test_hostile_fields);
    g_test_add_func("/overlay-objects/hostile/numbers", test_hostile_numbers);
    g_test_add_func("/overlay-objects/hostile/arrays", test_hostile_arrays);
    g_test_add_func("/overlay-objects/hostile/points", test_hostile_points);
    g_test_add_func("/overlay-objects/hostile/many", test_hostile_many);
    g_test_add_func("/overlay-objects/hostile/crowd", test_hostile_crowd);
    return fixture_run();
}
