/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-vedette-scenesrc
 *
 * A street that is drawn, not filmed: people walk, run, fall, wave, loiter, fight, leave a bag;
 * cars pass, stop and park; by day and night, in any weather. The same #VdtSceneSrc:seed gives the
 * same pixels on every machine. The street is a function of scene time, which is the position in
 * the stream plus #VdtSceneSrc:scene-offset, so a source that is not live can seek.
 *
 * The source knows what is true of what it shows. It says so in metas (#VdtSceneSrc:attach-truth),
 * in a file (#VdtSceneSrc:truth-location), on the bus (#VdtSceneSrc:post-messages), and as pictures
 * of classes (#VdtSceneSrc:output); never in the picture itself.
 *
 * With #VdtSceneSrc:post-messages, an element message tells of each event's start and end:
 *
 * * #guint64 `timestamp`, `stream-time`, `running-time`: of the first frame in which it goes on, or
 *   no longer does (ns)
 * * #guint64 `duration`: of the event (ns)
 * * string `event`: start, end; string `id`: the same in both
 * * string `label`, #gint `class-id`: the action, #VdtSceneAction; #gdouble `score`: 1
 * * string `kind`: action; #guint64 `scene-start`, `scene-end`: scene time (ns)
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 vedette-scenesrc night=0.8 rain=0.5 ! videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
#include "scenesrc.h"

#include <gst/video/gstvideopool.h>
#include <gst/video/video.h>

#include "naming.h"
#include "scene.h"
#include "truthlog.h"
#include "truthmessages.h"
#include "truthmeta.h"

GST_DEBUG_CATEGORY_STATIC(scene_src_debug);
#define GST_CAT_DEFAULT scene_src_debug

#define DEFAULT_SEED           0
#define DEFAULT_SCENE_OFFSET   0
#define DEFAULT_ACTION         VDT_SCENE_ANY
#define DEFAULT_CLIP_DURATION  (5 * GST_SECOND)
#define DEFAULT_OUTPUT         VDT_SCENE_PICTURE
#define DEFAULT_TRUTH_INTERVAL 0
#define DEFAULT_WIDTH          640
#define DEFAULT_HEIGHT         360
#define DEFAULT_RATE           25
/* So that scene times, a sum of two, never overflow. */
#define MAX_TIME               (G_MAXINT64 / 4)
/* A live source that is later than this goes on with what is now. */
#define MOST_LATE              GST_SECOND

#define SIZES_AND_RATES                                                                            \
    "width=(int)[16,8192], height=(int)[16,8192], framerate=(fraction)[1/1,240/1], "               \
    "pixel-aspect-ratio=(fraction)1/1"
#define PICTURE_CAPS                                                                               \
    "video/x-raw, format=(string)BGRx, " SIZES_AND_RATES ", colorimetry=(string)sRGB"
#define CLASSES_CAPS "video/x-raw, format=(string)GRAY8, " SIZES_AND_RATES

struct _VdtSceneSrc {
    GstPushSrc parent;

    /* properties, under the object lock */
    VdtSceneOptions options;
    guint64 scene_offset;
    VdtSceneOutput output;
    char *truth_location;
    guint64 truth_interval;
    gboolean attach_truth;
    gboolean post_messages;

    /* the streaming thread's */
    GstVideoInfo info;
    VdtScene *scene;
    VdtTruthLog *log; /* NULL for none */
    VdtTruthMessages *messages;
    VdtTruth *truth; /* of the frame on its way, for messages; NULL if there are to be none */

    /* Where the stream is: frame @frame counts from @anchor, where the rate last changed. */
    gint64 anchor;
    gint64 frame;
    guint64 n_before; /* frames before the anchor */
    gboolean broken;  /* the next frame does not follow from the last */
    /* Of a live source: how far the clock was ahead of the stream at the first frame. */
    gint64 lead;
    gboolean has_lead;
};

enum {
    PROP_IS_LIVE = 1,
    PROP_SEED,
    PROP_SCENE_OFFSET,
    PROP_ACTION,
    PROP_CLIP_DURATION,
    PROP_NIGHT,
    PROP_RAIN,
    PROP_SNOW,
    PROP_HAZE,
    PROP_NOISE,
    PROP_SHAKE,
    PROP_BLUR,
    PROP_CHANGING,
    PROP_OUTPUT,
    PROP_TRUTH_LOCATION,
    PROP_TRUTH_INTERVAL,
    PROP_ATTACH_TRUTH,
    PROP_POST_MESSAGES
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(PICTURE_CAPS "; " CLASSES_CAPS));

G_DEFINE_TYPE_WITH_CODE(VdtSceneSrc, vdt_scene_src, GST_TYPE_PUSH_SRC,
                        GST_DEBUG_CATEGORY_INIT(scene_src_debug, "vedette-scenesrc", 0,
                                                "synthetic street"))
GST_ELEMENT_REGISTER_DEFINE(vedette_scenesrc, "vedette-scenesrc", GST_RANK_NONE, VDT_TYPE_SCENE_SRC)

/* Negotiation */

static GstCaps *get_caps(GstBaseSrc *base, GstCaps *filter)
{
    static GstStaticCaps picture = GST_STATIC_CAPS(PICTURE_CAPS);
    static GstStaticCaps classes = GST_STATIC_CAPS(CLASSES_CAPS);
    VdtSceneSrc *self = VDT_SCENE_SRC(base);
    GstCaps *caps, *filtered;

    GST_OBJECT_LOCK(self);
    caps = gst_static_caps_get(self->output == VDT_SCENE_CLASSES ? &classes : &picture);
    GST_OBJECT_UNLOCK(self);
    if (!filter)
        return caps;
    filtered = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(caps);
    return filtered;
}

static GstCaps *fixate(GstBaseSrc *base, GstCaps *caps)
{
    GstStructure *s;

    caps = gst_caps_make_writable(caps);
    s = gst_caps_get_structure(caps, 0);
    gst_structure_fixate_field_nearest_int(s, "width", DEFAULT_WIDTH);
    gst_structure_fixate_field_nearest_int(s, "height", DEFAULT_HEIGHT);
    gst_structure_fixate_field_nearest_fraction(s, "framerate", DEFAULT_RATE, 1);
    return GST_BASE_SRC_CLASS(vdt_scene_src_parent_class)->fixate(base, caps);
}

/* When a frame is, from the start of the stream. Before it: less than 0. */
static gint64 time_of(const VdtSceneSrc *self, gint64 frame)
{
    const guint64 n = (guint64)ABS(frame);
    const guint64 span =
        gst_util_uint64_scale(n, GST_SECOND * (guint)self->info.fps_d, (guint64)self->info.fps_n);

    return frame < 0 ? self->anchor - (gint64)span : self->anchor + (gint64)span;
}

/* Frames are counted from the stream's start; the next is the one that is there at @position. */
static void go_to(VdtSceneSrc *self, gint64 position, gboolean backwards)
{
    self->n_before = 0;
    self->frame = 0;
    self->anchor = self->info.fps_n > 0 ? 0 : position;
    if (self->info.fps_n == 0)
        return; /* there is no rate yet: set_caps comes back to it */
    /* Rounded down twice, the estimate may be of the frame before. */
    self->frame = (gint64)gst_util_uint64_scale((guint64)position, (guint64)self->info.fps_n,
                                                GST_SECOND * (guint)self->info.fps_d);
    if (time_of(self, self->frame + 1) <= position)
        self->frame++;
    /* Backwards, the first frame is the last that begins before. */
    if (backwards && time_of(self, self->frame) == position)
        self->frame--;
}

static gboolean set_caps(GstBaseSrc *base, GstCaps *caps)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(base);
    GstVideoInfo info;

    if (!gst_video_info_from_caps(&info, caps)) {
        GST_ERROR_OBJECT(self, "not a picture: %" GST_PTR_FORMAT, caps);
        return FALSE;
    }
    if (self->info.fps_n == 0) {
        self->info = info;
        go_to(self, self->anchor, base->segment.rate < 0);
    } else if (info.fps_n != self->info.fps_n || info.fps_d != self->info.fps_d) {
        self->anchor = time_of(self, self->frame);
        self->n_before += (guint64)self->frame;
        self->frame = 0;
    }
    self->info = info;
    gst_base_src_set_blocksize(base, (guint)info.size);
    return TRUE;
}

static gboolean decide_allocation(GstBaseSrc *base, GstQuery *query)
{
    GstBufferPool *pool = NULL;
    guint size = (guint)VDT_SCENE_SRC(base)->info.size, at_least = 0, at_most = 0;
    const gboolean offered = gst_query_get_n_allocation_pools(query) > 0;
    GstStructure *config;
    GstCaps *caps = NULL;

    if (offered) {
        guint theirs;

        gst_query_parse_nth_allocation_pool(query, 0, &pool, &theirs, &at_least, &at_most);
        size = MAX(size, theirs);
    }
    if (!pool)
        pool = gst_video_buffer_pool_new();
    gst_query_parse_allocation(query, &caps, NULL);
    config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, caps, size, at_least, at_most);
    if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, NULL))
        gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config(pool, config);
    if (offered)
        gst_query_set_nth_allocation_pool(query, 0, pool, size, at_least, at_most);
    else
        gst_query_add_allocation_pool(query, pool, size, at_least, at_most);
    gst_object_unref(pool);
    return GST_BASE_SRC_CLASS(vdt_scene_src_parent_class)->decide_allocation(base, query);
}

/* Time */

static gboolean is_seekable(GstBaseSrc *base)
{
    return !gst_base_src_is_live(base);
}

static gboolean do_seek(GstBaseSrc *base, GstSegment *segment)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(base);
    const guint64 position = segment->position;

    if (!GST_CLOCK_TIME_IS_VALID(position) || position > MAX_TIME)
        return FALSE;
    segment->time = segment->start;
    self->broken = TRUE;
    go_to(self, (gint64)position, segment->rate < 0);
    return TRUE;
}

static void get_times(GstBaseSrc *base, GstBuffer *buffer, GstClockTime *start, GstClockTime *end)
{
    *start = *end = GST_CLOCK_TIME_NONE;
    if (gst_base_src_is_live(base) && GST_BUFFER_PTS_IS_VALID(buffer)) {
        *start = GST_BUFFER_PTS(buffer);
        *end = *start + GST_BUFFER_DURATION(buffer);
    }
}

static gboolean query(GstBaseSrc *base, GstQuery *q)
{
    const VdtSceneSrc *self = VDT_SCENE_SRC(base);
    const GstVideoInfo *info = &self->info;
    GstFormat format;

    switch (GST_QUERY_TYPE(q)) {
    case GST_QUERY_LATENCY:
        if (info->fps_n == 0)
            break;
        gst_query_set_latency(
            q, gst_base_src_is_live(base),
            gst_util_uint64_scale(GST_SECOND, (guint64)info->fps_d, (guint64)info->fps_n),
            GST_CLOCK_TIME_NONE);
        return TRUE;
    case GST_QUERY_DURATION:
        gst_query_parse_duration(q, &format, NULL);
        if (format == GST_FORMAT_TIME && base->num_buffers >= 0 && info->fps_n > 0) {
            gst_query_set_duration(
                q, format,
                (gint64)gst_util_uint64_scale((guint64)base->num_buffers * GST_SECOND,
                                              (guint64)info->fps_d, (guint64)info->fps_n));
            return TRUE;
        }
        break;
    default:
        break;
    }
    return GST_BASE_SRC_CLASS(vdt_scene_src_parent_class)->query(base, q);
}

/* A camera that cannot keep up loses frames; it does not fall further and further behind. */
static void catch_up(VdtSceneSrc *self)
{
    GstElement *element = GST_ELEMENT(self);
    g_autoptr(GstClock) clock = NULL;
    gint64 lead, lost;

    if (!gst_base_src_is_live(GST_BASE_SRC(self)) || !(clock = gst_element_get_clock(element)))
        return;
    lead = GST_CLOCK_DIFF(gst_element_get_base_time(element), gst_clock_get_time(clock)) -
           time_of(self, self->frame);
    if (!self->has_lead) {
        self->lead = lead;
        self->has_lead = TRUE;
    }
    if (lead - self->lead <= (gint64)MOST_LATE)
        return;
    lost = (gint64)gst_util_uint64_scale((guint64)(lead - self->lead), (guint64)self->info.fps_n,
                                         GST_SECOND * (guint)self->info.fps_d);
    GST_INFO_OBJECT(self, "late by %" GST_TIME_FORMAT ": %" G_GINT64_FORMAT " frames are lost",
                    GST_TIME_ARGS(lead - self->lead), lost);
    self->frame += lost;
    self->broken = TRUE;
}

/* Frames */

/* Cairo and the painter want rows of whole pixels. */
static gboolean draw(VdtSceneSrc *self, VdtSceneOutput output, GstBuffer *buffer)
{
    GstVideoFrame frame;
    int stride;
    gboolean fits;

    if (!gst_video_frame_map(&frame, &self->info, buffer, GST_MAP_WRITE)) {
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, (NULL), ("cannot map a buffer for writing"));
        return FALSE;
    }
    stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
    fits = stride > 0 &&
           (output == VDT_SCENE_CLASSES ||
            (stride % 4 == 0 && GPOINTER_TO_SIZE(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) % 4 == 0));
    if (fits)
        vdt_scene_draw(self->scene, output, (guint)GST_VIDEO_FRAME_WIDTH(&frame),
                       (guint)GST_VIDEO_FRAME_HEIGHT(&frame), GST_VIDEO_FRAME_PLANE_DATA(&frame, 0),
                       (gsize)stride);
    else
        GST_ELEMENT_ERROR(self, STREAM, FORMAT, (NULL),
                          ("cannot draw into a buffer with rows of %d bytes", stride));
    gst_video_frame_unmap(&frame);
    return fits;
}

/* Writes what is true of a frame to the file. */
static gboolean write_truth(VdtSceneSrc *self, const VdtSceneOptions *options,
                            const VdtTruth *truth, guint64 interval)
{
    g_autoptr(GError) error = NULL;

    vdt_truth_log_set_scene(self->log, options, &self->info);
    if (vdt_truth_log_frame(self->log, truth, (gint64)interval, &error))
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", error->message), (NULL));
    return FALSE;
}

static void stamp(VdtSceneSrc *self, GstBuffer *buffer, gint64 pts)
{
    GST_BUFFER_PTS(buffer) = (GstClockTime)pts;
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) = (GstClockTime)(time_of(self, self->frame + 1) - pts);
    GST_BUFFER_OFFSET(buffer) = self->n_before + (guint64)self->frame;
    GST_BUFFER_OFFSET_END(buffer) = GST_BUFFER_OFFSET(buffer) + 1;
    if (self->broken)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    self->broken = FALSE;
}

static GstFlowReturn fill(GstPushSrc *push, GstBuffer *buffer)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(push);
    const double aspect = (double)self->info.width / self->info.height;
    g_autoptr(VdtTruth) truth = NULL;
    VdtSceneOptions options;
    VdtSceneOutput output;
    guint64 offset, interval;
    gboolean attach, post;
    gint64 pts;

    catch_up(self);
    pts = time_of(self, self->frame);
    if (pts < 0 || pts > (gint64)MAX_TIME)
        return GST_FLOW_EOS;
    gst_object_sync_values(GST_OBJECT(self), (GstClockTime)pts);
    GST_OBJECT_LOCK(self);
    options = self->options;
    output = self->output;
    offset = self->scene_offset;
    interval = self->truth_interval;
    attach = self->attach_truth;
    post = self->post_messages;
    GST_OBJECT_UNLOCK(self);

    /* What was negotiated holds. */
    if (GST_VIDEO_INFO_FORMAT(&self->info) == GST_VIDEO_FORMAT_GRAY8)
        output = VDT_SCENE_CLASSES;
    else if (output == VDT_SCENE_CLASSES)
        output = VDT_SCENE_PICTURE;
    vdt_scene_show(self->scene, &options, pts + (gint64)offset);
    if (!draw(self, output, buffer))
        return GST_FLOW_ERROR;
    stamp(self, buffer, pts);
    if (attach || post || self->log)
        truth = vdt_scene_get_truth(self->scene, aspect);
    if (attach)
        vdt_truth_attach(truth, buffer, (guint)self->info.width, (guint)self->info.height);
    if (self->log && !write_truth(self, &options, truth, interval))
        return GST_FLOW_ERROR;
    g_clear_pointer(&self->truth, vdt_truth_free);
    if (post)
        self->truth = g_steal_pointer(&truth);
    self->frame += GST_BASE_SRC(self)->segment.rate < 0 ? -1 : 1;
    return GST_FLOW_OK;
}

static void post_truth(VdtSceneSrc *self, GstClockTime pts)
{
    const GstSegment *segment = &GST_BASE_SRC(self)->segment;
    const VdtSpan span = {pts, pts, gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts),
                          gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts)};
    GList *list = vdt_truth_messages_follow(self->messages, self->truth, &span);

    for (GList *l = list; l; l = l->next)
        gst_element_post_message(GST_ELEMENT(self), l->data);
    g_list_free(list);
}

/* A frame of a live source leaves when its time has come, and has its final time only then. */
static GstPadProbeReturn on_leaving(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    VdtSceneSrc *self = data;

    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        if (self->truth)
            post_truth(self, GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS) {
        g_clear_pointer(&self->truth, vdt_truth_free);
        post_truth(self, GST_BASE_SRC(self)->segment.position);
    }
    return GST_PAD_PROBE_OK;
}

/* State */

static gboolean open_log(VdtSceneSrc *self)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;

    GST_OBJECT_LOCK(self);
    path = g_strdup(self->truth_location);
    GST_OBJECT_UNLOCK(self);
    if (!path || !*path)
        return TRUE;
    self->log = vdt_truth_log_new(path, &error);
    if (self->log)
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
    return FALSE;
}

static gboolean start(GstBaseSrc *base)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(base);

    if (!open_log(self))
        return FALSE;
    gst_video_info_init(&self->info);
    self->anchor = 0;
    self->frame = 0;
    self->n_before = 0;
    self->broken = FALSE;
    self->has_lead = FALSE;
    self->scene = vdt_scene_new();
    self->messages = vdt_truth_messages_new(GST_ELEMENT(self));
    return TRUE;
}

static gboolean stop(GstBaseSrc *base)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(base);
    g_autoptr(GError) error = NULL;

    if (self->log && !vdt_truth_log_close(g_steal_pointer(&self->log), &error))
        GST_ELEMENT_WARNING(self, RESOURCE, WRITE, ("%s", error->message), (NULL));
    g_clear_pointer(&self->truth, vdt_truth_free);
    g_clear_pointer(&self->messages, vdt_truth_messages_free);
    g_clear_pointer(&self->scene, vdt_scene_free);
    return TRUE;
}

/* Properties */

static double *condition(VdtSceneSrc *self, guint id)
{
    VdtStreetConditions *conditions = &self->options.conditions;

    switch (id) {
    case PROP_NIGHT:
        return &conditions->night;
    case PROP_RAIN:
        return &conditions->rain;
    case PROP_SNOW:
        return &conditions->snow;
    case PROP_HAZE:
        return &conditions->haze;
    case PROP_NOISE:
        return &conditions->noise;
    case PROP_SHAKE:
        return &conditions->shake;
    case PROP_BLUR:
        return &conditions->blur;
    default:
        return NULL;
    }
}

static void vdt_scene_src_set_property(GObject *object, guint id, const GValue *value,
                                       GParamSpec *pspec)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(object);

    if (id == PROP_IS_LIVE) {
        gst_base_src_set_live(GST_BASE_SRC(self), g_value_get_boolean(value));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SEED:
        self->options.seed = g_value_get_uint64(value);
        break;
    case PROP_SCENE_OFFSET:
        self->scene_offset = g_value_get_uint64(value);
        break;
    case PROP_ACTION:
        self->options.action = g_value_get_enum(value);
        break;
    case PROP_CLIP_DURATION:
        self->options.clip_duration = (gint64)g_value_get_uint64(value);
        break;
    case PROP_CHANGING:
        self->options.changing = g_value_get_boolean(value);
        break;
    case PROP_OUTPUT:
        self->output = (VdtSceneOutput)g_value_get_enum(value);
        break;
    case PROP_TRUTH_LOCATION:
        g_free(self->truth_location);
        self->truth_location = g_value_dup_string(value);
        break;
    case PROP_TRUTH_INTERVAL:
        self->truth_interval = g_value_get_uint64(value);
        break;
    case PROP_ATTACH_TRUTH:
        self->attach_truth = g_value_get_boolean(value);
        break;
    case PROP_POST_MESSAGES:
        self->post_messages = g_value_get_boolean(value);
        break;
    default:
        if (condition(self, id))
            *condition(self, id) = g_value_get_double(value);
        else
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_scene_src_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    VdtSceneSrc *self = VDT_SCENE_SRC(object);

    if (id == PROP_IS_LIVE) {
        g_value_set_boolean(value, gst_base_src_is_live(GST_BASE_SRC(self)));
        return;
    }
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SEED:
        g_value_set_uint64(value, self->options.seed);
        break;
    case PROP_SCENE_OFFSET:
        g_value_set_uint64(value, self->scene_offset);
        break;
    case PROP_ACTION:
        g_value_set_enum(value, self->options.action);
        break;
    case PROP_CLIP_DURATION:
        g_value_set_uint64(value, (guint64)self->options.clip_duration);
        break;
    case PROP_CHANGING:
        g_value_set_boolean(value, self->options.changing);
        break;
    case PROP_OUTPUT:
        g_value_set_enum(value, self->output);
        break;
    case PROP_TRUTH_LOCATION:
        g_value_set_string(value, self->truth_location);
        break;
    case PROP_TRUTH_INTERVAL:
        g_value_set_uint64(value, self->truth_interval);
        break;
    case PROP_ATTACH_TRUTH:
        g_value_set_boolean(value, self->attach_truth);
        break;
    case PROP_POST_MESSAGES:
        g_value_set_boolean(value, self->post_messages);
        break;
    default:
        if (condition(self, id))
            g_value_set_double(value, *condition(self, id));
        else
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        break;
    }
    GST_OBJECT_UNLOCK(self);
}

static void vdt_scene_src_constructed(GObject *object)
{
    G_OBJECT_CLASS(vdt_scene_src_parent_class)->constructed(object);
    vdt_element_name(GST_ELEMENT(object), "vedette-scenesrc");
}

static void vdt_scene_src_finalize(GObject *object)
{
    g_free(VDT_SCENE_SRC(object)->truth_location);
    G_OBJECT_CLASS(vdt_scene_src_parent_class)->finalize(object);
}

static void vdt_scene_src_init(VdtSceneSrc *self)
{
    GstBaseSrc *base = GST_BASE_SRC(self);

    self->options.seed = DEFAULT_SEED;
    self->options.action = DEFAULT_ACTION;
    self->options.clip_duration = DEFAULT_CLIP_DURATION;
    self->scene_offset = DEFAULT_SCENE_OFFSET;
    self->output = DEFAULT_OUTPUT;
    self->truth_interval = DEFAULT_TRUTH_INTERVAL;
    gst_base_src_set_format(base, GST_FORMAT_TIME);
    gst_base_src_set_live(base, FALSE);
    gst_pad_add_probe(GST_BASE_SRC_PAD(base),
                      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_leaving,
                      self, NULL);
}

static void install_conditions(GObjectClass *object)
{
    static const struct {
        guint id;
        const char *name, *nick, *blurb;
    } conditions[] = {
        {PROP_NIGHT, "night", "Night", "How dark it is; lamps, windows and headlights are lit"},
        {PROP_RAIN, "rain", "Rain", "How hard it rains"},
        {PROP_SNOW, "snow", "Snow", "How hard it snows"},
        {PROP_HAZE, "haze", "Haze", "How thick the haze is"},
        {PROP_NOISE, "noise", "Noise", "Of the sensor; 1 is a standard deviation of 20 levels"},
        {PROP_SHAKE, "shake", "Shake",
         "Of the camera; 1 is swings of up to 1.5 % of the frame's height"},
        {PROP_BLUR, "blur", "Blur", "Out of focus; 1 is a radius of 0.4 % of the frame's height"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(conditions); i++)
        g_object_class_install_property(
            object, conditions[i].id,
            g_param_spec_double(conditions[i].name, conditions[i].nick, conditions[i].blurb, 0, 1,
                                0,
                                G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                    GST_PARAM_CONTROLLABLE | GST_PARAM_MUTABLE_PLAYING));
}

static void install_scene(GObjectClass *object)
{
    const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(object, PROP_SEED,
                                    g_param_spec_uint64("seed", "Seed",
                                                        "What street it is, and what happens there",
                                                        0, G_MAXUINT64, DEFAULT_SEED, ready));
    g_object_class_install_property(object, PROP_SCENE_OFFSET,
                                    g_param_spec_uint64("scene-offset", "Scene offset",
                                                        "Scene time at the stream's start, in ns",
                                                        0, MAX_TIME, DEFAULT_SCENE_OFFSET, ready));
    g_object_class_install_property(
        object, PROP_ACTION,
        g_param_spec_enum("action", "Action",
                          "What happens: anything, on an endless street, or this one action in "
                          "clip after clip, each with the seed after the last one's",
                          VDT_TYPE_SCENE_ACTION, DEFAULT_ACTION, ready));
    g_object_class_install_property(object, PROP_CLIP_DURATION,
                                    g_param_spec_uint64("clip-duration", "Clip duration",
                                                        "How long a clip of one action is, in ns",
                                                        GST_SECOND, 3600 * GST_SECOND,
                                                        DEFAULT_CLIP_DURATION, ready));
    install_conditions(object);
    g_object_class_install_property(
        object, PROP_CHANGING,
        g_param_spec_boolean("changing", "Changing",
                             "Let conditions drift over minutes: dusk, night, showers; not in "
                             "clips of one action",
                             FALSE, live));
}

static void vdt_scene_src_class_init(VdtSceneSrcClass *klass)
{
    const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseSrcClass *base = GST_BASE_SRC_CLASS(klass);

    object->constructed = vdt_scene_src_constructed;
    object->set_property = vdt_scene_src_set_property;
    object->get_property = vdt_scene_src_get_property;
    object->finalize = vdt_scene_src_finalize;
    base->get_caps = get_caps;
    base->fixate = fixate;
    base->set_caps = set_caps;
    base->decide_allocation = decide_allocation;
    base->is_seekable = is_seekable;
    base->do_seek = do_seek;
    base->get_times = get_times;
    base->query = query;
    base->start = start;
    base->stop = stop;
    GST_PUSH_SRC_CLASS(klass)->fill = fill;

    g_object_class_install_property(object, PROP_IS_LIVE,
                                    g_param_spec_boolean("is-live", "Is live",
                                                         "Give each frame when its time has come",
                                                         FALSE, ready));
    install_scene(object);
    g_object_class_install_property(
        object, PROP_OUTPUT,
        g_param_spec_enum("output", "Output", "What of the scene the frames show",
                          VDT_TYPE_SCENE_OUTPUT, DEFAULT_OUTPUT, ready));
    g_object_class_install_property(
        object, PROP_TRUTH_LOCATION,
        g_param_spec_string("truth-location", "Truth location",
                            "File to write what is true of the scene to, as lines of JSON; it is "
                            "replaced",
                            NULL, ready));
    g_object_class_install_property(
        object, PROP_TRUTH_INTERVAL,
        g_param_spec_uint64("truth-interval", "Truth interval",
                            "From one list of objects in that file to the next, in ns of the "
                            "scene; 0 for one per frame",
                            0, MAX_TIME, DEFAULT_TRUTH_INTERVAL, live));
    g_object_class_install_property(
        object, PROP_ATTACH_TRUTH,
        g_param_spec_boolean("attach-truth", "Attach truth",
                             "Attach what is true of each frame to it, as metas", FALSE, live));
    g_object_class_install_property(
        object, PROP_POST_MESSAGES,
        g_param_spec_boolean("post-messages", "Post messages",
                             "Post the start and the end of each event on the bus", FALSE, live));

    gst_element_class_set_static_metadata(
        element, "Vedette street scene source", "Source/Video",
        "Draws a street where people and cars act, and knows what is true of it",
        "The Vedette authors");
    gst_element_class_add_static_pad_template(element, &src_template);
    vdt_truth_meta_get_info();
}
