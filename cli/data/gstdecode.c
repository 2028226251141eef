/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstdecode.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/pbutils/pbutils.h>
#include <gst/video/video.h>
#include <string.h>

#include "gstmemory.h"
#include "gstreason.h"
#include "pictures/pixels.h"

/* How long to wait for a picture before looking for errors. */
#define POLL_TIME   (100 * GST_MSECOND)
/* A file that gives nothing for so long is stuck. */
#define MAX_SILENCE (60 * GST_SECOND)
/* What is said of streams, and of what they would need. */
#define MOST_TEXT   500

#define SIDE "[1," G_STRINGIFY(MEDIA_MOST_SIDE) "]"
#define SEEN                                                                                       \
    "capsfilter name=limit caps=\"video/x-raw(ANY),width=" SIDE ",height=" SIDE                    \
    "\" ! videoconvert "                                                                           \
    "! video/x-raw,format=RGB ! appsink name=sink sync=false max-buffers=4"
/* Of one picture, whatever its pixels are like, or of a file that is read in one piece. */
#define MOST_BYTES ((gsize)4 * MEDIA_MOST_SIDE * MEDIA_MOST_SIDE)

/* As GStreamer names the orientations that EXIF counts from 1. */
static const char *const orientations[] = {
    "rotate-0",        "flip-rotate-0", "rotate-180",     "flip-rotate-180",
    "flip-rotate-270", "rotate-90",     "flip-rotate-90", "rotate-270",
};

typedef struct {
    const GstDecodeRequest *request;
    GstDecoded *decoded;
    GstElement *pipeline;
    GstAppSink *sink;
    GstBus *bus;
    GMutex lock; /* over what streaming threads find out, the next four */
    GString *others;
    guint n_streams;
    gboolean video, still;
    GString *missing;         /* kinds of decoders */
    gint64 last_pts;          /* -1: none so far */
    guint by_stream, by_file; /* orientations that tags say; 0: none */
} Decoding;

static void decoding_clear(Decoding *d)
{
    if (d->pipeline != NULL)
        gst_element_set_state(d->pipeline, GST_STATE_NULL);
    gst_clear_object(&d->sink);
    gst_clear_object(&d->bus);
    gst_clear_object(&d->pipeline);
    g_string_free(d->others, TRUE);
    g_string_free(d->missing, TRUE);
    g_mutex_clear(&d->lock);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Decoding, decoding_clear)

static void fail(const Decoding *d, const char *text, GError **error)
{
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: %s", d->request->input, text);
}

/* Adds @part to a list in @text, if it is not there. */
static void append(GString *text, const char *part)
{
    if (strstr(text->str, part) == NULL && text->len < MOST_TEXT)
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", part);
}

/* A size that is past the limit is an error of the pipeline before a decoder hears of it. */
static void check_caps(Decoding *d, GstElement *bin, const GstStructure *s)
{
    int width = 0, height = 0;
    gst_structure_get_int(s, "width", &width);
    gst_structure_get_int(s, "height", &height);
    if (MAX(width, height) <= MEDIA_MOST_SIDE)
        return;
    g_autoptr(GError) mistake =
        g_error_new(VDT_ERROR, VDT_ERROR_FORMAT, "%s: has a %s of %d pixels, the limit is %d",
                    d->request->input, width > height ? "width" : "height", MAX(width, height),
                    MEDIA_MOST_SIDE);
    gst_element_post_message(bin, gst_message_new_error(GST_OBJECT(bin), mistake, NULL));
}

/* Called for each stream that is found, coded ones first. FALSE: it is not looked into. */
static gboolean go_on(GstElement *bin, GstPad *pad, GstCaps *caps, gpointer data)
{
    Decoding *d = data;
    if (gst_caps_is_empty(caps) || gst_caps_is_any(caps))
        return TRUE;
    const GstStructure *s = gst_caps_get_structure(caps, 0);
    const char *kind = gst_structure_get_name(s);
    check_caps(d, bin, s);
    g_mutex_lock(&d->lock);
    /* The first is the whole file. */
    gboolean still =
        d->n_streams++ == 0 && d->request->elsewhere && g_str_has_prefix(kind, "image/");
    d->still = d->still || still;
    d->video = d->video || g_str_has_prefix(kind, "image/") ||
               (g_str_has_prefix(kind, "video/") && gst_structure_has_field(s, "width"));
    if (g_str_has_prefix(kind, "audio/") || g_str_has_prefix(kind, "text/")) {
        g_autofree char *name = gst_pb_utils_get_codec_description(caps);
        append(d->others, name != NULL ? name : kind);
    }
    g_mutex_unlock(&d->lock);
    return !still;
}

static gboolean is_still(Decoding *d)
{
    g_mutex_lock(&d->lock);
    gboolean still = d->still;
    g_mutex_unlock(&d->lock);
    return still;
}

static void explain(Decoding *d, GstMessage *message, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    gst_message_parse_error(message, &cause, NULL);
    g_mutex_lock(&d->lock);
    if (cause->domain == VDT_ERROR)
        g_propagate_error(error, g_steal_pointer(&cause));
    else if (d->missing->len > 0)
        text = g_strdup_printf("GStreamer lacks what it needs here: %s", d->missing->str);
    else if (!d->video && d->others->len > 0)
        text = g_strdup_printf("there is no video in it, only %s", d->others->str);
    else {
        g_autofree char *reason = gst_reason(message);
        text = g_strdup_printf("no pictures can be had from it: %s", reason);
    }
    g_mutex_unlock(&d->lock);
    if (text != NULL)
        fail(d, text, error);
}

/* Once for each file: what is damaged is so in many places. */
static void warn(Decoding *d, GstMessage *message)
{
    g_autofree char *reason = gst_reason(message);
    if (d->decoded == NULL || d->decoded->warned)
        return;
    g_printerr("vedette: %s: not all of it can be had: %s\n", d->request->input, reason);
    d->decoded->warned = TRUE;
}

/* A film may be a little longer than its pictures, by its sound. */
static void compare_duration(Decoding *d)
{
    gint64 duration = -1;
    if (d->last_pts < 0 || d->decoded->warned ||
        !gst_element_query_duration(d->pipeline, GST_FORMAT_TIME, &duration) ||
        duration - d->last_pts < MAX((gint64)GST_SECOND, duration / 10))
        return;
    g_printerr("vedette: %s: its pictures end at %.2f s, but it says that it lasts %.2f s\n",
               d->request->input, d->last_pts / 1e9, duration / 1e9);
    d->decoded->warned = TRUE;
}

/* Takes what is said off the bus; TRUE if an error is among it. */
static gboolean look_for_error(Decoding *d, GError **error)
{
    for (;;) {
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(
            d->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT);
        if (message == NULL)
            return FALSE;
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
            explain(d, message, error);
            return TRUE;
        }
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
            warn(d, message);
        if (gst_is_missing_plugin_message(message)) {
            g_autofree char *what = gst_missing_plugin_message_get_description(message);
            append(d->missing, what);
        }
    }
}

static void take_event(Decoding *d, GstEvent *event)
{
    if (GST_EVENT_TYPE(event) != GST_EVENT_TAG)
        return;
    GstTagList *tags;
    g_autofree char *name = NULL;
    gst_event_parse_tag(event, &tags);
    if (!gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &name))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(orientations); i++)
        if (strcmp(name, orientations[i]) == 0 &&
            gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_STREAM)
            d->by_stream = i + 1;
        else if (strcmp(name, orientations[i]) == 0)
            d->by_file = i + 1;
}

static guint get_orientation(const Decoding *d)
{
    return d->by_stream > 0 ? d->by_stream : d->by_file > 0 ? d->by_file : d->request->orientation;
}

/* The frame's pixels, turned, in memory of their own. */
static gboolean turn(const Decoding *d, const VdtPicture *frame, Pixels *pixels, GError **error)
{
    if (!pixels_allocate(d->request->input, pixels, frame->width, frame->height, 3, error))
        return FALSE;
    const gsize row = (gsize)3 * frame->width;
    for (guint y = 0; y < frame->height; y++)
        memcpy(pixels->data + y * row, frame->data + y * frame->stride, row);
    return pixels_turn(d->request->input, pixels, get_orientation(d), error);
}

static gboolean hand_over(Decoding *d, GstSample *sample, gint64 index, GError **error)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) {
        fail(d, "a decoded picture cannot be read", error);
        return FALSE;
    }
    VdtPicture picture = {GST_VIDEO_FRAME_PLANE_DATA(&frame, 0), info.width, info.height,
                          GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)};
    gint64 pts = -1;
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        pts = gst_segment_to_stream_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                         GST_BUFFER_PTS(buffer));
    g_auto(Pixels) turned = {0};
    gboolean sideways = orientation_is_sideways(get_orientation(d)), more = TRUE;
    d->decoded->aspect_width = sideways ? info.par_d : info.par_n;
    d->decoded->aspect_height = sideways ? info.par_n : info.par_d;
    if (get_orientation(d) > 1) {
        more = turn(d, &picture, &turned, error);
        picture = (VdtPicture){turned.data, turned.width, turned.height, (gsize)3 * turned.width};
    }
    d->last_pts = pts;
    more = more && d->request->func(d->request->data, index, &picture, pts, error);
    gst_video_frame_unmap(&frame);
    return more;
}

/* A picture, or what is said of those behind it; FALSE if there is enough. */
static gboolean take(Decoding *d, GstMiniObject *object, gint64 *index, GError **error)
{
    gboolean more = TRUE;
    if (GST_IS_EVENT(object))
        take_event(d, GST_EVENT(object));
    else if (GST_IS_SAMPLE(object))
        more = hand_over(d, GST_SAMPLE(object), (*index)++, error);
    gst_mini_object_unref(object);
    return more;
}

/* Hands over pictures until the end, an error, or until there is enough. */
static gboolean pull_all(Decoding *d, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    GstClockTime silence = 0;
    for (gint64 index = 0; !is_still(d);) {
        GstMiniObject *object = gst_app_sink_try_pull_object(d->sink, POLL_TIME);
        if (object != NULL) {
            silence = 0;
            if (!take(d, object, &index, &mistake))
                break;
        } else if (is_still(d) || look_for_error(d, &mistake)) {
            break;
        } else if (gst_app_sink_is_eos(d->sink)) {
            if (index == 0)
                fail(d, "there is no picture in it", &mistake);
            compare_duration(d);
            break;
        } else if ((silence += POLL_TIME) >= MAX_SILENCE) {
            fail(d, "no picture came for a minute", &mistake);
            break;
        }
    }
    d->decoded->still = is_still(d);
    if (d->decoded->still || mistake == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&mistake));
    return FALSE;
}

/* What a decoder promises, where nobody knew before. */
static GstPadProbeReturn watch_caps(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Decoding *d = data;
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    GstCaps *caps;
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        gst_event_parse_caps(event, &caps);
        check_caps(d, d->pipeline, gst_caps_get_structure(caps, 0));
    }
    return GST_PAD_PROBE_OK;
}

static void watch(Decoding *d, GstElement *element, const char *name)
{
    g_autoptr(GstPad) pad = gst_element_get_static_pad(element, name);
    if (pad != NULL)
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, watch_caps, d, NULL);
}

static void watch_decoder(GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer data)
{
    GstElementFactory *factory = gst_element_get_factory(element);
    if (factory != NULL &&
        gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER))
        watch(data, element, "src");
}

static gboolean have(const char *element)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(element);
    return factory != NULL;
}

static gboolean open_pipeline(Decoding *d, GError **error)
{
    const GstDecodeRequest *request = d->request;
    gboolean alone = request->decoder != NULL && have(request->decoder);
    g_autofree char *line =
        alone ? g_strdup_printf("filesrc name=source ! %s ! " SEEN, request->decoder)
              : g_strdup("uridecodebin name=source caps=\"video/x-raw(ANY)\" "
                         "expose-all-streams=false ! " SEEN);
    d->pipeline = gst_parse_launch(line, error);
    if (d->pipeline == NULL)
        return FALSE;
    d->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(d->pipeline), "sink"));
    d->bus = gst_element_get_bus(d->pipeline);
    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(d->pipeline), "source");
    g_autoptr(GstElement) limit = gst_bin_get_by_name(GST_BIN(d->pipeline), "limit");
    watch(d, limit, "sink");
    g_signal_connect(d->pipeline, "deep-element-added", G_CALLBACK(watch_decoder), d);
    g_autofree char *path = alone ? g_filename_from_uri(request->uri, NULL, error) : NULL;
    if (alone && path == NULL)
        return FALSE;
    g_object_set(source, alone ? "location" : "uri", alone ? path : request->uri, NULL);
    if (!alone)
        g_signal_connect(source, "autoplug-continue", G_CALLBACK(go_on), d);
    return TRUE;
}

gboolean gst_decode(const GstDecodeRequest *request, GstDecoded *decoded, GError **error)
{
    if (!gst_init_check(NULL, NULL, error))
        return FALSE;
    g_auto(Decoding) d = {.request = request,
                          .decoded = decoded,
                          .last_pts = -1,
                          .others = g_string_new(NULL),
                          .missing = g_string_new(NULL)};
    g_mutex_init(&d.lock);
    gst_memory_limit(MOST_BYTES);
    if (!open_pipeline(&d, error))
        return FALSE;
    GstStateChangeReturn change = gst_element_set_state(d.pipeline, GST_STATE_PLAYING);
    if (change == GST_STATE_CHANGE_ASYNC)
        change = gst_element_get_state(d.pipeline, NULL, NULL, 5 * GST_SECOND);
    if (change == GST_STATE_CHANGE_NO_PREROLL) {
        fail(&d, "this is a live source; use the GStreamer element for those", error);
        return FALSE;
    }
    return pull_all(&d, error);
}

gboolean gst_fetch(const char *uri, const char *input, FILE *to, guint64 most, GError **error)
{
    const GstDecodeRequest request = {.input = input, .uri = uri};
    g_auto(Decoding)
        d = {.request = &request, .others = g_string_new(NULL), .missing = g_string_new(NULL)};
    g_mutex_init(&d.lock);
    GstElement *source = gst_element_make_from_uri(GST_URI_SRC, uri, NULL, error);
    if (source == NULL)
        return FALSE;
    d.pipeline = gst_pipeline_new(NULL);
    d.sink = gst_object_ref_sink(GST_APP_SINK(gst_element_factory_make("appsink", NULL)));
    d.bus = gst_element_get_bus(d.pipeline);
    g_object_set(d.sink, "sync", FALSE, "max-buffers", 16, NULL);
    gst_bin_add_many(GST_BIN(d.pipeline), source, GST_ELEMENT(d.sink), NULL);
    gst_element_link(source, GST_ELEMENT(d.sink));
    gst_element_set_state(d.pipeline, GST_STATE_PLAYING);
    guint64 n = 0;
    for (GstClockTime silence = 0; silence < MAX_SILENCE;) {
        g_autoptr(GstSample) sample = gst_app_sink_try_pull_sample(d.sink, POLL_TIME);
        GstMapInfo map;
        if (sample == NULL && look_for_error(&d, error))
            return FALSE;
        if (sample == NULL && gst_app_sink_is_eos(d.sink))
            return TRUE;
        silence = sample == NULL ? silence + POLL_TIME : 0;
        if (sample == NULL || !gst_buffer_map(gst_sample_get_buffer(sample), &map, GST_MAP_READ))
            continue;
        n += map.size;
        gboolean ok = n <= most && fwrite(map.data, 1, map.size, to) == map.size;
        gst_buffer_unmap(gst_sample_get_buffer(sample), &map);
        if (!ok) {
            fail(&d, n > most ? "is too large a picture" : "cannot be kept", error);
            return FALSE;
        }
    }
    fail(&d, "nothing came for a minute", error);
    return FALSE;
}
