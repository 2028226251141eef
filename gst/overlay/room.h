/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where text stands on a frame, in pixels: inside of it, at even places, and not on top of other
 * text as long as there is room elsewhere.
 */
#pragma once

#include <gst/video/video.h>

#include "show.h"

G_BEGIN_DECLS

typedef struct {
    guint width, height; /* of the frame */
    double squeeze;      /* as looks have it */
    guint n;
    GstVideoRectangle taken[VDT_OVERLAY_PANELS + VDT_OVERLAY_ZONES + VDT_OVERLAY_BOXES +
                            VDT_OVERLAY_CROSSINGS + VDT_OVERLAY_OBJECTS];
} VdtOverlayRoom;

/* All of a frame is free. */
void vdt_overlay_room_init(VdtOverlayRoom *room, guint width, guint height, double squeeze);
void vdt_overlay_room_take(VdtOverlayRoom *room, const GstVideoRectangle *place);

/*
 * These take room for a text of @width and @height, no larger than the frame, and say where: as
 * near to @x and @y as can be, whatever is there;
 */
GstVideoRectangle vdt_overlay_room_at(VdtOverlayRoom *room, guint width, guint height, double x,
                                      double y);
/* above @box if it can be, else where it can still be seen whose it is; */
GstVideoRectangle vdt_overlay_room_by_box(VdtOverlayRoom *room, guint width, guint height,
                                          const GstVideoRectangle *box);
/* @gap rows from a line with these ends, on its left if it can be, in its middle. */
GstVideoRectangle vdt_overlay_room_by_line(VdtOverlayRoom *room, guint width, guint height,
                                           const float ends[2][2], double gap);

G_END_DECLS
