/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where objects are at the time of a frame, and what regions of interest say of them. */
#include "frame/objectbox.h"

#include <math.h>

#include "analyzer/arrays.h"
#include "fixture.h"
#include "segmenter/segregions.h"

#define SECOND ((gint64)GST_SECOND)

static void test_age(void)
{
    const GstClockTime at = 10 * GST_SECOND;

    g_assert_cmpint(vdt_object_age(at, at), ==, 0);
    g_assert_cmpint(vdt_object_age(at + 40, at), ==, 40);
    g_assert_cmpint(vdt_object_age(at - 40, at), ==, -40);
    g_assert_cmpint(vdt_object_age(at + 2 * GST_SECOND, at), ==, SECOND);
    g_assert_cmpint(vdt_object_age(0, at), ==, -SECOND);
    g_assert_cmpint(vdt_object_age(G_MAXUINT64 - 1, 0), ==, SECOND);
    g_assert_cmpint(vdt_object_age(GST_CLOCK_TIME_NONE, at), ==, 0);
    g_assert_cmpint(vdt_object_age(at, GST_CLOCK_TIME_NONE), ==, 0);
}

static void test_box(void)
{
    static const struct {
        gint64 age;
        double x, y;
    } cases[] = {{0, 0.5, 0.25},          {SECOND / 2, 0.6, 0.2},  {-SECOND / 2, 0.4, 0.3},
                 {SECOND, 0.7, 0.15},     {5 * SECOND, 0.7, 0.15}, {-5 * SECOND, 0.3, 0.35},
                 {G_MAXINT64, 0.7, 0.15}, {G_MININT64, 0.3, 0.35}};
    g_autoptr(GstStructure) s = fixture_object(1, 0.5, 0.25, 0.125, 0.5);
    VdtObjectBox box;

    gst_structure_set(s, "speed-x", G_TYPE_DOUBLE, 0.2, "speed-y", G_TYPE_DOUBLE, -0.1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(vdt_object_box(s, cases[i].age, &box));
        g_assert_cmpfloat_with_epsilon(box.x, cases[i].x, 1e-12);
        g_assert_cmpfloat_with_epsilon(box.y, cases[i].y, 1e-12);
        g_assert_cmpfloat(box.width, ==, 0.125);
        g_assert_cmpfloat(box.height, ==, 0.5);
    }
    /* what does not say how fast it is stays */
    gst_structure_remove_fields(s, "speed-x", "speed-y", NULL);
    g_assert_true(vdt_object_box(s, SECOND, &box));
    g_assert_cmpfloat(box.x, ==, 0.5);
}

static void test_no_box(void)
{
    static const char *const fields[] = {"x", "y", "width", "height", "speed-x", "speed-y"};
    static const double numbers[] = {NAN, INFINITY, -INFINITY};
    const VdtObjectBox before = {1, 2, 3, 4};

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        for (guint k = 0; k < G_N_ELEMENTS(numbers) + 2; k++) {
            g_autoptr(GstStructure) s = fixture_object(1, 0.5, 0.25, 0.125, 0.5);
            const gboolean speed = i >= 4;
            VdtObjectBox box = before;

            if (k < G_N_ELEMENTS(numbers))
                gst_structure_set(s, fields[i], G_TYPE_DOUBLE, numbers[k], NULL);
            else if (k == G_N_ELEMENTS(numbers))
                gst_structure_set(s, fields[i], G_TYPE_STRING, "far", NULL);
            else
                gst_structure_remove_field(s, fields[i]);
            g_assert_true(vdt_object_box(s, 7, &box) == (speed && k >= G_N_ELEMENTS(numbers)));
            g_assert_cmpfloat(box.width, ==, speed && k >= G_N_ELEMENTS(numbers) ? 0.125 : 3);
        }
}

static void test_regions(void)
{
    static const double path[] = {0.1, 0.2, 0.3, 0.4};
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstStructure *first = fixture_object(70000, 0.5, 0.25, 0.125, 0.5);
    GstStructure *gone = fixture_object(2, 0.9, 0.25, 0.05, 0.5), *params;
    const GstVideoRegionOfInterestMeta *region;
    g_auto(GValue) objects = G_VALUE_INIT;
    gpointer state = NULL;
    double number;
    guint64 time;
    GstVideoInfo info;
    guint id;
    int class;

    gst_structure_set(first, "speed-x", G_TYPE_DOUBLE, 0.25, "speed-y", G_TYPE_DOUBLE, -0.125,
                      NULL);
    vdt_structure_set_doubles(first, "path", path, G_N_ELEMENTS(path));
    gst_structure_set(gone, "speed-x", G_TYPE_DOUBLE, 0.5, NULL);
    fixture_append(&objects, first);
    fixture_append(&objects, gone);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, 320, 160);
    vdt_seg_regions_attach_objects(buffer, &info, &objects, SECOND / 2);

    region = (gpointer)gst_buffer_iterate_meta(buffer, &state);
    g_assert_nonnull(region);
    g_assert_null(gst_buffer_iterate_meta(buffer, &state));
    g_assert_cmpstr(g_quark_to_string(region->roi_type), ==, "person");
    g_assert_cmpint(region->id, ==, 70000);
    g_assert_cmpuint(region->x, ==, 200);
    g_assert_cmpuint(region->y, ==, 30);
    g_assert_cmpuint(region->w, ==, 40);
    g_assert_cmpuint(region->h, ==, 80);
    params = gst_video_region_of_interest_meta_get_param((gpointer)region, "cgrseg-segmenter");
    g_assert_nonnull(params);
    g_assert_true(gst_structure_get_uint(params, "object", &id));
    g_assert_cmpuint(id, ==, 70000);
    g_assert_true(gst_structure_get_int(params, "class-id", &class));
    g_assert_cmpint(class, ==, 11);
    g_assert_true(gst_structure_get_double(params, "confidence", &number));
    g_assert_cmpfloat(number, ==, 0.75);
    g_assert_true(gst_structure_get_double(params, "share", &number));
    g_assert_cmpfloat(number, ==, 0.03125);
    g_assert_true(gst_structure_get_double(params, "speed-x", &number));
    g_assert_cmpfloat(number, ==, 0.25);
    g_assert_true(gst_structure_get_double(params, "speed-y", &number));
    g_assert_cmpfloat(number, ==, -0.125);
    g_assert_true(gst_structure_get_uint64(params, "first-seen", &time));
    g_assert_cmpuint(time, ==, GST_SECOND);
    g_assert_cmpstr(gst_structure_get_string(params, "state"), ==, "seen");
    g_assert_cmpuint(gst_value_array_get_size(gst_structure_get_value(params, "path")), ==, 4);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/object-box/age", test_age);
    g_test_add_func("/object-box/box", test_box);
    g_test_add_func("/object-box/none", test_no_box);
    g_test_add_func("/object-box/regions", test_regions);
    return fixture_run();
}
