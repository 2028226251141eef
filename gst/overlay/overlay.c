/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-vedette-overlay
 *
 * Draws what frames carry: a panel for each #GstCustomMeta "VedetteResult", with labels, scores and
 * a bar for each, in the corner that #VdtOverlay:position names; a box for each
 * #GstVideoRegionOfInterestMeta; and what a segmenter found, in the colours of its classes over the
 * whole frame, with a legend; the outlines of its zones, solid where somebody is; the lines that it
 * counts at; and its objects, each in a colour of its own, where they are at the frame's time, with
 * their number and the path that they took.
 *
 * Where downstream takes overlays and draws them itself, pixels are not touched: the drawing goes
 * along as a #GstVideoOverlayCompositionMeta. Otherwise it is blended into the frame. Frames
 * without anything to draw pass as they are.
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 vedette-scenesrc ! squeezetime-recognizer ! vedette-overlay ! videoconvert ! \
 *     autovideosink
 * ]|
 *
 * Since: 0.1
 */
#include "overlay.h"

#include <gst/video/video.h>

#include "analyzer/resultmeta.h"
#include "blend.h"
#include "canvas.h"
#include "caps.h"
#include "enums.h"
#include "maps.h"
#include "naming.h"
#include "show.h"

GST_DEBUG_CATEGORY_STATIC(overlay_debug);
#define GST_CAT_DEFAULT overlay_debug

#define DEFAULT_POSITION     VDT_OVERLAY_TOP_LEFT
#define DEFAULT_OPACITY      0.7
#define DEFAULT_MAP_OPACITY  0.5
#define DEFAULT_FONT_SCALE   1.0
#define DEFAULT_TOP_K        3
#define DEFAULT_MAX_AGE      0.0
#define DEFAULT_SHOW_BOXES   TRUE
#define DEFAULT_SHOW_ZONES   TRUE
#define DEFAULT_SHOW_OBJECTS TRUE
#define MOST_AGE             86400.0

struct _VdtOverlay {
    GstBaseTransform parent;

    /* properties, under the object lock */
    VdtOverlayStyle style;
    VdtOverlayLimits limits;
    double max_age; /* s */

    /* Downstream takes caps with compositions but does not ask for them, so they might get lost:
     * blend, until it wants to negotiate again. Atomic. */
    gboolean blend;

    /* the streaming thread's */
    GstVideoInfo info;
    gboolean attach;  /* instead of blending */
    gboolean settled; /* it stays like that for these caps */
    VdtOverlayCanvas *canvas;
    VdtOverlayShow *show;
    VdtOverlayMaps *maps;
    gboolean has_maps;                 /* to be blended into the frame on its way */
    GstVideoOverlayComposition *drawn; /* for the frame on its way; NULL for nothing */
};

enum {
    PROP_POSITION = 1,
    PROP_OPACITY,
    PROP_MAP_OPACITY,
    PROP_FONT_SCALE,
    PROP_TOP_K,
    PROP_MAX_AGE,
    PROP_SHOW_BOXES,
    PROP_SHOW_ZONES,
    PROP_SHOW_OBJECTS
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(VDT_OVERLAY_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(VDT_OVERLAY_CAPS));

G_DEFINE_TYPE_WITH_CODE(VdtOverlay, vdt_overlay, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(overlay_debug, "vedette-overlay", 0,
                                                "drawing of results"))
GST_ELEMENT_REGISTER_DEFINE(vedette_overlay, "vedette-overlay", GST_RANK_NONE, VDT_TYPE_OVERLAY)

/* Negotiation */

static GstCaps *transform_caps(GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
                               GstCaps *filter)
{
    return vdt_overlay_caps_transform(caps, direction, filter);
}

static GstCaps *fixate_caps(GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
                            GstCaps *others)
{
    if (direction == GST_PAD_SINK)
        others = vdt_overlay_caps_choose(others, !g_atomic_int_get(&VDT_OVERLAY(trans)->blend));
    return gst_caps_fixate(gst_caps_truncate(others));
}

static gboolean set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VdtOverlay *self = VDT_OVERLAY(trans);

    if (!gst_video_info_from_caps(&self->info, in)) {
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("The video format is not valid."),
                          ("caps: %" GST_PTR_FORMAT, in));
        return FALSE;
    }
    self->attach = vdt_overlay_caps_have_composition(out, 0);
    self->settled = !self->attach || vdt_overlay_caps_have_composition(in, 0);
    vdt_overlay_canvas_set_info(self->canvas, &self->info);
    vdt_overlay_maps_set_info(self->maps, &self->info);
    return TRUE;
}

/* Whether downstream asks for compositions in its answer about allocation. */
static gboolean asks_for_compositions(VdtOverlay *self, GstCaps *caps)
{
    GstQuery *query = gst_query_new_allocation(caps, FALSE);
    const gboolean asks =
        gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(self), query) &&
        gst_query_find_allocation_meta(query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);

    gst_query_unref(query);
    return asks;
}

/* Goes back to plain caps if downstream takes compositions, as it takes anything, but would not
 * draw them. Elements tell only once they have caps, so this is not known any earlier. */
static void settle(VdtOverlay *self)
{
    GstBaseTransform *trans = GST_BASE_TRANSFORM(self);
    g_autoptr(GstCaps) in = gst_pad_get_current_caps(trans->sinkpad);
    g_autoptr(GstCaps) out = gst_pad_get_current_caps(trans->srcpad);

    if (!in || !out)
        return;
    if (!asks_for_compositions(self, out) && gst_pad_peer_query_accept_caps(trans->srcpad, in)) {
        g_atomic_int_set(&self->blend, TRUE);
        if (!gst_base_transform_update_src_caps(trans, in))
            return; /* flushing, perhaps: with the next frame, then */
        self->attach = FALSE;
    }
    self->settled = TRUE;
}

/* Buffers go through, so what can be done with them is what downstream can do; but for cropping,
 * which would move what is drawn. */
static gboolean propose_allocation(GstBaseTransform *trans, GstQuery *decide, GstQuery *query)
{
    guint i;

    if (!gst_pad_peer_query(trans->srcpad, query))
        return FALSE;
    if (gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, &i))
        gst_query_remove_nth_allocation_meta(query, i);
    return TRUE;
}

static gboolean src_event(GstBaseTransform *trans, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE)
        g_atomic_int_set(&VDT_OVERLAY(trans)->blend, FALSE);
    return GST_BASE_TRANSFORM_CLASS(vdt_overlay_parent_class)->src_event(trans, event);
}

/* Frames */

/* What is to be drawn on @buffer, maps that are blended apart; NULL for nothing. */
static GstVideoOverlayComposition *compose(VdtOverlay *self, GstBuffer *buffer)
{
    const GstClockTime time = gst_segment_to_stream_time(&GST_BASE_TRANSFORM(self)->segment,
                                                         GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    VdtOverlayLimits limits;
    VdtOverlayStyle style;

    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(self), time);
    GST_OBJECT_LOCK(self);
    limits = self->limits;
    style = self->style;
    GST_OBJECT_UNLOCK(self);
    self->has_maps = FALSE;
    if (!vdt_overlay_show_gather(self->show, buffer, &limits))
        return NULL;
    /* nobody needs a picture of them */
    if (!self->attach)
        self->has_maps = vdt_overlay_maps_take(self->maps, self->show, style.map_opacity);
    return vdt_overlay_canvas_compose(self->canvas, self->show, &style);
}

/* A buffer that nothing is drawn on may go out though others hold it, too. */
static GstFlowReturn prepare_output_buffer(GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
    VdtOverlay *self = VDT_OVERLAY(trans);

    if (!self->settled)
        settle(self);
    g_clear_pointer(&self->drawn, gst_video_overlay_composition_unref);
    self->drawn = compose(self, in);
    *out =
        (!self->drawn && !self->has_maps) || gst_buffer_is_writable(in) ? in : gst_buffer_copy(in);
    return GST_FLOW_OK;
}

static void add_all(GstVideoOverlayComposition *to, GstVideoOverlayComposition *from)
{
    for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(from); i++)
        gst_video_overlay_composition_add_rectangle(
            to, gst_video_overlay_composition_get_rectangle(from, i));
}

/* What others attached stays below; the same rectangles, for sinks that know them already. */
static void attach(GstBuffer *buffer, GstVideoOverlayComposition *drawn)
{
    GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta(buffer);
    GstVideoOverlayComposition *all;

    if (!meta) {
        gst_buffer_add_video_overlay_composition_meta(buffer, drawn);
        return;
    }
    all = gst_video_overlay_composition_new(NULL);
    add_all(all, meta->overlay);
    add_all(all, drawn);
    gst_video_overlay_composition_unref(meta->overlay);
    meta->overlay = all;
}

static GstFlowReturn transform_ip(GstBaseTransform *trans, GstBuffer *buffer)
{
    VdtOverlay *self = VDT_OVERLAY(trans);
    g_autoptr(GstVideoOverlayComposition) drawn = g_steal_pointer(&self->drawn);
    GstVideoFrame frame;

    if (!drawn && !self->has_maps)
        return GST_FLOW_OK;
    GST_BUFFER_FLAG_UNSET(buffer, GST_BUFFER_FLAG_GAP);
    if (self->attach) {
        attach(buffer, drawn);
        return GST_FLOW_OK;
    }
    /* memory that others hold is copied by this, and no other */
    if (!gst_video_frame_map(&frame, &self->info, buffer,
                             GST_MAP_READWRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
        GST_WARNING_OBJECT(self, "cannot draw on %" GST_PTR_FORMAT, buffer);
        return GST_FLOW_OK;
    }
    if (self->has_maps)
        vdt_overlay_maps_blend(self->maps, &frame);
    if (drawn)
        vdt_overlay_blend(drawn, &frame);
    gst_video_frame_unmap(&frame);
    return GST_FLOW_OK;
}

/* Life */

static gboolean start(GstBaseTransform *trans)
{
    VdtOverlay *self = VDT_OVERLAY(trans);

    gst_video_info_init(&self->info);
    g_atomic_int_set(&self->blend, FALSE);
    self->attach = FALSE;
    self->canvas = vdt_overlay_canvas_new();
    self->show = g_new(VdtOverlayShow, 1);
    self->maps = vdt_overlay_maps_new();
    return TRUE;
}

static gboolean stop(GstBaseTransform *trans)
{
    VdtOverlay *self = VDT_OVERLAY(trans);

    g_clear_pointer(&self->drawn, gst_video_overlay_composition_unref);
    g_clear_pointer(&self->canvas, vdt_overlay_canvas_free);
    g_clear_pointer(&self->show, g_free);
    g_clear_pointer(&self->maps, vdt_overlay_maps_free);
    return TRUE;
}

static void vdt_overlay_set_property(GObject *object, guint id, const GValue *value,
                                     GParamSpec *pspec)
{
    VdtOverlay *self = VDT_OVERLAY(object);

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_POSITION:
        self->style.position = (VdtOverlayPosition)g_value_get_enum(value);
        break;
    case PROP_OPACITY:
        self->style.opacity = g_value_get_double(value);
        break;
    case PROP_MAP_OPACITY:
        self->style.map_opacity = g_value_get_double(value);
        break;
    case PROP_FONT_SCALE:
        self->style.font_scale = g_value_get_double(value);
        break;
    case PROP_TOP_K:
        self->limits.top_k = g_value_get_uint(value);
        break;
    case PROP_MAX_AGE:
        self->max_age = g_value_get_double(value);
        self->limits.max_age = (GstClockTime)(self->max_age * GST_SECOND);
        break;
    case PROP_SHOW_BOXES:
        self->limits.boxes = g_value_get_boolean(value);
        break;
    case PROP_SHOW_ZONES:
        self->limits.zones = g_value_get_boolean(value);
        break;
    case PROP_SHOW_OBJECTS:
        self->limits.objects = g_value_get_boolean(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_overlay_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtOverlay *self = VDT_OVERLAY(object);

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_POSITION:
        g_value_set_enum(value, self->style.position);
        break;
    case PROP_OPACITY:
        g_value_set_double(value, self->style.opacity);
        break;
    case PROP_MAP_OPACITY:
        g_value_set_double(value, self->style.map_opacity);
        break;
    case PROP_FONT_SCALE:
        g_value_set_double(value, self->style.font_scale);
        break;
    case PROP_TOP_K:
        g_value_set_uint(value, self->limits.top_k);
        break;
    case PROP_MAX_AGE:
        g_value_set_double(value, self->max_age);
        break;
    case PROP_SHOW_BOXES:
        g_value_set_boolean(value, self->limits.boxes);
        break;
    case PROP_SHOW_ZONES:
        g_value_set_boolean(value, self->limits.zones);
        break;
    case PROP_SHOW_OBJECTS:
        g_value_set_boolean(value, self->limits.objects);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_overlay_constructed(GObject *object)
{
    G_OBJECT_CLASS(vdt_overlay_parent_class)->constructed(object);
    vdt_element_name(GST_ELEMENT(object), "vedette-overlay");
}

static void vdt_overlay_init(VdtOverlay *self)
{
    self->style = (VdtOverlayStyle){DEFAULT_POSITION, DEFAULT_OPACITY, DEFAULT_MAP_OPACITY,
                                    DEFAULT_FONT_SCALE};
    self->limits = (VdtOverlayLimits){DEFAULT_TOP_K, 0, DEFAULT_SHOW_BOXES, DEFAULT_SHOW_ZONES,
                                      DEFAULT_SHOW_OBJECTS};
    self->max_age = DEFAULT_MAX_AGE;
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

static void install_properties(GObjectClass *object)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
    const GParamFlags controlled = live | GST_PARAM_CONTROLLABLE;

    g_object_class_install_property(
        object, PROP_POSITION,
        g_param_spec_enum("position", "Position", "Corner in which results are shown",
                          VDT_TYPE_OVERLAY_POSITION, DEFAULT_POSITION, live));
    g_object_class_install_property(object, PROP_OPACITY,
                                    g_param_spec_double("opacity", "Opacity",
                                                        "Of the ground that text stands on", 0, 1,
                                                        DEFAULT_OPACITY, controlled));
    g_object_class_install_property(object, PROP_MAP_OPACITY,
                                    g_param_spec_double("map-opacity", "Map opacity",
                                                        "Of the colours of classes", 0, 1,
                                                        DEFAULT_MAP_OPACITY, controlled));
    g_object_class_install_property(
        object, PROP_FONT_SCALE,
        g_param_spec_double("font-scale", "Font scale",
                            "Size of text, relative to what fits the frame's size", 0.25, 8,
                            DEFAULT_FONT_SCALE, controlled));
    g_object_class_install_property(
        object, PROP_TOP_K,
        g_param_spec_uint("top-k", "Top k",
                          "Labels shown of each result, the best first; "
                          "legends are whole",
                          1, VDT_OVERLAY_LINES, DEFAULT_TOP_K, live));
    g_object_class_install_property(
        object, PROP_MAX_AGE,
        g_param_spec_double("max-age", "Max age",
                            "Seconds after which a result is no longer shown; from half of them on "
                            "it is dimmed. 0: it is shown at any age, and dimmed after 5",
                            0, MOST_AGE, DEFAULT_MAX_AGE, live));
    g_object_class_install_property(object, PROP_SHOW_BOXES,
                                    g_param_spec_boolean("show-boxes", "Show boxes",
                                                         "Draw regions of interest",
                                                         DEFAULT_SHOW_BOXES, live));
    g_object_class_install_property(object, PROP_SHOW_ZONES,
                                    g_param_spec_boolean("show-zones", "Show zones",
                                                         "Draw zones, and lines that are crossed",
                                                         DEFAULT_SHOW_ZONES, live));
    g_object_class_install_property(object, PROP_SHOW_OBJECTS,
                                    g_param_spec_boolean("show-objects", "Show objects",
                                                         "Draw boxes and paths of objects",
                                                         DEFAULT_SHOW_OBJECTS, live));
}

static void vdt_overlay_class_init(VdtOverlayClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform = GST_BASE_TRANSFORM_CLASS(klass);

    object->constructed = vdt_overlay_constructed;
    object->set_property = vdt_overlay_set_property;
    object->get_property = vdt_overlay_get_property;
    transform->transform_caps = transform_caps;
    transform->fixate_caps = fixate_caps;
    transform->set_caps = set_caps;
    transform->propose_allocation = propose_allocation;
    transform->src_event = src_event;
    transform->prepare_output_buffer = prepare_output_buffer;
    transform->transform_ip = transform_ip;
    transform->start = start;
    transform->stop = stop;
    install_properties(object);

    gst_element_class_set_static_metadata(element, "Vedette result overlay", "Filter/Editor/Video",
                                          "Draws the results and regions that frames carry",
                                          "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    vdt_result_meta_get_info();
}
