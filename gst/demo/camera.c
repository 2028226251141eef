/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "camera.h"

#include <gst/rtsp-server/rtsp-server.h>

#define SCENE                                                                                      \
    "( vedette-scenesrc name=street is-live=true seed=%u ! "                                       \
    "video/x-raw,width=640,height=360,framerate=25/1 ! videoconvert ! "                            \
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 " \
    ")"

struct _VdtRtspCamera {
    GstRTSPServer *server;
    GMainContext *context;
    guint source;
    char *url;
    GMutex lock;
    gint64 beginning; /* guarded */
};

/* The street is live: a frame leaves it when its scene time has come. */
static GstPadProbeReturn note_beginning(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    const GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    VdtRtspCamera *camera = data;

    g_mutex_lock(&camera->lock);
    camera->beginning = g_get_monotonic_time() * GST_USECOND - (gint64)GST_BUFFER_PTS(buffer);
    g_mutex_unlock(&camera->lock);
    return GST_PAD_PROBE_REMOVE;
}

static void on_media(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data)
{
    g_autoptr(GstElement) bin = gst_rtsp_media_get_element(media);
    g_autoptr(GstElement) street = gst_bin_get_by_name(GST_BIN(bin), "street");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(street, "src");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, note_beginning, data, NULL);
}

VdtRtspCamera *vdt_rtsp_camera_new(guint seed, GMainContext *context, GError **error)
{
    VdtRtspCamera *camera = g_new0(VdtRtspCamera, 1);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    g_autoptr(GstRTSPMountPoints) mounts = NULL;
    g_autofree char *scene = g_strdup_printf(SCENE, seed);
    GSource *source;

    g_mutex_init(&camera->lock);
    camera->server = gst_rtsp_server_new();
    camera->context = context ? g_main_context_ref(context) : NULL;
    gst_rtsp_server_set_address(camera->server, "127.0.0.1");
    gst_rtsp_server_set_service(camera->server, "0");
    gst_rtsp_media_factory_set_launch(factory, scene);
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    g_signal_connect(factory, "media-configure", G_CALLBACK(on_media), camera);
    mounts = gst_rtsp_server_get_mount_points(camera->server);
    gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);

    source = gst_rtsp_server_create_source(camera->server, NULL, error);
    if (!source) {
        vdt_rtsp_camera_free(camera);
        return NULL;
    }
    camera->source = g_source_attach(source, context);
    g_source_unref(source);
    camera->url = g_strdup_printf("rtsp://127.0.0.1:%d/camera",
                                  gst_rtsp_server_get_bound_port(camera->server));
    return camera;
}

const char *vdt_rtsp_camera_get_url(const VdtRtspCamera *camera)
{
    return camera->url;
}

gint64 vdt_rtsp_camera_get_beginning(VdtRtspCamera *camera)
{
    gint64 beginning;

    g_mutex_lock(&camera->lock);
    beginning = camera->beginning;
    g_mutex_unlock(&camera->lock);
    return beginning;
}

static GstRTSPFilterResult close_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data)
{
    return GST_RTSP_FILTER_REMOVE;
}

void vdt_rtsp_camera_free(VdtRtspCamera *camera)
{
    GSource *source;

    gst_rtsp_server_client_filter(camera->server, close_client, NULL);
    source =
        camera->source ? g_main_context_find_source_by_id(camera->context, camera->source) : NULL;
    if (source)
        g_source_destroy(source);
    g_object_unref(camera->server);
    if (camera->context)
        g_main_context_unref(camera->context);
    g_mutex_clear(&camera->lock);
    g_free(camera->url);
    g_free(camera);
}
