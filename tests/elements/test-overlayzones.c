/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outlines of zones: where they are drawn, what shows that somebody is there, and what is none. */
#include <math.h>

#include "analyzer/resultmeta.h"
#include "fixture.h"

#define GRAY 0x80

static void append_double(GValue *array, double number)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_DOUBLE);
    g_value_set_double(&value, number);
    gst_value_array_append_and_take_value(array, &value);
}

/* A segmenter's result without classes, and with one zone. */
static void add_zone(GstBuffer *buffer, const char *name, gboolean occupied, const double *points,
                     guint n)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(VdtResult) result = vdt_result_new(found, 0);
    GstStructure *s =
        gst_structure_new("zone", "name", G_TYPE_STRING, name, "occupied", G_TYPE_BOOLEAN, occupied,
                          "label", G_TYPE_STRING, "person", NULL);
    GValue zones = G_VALUE_INIT, zone = G_VALUE_INIT, array = G_VALUE_INIT;

    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < n; i++)
        append_double(&array, points[i]);
    gst_structure_take_value(s, "points", &array);
    g_value_init(&zone, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&zone, s);
    g_value_init(&zones, GST_TYPE_ARRAY);
    gst_value_array_append_and_take_value(&zones, &zone);
    result->fields = gst_structure_new_empty("fields");
    gst_structure_take_value(result->fields, "zones", &zones);
    vdt_result_attach(result, buffer, 0, "segmenter0", "segmentation");
}

static GstHarness *overlay_new(const char *caps)
{
    GstHarness *h = fixture_harness(gst_element_factory_make("vedette-overlay", NULL));

    gst_harness_set_src_caps_str(h, caps);
    return h;
}

static char *caps_of(guint width, guint height)
{
    return g_strdup_printf("video/x-raw, format=RGB, width=%u, height=%u, framerate=25/1", width,
                           height);
}

/* What is drawn on a gray frame of that size with one zone on it. */
static GstBuffer *draw(GstHarness *h, const char *caps, const char *name, gboolean occupied,
                       const double *points, guint n)
{
    GstBuffer *in = fixture_frame(caps, 0), *out;

    add_zone(in, name, occupied, points, n);
    g_assert_cmpint(gst_harness_push(h, in), ==, GST_FLOW_OK);
    out = gst_harness_pull(h);
    g_assert_nonnull(out);
    return out;
}

typedef struct {
    guint drawn, bright; /* pixels: not gray; as bright as colours are, not the dark beside them */
    guint left, top, right, bottom;
    guint inside; /* drawn far from the outline of the test's zone */
} Seen;

/* @away: pixels from the outline of a zone from a quarter to three quarters of both sides. */
static Seen look(GstBuffer *buffer, guint width, guint height, double away)
{
    const gsize stride = GST_ROUND_UP_4(width * 3);
    Seen seen = {.left = width, .top = height};
    GstMapInfo map;

    gst_buffer_map(buffer, &map, GST_MAP_READ);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++) {
            const guint8 *p = map.data + y * stride + (gsize)x * 3;
            const double dx = fabs(fabs(x + 0.5 - width / 2.0) - width / 4.0);
            const double dy = fabs(fabs(y + 0.5 - height / 2.0) - height / 4.0);

            if (ABS(p[0] - GRAY) <= 2 && ABS(p[1] - GRAY) <= 2 && ABS(p[2] - GRAY) <= 2)
                continue;
            seen.drawn++;
            seen.bright += MAX(p[0], p[2]) > 0xd0;
            seen.left = MIN(seen.left, x);
            seen.right = MAX(seen.right, x);
            seen.top = MIN(seen.top, y);
            seen.bottom = MAX(seen.bottom, y);
            seen.inside += dx > away && dy > away;
        }
    gst_buffer_unmap(buffer, &map);
    return seen;
}

static const double middle[] = {0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75};

/* The line is where the zone ends, at all sizes, and solid where somebody is. */
static void test_outline(void)
{
    static const guint sizes[][2] = {{320, 180}, {321, 181}, {1920, 1080}, {3840, 2160}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint w = sizes[i][0], h = sizes[i][1];
        const double most = MAX(h / 60.0, 6); /* from the outline */
        g_autofree char *caps = caps_of(w, h);
        GstHarness *harness = overlay_new(caps);
        g_autoptr(GstBuffer) empty = draw(harness, caps, "", FALSE, middle, 8);
        g_autoptr(GstBuffer) occupied = draw(harness, caps, "", TRUE, middle, 8);
        const Seen none = look(empty, w, h, most), some = look(occupied, w, h, most);

        g_assert_cmpuint(none.inside, ==, 0);
        g_assert_cmpfloat(fabs(none.left - w / 4.0), <, most);
        g_assert_cmpfloat(fabs(none.right - w * 0.75), <, most);
        g_assert_cmpfloat(fabs(none.top - h / 4.0), <, most);
        g_assert_cmpfloat(fabs(none.bottom - h * 0.75), <, most);
        g_assert_cmpuint(none.bright, >, (w + h) / 4);
        g_assert_cmpuint(some.bright, >, w + h);
        g_assert_cmpuint(some.bright, >, 2 * none.bright);
        fixture_harness_free(harness);
    }
}

/* The name stands above, unless the zone begins at the top: then it is below that. */
static void test_name(void)
{
    static const double top[] = {0, 0, 1, 0, 1, 1, 0, 1};
    static const guint sizes[][2] = {{320, 180}, {3840, 2160}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const guint w = sizes[i][0], h = sizes[i][1];
        g_autofree char *caps = caps_of(w, h);
        GstHarness *harness = overlay_new(caps);
        g_autoptr(GstBuffer) bare = draw(harness, caps, "", FALSE, middle, 8);
        g_autoptr(GstBuffer) named = draw(harness, caps, "door", FALSE, middle, 8);
        g_autoptr(GstBuffer) taken = draw(harness, caps, "door", TRUE, middle, 8);
        g_autoptr(GstBuffer) at_top = draw(harness, caps, "street", FALSE, top, 8);
        const Seen a = look(bare, w, h, 0), b = look(named, w, h, 0), c = look(taken, w, h, 0);
        const Seen d = look(at_top, w, h, 0);

        /* text that can be read */
        g_assert_cmpuint(b.top + 10, <, a.top);
        g_assert_cmpuint(b.drawn, >, a.drawn + 150);
        /* who is there, too */
        g_assert_cmpuint(c.drawn, >, b.drawn + 150);
        /* all around, and inside the frame */
        g_assert_cmpuint(d.left, <, 4);
        g_assert_cmpuint(d.bottom + 5, >, h);
        fixture_harness_free(harness);
    }
}

static void test_show_zones(void)
{
    g_autofree char *caps = caps_of(320, 180);
    GstHarness *h = overlay_new(caps);

    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = NULL;
        gboolean show;

        if (i > 0)
            g_object_set(h->element, "show-zones", i == 2, NULL);
        g_object_get(h->element, "show-zones", &show, NULL);
        g_assert_true(show == (i != 1));
        out = draw(h, caps, "door", TRUE, middle, 8);
        g_assert_true((look(out, 320, 180, 0).drawn > 0) == show);
    }
    fixture_harness_free(h);
}

/* Outlines that are none are not drawn; those that leave the frame end there. */
static void test_hostile(void)
{
    static const struct {
        double points[8];
        guint n;
        gboolean drawn;
    } cases[] = {
        {{0.1, 0.1, 0.9, 0.1}, 4, FALSE},
        {{0.1, 0.1, 0.9, 0.1, 0.5, 0.9, 0.3}, 7, FALSE},
        {{0}, 0, FALSE},
        {{NAN, 0.1, 0.9, 0.1, 0.5, 0.9}, 6, FALSE},
        {{1e300, 0.1, 0.9, 0.1, 0.5, 0.9}, 6, FALSE},
        {{2, 2, 3, 2, 3, 3}, 6, FALSE},
        {{-3, -3, -2, -3, -2, -2}, 6, FALSE},
        {{-9, 0.5, 9, 0.4, 9, 0.6}, 6, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *caps = caps_of(i % 2 ? 321 : 64, i % 2 ? 181 : 48);
        GstHarness *h = overlay_new(caps);
        g_autoptr(GstBuffer) out = draw(h, caps, "", i % 2, cases[i].points, cases[i].n);

        if (cases[i].drawn != (look(out, i % 2 ? 321 : 64, i % 2 ? 181 : 48, 0).drawn > 0))
            g_error("case %u", i);
        fixture_harness_free(h);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/overlay-zones/outline", test_outline);
    g_test_add_func("/overlay-zones/name", test_name);
    g_test_add_func("/overlay-zones/show-zones", test_show_zones);
    g_test_add_func("/overlay-zones/hostile", test_hostile);
    return fixture_run();
}
