/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Draws what is made of lines: zones, lines that objects cross, the paths of these, and the sides
 * of boxes. See sheet.h for what pictures are. A picture holds what can be seen of its lines on a
 * frame of @width x @height, and stands at *@x and *@y, which are even. NULL if there is nothing of
 * it in the frame.
 */
#pragma once

#include "sheet.h"
#include "show.h"

G_BEGIN_DECLS

/* Dashed if nobody is there. */
GstBuffer *vdt_overlay_outline_zone(const VdtOverlayLook *look, const VdtOverlayZone *zone,
                                    guint width, guint height, guint *x, guint *y);
/* With an arrow at its middle that points to the side that is in. */
GstBuffer *vdt_overlay_outline_crossing(const VdtOverlayLook *look,
                                        const VdtOverlayCrossing *crossing, guint width,
                                        guint height, guint *x, guint *y);
/* All of them on one picture, however many there are. They fade towards their beginning. */
GstBuffer *vdt_overlay_outline_paths(const VdtOverlayLook *look, const VdtOverlayPath *paths,
                                     guint n, guint width, guint height, guint *x, guint *y);

/* A side of a box, of that size: a line in the colour of @kind along the longer side, dark at both
 * edges if it is thick enough; dashed where @dash, pixels of a dash and of a gap, is not 0. */
GstBuffer *vdt_overlay_outline_side(guint kind, guint dash, guint width, guint height);

G_END_DECLS
