/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ipt-restorer where time is short. */
#include <string.h>

#include "fixture.h"
#include "restorer/quality.h"
#include "restorer/restorework.h"

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

static double size_stat(GstElement *element)
{
    g_autoptr(GstStructure) stats = NULL;
    double size = -1;

    g_object_get(element, "stats", &stats, NULL);
    g_assert_true(gst_structure_get_double(stats, "size", &size));
    return size;
}

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
    g_assert_cmpfloat(size_stat(h->element), ==, 0);
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

/* Whether a pixel is in one of @n areas; in all of it, if there is none. */
static gboolean is_kept(const VdtRestoreArea *keep, guint n, guint x, guint y)
{
    for (guint i = 0; i < n; i++)
        if (x >= keep[i].x && x < keep[i].x + keep[i].width && y >= keep[i].y &&
            y < keep[i].y + keep[i].height)
            return TRUE;
    return n == 0;
}

#define W 101
#define H 67

/* At a smaller size the difference is as it is at full size, where that is even; elsewhere there is
 * none. */
static void test_smaller(void)
{
    static const double sizes[] = {1, 0.75, 0.5, 0.25, 0.01};
    static const VdtRestoreArea keep[] = {{30, 20, 40, 30}, {0, 0, 10, 67}, {99, 60, 2, 7}};
    g_autofree char *card = fixture_model("restorations/card.json");
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtEngine) engine = vdt_engine_get_shared(&(VdtEngineOptions){.model = card}, &error);
    g_autoptr(VdtRestorer) restorer = NULL;
    VdtRestoreSteps steps = {2, {2, 3}, {1, 1}}; /* lighter by 20, then half of it */
    VdtRestoreWork *work;
    VdtRestoreWait wait = {0};

    g_assert_no_error(error);
    restorer = vdt_restorer_new(engine, &(VdtRestorerOptions){0}, &error);
    g_assert_no_error(error);
    vdt_restore_wait_init(&wait);
    work = vdt_restore_work_new(&wait);
    for (guint s = 0; s < G_N_ELEMENTS(sizes); s++)
        for (guint n = 0; n <= G_N_ELEMENTS(keep); n++) {
            g_assert_true(vdt_restore_work_begin(work, &steps, W, H));
            for (guint i = 0; i < 3 * W * H; i++)
                work->picture.floats[i] = 100;
            for (guint i = 0; i < n; i++) {
                const VdtRestorePatch patch = {{MIN(keep[i].x, W - 64), 0, 64, H}, keep[i]};

                g_array_append_val(work->patches, patch);
            }
            work->size = sizes[s];
            work->strength = 0.5;
            g_assert_true(vdt_restore_work_prepare(work, restorer, &error));
            g_assert_true(vdt_restore_work_run(work, restorer, NULL, &error));
            for (guint i = 0; i < 3 * W * H; i++)
                g_assert_cmpfloat_with_epsilon(work->result.floats[i],
                                               is_kept(keep, n, i % W, i / W % H) ? -20 : 0, 0.01);
        }
    vdt_restore_work_unref(work);
    vdt_restore_wait_clear(&wait);
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
