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
 * With #VdtCgrsegSegmenter:roi-metas, each of these classes is also a
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
 * The pad `mask`, if it is requested, gives each map once, as a GRAY8 picture under the time of the
 * picture that it is of, when the first frame that carries it goes out. Put a queue behind it, as
 * behind a tee; and since it is late by what the network takes, sinks with sync=false, or
 * #VdtAnalyzer:mode exact.
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

#include <math.h>
#include <string.h>

#include "enums.h"
#include "frame/frameview.h"
#include "logits.h"
#include "maskpad.h"
#include "preprocess.h"
#include "runs.h"
#include "segmentation.h"
#include "segnetwork.h"
#include "segregions.h"
#include "zonewatch.h"

GST_DEBUG_CATEGORY_STATIC(cgrseg_segmenter_debug);
#define GST_CAT_DEFAULT cgrseg_segmenter_debug

#define DEFAULT_MIN_AREA        0.0
#define DEFAULT_SMOOTHING       0.0
#define DEFAULT_MAP_SIZE        VDT_MAP_OF_NETWORK
#define DEFAULT_RUN_LENGTH      FALSE
#define DEFAULT_ROI_METAS       FALSE
#define MOST_SMOOTHING          0.99
#define DEFAULT_ZONE_SHARE      0.05
#define DEFAULT_ZONE_HYSTERESIS 0.5

/* A picture to look at. */
typedef struct {
    guint generation; /* of the stream, see below */
    VdtSeen seen;
    guint map_width, map_height;
    guint8 rgb[];
} Work;

struct _VdtCgrsegSegmenter {
    VdtAnalyzer parent;

    /* properties, under the object lock */
    char *classes;
    gboolean classes_changed; /* what it names was not looked up yet */
    double min_area, smoothing;
    char *resolution;
    guint width, height; /* what it says */
    VdtFramingProps framing;
    VdtMapSize map_size;
    gboolean run_length, roi_metas;
    char *zones_text;
    VdtZones *zones;  /* what it says; NULL for none */
    char *zones_note; /* what is to be said of zones, once somebody hears it; NULL for nothing */
    VdtZoneLimits zone_limits;

    GstPad *mask; /* under the object lock; NULL if it was not requested */

    /* the streaming thread's */
    GstVideoInfo info;
    GstBuffer *looked; /* the frame that is there for look and take, without a reference */
    GstClockTime pts;
    VdtFrameTarget target;         /* of the newest work */
    guint generation;              /* counts what does not continue what was before */
    guint next_width, next_height; /* of the newest map that was asked for */

    /* the worker's */
    VdtLogits *average;
    GstBuffer *map, *runs; /* no runs: NULL */
    guint map_width, map_height;
    VdtZoneWatch *watch;
};

enum {
    PROP_CLASSES = 1,
    PROP_MIN_AREA,
    PROP_SMOOTHING,
    PROP_RESOLUTION,
    PROP_FRAMING,
    PROP_MAP_SIZE = PROP_FRAMING + VDT_FRAMING_PROPS,
    PROP_RUN_LENGTH,
    PROP_ROI_METAS,
    PROP_ZONES,
    PROP_ZONE_SHARE,
    PROP_ZONE_HYSTERESIS
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

/* Says what was to be said of zones. */
static void warn_of_zones(VdtCgrsegSegmenter *self)
{
    g_autofree char *note = NULL;

    GST_OBJECT_LOCK(self);
    note = g_steal_pointer(&self->zones_note);
    GST_OBJECT_UNLOCK(self);
    if (note)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS, ("%s", note), (NULL));
}

static gpointer prepare(VdtAnalyzer *analyzer, VdtEngine *engine, GError **error)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    guint width, height;

    GST_OBJECT_LOCK(self);
    width = self->width;
    height = self->height;
    self->classes_changed = TRUE; /* the network may have others */
    GST_OBJECT_UNLOCK(self);
    warn_of_zones(self);
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
static void look(VdtAnalyzer *analyzer, gpointer network, GstBuffer *buffer, GstClockTime pts)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);

    self->looked = buffer;
    self->pts = pts;
}

/* As fine as @pixels are on the @share of the frame that they cover, and no finer than the frame if
 * that share is small. */
static guint map_side(guint pixels, double share, guint frame)
{
    return (guint)CLAMP(lrint(pixels / share), 1, (long)MAX(pixels, frame));
}

static gpointer take(VdtAnalyzer *analyzer, gpointer data, GstClockTime *start, GstClockTime *end)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    const VdtSegNetwork *network = data;
    GstBuffer *buffer = g_steal_pointer(&self->looked);
    guint width, height;
    VdtFrameTarget target;
    VdtMapSize size;
    Work *work;

    if (!buffer)
        return NULL;
    GST_OBJECT_LOCK(self);
    target =
        vdt_framing_props_target(&self->framing, network->card, network->width, network->height);
    size = self->map_size;
    GST_OBJECT_UNLOCK(self);
    /* another part of the frame is nothing to average with */
    if (!vdt_frame_target_equal(&self->target, &target))
        self->generation++;
    self->target = target;

    work = g_malloc(sizeof *work + (gsize)3 * target.width * target.height);
    if (!vdt_analyzer_convert(analyzer, buffer, &target, work->rgb)) {
        g_free(work);
        return NULL;
    }
    vdt_frame_visible_size(&self->info, buffer, &width, &height);
    work->generation = self->generation;
    work->seen = vdt_frame_seen(&target, width, height);
    work->map_width = width;
    work->map_height = height;
    if (size == VDT_MAP_OF_NETWORK) {
        work->map_width = map_side(target.width, work->seen.width, width);
        work->map_height = map_side(target.height, work->seen.height, height);
    }
    self->next_width = work->map_width;
    self->next_height = work->map_height;
    *start = *end = self->pts;
    return work;
}

/* The pad for masks, the caller's; NULL if there is none. */
static GstPad *get_mask(VdtCgrsegSegmenter *self)
{
    GstPad *pad;

    GST_OBJECT_LOCK(self);
    pad = self->mask ? gst_object_ref(self->mask) : NULL;
    GST_OBJECT_UNLOCK(self);
    return pad;
}

static void passing(VdtAnalyzer *analyzer, GstBuffer *buffer, GstClockTime pts,
                    const VdtResult *result, gboolean fresh)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    g_autoptr(GstPad) mask = get_mask(self);
    g_autoptr(GstBuffer) map = NULL;
    gboolean regions;
    int width, height;

    GST_OBJECT_LOCK(self);
    regions = self->roi_metas;
    GST_OBJECT_UNLOCK(self);
    if (result && regions)
        vdt_seg_regions_attach(buffer, &self->info, &result->structures);
    if (!mask)
        return;
    if (fresh && gst_structure_get(result->fields, "map", GST_TYPE_BUFFER, &map, "map-width",
                                   G_TYPE_INT, &width, "map-height", G_TYPE_INT, &height, NULL))
        vdt_mask_pad_push(mask, GST_BASE_TRANSFORM(self), &self->info, map, (guint)width,
                          (guint)height, result->pts);
    else if (self->next_width > 0)
        vdt_mask_pad_begin(mask, GST_BASE_TRANSFORM(self), &self->info, self->next_width,
                           self->next_height, pts);
}

static gboolean sink_event(GstBaseTransform *trans, GstEvent *event)
{
    g_autoptr(GstPad) mask = get_mask(VDT_CGRSEG_SEGMENTER(trans));
    const GstEventType type = GST_EVENT_TYPE(event);
    gboolean reset_time = TRUE, done;

    if (type == GST_EVENT_FLUSH_STOP)
        gst_event_parse_flush_stop(event, &reset_time);
    /* first: the streaming thread may wait in what is behind it */
    if (mask && type == GST_EVENT_FLUSH_START)
        vdt_mask_pad_event(mask, trans, type, reset_time);
    done = GST_BASE_TRANSFORM_CLASS(vdt_cgrseg_segmenter_parent_class)->sink_event(trans, event);
    if (mask && type != GST_EVENT_FLUSH_START)
        vdt_mask_pad_event(mask, trans, type, reset_time);
    return done;
}

static GstPad *request_new_pad(GstElement *element, GstPadTemplate *templ, const char *name,
                               const GstCaps *caps)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(element);
    GstPad *pad = vdt_mask_pad_new(templ);
    gboolean taken;

    GST_OBJECT_LOCK(self);
    taken = self->mask != NULL;
    if (!taken)
        self->mask = gst_object_ref_sink(pad);
    GST_OBJECT_UNLOCK(self);
    if (taken) {
        GST_WARNING_OBJECT(self, "there is one pad for masks, and it was requested before");
        gst_object_unref(gst_object_ref_sink(pad));
        return NULL;
    }
    gst_element_add_pad(element, pad);
    return pad;
}

static void release_pad(GstElement *element, GstPad *pad)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(element);

    GST_OBJECT_LOCK(self);
    self->mask = NULL;
    GST_OBJECT_UNLOCK(self);
    gst_pad_set_active(pad, FALSE);
    gst_element_remove_pad(element, pad);
    gst_object_unref(pad);
}

/* The worker */

static GstStructure *result_of(const VdtSegNetwork *network, guint class, const VdtSegment *segment)
{
    char number[16];

    return gst_structure_new(
        "result", "label", G_TYPE_STRING, vdt_seg_network_label(network, class, number), "class-id",
        G_TYPE_INT, (int)class, "score", G_TYPE_DOUBLE, segment->score, "share", G_TYPE_DOUBLE,
        segment->share, "x", G_TYPE_DOUBLE, segment->x, "y", G_TYPE_DOUBLE, segment->y, "width",
        G_TYPE_DOUBLE, segment->width, "height", G_TYPE_DOUBLE, segment->height, "rgb", G_TYPE_UINT,
        network->colours[class], NULL);
}

/* Which classes are to be reported, NULL for all; says once which of them the network lacks. */
static gboolean *find_classes(VdtCgrsegSegmenter *self, const VdtSegNetwork *network)
{
    g_autofree char *names = NULL, *unknown = NULL;
    gboolean changed, *found;

    GST_OBJECT_LOCK(self);
    names = g_strdup(self->classes);
    changed = self->classes_changed;
    self->classes_changed = FALSE;
    GST_OBJECT_UNLOCK(self);
    found = vdt_seg_network_find(network, names, &unknown);
    if (changed && unknown)
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS,
                            ("The network does not know of classes: %s.", unknown),
                            ("model %s has %u classes", network->card->name, network->n_classes));
    return found;
}

static void measure_zones(VdtCgrsegSegmenter *self, const VdtSegmentation *found,
                          const VdtSegNetwork *network)
{
    g_autoptr(VdtZones) zones = NULL;

    GST_OBJECT_LOCK(self);
    zones = self->zones ? g_atomic_rc_box_acquire(self->zones) : NULL;
    GST_OBJECT_UNLOCK(self);
    warn_of_zones(self);
    vdt_zone_watch_measure(self->watch, zones, found, network);
}

/* Takes the map out of @s, for metas to share. */
static void keep_map(VdtCgrsegSegmenter *self, VdtSegmentation *s)
{
    const gsize size = (gsize)s->width * s->height;
    guint8 *map = g_steal_pointer(&s->map);
    gboolean run_length;

    GST_OBJECT_LOCK(self);
    run_length = self->run_length;
    GST_OBJECT_UNLOCK(self);
    gst_clear_buffer(&self->runs);
    if (run_length)
        self->runs =
            gst_buffer_new_wrapped_bytes(g_byte_array_free_to_bytes(vdt_runs_encode(map, size)));
    gst_clear_buffer(&self->map);
    self->map =
        gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, map, size, 0, size, map, g_free);
    self->map_width = s->width;
    self->map_height = s->height;
}

/* What the network says of the picture that it was run on. */
static VdtSegmentation *segment(VdtCgrsegSegmenter *self, const VdtSegNetwork *network,
                                const Work *work, double smoothing)
{
    const VdtTensor *logits = vdt_session_get_output(network->session, 0);
    const gsize n = (gsize)vdt_shape_elements(&logits->shape);

    /* nor may they get into the average, which they would never leave */
    if (!vdt_worker_check(vdt_analyzer_get_worker(VDT_ANALYZER(self)), logits->data, n))
        return vdt_segmentation_empty(network->n_classes, work->map_width, work->map_height);
    return vdt_segmentation_new(
        vdt_logits_smooth(self->average, logits->data, n, work->generation, smoothing),
        network->n_classes, (guint)logits->shape.dims[2], (guint)logits->shape.dims[3], &work->seen,
        work->map_width, work->map_height);
}

static gboolean analyse(VdtAnalyzer *analyzer, gpointer data, gpointer data_of_work,
                        GCancellable *cancellable, GPtrArray *results, GError **error)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    VdtSegNetwork *network = data;
    Work *work = data_of_work;
    const VdtPicture picture = {work->rgb, network->width, network->height,
                                (gsize)3 * network->width};
    g_autoptr(VdtSegmentation) found = NULL;
    g_autofree gboolean *wanted = NULL;
    guint8 order[VDT_SEGMENTATION_CLASSES];
    double smoothing, least;
    guint n;

    vdt_clip_set_frame(vdt_session_get_input(network->session, 0), 0, 0, &picture,
                       network->card->mean, network->card->std);
    if (!vdt_session_run(network->session, cancellable, error))
        return FALSE;
    GST_OBJECT_LOCK(self);
    smoothing = self->smoothing;
    least = self->min_area;
    GST_OBJECT_UNLOCK(self);
    found = segment(self, network, work, smoothing);
    wanted = find_classes(self, network);
    vdt_segmentation_keep(found, wanted, least);
    n = vdt_segmentation_order(found, order);
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(results, result_of(network, order[i], &found->segments[order[i]]));
    measure_zones(self, found, network);
    keep_map(self, found);
    return TRUE;
}

static VdtZoneLimits get_zone_limits(VdtCgrsegSegmenter *self)
{
    VdtZoneLimits limits;

    GST_OBJECT_LOCK(self);
    limits = self->zone_limits;
    GST_OBJECT_UNLOCK(self);
    return limits;
}

static GstStructure *describe(VdtAnalyzer *analyzer)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    const VdtZoneLimits limits = get_zone_limits(self);
    GValue zones = G_VALUE_INIT;
    GstStructure *s = gst_structure_new("map", "map", GST_TYPE_BUFFER, self->map, "map-width",
                                        G_TYPE_INT, (int)self->map_width, "map-height", G_TYPE_INT,
                                        (int)self->map_height, NULL);

    if (self->runs)
        gst_structure_set(s, "runs", GST_TYPE_BUFFER, self->runs, NULL);
    if (vdt_zone_watch_describe(self->watch, &limits, &zones))
        gst_structure_take_value(s, "zones", &zones);
    return s;
}

static GList *tell(VdtAnalyzer *analyzer, VdtEvents *events, const VdtSpan *span,
                   const GValue *results, GstClockTime least)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(analyzer);
    const VdtZoneLimits limits = get_zone_limits(self);
    GList *messages = NULL;

    if (gst_value_array_get_size(results) > 0)
        messages = vdt_events_tell(
            events, span, gst_value_get_structure(gst_value_array_get_value(results, 0)), results);
    return g_list_concat(messages, vdt_zone_watch_tell(self->watch, span, &limits, least));
}

static GList *end(VdtAnalyzer *analyzer)
{
    return vdt_zone_watch_end(VDT_CGRSEG_SEGMENTER(analyzer)->watch);
}

/* Properties */

/* FALSE, with the resolution as it was, if @text is none. */
static gboolean set_resolution(VdtCgrsegSegmenter *self, const char *text)
{
    if (!vdt_seg_size_parse(text, &self->width, &self->height))
        return FALSE;
    g_free(self->resolution);
    self->resolution = g_strdup(text);
    return TRUE;
}

/* What are no zones leaves those that were. */
static void set_zones(VdtCgrsegSegmenter *self, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    VdtZones *zones = vdt_zones_parse(text, &outside, &error);

    g_clear_pointer(&self->zones_note, g_free);
    if (!zones) {
        self->zones_note = g_strdup_printf("The zones stay as they were: %s.", error->message);
        return;
    }
    if (outside)
        self->zones_note = g_strdup_printf("Zones end where the frame does: %s.", outside);
    g_clear_pointer(&self->zones, vdt_zones_unref);
    self->zones = zones;
    g_free(self->zones_text);
    self->zones_text = g_strdup(text);
}

static void vdt_cgrseg_segmenter_set_property(GObject *object, guint id, const GValue *value,
                                              GParamSpec *pspec)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);
    gboolean renew = FALSE;

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_CLASSES:
        g_free(self->classes);
        self->classes = g_value_dup_string(value);
        self->classes_changed = TRUE;
        break;
    case PROP_MIN_AREA:
        self->min_area = g_value_get_double(value);
        break;
    case PROP_SMOOTHING:
        self->smoothing = g_value_get_double(value);
        break;
    case PROP_RESOLUTION:
        renew = set_resolution(self, g_value_get_string(value));
        if (!renew)
            g_warning("%s: resolution stays as it was, \"%.40s\" is no WIDTHxHEIGHT of %d to %d",
                      GST_OBJECT_NAME(self), g_value_get_string(value), VDT_SEG_LEAST_SIDE,
                      VDT_SEG_MOST_SIDE);
        break;
    case PROP_MAP_SIZE:
        self->map_size = (VdtMapSize)g_value_get_enum(value);
        break;
    case PROP_RUN_LENGTH:
        self->run_length = g_value_get_boolean(value);
        break;
    case PROP_ROI_METAS:
        self->roi_metas = g_value_get_boolean(value);
        break;
    case PROP_ZONES:
        set_zones(self, g_value_get_string(value));
        break;
    case PROP_ZONE_SHARE:
        self->zone_limits.share = g_value_get_double(value);
        break;
    case PROP_ZONE_HYSTERESIS:
        self->zone_limits.hysteresis = g_value_get_double(value);
        break;
    default:
        if (!vdt_framing_props_set(&self->framing, id - PROP_FRAMING, value, GST_OBJECT_NAME(self)))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
    if (renew)
        vdt_worker_renew(vdt_analyzer_get_worker(VDT_ANALYZER(self)));
}

static void vdt_cgrseg_segmenter_get_property(GObject *object, guint id, GValue *value,
                                              GParamSpec *pspec)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_CLASSES:
        g_value_set_string(value, self->classes);
        break;
    case PROP_MIN_AREA:
        g_value_set_double(value, self->min_area);
        break;
    case PROP_SMOOTHING:
        g_value_set_double(value, self->smoothing);
        break;
    case PROP_RESOLUTION:
        g_value_set_string(value, self->resolution);
        break;
    case PROP_MAP_SIZE:
        g_value_set_enum(value, self->map_size);
        break;
    case PROP_RUN_LENGTH:
        g_value_set_boolean(value, self->run_length);
        break;
    case PROP_ROI_METAS:
        g_value_set_boolean(value, self->roi_metas);
        break;
    case PROP_ZONES:
        g_value_set_string(value, self->zones_text);
        break;
    case PROP_ZONE_SHARE:
        g_value_set_double(value, self->zone_limits.share);
        break;
    case PROP_ZONE_HYSTERESIS:
        g_value_set_double(value, self->zone_limits.hysteresis);
        break;
    default:
        if (!vdt_framing_props_get(&self->framing, id - PROP_FRAMING, value))
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_cgrseg_segmenter_finalize(GObject *object)
{
    VdtCgrsegSegmenter *self = VDT_CGRSEG_SEGMENTER(object);

    g_free(self->classes);
    g_free(self->resolution);
    vdt_logits_free(self->average);
    gst_clear_buffer(&self->map);
    gst_clear_buffer(&self->runs);
    gst_clear_object(&self->mask);
    g_free(self->zones_text);
    g_free(self->zones_note);
    g_clear_pointer(&self->zones, vdt_zones_unref);
    vdt_zone_watch_free(self->watch);
    G_OBJECT_CLASS(vdt_cgrseg_segmenter_parent_class)->finalize(object);
}

static void vdt_cgrseg_segmenter_init(VdtCgrsegSegmenter *self)
{
    gst_video_info_init(&self->info);
    self->min_area = DEFAULT_MIN_AREA;
    self->smoothing = DEFAULT_SMOOTHING;
    vdt_framing_props_init(&self->framing);
    self->map_size = DEFAULT_MAP_SIZE;
    self->zone_limits = (VdtZoneLimits){DEFAULT_ZONE_SHARE, DEFAULT_ZONE_HYSTERESIS};
    self->average = vdt_logits_new();
    self->watch = vdt_zone_watch_new(GST_ELEMENT(self), "segmentation");
}

static void install_properties(GObjectClass *object)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        object, PROP_CLASSES,
        g_param_spec_string("classes", "Classes",
                            "Labels or numbers of the classes to report, separated by commas; "
                            "empty for all",
                            NULL, live));
    g_object_class_install_property(object, PROP_MIN_AREA,
                                    g_param_spec_double("min-area", "Minimum area",
                                                        "Share of the frame from which a class is "
                                                        "reported",
                                                        0, 1, DEFAULT_MIN_AREA, live));
    g_object_class_install_property(
        object, PROP_SMOOTHING,
        g_param_spec_double("smoothing", "Smoothing",
                            "How much of a result is what was found before: 0 for none of it", 0,
                            MOST_SMOOTHING, DEFAULT_SMOOTHING, live));
    g_object_class_install_property(
        object, PROP_RESOLUTION,
        g_param_spec_string("resolution", "Resolution",
                            "WIDTHxHEIGHT of the network's picture; empty for the model's own",
                            NULL, live));
    vdt_framing_props_install(object, PROP_FRAMING);
    g_object_class_install_property(object, PROP_MAP_SIZE,
                                    g_param_spec_enum("map-size", "Map size",
                                                      "How fine the map of classes is",
                                                      VDT_TYPE_MAP_SIZE, DEFAULT_MAP_SIZE, live));
    g_object_class_install_property(object, PROP_RUN_LENGTH,
                                    g_param_spec_boolean("run-length", "Run length",
                                                         "Carry the map in run-length form, too",
                                                         DEFAULT_RUN_LENGTH, live));
    g_object_class_install_property(
        object, PROP_ROI_METAS,
        g_param_spec_boolean("roi-metas", "ROI metas",
                             "Attach a region of interest for each class that is reported",
                             DEFAULT_ROI_METAS, live));
    g_object_class_install_property(
        object, PROP_ZONES,
        g_param_spec_string("zones", "Zones",
                            "Parts of the frame that classes come into and leave, in shares of it: "
                            "NAME: X,Y X,Y X,Y; NAME: ...",
                            NULL, live));
    g_object_class_install_property(object, PROP_ZONE_SHARE,
                                    g_param_spec_double("zone-share", "Zone share",
                                                        "Of a zone, from which a class is in it",
                                                        1e-6, 1, DEFAULT_ZONE_SHARE, live));
    g_object_class_install_property(
        object, PROP_ZONE_HYSTERESIS,
        g_param_spec_double("zone-hysteresis", "Zone hysteresis",
                            "How much of zone-share a class may lose until it has left", 0, 1,
                            DEFAULT_ZONE_HYSTERESIS, live));
}

static void vdt_cgrseg_segmenter_class_init(VdtCgrsegSegmenterClass *klass)
{
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
    analyzer->architecture = "cgrseg";
    analyzer->prepare = prepare;
    analyzer->clear_network = vdt_seg_network_clear;
    analyzer->look = look;
    analyzer->take = take;
    analyzer->free_work = g_free;
    analyzer->reset = reset;
    analyzer->analyse = analyse;
    analyzer->describe = describe;
    analyzer->tell = tell;
    analyzer->end = end;
    analyzer->passing = passing;
    install_properties(object);

    gst_element_class_set_static_metadata(
        element, "CGRSeg segmenter", "Filter/Analyzer/Video",
        "Says of every pixel of a video stream what it shows, with a CGRSeg network",
        "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    gst_element_class_add_static_pad_template(element, &mask_template);
}
