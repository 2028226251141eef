/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-cgrseg-segmenter
 *
 * Says of every pixel of a stream what it shows: every #VdtAnalyzer:interval seconds, a CGRSeg
 * network looks at a picture.
 *
 * Frames carry the newest result as a #GstCustomMeta "VedetteResult": `element`, `kind`
 * (segmentation), `result-pts`, `age`, `results`, and the map of classes, which covers the whole
 * frame, whatever part of it was looked at:
 *
 * * #GstBuffer `map`: rows of `map-width` bytes, a class-id each, 255 where there is nothing: what
 *   was not looked at, and classes that are not reported
 * * #gint `map-width`, `map-height`
 * * #GstBuffer `runs`, with #VdtCgrsegSegmenter:run-length: the map once more, as pairs of a byte
 * and how often it follows, in groups of seven bits, the lowest first, all but the last with the
 *   eighth bit set
 * * array `results`: a structure for each class that was found, the largest first: string `label`,
 *   #gint `class-id`, #gdouble `score` (how sure the network was of it, on average), `share` of the
 *   frame, `x`, `y`, `width`, `height` (the box around all of it, in shares of the frame), #guint
 *   `rgb` (its colour, 0xRRGGBB)
 *
 * * array `zones`, with #VdtCgrsegSegmenter:zones: a structure for each: string `name`, array
 *   `points` (#gdouble x and y of each in turns, in shares of the frame), #gboolean `occupied`, and
 *   if it is, of the class that covers most of it, string `label`, #gint `class-id`, #gdouble
 *   `share` (of the zone)
 *
 * * with #VdtCgrsegSegmenter:objects, array `objects`: a structure for each thing of the classes
 *   that #VdtCgrsegSegmenter:object-classes names, which keeps its number from picture to picture:
 *   #guint `id`, string `label`, #gint `class-id`, #gdouble `score`, `share`, `x`, `y`, `width`,
 *   `height`, as above, where it is at `result-pts`, `speed-x`, `speed-y` (frame widths and
 *   heights a second), #guint64 `first-seen` (PTS, ns), string `state` (seen, hidden or merged),
 *   #guint `parent` if it has come off another one, array `path` (#gdouble x and y in turns of the
 *   middle of its lower edge, the newest last); and in each of `zones`, #guint `objects` and
 *   `dwelling`: how many are in it, and for longer than #VdtCgrsegSegmenter:dwell
 *
 * * with #VdtCgrsegSegmenter:lines, too, array `lines`: a structure for each: string `name`, array
 *   `points`, #guint64 `in`, `out`: how many have crossed it
 *
 * Each object is also a #GstVideoRegionOfInterestMeta, where it is at the frame's time, of type
 * `label`, with its `id` and params "cgrseg-segmenter": those of a class, and #guint `object` (its
 * id), `speed-x`, `speed-y`, `first-seen`, `state`, `path`.
 *
 * With #VdtCgrsegSegmenter:roi-metas, each of the classes is also a
 * #GstVideoRegionOfInterestMeta, of type `label`, with params "cgrseg-segmenter": #gdouble `share`,
 * `confidence`, #gint `class-id`.
 *
 * Each result in which a class was found is posted as an element message:
 *
 * * #guint64 `timestamp`, `stream-time`, `running-time`: of the picture (ns); `duration`: 0
 * * string `event`: update; string `id`: the same for all of them
 * * `label`, `class-id`, `score`, `share`, `x`, `y`, `width`, `height`, `rgb`: the largest class
 * * string `kind`: segmentation; #guint64 `window-start`, `window-end`: PTS of the picture (ns)
 * * array `results`: as in the meta
 *
 * With #VdtCgrsegSegmenter:zones, an element message "start" is posted when a class covers
 * #VdtCgrsegSegmenter:zone-share of a zone, and "end" when it has lost
 * #VdtCgrsegSegmenter:zone-hysteresis of that; each once it has been so for
 * #VdtAnalyzer:min-duration. They are like the above, but without box, colour and `results`, and
 * with
 *
 * * string `zone`: its name; #gdouble `share`: of the zone, not of the frame
 * * string `id`: the same for start and end, another for every other
 *
 * With #VdtCgrsegSegmenter:objects, element messages with a string `what` tell of those, with
 * `label`, `class-id` and `score` of the object and #guint `object`, its id:
 *
 * * `what` object: it starts, goes on and ends; the fields of the meta, without `path`
 * * `what` crossing: start and end at once when it has crossed a line; string `line`, `direction`
 *   (in or out), #guint64 `in`, `out`
 * * `what` dwell: from #VdtCgrsegSegmenter:dwell seconds in a zone until it has left; string
 *   `zone`, #guint64 `since` (PTS, ns)
 * * `what` count: while there are more than #VdtCgrsegSegmenter:count in a zone; string `zone`,
 *   #guint `count`, no `object`
 *
 * The pad `mask`, if it is requested, gives each map once, as a GRAY8 picture under the time of the
 * picture that it is of, as soon as it is there, and gaps between. Since it is late by what the
 * network takes, sinks behind it need sync=false, or #VdtAnalyzer:mode exact or aligned.
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 vedette-scenesrc ! cgrseg-segmenter ! vedette-overlay ! videoconvert ! \
 *     autovideosink
 * ]| An empty #VdtAnalyzer:model is cgrseg-street, which knows what is on the street of
 * vedette-scenesrc.
 *
 * Since: 0.1
 */
#include "cgrsegsegmenter.h"

#include "frame/objectbox.h"
#include "maskpad.h"
#include "preprocess.h"
#include "secondpad.h"
#include "segobjects.h"
#include "segreading.h"
#include "segregions.h"
#include "segzones.h"

GST_DEBUG_CATEGORY_STATIC(cgrseg_segmenter_debug);
#define GST_CAT_DEFAULT cgrseg_segmenter_debug

struct _VdtCgrsegSegmenter {
    VdtAnalyzer parent;

    VdtSegReading reading;
    VdtSegZones zones;
    VdtSegObjects objects;

    /* under the object lock */
    VdtSegSize size;
    VdtFramingProps framing;
    GstPad *mask;                  /* NULL if it was not requested */
    guint next_width, next_height; /* of the newest map that was asked for */

    /* the streaming thread's */
    GstVideoInfo info;
    GstBuffer *looked; /* the frame that is there for look and take, without a reference */
    GstClockTime time;
    VdtFrameTarget target; /* of the newest work */
    guint generation;      /* counts what does not continue what was before */
};

enum {
    PROP_READING = 1,
    PROP_RESOLUTION = PROP_READING + VDT_SEG_READING_PROPS,
    PROP_FRAMING,
    PROP_ZONES = PROP_FRAMING + VDT_FRAMING_PROPS,
    PROP_OBJECTS = PROP_ZONES + VDT_SEG_ZONES_PROPS /* and more */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(VDT_FRAME_FORMATS)));
static GstStaticPadTemplate mask_template =
    GST_STATIC_PAD_TEMPLATE("mask", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(VDT_MASK_CAPS));

G_DEFINE_TYPE_WITH_CODE(VdtCgrsegSegmenter, vdt_cgrseg_segmenter, VDT_TYPE_ANALYZER,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, NULL)
                            GST_DEBUG_CATEGORY_INIT(cgrseg_segmenter_debug, "cgrseg-segmenter", 0,
                                                    "semantic segmentation"))
GST_ELEMENT_REGISTER_DEFINE(cgrseg_segmenter, "cgrseg-segmenter", GST_RANK_NONE,
                            VDT_TYPE_CGRSEG_SEGMENTER)

static gpointer prepare(VdtAnalyzer *analyzer, VdtEngine *engine, GError **error)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    guint width, height;

    GST_OBJECT_LOCK(self);
    width = self->size.width;
    height = self->size.height;
    GST_OBJECT_UNLOCK(self);
    vdt_seg_reading_renew(&self->reading);
    vdt_seg_objects_renew(&self->objects);
    return vdt_seg_network_new(GST_ELEMENT(self), engine, width, height, error);
}

/* The streaming thread */

static gboolean set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(trans);

    self->generation++;
    return gst_video_info_from_caps(&self->info, in) &&
           GST_BASE_TRANSFORM_CLASS(vdt_cgrseg_segmenter_parent_class)->set_caps(trans, in, out);
}

static void reset(VdtAnalyzer *analyzer)
{
    VDT_CGRSEG_SEGMENTER(analyzer)->generation++;
}

/* Only pictures that a result is due for are converted: see take. */
static void look(VdtAnalyzer *analyzer, gpointer network, GstBuffer *buffer, GstClockTime time)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);

    self->looked = buffer;
    self->time = time;
}

static gpointer take(VdtAnalyzer *analyzer, gpointer data, GstClockTime *start, GstClockTime *end)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    const VdtSegNetwork *network = data;
    GstBuffer *buffer = g_steal_pointer(&self->looked);
    VdtFrameTarget target, lying;
    VdtMapSize size;
    VdtSegWork *work;

    if (!buffer)
        return NULL;
    GST_OBJECT_LOCK(self);
    target =
        vdt_framing_props_target(&self->framing, network->card, network->width, network->height);
    size = self->reading.map_size;
    GST_OBJECT_UNLOCK(self);
    /* another part of the frame is nothing to average with */
    if (!vdt_frame_target_equal(&self->target, &target))
        self->generation++;
    self->target = target;

    lying = vdt_orientation_lay(vdt_analyzer_get_orientation(analyzer), &target);
    work = vdt_seg_work_new(&lying, &self->info, buffer, size, self->generation);
    work->orientation = vdt_analyzer_get_orientation(analyzer);
    work->time = self->time;
    work->segment = GST_BASE_TRANSFORM(self)->segment;
    if (!vdt_analyzer_convert(analyzer, buffer, &target, work->rgb)) {
        g_free(work);
        return NULL;
    }
    GST_OBJECT_LOCK(self);
    self->next_width = work->map_width;
    self->next_height = work->map_height;
    GST_OBJECT_UNLOCK(self);
    *start = *end = self->time;
    return work;
}

static void passing(VdtAnalyzer *analyzer, GstBuffer *buffer, GstClockTime pts, GstClockTime oldest,
                    const VdtResult *result)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    g_autoptr(GstPad) mask = vdt_second_pad_get(GST_ELEMENT(self), &self->mask);
    VdtMaskOf of = {&self->info, &GST_BASE_TRANSFORM(self)->segment, 0, 0};
    const GstClockTime duration = vdt_mask_frame_duration(&self->info, buffer);
    const GstClockTime end = GST_CLOCK_TIME_IS_VALID(duration) ? pts + duration : pts;
    const GValue *objects;
    gboolean regions;

    GST_OBJECT_LOCK(self);
    regions = self->reading.roi_metas;
    of.width = self->next_width;
    of.height = self->next_height;
    GST_OBJECT_UNLOCK(self);
    if (result && regions)
        vdt_seg_regions_attach(buffer, &self->info, &result->structures);
    objects = result ? gst_structure_get_value(result->fields, "objects") : NULL;
    if (objects)
        vdt_seg_regions_attach_objects(buffer, &self->info, objects,
                                       vdt_object_age(pts, result->pts));
    if (mask && of.width > 0)
        vdt_mask_pad_skip(mask, GST_ELEMENT(self), &of, end, oldest);
}

/* Masks may be all that is wanted: then frames go nowhere. */
static gboolean drops(VdtAnalyzer *analyzer)
{
    g_autoptr(GstPad) mask =
        vdt_second_pad_get(GST_ELEMENT(analyzer), &VDT_CGRSEG_SEGMENTER(analyzer)->mask);

    return mask && gst_pad_is_linked(mask) &&
           !gst_pad_is_linked(GST_BASE_TRANSFORM_SRC_PAD(analyzer));
}

static GstClockTime get_oldest(GstBaseTransform *trans)
{
    return vdt_worker_get_oldest(vdt_analyzer_get_worker(VDT_ANALYZER(trans)));
}

static gboolean sink_event(GstBaseTransform *trans, GstEvent *event)
{
    g_autoptr(GstPad) mask =
        vdt_second_pad_get(GST_ELEMENT(trans), &VDT_CGRSEG_SEGMENTER(trans)->mask);

    return vdt_mask_pad_handle(
        mask, trans, event, GST_BASE_TRANSFORM_CLASS(vdt_cgrseg_segmenter_parent_class)->sink_event,
        get_oldest);
}

static GstPad *request_new_pad(GstElement *element, GstPadTemplate *templ, const char *name,
                               const GstCaps *caps)
{
    return vdt_second_pad_add(element, &VDT_CGRSEG_SEGMENTER(element)->mask,
                              vdt_mask_pad_new(templ));
}

static void release_pad(GstElement *element, GstPad *pad)
{
    vdt_second_pad_release(element, &VDT_CGRSEG_SEGMENTER(element)->mask, pad);
}

/* The worker */

static gboolean analyse(VdtAnalyzer *analyzer, gpointer data, gpointer data_of_work,
                        GCancellable *cancellable, GPtrArray *results, GError **error)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    VdtSegNetwork *network = data;
    VdtSegWork *work = data_of_work;
    const VdtPicture picture = {work->rgb, network->width, network->height,
                                (gsize)3 * network->width};
    g_autoptr(VdtSegmentation) found = NULL;
    g_autoptr(VdtZones) zones = NULL;

    vdt_clip_set_frame(vdt_session_get_input(network->session, 0), 0, 0, &picture,
                       network->card->mean, network->card->std);
    if (!vdt_session_run(network->session, cancellable, error))
        return FALSE;
    found = vdt_seg_reading_read(&self->reading, vdt_analyzer_get_worker(analyzer), network, work);
    if (!found) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "no memory for a map of %ux%u",
                    work->map_width, work->map_height);
        return FALSE;
    }
    vdt_seg_reading_list(found, network, results);
    zones = vdt_seg_zones_measure(&self->zones, found, network);
    vdt_seg_objects_follow(&self->objects, found, network, work, zones);
    vdt_seg_reading_keep(&self->reading, found);
    return TRUE;
}

static void check(VdtAnalyzer *analyzer, gpointer network)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);

    vdt_seg_reading_check(&self->reading, network);
    vdt_seg_zones_check(&self->zones);
    vdt_seg_objects_check(&self->objects, network);
}

static void published(VdtAnalyzer *analyzer, gpointer data, const VdtResult *result)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    const VdtSegWork *work = data;
    const VdtMaskOf of = {&work->info, &work->segment, work->map_width, work->map_height};
    g_autoptr(GstPad) mask = vdt_second_pad_get(GST_ELEMENT(self), &self->mask);
    g_autoptr(GstBuffer) map = NULL;

    if (mask && gst_structure_get(result->fields, "map", GST_TYPE_BUFFER, &map, NULL))
        vdt_mask_pad_push(mask, GST_ELEMENT(self), &of, map, result->pts, work->duration);
}

static GstStructure *describe(VdtAnalyzer *analyzer)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    GstStructure *s = vdt_seg_reading_describe(&self->reading);

    vdt_seg_objects_describe(&self->objects, s);
    vdt_seg_zones_describe(&self->zones, vdt_seg_objects_count(&self->objects), s);
    return s;
}

static GList *tell(VdtAnalyzer *analyzer, VdtEvents *events, const VdtSpan *span,
                   const GValue *results, GstClockTime least)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    GList *messages = NULL;

    if (gst_value_array_get_size(results) > 0)
        messages = vdt_events_tell(
            events, span, gst_value_get_structure(gst_value_array_get_value(results, 0)), results);
    messages = g_list_concat(messages, vdt_seg_zones_tell(&self->zones, span, least));
    return g_list_concat(messages, vdt_seg_objects_tell(&self->objects, span, least));
}

static GList *end(VdtAnalyzer *analyzer)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);

    return g_list_concat(vdt_seg_zones_end(&self->zones), vdt_seg_objects_end(&self->objects));
}

/* Properties */

static void vdt_cgrseg_segmenter_set_property(GObject *object, guint id, const GValue *value,
                                              GParamSpec *pspec)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);
    VdtWorker *worker = vdt_analyzer_get_worker(VDT_ANALYZER(self));
    gboolean renew = FALSE, known = TRUE;
    char *note = NULL;

    GST_OBJECT_LOCK(self);
    if (id == PROP_RESOLUTION)
        renew = vdt_seg_size_set(&self->size, g_value_get_string(value), &note);
    else
        known = vdt_seg_reading_set(&self->reading, id - PROP_READING, value) ||
                vdt_framing_props_set(&self->framing, id - PROP_FRAMING, value, &note) ||
                vdt_seg_zones_set(&self->zones, id - PROP_ZONES, value, &note) ||
                vdt_seg_objects_set(&self->objects, id - PROP_OBJECTS, value, &note);
    GST_OBJECT_UNLOCK(self);
    if (id == PROP_OBJECTS)
        vdt_analyzer_suggest_interval(VDT_ANALYZER(self),
                                      g_value_get_boolean(value) ? VDT_OBJECTS_INTERVAL : 0);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    vdt_worker_note(worker, note);
    if (renew)
        vdt_worker_renew(worker);
    else
        vdt_worker_poke(worker);
}

static void vdt_cgrseg_segmenter_get_property(GObject *object, guint id, GValue *value,
                                              GParamSpec *pspec)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);
    gboolean known = TRUE;

    GST_OBJECT_LOCK(self);
    if (id == PROP_RESOLUTION)
        g_value_set_string(value, self->size.text);
    else
        known = vdt_seg_reading_get(&self->reading, id - PROP_READING, value) ||
                vdt_framing_props_get(&self->framing, id - PROP_FRAMING, value) ||
                vdt_seg_zones_get(&self->zones, id - PROP_ZONES, value) ||
                vdt_seg_objects_get(&self->objects, id - PROP_OBJECTS, value);
    GST_OBJECT_UNLOCK(self);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void vdt_cgrseg_segmenter_finalize(GObject *object)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);

    vdt_seg_reading_clear(&self->reading);
    vdt_seg_size_clear(&self->size);
    gst_clear_object(&self->mask);
    vdt_seg_zones_clear(&self->zones);
    vdt_seg_objects_clear(&self->objects);
    G_OBJECT_CLASS(vdt_cgrseg_segmenter_parent_class)->finalize(object);
}

static void vdt_cgrseg_segmenter_init(VdtCgrsegSegmenter *self)
{
    gst_video_info_init(&self->info);
    vdt_seg_reading_init(&self->reading, GST_ELEMENT(self));
    vdt_framing_props_init(&self->framing);
    vdt_seg_zones_init(&self->zones, GST_ELEMENT(self), "segmentation");
    vdt_seg_objects_init(&self->objects, GST_ELEMENT(self), "segmentation");
}

static void vdt_cgrseg_segmenter_class_init(VdtCgrsegSegmenterClass *klass)
{
    static const char *const architectures[] = {"cgrseg", NULL};
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    VdtAnalyzerClass *analyzer = VDT_ANALYZER_CLASS(klass);

    object->set_property = vdt_cgrseg_segmenter_set_property;
    object->get_property = vdt_cgrseg_segmenter_get_property;
    object->finalize = vdt_cgrseg_segmenter_finalize;
    element->request_new_pad = request_new_pad;
    element->release_pad = release_pad;
    GST_BASE_TRANSFORM_CLASS(klass)->set_caps = set_caps;
    GST_BASE_TRANSFORM_CLASS(klass)->sink_event = sink_event;
    analyzer->kind = "segmentation";
    analyzer->factory = "cgrseg-segmenter";
    analyzer->architectures = architectures;
    analyzer->prepare = prepare;
    analyzer->clear_network = vdt_seg_network_clear;
    analyzer->look = look;
    analyzer->take = take;
    analyzer->free_work = g_free;
    analyzer->reset = reset;
    analyzer->analyse = analyse;
    analyzer->check = check;
    analyzer->describe = describe;
    analyzer->tell = tell;
    analyzer->end = end;
    analyzer->published = published;
    analyzer->passing = passing;
    analyzer->drops = drops;

    vdt_seg_reading_install(object, PROP_READING);
    vdt_seg_size_install(object, PROP_RESOLUTION);
    vdt_framing_props_install(object, PROP_FRAMING);
    vdt_seg_zones_install(object, PROP_ZONES);
    vdt_seg_objects_install(object, PROP_OBJECTS);

    gst_element_class_set_static_metadata(
        element, "CGRSeg segmenter", "Filter/Analyzer/Video",
        "Says of every pixel of a video stream what it shows, with a CGRSeg network",
        "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    gst_element_class_add_static_pad_template(element, &mask_template);
}
