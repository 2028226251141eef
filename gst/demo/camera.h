/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A camera on this machine: an RTSP server on loopback that shows the synthetic street in H.264,
 * for the demonstration and for tests. It is served by whoever runs the main context it is attached
 * to, and needs the element vedette-scenesrc.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _VdtRtspCamera VdtRtspCamera;

/* The street of @seed. NULL context is the default one. */
VdtRtspCamera *vdt_rtsp_camera_new(guint seed, GMainContext *context, GError **error);
/* Where it is: rtsp://127.0.0.1:PORT/camera; the port is a free one. */
const char *vdt_rtsp_camera_get_url(const VdtRtspCamera *camera);
/* When the scene began, on the clock of g_get_monotonic_time() but in ns; measured when the first
 * frame left the street. 0 as long as nobody has looked. May be asked in any thread. */
gint64 vdt_rtsp_camera_get_beginning(VdtRtspCamera *camera);
void vdt_rtsp_camera_free(VdtRtspCamera *camera);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtRtspCamera, vdt_rtsp_camera_free)

G_END_DECLS
