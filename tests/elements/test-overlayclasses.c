/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What classifiers say, as vedette-overlay shows it. */
#include <string.h>

#include "analyzer/arrays.h"
#include "analyzer/resultmeta.h"
#include "fixture.h"
#include "overlay/show.h"

static VdtOverlayShow show;
static const VdtOverlayLimits limits = {.top_k = 3, .boxes = TRUE, .zones = TRUE, .objects = TRUE};

static GstStructure *result_new(const char *label, const char *group, double score,
                                gboolean background)
{
    GstStructure *s = gst_structure_new("result", "label", G_TYPE_STRING, label, "class-id",
                                        G_TYPE_INT, 1, "score", G_TYPE_DOUBLE, score, NULL);

    if (group)
        gst_structure_set(s, "group", G_TYPE_STRING, group, NULL);
    if (background)
        gst_structure_set(s, "background", G_TYPE_BOOLEAN, TRUE, NULL);
    return s;
}

/* Night, for sure, or not; rain; and a camera that is sharp. */
static GPtrArray *scene(gboolean night)
{
    GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);

    g_ptr_array_add(found, night ? result_new("night", "light", 0.9, FALSE)
                                 : result_new("day", "light", 0.9, TRUE));
    g_ptr_array_add(found, result_new("dusk", "light", 0.1, FALSE));
    g_ptr_array_add(found, night ? result_new("rain", "weather", 0.8, FALSE)
                                 : result_new("clear", "weather", 0.8, TRUE));
    g_ptr_array_add(found, result_new("sharp", "camera", 0.8, TRUE));
    return found;
}

/* @fields is taken. */
static void attach(GstBuffer *buffer, GPtrArray *found, GstStructure *fields, GstClockTime age)
{
    g_autoptr(VdtResult) result = vdt_result_new(found, 0);

    result->fields = fields;
    vdt_result_attach(result, buffer, age, "camera", "classification");
}

/* One line says who says it, and what is out of the ordinary, if anything is. */
static void test_sentence(void)
{
    static const char *const lines[] = {"camera: day, clear, sharp", "camera: night, rain"};

    for (guint night = 0; night < 2; night++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        g_autoptr(GPtrArray) found = scene(night);

        attach(buffer, found, NULL, 0);
        g_assert_true(vdt_overlay_show_gather(&show, buffer, &limits));
        g_assert_cmpuint(show.n_panels, ==, 1);
        g_assert_cmpuint(show.panels[0].n_lines, ==, 1);
        g_assert_cmpstr(show.panels[0].lines[0].text, ==, lines[night]);
        g_assert_cmpint(show.panels[0].lines[0].percent, ==, -1);
        g_assert_cmpstr(show.panels[0].title, ==, "");
    }
}

/* Without groups it is a list of labels, as others are; old results are not shown. */
static void test_list(void)
{
    VdtOverlayLimits young = limits;
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);

    g_ptr_array_add(found, result_new("cat", NULL, 0.9, FALSE));
    g_ptr_array_add(found, result_new("dog", NULL, 0.1, FALSE));
    g_ptr_array_add(found, result_new("frozen", "motion", 1, FALSE));
    attach(buffer, found, NULL, 2 * GST_SECOND);
    g_assert_true(vdt_overlay_show_gather(&show, buffer, &limits));
    g_assert_cmpuint(show.panels[0].n_lines, ==, 3);
    g_assert_cmpstr(show.panels[0].lines[1].text, ==, "dog");
    g_assert_cmpint(show.panels[0].lines[0].percent, ==, 90);
    g_assert_cmpstr(show.panels[0].lines[2].text, ==, "frozen");
    young.max_age = GST_SECOND;
    g_assert_false(vdt_overlay_show_gather(&show, buffer, &young));
}

static GstStructure *region_new(const char *name, GPtrArray *found)
{
    static const double points[] = {0, 0, 1, 0, 1, 1};
    GstStructure *s = gst_structure_new("region", "name", G_TYPE_STRING, name, NULL);
    GValue results = G_VALUE_INIT;

    vdt_structure_set_doubles(s, "points", points, G_N_ELEMENTS(points));
    for (guint i = 0; i < found->len; i++)
        fixture_append(&results, gst_structure_copy(g_ptr_array_index(found, i)));
    gst_structure_take_value(s, "results", &results);
    return s;
}

static void test_regions(void)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(GPtrArray) none = g_ptr_array_new(), found = scene(TRUE);
    g_autoptr(GPtrArray) plain = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    GstStructure *fields = gst_structure_new_empty("fields");
    GValue regions = G_VALUE_INIT;

    g_ptr_array_add(plain, result_new("open", NULL, 0.9, FALSE));
    g_ptr_array_add(plain, result_new("shut", NULL, 0.1, FALSE));
    fixture_append(&regions, region_new("sky", found));
    fixture_append(&regions, region_new("gate", plain));
    gst_structure_take_value(fields, "regions", &regions);
    attach(buffer, none, fields, 0);
    g_assert_true(vdt_overlay_show_gather(&show, buffer, &limits));
    g_assert_cmpuint(show.n_zones, ==, 2);
    g_assert_cmpuint(show.zones[0].n_points, ==, 3);
    g_assert_cmpstr(show.zones[0].tag.text, ==, "sky: night, rain");
    g_assert_cmpstr(show.zones[1].tag.text, ==, "gate: open");
    g_assert_cmpuint(show.n_panels, ==, 0);
}

static void add_param(GstVideoRegionOfInterestMeta *region, const char *label, const char *group)
{
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("slab-classifier", "label", G_TYPE_STRING, label, "class-id",
                                  G_TYPE_INT, 1, "confidence", G_TYPE_DOUBLE, 0.75, "group",
                                  G_TYPE_STRING, group, NULL));
}

static GstVideoRegionOfInterestMeta *add_region(GstBuffer *buffer, const char *type)
{
    return gst_buffer_add_video_region_of_interest_meta(buffer, type, 1, 2, 30, 40);
}

/* Boxes of anybody, and the objects of a segmenter, which are shown as such. */
static void test_boxes(void)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(VdtResult) result = vdt_result_new(none, 0);
    GstVideoRegionOfInterestMeta *region;
    GValue objects = G_VALUE_INIT;

    GST_BUFFER_PTS(buffer) = 0;
    region = add_region(buffer, "car");
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("detection", "confidence", G_TYPE_DOUBLE, 0.5, NULL));
    add_param(region, "van", "kind");
    region = add_region(buffer, "car");
    add_param(region, "van", "kind");
    add_param(region, "red", "colour");
    region = add_region(buffer, "person");
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new("cgrseg-segmenter", "object", G_TYPE_UINT, 7, NULL));
    add_param(region, "backpack", "carries");
    fixture_append(&objects, fixture_object(7, 0.1, 0.1, 0.2, 0.2));
    fixture_append(&objects, fixture_object(8, 0.1, 0.1, 0.2, 0.2));
    result->fields = gst_structure_new_empty("fields");
    gst_structure_take_value(result->fields, "objects", &objects);
    vdt_result_attach(result, buffer, 0, "segmenter0", "segmentation");

    g_assert_true(vdt_overlay_show_gather(&show, buffer, &limits));
    g_assert_cmpuint(show.n_boxes, ==, 2);
    g_assert_cmpstr(show.boxes[0].tag.text, ==, "car: van 75%");
    g_assert_cmpstr(show.boxes[1].tag.text, ==, "car: van, red");
    g_assert_cmpuint(show.n_objects, ==, 2);
    g_assert_cmpstr(show.objects[0].tag.text, ==, "person 7: backpack");
    g_assert_cmpstr(show.objects[1].tag.text, ==, "person 8");
}

/* Fields of other types, things without any, and more than there is room for. */
static void test_hostile(void)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)gst_structure_free);
    GstVideoRegionOfInterestMeta *region = add_region(buffer, "car");
    GstStructure *fields = gst_structure_new("fields", "regions", G_TYPE_INT, 3, NULL);

    for (guint i = 0; i < 300; i++) {
        g_autofree char *name = g_strdup_printf("group %u", i);

        g_ptr_array_add(found, gst_structure_new("result", "label", G_TYPE_INT, 3, "group",
                                                 G_TYPE_STRING, name, NULL));
        g_ptr_array_add(found, result_new("a label that is rather long", name, i, i % 2));
        gst_video_region_of_interest_meta_add_param(
            region, gst_structure_new("slab-classifier", "label", G_TYPE_DOUBLE, 1.0, NULL));
        add_param(region, "a label that is rather long", name);
    }
    attach(buffer, found, fields, 0);
    g_assert_true(vdt_overlay_show_gather(&show, buffer, &limits));
    g_assert_cmpuint(show.n_panels, ==, 1);
    g_assert_cmpuint(show.n_zones, ==, 0);
    g_assert_true(g_utf8_validate(show.panels[0].lines[0].text, -1, NULL));
    g_assert_true(g_utf8_validate(show.boxes[0].tag.text, -1, NULL));
    g_assert_cmpuint(strlen(show.boxes[0].tag.text), <, sizeof show.boxes[0].tag.text);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    vdt_result_meta_get_info();
    g_test_add_func("/overlay-classes/sentence", test_sentence);
    g_test_add_func("/overlay-classes/list", test_list);
    g_test_add_func("/overlay-classes/regions", test_regions);
    g_test_add_func("/overlay-classes/boxes", test_boxes);
    g_test_add_func("/overlay-classes/hostile", test_hostile);
    return fixture_run();
}
