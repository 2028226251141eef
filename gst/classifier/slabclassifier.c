/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-slab-classifier
 *
 * Says what frames show, or parts of them: every #VdtAnalyzer:interval seconds, a network that
 * classifies pictures looks at the whole frame, at the parts that #VdtSlabClassifier:regions names,
 * or at what other elements found in it, its #GstVideoRegionOfInterestMeta, as
 * #VdtSlabClassifier:classify says. A model may answer several questions at once; its card calls
 * them groups.
 *
 * Frames carry the newest result as a #GstCustomMeta "VedetteResult": `element`, `kind`
 * (classification), `result-pts`, `age`, and
 *
 * * array `results`, of the whole frame: structures of string `label`, #gint `class-id`, #gdouble
 *   `score`, string `group`, if groups have names, #gboolean `background`, if the card calls the
 *   label so; of each group the best #VdtSlabClassifier:top-k, the best first; and "frozen", of the
 *   group "motion", once nothing has moved for #VdtSlabClassifier:frozen-after, not even noise
 * * array `regions`, with classify=regions: structures of string `name`, array `points` (#gdouble x
 *   and y of each in turns, in shares of the frame), #gdouble `x`, `y`, `width`, `height` (the box
 *   around them), `results`
 * * array `boxes`, with classify=boxes: structures of string `type`, #guint `id`, if it has one,
 *   #gdouble `x`, `y`, `width`, `height`, in shares of the frame, `results`
 * * of a network whose tokens can merge: #guint `merge`, so many in each layer, #gdouble `kept`,
 * the share that was worked on, and #gdouble `accuracy-cost`, a share, if the card tells it: see
 *   #VdtSlabClassifier:elastic
 *
 * With classify=boxes, the regions of interest of each frame get params "slab-classifier", one
 * structure for each group: string `element`, string `label`, #gint `class-id`, #gdouble
 * `confidence`, string `group`, #gboolean `background`, array `results`. A frame's region is the
 * box of its type and id, or, without an id, of its place.
 *
 * Of each group, element messages tell what goes on in the frame, in each region, and in each box
 * that has an id: "start" when the best label scores #VdtSlabClassifier:threshold or more, "update"
 * and "end", with #VdtSlabClassifier:hysteresis:
 *
 * * #guint64 `timestamp`, `stream-time`, `running-time`: of the picture (ns); `duration`: 0
 * * string `event`: start, update, end; string `id`: the same for one event, another for
 *   every other
 * * string `label`, #gint `class-id`, #gdouble `score`: the best label
 * * string `kind`: classification; #guint64 `window-start`, `window-end`: PTS of the picture (ns)
 * * strings `group` and `what`: the group's name, if it has one
 * * string `zone`: the region's name; #guint `object`, string `object-type`: the box's id and type
 * * array `results`: as above, of this group; not in "end"
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 -m vedette-scenesrc num-buffers=600 ! slab-classifier mode=exact ! fakesink
 * ]| An empty #VdtAnalyzer:model is slab-scene, which knows light, weather and faults of the
 * camera; with classify=boxes it is slab-object, which knows the objects of the street of
 * vedette-scenesrc.
 *
 * Since: 0.1
 */
#include "slabclassifier.h"

#include <string.h>

#include "classboxes.h"
#include "classreading.h"
#include "classstill.h"
#include "classwatch.h"
#include "classwork.h"

GST_DEBUG_CATEGORY_STATIC(slab_classifier_debug);
#define GST_CAT_DEFAULT slab_classifier_debug

struct _VdtSlabClassifier {
    VdtAnalyzer parent;

    /* under the object lock */
    VdtClassProps props;
    VdtClassLimits limits;
    VdtFramingProps framing;
    double elastic;                    /* least share of tokens; 0: the network runs as trained */
    guint64 pictures, left_out, empty; /* since it was started */
    guint level_changes;               /* the same */
    VdtClassLevel level;               /* of the newest result */
    gboolean unchecked;                /* whether what was set goes together */

    /* the streaming thread's */
    GstVideoInfo info;
    GstBuffer *looked; /* the frame that is there for look and take, without a reference */
    GstClockTime time;
    guint generation; /* counts what does not continue what was before */

    /* the worker's */
    VdtClassFound *found; /* the newest */
    VdtClassStill still;
    GstStructure *frozen; /* the newest result of that; NULL: it is not */
    VdtElastic controller;
    gboolean told_left_out;

    VdtClassWatch *watch;
};

enum {
    PROP_PROPS = 1,
    PROP_LIMITS = PROP_PROPS + VDT_CLASS_PROPS,
    PROP_FRAMING = PROP_LIMITS + VDT_CLASS_LIMITS_PROPS,
    PROP_ELASTIC = PROP_FRAMING + VDT_FRAMING_PROPS
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));

G_DEFINE_TYPE_WITH_CODE(VdtSlabClassifier, vdt_slab_classifier, VDT_TYPE_ANALYZER,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, NULL)
                            GST_DEBUG_CATEGORY_INIT(slab_classifier_debug, "slab-classifier", 0,
                                                    "classification of pictures"))
GST_ELEMENT_REGISTER_DEFINE(slab_classifier, "slab-classifier", GST_RANK_NONE,
                            VDT_TYPE_SLAB_CLASSIFIER)

static VdtClassify get_what(VdtSlabClassifier *self)
{
    VdtClassify what;

    GST_OBJECT_LOCK(self);
    what = self->props.what;
    GST_OBJECT_UNLOCK(self);
    return what;
}

static const char *usual(VdtAnalyzer *analyzer)
{
    return get_what(VDT_SLAB_CLASSIFIER(analyzer)) == VDT_CLASSIFY_BOXES ? "slab-object"
                                                                         : "slab-scene";
}

static gpointer prepare(VdtAnalyzer *analyzer, VdtEngine *engine, GError **error)
{
    return vdt_class_network_new(engine, get_what(VDT_SLAB_CLASSIFIER(analyzer)), error);
}

/* The streaming thread */

static gboolean set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VDT_SLAB_CLASSIFIER(trans)->generation++;
    return gst_video_info_from_caps(&VDT_SLAB_CLASSIFIER(trans)->info, in) &&
           GST_BASE_TRANSFORM_CLASS(vdt_slab_classifier_parent_class)->set_caps(trans, in, out);
}

static void reset(VdtAnalyzer *analyzer)
{
    VDT_SLAB_CLASSIFIER(analyzer)->generation++;
}

/* Only pictures that a result is due for are converted: see take. */
static void look(VdtAnalyzer *analyzer, gpointer network, GstBuffer *buffer, GstClockTime time)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);

    self->looked = buffer;
    self->time = time;
}

/* Also of a frame without boxes: then what went on in those there were has ended. */
static gpointer take(VdtAnalyzer *analyzer, gpointer data, GstClockTime *start, GstClockTime *end)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);
    GstBuffer *buffer = g_steal_pointer(&self->looked);
    const VdtClassNetwork *network = data;
    const VdtCard *card = network->card;
    VdtFrameTarget target;
    VdtClassProps props;
    VdtClassWork *work;

    if (!buffer)
        return NULL;
    GST_OBJECT_LOCK(self);
    target = vdt_framing_props_target(&self->framing, card, card->width, card->height);
    props = vdt_class_props_copy(&self->props);
    GST_OBJECT_UNLOCK(self);
    work = vdt_class_work_new(analyzer, network, &props, &target, &self->info, buffer);
    vdt_class_props_clear(&props);
    if (work) {
        work->time = self->time;
        work->generation = self->generation;
    }
    *start = *end = self->time;
    return work;
}

/* The pictures of many boxes are not made for nothing. */
static gboolean renews(VdtAnalyzer *analyzer)
{
    return get_what(VDT_SLAB_CLASSIFIER(analyzer)) == VDT_CLASSIFY_FRAME;
}

static void passing(VdtAnalyzer *analyzer, GstBuffer *buffer, GstClockTime pts, GstClockTime oldest,
                    const VdtResult *result)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);
    const GValue *boxes = result ? gst_structure_get_value(result->fields, "boxes") : NULL;

    if (boxes)
        vdt_class_boxes_attach(buffer, &self->info, boxes, GST_OBJECT_NAME(self));
}

/* The worker */

static void count(VdtSlabClassifier *self, const VdtClassWork *work)
{
    gboolean tell;

    GST_OBJECT_LOCK(self);
    self->pictures += work->n;
    self->left_out += work->left_out;
    self->empty += work->empty;
    GST_OBJECT_UNLOCK(self);
    tell = work->left_out > 0 && !self->told_left_out;
    self->told_left_out |= tell;
    if (tell)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS,
                            ("A frame has %u boxes, of which %u are classified.",
                             work->n + work->left_out, work->n),
                            ("see max-boxes; `stats` counts others as left out"));
}

/* What is not for a network to see: whether the picture stands still. */
static void find_frozen(VdtSlabClassifier *self, const VdtClassNetwork *network,
                        const VdtClassWork *work)
{
    GstClockTime stood, after;

    g_clear_pointer(&self->frozen, gst_structure_free);
    if (work->what != VDT_CLASSIFY_FRAME)
        return;
    GST_OBJECT_LOCK(self);
    after = (GstClockTime)(self->props.frozen_after * GST_SECOND);
    GST_OBJECT_UNLOCK(self);
    stood =
        vdt_class_still_look(&self->still, work->pictures, vdt_class_network_picture_bytes(network),
                             work->time, work->generation);
    if (after > 0 && stood >= after)
        self->frozen =
            gst_structure_new("result", "label", G_TYPE_STRING, "frozen", "class-id", G_TYPE_INT,
                              (int)network->n_classes, "score", G_TYPE_DOUBLE, 1.0, "group",
                              G_TYPE_STRING, "motion", NULL);
}

/* The level to run at, as far as `elastic` lets it go. */
static guint get_level(VdtSlabClassifier *self, const VdtClassNetwork *network)
{
    double least;

    GST_OBJECT_LOCK(self);
    least = self->elastic;
    GST_OBJECT_UNLOCK(self);
    /* of another model, perhaps */
    if (memcmp(self->controller.cost, network->kept, sizeof network->kept) != 0)
        vdt_elastic_init(&self->controller, network->kept, network->n_levels);
    vdt_elastic_limit(&self->controller,
                      least > 0 ? vdt_class_network_count_levels(network, least) : 1);
    return self->controller.level;
}

/* What ran at @level began at @begin. */
static void note_level(VdtSlabClassifier *self, const VdtClassNetwork *network, guint level,
                       gint64 begin)
{
    const gint64 now = g_get_monotonic_time();
    gboolean changed;
    double interval;

    g_object_get(self, "interval", &interval, NULL);
    changed = vdt_elastic_note(&self->controller, level, (double)(now - begin) / G_USEC_PER_SEC,
                               interval, now);
    GST_OBJECT_LOCK(self);
    self->level = vdt_class_level(network, level);
    self->level_changes = self->controller.changes;
    GST_OBJECT_UNLOCK(self);
    if (changed)
        GST_INFO_OBJECT(self, "from now on each layer merges %u tokens",
                        network->merge[self->controller.level]);
}

static gboolean analyse(VdtAnalyzer *analyzer, gpointer data, gpointer data_of_work,
                        GCancellable *cancellable, GPtrArray *results, GError **error)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);
    VdtClassNetwork *network = data;
    VdtClassWork *work = data_of_work;
    const gsize n = (gsize)work->n * network->n_classes;
    g_autofree float *logits = g_new(float, MAX(n, 1));
    const guint level = get_level(self, network);
    const gint64 begin = g_get_monotonic_time();
    VdtClassFound *before;
    gboolean numbers;
    guint top_k;

    if (!vdt_class_network_run(network, level, work->pictures, work->n, logits, cancellable, error))
        return FALSE;
    note_level(self, network, level, begin);
    GST_OBJECT_LOCK(self);
    top_k = self->limits.top_k;
    GST_OBJECT_UNLOCK(self);
    count(self, work);
    numbers = vdt_worker_check(vdt_analyzer_get_worker(analyzer), logits, n);
    before = self->found;
    self->found = vdt_class_found_new(before, work, network, numbers ? logits : NULL, top_k);
    self->found->level = vdt_class_level(network, level);
    vdt_class_found_free(before);
    vdt_class_found_list(self->found, results);
    find_frozen(self, network, work);
    if (self->frozen)
        g_ptr_array_add(results, gst_structure_copy(self->frozen));
    return TRUE;
}

static GstStructure *describe(VdtAnalyzer *analyzer)
{
    return vdt_class_found_describe(VDT_SLAB_CLASSIFIER(analyzer)->found);
}

static GList *tell(VdtAnalyzer *analyzer, VdtEvents *events, const VdtSpan *span,
                   const GValue *results, GstClockTime least)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);
    VdtHysteresis hysteresis;

    GST_OBJECT_LOCK(self);
    hysteresis = self->limits.hysteresis;
    GST_OBJECT_UNLOCK(self);
    if (self->frozen) /* what rules and the journal know a question by */
        gst_structure_set(self->frozen, "what", G_TYPE_STRING, "motion", NULL);
    return g_list_concat(vdt_class_watch_tell(self->watch, self->found, span, &hysteresis, least),
                         vdt_class_watch_tell_still(self->watch, self->frozen, span, least));
}

static GList *end(VdtAnalyzer *analyzer)
{
    return vdt_class_watch_end(VDT_SLAB_CLASSIFIER(analyzer)->watch);
}

/* What was set and does nothing. */
static void check(VdtAnalyzer *analyzer, gpointer data)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);
    const VdtClassNetwork *network = data;
    gboolean unchecked, none, region, elastic;
    VdtClassify what;

    GST_OBJECT_LOCK(self);
    unchecked = self->unchecked;
    self->unchecked = FALSE;
    what = self->props.what;
    none = !self->props.regions || self->props.regions->n_zones == 0;
    region = self->framing.region.width > 0;
    elastic = self->elastic > 0;
    GST_OBJECT_UNLOCK(self);
    if (unchecked && elastic && network->n_levels < 2)
        GST_ELEMENT_WARNING(
            self, LIBRARY, SETTINGS,
            ("The stream is not elastic: tokens of %s do not merge.", network->card->name),
            ("elastic takes a vision transformer with a class token"));
    if (unchecked && what == VDT_CLASSIFY_REGIONS && none)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS,
                            ("Nothing is classified: there are no regions."),
                            ("classify=regions takes those that `regions` names"));
    if (unchecked && what != VDT_CLASSIFY_REGIONS && !none)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS, ("The regions are not looked at."),
                            ("they are with classify=regions"));
    if (unchecked && what != VDT_CLASSIFY_FRAME && region)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS, ("The region is not looked at."),
                            ("it is the part of the frame for classify=frame"));
}

static void add_stats(VdtAnalyzer *analyzer, GstStructure *stats)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(analyzer);

    GST_OBJECT_LOCK(self);
    gst_structure_set(stats, "pictures", G_TYPE_UINT64, self->pictures, "left-out", G_TYPE_UINT64,
                      self->left_out, "empty", G_TYPE_UINT64, self->empty, "level-changes",
                      G_TYPE_UINT, self->level_changes, NULL);
    vdt_class_level_tell(&self->level, stats);
    GST_OBJECT_UNLOCK(self);
}

static gboolean start(GstBaseTransform *trans)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(trans);

    GST_OBJECT_LOCK(self);
    self->pictures = self->left_out = self->empty = 0;
    self->level_changes = 0;
    self->level = (VdtClassLevel){FALSE};
    self->unchecked = TRUE;
    GST_OBJECT_UNLOCK(self);
    self->told_left_out = FALSE;
    self->controller = (VdtElastic){0};
    return GST_BASE_TRANSFORM_CLASS(vdt_slab_classifier_parent_class)->start(trans);
}

/* Properties */

static void vdt_slab_classifier_set_property(GObject *object, guint id, const GValue *value,
                                             GParamSpec *pspec)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(object);
    VdtWorker *worker = vdt_analyzer_get_worker(VDT_ANALYZER(self));
    VdtClassify before;
    gboolean known, renew;
    char *note = NULL;

    GST_OBJECT_LOCK(self);
    before = self->props.what;
    known = vdt_class_props_set(&self->props, id - PROP_PROPS, value, &note) ||
            vdt_framing_props_set(&self->framing, id - PROP_FRAMING, value, &note);
    if (id == PROP_ELASTIC) {
        self->elastic = g_value_get_double(value);
        known = TRUE;
    }
    self->unchecked |= known;
    known = known || vdt_class_limits_set(&self->limits, id - PROP_LIMITS, value);
    renew = before != self->props.what;
    GST_OBJECT_UNLOCK(self);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    vdt_worker_note(worker, note);
    if (renew)
        vdt_worker_renew(worker);
    else
        vdt_worker_poke(worker);
}

static void vdt_slab_classifier_get_property(GObject *object, guint id, GValue *value,
                                             GParamSpec *pspec)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(object);
    gboolean known;

    GST_OBJECT_LOCK(self);
    known = vdt_class_props_get(&self->props, id - PROP_PROPS, value) ||
            vdt_class_limits_get(&self->limits, id - PROP_LIMITS, value) ||
            vdt_framing_props_get(&self->framing, id - PROP_FRAMING, value);
    if (id == PROP_ELASTIC) {
        g_value_set_double(value, self->elastic);
        known = TRUE;
    }
    GST_OBJECT_UNLOCK(self);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void vdt_slab_classifier_finalize(GObject *object)
{
    VdtSlabClassifier *self = VDT_SLAB_CLASSIFIER(object);

    vdt_class_props_clear(&self->props);
    vdt_class_found_free(self->found);
    vdt_class_still_clear(&self->still);
    g_clear_pointer(&self->frozen, gst_structure_free);
    vdt_class_watch_free(self->watch);
    G_OBJECT_CLASS(vdt_slab_classifier_parent_class)->finalize(object);
}

static void vdt_slab_classifier_init(VdtSlabClassifier *self)
{
    gst_video_info_init(&self->info);
    vdt_class_props_init(&self->props);
    vdt_class_limits_init(&self->limits);
    vdt_framing_props_init(&self->framing);
    self->watch = vdt_class_watch_new(GST_ELEMENT(self), "classification");
}

static void vdt_slab_classifier_class_init(VdtSlabClassifierClass *klass)
{
    static const char *const architectures[] = {"slab", "tocom", NULL};
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    VdtAnalyzerClass *analyzer = VDT_ANALYZER_CLASS(klass);

    object->set_property = vdt_slab_classifier_set_property;
    object->get_property = vdt_slab_classifier_get_property;
    object->finalize = vdt_slab_classifier_finalize;
    GST_BASE_TRANSFORM_CLASS(klass)->set_caps = set_caps;
    GST_BASE_TRANSFORM_CLASS(klass)->start = start;
    analyzer->kind = "classification";
    analyzer->factory = "slab-classifier";
    analyzer->architectures = architectures;
    analyzer->usual = usual;
    analyzer->prepare = prepare;
    analyzer->clear_network = vdt_class_network_clear;
    analyzer->look = look;
    analyzer->take = take;
    analyzer->free_work = vdt_class_work_free;
    analyzer->reset = reset;
    analyzer->renews = renews;
    analyzer->analyse = analyse;
    analyzer->check = check;
    analyzer->describe = describe;
    analyzer->tell = tell;
    analyzer->end = end;
    analyzer->passing = passing;
    analyzer->add_stats = add_stats;

    vdt_class_props_install(object, PROP_PROPS);
    vdt_class_limits_install(object, PROP_LIMITS);
    vdt_framing_props_install(object, PROP_FRAMING);
    g_object_class_install_property(
        object, PROP_ELASTIC,
        g_param_spec_double(
            "elastic", "Elastic",
            "Lowest share of tokens that the network works on, for as long as "
            "results take more than half an interval: merged ones cost accuracy; "
            "0 for a network that runs as it was trained",
            0, 1, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING));

    gst_element_class_set_static_metadata(element, "SLAB classifier", "Filter/Analyzer/Video",
                                          "Says what a video stream shows, as a whole, in regions, "
                                          "or in boxes of other elements, with "
                                          "a network that classifies pictures",
                                          "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
}
