/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* squeezetime-recognizer with a small network of made-up weights. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "analyzer/enginecontext.h"
#include "analyzer/eventjson.h"
#include "analyzer/resultmeta.h"
#include "enums.h"
#include "fixture.h"
#include "preprocess.h"
#include "recognizer/squeezetimerecognizer.h"

#define N_FRAMES 16
#define SIZE     64
#define FRAME    (40 * GST_MSECOND)
/* 16 pictures, each a frame of 25 a second. */
#define WINDOW   0.6
#define CAPS_NET "video/x-raw, format=RGB, width=64, height=64, framerate=25/1"

static GstElement *recognizer_new(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    GstElement *element = gst_element_factory_make("squeezetime-recognizer", NULL);

    g_object_set(element, "model", card, "window", WINDOW, "interval", 0.2, "mode",
                 VDT_ANALYZER_EXACT, NULL);
    return element;
}

static VdtEngine *engine_new(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autoptr(GError) error = NULL;
    VdtEngine *engine = vdt_engine_new(&(VdtEngineOptions){.model = card}, &error);

    g_assert_no_error(error);
    return engine;
}

static void test_inspect(void)
{
    static const char *const live[] = {"model",         "precision",  "mode",         "interval",
                                       "post-messages", "window",     "top-k",        "threshold",
                                       "framing",       "hysteresis", "min-duration", "region"};
    GstElement *element = gst_element_factory_make("squeezetime-recognizer", NULL);
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);
    g_autofree char *model = NULL;
    double interval, window, threshold, hysteresis, least;
    int mode, precision, framing;
    gboolean post, qos;
    guint top_k;

    g_assert_cmpstr(gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS), ==,
                    "Filter/Analyzer/Video");
    for (guint i = 0; i < G_N_ELEMENTS(live); i++) {
        const GParamSpec *spec = g_object_class_find_property(klass, live[i]);

        g_assert_nonnull(spec);
        g_assert_true(spec->flags & GST_PARAM_MUTABLE_PLAYING);
        g_assert_true(spec->flags & G_PARAM_WRITABLE);
    }
    g_assert_false(g_object_class_find_property(klass, "stats")->flags & G_PARAM_WRITABLE);
    g_object_get(element, "model", &model, "precision", &precision, "mode", &mode, "interval",
                 &interval, "post-messages", &post, "window", &window, "top-k", &top_k, "threshold",
                 &threshold, "framing", &framing, "qos", &qos, "hysteresis", &hysteresis,
                 "min-duration", &least, NULL);
    g_assert_null(model);
    g_assert_cmpint(precision, ==, VDT_PRECISION_F32);
    g_assert_cmpint(mode, ==, VDT_ANALYZER_LIVE);
    g_assert_cmpfloat(interval, ==, 1);
    g_assert_true(post);
    g_assert_cmpfloat(window, ==, 0);
    g_assert_cmpuint(top_k, ==, 5);
    g_assert_cmpfloat(threshold, ==, 0.5);
    g_assert_cmpfloat(hysteresis, ==, 0.2);
    g_assert_cmpfloat(least, ==, 0);
    g_assert_cmpint(framing, ==, VDT_FRAMING_OF_MODEL);
    g_assert_false(qos);
    gst_object_unref(element);
}

/* Starts an element that cannot; gives the error. */
static char *start_fails(const char *model, int *code)
{
    GstElement *element = gst_element_factory_make("squeezetime-recognizer", NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    char *text;

    gst_element_set_bus(element, bus);
    g_object_set(element, "model", model, NULL);
    g_assert_cmpint(gst_element_set_state(element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
    text = fixture_error(bus, GST_MESSAGE_ERROR, code);
    g_assert_nonnull(text);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(element);
    return text;
}

static char *write_card(const char *dir, const char *architecture, const char *weights)
{
    char *path = g_build_filename(dir, "card.json", NULL);
    g_autofree char *text =
        g_strdup_printf("{\"schema\":1,\"name\":\"x\",\"architecture\":\"%s\",\"variant\":"
                        "\"r50-k400\",\"weights\":\"%s\",\"licence\":\"CC0-1.0\",\"origin\":\"x\"}",
                        architecture, weights);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void test_errors(void)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-XXXXXX", NULL);
    g_autofree char *card = NULL, *damaged = g_build_filename(dir, "damaged", NULL);
    g_autofree char *text = NULL;
    int code;

    text = start_fails("/nonexistent/card.json", &code);
    g_assert_cmpint(code, ==, GST_RESOURCE_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(text, "/nonexistent/card.json"));

    g_free(text);
    text = start_fails("no-such-model", &code);
    g_assert_nonnull(strstr(text, "no-such-model"));

    g_free(text);
    card = write_card(dir, "squeezetime", "missing.safetensors");
    text = start_fails(card, &code);
    g_assert_cmpint(code, ==, GST_RESOURCE_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(text, "missing.safetensors"));

    /* a folder can be opened, not read */
    g_free(text);
    g_free(card);
    g_assert_cmpint(g_mkdir(damaged, 0700), ==, 0);
    card = write_card(dir, "squeezetime", "damaged");
    text = start_fails(card, &code);
    g_assert_nonnull(strstr(text, "damaged"));
    g_rmdir(damaged);

    g_free(text);
    g_assert_true(g_file_set_contents(damaged, "not weights at all, however long it is", -1, NULL));
    text = start_fails(card, &code);
    g_assert_cmpint(code, ==, GST_RESOURCE_ERROR_FAILED);
    g_assert_nonnull(strstr(text, "damaged"));

    g_free(text);
    g_free(card);
    card = write_card(dir, "no-architecture", "damaged");
    text = start_fails(card, &code);
    g_assert_cmpint(code, ==, GST_RESOURCE_ERROR_FAILED);
    g_assert_nonnull(strstr(text, "no-architecture"));

    g_unlink(damaged);
    g_unlink(card);
    g_rmdir(dir);
}

/* A frame of one colour that depends on @i. */
static GstBuffer *colour_frame(guint i, GstClockTime pts)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, SIZE * SIZE * 3, NULL);
    GstMapInfo map;

    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (guint p = 0; p < SIZE * SIZE; p++) {
        map.data[3 * p] = (guint8)(i * 16);
        map.data[3 * p + 1] = (guint8)(p / 16 + i);
        map.data[3 * p + 2] = (guint8)(255 - i * 9);
    }
    gst_buffer_unmap(buffer, &map);
    GST_BUFFER_PTS(buffer) = pts;
    return buffer;
}

/* Scores of the clip of the first frames, from the engine itself. */
static double *expected_scores(VdtEngine *engine, guint *n)
{
    const VdtCard *card = vdt_engine_get_card(engine);
    const VdtShape shape = vdt_engine_get_input_shape(engine, 1, SIZE, SIZE);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtSession) session = vdt_engine_new_session(engine, &shape, &error);
    const VdtTensor *out;
    double *scores, sum = 0;

    g_assert_no_error(error);
    for (guint t = 0; t < N_FRAMES; t++) {
        g_autoptr(GstBuffer) frame = colour_frame(t, 0);
        GstMapInfo map;

        gst_buffer_map(frame, &map, GST_MAP_READ);
        vdt_clip_set_frame(vdt_session_get_input(session, 0), 0, t,
                           &(VdtPicture){map.data, SIZE, SIZE, SIZE * 3}, card->mean, card->std);
        gst_buffer_unmap(frame, &map);
    }
    g_assert_true(vdt_session_run(session, NULL, &error));
    out = vdt_session_get_output(session, 0);
    *n = out->shape.dims[1];
    scores = g_new(double, *n);
    for (guint i = 0; i < *n; i++)
        sum += scores[i] = exp(((const float *)out->data)[i]);
    for (guint i = 0; i < *n; i++)
        scores[i] /= sum;
    return scores;
}

/* The element finds what the network finds in the same pictures. */
static void test_results(void)
{
    g_autoptr(VdtEngine) engine = engine_new();
    g_autofree double *scores = NULL;
    const VdtCard *card = vdt_engine_get_card(engine);
    GstElement *element = recognizer_new();
    GstHarness *h = fixture_harness(element);
    double before = 1;
    guint n;

    scores = expected_scores(engine, &n);
    g_object_set(element, "top-k", 4, NULL);
    gst_harness_set_src_caps_str(h, CAPS_NET);
    for (guint i = 0; i < N_FRAMES; i++) {
        g_autoptr(GstBuffer) out = NULL;
        const GstStructure *s;
        const GValue *results;
        guint64 pts;

        g_assert_cmpint(gst_harness_push(h, colour_frame(i, i * FRAME)), ==, GST_FLOW_OK);
        out = gst_harness_pull(h);
        s = fixture_meta(out, GST_OBJECT_NAME(element));
        if (i < N_FRAMES - 1) {
            g_assert_null(s);
            continue;
        }
        g_assert_nonnull(s);
        g_assert_cmpstr(gst_structure_get_string(s, "kind"), ==, "action");
        gst_structure_get_uint64(s, "result-pts", &pts);
        g_assert_cmpuint(pts, ==, i * FRAME);
        results = gst_structure_get_value(s, "results");
        g_assert_cmpuint(gst_value_array_get_size(results), ==, 4);
        for (guint k = 0; k < 4; k++) {
            const GstStructure *r = gst_value_get_structure(gst_value_array_get_value(results, k));
            double score;
            int class_id;

            gst_structure_get(r, "class-id", G_TYPE_INT, &class_id, "score", G_TYPE_DOUBLE, &score,
                              NULL);
            g_assert_cmpfloat_with_epsilon(score, scores[class_id], 1e-5);
            g_assert_cmpfloat(score, <=, before);
            g_assert_cmpstr(gst_structure_get_string(r, "label"), ==, card->labels[class_id]);
            before = score;
        }
    }
    fixture_harness_free(h);
}

/* What came of a stream, as text: the first window, and each result's time and best score. */
static char *run_stream(guint step_ms, guint n)
{
    GstElement *element = recognizer_new();
    GstHarness *h = fixture_harness(element);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GstMessage) message = NULL;
    guint64 from, to, last = 0;

    gst_harness_set_src_caps_str(h, CAPS_NET);
    for (guint i = 0; i < n; i++) {
        g_autoptr(GstBuffer) out = NULL;
        const GstStructure *s;
        double score;

        gst_harness_push(h, colour_frame(i, i * step_ms * GST_MSECOND));
        out = gst_harness_pull(h);
        s = fixture_meta(out, NULL);
        if (!s || !gst_structure_get_uint64(s, "result-pts", &to) || to == last)
            continue;
        last = to;
        s = gst_value_get_structure(
            gst_value_array_get_value(gst_structure_get_value(s, "results"), 0));
        gst_structure_get_double(s, "score", &score);
        g_string_append_printf(text, "%u %.9f\n", (guint)(to / GST_MSECOND), score);
    }
    message = gst_bus_pop_filtered(fixture_bus(h), GST_MESSAGE_ELEMENT);
    g_assert_nonnull(message);
    gst_structure_get(gst_message_get_structure(message), "window-start", G_TYPE_UINT64, &from,
                      "window-end", G_TYPE_UINT64, &to, NULL);
    fixture_harness_free(h);
    return g_strdup_printf("%u-%u\n%s", (guint)(from / GST_MSECOND), (guint)(to / GST_MSECOND),
                           text->str);
}

/* Exact mode gives the same, however long it takes. */
static void test_deterministic(void)
{
    g_autofree char *one = run_stream(40, 40), *two = run_stream(40, 40);

    g_assert_cmpstr(one, ==, two);
    g_assert_true(g_str_has_prefix(one, "0-600\n600 "));
    g_assert_nonnull(strstr(one, "\n800 "));
    g_assert_nonnull(strstr(one, "\n1000 "));
}

/* Windows are in seconds, at any frame rate. */
static void test_frame_rates(void)
{
    g_autofree char *fast = run_stream(10, 90), *slow = run_stream(100, 9);

    g_assert_true(g_str_has_prefix(fast, "0-580\n") || g_str_has_prefix(fast, "0-590\n") ||
                  g_str_has_prefix(fast, "0-600\n"));
    g_assert_true(g_str_has_prefix(slow, "0-600\n"));
}

/* As a pipeline says it; what is no region leaves the one that was. */
static void test_region(void)
{
    GstElement *element = recognizer_new();
    GValue value = G_VALUE_INIT;
    g_autofree char *text = NULL;

    gst_util_set_object_arg(G_OBJECT(element), "region", "<0, 0.5, 1, 0.5>");
    gst_util_set_object_arg(G_OBJECT(element), "region", "<0.5, 0.5, 1, 0.5>");
    g_value_init(&value, GST_TYPE_ARRAY);
    g_object_get_property(G_OBJECT(element), "region", &value);
    text = gst_value_serialize(&value);
    g_assert_cmpstr(text, ==, "< (double)0, (double)0.5, (double)1, (double)0.5 >");
    g_value_unset(&value);
    gst_object_unref(element);
}

static void test_threshold(void)
{
    GstElement *element = recognizer_new();
    GstHarness *h = fixture_harness(element);
    g_autofree char *events = NULL;
    GstBuffer *out;

    g_object_set(element, "threshold", 1.0, NULL);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 20);
    events = fixture_events(fixture_bus(h));
    g_assert_cmpstr(events, ==, "");
    /* metas carry what is not worth an event */
    gst_harness_push(h, fixture_frame(CAPS_SMALL, 20 * FRAME));
    out = gst_harness_pull(h);
    g_assert_nonnull(fixture_meta(out, NULL));
    gst_buffer_unref(out);
    fixture_harness_free(h);
}

/* Damaged weights are said, once, and counted; nothing is recognised. */
static void test_no_numbers(void)
{
    g_autofree char *card = fixture_damaged_model("tiny", "cls_head.fc_cls");
    GstElement *element = recognizer_new();
    const GValue *results;
    GstBuffer *out;
    GstHarness *h;

    g_object_set(element, "model", card, NULL);
    h = fixture_harness(element);
    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 20);
    gst_harness_push(h, fixture_frame(CAPS_SMALL, 20 * FRAME));
    out = gst_harness_pull(h);
    results = gst_structure_get_value(fixture_meta(out, NULL), "results");
    g_assert_cmpuint(gst_value_array_get_size(results), ==, 0);
    gst_buffer_unref(out);
    fixture_check_no_numbers(h);
    fixture_harness_free(h);
}

static void test_change_while_playing(void)
{
    GstElement *element = recognizer_new();
    GstHarness *h = fixture_harness(element);
    g_autofree char *card = fixture_model("tiny/card.json");

    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 20);
    for (int framing = VDT_FRAMING_OF_MODEL; framing <= VDT_FRAMING_FIT; framing++) {
        const guint64 before = fixture_stat(element, "results");

        g_object_set(element, "framing", framing, "window", 0.4 + framing * 0.1, "top-k",
                     3 + framing, "model", card, NULL);
        fixture_push(h, CAPS_SMALL, (framing + 3) * 10 * GST_SECOND, FRAME, 40);
        g_assert_cmpuint(fixture_stat(element, "results"), >, before);
    }
    g_object_set(element, "precision", VDT_PRECISION_BF16, NULL);
    fixture_push(h, CAPS_SMALL, 80 * GST_SECOND, FRAME, 40);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 0);
    g_object_set(element, "model", "no-such-model", NULL);
    fixture_push(h, CAPS_SMALL, 100 * GST_SECOND, FRAME, 40);
    g_assert_cmpuint(fixture_count(fixture_bus(h), GST_MESSAGE_WARNING, NULL), ==, 1);
    fixture_harness_free(h);
}

/* Results stay with frames that are scaled and converted. */
static void test_meta_survives(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch = g_strdup_printf(
        "squeezetime-recognizer name=r mode=exact window=0.6 model=\"%s\" ! videoscale ! "
        "video/x-raw,width=32,height=40 ! videoconvert ! video/x-raw,format=BGRA ! "
        "videoconvertscale ! video/x-raw,format=NV12,width=96 ! queue ! identity",
        card);
    GstHarness *h = gst_harness_new_parse(launch);
    GstBuffer *out = NULL;
    const GstStructure *s;

    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    for (guint i = 0; i < 20; i++) {
        gst_clear_buffer(&out);
        gst_harness_push(h, fixture_frame(CAPS_SMALL, i * FRAME));
        out = gst_harness_pull(h);
    }
    s = fixture_meta(out, "r");
    g_assert_nonnull(s);
    g_assert_cmpstr(gst_structure_get_string(s, "kind"), ==, "action");
    g_assert_cmpuint(gst_value_array_get_size(gst_structure_get_value(s, "results")), ==, 5);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}

typedef struct {
    GMutex lock;
    GHashTable *memories; /* of PTS, before the tee */
    guint checked[2], metas;
} Branches;

static GstPadProbeReturn before_tee(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Branches *b = data;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);

    g_mutex_lock(&b->lock);
    g_hash_table_insert(b->memories, GSIZE_TO_POINTER(GST_BUFFER_PTS(buffer)),
                        gst_buffer_peek_memory(buffer, 0));
    g_mutex_unlock(&b->lock);
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn after_tee(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Branches *b = data;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    g_autofree char *sink = gst_object_get_name(GST_OBJECT(GST_OBJECT_PARENT(pad)));

    g_mutex_lock(&b->lock);
    g_assert_true(g_hash_table_lookup(b->memories, GSIZE_TO_POINTER(GST_BUFFER_PTS(buffer))) ==
                  gst_buffer_peek_memory(buffer, 0));
    b->checked[g_str_equal(sink, "two")]++;
    if (fixture_meta(buffer, "r")) {
        g_assert_cmpstr(sink, ==, "one");
        b->metas++;
    }
    g_mutex_unlock(&b->lock);
    return GST_PAD_PROBE_OK;
}

/* Behind a tee, both branches have the same memory, and only one has the metas. */
static void test_tee(void)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=40 ! video/x-raw,format=NV12,width=96,height=64,framerate=25/1 ! "
        "identity name=before ! tee name=t ! queue ! squeezetime-recognizer name=r mode=exact "
        "window=0.6 model=\"%s\" ! fakesink name=one t. ! queue ! fakesink name=two",
        card);
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_parse_launch(launch, &error);
    Branches b = {.memories = g_hash_table_new(NULL, NULL)};

    g_assert_no_error(error);
    g_mutex_init(&b.lock);
    fixture_add_probe(pipeline, "before", "src", before_tee, &b);
    fixture_add_probe(pipeline, "one", "sink", after_tee, &b);
    fixture_add_probe(pipeline, "two", "sink", after_tee, &b);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    fixture_wait_eos(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_assert_cmpuint(b.checked[0], ==, 40);
    g_assert_cmpuint(b.checked[1], ==, 40);
    g_assert_cmpuint(b.metas, ==, 25);
    g_hash_table_unref(b.memories);
    g_mutex_clear(&b.lock);
    gst_object_unref(pipeline);
}

static VdtEngine *shared(VdtPrecision precision)
{
    g_autofree char *card = fixture_model("tiny/card.json");
    g_autoptr(GError) error = NULL;
    VdtEngine *engine =
        vdt_engine_get_shared(&(VdtEngineOptions){.model = card, .precision = precision}, &error);

    g_assert_no_error(error);
    return engine;
}

/* Elements of the same model have one engine, and hold it themselves. */
static void test_shared_engine(void)
{
    GstElement *elements[4];
    VdtEngine *first = NULL, *last;

    for (guint i = 0; i < 4; i++) {
        elements[i] = recognizer_new();
        g_assert_cmpint(gst_element_set_state(elements[i], GST_STATE_PAUSED), !=,
                        GST_STATE_CHANGE_FAILURE);
        if (i == 0) {
            first = shared(VDT_PRECISION_F32);
            vdt_engine_unref(first);
        }
    }
    last = shared(VDT_PRECISION_F32);
    g_assert_true(last == first);
    vdt_engine_unref(last);
    for (guint i = 0; i < 4; i++) {
        gst_element_set_state(elements[i], GST_STATE_NULL);
        gst_object_unref(elements[i]);
    }
}

static GstBusSyncReply hand_in(GstBus *bus, GstMessage *message, gpointer engine)
{
    const char *type;

    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_NEED_CONTEXT &&
        gst_message_parse_context_type(message, &type) && g_str_equal(type, VDT_ENGINE_CONTEXT)) {
        g_autoptr(GstContext) context = gst_context_new(VDT_ENGINE_CONTEXT, TRUE);

        gst_structure_set(gst_context_writable_structure(context), "engine", VDT_TYPE_ENGINE,
                          engine, NULL);
        gst_element_set_context(GST_ELEMENT(GST_MESSAGE_SRC(message)), context);
    }
    gst_message_unref(message);
    return GST_BUS_DROP;
}

/* An application's engine serves the element that asks for one and names no other model. */
static void test_context(void)
{
    g_autoptr(VdtEngine) engine = engine_new();

    for (guint named = 0; named < 2; named++) {
        GstElement *element = gst_element_factory_make("squeezetime-recognizer", NULL);
        g_autoptr(GstBus) bus = gst_bus_new();

        gst_bus_set_sync_handler(bus, hand_in, engine, NULL);
        gst_element_set_bus(element, bus);
        if (named)
            g_object_set(element, "model", "no-such-model", NULL);
        g_assert_cmpint(gst_element_set_state(element, GST_STATE_PAUSED) ==
                            GST_STATE_CHANGE_FAILURE,
                        ==, named);
        gst_element_set_state(element, GST_STATE_NULL);
        gst_element_set_bus(element, NULL);
        gst_object_unref(element);
    }
}

static GstPadProbeReturn answer(GstPad *pad, GstPadProbeInfo *info, gpointer engine)
{
    GstQuery *query = GST_PAD_PROBE_INFO_QUERY(info);
    g_autoptr(GstContext) context = NULL;
    const char *type;

    if (GST_QUERY_TYPE(query) != GST_QUERY_CONTEXT || !gst_query_parse_context_type(query, &type) ||
        !g_str_equal(type, VDT_ENGINE_CONTEXT))
        return GST_PAD_PROBE_OK;
    context = gst_context_new(VDT_ENGINE_CONTEXT, TRUE);
    gst_structure_set(gst_context_writable_structure(context), "engine", VDT_TYPE_ENGINE, engine,
                      NULL);
    gst_query_set_context(query, context);
    return GST_PAD_PROBE_HANDLED;
}

/* A neighbour's engine is asked for before the bus. */
static void test_context_of_neighbour(void)
{
    g_autoptr(VdtEngine) engine = engine_new();
    GstElement *pipeline = gst_parse_launch(
        "fakesrc num-buffers=0 ! squeezetime-recognizer ! fakesink name=after", NULL);
    g_autoptr(GstElement) after = gst_bin_get_by_name(GST_BIN(pipeline), "after");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(after, "sink");
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, answer, engine, NULL);
    g_assert_cmpint(gst_element_set_state(pipeline, GST_STATE_PAUSED), !=,
                    GST_STATE_CHANGE_FAILURE);
    g_assert_cmpuint(fixture_count(bus, GST_MESSAGE_NEED_CONTEXT, NULL), ==, 0);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

static void test_event_json(void)
{
    GstElement *element = recognizer_new();
    GstHarness *h = fixture_harness(element);
    g_autoptr(GDateTime) time = g_date_time_new_utc(2024, 2, 29, 12, 30, 1.5);
    g_autoptr(GstMessage) message = NULL, other = NULL;
    g_autofree char *line = NULL, *id = NULL, *head = NULL;
    guint64 window_start = 1, window_end = 0;

    gst_harness_set_src_caps_str(h, CAPS_SMALL);
    fixture_push(h, CAPS_SMALL, 0, FRAME, 16);
    message = gst_bus_pop_filtered(fixture_bus(h), GST_MESSAGE_ELEMENT);
    line = vdt_event_to_json(message, "door \"1\"\n", time);
    id = g_strdup(gst_structure_get_string(gst_message_get_structure(message), "id"));
    head = g_strdup_printf("{\"type\":\"action\",\"event\":\"start\",\"id\":\"%s\",\"stream\":"
                           "\"door \\\"1\\\"\\n\",\"element\":\"%s\",\"label\":\"label ",
                           id, GST_OBJECT_NAME(element));
    g_assert_true(g_str_has_prefix(line, head));
    g_assert_true(
        g_str_has_suffix(line, ",\"pts_ns\":300000000,\"time\":\"2024-02-29T12:30:01.500000Z\"}"));
    g_assert_null(strchr(line, '\n'));
    /* a start is dated back, its window is as it was */
    gst_structure_get(gst_message_get_structure(message), "window-start", G_TYPE_UINT64,
                      &window_start, "window-end", G_TYPE_UINT64, &window_end, NULL);
    g_assert_cmpuint(window_start, ==, 0);
    g_assert_cmpuint(window_end, ==, 600 * GST_MSECOND);

    other = gst_message_new_element(NULL, gst_structure_new_empty("level"));
    g_assert_null(vdt_event_to_json(other, "x", NULL));
    fixture_harness_free(h);
}

/* The presets that are shipped set what they name, and leave the model. */
static void test_presets(void)
{
    GstElement *element = gst_object_ref_sink(recognizer_new());
    GstPreset *preset = GST_PRESET(element);
    g_auto(GStrv) names = gst_preset_get_preset_names(preset);
    double interval, min_duration, threshold;
    g_autofree char *model = NULL, *after = NULL;

    g_object_get(element, "model", &model, NULL);
    g_assert_cmpuint(g_strv_length(names), ==, 4);
    for (guint i = 0; names[i]; i++) {
        g_autofree char *comment = NULL;

        g_assert_true(gst_preset_get_meta(preset, names[i], "comment", &comment));
        g_assert_true(gst_preset_load_preset(preset, names[i]));
    }
    g_assert_true(gst_preset_load_preset(preset, "Edge"));
    g_object_get(element, "interval", &interval, "min-duration", &min_duration, "threshold",
                 &threshold, "model", &after, NULL);
    g_assert_cmpfloat(interval, ==, 1);
    g_assert_cmpfloat(min_duration, ==, 1);
    g_assert_cmpfloat(threshold, ==, 0.5);
    g_assert_cmpstr(model, ==, after);
    g_assert_true(gst_preset_load_preset(preset, "Certain"));
    g_object_get(element, "threshold", &threshold, NULL);
    g_assert_cmpfloat(threshold, ==, 0.8);
    gst_object_unref(element);
}

/* One element, started and stopped, and new ones. */
static void test_cycles(void)
{
    const guint n = g_getenv("VEDETTE_SOAK") ? 1000 : 50;
    GstElement *same = gst_object_ref_sink(recognizer_new());
    g_autoptr(VdtEngine) engine = shared(VDT_PRECISION_F32);

    for (guint i = 0; i < n; i++) {
        GstElement *element = i % 2 ? same : recognizer_new();
        GstHarness *h;

        g_object_set(element, "mode", i % 3 ? VDT_ANALYZER_LIVE : VDT_ANALYZER_EXACT, NULL);
        h = fixture_harness(element);
        gst_harness_set_src_caps_str(h, CAPS_SMALL);
        fixture_push(h, CAPS_SMALL, 0, FRAME, 18);
        fixture_harness_free(h);
    }
    gst_object_unref(same);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/recognizer/inspect", test_inspect);
    g_test_add_func("/recognizer/errors", test_errors);
    g_test_add_func("/recognizer/results", test_results);
    g_test_add_func("/recognizer/deterministic", test_deterministic);
    g_test_add_func("/recognizer/frame-rates", test_frame_rates);
    g_test_add_func("/recognizer/region", test_region);
    g_test_add_func("/recognizer/threshold", test_threshold);
    g_test_add_func("/recognizer/no-numbers", test_no_numbers);
    g_test_add_func("/recognizer/change-while-playing", test_change_while_playing);
    g_test_add_func("/recognizer/meta-survives", test_meta_survives);
    g_test_add_func("/recognizer/tee", test_tee);
    g_test_add_func("/recognizer/shared-engine", test_shared_engine);
    g_test_add_func("/recognizer/context", test_context);
    g_test_add_func("/recognizer/context-of-neighbour", test_context_of_neighbour);
    g_test_add_func("/recognizer/event-json", test_event_json);
    g_test_add_func("/recognizer/presets", test_presets);
    g_test_add_func("/recognizer/cycles", test_cycles);
    return fixture_run();
}
