/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "liveview.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "build/parts.h"

#define INTERVAL (G_USEC_PER_SEC / VDT_VIEW_RATE)
/* Frames are dropped in front, so that whoever brings them never waits. */
#define PICTURES                                                                                   \
    "appsrc name=in is-live=true format=time do-timestamp=true max-buffers=1 "                     \
    "leaky-type=downstream ! videoconvert ! vedette-overlay ! videoconvert ! jpegenc quality=75 "  \
    "! appsink name=out sync=false max-buffers=1 drop=true enable-last-sample=false"

struct _VdtLiveView {
    GMutex lock; /* guards func, which is NULL once nobody listens */
    void (*func)(GBytes *, gpointer);
    gpointer data;
    VdtStream *stream;
    char *element; /* whose frames are shown, and its pad */
    const char *pad_name;
    GstElement *pictures, *source;
    GstElement *seen; /* the pipeline that the probe is in, or NULL */
    GstPad *pad;
    gulong probe;
    gint64 last; /* of the streaming thread alone */
};

static void view_clear(gpointer data)
{
    VdtLiveView *view = data;
    g_clear_object(&view->source);
    g_clear_object(&view->pictures);
    vdt_stream_unref(view->stream);
    g_free(view->element);
    g_mutex_clear(&view->lock);
}

static void view_unref(gpointer view)
{
    g_atomic_rc_box_release_full(view, view_clear);
}

static GstFlowReturn on_picture(GstAppSink *sink, gpointer data)
{
    VdtLiveView *view = data;
    g_autoptr(GstSample) sample = gst_app_sink_pull_sample(sink);
    GstBuffer *buffer = sample != NULL ? gst_sample_get_buffer(sample) : NULL;
    GstMapInfo map;
    if (buffer == NULL || !gst_buffer_map(buffer, &map, GST_MAP_READ))
        return GST_FLOW_OK;
    g_autoptr(GBytes) jpeg = g_bytes_new(map.data, map.size);
    gst_buffer_unmap(buffer, &map);
    g_mutex_lock(&view->lock);
    if (view->func != NULL)
        view->func(jpeg, view->data);
    g_mutex_unlock(&view->lock);
    return GST_FLOW_OK;
}

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    VdtLiveView *view = data;
    gint64 now = g_get_monotonic_time();
    g_autoptr(GstCaps) caps = NULL;
    if (now - view->last < INTERVAL)
        return GST_PAD_PROBE_OK;
    caps = gst_pad_get_current_caps(pad);
    if (caps == NULL)
        return GST_PAD_PROBE_OK;
    /* on average, too, whatever the rate of frames */
    view->last = now - view->last < 2 * INTERVAL ? view->last + INTERVAL : now;
    g_autoptr(GstSample) sample = gst_sample_new(GST_PAD_PROBE_INFO_BUFFER(info), caps, NULL, NULL);
    gst_app_src_push_sample(GST_APP_SRC(view->source), sample);
    return GST_PAD_PROBE_OK;
}

static void detach(VdtLiveView *view)
{
    if (view->pad != NULL)
        gst_pad_remove_probe(view->pad, view->probe);
    gst_clear_object(&view->pad);
    gst_clear_object(&view->seen);
}

void vdt_live_view_check(VdtLiveView *view)
{
    g_autoptr(GstElement) pipeline = vdt_stream_get_pipeline(view->stream);
    if (pipeline == view->seen)
        return;
    detach(view);
    g_autoptr(GstElement) element =
        pipeline != NULL ? gst_bin_get_by_name(GST_BIN(pipeline), view->element) : NULL;
    if (element == NULL)
        return;
    view->seen = g_steal_pointer(&pipeline);
    view->pad = gst_element_get_static_pad(element, view->pad_name);
    view->probe = gst_pad_add_probe(view->pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame,
                                    g_atomic_rc_box_acquire(view), view_unref);
}

VdtLiveView *vdt_live_view_new(VdtStream *stream, const VdtStreamConfig *config,
                               void (*func)(GBytes *jpeg, gpointer data), gpointer data,
                               GError **error)
{
    g_autoptr(GstElement) pictures =
        gst_parse_launch_full(PICTURES, NULL, GST_PARSE_FLAG_FATAL_ERRORS, error);
    if (pictures == NULL)
        return NULL;
    const VdtAnalyserConfig *analyser =
        config->analysers->len > 0 ? config->analysers->pdata[0] : NULL;
    VdtLiveView *view = g_atomic_rc_box_new0(VdtLiveView);
    g_mutex_init(&view->lock);
    view->func = func;
    view->data = data;
    view->stream = vdt_stream_ref(stream);
    view->element = g_strdup(analyser != NULL ? analyser->name : VDT_PART_WATCH);
    view->pad_name = analyser != NULL ? "src" : "sink";
    view->pictures = gst_object_ref_sink(g_steal_pointer(&pictures));
    view->source = gst_bin_get_by_name(GST_BIN(view->pictures), "in");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(view->pictures), "out");
    GstAppSinkCallbacks callbacks = {.new_sample = on_picture};
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, g_atomic_rc_box_acquire(view),
                               view_unref);
    gst_element_set_state(view->pictures, GST_STATE_PLAYING);
    vdt_live_view_check(view);
    return view;
}

/* Its threads are waited for here, and not by whoever looked. */
static gpointer end(gpointer data)
{
    VdtLiveView *view = data;
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(view->pictures), "out");
    GstAppSinkCallbacks none = {NULL};
    gst_element_set_state(view->pictures, GST_STATE_NULL);
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &none, NULL, NULL);
    view_unref(view);
    return NULL;
}

void vdt_live_view_free(VdtLiveView *view)
{
    g_mutex_lock(&view->lock);
    view->func = NULL;
    g_mutex_unlock(&view->lock);
    detach(view);
    g_thread_unref(g_thread_new("vdt-view", end, view));
}
