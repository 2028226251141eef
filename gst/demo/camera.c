/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "camera.h"

#include <gst/rtsp-server/rtsp-server.h>

#define SCENE                                                                                      \
    "( vedette-scenesrc is-live=true seed=1 ! "                                                    \
    "video/x-raw,width=640,height=360,framerate=25/1 ! videoconvert ! "                            \
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay name=pay0 pt=96 " \
    ")"

struct _VdtCamera {
    GstRTSPServer *server;
    GMainContext *context;
    guint source;
    char *url;
};

VdtCamera *vdt_camera_new(GMainContext *context, GError **error)
{
    VdtCamera *camera = g_new0(VdtCamera, 1);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    g_autoptr(GstRTSPMountPoints) mounts = NULL;
    GSource *source;

    camera->server = gst_rtsp_server_new();
    camera->context = context ? g_main_context_ref(context) : NULL;
    gst_rtsp_server_set_address(camera->server, "127.0.0.1");
    gst_rtsp_server_set_service(camera->server, "0");
    gst_rtsp_media_factory_set_launch(factory, SCENE);
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    mounts = gst_rtsp_server_get_mount_points(camera->server);
    gst_rtsp_mount_points_add_factory(mounts, "/camera", factory);

    source = gst_rtsp_server_create_source(camera->server, NULL, error);
    if (!source) {
        vdt_camera_free(camera);
        return NULL;
    }
    camera->source = g_source_attach(source, context);
    g_source_unref(source);
    camera->url = g_strdup_printf("rtsp://127.0.0.1:%d/camera",
                                  gst_rtsp_server_get_bound_port(camera->server));
    return camera;
}

const char *vdt_camera_get_url(const VdtCamera *camera)
{
    return camera->url;
}

static GstRTSPFilterResult close_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data)
{
    return GST_RTSP_FILTER_REMOVE;
}

void vdt_camera_free(VdtCamera *camera)
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
    g_free(camera->url);
    g_free(camera);
}
