/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cannot work is told on the bus as it is set, whether frames come or not. */
#include <string.h>

#include "fixture.h"

#define FRAME (GST_SECOND / 25)

typedef struct {
    const char *element, *property, *value, *says;
} Case;

/* Of a street's maps, which are 64 x 64. */
static const Case cases[] = {
    {"cgrseg-segmenter", "resolution", "64", "\"64\" is no WIDTHxHEIGHT of 32 to 4096"},
    {"cgrseg-segmenter", "region", "<0.5, 0.5, 1, 0.5>", "region stays as it was"},
    {"cgrseg-segmenter", "region", "<-0.5, 0.5, 0.5, 0.5>", "region stays as it was"},
    {"cgrseg-segmenter", "classes", "no such thing", "does not know of classes: no such thing"},
    {"cgrseg-segmenter", "zones", "a: 0,0 1,0", "zone \"a\" has 2 points"},
    {"cgrseg-segmenter", "zones", "all: 0,0 1,0 1,1; dot: 0.5,0.5 0.501,0.5 0.5,0.501",
     "no pixel: dot"},
    {"cgrseg-segmenter", "zones", "far: 5,5 6,5 6,6", "lies outside"},
    {"squeezetime-recognizer", "region", "<1, 1, 1, 1>", "region stays as it was"},
    {"slab-classifier", "region", "<1, 1, 1, 1>", "region stays as it was"},
    {"slab-classifier", "regions", "a: 0,0 1,0", "zone \"a\" has 2 points"},
    {"slab-classifier", "regions", "a: 0,0 1,0 1,1", "regions are not looked at"},
    {"slab-classifier", "classify", "regions", "there are no regions"},
};

static GstElement *make(const char *name)
{
    g_autofree char *card =
        fixture_model(strcmp(name, "cgrseg-segmenter") == 0  ? "tiny-maps/card.json"
                      : strcmp(name, "slab-classifier") == 0 ? "classes/card.json"
                                                             : "tiny/card.json");
    GstElement *element = gst_element_factory_make(name, NULL);

    g_object_set(element, "model", card, "interval", 3600.0, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    return element;
}

static void check_said(GstHarness *h, const char *says)
{
    g_autofree char *text = fixture_wait_warning(fixture_bus(h));

    g_assert_nonnull(text);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, says));
}

/* Set before anybody could hear it, it is told at the start, or with the first picture. */
static void test_before(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstElement *element = make(cases[i].element);
        GstHarness *h;

        gst_util_set_object_arg(G_OBJECT(element), cases[i].property, cases[i].value);
        h = fixture_harness(element);
        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
        check_said(h, cases[i].says);
        fixture_harness_free(h);
    }
}

/* Set later, it does not wait for the next picture that is analysed. */
static void test_meanwhile(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstElement *element = make(cases[i].element);
        GstHarness *h = fixture_harness(element);

        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
        gst_util_set_object_arg(G_OBJECT(element), cases[i].property, cases[i].value);
        check_said(h, cases[i].says);
        /* what lies outside has no pixel, either, which the worker finds */
        if (strcmp(cases[i].says, "lies outside") == 0)
            check_said(h, "no pixel: far");
        /* what goes again is not warned of */
        fixture_push(h, CAPS_SMALL, 2 * FRAME, FRAME, 2);
        g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
        fixture_harness_free(h);
    }
}

/* A model is another matter: it is an error at the start, and a warning later. */
static void test_model(void)
{
    static const char *const elements[] = {"cgrseg-segmenter", "squeezetime-recognizer",
                                           "slab-classifier"};

    for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
        GstElement *element = make(elements[i]);
        GstHarness *h = fixture_harness(element);

        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        g_object_set(element, "model", "nosuch", NULL);
        check_said(h, "nosuch");
        fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
        fixture_harness_free(h);
    }
}

/* The weights are not the card. */
static void test_weights_as_model(void)
{
    g_autofree char *weights = fixture_model("tiny-maps/weights.safetensors");
    GstElement *element = make("cgrseg-segmenter");
    GstHarness *h = fixture_harness(element);
    g_autofree char *text = NULL;

    gst_element_set_state(element, GST_STATE_NULL);
    g_object_set(element, "model", weights, NULL);
    g_assert_cmpint(gst_element_set_state(element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    text = fixture_error(fixture_bus(h), GST_MESSAGE_ERROR, NULL);
    g_assert_nonnull(strstr(text, "weights.safetensors"));
    g_assert_nonnull(strstr(text, "card"));
    fixture_harness_free(h);
}

static void check_environment(const char *name, const char *value, const char *says)
{
    GstHarness *h;

    g_setenv(name, value, TRUE);
    h = fixture_harness(make("cgrseg-segmenter"));
    if (says)
        check_said(h, says);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    fixture_harness_free(h);
    g_unsetenv(name);
}

static void test_environment(void)
{
    check_environment("VEDETTE_ISA", "avx-2", "VEDETTE_ISA is \"avx-2\"");
    check_environment("VEDETTE_THREADS", "two", "VEDETTE_THREADS is \"two\"");
    check_environment("VEDETTE_THREADS", "0", "VEDETTE_THREADS is \"0\"");
    check_environment("VEDETTE_THREAD", "2", "VEDETTE_THREAD is no variable");
    check_environment("VEDETTE_THREADS", "2", NULL);
    check_environment("VEDETTE_OF_ONES_OWN", "2", NULL);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/settings/before", test_before);
    g_test_add_func("/settings/meanwhile", test_meanwhile);
    g_test_add_func("/settings/model", test_model);
    g_test_add_func("/settings/weights-as-model", test_weights_as_model);
    g_test_add_func("/settings/environment", test_environment);
    return fixture_run();
}
