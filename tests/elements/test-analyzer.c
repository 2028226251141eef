/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base of the analysers, with an analysis that takes as long and finds what it is told. */
#include "fixture.h"
#include "testanalyzer.h"

#define FRAME (GST_SECOND / 30)

static GstHarness *start(TestAnalyzer **analyzer)
{
    GstHarness *h;

    *analyzer = test_analyzer_new();
    h = fixture_harness(GST_ELEMENT(*analyzer));
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    return h;
}

static void set_exact(gpointer analyzer)
{
    gst_util_set_object_arg(analyzer, "mode", "exact");
}

static GstBuffer *push_pull(GstHarness *h, GstClockTime pts)
{
    g_assert_cmpint(gst_harness_push(h, fixture_frame(CAPS_SMALL, pts)), ==, GST_FLOW_OK);
    return gst_harness_pull(h);
}

static void wait_analysing(TestAnalyzer *a)
{
    while (g_atomic_int_get(&a->analysed) == 0)
        g_usleep(1000);
}

/* Frames pass while an analysis goes on, and get its result once it is there. */
static void test_live(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    const gint64 begin = g_get_monotonic_time();
    GstBuffer *out;
    const GstStructure *s;
    guint64 pts, age;

    a->busy_ms = 200;
    for (guint i = 0; i < 10; i++) {
        out = push_pull(h, i * FRAME);
        g_assert_null(fixture_meta(out, NULL));
        gst_buffer_unref(out);
        wait_analysing(a);
    }
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 150000);
    fixture_wait_stat(h->element, "results", 1);
    out = push_pull(h, 10 * FRAME);
    s = fixture_meta(out, GST_OBJECT_NAME(a));
    g_assert_nonnull(s);
    g_assert_cmpstr(gst_structure_get_string(s, "kind"), ==, "test");
    g_assert_true(
        gst_structure_get(s, "result-pts", G_TYPE_UINT64, &pts, "age", G_TYPE_UINT64, &age, NULL));
    g_assert_cmpuint(pts, ==, 0);
    g_assert_cmpuint(age, ==, 10 * FRAME);
    g_assert_cmpuint(gst_value_array_get_size(gst_structure_get_value(s, "results")), ==, 1);
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

/* Newer work replaces the one that waits; that is counted, and told at most once a second. */
static void test_skips(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    GstMessage *qos;
    guint64 processed, dropped, timestamp;
    GstFormat format;

    a->busy_ms = 300;
    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    wait_analysing(a);
    fixture_push(h, CAPS_SMALL, FRAME, FRAME, 9);
    g_assert_cmpuint(fixture_stat(h->element, "skipped"), ==, 8);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_QOS, &qos), ==, 1);
    gst_message_parse_qos_stats(qos, &format, &processed, &dropped);
    g_assert_cmpuint(dropped, ==, 1);
    /* of the one that was skipped, not of the one that came instead */
    gst_message_parse_qos(qos, NULL, NULL, NULL, &timestamp, NULL);
    g_assert_cmpuint(timestamp, ==, FRAME);
    gst_message_unref(qos);

    fixture_wait_stat(h->element, "results", 2);
    g_usleep(G_USEC_PER_SEC / 2);
    fixture_push(h, CAPS_SMALL, 20 * FRAME, FRAME, 3);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_QOS, &qos), ==, 1);
    gst_message_parse_qos_stats(qos, &format, &processed, &dropped);
    g_assert_cmpint(format, ==, GST_FORMAT_BUFFERS);
    g_assert_cmpuint(processed, ==, 2);
    g_assert_cmpuint(dropped, ==, 9);
    gst_message_unref(qos);
    g_assert_cmpint(a->analysed, <=, 3);

    /* the rest is told at the end */
    gst_harness_push_event(h, gst_event_new_eos());
    fixture_count(fixture_bus(h), GST_MESSAGE_QOS, &qos);
    if (qos) {
        gst_message_parse_qos_stats(qos, &format, &processed, &dropped);
        g_assert_cmpuint(dropped, ==, fixture_stat(h->element, "skipped"));
        gst_message_unref(qos);
    }
    fixture_harness_free(h);
}

/* Waits until a count that another thread raises is there; 10 seconds at most. */
static void wait_count(const gint *count, gint value)
{
    for (guint i = 0; i < 10000 && g_atomic_int_get(count) < value; i++)
        g_usleep(1000);
    g_assert_cmpint(g_atomic_int_get(count), ==, value);
}

/* Analyses that take five intervals each: every frame passes, what is left out is counted, and what
 * frames carry is never older than two analyses, however long the stream runs, since the next one
 * begins with what is newest. */
static void test_age_is_bounded(void)
{
    const guint per_interval = 5, per_analysis = 25, n = 500;
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    a->gated = TRUE;
    g_object_set(a, "interval", (double)per_interval * FRAME / GST_SECOND, NULL);
    for (guint i = 0; i < n; i++) {
        GstBuffer *out = push_pull(h, i * FRAME);
        const GstStructure *s = fixture_meta(out, NULL);
        guint64 age = G_MAXUINT64;

        g_assert_cmpint(s != NULL, ==, i >= per_analysis);
        if (s) {
            gst_structure_get_uint64(s, "age", &age);
            g_assert_cmpuint(age, <=, 2 * per_analysis * FRAME);
        }
        gst_buffer_unref(out);
        if (i == 0)
            wait_count(&a->analysed, 1);
        if (i % per_analysis == per_analysis - 1) {
            g_atomic_int_set(&a->permits, 1);
            wait_count(&a->analysed, 2 + (gint)(i / per_analysis));
        }
    }
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, n / per_analysis);
    g_assert_cmpuint(fixture_stat(h->element, "skipped"), ==,
                     n / per_interval - n / per_analysis - 1);
    g_assert_cmpuint(fixture_stat(h->element, "discarded"), ==, 0);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), ==, 0);
    fixture_harness_free(h);
}

static void test_exact(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    a->busy_ms = 5;
    set_exact(a);
    for (guint i = 0; i < 10; i++) {
        GstBuffer *out = push_pull(h, i * FRAME);
        guint64 pts = 0, age = 1;
        const GstStructure *s = fixture_meta(out, NULL);

        g_assert_nonnull(s);
        g_assert_true(gst_structure_get(s, "result-pts", G_TYPE_UINT64, &pts, "age", G_TYPE_UINT64,
                                        &age, NULL));
        g_assert_cmpuint(pts, ==, i * FRAME);
        g_assert_cmpuint(age, ==, 0);
        gst_buffer_unref(out);
    }
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, 10);
    g_assert_cmpuint(fixture_stat(h->element, "skipped"), ==, 0);
    fixture_harness_free(h);
}

/* Due times are an interval apart, whatever the frame rate. */
static void test_interval(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    set_exact(a);
    g_object_set(a, "interval", 0.5, NULL);
    fixture_push(h, CAPS_SMALL, 0, 25 * GST_MSECOND, 121); /* 3 seconds at 40 a second */
    g_assert_cmpint(a->analysed, ==, 7);
    fixture_push(h, CAPS_SMALL, 3030 * GST_MSECOND, 70 * GST_MSECOND, 29); /* 2 at 14 */
    g_assert_cmpint(a->analysed, ==, 10);
    fixture_harness_free(h);
}

static GstClockTime latency_of(GstHarness *h)
{
    g_autoptr(GstQuery) query = gst_query_new_latency();
    GstClockTime min;

    g_assert_true(gst_pad_peer_query(h->sinkpad, query));
    gst_query_parse_latency(query, NULL, &min, NULL);
    return min;
}

static void test_latency(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    GstClockTime exact;

    gst_harness_set_upstream_latency(h, 40 * GST_MSECOND);
    a->busy_ms = 20;
    fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
    g_assert_cmpuint(latency_of(h), ==, 40 * GST_MSECOND);
    fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL);

    set_exact(a);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), ==, 1);
    fixture_push(h, CAPS_SMALL, GST_SECOND, FRAME, 30);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), <=, 2);
    exact = latency_of(h);
    g_assert_cmpuint(exact, >=, 60 * GST_MSECOND);
    g_assert_cmpuint(exact, <, 300 * GST_MSECOND);

    /* a little slower than before is nothing to talk about */
    a->busy_ms = 19;
    fixture_push(h, CAPS_SMALL, 3 * GST_SECOND, FRAME, 20);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_LATENCY, NULL), <=, 1);
    gst_util_set_object_arg(G_OBJECT(a), "mode", "live");
    g_assert_cmpuint(latency_of(h), ==, 40 * GST_MSECOND);
    fixture_harness_free(h);
}

static char *events_of(GstHarness *h)
{
    return fixture_events(fixture_bus(h));
}

static void test_events(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *first = NULL, *second = NULL, *last = NULL, *none = NULL;

    set_exact(a);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
    first = events_of(h);
    g_assert_cmpstr(first, ==, "start nought");
    a->class_id = 1;
    fixture_push(h, CAPS_SMALL, GST_SECOND, FRAME, 1);
    second = events_of(h);
    g_assert_cmpstr(second, ==, "end nought, start one");
    gst_harness_push_event(h, gst_event_new_eos());
    last = events_of(h);
    g_assert_cmpstr(last, ==, "end one");
    fixture_harness_free(h);

    h = start(&a);
    g_object_set(a, "post-messages", FALSE, "mode", 1, NULL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
    gst_harness_push_event(h, gst_event_new_eos());
    none = events_of(h);
    g_assert_cmpstr(none, ==, "");
    fixture_harness_free(h);
}

/* What does not last is no event, what is missing for a moment has not ended, and a start tells of
 * when it was found first. */
static void test_min_duration(void)
{
    const GstClockTime step = 50 * GST_MSECOND;
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *none = NULL, *first = NULL, *gap = NULL, *other = NULL, *last = NULL;
    g_autoptr(GstMessage) message = NULL;
    guint64 timestamp = 1;

    set_exact(a);
    g_object_set(a, "min-duration", 0.1, NULL);
    fixture_push(h, CAPS_SMALL, 0, step, 2);
    none = events_of(h);
    g_assert_cmpstr(none, ==, "");
    fixture_push(h, CAPS_SMALL, 2 * step, step, 1);
    message = gst_bus_pop_filtered(fixture_bus(h), GST_MESSAGE_ELEMENT);
    g_assert_nonnull(message);
    g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(message), "event"), ==,
                    "start");
    gst_structure_get_uint64(gst_message_get_structure(message), "timestamp", &timestamp);
    g_assert_cmpuint(timestamp, ==, 0);
    first = events_of(h);
    g_assert_cmpstr(first, ==, "");
    a->class_id = 1;
    fixture_push(h, CAPS_SMALL, 3 * step, step, 1);
    a->class_id = 0;
    fixture_push(h, CAPS_SMALL, 4 * step, step, 1);
    gap = events_of(h);
    g_assert_cmpstr(gap, ==, "");
    a->class_id = 1;
    fixture_push(h, CAPS_SMALL, 5 * step, step, 3);
    other = events_of(h);
    g_assert_cmpstr(other, ==, "end nought, start one");
    gst_harness_push_event(h, gst_event_new_eos());
    last = events_of(h);
    g_assert_cmpstr(last, ==, "end one");
    fixture_harness_free(h);
}

/* Ids are never used again, whether the element is started anew or is another of the same name. */
static void test_ids(void)
{
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < 2; i++) {
        TestAnalyzer *a = test_analyzer_new();

        gst_object_set_name(GST_OBJECT(a), "same");
        gst_object_ref_sink(a);
        set_exact(a);
        for (guint round = 0; round < 2; round++) {
            GstHarness *h = fixture_harness(GST_ELEMENT(a));
            g_autoptr(GstMessage) message = NULL;
            const char *id;

            gst_harness_set_src_caps_str(h, CAPS_SMALL);
            fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
            fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, &message);
            id = gst_structure_get_string(gst_message_get_structure(message), "id");
            g_assert_true(g_regex_match_simple("^same-[0-9a-f]{8}-[12]$", id, 0, 0));
            g_assert_true(g_hash_table_add(ids, g_strdup(id)));
            fixture_harness_free(h);
        }
        gst_object_unref(a);
    }
}

static void test_message_fields(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autoptr(GstMessage) message = NULL;
    GstSegment segment;
    guint64 timestamp, stream, running, duration, from, to;
    const GstStructure *s;
    int class_id;
    double score;

    set_exact(a);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = 10 * GST_SECOND;
    segment.time = 3 * GST_SECOND;
    segment.base = 7 * GST_SECOND;
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    fixture_push(h, CAPS_SMALL, 11 * GST_SECOND, FRAME, 1);
    fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, &message);
    g_assert_true(GST_MESSAGE_SRC(message) == GST_OBJECT(a));
    s = gst_message_get_structure(message);
    g_assert_true(gst_structure_get(s, "timestamp", G_TYPE_UINT64, &timestamp, "stream-time",
                                    G_TYPE_UINT64, &stream, "running-time", G_TYPE_UINT64, &running,
                                    "duration", G_TYPE_UINT64, &duration, "class-id", G_TYPE_INT,
                                    &class_id, "score", G_TYPE_DOUBLE, &score, "window-start",
                                    G_TYPE_UINT64, &from, "window-end", G_TYPE_UINT64, &to, NULL));
    g_assert_cmpuint(timestamp, ==, 11 * GST_SECOND);
    g_assert_cmpuint(stream, ==, 4 * GST_SECOND);
    g_assert_cmpuint(running, ==, 8 * GST_SECOND);
    g_assert_cmpuint(duration, ==, 0);
    g_assert_cmpuint(from, ==, to);
    g_assert_cmpint(class_id, ==, 0);
    g_assert_cmpfloat(score, ==, 0.5);
    g_assert_true(g_str_has_prefix(gst_structure_get_string(s, "id"), GST_OBJECT_NAME(a)));
    g_assert_true(gst_structure_has_field_typed(s, "results", GST_TYPE_ARRAY));
    fixture_harness_free(h);
}

/* What was begun before a flush is never heard of after it. */
static void test_flush(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *events = NULL;
    GstSegment segment;
    GstBuffer *out;

    a->busy_ms = 5000;
    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    wait_analysing(a);
    fixture_push(h, CAPS_SMALL, FRAME, FRAME, 2);
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    g_assert_cmpint(a->cancelled, ==, 1);
    g_assert_cmpint(a->analysed, ==, 1);
    g_assert_cmpuint(fixture_stat(h->element, "discarded"), ==, 2);
    g_assert_cmpint(a->window_frames, ==, 0);

    a->busy_ms = 0;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    gst_util_set_object_arg(G_OBJECT(a), "mode", "exact");
    out = push_pull(h, 0);
    g_assert_nonnull(fixture_meta(out, NULL));
    gst_buffer_unref(out);
    events = events_of(h);
    g_assert_cmpstr(events, ==, "start nought");
    fixture_harness_free(h);
}

static gpointer flush_later(gpointer data)
{
    g_usleep(100000);
    gst_harness_push_event(data, gst_event_new_flush_start());
    return NULL;
}

/* A frame that waits for its result lets go. */
static void test_flush_while_exact_waits(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    const gint64 begin = g_get_monotonic_time();
    GThread *thread;

    a->busy_ms = 20000;
    set_exact(a);
    thread = g_thread_new("flush", flush_later, h);
    g_assert_cmpint(gst_harness_push(h, fixture_frame(CAPS_SMALL, 0)), ==, GST_FLOW_FLUSHING);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * G_USEC_PER_SEC);
    g_thread_join(thread);
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    fixture_harness_free(h);
}

static void test_eos_drains(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *events = NULL;

    a->busy_ms = 100;
    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    wait_analysing(a);
    fixture_push(h, CAPS_SMALL, FRAME, FRAME, 1);
    g_assert_true(gst_harness_push_event(h, gst_event_new_eos()));
    /* both the one that ran and the one that waited */
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, 2);
    events = events_of(h);
    g_assert_cmpstr(events, ==, "start nought, end nought");
    fixture_harness_free(h);
}

/* What was found before a long gap ends there, whether it is marked or not. */
static void test_long_gap(void)
{
    for (guint marked = 0; marked < 2; marked++) {
        TestAnalyzer *a;
        GstHarness *h = start(&a);
        GstBuffer *frame = fixture_frame(CAPS_SMALL, 20 * GST_SECOND);
        g_autofree char *events = NULL;

        set_exact(a);
        a->min_frames = 3;
        fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
        if (marked)
            GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
        a->min_frames = 5;
        gst_harness_push(h, frame);
        frame = gst_harness_pull(h);
        g_assert_null(fixture_meta(frame, NULL));
        gst_buffer_unref(frame);
        g_assert_cmpint(a->window_frames, ==, marked ? 1 : 4);
        events = events_of(h);
        g_assert_cmpstr(events, ==, "start nought, end nought");
        fixture_harness_free(h);
    }
}

static void test_time_goes_back(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    GstBuffer *out;

    set_exact(a);
    a->min_frames = 2;
    fixture_push(h, CAPS_SMALL, 10 * GST_SECOND, FRAME, 3);
    g_assert_cmpint(a->analysed, ==, 2);
    /* a late frame is left out, and so is one that comes twice */
    fixture_push(h, CAPS_SMALL, 10 * GST_SECOND, FRAME, 3);
    g_assert_cmpint(a->looked, ==, 3);
    /* another time begins, and nothing found before is true of it */
    out = push_pull(h, 2 * GST_SECOND);
    g_assert_null(fixture_meta(out, NULL));
    gst_buffer_unref(out);
    g_assert_cmpint(a->window_frames, ==, 1);
    out = push_pull(h, 2 * GST_SECOND + FRAME);
    g_assert_nonnull(fixture_meta(out, NULL));
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

static void test_no_pts(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    guint64 pts;

    set_exact(a);
    for (guint i = 0; i < 5; i++) {
        GstBuffer *out = push_pull(h, GST_CLOCK_TIME_NONE);

        gst_structure_get_uint64(fixture_meta(out, NULL), "result-pts", &pts);
        g_assert_cmpuint(pts, ==, i * FRAME);
        gst_buffer_unref(out);
    }
    fixture_harness_free(h);
}

static void test_no_pts_no_rate(void)
{
    const char *caps = "video/x-raw, format=I420, width=64, height=48, framerate=0/1";
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *text = NULL;

    gst_harness_set_src_caps_str(h, caps);
    for (guint i = 0; i < 3; i++) {
        gst_harness_push(h, fixture_frame(caps, GST_CLOCK_TIME_NONE));
        gst_buffer_unref(gst_harness_pull(h));
    }
    text = fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL);
    g_assert_nonnull(text);
    g_assert_null(fixture_error(fixture_bus(h), GST_MESSAGE_WARNING, NULL));
    g_assert_cmpint(a->looked, ==, 0);
    /* with times, no rate is needed */
    fixture_push(h, caps, GST_SECOND, 77 * GST_MSECOND, 3);
    g_assert_cmpint(a->looked, ==, 3);
    fixture_harness_free(h);
}

static void test_renegotiation(void)
{
    static const char *const caps[] = {
        "video/x-raw, format=NV12, width=640, height=360, framerate=30/1",
        "video/x-raw, format=I420, width=1920, height=1080, framerate=25/1",
        "video/x-raw, format=YUY2, width=320, height=240, framerate=0/1",
        "video/x-raw, format=BGRA, width=33, height=17, framerate=30/1",
        "video/x-raw, format=I420_10LE, width=35, height=1, framerate=30/1",
    };
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    set_exact(a);
    for (guint i = 0; i < G_N_ELEMENTS(caps); i++) {
        gst_harness_set_src_caps_str(h, caps[i]);
        fixture_push(h, caps[i], i * GST_SECOND, FRAME, 3);
    }
    /* the window goes on: it is about time, not about size */
    g_assert_cmpint(a->window_frames, ==, 3 * G_N_ELEMENTS(caps));
    fixture_harness_free(h);
}

static void test_caps(void)
{
    static const char *const refused[] = {
        "video/x-raw, format=I420, width=0, height=0, framerate=30/1",
        "video/x-raw, format=P010_10LE, width=64, height=64, framerate=30/1",
        "video/x-raw(memory:DMABuf), format=NV12, width=64, height=64, framerate=30/1",
        "audio/x-raw, format=S16LE, rate=8000, channels=1, layout=interleaved",
    };
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(h->element, "sink");
    g_autoptr(GstCaps) all = gst_pad_get_pad_template_caps(pad);
    const GValue *formats = gst_structure_get_value(gst_caps_get_structure(all, 0), "format");

    g_assert_cmpuint(gst_value_list_get_size(formats), ==, 20);
    for (guint i = 0; i < gst_value_list_get_size(formats); i++) {
        g_autofree char *caps =
            g_strdup_printf("video/x-raw, format=%s, width=64, height=48, framerate=30/1",
                            g_value_get_string(gst_value_list_get_value(formats, i)));

        gst_harness_set_src_caps_str(h, caps);
        fixture_push(h, caps, i * GST_SECOND, FRAME, 1);
    }
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GstCaps) caps = gst_caps_from_string(refused[i]);

        g_assert_false(gst_pad_query_accept_caps(pad, caps));
        g_assert_false(gst_pad_send_event(pad, gst_event_new_caps(caps)));
    }
    fixture_harness_free(h);
}

/* Memory is passed on as it is, also where a meta needs a buffer of its own. */
static void test_no_copy(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    set_exact(a);
    for (guint shared = 0; shared < 2; shared++) {
        GstBuffer *in = fixture_frame(CAPS_SMALL, (1 + shared) * GST_SECOND), *out;
        GstMemory *memory = gst_buffer_peek_memory(in, 0);
        GstBuffer *held = shared ? gst_buffer_ref(in) : NULL;

        g_assert_cmpint(gst_harness_push(h, in), ==, GST_FLOW_OK);
        out = gst_harness_pull(h);
        g_assert_true(gst_buffer_peek_memory(out, 0) == memory);
        g_assert_nonnull(fixture_meta(out, NULL));
        if (held) {
            g_assert_true(out != held);
            g_assert_null(fixture_meta(held, NULL));
            gst_buffer_unref(held);
        } else {
            g_assert_true(out == in);
        }
        gst_buffer_unref(out);
    }
    fixture_harness_free(h);
}

/* Allocation is between those before and those after. */
static void test_allocation(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autoptr(GstCaps) caps = gst_caps_from_string(CAPS_SMALL);
    g_autoptr(GstQuery) query = gst_query_new_allocation(caps, TRUE);

    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    gst_harness_add_propose_allocation_meta(h, GST_VIDEO_CROP_META_API_TYPE, NULL);
    g_assert_true(gst_pad_peer_query(h->srcpad, query));
    g_assert_true(gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, NULL));
    g_assert_false(gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL));
    fixture_harness_free(h);
}

/* The state change does not wait for an answer that takes long. */
static void test_stop_while_busy(void)
{
    for (guint exact = 0; exact < 2; exact++) {
        TestAnalyzer *a = test_analyzer_new();
        GstElement *pipeline =
            gst_parse_launch("videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! "
                             "identity name=before ! fakesink name=after",
                             NULL);
        g_autoptr(GstElement) before = gst_bin_get_by_name(GST_BIN(pipeline), "before");
        g_autoptr(GstElement) after = gst_bin_get_by_name(GST_BIN(pipeline), "after");
        gint64 begin;

        a->busy_ms = 60000;
        g_object_set(a, "mode", exact, NULL);
        gst_bin_add(GST_BIN(pipeline), GST_ELEMENT(a));
        gst_element_unlink(before, after);
        g_assert_true(gst_element_link_many(before, GST_ELEMENT(a), after, NULL));
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        wait_analysing(a);
        begin = g_get_monotonic_time();
        gst_element_set_state(pipeline, GST_STATE_NULL);
        g_assert_cmpint(g_get_monotonic_time() - begin, <, G_USEC_PER_SEC);
        gst_object_unref(pipeline);
    }
}

/* A source that falls silent: nothing hangs, and the last result was posted. */
static void test_silent_source(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    gint64 begin;

    a->busy_ms = 30;
    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    fixture_wait_stat(h->element, "results", 1);
    begin = g_get_monotonic_time();
    gst_element_set_state(h->element, GST_STATE_PAUSED);
    gst_element_set_state(h->element, GST_STATE_NULL);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, G_USEC_PER_SEC);
    fixture_harness_free(h);
}

static void test_failed_analysis(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *text = NULL;

    a->class_id = -1;
    set_exact(a);
    g_assert_cmpint(gst_harness_push(h, fixture_frame(CAPS_SMALL, 0)), ==, GST_FLOW_ERROR);
    text = fixture_error(fixture_bus(h), GST_MESSAGE_ERROR, NULL);
    g_assert_cmpstr(text, ==, "failed, as told");
    fixture_harness_free(h);
}

static void test_failed_start(void)
{
    TestAnalyzer *a = test_analyzer_new();
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autofree char *text = NULL;

    gst_object_ref_sink(a);
    a->no_network = TRUE;
    gst_element_set_bus(GST_ELEMENT(a), bus);
    g_assert_cmpint(gst_element_set_state(GST_ELEMENT(a), GST_STATE_PAUSED), ==,
                    GST_STATE_CHANGE_FAILURE);
    text = fixture_error(bus, GST_MESSAGE_ERROR, NULL);
    g_assert_cmpstr(text, ==, "no network, as told");
    gst_element_set_state(GST_ELEMENT(a), GST_STATE_NULL);
    gst_element_set_bus(GST_ELEMENT(a), NULL);
    gst_object_unref(a);
}

/* Another model while frames flow: the new network is made aside, then taken; one that cannot be
 * made is a warning. */
static void test_change_model(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    g_autofree char *text = NULL;
    GstBuffer *out;

    set_exact(a);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
    g_assert_cmpint(a->prepared, ==, 1);
    g_object_set(a, "model", "another", NULL);
    wait_count(&a->prepared, 2);
    a->min_frames = 2;
    out = push_pull(h, 3 * FRAME);
    g_assert_null(fixture_meta(out, NULL));
    g_assert_cmpint(a->window_frames, ==, 1);
    gst_buffer_unref(out);

    a->no_network = TRUE;
    g_object_set(a, "model", "a third", NULL);
    text = fixture_wait_warning(fixture_bus(h));
    g_assert_cmpstr(text, ==, "no network, as told");
    fixture_push(h, CAPS_SMALL, 4 * FRAME, FRAME, 2);
    g_assert_cmpuint(fixture_stat(h->element, "results"), ==, 4);
    fixture_harness_free(h);
}

static gpointer turn_knobs(gpointer data)
{
    for (guint i = 0; i < 300; i++) {
        g_autofree char *model = g_strdup_printf("model %u", i);
        g_autoptr(GstStructure) stats = NULL;

        g_object_set(data, "model", model, "mode", i % 2, "interval", (i % 3) * 0.01,
                     "post-messages", i % 5 > 0, NULL);
        g_object_get(data, "stats", &stats, NULL);
        g_usleep(200);
    }
    return NULL;
}

static void test_properties_while_playing(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);
    GThread *thread;

    a->busy_ms = 1;
    thread = g_thread_new("knobs", turn_knobs, a);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 200);
    g_thread_join(thread);
    fixture_harness_free(h);
}

/* Two analysers in one chain leave two metas. */
static void test_two_in_a_chain(void)
{
    TestAnalyzer *first = test_analyzer_new(), *second = test_analyzer_new();
    GstElement *bin = gst_bin_new(NULL);
    g_autoptr(GstPad) in = gst_element_get_static_pad(GST_ELEMENT(first), "sink");
    g_autoptr(GstPad) out = gst_element_get_static_pad(GST_ELEMENT(second), "src");
    GstHarness *h;
    GstBuffer *buffer;

    set_exact(first);
    set_exact(second);
    gst_bin_add_many(GST_BIN(bin), GST_ELEMENT(first), GST_ELEMENT(second), NULL);
    gst_element_link(GST_ELEMENT(first), GST_ELEMENT(second));
    gst_element_add_pad(bin, gst_ghost_pad_new("sink", in));
    gst_element_add_pad(bin, gst_ghost_pad_new("src", out));
    h = fixture_harness(bin);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    gst_harness_push(h, fixture_frame(CAPS_SMALL, 0));
    buffer = gst_harness_pull(h);
    g_assert_nonnull(fixture_meta(buffer, GST_OBJECT_NAME(first)));
    g_assert_nonnull(fixture_meta(buffer, GST_OBJECT_NAME(second)));
    gst_buffer_unref(buffer);
    fixture_harness_free(h);
}

static void test_cycles(void)
{
    const guint n = g_getenv("VEDETTE_SOAK") ? 1000 : 50;

    for (guint i = 0; i < n; i++) {
        TestAnalyzer *a;
        GstHarness *h = start(&a);

        a->busy_ms = i % 7;
        fixture_push(h, CAPS_SMALL, 0, FRAME, 3);
        if (i % 2)
            gst_harness_push_event(h, gst_event_new_eos());
        fixture_harness_free(h);
    }
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/analyzer/live", test_live);
    g_test_add_func("/analyzer/skips", test_skips);
    g_test_add_func("/analyzer/age-is-bounded", test_age_is_bounded);
    g_test_add_func("/analyzer/exact", test_exact);
    g_test_add_func("/analyzer/interval", test_interval);
    g_test_add_func("/analyzer/latency", test_latency);
    g_test_add_func("/analyzer/events", test_events);
    g_test_add_func("/analyzer/min-duration", test_min_duration);
    g_test_add_func("/analyzer/ids", test_ids);
    g_test_add_func("/analyzer/message-fields", test_message_fields);
    g_test_add_func("/analyzer/flush", test_flush);
    g_test_add_func("/analyzer/flush-while-exact-waits", test_flush_while_exact_waits);
    g_test_add_func("/analyzer/eos-drains", test_eos_drains);
    g_test_add_func("/analyzer/long-gap", test_long_gap);
    g_test_add_func("/analyzer/time-goes-back", test_time_goes_back);
    g_test_add_func("/analyzer/no-pts", test_no_pts);
    g_test_add_func("/analyzer/no-pts-no-rate", test_no_pts_no_rate);
    g_test_add_func("/analyzer/renegotiation", test_renegotiation);
    g_test_add_func("/analyzer/caps", test_caps);
    g_test_add_func("/analyzer/no-copy", test_no_copy);
    g_test_add_func("/analyzer/allocation", test_allocation);
    g_test_add_func("/analyzer/stop-while-busy", test_stop_while_busy);
    g_test_add_func("/analyzer/silent-source", test_silent_source);
    g_test_add_func("/analyzer/failed-analysis", test_failed_analysis);
    g_test_add_func("/analyzer/failed-start", test_failed_start);
    g_test_add_func("/analyzer/change-model", test_change_model);
    g_test_add_func("/analyzer/properties-while-playing", test_properties_while_playing);
    g_test_add_func("/analyzer/two-in-a-chain", test_two_in_a_chain);
    g_test_add_func("/analyzer/cycles", test_cycles);
    return fixture_run();
}
