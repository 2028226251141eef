/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every value of every property, one after the other, round after round, while frames go through:
 * what is made for a frame, a result or a change of a property and freed by nobody adds up. GLib's
 * slices and the C library's caches of threads hide that, so this runs without them.
 *
 * With VEDETTE_SOAK each element takes VEDETTE_SOAK_SECONDS (600); memory is printed.
 */
#include "fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_MEMORY TRUE /* a sanitizer holds back what was freed */
#else
#define KEEPS_MEMORY FALSE
#endif

#define FRAME      (GST_SECOND / 25)
#define N_PLAYED   25          /* results, before a value is measured and while it is */
#define N_ROUNDS   3           /* at least */
#define MORE_USED  (32 * 1024) /* bytes: some frames */
#define MORE_PAGES (1024 * 1024)

typedef struct {
    const char *property, *values; /* values are separated by bars */
    gboolean file;                 /* they are in the folder of models */
} Values;

static const Values of_analyzer[] = {{"mode", "live|aligned|exact"},
                                     {"interval", "0.02|0"},
                                     {"max-delay", "0|2"},
                                     {"min-duration", "0.1|0"},
                                     {"post-events", "start+end|update|start+update+end"},
                                     {"post-messages", "false|true"},
                                     {"framing", "model|stretch|crop|fit"},
                                     {"region", "<0.1, 0.1, 0.5, 0.5>|<0, 0, 1, 1>"},
                                     {"precision", "bf16|int8|f32"},
                                     {NULL}};
static const Values of_segmenter[] = {{"model", "tiny-maps/./card.json|tiny-maps/card.json", TRUE},
                                      {"classes", "0,2|nothing|"},
                                      {"min-area", "0.01|0"},
                                      {"smoothing", "0.5|0"},
                                      {"map-size", "frame|network"},
                                      {"run-length", "true|false|true"},
                                      {"roi-metas", "true|false|true"},
                                      {"zones", "a: 0,0 1,0 1,1; b: 0,0 0.5,0 0.5,0.5|"},
                                      {"zone-share", "0.01|0.9"},
                                      {"zone-hysteresis", "0.1|1"},
                                      {"resolution", "32x32|64x64"},
                                      {"objects", "true|false|true"},
                                      {"object-classes", "0|0,1"},
                                      {"object-min-area", "0|0.5|0.0001"},
                                      {"lines", "a: 0,0 1,1; b: 0.5,0 0.5,1||a: 0,0.5 1,0.5"},
                                      {"dwell", "0.1|0"},
                                      {"count", "0|-1|1"},
                                      {NULL}};
static const Values of_recognizer[] = {{"model", "tiny/./card.json|tiny/card.json", TRUE},
                                       {"top-k", "1|5"},
                                       {"threshold", "0|1|0.1"},
                                       {"hysteresis", "0|0.5"},
                                       {"window", "0.2|0.3"},
                                       {NULL}};
static const Values of_classifier[] = {{"model", "classes/./card.json|classes/card.json", TRUE},
                                       {"regions", "a: 0,0 1,0 1,1; b: 0,0 0.5,0 0.5,0.5|"},
                                       {"classify", "regions|boxes|frame"},
                                       {"max-boxes", "1|500|64"},
                                       {"frozen-after", "0|0.1|20"},
                                       {"elastic", "0.5|0"},
                                       {"top-k", "1|5"},
                                       {"threshold", "0|1|0.1"},
                                       {"hysteresis", "0|0.5"},
                                       {NULL}};
static const Values of_restorer[] = {
    {"model", "restorations/./card.json|restorations/card.json", TRUE},
    {"estimator", "restoration-needs/./card.json|restoration-needs/card.json", TRUE},
    {"interval", "3600|0"},
    {"task", "rain|auto|x2|noise"},
    {"instruction", "remove the rain and brighten it|what is that?|"},
    {"mode", "auto|never|on-demand|always"},
    {"restore", "boxes|frame"},
    {"max-boxes", "1|64"},
    {"region", "<0.1, 0.1, 0.5, 0.5>|<0, 0, 1, 1>"},
    {"strength", "0|0.5|1"},
    {"gather", "8|0|2"},
    {"budget", "0.001|10000|0"},
    {"precision", "bf16|int8|f32"},
    {NULL}};
static const Values of_overlay[] = {{"font-scale", "0.25|8|1"},
                                    {"map-opacity", "0|1|0.5"},
                                    {"max-age", "0.01|0"},
                                    {"opacity", "0|1|0.7"},
                                    {"position", "top-right|bottom-left|bottom-right|top-left"},
                                    {"show-boxes", "false|true"},
                                    {"show-objects", "false|true"},
                                    {"show-zones", "false|true"},
                                    {"top-k", "1|10|3"},
                                    {NULL}};
static const Values of_scenesrc[] = {{"truth-location", "soak-truth.jsonl", TRUE},
                                     {"truth-interval", "1000000000|0"},
                                     {"attach-truth", "true|false|true"},
                                     {"post-messages", "true|false|true"},
                                     {"action",
                                      "empty|walk|run|fall|get-up|wave|loiter|fight|leave-bag|"
                                      "car-pass|car-stop|car-park|any"},
                                     {"clip-duration", "1000000000|5000000000"},
                                     {"scene-offset", "60000000000|0"},
                                     {"seed", "7|1"},
                                     {"is-live", "true|false"},
                                     {"output", "clean|classes|picture"},
                                     {"changing", "true|false"},
                                     {"blur", "1|0"},
                                     {"haze", "1|0"},
                                     {"night", "1|0"},
                                     {"noise", "1|0"},
                                     {"rain", "1|0"},
                                     {"shake", "1|0"},
                                     {"snow", "1|0"},
                                     {NULL}};

/* --- Memory --------------------------------------------------------------------------------- */

/* At the end of a round, where all properties have their last values. */
typedef struct {
    double minutes, resident, used;
} Sample;

/* Of what lies at @offset in samples, from @first on; a minute, by least squares. */
static double slope(const GArray *samples, guint first, gsize offset)
{
    double t = 0, y = 0, tt = 0, ty = 0;
    const double n = samples->len - first;

    for (guint pass = 0; pass < 2; pass++)
        for (guint i = first; i < samples->len; i++) {
            const Sample *sample = &g_array_index(samples, Sample, i);
            const double value = G_STRUCT_MEMBER(double, sample, offset);

            if (pass == 0) {
                t += sample->minutes / n;
                y += value / n;
            } else {
                tt += (sample->minutes - t) * (sample->minutes - t);
                ty += (sample->minutes - t) * (value - y);
            }
        }
    return tt > 0 ? ty / tt : 0;
}

/* --- Playing -------------------------------------------------------------------------------- */

typedef struct {
    GstElement *element;  /* whose properties are set */
    GstElement *counts;   /* an analyser, whose results are counted; NULL: frames are */
    GstHarness *h, *mask; /* frames go in and come out */
    GstClockTime now;
    GstElement *pipeline; /* or a source's, whose frames wait to be wanted */
    GMutex lock;
    GCond changed;
    guint64 n_seen, n_wanted;
} Soak;

static GstPadProbeReturn wait_until_wanted(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Soak *soak = data;

    g_mutex_lock(&soak->lock);
    soak->n_seen++;
    g_cond_broadcast(&soak->changed);
    while (soak->n_seen > soak->n_wanted)
        g_cond_wait(&soak->changed, &soak->lock);
    g_mutex_unlock(&soak->lock);
    return GST_PAD_PROBE_OK;
}

/* Until @n more frames have come and the next one waits, G_MAXUINT64 if it is not to wait. */
static void want(Soak *soak, guint64 n)
{
    g_mutex_lock(&soak->lock);
    soak->n_wanted = n == G_MAXUINT64 ? n : soak->n_seen + n;
    g_cond_broadcast(&soak->changed);
    while (n != G_MAXUINT64 && soak->n_seen <= soak->n_wanted)
        g_cond_wait(&soak->changed, &soak->lock);
    g_mutex_unlock(&soak->lock);
}

/* A frame of another grey each time, with boxes, of which two come and go; all that comes out is
 * let go of. */
static void push(Soak *soak)
{
    GstBuffer *frame = fixture_frame(CAPS_SMALL, soak->now), *out;

    gst_buffer_memset(frame, 0, (guint8)(soak->now / FRAME * 37), 64 * 24);
    for (guint i = 0; i < 6; i++)
        gst_buffer_add_video_region_of_interest_meta(frame, "thing", 8 * i, 4, 8, 16)->id =
            (int)(i < 4 ? i : i + soak->now / FRAME % 50);
    soak->now += FRAME;
    g_assert_cmpint(gst_harness_push(soak->h, frame), ==, GST_FLOW_OK);
    gst_buffer_unref(gst_harness_pull(soak->h));
    while (soak->mask && (out = gst_harness_try_pull(soak->mask)))
        gst_buffer_unref(out);
    for (GstEvent *event; soak->mask && (event = gst_harness_try_pull_event(soak->mask));)
        gst_event_unref(event);
    fixture_count(fixture_bus(soak->h), GST_MESSAGE_ANY, NULL);
}

/* Until so many results, or frames, have come; how many. */
static guint64 play(Soak *soak, guint n)
{
    guint64 before, now;

    if (soak->pipeline) {
        want(soak, n);
        fixture_count(GST_ELEMENT_BUS(soak->pipeline), GST_MESSAGE_ANY, NULL);
        return n;
    }
    before = fixture_stat(soak->counts, "results");
    do
        push(soak);
    while ((now = fixture_stat(soak->counts, "results")) < before + n);
    return now - before;
}

/* --- Every value ---------------------------------------------------------------------------- */

typedef struct {
    const char *property;
    char *value;
    double left; /* bytes, since the first round */
    guint64 n;   /* results or frames */
} Setting;

static void setting_clear(gpointer data)
{
    g_free(((Setting *)data)->value);
}

static void add_settings(GArray *settings, const Values *values)
{
    for (const Values *v = values; v->property; v++) {
        g_auto(GStrv) list = g_strsplit(v->values, "|", -1);

        for (guint i = 0; list[i]; i++) {
            Setting setting = {v->property, v->file ? fixture_model(list[i]) : g_strdup(list[i])};

            g_array_append_val(settings, setting);
        }
    }
}

static gboolean is_set(const GArray *settings, const char *property, const char *value)
{
    for (guint i = 0; i < settings->len; i++) {
        const Setting *s = &g_array_index(settings, Setting, i);

        if (g_str_equal(s->property, property) && (!value || g_str_equal(s->value, value)))
            return TRUE;
    }
    return FALSE;
}

/* Properties of the element itself, not of GStreamer's classes, and values of enumerations. */
static void check_complete(const GArray *settings, GstElement *element)
{
    guint n;
    g_autofree GParamSpec **specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &n);

    for (guint i = 0; i < n; i++) {
        const GParamSpec *spec = specs[i];

        if (!(spec->flags & G_PARAM_WRITABLE) ||
            g_str_has_prefix(g_type_name(spec->owner_type), "Gst"))
            continue;
        if (!is_set(settings, spec->name, NULL))
            g_error("%s is never set", spec->name);
        if (G_IS_PARAM_SPEC_ENUM(spec)) {
            const GEnumClass *class = G_PARAM_SPEC_ENUM(spec)->enum_class;

            for (guint k = 0; k < class->n_values; k++)
                if (!is_set(settings, spec->name, class->values[k].value_nick))
                    g_error("%s is never %s", spec->name, class->values[k].value_nick);
        } else if (G_IS_PARAM_SPEC_BOOLEAN(spec)) {
            g_assert_true(is_set(settings, spec->name, "true"));
            g_assert_true(is_set(settings, spec->name, "false"));
        }
    }
}

static void set(Soak *soak, const Setting *setting)
{
    GObject *object = G_OBJECT(soak->element);
    const GParamSpec *spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(object), setting->property);
    const gboolean stop = soak->pipeline && !(spec->flags & GST_PARAM_MUTABLE_PLAYING);

    if (stop) {
        want(soak, G_MAXUINT64);
        gst_element_set_state(soak->pipeline, GST_STATE_READY);
    }
    gst_util_set_object_arg(object, setting->property, setting->value);
    if (stop) {
        soak->n_wanted = soak->n_seen;
        gst_element_set_state(soak->pipeline, GST_STATE_PLAYING);
    }
}

static void play_round(Soak *soak, GArray *settings)
{
    for (guint i = 0; i < settings->len; i++) {
        Setting *setting = &g_array_index(settings, Setting, i);
        gsize before;

        set(soak, setting);
        play(soak, N_PLAYED);
        before = fixture_in_use();
        setting->n += play(soak, N_PLAYED);
        setting->left += (double)fixture_in_use() - (double)before;
    }
}

/* Some values leave what others take away again. */
static void print_settings(const GArray *settings)
{
    for (guint i = 0; i < settings->len; i++) {
        const Setting *s = &g_array_index(settings, Setting, i);

        g_test_message("%s=%s: %" G_GUINT64_FORMAT " times, %+.1f bytes each", s->property,
                       s->value, s->n, s->left / (double)s->n);
    }
}

static void soak(Soak *self, const Values *values, const Values *more)
{
    const char *asked = g_getenv("VEDETTE_SOAK_SECONDS");
    const double minutes = !g_getenv("VEDETTE_SOAK") || KEEPS_MEMORY ? 0
                           : asked ? g_ascii_strtod(asked, NULL) / 60
                                   : 10;
    const gint64 begin = g_get_monotonic_time();
    g_autoptr(GArray) settings = g_array_new(FALSE, FALSE, sizeof(Setting));
    g_autoptr(GArray) samples = g_array_sized_new(FALSE, FALSE, sizeof(Sample), 100000);
    const char *name = G_OBJECT_TYPE_NAME(self->element);
    Sample sample = {0}, first;
    guint from = 1; /* what is made once is there after the first round */

    g_array_set_clear_func(settings, setting_clear);
    add_settings(settings, values);
    if (more)
        add_settings(settings, more);
    check_complete(settings, self->element);
    while (samples->len < N_ROUNDS || sample.minutes < minutes) {
        play_round(self, settings);
        sample.minutes = (double)(g_get_monotonic_time() - begin) / (60.0 * G_USEC_PER_SEC);
        sample.used = (double)fixture_in_use();
        sample.resident = (double)fixture_resident();
        g_array_append_val(samples, sample);
        from += minutes > 0 && sample.minutes < MIN(1, minutes / 2);
        for (guint i = 0; samples->len == 1 && i < settings->len; i++)
            g_array_index(settings, Setting, i).left = g_array_index(settings, Setting, i).n = 0;
    }
    from = MIN(from, samples->len - 2);
    first = g_array_index(samples, Sample, from);
    if (minutes > 0 || sample.used >= first.used + MORE_USED)
        print_settings(settings);
    g_test_message(
        "%s, from %.2f to %.2f minutes, %u rounds: resident %.2f MB, then %.2f MB, %+.3f MB a "
        "minute; in use %.3f MB, then %.3f MB, %+.2f kB a minute",
        name, first.minutes, sample.minutes, samples->len - from - 1, first.resident / 1e6,
        sample.resident / 1e6, slope(samples, from, G_STRUCT_OFFSET(Sample, resident)) / 1e6,
        first.used / 1e6, sample.used / 1e6,
        slope(samples, from, G_STRUCT_OFFSET(Sample, used)) / 1e3);
    if (KEEPS_MEMORY)
        return;
    g_assert_cmpfloat(sample.used, <, first.used + MORE_USED);
    g_assert_cmpfloat(sample.resident, <, first.resident + MORE_PAGES);
}

static void soak_analyzer(const char *name, const Values *own)
{
    GstElement *element = gst_element_factory_make(name, NULL);
    g_autofree char *card = fixture_model(strrchr(own[0].values, '|') + 1);
    Soak self = {.element = element, .counts = element};

    g_object_set(element, "model", card, "interval", 0.0, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "mode", "exact");
    self.h = fixture_harness(element);
    if (gst_element_get_pad_template(element, "mask"))
        self.mask = gst_harness_new_with_element(element, NULL, "mask");
    gst_harness_set_src_caps_str(self.h, CAPS_SMALL);
    soak(&self, of_analyzer, own);
    if (self.mask)
        gst_harness_teardown(self.mask);
    fixture_harness_free(self.h);
}

static void test_segmenter(void)
{
    soak_analyzer("cgrseg-segmenter", of_segmenter);
}

static void test_recognizer(void)
{
    soak_analyzer("squeezetime-recognizer", of_recognizer);
}

static void test_classifier(void)
{
    soak_analyzer("slab-classifier", of_classifier);
}

/* An element that has no results of its own to be counted, behind one that has. */
static void soak_behind(const char *name, const char *settings, const Values *values)
{
    g_autofree char *card = fixture_model("tiny-maps/card.json");
    g_autofree char *launch = g_strdup_printf(
        "cgrseg-segmenter name=s model=%s mode=exact interval=0 roi-metas=true run-length=true "
        "zones=\"a: 0,0 1,0 1,1\" zone-share=0.01 ! %s name=e %s",
        card, name, settings);
    g_autoptr(GError) error = NULL;
    GstElement *bin = gst_parse_bin_from_description(launch, TRUE, &error);
    Soak self = {0};

    g_assert_no_error(error);
    self.counts = gst_bin_get_by_name(GST_BIN(bin), "s");
    self.element = gst_bin_get_by_name(GST_BIN(bin), "e");
    self.h = fixture_harness(bin);
    gst_harness_set_src_caps_str(self.h, CAPS_SMALL);
    soak(&self, values, NULL);
    gst_object_unref(self.counts);
    gst_object_unref(self.element);
    fixture_harness_free(self.h);
}

static void test_overlay(void)
{
    soak_behind("vedette-overlay", "", of_overlay);
}

static void test_restorer(void)
{
    g_autofree char *card = fixture_model("restorations/card.json");
    g_autofree char *model = g_strconcat("model=", card, NULL);

    g_free(fixture_estimator());
    soak_behind("ipt-restorer", model, of_restorer);
}

static void test_scenesrc(void)
{
    g_autoptr(GError) error = NULL;
    Soak self = {.pipeline = gst_parse_launch("vedette-scenesrc name=e ! video/x-raw, width=64, "
                                              "height=48, framerate=100/1 ! fakesink name=k",
                                              &error)};

    g_assert_no_error(error);
    self.element = gst_bin_get_by_name(GST_BIN(self.pipeline), "e");
    fixture_add_probe(self.pipeline, "k", "sink", wait_until_wanted, &self);
    gst_element_set_state(self.pipeline, GST_STATE_PLAYING);
    soak(&self, of_scenesrc, NULL);
    want(&self, G_MAXUINT64);
    gst_element_set_state(self.pipeline, GST_STATE_NULL);
    gst_object_unref(self.element);
    gst_object_unref(self.pipeline);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/soak/segmenter", test_segmenter);
    g_test_add_func("/soak/recognizer", test_recognizer);
    g_test_add_func("/soak/classifier", test_classifier);
    g_test_add_func("/soak/restorer", test_restorer);
    g_test_add_func("/soak/overlay", test_overlay);
    g_test_add_func("/soak/scenesrc", test_scenesrc);
    return fixture_run();
}
