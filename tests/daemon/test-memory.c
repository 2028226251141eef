/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much memory a configuration needs: what is counted once, the limit, and whether it is so. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "build/memory.h"
#include "build/parts.h"
#include "fixture.h"

#define STREET "[stream]\nsource=street:///\nexpected-size=640x360\n"

static VdtConfig *load(void)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    VdtConfig *config = vdt_config_load(fixture_path(""), problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[i]);
        g_error("%s", shown);
    }
    return config;
}

static VdtMemoryNeed *estimate(const VdtConfig *config)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    VdtMemoryNeed *need = vdt_memory_estimate(config, problems);
    g_assert_cmpuint(vdt_problems_count(problems), ==, 0);
    return need;
}

static void test_sharing(void)
{
    fixture_files("streams.d/a.conf", STREET "[recognizer]\n[recognizer b]\n", "streams.d/b.conf",
                  STREET "[recognizer]\nmodel=squeezetime-street\n", "streams.d/c.conf",
                  STREET "[segmenter]\n[recognizer]\nprecision=bf16\n", "streams.d/d.conf", STREET,
                  NULL);
    g_autoptr(VdtConfig) config = load();
    g_autoptr(VdtMemoryNeed) need = estimate(config);
    g_assert_cmpuint(need->models->len, ==, 3);
    const VdtModelNeed *f32 = need->models->pdata[0], *maps = need->models->pdata[1],
                       *bf16 = need->models->pdata[2];
    g_assert_cmpstr(f32->label, ==, "squeezetime-street f32");
    g_assert_cmpstr(maps->label, ==, "cgrseg-street f32");
    g_assert_cmpstr(bf16->label, ==, "squeezetime-street bf16");
    g_assert_cmpuint(f32->n_users, ==, 3);
    g_assert_cmpuint(bf16->n_users, ==, 1);
    g_assert_cmpuint(bf16->bytes, <, f32->bytes);
    const VdtStreamNeed *a = need->streams->pdata[0], *b = need->streams->pdata[1],
                        *d = need->streams->pdata[3];
    g_assert_cmpuint(a->sessions, ==, 2 * b->sessions);
    g_assert_cmpuint(d->sessions, ==, 0);
    guint64 sum = need->base;
    for (guint i = 0; i < need->models->len; i++)
        sum += ((VdtModelNeed *)need->models->pdata[i])->bytes;
    for (guint i = 0; i < need->streams->len; i++)
        sum += vdt_stream_need_total(need->streams->pdata[i]);
    g_assert_cmpuint(need->total, ==, sum);
}

/* Larger pictures need more, of the decoder and of the network. */
static void test_sizes(void)
{
    fixture_files("streams.d/a.conf", "[stream]\nsource=street:///\n", "streams.d/b.conf",
                  "[stream]\nsource=street:///\nexpected-size=3840x2160\n", "streams.d/c.conf",
                  STREET "[segmenter]\nresolution=256x128\n", "streams.d/d.conf",
                  STREET "[segmenter]\nresolution=512x256\n", NULL);
    g_autoptr(VdtConfig) config = load();
    g_autoptr(VdtMemoryNeed) need = estimate(config);
    const VdtStreamNeed *const *streams = (const VdtStreamNeed *const *)need->streams->pdata;
    g_assert_cmpuint(streams[1]->frames, >, 3 * streams[0]->frames);
    g_assert_cmpuint(streams[3]->sessions, >, 3 * streams[2]->sessions);
}

/* A classifier of many pictures keeps them, and has batches. */
static void test_classifier(void)
{
    g_autofree char *card =
        g_build_filename(g_getenv("VEDETTE_TEST_MODELS"), "classes", "card.json", NULL);
    g_autofree char *frame = g_strdup_printf(STREET "[classifier]\nmodel=%s\n", card);
    g_autofree char *few =
        g_strdup_printf(STREET "[classifier]\nmodel=%s\nclassify=regions\nmax-boxes=10\n", card);
    g_autofree char *many =
        g_strdup_printf(STREET "[classifier]\nmodel=%s\nclassify=regions\nmax-boxes=110\n", card);
    fixture_files("streams.d/a.conf", frame, "streams.d/b.conf", few, "streams.d/c.conf", many,
                  NULL);
    g_autoptr(VdtConfig) config = load();
    g_autoptr(VdtMemoryNeed) need = estimate(config);
    const VdtStreamNeed *const *streams = (const VdtStreamNeed *const *)need->streams->pdata;
    g_assert_cmpuint(need->models->len, ==, 1);
    g_assert_cmpuint(streams[1]->sessions, >, 10 * streams[0]->sessions);
    g_assert_cmpuint(streams[2]->sessions - streams[1]->sessions, ==, 100 * 3 * 32 * 32 * 3);
}

static void test_limit(void)
{
    fixture_files("vedette.conf", "\n[service]\nmemory-limit=80M\n", "streams.d/a.conf",
                  STREET "[segmenter]\n", NULL);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtConfig) config = load();
    g_assert_null(vdt_memory_estimate(config, problems));
    fixture_expect(problems, "vedette.conf:3: [service] memory-limit=80M: the streams are "
                             "estimated to need ");
    g_assert_cmpuint(vdt_problems_count(problems), ==, 1);
    fixture_add("vedette.conf", "[service]\nmemory-limit=2G\n");
    g_autoptr(VdtConfig) more = load();
    g_autoptr(VdtMemoryNeed) need = estimate(more);
    g_assert_cmpuint(need->limit, ==, (guint64)2 << 30);
    g_assert_cmpstr(need->limited_by, ==, "memory-limit");
    fixture_add("vedette.conf", "");
    g_autoptr(VdtConfig) none = load();
    g_autoptr(VdtMemoryNeed) own = estimate(none);
    g_assert_cmpuint(own->limit, >, 0);
    g_assert_cmpstr(own->limited_by, !=, "memory-limit");
}

static void test_cgroup(void)
{
    fixture_files("memory.max", "1000000\n", "a/memory.max", "max\n", "a/b/memory.max", "5000\n",
                  "a/b/c/memory.max", "max\n", "d/x", "", NULL);
    g_autofree char *root = g_strdup(fixture_path(""));
    g_assert_cmpuint(vdt_cgroup_memory_limit(root, "/a/b/c"), ==, 5000);
    g_assert_cmpuint(vdt_cgroup_memory_limit(root, "/a"), ==, 1000000);
    g_assert_cmpuint(vdt_cgroup_memory_limit(root, "/"), ==, 1000000);
    g_assert_cmpuint(vdt_cgroup_memory_limit("/nowhere", "/a"), ==, 0);
}

/* Weights that are no weights. */
static void test_damaged(void)
{
    fixture_files("model/card.json",
                  "{\"schema\":1,\"name\":\"x\",\"architecture\":\"squeezetime\","
                  "\"variant\":\"r50-k400\",\"weights\":\"w.safetensors\",\"licence\":\"x\","
                  "\"origin\":\"x\"}",
                  "model/w.safetensors", "rubbish", NULL);
    g_autofree char *text =
        g_strdup_printf(STREET "[recognizer]\nmodel=%s\n", fixture_path("model/card.json"));
    fixture_add("streams.d/a.conf", text);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autoptr(VdtConfig) config = load();
    g_assert_null(vdt_memory_estimate(config, problems));
    fixture_expect(problems, "streams.d/a.conf:5: [recognizer] model=");
}

/* Bytes that this process has of its own. */
static guint64 own_bytes(void)
{
    g_autofree char *text = NULL;
    guint64 total, resident, shared;
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    g_assert_cmpint(sscanf(text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                           &total, &resident, &shared),
                    ==, 3);
    return (resident - shared) * 4096;
}

/* A film in H.264 to play. */
static void make_film(const char *film)
{
    g_autofree char *make = g_strdup_printf(
        "videotestsrc num-buffers=300 pattern=ball ! video/x-raw,format=I420,width=1280,"
        "height=720,framerate=15/1 ! x264enc speed-preset=faster ref=4 key-int-max=30 ! "
        "matroskamux ! "
        "filesink location=\"%s\"",
        film);
    g_autoptr(GstElement) maker = gst_parse_launch(make, NULL);
    g_autoptr(GstBus) bus = gst_element_get_bus(maker);
    gst_element_set_state(maker, GST_STATE_PLAYING);
    g_autoptr(GstMessage) end =
        gst_bus_timed_pop_filtered(bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    g_assert_cmpint(GST_MESSAGE_TYPE(end), ==, GST_MESSAGE_EOS);
    gst_element_set_state(maker, GST_STATE_NULL);
}

static GstElement *play(const VdtStreamConfig *stream)
{
    g_autoptr(GError) error = NULL;
    GstElement *pipeline = gst_pipeline_new(NULL);
    GstElement *source = vdt_make_source(stream, &error);
    g_assert_no_error(error);
    GstElement *analysis = vdt_make_analysis(stream, &error);
    g_assert_no_error(error);
    gst_bin_add_many(GST_BIN(pipeline), source, analysis, NULL);
    g_assert_true(gst_element_link(source, analysis));
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    return pipeline;
}

static guint64 results_of(GstElement *pipeline, const char *name)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(pipeline), name);
    g_autoptr(GstStructure) stats = NULL;
    guint64 results = 0;
    g_object_get(element, "stats", &stats, NULL);
    gst_structure_get_uint64(stats, "results", &results);
    return results;
}

/* Whether all analysers have done what they do, twice. */
static gboolean is_under_way(GstElement **pipelines, guint n, const VdtStreamConfig *stream)
{
    for (guint i = 0; i < n; i++)
        for (guint k = 0; k < stream->analysers->len; k++) {
            const VdtAnalyserConfig *analyser = stream->analysers->pdata[k];
            if (results_of(pipelines[i], analyser->name) < 2)
                return FALSE;
        }
    return TRUE;
}

/* What streams take is not more than was said, and not far less. */
static void check_so(const char *uri, const char *analysers)
{
    enum { N = 4 };
    GstElement *pipelines[N];
    fixture_files("vedette.conf", "", NULL);
    g_autofree char *text =
        g_strdup_printf("[stream]\nsource=%s\nexpected-size=1280x720\n%s", uri, analysers);
    for (guint i = 0; i < N; i++) {
        g_autofree char *name = g_strdup_printf("streams.d/s%u.conf", i);
        fixture_add(name, text);
    }
    g_autoptr(VdtConfig) config = load();
    g_autoptr(VdtMemoryNeed) need = estimate(config);
    malloc_trim(0); /* what an earlier one has left */
    guint64 before = own_bytes(), most = before;
    for (guint i = 0; i < N; i++)
        pipelines[i] = play(config->streams->pdata[i]);
    for (guint i = 0; i < 25 || (i < 300 && !is_under_way(pipelines, N, config->streams->pdata[0]));
         i++) {
        g_usleep(G_USEC_PER_SEC / 10);
        most = MAX(most, own_bytes());
    }
    g_assert_true(is_under_way(pipelines, N, config->streams->pdata[0]));
    for (guint i = 0; i < N; i++) {
        gst_element_set_state(pipelines[i], GST_STATE_NULL);
        gst_object_unref(pipelines[i]);
    }
    guint64 taken = most - before, said = need->total - need->base;
    g_autofree char *a = vdt_bytes_show(taken), *b = vdt_bytes_show(said);
    g_test_message("%d streams took %s, %s were estimated; before, there were %" G_GUINT64_FORMAT
                   "M, and the base is %" G_GUINT64_FORMAT "M",
                   N, a, b, before >> 20, need->base >> 20);
    g_assert_cmpuint(taken, <, said);
    g_assert_cmpuint(taken, >, said / 4);
}

static void test_is_so(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    g_test_skip("a sanitizer needs memory of its own");
    return;
#endif
    g_autofree char *dir = g_dir_make_tmp("vedette-film-XXXXXX", NULL);
    g_autofree char *film = g_build_filename(dir, "film.mkv", NULL);
    make_film(film);
    g_autofree char *uri = g_filename_to_uri(film, NULL, NULL);
    malloc_trim(0);                             /* what an earlier one has left */
    g_assert_cmpuint(own_bytes(), <, 64 << 20); /* the base */
    check_so(uri, "");
    check_so(uri, "[recognizer]\nwindow=1s\n[segmenter]\n");
    g_unlink(film);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    gst_init(NULL, NULL);
    fixture_open(&argc, &argv);
    g_test_add_func("/memory/sharing", test_sharing);
    g_test_add_func("/memory/sizes", test_sizes);
    g_test_add_func("/memory/classifier", test_classifier);
    g_test_add_func("/memory/limit", test_limit);
    g_test_add_func("/memory/cgroup", test_cgroup);
    g_test_add_func("/memory/damaged", test_damaged);
    g_test_add_func("/memory/is-so", test_is_so);
    return fixture_close();
}
