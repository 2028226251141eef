/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every property's values, one after the other, while results are made: what is made for each
 * result and freed by nobody adds up. GLib's slices hide that, so this runs without them.
 *
 * With VEDETTE_SOAK it takes VEDETTE_SOAK_SECONDS (600), and prints the resident memory.
 */
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_MEMORY TRUE /* a sanitizer holds back what was freed */
#else
#define KEEPS_MEMORY FALSE
#endif

#define FRAME      (GST_SECOND / 25)
#define N_RESULTS  50          /* for each value */
#define PER_RESULT 16          /* bytes; a list's link is 24 */
#define SLACK      (16 * 1024) /* what is made now and then */

typedef struct {
    const char *property, *values; /* values are separated by bars */
} Values;

static const Values common[] = {{"mode", "live|aligned|exact"},
                                {"interval", "0|0.02"},
                                {"min-duration", "0|0.1"},
                                {"post-events", "start+end|update|start+update+end"},
                                {"post-messages", "true|false"},
                                {"framing", "model|stretch|crop|fit"},
                                {"region", "<0.1, 0.1, 0.5, 0.5>|<0, 0, 1, 1>"},
                                {"precision", "f32|bf16|f32"},
                                {NULL, NULL}};
static const Values of_segmenter[] = {{"classes", "0,2|nothing|"},
                                      {"min-area", "0.01|0"},
                                      {"smoothing", "0.5|0"},
                                      {"map-size", "frame|network"},
                                      {"run-length", "true|false|true"},
                                      {"roi-metas", "true|false|true"},
                                      {"zones", "a: 0,0 1,0 1,1; b: 0,0 0.5,0 0.5,0.5|"},
                                      {"zone-share", "0.01|0.9"},
                                      {"zone-hysteresis", "0.1|1"},
                                      {"resolution", "32x32|64x64"},
                                      {NULL, NULL}};
static const Values of_recognizer[] = {{"top-k", "1|5"},
                                       {"threshold", "0|1|0.1"},
                                       {"hysteresis", "0|0.5"},
                                       {"window", "0.2|0.3"},
                                       {NULL, NULL}};

static gsize resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size, pages = 0;

    malloc_trim(0);
    g_assert_nonnull(file);
    g_assert_cmpint(fscanf(file, "%lu %lu", &size, &pages), ==, 2);
    fclose(file);
    return pages * (gsize)sysconf(_SC_PAGESIZE);
}

static gsize in_use(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

typedef struct {
    GstHarness *h, *mask;
    GstClockTime now;
} Soak;

/* Until so many results have come; each frame is of another grey, and all that comes out is let go
 * of. */
static void play(Soak *soak, guint n)
{
    const guint64 until = fixture_stat(soak->h->element, "results") + n;

    while (fixture_stat(soak->h->element, "results") < until) {
        GstBuffer *frame = fixture_frame(CAPS_SMALL, soak->now), *out;

        gst_buffer_memset(frame, 0, (guint8)(soak->now / FRAME * 37), 64 * 24);
        soak->now += FRAME;
        g_assert_cmpint(gst_harness_push(soak->h, frame), ==, GST_FLOW_OK);
        gst_buffer_unref(gst_harness_pull(soak->h));
        while (soak->mask && (out = gst_harness_try_pull(soak->mask)))
            gst_buffer_unref(out);
        for (GstEvent *event; soak->mask && (event = gst_harness_try_pull_event(soak->mask));)
            gst_event_unref(event);
        fixture_count(fixture_bus(soak->h), GST_MESSAGE_ANY, NULL);
    }
}

/* All values of all properties, once; the bytes that a result has left, at worst. */
static double walk(Soak *soak, const Values *values, double seconds)
{
    const double each = seconds * G_USEC_PER_SEC / 40;
    double worst = 0;

    for (const Values *v = values; v->property; v++) {
        g_auto(GStrv) list = g_strsplit(v->values, "|", -1);

        for (guint i = 0; list[i]; i++) {
            const gint64 begin = g_get_monotonic_time();
            guint64 results;
            double left;
            gsize before;

            gst_util_set_object_arg(G_OBJECT(soak->h->element), v->property, list[i]);
            play(soak, N_RESULTS);
            before = in_use();
            results = fixture_stat(soak->h->element, "results");
            do
                play(soak, N_RESULTS);
            while ((double)(g_get_monotonic_time() - begin) < each);
            results = fixture_stat(soak->h->element, "results") - results;
            left = ((double)in_use() - (double)before - SLACK) / (double)results;
            worst = MAX(worst, left);
            if (seconds > 0 || left >= PER_RESULT)
                g_test_message("%s=%s: %" G_GUINT64_FORMAT " results, %.1f bytes left of each",
                               v->property, list[i], results, left);
        }
    }
    return worst;
}

static void soak_element(const char *name, const char *model, const Values *own)
{
    const char *asked = g_getenv("VEDETTE_SOAK_SECONDS");
    const double seconds =
        g_getenv("VEDETTE_SOAK") ? (asked ? g_ascii_strtod(asked, NULL) : 600) / 2 : 0;
    g_autofree char *card = fixture_model(model);
    GstElement *element = gst_element_factory_make(name, NULL);
    Soak soak = {0};
    gsize first, last;
    double worst;

    g_object_set(element, "model", card, "interval", 0.0, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    soak.h = fixture_harness(element);
    if (gst_element_get_pad_template(element, "mask"))
        soak.mask = gst_harness_new_with_element(element, NULL, "mask");
    gst_harness_set_src_caps_str(soak.h, CAPS_SMALL);
    play(&soak, N_RESULTS);
    walk(&soak, common, 0); /* what is made once */
    walk(&soak, own, 0);
    first = resident();
    worst = MAX(walk(&soak, common, seconds / 2), walk(&soak, own, seconds / 2));
    last = resident();
    g_test_message("%s: %.1f MB, %.1f before; %.1f bytes left of a result at worst", name,
                   (double)last / 1e6, (double)first / 1e6, worst);
    if (!KEEPS_MEMORY) {
        g_assert_cmpfloat(worst, <, PER_RESULT);
        /* Pages of the heap come and go, by more than what a short walk could leak. */
        g_assert_cmpuint(last, <, first + (seconds > 0 ? 1 : 8) * 1024 * 1024);
    }
    if (soak.mask)
        gst_harness_teardown(soak.mask);
    fixture_harness_free(soak.h);
}

static void test_segmenter(void)
{
    soak_element("cgrseg-segmenter", "tiny-maps/card.json", of_segmenter);
}

static void test_recognizer(void)
{
    soak_element("squeezetime-recognizer", "tiny/card.json", of_recognizer);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/soak/segmenter", test_segmenter);
    g_test_add_func("/soak/recognizer", test_recognizer);
    return fixture_run();
}
