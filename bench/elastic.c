/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four live streams with a classifier each, of which results are wanted faster and faster, on two
 * threads: bench-elastic [--streams N] [--seconds N] [--elastic SHARE]
 *
 * First as often as all of them can have results with room to spare, then twice as often; each for
 * half of the time, once with streams that are rigid and once with elastic ones. The network is
 * DeiT-T with made-up weights, the cameras are patterns of 320 x 240 at 25 frames a second. How old
 * the results are that frames carry is counted in intervals, after a fifth of each half, in which
 * streams find their level. A JSON line for each half.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <vedette/runtime.h>
#include <vedette/train.h>

#include "analyzer/resultmeta.h"
#include "classifier/slabclassifier.h"
#include "measure.h"
#include "model.h"

#define THREADS 2
#define ROOM    0.45 /* the share of the interval that all streams' results take at first */
#define RUNS    20
#define CARD                                                                                       \
    "{\"schema\": 1, \"name\": \"made-up\", \"architecture\": \"tocom\", \"variant\": "            \
    "\"deit_t\", \"weights\": \"weights.safetensors\", \"licence\": \"CC0-1.0\", "                 \
    "\"origin\": \"bench-elastic, at random\"}\n"

typedef struct {
    GstElement *pipeline, *classifier;
    GArray *ages; /* doubles, in intervals */
    double interval;
    gint counting; /* atomic */
} Stream;

static void note_frame(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
    GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, VDT_RESULT_META_NAME);
    Stream *s = data;
    guint64 age;

    if (g_atomic_int_get(&s->counting) && meta &&
        gst_structure_get_uint64(gst_custom_meta_get_structure(meta), "age", &age)) {
        const double intervals = (double)age / GST_SECOND / s->interval;

        g_array_append_val(s->ages, intervals);
    }
}

static gboolean make_model(const char *dir, GError **error)
{
    const VdtModel *model = vdt_model_find("tocom", error);
    const VdtVariant *variant = vdt_model_find_variant(model, "deit_t", error);
    g_autoptr(JsonObject) config = vdt_variant_config(variant);
    VdtShape input = model->input_shape(config, 1, variant->size, variant->size);
    VdtBuild asked = vdt_model_ask(model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = NULL;
    g_autofree char *path = g_build_filename(dir, "weights.safetensors", NULL);
    g_autofree char *card = g_build_filename(dir, "card.json", NULL);

    if (!model->build(config, graph, &asked, error))
        return FALSE;
    weights = vdt_weights_new_random(graph, 1);
    return vdt_weights_save_safetensors(weights, path, error) &&
           g_file_set_contents(card, CARD, -1, error);
}

/* Seconds of one inference, the least of some. */
static double time_one(const char *card, GError **error)
{
    g_autoptr(VdtEngine) engine = vdt_engine_new(&(VdtEngineOptions){.model = card}, error);
    VdtShape input = engine ? vdt_engine_get_input_shape(engine, 1, 224, 224) : (VdtShape){0};
    g_autoptr(VdtSession) session = engine ? vdt_engine_new_session(engine, &input, error) : NULL;
    double least = 1e9;

    for (guint i = 0; i < RUNS && session; i++) {
        const double begin = measure_ms(CLOCK_MONOTONIC);

        if (!vdt_session_run(session, NULL, error))
            return 0;
        least = MIN(least, measure_ms(CLOCK_MONOTONIC) - begin);
    }
    return session ? least / 1e3 : 0;
}

static gboolean stream_open(Stream *s, const char *card, double elastic, GError **error)
{
    g_autoptr(GstElement) sink = NULL;

    s->ages = g_array_new(FALSE, FALSE, sizeof(double));
    s->pipeline = gst_parse_launch_full(
        "videotestsrc is-live=true ! video/x-raw, format=RGB, width=320, height=240, "
        "framerate=25/1 ! slab-classifier name=classifier ! "
        "fakesink name=sink sync=true qos=false signal-handoffs=true",
        NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    if (!s->pipeline)
        return FALSE;
    s->classifier = gst_bin_get_by_name(GST_BIN(s->pipeline), "classifier");
    sink = gst_bin_get_by_name(GST_BIN(s->pipeline), "sink");
    g_object_set(s->classifier, "model", card, "elastic", elastic, "interval", s->interval, NULL);
    g_signal_connect(sink, "handoff", G_CALLBACK(note_frame), s);
    gst_element_set_state(s->pipeline, GST_STATE_PLAYING);
    return TRUE;
}

static void stream_close(Stream *s)
{
    if (!s->pipeline)
        return;
    gst_element_set_state(s->pipeline, GST_STATE_NULL);
    g_clear_object(&s->classifier);
    g_clear_object(&s->pipeline);
    g_array_unref(s->ages);
}

/* Half of the time at @interval, and what came of it. */
static void half(Stream *streams, guint n, double interval, double seconds, double elastic,
                 gboolean doubled)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    double kept = 0;

    for (guint i = 0; i < n; i++) {
        streams[i].interval = interval;
        g_object_set(streams[i].classifier, "interval", interval, NULL);
    }
    g_usleep((gulong)(seconds / 5 * G_USEC_PER_SEC));
    for (guint i = 0; i < n; i++)
        g_atomic_int_set(&streams[i].counting, TRUE);
    g_usleep((gulong)(seconds * 4 / 5 * G_USEC_PER_SEC));
    for (guint i = 0; i < n; i++)
        g_atomic_int_set(&streams[i].counting, FALSE);
    g_usleep(G_USEC_PER_SEC / 5); /* for a frame that is on its way */
    for (guint i = 0; i < n; i++) {
        g_autoptr(GstStructure) stats = NULL;
        double share = 0;

        g_object_get(streams[i].classifier, "stats", &stats, NULL);
        gst_structure_get_double(stats, "kept", &share);
        kept += share / n;
        g_array_append_vals(all, streams[i].ages->data, streams[i].ages->len);
        g_array_set_size(streams[i].ages, 0);
    }
    measure_sort((double *)all->data, all->len);
    printf("{\"bench\":\"elastic\",\"streams\":%u,\"threads\":%d,\"elastic\":%.2f,\"load\":\"%s\","
           "\"interval_ms\":%.1f,\"frames\":%u,\"age_intervals_p50\":%.2f,"
           "\"age_intervals_p95\":%.2f,\"kept\":%.2f}\n",
           n, THREADS, elastic, doubled ? "doubled" : "usual", 1e3 * interval, all->len,
           all->len ? g_array_index(all, double, all->len / 2) : 0,
           all->len ? g_array_index(all, double, all->len * 95 / 100) : 0, kept);
    fflush(stdout);
}

static gboolean run(const char *card, guint n, double seconds, double elastic, double interval,
                    GError **error)
{
    g_autofree Stream *streams = g_new0(Stream, n);
    gboolean done = TRUE;

    for (guint i = 0; i < n && done; i++) {
        streams[i].interval = interval;
        done = stream_open(&streams[i], card, elastic, error);
    }
    if (done) {
        half(streams, n, interval, seconds / 2, elastic, FALSE);
        half(streams, n, interval / 2, seconds / 2, elastic, TRUE);
    }
    for (guint i = 0; i < n; i++)
        stream_close(&streams[i]);
    return done;
}

static gboolean bench(guint n, double seconds, double elastic, GError **error)
{
    g_autofree char *dir = g_dir_make_tmp("vedette-elastic-XXXXXX", error);
    g_autofree char *card = dir ? g_build_filename(dir, "card.json", NULL) : NULL;
    g_autofree char *weights = dir ? g_build_filename(dir, "weights.safetensors", NULL) : NULL;
    double one;
    gboolean done = FALSE;

    if (!dir)
        return FALSE;
    one = make_model(dir, error) ? time_one(card, error) : 0;
    if (one > 0)
        done = run(card, n, seconds, 0, n * one / ROOM, error) &&
               run(card, n, seconds, elastic, n * one / ROOM, error);
    g_unlink(card);
    g_unlink(weights);
    g_rmdir(dir);
    return done;
}

int main(int argc, char **argv)
{
    int n = 4;
    double seconds = 60, elastic = 0.4;
    const GOptionEntry entries[] = {
        {"streams", 0, 0, G_OPTION_ARG_INT, &n, "How many (4)", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "How long, each time (60)", "N"},
        {"elastic", 0, 0, G_OPTION_ARG_DOUBLE, &elastic, "Least share of tokens (0.4)", "SHARE"},
        {NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(options, entries, NULL);
    g_option_context_add_group(options, gst_init_get_option_group());
    if (!g_option_context_parse(options, &argc, &argv, &error) || argc > 1 || n < 1 || n > 1000 ||
        !(seconds >= 5) || !(elastic > 0 && elastic <= 1)) {
        g_printerr("bench-elastic: %s\n", error ? error->message : "wrong usage; see --help");
        return 2;
    }
    vdt_threads_set(THREADS);
    GST_ELEMENT_REGISTER(slab_classifier, NULL);
    vdt_result_meta_get_info();
    if (bench((guint)n, seconds, elastic, &error))
        return 0;
    g_printerr("bench-elastic: %s\n", error->message);
    return 1;
}
