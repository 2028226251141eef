/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-ipt-restorer
 *
 * Makes frames clearer, or larger, with a network of the IPT family: #VdtIptRestorer:task or
 * #VdtIptRestorer:instruction says what is done. A frame waits until it is restored. Each says in a
 * #GstCustomMeta named "VedetteResult", of kind "restoration", whether pixels were altered and how;
 * what is not altered passes bit for bit. The request pad `original` gives frames as they came.
 *
 * Where time is short, with #VdtIptRestorer:budget, the network works on smaller pictures, and in
 * the end frames pass as they are, which is counted.
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 vedette-scenesrc rain=1 ! ipt-restorer task=rain ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
#include "iptrestorer.h"

#include "enums.h"
#include "naming.h"
#include "originalpad.h"
#include "restorecaps.h"
#include "restorestream.h"
#include "secondpad.h"

GST_DEBUG_CATEGORY(vdt_ipt_restorer_debug);
#define GST_CAT_DEFAULT vdt_ipt_restorer_debug

#define DEFAULT_MODE      VDT_RESTORE_ALWAYS
#define DEFAULT_RESTORE   VDT_RESTORE_FRAME
#define DEFAULT_STRENGTH  1.0
#define DEFAULT_BUDGET    0.0
#define DEFAULT_INTERVAL  1.0
#define DEFAULT_MAX_BOXES 64
#define DEFAULT_GATHER    0
#define MOST_BUDGET       60000.0
#define MOST_INTERVAL     3600.0

enum {
    PROP_WORKER = 1,
    PROP_TASK = PROP_WORKER + VDT_WORKER_PROPS,
    PROP_INSTRUCTION,
    PROP_ESTIMATOR,
    PROP_MODE,
    PROP_RESTORE,
    PROP_REGION,
    PROP_MAX_BOXES,
    PROP_STRENGTH,
    PROP_BUDGET,
    PROP_INTERVAL,
    PROP_GATHER
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(VDT_RESTORE_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(VDT_RESTORE_CAPS));
static GstStaticPadTemplate original_template = GST_STATIC_PAD_TEMPLATE(
    "original", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS(VDT_RESTORE_CAPS));

G_DEFINE_TYPE_WITH_CODE(VdtIptRestorer, vdt_ipt_restorer, GST_TYPE_BASE_TRANSFORM,
                        GST_DEBUG_CATEGORY_INIT(vdt_ipt_restorer_debug, "ipt-restorer", 0,
                                                "restoring frames"))
GST_ELEMENT_REGISTER_DEFINE(ipt_restorer, "ipt-restorer", GST_RANK_NONE, VDT_TYPE_IPT_RESTORER)

/* --- Networks ------------------------------------------------------------------------------- */

/* An instruction of which nothing comes is told once. */
static void tell(VdtIptRestorer *self, const char *instruction, char *note)
{
    if (!note) {
        g_clear_pointer(&self->told, g_free);
    } else if (g_strcmp0(self->told, instruction) == 0) {
        g_free(note);
    } else {
        g_free(self->told);
        self->told = g_strdup(instruction);
        vdt_worker_note(&self->worker, note);
    }
}

static void keep(VdtIptRestorer *self, VdtRestoreNetwork *network)
{
    if (self->made)
        g_atomic_rc_box_release_full(self->made, vdt_restore_network_clear);
    self->made = network ? g_atomic_rc_box_acquire(network) : NULL;
}

static gpointer prepare(GstElement *element, VdtEngine *engine, GError **error)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(element);
    g_autofree char *task = NULL, *instruction = NULL, *estimator = NULL;
    VdtRestoreNetwork *network;
    VdtRestoreAsked asked;
    char *note;

    GST_OBJECT_LOCK(self);
    task = g_strdup(self->task);
    instruction = g_strdup(self->instruction);
    estimator = g_strdup(self->estimator);
    asked = (VdtRestoreAsked){task, instruction, estimator, self->props.mode == VDT_RESTORE_AUTO};
    GST_OBJECT_UNLOCK(self);
    network = vdt_restore_network_new(engine, &asked, self->made, &note, error);
    if (!network)
        return NULL;
    tell(self, instruction, note);
    keep(self, network);
    return network;
}

static gboolean run(GstElement *element, VdtJob *job, GCancellable *cancellable, GError **error)
{
    return vdt_ipt_restorer_run(VDT_IPT_RESTORER(element), job, cancellable, error);
}

static void add_stats(GstElement *element, GstStructure *stats)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(element);

    GST_OBJECT_LOCK(self);
    vdt_restore_counts_tell(&self->counts, stats);
    gst_structure_set(stats, "size", G_TYPE_DOUBLE, self->size, "size-changes", G_TYPE_UINT,
                      self->size_changes, "scale", G_TYPE_UINT, self->scale, "latency",
                      G_TYPE_UINT64, self->latency.reported, NULL);
    GST_OBJECT_UNLOCK(self);
}

/* --- Negotiation ---------------------------------------------------------------------------- */

static guint get_scale(GstBaseTransform *trans)
{
    guint scale;

    GST_OBJECT_LOCK(trans);
    scale = VDT_IPT_RESTORER(trans)->scale;
    GST_OBJECT_UNLOCK(trans);
    return scale;
}

static GstCaps *transform_caps(GstBaseTransform *trans, GstPadDirection direction, GstCaps *caps,
                               GstCaps *filter)
{
    return vdt_restore_caps_transform(caps, direction, get_scale(trans), filter);
}

static gboolean set_caps(GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);

    self->fresh = TRUE;
    if (gst_video_info_from_caps(&self->in, in) && gst_video_info_from_caps(&self->out, out))
        return TRUE;
    GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("The video format is not valid."),
                      ("caps: %" GST_PTR_FORMAT, in));
    return FALSE;
}

static gboolean get_unit_size(GstBaseTransform *trans, GstCaps *caps, gsize *size)
{
    GstVideoInfo info;

    if (!gst_video_info_from_caps(&info, caps))
        return FALSE;
    *size = GST_VIDEO_INFO_SIZE(&info);
    return TRUE;
}

/* Frames that get no larger go through, so what can be done with them is what downstream can do. */
static gboolean propose_allocation(GstBaseTransform *trans, GstQuery *decide, GstQuery *query)
{
    if (get_scale(trans) == 1)
        return gst_pad_peer_query(trans->srcpad, query);
    gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL);
    gst_query_add_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, NULL);
    return TRUE;
}

static gboolean transform_meta(GstBaseTransform *trans, GstBuffer *out, GstMeta *meta,
                               GstBuffer *in)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);

    return vdt_restore_meta_transform(in, &self->in, meta, out, &self->out);
}

/* --- Frames --------------------------------------------------------------------------------- */

static GstFlowReturn submit_input_buffer(GstBaseTransform *trans, gboolean is_discont,
                                         GstBuffer *in)
{
    const GstClockTime time = vdt_ipt_restorer_span(VDT_IPT_RESTORER(trans), in).stream_time;

    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(trans), time);
    vdt_ipt_restorer_follow(VDT_IPT_RESTORER(trans));
    return GST_BASE_TRANSFORM_CLASS(vdt_ipt_restorer_parent_class)
        ->submit_input_buffer(trans, is_discont, in);
}

static GstFlowReturn prepare_output_buffer(GstBaseTransform *trans, GstBuffer *in, GstBuffer **out)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);
    const GstFlowReturn flow = vdt_ipt_restorer_begin(self, in);

    if (flow != GST_FLOW_OK)
        return flow;
    if (self->restored.scale > 1)
        return GST_BASE_TRANSFORM_CLASS(vdt_ipt_restorer_parent_class)
            ->prepare_output_buffer(trans, in, out);
    *out = gst_buffer_is_writable(in) ? in : gst_buffer_copy(in);
    return GST_FLOW_OK;
}

static GstFlowReturn transform(GstBaseTransform *trans, GstBuffer *in, GstBuffer *out)
{
    return vdt_ipt_restorer_finish(VDT_IPT_RESTORER(trans), out);
}

/* --- Events and queries --------------------------------------------------------------------- */

static void before_event(VdtIptRestorer *self, GstEvent *event)
{
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_FLUSH_START:
        vdt_restore_wait_shut(&self->wait, TRUE); /* first, see there */
        vdt_worker_flush_start(&self->worker);
        break;
    case GST_EVENT_FLUSH_STOP:
        vdt_worker_flush_stop(&self->worker);
        vdt_worker_forget(&self->worker);
        vdt_restore_wait_shut(&self->wait, FALSE);
        vdt_ipt_restorer_reset_stream(self);
        break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
        vdt_ipt_restorer_reset_stream(self);
        break;
    case GST_EVENT_EOS:
        vdt_worker_tell_skips(&self->worker);
        break;
    default:
        break;
    }
}

static gboolean sink_event(GstBaseTransform *trans, GstEvent *event)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);
    g_autoptr(GstPad) pad = vdt_second_pad_get(GST_ELEMENT(self), &self->original);
    const gboolean first = GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START;
    g_autoptr(GstEvent) kept = gst_event_ref(event);
    gboolean done;

    before_event(self, event);
    if (pad && first)
        vdt_original_pad_tell(pad, GST_ELEMENT(self), kept);
    done = GST_BASE_TRANSFORM_CLASS(vdt_ipt_restorer_parent_class)->sink_event(trans, event);
    if (pad && !first)
        vdt_original_pad_tell(pad, GST_ELEMENT(self), kept);
    return done;
}

/* From when on frames are in time, as downstream says. */
static void take_qos(VdtIptRestorer *self, GstEvent *event)
{
    GstClockTime timestamp;
    GstClockTimeDiff diff;

    gst_event_parse_qos(event, NULL, NULL, &diff, &timestamp);
    GST_OBJECT_LOCK(self);
    if (!GST_CLOCK_TIME_IS_VALID(timestamp))
        self->earliest = GST_CLOCK_TIME_NONE;
    else if (diff <= 0)
        self->earliest = timestamp - MIN(timestamp, (GstClockTime)-diff);
    else /* as much as it is late, and what it takes to catch up */
        self->earliest = timestamp + 2 * (GstClockTime)diff;
    GST_OBJECT_UNLOCK(self);
}

static gboolean src_event(GstBaseTransform *trans, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS)
        take_qos(VDT_IPT_RESTORER(trans), event);
    return GST_BASE_TRANSFORM_CLASS(vdt_ipt_restorer_parent_class)->src_event(trans, event);
}

static gboolean query(GstBaseTransform *trans, GstPadDirection direction, GstQuery *q)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);
    GstClockTime upstream, own;
    gboolean live;

    if (!GST_BASE_TRANSFORM_CLASS(vdt_ipt_restorer_parent_class)->query(trans, direction, q))
        return FALSE;
    if (GST_QUERY_TYPE(q) != GST_QUERY_LATENCY || direction != GST_PAD_SRC)
        return TRUE;
    gst_query_parse_latency(q, &live, &upstream, NULL);
    GST_OBJECT_LOCK(self);
    self->live = live;
    self->upstream = GST_CLOCK_TIME_IS_VALID(upstream) ? upstream : 0;
    own = self->latency.reported;
    GST_OBJECT_UNLOCK(self);
    vdt_latency_add(q, own);
    return TRUE;
}

/* --- Life ----------------------------------------------------------------------------------- */

static gboolean start(GstBaseTransform *trans)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);

    gst_video_info_init(&self->in);
    gst_video_info_init(&self->out);
    vdt_ipt_restorer_reset_stream(self);
    self->quality = (VdtQuality){0};
    vdt_restore_wait_shut(&self->wait, FALSE);
    GST_OBJECT_LOCK(self);
    self->still = FALSE;
    self->counts = (VdtRestoreCounts){{0}};
    self->latency = (VdtLatency){0};
    self->live = FALSE;
    self->upstream = 0;
    GST_OBJECT_UNLOCK(self);
    if (!vdt_worker_start(&self->worker))
        return FALSE;
    vdt_ipt_restorer_follow(self);
    return TRUE;
}

static gboolean stop(GstBaseTransform *trans)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(trans);

    vdt_worker_stop(&self->worker);
    keep(self, NULL);
    g_clear_pointer(&self->told, g_free);
    g_clear_pointer(&self->work, vdt_restore_work_unref);
    g_clear_pointer(&self->behind, vdt_restore_work_unref);
    g_clear_pointer(&self->map, vdt_frame_map_free);
    g_clear_pointer(&self->gather, vdt_gather_free);
    GST_OBJECT_LOCK(self);
    self->scale = 0;
    GST_OBJECT_UNLOCK(self);
    return TRUE;
}

static GstStateChangeReturn change_state(GstElement *element, GstStateChange transition)
{
    /* before the pads: the streaming thread may be waiting */
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
        vdt_restore_wait_shut(&VDT_IPT_RESTORER(element)->wait, TRUE);
        vdt_worker_shut(&VDT_IPT_RESTORER(element)->worker);
    }
    return GST_ELEMENT_CLASS(vdt_ipt_restorer_parent_class)->change_state(element, transition);
}

static void set_context(GstElement *element, GstContext *context)
{
    vdt_worker_set_context(&VDT_IPT_RESTORER(element)->worker, context);
    GST_ELEMENT_CLASS(vdt_ipt_restorer_parent_class)->set_context(element, context);
}

static GstPad *request_new_pad(GstElement *element, GstPadTemplate *templ, const char *name,
                               const GstCaps *caps)
{
    return vdt_second_pad_add(element, &VDT_IPT_RESTORER(element)->original,
                              vdt_second_pad_new(templ));
}

static void release_pad(GstElement *element, GstPad *pad)
{
    vdt_second_pad_release(element, &VDT_IPT_RESTORER(element)->original, pad);
}

static void restore_still(VdtIptRestorer *self)
{
    GST_OBJECT_LOCK(self);
    self->still = TRUE;
    GST_OBJECT_UNLOCK(self);
}

/* --- Properties ----------------------------------------------------------------------------- */

static void take_string(char **to, const GValue *value)
{
    g_free(*to);
    *to = g_value_dup_string(value);
}

/* With the object lock held. Whether another network is to be made for it. */
static gboolean set_locked(VdtIptRestorer *self, guint id, const GValue *value, GParamSpec *pspec,
                           char **note)
{
    VdtRestoreProps *props = &self->props;
    const VdtRestoreMode mode = props->mode;

    switch (id) {
    case PROP_TASK:
        take_string(&self->task, value);
        return TRUE;
    case PROP_INSTRUCTION:
        take_string(&self->instruction, value);
        return TRUE;
    case PROP_ESTIMATOR:
        take_string(&self->estimator, value);
        return TRUE;
    case PROP_MODE:
        props->mode = g_value_get_enum(value);
        return (mode == VDT_RESTORE_AUTO) != (props->mode == VDT_RESTORE_AUTO);
    case PROP_RESTORE:
        props->wanted.what = g_value_get_enum(value);
        return FALSE;
    case PROP_REGION:
        *note = vdt_frame_region_set(&props->wanted.region, value);
        return FALSE;
    case PROP_MAX_BOXES:
        props->wanted.max_boxes = g_value_get_uint(value);
        return FALSE;
    case PROP_STRENGTH:
        props->strength = g_value_get_double(value);
        return FALSE;
    case PROP_BUDGET:
        props->budget = g_value_get_double(value);
        return FALSE;
    case PROP_INTERVAL:
        props->interval = g_value_get_double(value);
        return FALSE;
    case PROP_GATHER:
        props->gather = g_value_get_uint(value);
        return FALSE;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(self, id, pspec);
        return FALSE;
    }
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(object);
    char *note = NULL;
    gboolean renew;

    if (vdt_worker_set(&self->worker, id - PROP_WORKER, value))
        return;
    GST_OBJECT_LOCK(self);
    renew = set_locked(self, id, value, pspec, &note);
    GST_OBJECT_UNLOCK(self);
    vdt_worker_note(&self->worker, note);
    if (renew)
        vdt_worker_renew(&self->worker);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(object);
    const VdtRestoreProps *props = &self->props;

    if (vdt_worker_get(&self->worker, id - PROP_WORKER, value))
        return;
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_TASK:
        g_value_set_string(value, self->task);
        break;
    case PROP_INSTRUCTION:
        g_value_set_string(value, self->instruction);
        break;
    case PROP_ESTIMATOR:
        g_value_set_string(value, self->estimator);
        break;
    case PROP_MODE:
        g_value_set_enum(value, props->mode);
        break;
    case PROP_RESTORE:
        g_value_set_enum(value, props->wanted.what);
        break;
    case PROP_REGION:
        vdt_frame_region_to_value(&props->wanted.region, value);
        break;
    case PROP_MAX_BOXES:
        g_value_set_uint(value, props->wanted.max_boxes);
        break;
    case PROP_STRENGTH:
        g_value_set_double(value, props->strength);
        break;
    case PROP_BUDGET:
        g_value_set_double(value, props->budget);
        break;
    case PROP_INTERVAL:
        g_value_set_double(value, props->interval);
        break;
    case PROP_GATHER:
        g_value_set_uint(value, props->gather);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void constructed(GObject *object)
{
    static const char *const architectures[] = {"ipt", NULL};
    const VdtWorkerFuncs funcs = {.architectures = architectures,
                                  .prepare = prepare,
                                  .clear_network = vdt_restore_network_clear,
                                  .run = run,
                                  .free_work = vdt_restore_work_release,
                                  .add_stats = add_stats};

    vdt_worker_init(&VDT_IPT_RESTORER(object)->worker, GST_ELEMENT(object), &funcs);
    G_OBJECT_CLASS(vdt_ipt_restorer_parent_class)->constructed(object);
    vdt_element_name(GST_ELEMENT(object), "ipt-restorer");
}

static void finalize(GObject *object)
{
    VdtIptRestorer *self = VDT_IPT_RESTORER(object);

    vdt_worker_clear(&self->worker);
    vdt_restore_wait_clear(&self->wait);
    vdt_restore_areas_clear(&self->areas);
    gst_clear_object(&self->original);
    g_free(self->task);
    g_free(self->instruction);
    g_free(self->estimator);
    G_OBJECT_CLASS(vdt_ipt_restorer_parent_class)->finalize(object);
}

static void vdt_ipt_restorer_init(VdtIptRestorer *self)
{
    self->props =
        (VdtRestoreProps){.mode = DEFAULT_MODE,
                          .wanted = {.what = DEFAULT_RESTORE, .max_boxes = DEFAULT_MAX_BOXES},
                          .strength = DEFAULT_STRENGTH,
                          .budget = DEFAULT_BUDGET,
                          .interval = DEFAULT_INTERVAL};
    self->size = 1;
    vdt_restore_areas_init(&self->areas);
    vdt_restore_wait_init(&self->wait);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
    /* what comes late passes, and is not dropped */
    gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);
}

static void install_what(GObjectClass *object)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        object, PROP_TASK,
        g_param_spec_string("task", "Task",
                            "What is done, by a name that the model's card has; `auto` for what "
                            "pictures need; empty for what the model does by itself",
                            NULL, live));
    g_object_class_install_property(
        object, PROP_INSTRUCTION,
        g_param_spec_string("instruction", "Instruction",
                            "The same in words, in place of a task: \"remove the rain and brighten "
                            "it a bit\". One that is not understood changes nothing, and is told",
                            NULL, live));
    g_object_class_install_property(
        object, PROP_ESTIMATOR,
        g_param_spec_string("estimator", "Estimator",
                            "Model that says what pictures need, for task=auto and mode=auto: "
                            "name, path or URI of a card; empty for " VDT_ESTIMATOR_MODEL,
                            NULL, live));
    g_object_class_install_property(
        object, PROP_INTERVAL,
        g_param_spec_double("interval", "Interval",
                            "Seconds from one look of the estimator to the "
                            "next",
                            0, MOST_INTERVAL, DEFAULT_INTERVAL, live));
}

static void install_how(GObjectClass *object)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(object, PROP_MODE,
                                    g_param_spec_enum("mode", "Mode", "Which frames are restored",
                                                      VDT_TYPE_RESTORE_MODE, DEFAULT_MODE, live));
    g_object_class_install_property(
        object, PROP_RESTORE,
        g_param_spec_enum("restore", "Restore", "What of a frame is restored",
                          VDT_TYPE_RESTORE_WHAT, DEFAULT_RESTORE, live));
    vdt_frame_region_install(object, PROP_REGION);
    g_object_class_install_property(
        object, PROP_MAX_BOXES,
        g_param_spec_uint("max-boxes", "Max boxes", "Boxes of a frame that are restored, the first",
                          1, VDT_RESTORE_MOST_BOXES, DEFAULT_MAX_BOXES, live));
    g_object_class_install_property(
        object, PROP_STRENGTH,
        g_param_spec_double("strength", "Strength",
                            "How much of the difference that the network makes is taken; 0: frames "
                            "pass",
                            0, 1, DEFAULT_STRENGTH, live | GST_PARAM_CONTROLLABLE));
    g_object_class_install_property(
        object, PROP_GATHER,
        g_param_spec_uint("gather", "Gather",
                          "Frames of a camera that stands still that are made one of, with less "
                          "noise, before that is restored; 0: none",
                          0, VDT_GATHER_MOST_FRAMES, DEFAULT_GATHER, live));
    g_object_class_install_property(
        object, PROP_BUDGET,
        g_param_spec_double("budget", "Budget",
                            "Milliseconds that a frame may take: where it takes more, the network "
                            "works on smaller pictures, and in the end frames pass. 0: any",
                            0, MOST_BUDGET, DEFAULT_BUDGET, live));
}

static void vdt_ipt_restorer_class_init(VdtIptRestorerClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *trans = GST_BASE_TRANSFORM_CLASS(klass);

    object->constructed = constructed;
    object->finalize = finalize;
    object->set_property = set_property;
    object->get_property = get_property;
    element->change_state = change_state;
    element->set_context = set_context;
    element->request_new_pad = request_new_pad;
    element->release_pad = release_pad;
    trans->start = start;
    trans->stop = stop;
    trans->transform_caps = transform_caps;
    trans->set_caps = set_caps;
    trans->get_unit_size = get_unit_size;
    trans->propose_allocation = propose_allocation;
    trans->transform_meta = transform_meta;
    trans->submit_input_buffer = submit_input_buffer;
    trans->prepare_output_buffer = prepare_output_buffer;
    trans->transform = transform;
    trans->sink_event = sink_event;
    trans->src_event = src_event;
    trans->query = query;

    vdt_worker_install(object, PROP_WORKER);
    install_what(object);
    install_how(object);
    /**
     * VdtIptRestorer::restore-still:
     * @restorer: the element
     *
     * Has the next frame restored, as well as can be, whatever the time it takes; for a still of
     * mode=on-demand, or where the budget is short. An element message "ipt-restorer" tells when
     * that was done.
     */
    g_signal_new_class_handler("restore-still", G_TYPE_FROM_CLASS(klass),
                               G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK(restore_still), NULL,
                               NULL, NULL, G_TYPE_NONE, 0);

    gst_element_class_set_static_metadata(
        element, "IPT restorer", "Filter/Effect/Video",
        "Makes frames clearer, or larger, with a network that takes noise, rain and the like away",
        "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    gst_element_class_add_static_pad_template(element, &original_template);
    vdt_result_meta_get_info();
}
