/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Draws panels, tags and maps, with Cairo and Pango; see sheet.h for what pictures are. */
#pragma once

#include "sheet.h"
#include "show.h"

G_BEGIN_DECLS

/* Has one user at a time, whichever thread that is. */
typedef struct _VdtOverlayPen VdtOverlayPen;

/* Loads the font. */
VdtOverlayPen *vdt_overlay_pen_new(void);
void vdt_overlay_pen_free(VdtOverlayPen *pen);

/* Both give NULL if there is too little room. */
GstBuffer *vdt_overlay_pen_panel(VdtOverlayPen *pen, const VdtOverlayLook *look,
                                 const VdtOverlayPanel *panel, guint max_width, guint max_height);
GstBuffer *vdt_overlay_pen_tag(VdtOverlayPen *pen, const VdtOverlayLook *look,
                               const VdtOverlayTag *tag, guint max_width);

/* The colours of @map for a frame of that size. Stretching it is not left to who blends: GStreamer
 * forgets there that pictures are premultiplied, and would do it for every frame. */
GstBuffer *vdt_overlay_pen_map(const VdtOverlayLook *look, const VdtOverlayMap *map, guint width,
                               guint height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtOverlayPen, vdt_overlay_pen_free)

G_END_DECLS
