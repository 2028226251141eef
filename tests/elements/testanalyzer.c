/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testanalyzer.h"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));

G_DEFINE_TYPE(TestAnalyzer, test_analyzer, VDT_TYPE_ANALYZER)

static gpointer prepare(VdtAnalyzer *analyzer, VdtEngine *engine, GError **error)
{
    TestAnalyzer *self = TEST_ANALYZER(analyzer);

    g_assert_null(engine);
    g_atomic_int_inc(&self->prepared);
    if (self->no_network) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "no network, as told");
        return NULL;
    }
    return g_atomic_rc_box_new0(gint);
}

static void look(VdtAnalyzer *analyzer, gpointer network, GstBuffer *buffer, GstClockTime pts)
{
    TestAnalyzer *self = TEST_ANALYZER(analyzer);
    const VdtFrameTarget target = {4, 4, VDT_FRAMING_STRETCH, {0}};
    guint8 rgb[4 * 4 * 3];

    g_assert_nonnull(network);
    if (self->window_frames > 0)
        g_assert_cmpuint(pts, >, self->newest);
    g_assert_true(vdt_analyzer_convert(analyzer, buffer, &target, rgb));
    g_atomic_int_inc(&self->looked);
    self->window_frames++;
    self->newest = pts;
}

static gpointer take(VdtAnalyzer *analyzer, gpointer network, GstClockTime *start,
                     GstClockTime *end)
{
    TestAnalyzer *self = TEST_ANALYZER(analyzer);

    if (self->window_frames < self->min_frames)
        return NULL;
    *start = *end = self->newest;
    return g_malloc(1);
}

static void reset(VdtAnalyzer *analyzer)
{
    TestAnalyzer *self = TEST_ANALYZER(analyzer);

    g_atomic_int_inc(&self->windows);
    self->window_frames = 0;
}

static gboolean may_end(TestAnalyzer *self)
{
    const gint permits = g_atomic_int_get(&self->permits);

    return !self->gated ||
           (permits > 0 && g_atomic_int_compare_and_exchange(&self->permits, permits, permits - 1));
}

static gboolean analyse(VdtAnalyzer *analyzer, gpointer network, gpointer work,
                        GCancellable *cancellable, GPtrArray *results, GError **error)
{
    TestAnalyzer *self = TEST_ANALYZER(analyzer);
    const int class_id = g_atomic_int_get(&self->class_id);
    const int busy = g_atomic_int_get(&self->busy_ms);

    g_atomic_int_inc(&self->analysed);
    for (int i = 0; i < busy || !may_end(self); i++) {
        if (g_cancellable_is_cancelled(cancellable)) {
            g_atomic_int_inc(&self->cancelled);
            g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "cancelled");
            return FALSE;
        }
        g_usleep(1000);
    }
    if (class_id < 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "failed, as told");
        return FALSE;
    }
    g_ptr_array_add(results,
                    gst_structure_new("result", "label", G_TYPE_STRING, class_id ? "one" : "nought",
                                      "class-id", G_TYPE_INT, class_id, "score", G_TYPE_DOUBLE,
                                      g_atomic_int_get(&self->permille) / 1000.0, NULL));
    return TRUE;
}

static const GstStructure *choose(VdtAnalyzer *analyzer, GPtrArray *results, int going)
{
    return g_ptr_array_index(results, 0);
}

static void test_analyzer_class_init(TestAnalyzerClass *klass)
{
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    VdtAnalyzerClass *analyzer = VDT_ANALYZER_CLASS(klass);

    analyzer->kind = "test";
    analyzer->prepare = prepare;
    analyzer->look = look;
    analyzer->take = take;
    analyzer->free_work = g_free;
    analyzer->reset = reset;
    analyzer->analyse = analyse;
    analyzer->choose = choose;
    gst_element_class_set_static_metadata(element, "Test analyser", "Filter/Analyzer/Video",
                                          "Tests the base", "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
}

static void test_analyzer_init(TestAnalyzer *self)
{
    self->min_frames = 1;
    self->permille = 500;
}

TestAnalyzer *test_analyzer_new(void)
{
    return g_object_new(TEST_TYPE_ANALYZER, "interval", 0.0, NULL);
}
