/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blends the colours of maps of classes into frames, plane by plane: no picture of the frame's size
 * is painted for it. A sample takes the class of the pixel that it stands at, the top left one if
 * it is chroma of several.
 */
#pragma once

#include <gst/video/video.h>

#include "show.h"

G_BEGIN_DECLS

/* Has one user at a time. */
typedef struct _VdtOverlayMaps VdtOverlayMaps;

VdtOverlayMaps *vdt_overlay_maps_new(void);
void vdt_overlay_maps_free(VdtOverlayMaps *maps);

/* The frames to come are of another format, one of VDT_OVERLAY_FORMATS. */
void vdt_overlay_maps_set_info(VdtOverlayMaps *maps, const GstVideoInfo *info);
/* Takes the maps out of @show, for the next blend, in place of those that were there. FALSE if
 * there is nothing of them to be seen. */
gboolean vdt_overlay_maps_take(VdtOverlayMaps *maps, VdtOverlayShow *show, double opacity);
/* Blends what was taken into a frame that is mapped for reading and writing, and drops it. */
void vdt_overlay_maps_blend(VdtOverlayMaps *maps, const GstVideoFrame *frame);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtOverlayMaps, vdt_overlay_maps_free)

G_END_DECLS
