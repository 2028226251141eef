/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mode=aligned: frames that wait for the result nearest to them. */
#include "fixture.h"
#include "testanalyzer.h"

#define FRAME (40 * GST_MSECOND)
#define NONE  GST_CLOCK_TIME_NONE
#define CAPS  "video/x-raw, format=I420, width=64, height=48, framerate=25/1"
#define WIDE  "video/x-raw, format=I420, width=96, height=48, framerate=25/1"

static GstHarness *start(TestAnalyzer **analyzer, double interval)
{
    GstHarness *h;

    *analyzer = test_analyzer_new();
    gst_util_set_object_arg(G_OBJECT(*analyzer), "mode", "aligned");
    g_object_set(*analyzer, "interval", interval, NULL);
    h = fixture_harness(GST_ELEMENT(*analyzer));
    gst_harness_set_src_caps_str(h, CAPS);
    return h;
}

static void push(GstHarness *h, GstClockTime pts)
{
    g_assert_cmpint(gst_harness_push(h, fixture_frame(CAPS, pts)), ==, GST_FLOW_OK);
}

/* Work that waits is renewed by frames that come, so those after the first wait until it is begun.
 */
static void push_some(GstHarness *h, guint from, guint n)
{
    VdtWorker *worker = vdt_analyzer_get_worker(VDT_ANALYZER(h->element));

    for (guint i = from; i < from + n; i++) {
        push(h, i * FRAME);
        while (i == from && vdt_worker_is_waiting(worker))
            g_usleep(1000);
    }
}

/* The time of the result that @buffer, taken, carries. */
static GstClockTime result_of(GstBuffer *buffer)
{
    const GstStructure *s = fixture_meta(buffer, NULL);
    guint64 pts = NONE;

    if (s)
        g_assert_true(gst_structure_get_uint64(s, "result-pts", &pts));
    gst_buffer_unref(buffer);
    return pts;
}

/* The frame that comes next is that one, with the result of that one; -1 is none. */
static void check_next(GstHarness *h, guint frame, int result)
{
    GstBuffer *out = gst_harness_pull(h);

    g_assert_nonnull(out);
    g_assert_cmpuint(GST_BUFFER_PTS(out), ==, frame * FRAME);
    g_assert_cmpuint(result_of(out), ==, result < 0 ? NONE : (guint)result * FRAME);
}

static void finish(GstHarness *h)
{
    g_assert_true(gst_harness_push_event(h, gst_event_new_eos()));
}

/* A result every five frames: two follow the first, two come before the second. */
static void test_nearest(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);

    a->gated = TRUE;
    a->permits = 0;
    g_object_set(a, "max-delay", 60.0, NULL);
    push_some(h, 0, 6);
    g_usleep(50000);
    g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 0);
    g_atomic_int_set(&a->permits, 1);
    for (guint i = 0; i < 3; i++)
        check_next(h, i, 0);
    g_usleep(50000);
    g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 0); /* 3 is nearer to 5 */
    g_atomic_int_set(&a->permits, 1);
    for (guint i = 3; i < 6; i++)
        check_next(h, i, 5);
    finish(h);
    g_assert_cmpuint(fixture_stat(h->element, "unaligned"), ==, 0);
    fixture_harness_free(h);
}

/* The network does not come along: frames go once they have waited, in time, and are counted. */
static void test_bound(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    gint64 begin = g_get_monotonic_time();

    a->gated = TRUE;
    g_object_set(a, "max-delay", 0.3, NULL);
    push_some(h, 0, 3);
    for (guint i = 0; i < 3; i++)
        check_next(h, i, -1);
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, 290000);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 3000000);
    g_assert_cmpuint(fixture_stat(h->element, "unaligned"), ==, 3);
    g_assert_cmpuint(fixture_stat(h->element, "frames"), ==, 3);
    g_atomic_int_set(&a->permits, 1);
    fixture_wait_stat(h->element, "results", 1);
    /* the newest there is */
    push_some(h, 5, 4);
    check_next(h, 5, 0);
    fixture_harness_free(h);
}

/* The last frames do not wait for what cannot come. */
static void test_eos(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);

    g_object_set(a, "max-delay", 60.0, NULL);
    a->busy_ms = 30;
    push_some(h, 0, 5);
    finish(h);
    g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 5);
    for (guint i = 0; i < 5; i++)
        check_next(h, i, 0);
    g_assert_cmpuint(fixture_stat(h->element, "unaligned"), ==, 0);
    fixture_harness_free(h);
}

/* What waits is dropped, and nothing of it is heard of after. */
static void test_flush(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    GstSegment segment;

    a->gated = TRUE;
    g_object_set(a, "max-delay", 60.0, NULL);
    push_some(h, 100, 5);
    gst_harness_push_event(h, gst_event_new_flush_start());
    g_assert_cmpint(gst_harness_push(h, fixture_frame(CAPS, 105 * FRAME)), ==, GST_FLOW_FLUSHING);
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 0);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    g_atomic_int_set(&a->permits, 10);
    push_some(h, 0, 5);
    finish(h);
    for (guint i = 0; i < 5; i++)
        check_next(h, i, 0);
    fixture_harness_free(h);
}

typedef struct {
    GString *order;
    GMutex lock;
} Order;

static GstPadProbeReturn note(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Order *order = data;
    const char *name = "frame";

    if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM)
        name = GST_EVENT_TYPE_NAME(GST_PAD_PROBE_INFO_EVENT(info));
    g_mutex_lock(&order->lock);
    g_string_append_printf(order->order, "%s ", name);
    g_mutex_unlock(&order->lock);
    return GST_PAD_PROBE_OK;
}

static void test_order(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    Order order = {.order = g_string_new(NULL)};
    g_autoptr(GstPad) src = gst_element_get_static_pad(h->element, "src");
    GstSegment segment;

    g_mutex_init(&order.lock);
    a->busy_ms = 30;
    gst_pad_add_probe(src, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note,
                      &order, NULL);
    push_some(h, 0, 2);
    gst_harness_push_event(h, gst_event_new_tag(gst_tag_list_new_empty()));
    gst_harness_push_event(h, gst_event_new_gap(2 * FRAME, FRAME));
    push_some(h, 3, 1);
    gst_harness_set_src_caps_str(h, WIDE);
    g_assert_cmpint(gst_harness_push(h, fixture_frame(WIDE, 4 * FRAME)), ==, GST_FLOW_OK);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = GST_SECOND;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    g_assert_cmpint(gst_harness_push(h, fixture_frame(WIDE, 5 * FRAME)), ==, GST_FLOW_OK);
    finish(h);
    g_assert_cmpstr(order.order->str, ==,
                    "frame frame tag gap frame caps segment frame segment frame eos ");
    g_assert_cmpuint(gst_harness_buffers_in_queue(h), ==, 5);
    fixture_harness_free(h);
    g_string_free(order.order, TRUE);
    g_mutex_clear(&order.lock);
}

static GstClockTime latency_of(GstHarness *h, GstClockTime *max)
{
    g_autoptr(GstQuery) query = gst_query_new_latency();
    GstClockTime min;

    g_assert_true(gst_pad_peer_query(h->sinkpad, query));
    gst_query_parse_latency(query, NULL, &min, max);
    return min;
}

static void test_latency(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    GstClockTime min, max;

    gst_harness_set_upstream_latency(h, 40 * GST_MSECOND);
    a->busy_ms = 60;
    fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL);
    for (guint i = 0; i < 20; i++) {
        push(h, i * FRAME);
        g_usleep(40000);
    }
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), ==, 1);
    min = latency_of(h, &max);
    /* upstream's, an interval, and what an inference takes */
    g_assert_cmpuint(min, >=, (40 + 200 + 60) * GST_MSECOND);
    g_assert_cmpuint(min, <, (40 + 200 + 400) * GST_MSECOND);
    g_object_set(a, "max-delay", 0.1, NULL);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), ==, 1);
    g_assert_cmpuint(latency_of(h, &max), ==, (40 + 100) * GST_MSECOND);
    gst_util_set_object_arg(G_OBJECT(a), "mode", "live");
    g_assert_cmpuint(latency_of(h, &max), ==, 40 * GST_MSECOND);
    /* what waited goes first */
    push(h, 20 * FRAME);
    for (guint i = 0; i < 21; i++) {
        GstBuffer *out = gst_harness_pull(h);

        g_assert_cmpuint(GST_BUFFER_PTS(out), ==, i * FRAME);
        gst_buffer_unref(out);
    }
    fixture_harness_free(h);
}

/* A gap that voids results: frames before it keep theirs, those after it have none of before. */
static void test_break(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);

    a->gated = TRUE;
    a->permits = 1;
    g_object_set(a, "max-delay", 0.3, NULL);
    push_some(h, 0, 1);
    fixture_wait_stat(h->element, "results", 1);
    push_some(h, 1, 4);
    push_some(h, 1000, 3);
    for (guint i = 0; i < 5; i++)
        check_next(h, i, 0);
    for (guint i = 1000; i < 1003; i++)
        check_next(h, i, -1);
    fixture_harness_free(h);
}

static void test_allocation(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    g_autoptr(GstCaps) caps = gst_caps_from_string(CAPS);
    g_autoptr(GstQuery) query = gst_query_new_allocation(caps, TRUE);
    guint size, least, most;

    push_some(h, 0, 1);
    g_assert_true(gst_pad_peer_query(h->srcpad, query));
    g_assert_cmpuint(gst_query_get_n_allocation_pools(query), >=, 1);
    gst_query_parse_nth_allocation_pool(query, 0, NULL, &size, &least, &most);
    g_assert_cmpuint(size, ==, 64 * 48 * 3 / 2);
    g_assert_cmpuint(least, >=, 5);
    g_assert_cmpuint(most, ==, 0);
    fixture_harness_free(h);
}

static GstElement *pipeline_of(TestAnalyzer **analyzer, const char *head, const char *tail)
{
    GstElement *pipeline = gst_pipeline_new(NULL);
    GstElement *before = gst_parse_bin_from_description(head, TRUE, NULL);
    GstElement *after = gst_parse_bin_from_description(tail, TRUE, NULL);

    *analyzer = test_analyzer_new();
    gst_util_set_object_arg(G_OBJECT(*analyzer), "mode", "aligned");
    gst_object_set_name(GST_OBJECT(*analyzer), "analyzer");
    gst_bin_add_many(GST_BIN(pipeline), before, GST_ELEMENT(*analyzer), after, NULL);
    g_assert_true(gst_element_link_many(before, GST_ELEMENT(*analyzer), after, NULL));
    return pipeline;
}

typedef struct {
    guint frames, with, far;
    GstClockTime half;
} Count;

static GstPadProbeReturn count(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Count *count = data;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    const GstStructure *s = fixture_meta(buffer, NULL);
    guint64 pts;

    count->frames++;
    if (s && gst_structure_get_uint64(s, "result-pts", &pts)) {
        const GstClockTime own = GST_BUFFER_PTS(buffer);

        count->with++;
        count->far += MAX(own, pts) - MIN(own, pts) > count->half;
    }
    return GST_PAD_PROBE_OK;
}

/* A film is in no hurry: all that is due is done, however long it takes, and each frame has the
 * nearest. */
static void test_film(void)
{
    TestAnalyzer *a;
    GstElement *pipeline = pipeline_of(
        &a,
        "videotestsrc num-buffers=100 ! video/x-raw,width=64,height=48,framerate=25/1 ! "
        "identity",
        "fakesink");
    Count counts = {.half = 100 * GST_MSECOND};

    a->busy_ms = 20;
    g_object_set(a, "interval", 0.2, NULL);
    fixture_add_probe(pipeline, "analyzer", "src", count, &counts);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    fixture_wait_eos(pipeline);
    g_assert_cmpuint(counts.frames, ==, 100);
    g_assert_cmpuint(counts.with, ==, 100);
    g_assert_cmpuint(fixture_stat(GST_ELEMENT(a), "results"), ==, 20);
    g_assert_cmpuint(fixture_stat(GST_ELEMENT(a), "skipped"), ==, 0);
    g_assert_cmpuint(fixture_stat(GST_ELEMENT(a), "unaligned"), ==, 0);
    /* but for the last two frames, behind which no result comes */
    g_assert_cmpuint(counts.far, ==, 2);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

/* A camera, seen by a sink that goes by the clock: all frames in time, with the nearest. */
static void test_camera(void)
{
    TestAnalyzer *a;
    GstElement *pipeline =
        pipeline_of(&a,
                    "vedette-scenesrc is-live=true num-buffers=75 ! "
                    "video/x-raw,width=64,height=48,framerate=25/1",
                    "fakesink sync=true qos=true max-lateness=20000000 name=sink");
    Count counts = {.half = 125 * GST_MSECOND};
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GstStructure) stats = NULL;
    guint64 dropped = 99;

    a->busy_ms = 30;
    g_object_set(a, "interval", 0.2, NULL);
    fixture_add_probe(pipeline, "analyzer", "src", count, &counts);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    fixture_wait_eos(pipeline);
    g_assert_cmpuint(counts.frames, ==, 75);
    g_assert_cmpuint(counts.with, >=, 70);
    g_assert_cmpuint(counts.far, <=, 10);
    g_assert_cmpuint(fixture_stat(GST_ELEMENT(a), "unaligned"), <=, 10);
    g_object_get(sink, "stats", &stats, NULL);
    g_assert_true(gst_structure_get_uint64(stats, "dropped", &dropped));
    g_assert_cmpuint(dropped, <=, 15);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

/* Whatever waits for whom: frames for a result, the stream for room, the slot for the network. */
static void test_stop_while_held(void)
{
    static const char *const heads[] = {
        "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=25/1 ! identity",
        "videotestsrc ! video/x-raw,width=64,height=48,framerate=25/1 ! identity",
    };
    static const char *const tails[] = {"fakesink", "fakesink sync=true"};

    for (guint i = 0; i < 4; i++) {
        TestAnalyzer *a;
        GstElement *pipeline = pipeline_of(&a, heads[i % 2], tails[i / 2]);
        gint64 begin;

        a->gated = TRUE;
        a->permits = 2;
        g_object_set(a, "interval", i / 2 ? 0.2 : 0.0, NULL);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        while (g_atomic_int_get(&a->analysed) < 3)
            g_usleep(1000);
        g_usleep(50000);
        begin = g_get_monotonic_time();
        gst_element_set_state(pipeline, GST_STATE_NULL);
        g_assert_cmpint(g_get_monotonic_time() - begin, <, G_USEC_PER_SEC);
        gst_object_unref(pipeline);
    }
}

/* Played backwards, time goes on all the same. */
static void test_backwards(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1;
    segment.stop = 100 * FRAME;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    g_object_set(a, "max-delay", 60.0, NULL);
    for (guint i = 20; i > 14; i--)
        push_some(h, i, 1);
    finish(h);
    for (guint i = 20; i > 17; i--)
        check_next(h, i, 20);
    for (guint i = 17; i > 14; i--)
        check_next(h, i, 15);
    fixture_harness_free(h);
}

/* What is wrong downstream stops the stream. */
static void test_unlinked(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a, 0.2);
    g_autoptr(GstPad) src = gst_element_get_static_pad(h->element, "src");
    GstFlowReturn flow = GST_FLOW_OK;

    gst_pad_unlink(src, h->sinkpad);
    for (guint i = 0; i < 200 && flow == GST_FLOW_OK; i++) {
        flow = gst_harness_push(h, fixture_frame(CAPS, i * FRAME));
        g_usleep(10000);
    }
    g_assert_cmpint(flow, ==, GST_FLOW_NOT_LINKED);
    gst_pad_link(src, h->sinkpad);
    fixture_harness_free(h);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/aligned/nearest", test_nearest);
    g_test_add_func("/aligned/bound", test_bound);
    g_test_add_func("/aligned/eos", test_eos);
    g_test_add_func("/aligned/flush", test_flush);
    g_test_add_func("/aligned/order", test_order);
    g_test_add_func("/aligned/latency", test_latency);
    g_test_add_func("/aligned/break", test_break);
    g_test_add_func("/aligned/allocation", test_allocation);
    g_test_add_func("/aligned/film", test_film);
    g_test_add_func("/aligned/camera", test_camera);
    g_test_add_func("/aligned/stop-while-held", test_stop_while_held);
    g_test_add_func("/aligned/backwards", test_backwards);
    g_test_add_func("/aligned/unlinked", test_unlinked);
    return fixture_run();
}
