/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams whose time does not simply go on: lost frames, loops, playing backwards. Whatever has an
 * analyser see frames and say nothing is said, once, and counted.
 */
#include <string.h>

#include "fixture.h"
#include "testanalyzer.h"

#define FRAME (GST_SECOND / 25)

static GstHarness *start(TestAnalyzer **analyzer)
{
    GstHarness *h;

    *analyzer = test_analyzer_new();
    gst_util_set_object_arg(G_OBJECT(*analyzer), "mode", "exact");
    h = fixture_harness(GST_ELEMENT(*analyzer));
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    return h;
}

static GstHarness *start_element(const char *name, const char *model)
{
    g_autofree char *card = fixture_model(model);
    GstElement *element = gst_element_factory_make(name, NULL);
    GstHarness *h;

    g_object_set(element, "model", card, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    return h;
}

/* A frame, whose copy that comes out is the caller's. */
static GstBuffer *push(GstHarness *h, GstClockTime pts, gboolean marked)
{
    GstBuffer *frame = fixture_frame(CAPS_SMALL, pts);

    if (marked)
        GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
    g_assert_cmpint(gst_harness_push(h, frame), ==, GST_FLOW_OK);
    return gst_harness_pull(h);
}

/* It is said, once, and nothing else is. */
static void check_said(GstHarness *h, const char *part)
{
    g_autofree char *text = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);

    g_assert_nonnull(text);
    g_assert_nonnull(strstr(text, part));
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
}

static void check_silent(GstHarness *h)
{
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
}

/* A mark says that something is missing, not that another stream begins. */
static void test_marked(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    a->min_frames = 3;
    g_object_set(a, "interval", 1.0, NULL);
    for (guint i = 0; i < 52; i++)
        gst_buffer_unref(push(h, i * FRAME, TRUE));
    g_assert_cmpint(a->window_frames, ==, 52);
    g_assert_cmpint(a->analysed, ==, 2);
    /* a frame comes long after the others, and the window is not what it was */
    gst_buffer_unref(push(h, 30 * GST_SECOND, TRUE));
    g_assert_cmpint(a->window_frames, ==, 1);
    check_silent(h);
    fixture_harness_free(h);
}

/* What a camera gives that loses a frame each second, and a leaky queue that loses them all. */
static void test_lost_frames(void)
{
    static const struct {
        const char *element, *model;
        guint every;
        guint64 results;
    } cases[] = {{"squeezetime-recognizer", "tiny/card.json", 25, 9},
                 {"squeezetime-recognizer", "tiny/card.json", 1, 9},
                 {"cgrseg-segmenter", "tiny-maps/card.json", 25, 10},
                 {"cgrseg-segmenter", "tiny-maps/card.json", 1, 10},
                 {"slab-classifier", "classes/card.json", 25, 10},
                 {"slab-classifier", "classes/card.json", 1, 10}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstHarness *h = start_element(cases[i].element, cases[i].model);

        if (i < 2)
            g_object_set(h->element, "window", 1.0, NULL);
        for (guint k = 0; k < 250; k++)
            gst_buffer_unref(push(h, k * FRAME, k % cases[i].every == 0));
        g_assert_cmpuint(fixture_stat(h->element, "results"), ==, cases[i].results);
        g_assert_cmpuint(fixture_stat(h->element, "broken"), ==, 0);
        check_silent(h);
        fixture_harness_free(h);
    }
}

static void test_stands_still(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    fixture_push(h, CAPS_SMALL, GST_SECOND, 0, 100);
    g_assert_cmpint(a->analysed, ==, 1);
    g_assert_cmpuint(fixture_stat(h->element, "unseen"), ==, 99);
    check_said(h, "time does not go on");
    /* nor is a circle of less than half a second anything but late frames */
    for (guint i = 0; i < 50; i++)
        gst_buffer_unref(push(h, 10 * GST_SECOND + i % 10 * FRAME, FALSE));
    g_assert_cmpuint(fixture_stat(h->element, "unseen"), ==, 99 + 40);
    check_silent(h);
    fixture_harness_free(h);

    /* one that comes twice now and then is nothing to talk about */
    h = start(&a);
    for (guint i = 0; i < 100; i++)
        gst_buffer_unref(push(h, i / 2 * FRAME, FALSE));
    check_silent(h);
    fixture_harness_free(h);
}

/* A film of a second, again and again, for windows of two. */
static void test_circles(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    a->min_frames = 50;
    for (guint i = 0; i < 10; i++)
        fixture_push(h, CAPS_SMALL, 0, FRAME, 25);
    g_assert_cmpint(a->analysed, ==, 0);
    g_assert_cmpuint(fixture_stat(h->element, "broken"), ==, 9);
    check_said(h, "breaks off");
    fixture_harness_free(h);

    /* also as streams of their own */
    h = start(&a);
    a->min_frames = 50;
    for (guint i = 0; i < 10; i++) {
        gst_harness_push_event(h, gst_event_new_stream_start("again"));
        fixture_push(h, CAPS_SMALL, 0, FRAME, 25);
    }
    check_said(h, "breaks off");
    fixture_harness_free(h);

    /* what gives a result each time is well */
    h = start(&a);
    for (guint i = 0; i < 10; i++)
        fixture_push(h, CAPS_SMALL, 0, FRAME, 25);
    g_assert_cmpuint(fixture_stat(h->element, "broken"), ==, 0);
    check_silent(h);
    fixture_harness_free(h);
}

/* A film that is shorter than the window. */
static void test_too_short(void)
{
    GstHarness *h = start_element("squeezetime-recognizer", "tiny/card.json");

    g_object_set(h->element, "window", 5.0, NULL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 25);
    gst_harness_push_event(h, gst_event_new_eos());
    check_said(h, "ended before");
    fixture_harness_free(h);

    h = start_element("squeezetime-recognizer", "tiny/card.json");
    gst_harness_push_event(h, gst_event_new_eos());
    check_silent(h); /* nothing came that could have been looked at */
    fixture_harness_free(h);
}

/* Frames with fewer bytes than their caps say. */
static void test_short_frames(void)
{
    GstHarness *h = start_element("cgrseg-segmenter", "tiny-maps/card.json");

    for (guint i = 0; i < 5; i++) {
        GstBuffer *frame = fixture_frame(CAPS_SMALL, i * 2 * GST_SECOND);

        gst_buffer_set_size(frame, 100);
        g_assert_cmpint(gst_harness_push(h, frame), ==, GST_FLOW_OK);
        gst_buffer_unref(gst_harness_pull(h));
    }
    g_assert_cmpuint(fixture_stat(h->element, "unseen"), ==, 5);
    check_said(h, "cannot be read");
    fixture_harness_free(h);
}

static void play_backwards(GstHarness *h)
{
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 100 * GST_SECOND;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
}

/* From four seconds to the beginning: results are an interval apart, and are told of in order. */
static void test_backwards(void)
{
    GstHarness *h = start_element("cgrseg-segmenter", "tiny-maps/card.json");

    g_object_set(h->element, "interval", 0.5, NULL);
    play_backwards(h);
    for (guint i = 0; i < 100; i++) {
        const GstClockTime pts = (100 - i) * FRAME;
        g_autoptr(GstBuffer) out = push(h, pts, FALSE);
        const GstStructure *s = fixture_meta(out, NULL);
        guint64 result = 0, age = 0;

        g_assert_nonnull(s);
        gst_structure_get(s, "result-pts", G_TYPE_UINT64, &result, "age", G_TYPE_UINT64, &age,
                          NULL);
        g_assert_cmpuint(result - pts, ==, age);
        g_assert_cmpuint(age, <, GST_SECOND / 2);
    }
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, 8);
    check_silent(h);
    fixture_harness_free(h);
}

/* Windows and events: of the newest picture, which is the earliest; and forwards again. */
static void test_events_backwards(void)
{
    GstHarness *h = start_element("squeezetime-recognizer", "tiny/card.json");
    g_autoptr(GstMessage) message = NULL;
    guint64 timestamp, running, from, to, duration;

    g_object_set(h->element, "interval", 0.5, "window", 1.0, "threshold", 0.0, NULL);
    play_backwards(h);
    for (guint i = 0; i <= 25; i++)
        gst_buffer_unref(push(h, 10 * GST_SECOND - i * FRAME, FALSE));
    message = gst_bus_pop_filtered(fixture_bus(h), GST_MESSAGE_ELEMENT);
    g_assert_nonnull(message);
    g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(message), "event"), ==,
                    "start");
    gst_structure_get(gst_message_get_structure(message), "timestamp", G_TYPE_UINT64, &timestamp,
                      "running-time", G_TYPE_UINT64, &running, "window-start", G_TYPE_UINT64, &from,
                      "window-end", G_TYPE_UINT64, &to, "duration", G_TYPE_UINT64, &duration, NULL);
    g_assert_cmpuint(from, ==, 9 * GST_SECOND);
    g_assert_cmpuint(to, ==, 10 * GST_SECOND);
    g_assert_cmpuint(duration, ==, GST_SECOND);
    g_assert_cmpuint(timestamp, ==, 9 * GST_SECOND + GST_SECOND / 2);
    g_assert_cmpuint(running, ==, 90 * GST_SECOND + GST_SECOND / 2);
    for (guint i = 26; i <= 100; i++)
        gst_buffer_unref(push(h, 10 * GST_SECOND - i * FRAME, FALSE));
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, 7);
    check_silent(h);
    fixture_harness_free(h);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/time/marked", test_marked);
    g_test_add_func("/time/lost-frames", test_lost_frames);
    g_test_add_func("/time/stands-still", test_stands_still);
    g_test_add_func("/time/circles", test_circles);
    g_test_add_func("/time/too-short", test_too_short);
    g_test_add_func("/time/short-frames", test_short_frames);
    g_test_add_func("/time/backwards", test_backwards);
    g_test_add_func("/time/events-backwards", test_events_backwards);
    return fixture_run();
}
