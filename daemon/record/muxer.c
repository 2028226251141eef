/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "muxer.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsrc.h>

#include "whole.h"

/* What may wait before the disk. */
#define MOST_WAITING (8 * 1024 * 1024)
#define NAP          (20 * GST_MSECOND)
/* How long a disk may take to finish a file. */
#define PATIENCE     (60 * GST_SECOND)
/* The time in the pipeline that is 0 in the file: frames may be decoded before. */
#define ZERO         (3600 * GST_SECOND)

/* Which elements write which codec into which file. */
typedef struct {
    const char *codec, *elements, *suffix, *media_type;
} Form;

/* What comes by RTP tells when a frame is shown, but not when it is decoded: that is the
 * timestampers'. */
static const Form forms[] = {
    {"video/x-h264",
     "h264parse ! capsfilter caps=video/x-h264,stream-format=avc,alignment=au ! "
     "h264timestamper ! mp4mux",
     "mp4", "video/mp4"},
    {"video/x-h265",
     "h265parse ! capsfilter caps=video/x-h265,stream-format=hvc1,alignment=au ! "
     "h265timestamper ! mp4mux",
     "mp4", "video/mp4"},
    {"video/mpeg", "mpeg4videoparse ! mp4mux", "mp4", "video/mp4"},
    {"video/x-vp8", "webmmux", "webm", "video/webm"},
    {"video/x-vp9", "webmmux", "webm", "video/webm"},
    {"image/jpeg", "jpegparse ! matroskamux", "mkv", "video/x-matroska"},
};

struct _VdtMuxer {
    char *path, *part;
    const Form *form;
    GstElement *pipeline;
    GstAppSrc *entry;
    GstBus *bus;
    GstCaps *caps; /* in the muxer; its streaming thread's */
    gint changed;  /* atomic */
    GstClockTime first;
    GstBuffer *held;   /* the newest frame: how long it is shown, the next one tells */
    GstClockTime step; /* for how long the frame before that was shown */
    /* of what came to the muxer, in its streaming thread up to the end */
    GstSegment segment;
    guint frames;
    gint64 last, length; /* ns in the file: PTS of the newest frame, end of the last one */
};

static const Form *find_form(GstCaps *caps)
{
    const char *name = gst_structure_get_name(gst_caps_get_structure(caps, 0));

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
        if (g_str_equal(forms[i].codec, name))
            return &forms[i];
    return NULL;
}

/* A file has one size and one set of parameters; the rest may differ. */
static gboolean is_same(const GstCaps *a, const GstCaps *b)
{
    static const char *const fields[] = {"width", "height", "codec_data"};
    const GstStructure *s = gst_caps_get_structure(a, 0), *t = gst_caps_get_structure(b, 0);

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        const GValue *v = gst_structure_get_value(s, fields[i]);
        const GValue *u = gst_structure_get_value(t, fields[i]);

        if (!v != !u || (v && gst_value_compare(v, u) != GST_VALUE_EQUAL))
            return FALSE;
    }
    return gst_structure_has_name(t, gst_structure_get_name(s));
}

static void count(VdtMuxer *muxer, const GstBuffer *buffer)
{
    const gint64 time = (gint64)gst_segment_to_running_time(&muxer->segment, GST_FORMAT_TIME,
                                                            GST_BUFFER_PTS(buffer));
    const gint64 step = GST_BUFFER_DURATION_IS_VALID(buffer) ? (gint64)GST_BUFFER_DURATION(buffer)
                                                             : MAX(time - muxer->last, 0);

    muxer->frames++;
    muxer->last = MAX(muxer->last, time);
    muxer->length = MAX(muxer->length, time + step);
}

static GstPadProbeReturn on_muxed(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    VdtMuxer *muxer = data;
    GstEvent *event;
    GstCaps *caps;

    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
        if (g_atomic_int_get(&muxer->changed))
            return GST_PAD_PROBE_DROP;
        count(muxer, GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
    }
    event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT)
        gst_event_copy_segment(event, &muxer->segment);
    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    gst_event_parse_caps(event, &caps);
    if (!muxer->caps) {
        muxer->caps = gst_caps_ref(caps);
        return GST_PAD_PROBE_OK;
    }
    if (!is_same(muxer->caps, caps))
        g_atomic_int_set(&muxer->changed, TRUE);
    return GST_PAD_PROBE_DROP;
}

static void watch(VdtMuxer *muxer)
{
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(muxer->pipeline), "mux");
    GstPad *pad = element->sinkpads->data;

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                      on_muxed, muxer, NULL);
}

static gboolean build(VdtMuxer *muxer, GstCaps *caps, GError **error)
{
    g_autofree char *launch =
        g_strdup_printf("appsrc name=in ! %s name=mux ! filesink name=out", muxer->form->elements);
    g_autoptr(GstElement) out = NULL;
    g_autoptr(GError) told = NULL;

    muxer->pipeline = gst_parse_launch_full(launch, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &told);
    if (!muxer->pipeline) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s: %s", muxer->path,
                    told->message);
        return FALSE;
    }
    muxer->bus = gst_element_get_bus(muxer->pipeline);
    muxer->entry = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(muxer->pipeline), "in"));
    g_object_set(muxer->entry, "format", GST_FORMAT_TIME, "max-bytes", G_GUINT64_CONSTANT(0),
                 "handle-segment-change", TRUE, NULL);
    out = gst_bin_get_by_name(GST_BIN(muxer->pipeline), "out");
    g_object_set(out, "location", muxer->part, "async", FALSE, "sync", FALSE, NULL);
    gst_app_src_set_caps(muxer->entry, caps);
    watch(muxer);
    return TRUE;
}

static gboolean fail(VdtMuxer *muxer, GstMessage *message, GError **error)
{
    g_autoptr(GError) told = NULL;
    g_autofree char *debug = NULL;

    gst_message_parse_error(message, &told, &debug);
    if (g_error_matches(told, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT))
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "%s: no space is left on its disk",
                    muxer->path);
    else
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", muxer->path, told->message);
    return FALSE;
}

/* Begins at ZERO, by a segment that the first sample brings. */
static void set_segment(VdtMuxer *muxer)
{
    GstSegment segment;
    g_autoptr(GstSample) sample = NULL;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = ZERO;
    segment.time = 0;
    sample = gst_sample_new(NULL, NULL, &segment, NULL);
    gst_app_src_push_sample(muxer->entry, sample);
}

VdtMuxer *vdt_muxer_new(const char *stem, GstCaps *caps, GstClockTime first, GError **error)
{
    const Form *form = find_form(caps);
    VdtMuxer *muxer;

    if (!form) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                    "%s: there is no form of file for %s", stem,
                    gst_structure_get_name(gst_caps_get_structure(caps, 0)));
        return NULL;
    }
    muxer = g_new0(VdtMuxer, 1);
    muxer->form = form;
    muxer->first = first;
    muxer->step = GST_CLOCK_TIME_NONE;
    muxer->path = g_strdup_printf("%s.%s", stem, form->suffix);
    muxer->part = vdt_whole_part(muxer->path);
    if (build(muxer, caps, error)) {
        gst_element_set_state(muxer->pipeline, GST_STATE_PLAYING);
        if (vdt_muxer_check(muxer, error)) {
            set_segment(muxer);
            return muxer;
        }
    }
    vdt_muxer_free(muxer);
    return NULL;
}

gint64 vdt_muxer_get_time(const VdtMuxer *muxer, const GstBuffer *buffer)
{
    return GST_CLOCK_DIFF(muxer->first, GST_BUFFER_PTS(buffer)) / (gint64)GST_USECOND;
}

gboolean vdt_muxer_check(VdtMuxer *muxer, GError **error)
{
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(muxer->bus, GST_MESSAGE_ERROR);

    return !message || fail(muxer, message, error);
}

static gboolean wait_for_room(VdtMuxer *muxer, GError **error)
{
    while (gst_app_src_get_current_level_bytes(muxer->entry) > MOST_WAITING) {
        g_autoptr(GstMessage) message =
            gst_bus_timed_pop_filtered(muxer->bus, NAP, GST_MESSAGE_ERROR);

        if (message)
            return fail(muxer, message, error);
    }
    return vdt_muxer_check(muxer, error);
}

static GstClockTime shift(const VdtMuxer *muxer, GstClockTime time)
{
    return GST_CLOCK_TIME_IS_VALID(time) ? ZERO + time - muxer->first : time;
}

/* Where the source did not tell it. */
static void set_duration(GstBuffer *buffer, GstClockTime duration)
{
    if (!GST_BUFFER_DURATION_IS_VALID(buffer))
        GST_BUFFER_DURATION(buffer) = duration;
}

static void pass(VdtMuxer *muxer)
{
    if (muxer->held)
        gst_app_src_push_buffer(muxer->entry, g_steal_pointer(&muxer->held));
}

gboolean vdt_muxer_push(VdtMuxer *muxer, GstBuffer *buffer, GError **error)
{
    GstBuffer *copy;

    if (GST_BUFFER_PTS(buffer) < muxer->first)
        return TRUE;
    if (!wait_for_room(muxer, error))
        return FALSE;
    copy = gst_buffer_copy(buffer);
    GST_BUFFER_PTS(copy) = shift(muxer, GST_BUFFER_PTS(copy));
    GST_BUFFER_DTS(copy) = shift(muxer, GST_BUFFER_DTS(copy));
    GST_BUFFER_FLAG_UNSET(copy, GST_BUFFER_FLAG_DISCONT);
    if (muxer->held && GST_BUFFER_PTS(copy) > GST_BUFFER_PTS(muxer->held)) {
        muxer->step = GST_BUFFER_PTS(copy) - GST_BUFFER_PTS(muxer->held);
        set_duration(muxer->held, muxer->step);
    }
    pass(muxer);
    muxer->held = copy;
    return TRUE;
}

gboolean vdt_muxer_has_changed(VdtMuxer *muxer)
{
    return g_atomic_int_get(&muxer->changed);
}

static gboolean wait_for_end(VdtMuxer *muxer, GError **error)
{
    g_autoptr(GstMessage) message = NULL;

    set_duration(muxer->held, muxer->step);
    pass(muxer);
    gst_app_src_end_of_stream(muxer->entry);
    message = gst_bus_timed_pop_filtered(muxer->bus, PATIENCE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
        return TRUE;
    if (message)
        return fail(muxer, message, error);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "%s: could not be finished within %u s",
                muxer->path, (guint)(PATIENCE / GST_SECOND));
    return FALSE;
}

gboolean vdt_muxer_finish(VdtMuxer *muxer, VdtMuxerFile *file, GError **error)
{
    GStatBuf info;

    if (!wait_for_end(muxer, error))
        return FALSE;
    gst_element_set_state(muxer->pipeline, GST_STATE_NULL);
    if (!vdt_whole_finish(muxer->path, error))
        return FALSE;
    g_clear_pointer(&muxer->part, g_free);
    *file = (VdtMuxerFile){.path = muxer->path,
                           .media_type = muxer->form->media_type,
                           .frames = muxer->frames,
                           .last = muxer->last / (gint64)GST_USECOND,
                           .duration = muxer->length / (gint64)GST_USECOND};
    if (g_stat(muxer->path, &info) == 0)
        file->bytes = (guint64)info.st_size;
    return TRUE;
}

void vdt_muxer_free(VdtMuxer *muxer)
{
    if (muxer->pipeline)
        gst_element_set_state(muxer->pipeline, GST_STATE_NULL);
    if (muxer->part)
        g_unlink(muxer->part);
    gst_clear_buffer(&muxer->held);
    gst_clear_object(&muxer->entry);
    gst_clear_object(&muxer->bus);
    gst_clear_object(&muxer->pipeline);
    gst_clear_caps(&muxer->caps);
    g_free(muxer->part);
    g_free(muxer->path);
    g_free(muxer);
}
