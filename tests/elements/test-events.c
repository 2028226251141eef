/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bus is told, how often, and who is told of it when. */
#include <string.h>

#include "analyzer/eventjson.h"
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

/* What has come on the bus is this. */
static void check_events(GstHarness *h, const char *expected)
{
    g_autofree char *events = fixture_events(fixture_bus(h));

    g_assert_cmpstr(events, ==, expected);
}

/* Ten seconds in which nothing changes are a start; a score that goes up all the time is told of
 * twice a second. */
static void test_updates(void)
{
    TestAnalyzer *a;
    GstHarness *h = start(&a);

    fixture_push(h, CAPS_SMALL, 0, FRAME, 250);
    check_events(h, "start nought");
    a->permille = 504; /* noise */
    fixture_push(h, CAPS_SMALL, 250 * FRAME, FRAME, 50);
    check_events(h, "");
    for (guint i = 300; i < 350; i++) {
        a->permille = 100 + (gint)i * 2;
        fixture_push(h, CAPS_SMALL, i * FRAME, FRAME, 1);
    }
    /* at 12, 12.52, 13.04 and 13.56 seconds */
    check_events(h, "update nought, update nought, update nought, update nought");
    fixture_harness_free(h);
}

/* The same where updates are all there is. */
static void test_segmenter_updates(void)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    GstHarness *h;

    g_object_set(element, "model", card, "interval", 0.0, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 50);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, NULL), ==, 1);
    for (guint i = 50; i < 100; i++) { /* two seconds of frames that are nothing like each other */
        GstBuffer *frame = fixture_frame(CAPS_SMALL, i * FRAME);

        gst_buffer_memset(frame, 0, i % 2 ? 255 : 0, 64 * 48 * 3 / 2);
        gst_harness_push(h, frame);
        gst_buffer_unref(gst_harness_pull(h));
    }
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_ELEMENT, NULL), <=, 4);
    fixture_harness_free(h);
}

static void test_post_events(void)
{
    static const struct {
        const char *wanted, *told;
    } cases[] = {{"start+update+end", "start nought, update nought, end nought"},
                 {"start+end", "start nought, end nought"},
                 {"update", "update nought"},
                 {"end", "end nought"}};

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const gboolean all = i < G_N_ELEMENTS(cases);
        TestAnalyzer *a;
        GstHarness *h = start(&a);

        g_object_set(a, "post-messages", all, NULL);
        gst_util_set_object_arg(G_OBJECT(a), "post-events", cases[i % G_N_ELEMENTS(cases)].wanted);
        fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
        a->permille = 900;
        fixture_push(h, CAPS_SMALL, GST_SECOND, FRAME, 1);
        gst_harness_push_event(h, gst_event_new_eos());
        check_events(h, all ? cases[i % G_N_ELEMENTS(cases)].told : "");
        fixture_harness_free(h);
    }
}

typedef struct {
    GstHarness *h;
    gint seen, flushed;
} Handler;

/* As an application does that seeks when something happens, from the thread that tells of it. */
static GstBusSyncReply flush(GstBus *bus, GstMessage *message, gpointer data)
{
    Handler *handler = data;

    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT &&
        g_atomic_int_add(&handler->seen, 1) == 0) {
        GstSegment segment;

        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_harness_push_event(handler->h, gst_event_new_flush_start());
        gst_harness_push_event(handler->h, gst_event_new_flush_stop(TRUE));
        gst_harness_push_event(handler->h, gst_event_new_segment(&segment));
        g_atomic_int_set(&handler->flushed, 1);
    }
    return GST_BUS_PASS;
}

static void test_flush_from_handler(void)
{
    TestAnalyzer *a;
    Handler handler = {.h = start(&a)};
    GstHarness *h = handler.h;

    gst_util_set_object_arg(G_OBJECT(a), "mode", "live");
    gst_bus_set_sync_handler(fixture_bus(h), flush, &handler, NULL);
    /* which may be flushed before it is through */
    gst_harness_push(h, fixture_frame(CAPS_SMALL, 0));
    for (guint i = 0; i < 5000 && !g_atomic_int_get(&handler.flushed); i++)
        g_usleep(1000);
    g_assert_cmpint(g_atomic_int_get(&handler.flushed), ==, 1);
    /* it goes on, and the rest of what was told is in order */
    fixture_push(h, CAPS_SMALL, 0, FRAME, 1);
    fixture_wait_stat(h->element, "results", 2);
    gst_harness_push_event(h, gst_event_new_eos());
    gst_bus_set_sync_handler(fixture_bus(h), NULL, NULL, NULL);
    check_events(h, "start nought, end nought, start nought, end nought");
    fixture_harness_free(h);
}

/* The same by a seek, in a pipeline whose masks and frames go somewhere. */
static GstBusSyncReply seek(GstBus *bus, GstMessage *message, gpointer data)
{
    Handler *handler = data;

    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT &&
        g_atomic_int_add(&handler->seen, 1) == 2)
        g_atomic_int_set(
            &handler->flushed,
            gst_element_seek_simple(handler->h->element, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
    return GST_BUS_PASS;
}

static void test_seek_from_handler(void)
{
    static const char *const modes[] = {"live", "exact", "aligned"};
    g_autofree char *card = fixture_model("tiny-maps/card.json");

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *launch =
            g_strdup_printf("vedette-scenesrc num-buffers=100 ! video/x-raw,width=64,height=48 ! "
                            "cgrseg-segmenter name=s interval=0.1 mode=%s model=\"%s\" "
                            "zones=\"a: 0,0 1,0 1,1 0,1\" s.src ! queue ! fakesink sync=true "
                            "s.mask ! queue ! fakesink sync=false",
                            modes[i], card);
        GstElement *pipeline = gst_parse_launch(launch, NULL);
        g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
        GstHarness pretended = {.element = pipeline};
        Handler handler = {.h = &pretended};

        gst_bus_set_sync_handler(bus, seek, &handler, NULL);
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        fixture_wait_eos(pipeline);
        g_assert_cmpint(handler.flushed, ==, 1);
        gst_bus_set_sync_handler(bus, NULL, NULL, NULL);
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
}

/* A live camera that hangs: what went on ends, though no frame says so. Files may stand as long as
 * they like. */
static void test_hangs(void)
{
    for (guint live = 0; live < 2; live++) {
        TestAnalyzer *a;
        GstHarness *h = start(&a);

        if (live)
            gst_harness_query_latency(h);
        fixture_push(h, CAPS_SMALL, 0, FRAME, 2);
        check_events(h, "start nought");
        g_usleep(G_USEC_PER_SEC * 3 / 2);
        check_events(h, "");
        g_usleep(G_USEC_PER_SEC);
        check_events(h, live ? "end nought" : "");
        /* and it begins anew */
        fixture_push(h, CAPS_SMALL, 60 * FRAME, FRAME, 2);
        if (live)
            check_events(h, "start nought");
        fixture_harness_free(h);
    }
}

static void test_json(void)
{
    static const struct {
        double score;
        const char *json;
    } cases[] = {{0.8123456, "\"score\":0.8123,"}, {1, "\"score\":1.0,"},
                 {0.5, "\"score\":0.5,"},          {0.00001, "\"score\":0.0,"},
                 {0.99996, "\"score\":1.0,"},      {1.0 / 3, "\"score\":0.3333,"}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstMessage) message = gst_message_new_element(
            NULL,
            gst_structure_new("x", "event", G_TYPE_STRING, "start", "kind", G_TYPE_STRING, "test",
                              "label", G_TYPE_STRING, "a \"b\"\n", "score", G_TYPE_DOUBLE,
                              cases[i].score, "timestamp", G_TYPE_UINT64, (guint64)7, NULL));
        g_autofree char *json = vdt_event_to_json(message, NULL, NULL);

        g_assert_nonnull(strstr(json, cases[i].json));
        g_assert_nonnull(strstr(json, "\"label\":\"a \\\"b\\\"\\n\","));
        g_assert_nonnull(strstr(json, "\"stream\":null,\"element\":null,"));
        g_assert_nonnull(strstr(json, "\"pts_ns\":7,\"time\":\""));
    }
}

/* What is special to objects and zones follows what all events have, as far as it is there. */
static void test_json_of_objects(void)
{
    static const struct {
        const char *message, *json;
    } cases[] = {
        {"x, kind=s, event=start, label=person", ""},
        {"x, kind=s, event=start, label=bag, zone=(string)\"the \\\"door\\\"\", share=0.5",
         ",\"zone\":\"the \\\"door\\\"\""},
        {"x, kind=s, event=start, label=person, object=(uint)4294967295, what=object, state=seen",
         ",\"what\":\"object\",\"object\":4294967295"},
        {"x, kind=s, event=end, label=person, direction=in, line=kerb, object=(uint)7, "
         "what=crossing, in=(guint64)3, out=(guint64)4",
         ",\"what\":\"crossing\",\"object\":7,\"line\":\"kerb\",\"direction\":\"in\""},
        {"x, kind=s, event=start, label=person, since=(guint64)18446744073709551614, zone=kerb, "
         "object=(uint)7, what=dwell",
         ",\"what\":\"dwell\",\"object\":7,\"zone\":\"kerb\",\"since\":18446744073709551614"},
        {"x, kind=s, event=start, label=person, count=(uint)12, zone=kerb, what=count",
         ",\"what\":\"count\",\"zone\":\"kerb\",\"count\":12"},
        /* another's fields of that name */
        {"x, kind=s, event=start, label=person, count=1.5, object=< 1, 2 >", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstMessage) message =
            gst_message_new_element(NULL, gst_structure_from_string(cases[i].message, NULL));
        g_autoptr(GDateTime) time = g_date_time_new_utc(2026, 1, 2, 3, 4, 5);
        g_autofree char *json = vdt_event_to_json(message, NULL, time);
        g_autofree char *end =
            g_strdup_printf("\"time\":\"2026-01-02T03:04:05Z\"%s}", cases[i].json);

        g_assert_nonnull(json);
        g_assert_true(g_str_has_suffix(json, end));
    }
}

/* Names that read like names; those that somebody gave stay. */
static void test_names(void)
{
    static const char *const elements[] = {"cgrseg-segmenter", "squeezetime-recognizer",
                                           "vedette-overlay", "vedette-scenesrc"};

    for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
        g_autoptr(GstElement) one = gst_element_factory_make(elements[i], NULL);
        g_autoptr(GstElement) two = gst_element_factory_make(elements[i], NULL);
        g_autoptr(GstElement) mine = gst_element_factory_make(elements[i], "vdtmine");
        g_autofree char *pattern = g_strdup_printf("^%s[0-9]+$", elements[i]);

        gst_object_ref_sink(one);
        gst_object_ref_sink(two);
        gst_object_ref_sink(mine);
        g_assert_true(g_regex_match_simple(pattern, GST_OBJECT_NAME(one), 0, 0));
        g_assert_true(g_regex_match_simple(pattern, GST_OBJECT_NAME(two), 0, 0));
        g_assert_cmpstr(GST_OBJECT_NAME(one), !=, GST_OBJECT_NAME(two));
        g_assert_cmpstr(GST_OBJECT_NAME(mine), ==, "vdtmine");
    }
}

static gboolean takes_model(const char *model)
{
    GstElement *element = gst_element_factory_make("cgrseg-segmenter", NULL);
    gboolean taken;

    gst_object_ref_sink(element);
    g_object_set(element, "model", model, NULL);
    taken = gst_element_set_state(element, GST_STATE_PAUSED) != GST_STATE_CHANGE_FAILURE;
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
    return taken;
}

/* As it comes from a shell script, or a file chooser. */
static void test_model_paths(void)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json"), *dir = fixture_model("tiny-maps");
    g_autofree char *uri = g_filename_to_uri(card, NULL, NULL), *old = g_strdup(g_getenv("HOME"));

    g_assert_true(takes_model(card));
    g_assert_true(takes_model(uri));
    g_assert_false(takes_model("file://elsewhere/card.json"));
    g_assert_false(takes_model("file:///no/such/card.json"));
    if (g_test_subprocess()) {
        g_assert_true(takes_model("~/card.json"));
        return;
    }
    g_setenv("HOME", dir, TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
    g_setenv("HOME", old ? old : "/", TRUE);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/events/updates", test_updates);
    g_test_add_func("/events/segmenter-updates", test_segmenter_updates);
    g_test_add_func("/events/post-events", test_post_events);
    g_test_add_func("/events/flush-from-handler", test_flush_from_handler);
    g_test_add_func("/events/seek-from-handler", test_seek_from_handler);
    g_test_add_func("/events/hangs", test_hangs);
    g_test_add_func("/events/json", test_json);
    g_test_add_func("/events/json-of-objects", test_json_of_objects);
    g_test_add_func("/events/names", test_names);
    g_test_add_func("/events/model-paths", test_model_paths);
    return fixture_run();
}
