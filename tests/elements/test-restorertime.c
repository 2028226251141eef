/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipt-restorer where time is short. */
#include <string.h>

#include "fixture.h"
#include "restorer/quality.h"

#define FRAME  (40 * GST_MSECOND)
#define SECOND G_USEC_PER_SEC

static GstHarness *harness_new(double budget)
{
    g_autofree char *card = fixture_model("restorations/card.json");
    GstElement *element = gst_element_factory_make("ipt-restorer", NULL);
    GstHarness *h;

    g_object_set(element, "model", card, "task", "rain", "budget", budget, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    return h;
}

/* --- Quality, by a clock of the test's ------------------------------------------------------ */

/* @n frames, 25 a second, that take @full µs at full size; how many are restored. */
static guint play(VdtQuality *quality, gint64 *now, guint n, double full, gint64 budget)
{
    guint restored = 0;

    for (guint i = 0; i < n; i++, *now += SECOND / 25) {
        double size;

        if (!vdt_quality_asks(quality, *now, &size))
            continue;
        restored++;
        vdt_quality_note(quality, (gint64)(full * size * size), budget, *now);
    }
    return restored;
}

static double size_of(const VdtQuality *quality)
{
    double size;

    vdt_quality_asks(quality, 0, &size);
    return size;
}

static void test_steps(void)
{
    VdtQuality quality;
    gint64 now = 1000 * (gint64)SECOND;

    vdt_quality_init(&quality, TRUE);
    g_assert_cmpuint(play(&quality, &now, 100, 10000, 20000), ==, 100);
    g_assert_cmpfloat(size_of(&quality), ==, 1);
    /* at once to the best size that is fast enough: 60 ms by 0.25 */
    g_assert_cmpuint(play(&quality, &now, 3, 60000, 20000), ==, 3);
    g_assert_cmpfloat(size_of(&quality), ==, 0.5);
    g_assert_cmpuint(play(&quality, &now, 1000, 60000, 20000), ==, 1000);
    g_assert_cmpfloat(size_of(&quality), ==, 0.5);
    g_assert_cmpuint(quality.elastic.changes, ==, 1);
    /* back, step by step, when there is room: not at once */
    play(&quality, &now, 20, 8000, 20000);
    g_assert_cmpfloat(size_of(&quality), ==, 0.75);
    play(&quality, &now, 100, 8000, 20000);
    g_assert_cmpfloat(size_of(&quality), ==, 0.75);
    play(&quality, &now, 100, 8000, 20000);
    g_assert_cmpfloat(size_of(&quality), ==, 1);
    g_assert_false(quality.passes);
}

static void test_passes(void)
{
    VdtQuality quality;
    gint64 now = 1000 * (gint64)SECOND;
    guint n;

    vdt_quality_init(&quality, TRUE);
    play(&quality, &now, 20, 1e6, 20000);
    g_assert_true(quality.passes);
    /* tried now and then, ever more seldom */
    n = play(&quality, &now, 25 * 60, 1e6, 20000);
    g_assert_cmpuint(n, >=, 3);
    g_assert_cmpuint(n, <=, 7);
    g_assert_true(quality.passes);
    /* until there is time */
    play(&quality, &now, 25 * 64, 1000, 20000);
    g_assert_false(quality.passes);
    n = play(&quality, &now, 25 * 60, 1000, 20000);
    g_assert_cmpuint(n, ==, 25 * 60);
    g_assert_cmpfloat(size_of(&quality), ==, 1);
}

/* A network whose pictures get larger has no steps. */
static void test_no_steps(void)
{
    VdtQuality quality;
    gint64 now = 1000 * (gint64)SECOND;

    vdt_quality_init(&quality, FALSE);
    play(&quality, &now, 2, 30000, 20000);
    g_assert_false(quality.passes);
    play(&quality, &now, 1, 30000, 20000);
    g_assert_true(quality.passes);
    g_assert_cmpfloat(size_of(&quality), ==, 1);
}

/* --- The element ---------------------------------------------------------------------------- */

/* With no time at all frames pass, all of them, at once, and are counted. */
static void test_budget(void)
{
    GstHarness *h = harness_new(0.001);
    guint64 restored, passed, skipped;
    GstMessage *message;

    for (guint i = 0; i < 50; i++)
        fixture_push(h, CAPS_SMALL, i * FRAME, FRAME, 1);
    restored = fixture_stat(h->element, "restored");
    passed = fixture_stat(h->element, "no-time");
    skipped = fixture_stat(h->element, "skipped");
    g_assert_cmpuint(restored + passed, ==, 50);
    g_assert_cmpuint(passed, >=, 40);
    g_assert_cmpuint(skipped, ==, passed);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_QOS, &message), >=, 1);
    gst_message_unref(message);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ERROR, NULL), ==, 0);
    /* a still is worth any time */
    g_signal_emit_by_name(h->element, "restore-still");
    fixture_push(h, CAPS_SMALL, 50 * FRAME, FRAME, 1);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, restored + 1);
    fixture_harness_free(h);
}

/* With time enough none does. */
static void test_enough(void)
{
    GstHarness *h = harness_new(60000);

    fixture_push(h, CAPS_SMALL, 0, FRAME, 20);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 20);
    fixture_harness_free(h);
}

static double get_size(GstBuffer *out)
{
    double size = 0;

    g_assert_true(gst_structure_get_double(fixture_meta(out, NULL), "size", &size));
    return size;
}

/* At a smaller size the difference is as it is at full size, where that is even; and the meta says
 * which size it was. */
static void test_smaller(void)
{
    static const char *const caps = "video/x-raw, format=RGB, width=101, height=67, framerate=25/1";
    static const char *const settings[][2] = {
        {"restore", "frame"}, {"region", "<0.25, 0.25, 0.5, 0.5>"}, {"restore", "boxes"}};

    for (guint s = 0; s < G_N_ELEMENTS(settings); s++) {
        GstHarness *h = harness_new(0);
        gboolean smaller = FALSE;
        GstElement *element = h->element;

        gst_util_set_object_arg(G_OBJECT(element), settings[s][0], settings[s][1]);
        gst_harness_set_src_caps_str(h, caps);
        for (guint i = 0; i < 200 && !smaller; i++) {
            g_autoptr(GstBuffer) out = NULL;
            GstBuffer *in = fixture_frame(caps, i * FRAME);
            guint8 middle;

            gst_buffer_add_video_region_of_interest_meta(in, "thing", 30, 20, 40, 30);
            if (i == 2) { /* less than it takes, but not by much */
                g_autoptr(GstStructure) stats = NULL;
                guint64 took;

                g_object_get(element, "stats", &stats, NULL);
                gst_structure_get_uint64(stats, "last-inference-time", &took);
                g_object_set(element, "budget", (double)took / GST_MSECOND / 1.5, NULL);
            }
            g_assert_cmpint(gst_harness_push(h, in), ==, GST_FLOW_OK);
            out = gst_harness_pull(h);
            if (gst_structure_has_field(fixture_meta(out, NULL), "why"))
                continue;
            smaller = get_size(out) < 1;
            gst_buffer_extract(out, (33 * 101 + 50) * 3, &middle, 1);
            g_assert_cmpuint(middle, ==, 148);
            gst_buffer_extract(out, 0, &middle, 1);
            g_assert_cmpuint(middle, ==, s == 0 ? 148 : 128);
        }
        g_assert_true(smaller);
        fixture_harness_free(h);
    }
}

/* What downstream would drop is not restored. */
static void test_qos(void)
{
    GstHarness *h = harness_new(0);

    fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
    gst_harness_push_upstream_event(
        h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2, 3 * FRAME, FRAME)); /* from 7 on */
    fixture_push(h, CAPS_SMALL, 2 * FRAME, FRAME, 8);
    g_assert_cmpuint(fixture_stat(h->element, "late"), ==, 5);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 5);
    gst_harness_push_upstream_event(
        h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2, 10 * FRAME, 10 * FRAME));
    gst_harness_push_event(h, gst_event_new_flush_start()); /* which makes that void */
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    {
        GstSegment segment;

        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_harness_push_event(h, gst_event_new_segment(&segment));
    }
    fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
    g_assert_cmpuint(fixture_stat(h->element, "restored"), ==, 8);
    fixture_harness_free(h);
}

/* Frames wait, and that is told. */
static void test_latency(void)
{
    GstHarness *h = harness_new(0);
    GstMessage *message;

    gst_harness_set_upstream_latency(h, 5 * GST_MSECOND);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
    g_assert_cmpuint(gst_harness_query_latency(h), >, 5 * GST_MSECOND);
    g_assert_cmpuint(fixture_stat(h->element, "latency"), ==,
                     gst_harness_query_latency(h) - 5 * GST_MSECOND);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, &message), >=, 1);
    gst_message_unref(message);
    fixture_harness_free(h);
}

/* A live stream whose frames come much later than they are due, and time is short: they pass. */
static void test_lag(void)
{
    GstHarness *h = harness_new(5);
    GstClock *clock = GST_CLOCK(gst_test_clock_new());

    gst_element_set_clock(h->element, clock);
    gst_element_set_base_time(h->element, 0);
    gst_harness_set_upstream_latency(h, 0);
    gst_harness_set_live(h, TRUE);
    gst_harness_query_latency(h);
    gst_test_clock_set_time(GST_TEST_CLOCK(clock), FRAME);
    fixture_push(h, CAPS_SMALL, FRAME, FRAME, 1);
    g_assert_cmpuint(fixture_stat(h->element, "late"), ==, 0);
    gst_test_clock_set_time(GST_TEST_CLOCK(clock), 20 * FRAME);
    fixture_push(h, CAPS_SMALL, 2 * FRAME, FRAME, 10);
    g_assert_cmpuint(fixture_stat(h->element, "late"), ==, 10);
    fixture_push(h, CAPS_SMALL, 20 * FRAME, FRAME, 1);
    g_assert_cmpuint(fixture_stat(h->element, "late"), ==, 10);
    fixture_harness_free(h);
    gst_object_unref(clock);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/restorer/quality/steps", test_steps);
    g_test_add_func("/restorer/quality/passes", test_passes);
    g_test_add_func("/restorer/quality/no-steps", test_no_steps);
    g_test_add_func("/restorer/budget", test_budget);
    g_test_add_func("/restorer/enough", test_enough);
    g_test_add_func("/restorer/smaller", test_smaller);
    g_test_add_func("/restorer/qos", test_qos);
    g_test_add_func("/restorer/latency", test_latency);
    g_test_add_func("/restorer/lag", test_lag);
    return fixture_run();
}
