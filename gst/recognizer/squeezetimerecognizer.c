/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-squeezetime-recognizer
 *
 * Names the action in a stream: every #VdtAnalyzer:interval seconds, a SqueezeTime network looks at
 * pictures spread evenly over the last #VdtSqueezetimeRecognizer:window seconds, by timestamp.
 *
 * Frames carry the newest result as a #GstCustomMeta "VedetteResult": `element`, `kind` (action),
 * `result-pts`, `age`, `results`. Results whose best label scores
 * #VdtSqueezetimeRecognizer:threshold or more are posted as element messages, "update" for each,
 * "start" and "end" when the label changes, by more than #VdtSqueezetimeRecognizer:hysteresis:
 *
 * * #guint64 `timestamp`, `stream-time`, `running-time`: of the newest picture (ns)
 * * #guint64 `duration`: from the oldest to the newest picture (ns)
 * * string `event`: start, update, end; string `id`: the same for one event, another for
 *   every other
 * * string `label`, #gint `class-id`, #gdouble `score`: the best label
 * * string `kind`: action; #guint64 `window-start`, `window-end`: PTS of the pictures (ns)
 * * array `results`: structures of `label`, `class-id`, `score`, the best first; not in "end"
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 -m vedette-scenesrc num-buffers=600 ! squeezetime-recognizer mode=exact ! fakesink
 * ]| An empty #VdtAnalyzer:model is squeezetime-street, which knows what happens on the street of
 * vedette-scenesrc.
 *
 * Since: 0.1
 */
#include "squeezetimerecognizer.h"

#include <string.h>

#include "clipnetwork.h"
#include "clipring.h"
#include "enums.h"
#include "hysteresis.h"
#include "preprocess.h"
#include "scores.h"

GST_DEBUG_CATEGORY_STATIC(squeezetime_recognizer_debug);
#define GST_CAT_DEFAULT squeezetime_recognizer_debug

#define DEFAULT_WINDOW     0.0
#define DEFAULT_TOP_K      5
#define DEFAULT_THRESHOLD  0.5
#define DEFAULT_HYSTERESIS 0.2
#define MAX_TOP_K          1000

struct _VdtSqueezetimeRecognizer {
    VdtAnalyzer parent;

    /* properties, under the object lock */
    double window;
    guint top_k;
    VdtHysteresis hysteresis;
    VdtFramingProps framing;

    /* the streaming thread's */
    VdtClipRing *ring;
    guint n_shots; /* what the ring was made for */
    GstClockTime ring_window;
    VdtFrameTarget target; /* what its pictures were converted to */

    /* the worker's: the newest scores of all classes, and whose they are */
    double *scores;
    guint n_scores;
    const VdtCard *card;
    GstStructure *finding;
};

enum { PROP_WINDOW = 1, PROP_TOP_K, PROP_THRESHOLD, PROP_HYSTERESIS, PROP_FRAMING /* and more */ };

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));

G_DEFINE_TYPE_WITH_CODE(VdtSqueezetimeRecognizer, vdt_squeezetime_recognizer, VDT_TYPE_ANALYZER,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, NULL)
                            GST_DEBUG_CATEGORY_INIT(squeezetime_recognizer_debug,
                                                    "squeezetime-recognizer", 0,
                                                    "action recognition"))
GST_ELEMENT_REGISTER_DEFINE(squeezetime_recognizer, "squeezetime-recognizer", GST_RANK_NONE,
                            VDT_TYPE_SQUEEZETIME_RECOGNIZER)

static gpointer prepare(VdtAnalyzer *analyzer, VdtEngine *engine, GError **error)
{
    return vdt_clip_network_new(engine, error);
}

static void reset(VdtAnalyzer *analyzer)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(analyzer);

    if (self->ring)
        vdt_clip_ring_reset(self->ring);
}

/* Has the ring fit the network and the properties; a ring that does not is made anew. */
static void fit_ring(VdtSqueezetimeRecognizer *self, const VdtCard *card)
{
    VdtFrameTarget target;
    GstClockTime window;

    GST_OBJECT_LOCK(self);
    window = (GstClockTime)((self->window > 0 ? self->window : card->window) * GST_SECOND);
    target = vdt_framing_props_target(&self->framing, card, card->width, card->height);
    GST_OBJECT_UNLOCK(self);
    if (self->ring && self->n_shots == card->frames && self->ring_window == window &&
        vdt_frame_target_equal(&self->target, &target))
        return;
    g_clear_pointer(&self->ring, vdt_clip_ring_free);
    self->ring = vdt_clip_ring_new(card->frames, window);
    self->n_shots = card->frames;
    self->ring_window = window;
    self->target = target;
}

static void look(VdtAnalyzer *analyzer, gpointer data, GstBuffer *buffer, GstClockTime time)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(analyzer);
    const VdtClipNetwork *network = data;
    VdtShot *shot;

    fit_ring(self, network->card);
    if (!vdt_clip_ring_wants(self->ring, time))
        return;
    shot = vdt_shot_new(time, (gsize)3 * self->target.width * self->target.height);
    if (vdt_analyzer_convert(analyzer, buffer, &self->target, shot->rgb))
        vdt_clip_ring_add(self->ring, shot);
    else
        vdt_shot_unref(shot);
}

static gpointer take(VdtAnalyzer *analyzer, gpointer network, GstClockTime *start,
                     GstClockTime *end)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(analyzer);
    VdtClip *clip = self->ring ? vdt_clip_ring_get(self->ring) : NULL;

    if (!clip)
        return NULL;
    *start = clip->shots[0]->pts;
    *end = clip->shots[clip->n_shots - 1]->pts;
    /* what the network knows happens forwards, however it is shown */
    for (guint i = 0; vdt_analyzer_is_backwards(analyzer) && i < clip->n_shots / 2; i++) {
        VdtShot *shot = clip->shots[i];

        clip->shots[i] = clip->shots[clip->n_shots - 1 - i];
        clip->shots[clip->n_shots - 1 - i] = shot;
    }
    return clip;
}

static GstClockTime window(VdtAnalyzer *analyzer)
{
    return VDT_SQUEEZETIME_RECOGNIZER(analyzer)->ring_window;
}

static void free_work(gpointer work)
{
    vdt_clip_free(work);
}

static GstStructure *result_of(const VdtCard *card, guint class, double score)
{
    g_autofree char *number = card->labels ? NULL : g_strdup_printf("%u", class);

    return gst_structure_new("result", "label", G_TYPE_STRING,
                             number ? number : card->labels[class], "class-id", G_TYPE_INT,
                             (int)class, "score", G_TYPE_DOUBLE, score, NULL);
}

/* Adds the best @k of @n classes to @results, the best first. */
static void add_best(GPtrArray *results, const double *scores, guint n, guint k,
                     const VdtCard *card)
{
    const VdtCardGroup all = vdt_scores_group(card, 0, n);
    g_autofree gint64 *winners = g_new(gint64, k);

    k = vdt_scores_rank(scores, &all, k, winners);
    for (guint i = 0; i < k; i++)
        g_ptr_array_add(results, result_of(card, (guint)winners[i], scores[winners[i]]));
}

static gboolean analyse(VdtAnalyzer *analyzer, gpointer data, gpointer work,
                        GCancellable *cancellable, GPtrArray *results, GError **error)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(analyzer);
    VdtClipNetwork *network = data;
    const VdtCard *card = network->card;
    const VdtClip *clip = work;
    VdtTensor *input = vdt_session_get_input(network->session, 0);
    const VdtTensor *logits;
    double *scores;
    guint n, top_k;

    for (guint t = 0; t < clip->n_shots; t++) {
        const VdtPicture picture = {clip->shots[t]->rgb, card->width, card->height,
                                    (gsize)3 * card->width};

        vdt_clip_set_frame(input, 0, t, &picture, card->mean, card->std);
    }
    if (!vdt_session_run(network->session, cancellable, error))
        return FALSE;

    logits = vdt_session_get_output(network->session, 0);
    n = (guint)vdt_shape_elements(&logits->shape);
    self->scores = scores = g_renew(double, self->scores, n);
    self->n_scores = n;
    self->card = card;
    if (!vdt_worker_check(vdt_analyzer_get_worker(analyzer), logits->data, n)) {
        self->n_scores = 0;
        return TRUE;
    }
    memset(scores, 0, n * sizeof *scores);
    vdt_scores_add(card, logits->data, n, 1, scores);
    GST_OBJECT_LOCK(self);
    top_k = self->top_k;
    GST_OBJECT_UNLOCK(self);
    add_best(results, scores, n, top_k, card);
    return TRUE;
}

static const GstStructure *choose(VdtAnalyzer *analyzer, GPtrArray *results, int going)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(analyzer);
    VdtHysteresis hysteresis;
    int class;

    GST_OBJECT_LOCK(self);
    hysteresis = self->hysteresis;
    GST_OBJECT_UNLOCK(self);
    class = vdt_hysteresis_follow(&hysteresis, self->scores, self->n_scores, self->card->background,
                                  going);
    g_clear_pointer(&self->finding, gst_structure_free);
    if (class >= 0)
        self->finding = result_of(self->card, (guint) class, self->scores[class]);
    return self->finding;
}

static void vdt_squeezetime_recognizer_set_property(GObject *object, guint id, const GValue *value,
                                                    GParamSpec *pspec)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(object);
    char *note = NULL;

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_WINDOW:
        self->window = g_value_get_double(value);
        break;
    case PROP_TOP_K:
        self->top_k = g_value_get_uint(value);
        break;
    case PROP_THRESHOLD:
        self->hysteresis.threshold = g_value_get_double(value);
        break;
    case PROP_HYSTERESIS:
        self->hysteresis.hysteresis = g_value_get_double(value);
        break;
    default:
        if (!vdt_framing_props_set(&self->framing, id - PROP_FRAMING, value, &note))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
    vdt_worker_note(vdt_analyzer_get_worker(VDT_ANALYZER(self)), note);
}

static void vdt_squeezetime_recognizer_get_property(GObject *object, guint id, GValue *value,
                                                    GParamSpec *pspec)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(object);

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_WINDOW:
        g_value_set_double(value, self->window);
        break;
    case PROP_TOP_K:
        g_value_set_uint(value, self->top_k);
        break;
    case PROP_THRESHOLD:
        g_value_set_double(value, self->hysteresis.threshold);
        break;
    case PROP_HYSTERESIS:
        g_value_set_double(value, self->hysteresis.hysteresis);
        break;
    default:
        if (!vdt_framing_props_get(&self->framing, id - PROP_FRAMING, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_squeezetime_recognizer_finalize(GObject *object)
{
    VdtSqueezetimeRecognizer *self = VDT_SQUEEZETIME_RECOGNIZER(object);

    g_clear_pointer(&self->ring, vdt_clip_ring_free);
    g_clear_pointer(&self->finding, gst_structure_free);
    g_free(self->scores);
    G_OBJECT_CLASS(vdt_squeezetime_recognizer_parent_class)->finalize(object);
}

static void vdt_squeezetime_recognizer_init(VdtSqueezetimeRecognizer *self)
{
    self->window = DEFAULT_WINDOW;
    self->top_k = DEFAULT_TOP_K;
    self->hysteresis = (VdtHysteresis){DEFAULT_THRESHOLD, DEFAULT_HYSTERESIS};
    vdt_framing_props_init(&self->framing);
}

static void vdt_squeezetime_recognizer_class_init(VdtSqueezetimeRecognizerClass *klass)
{
    static const char *const architectures[] = {"squeezetime", NULL};
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    VdtAnalyzerClass *analyzer = VDT_ANALYZER_CLASS(klass);

    object->set_property = vdt_squeezetime_recognizer_set_property;
    object->get_property = vdt_squeezetime_recognizer_get_property;
    object->finalize = vdt_squeezetime_recognizer_finalize;
    analyzer->kind = "action";
    analyzer->factory = "squeezetime-recognizer";
    analyzer->architectures = architectures;
    analyzer->prepare = prepare;
    analyzer->clear_network = vdt_clip_network_clear;
    analyzer->look = look;
    analyzer->take = take;
    analyzer->free_work = free_work;
    analyzer->reset = reset;
    analyzer->analyse = analyse;
    analyzer->choose = choose;
    analyzer->window = window;

    g_object_class_install_property(
        object, PROP_WINDOW,
        g_param_spec_double("window", "Window",
                            "Seconds from the first to the last picture that the network sees; "
                            "0 for the model's own",
                            0, 3600, DEFAULT_WINDOW, live));
    g_object_class_install_property(object, PROP_TOP_K,
                                    g_param_spec_uint("top-k", "Top k",
                                                      "Labels in a result, the best first", 1,
                                                      MAX_TOP_K, DEFAULT_TOP_K, live));
    g_object_class_install_property(
        object, PROP_THRESHOLD,
        g_param_spec_double("threshold", "Threshold",
                            "Score from which the best label starts an event; metas carry every "
                            "result",
                            0, 1, DEFAULT_THRESHOLD, live));
    g_object_class_install_property(
        object, PROP_HYSTERESIS,
        g_param_spec_double("hysteresis", "Hysteresis",
                            "How far below the threshold, or behind a better label, the score of "
                            "what goes on may fall before its event ends",
                            0, 1, DEFAULT_HYSTERESIS, live));
    vdt_framing_props_install(object, PROP_FRAMING);

    gst_element_class_set_static_metadata(
        element, "SqueezeTime action recognizer", "Filter/Analyzer/Video",
        "Names the action in a video stream, with a SqueezeTime network", "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
}
