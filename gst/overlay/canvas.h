/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lays out what is to be seen and has it drawn. Pictures are kept for as long as they are shown, so
 * nothing is drawn twice while labels, rounded scores and the frame's format stay the same; what
 * only moves keeps its picture.
 */
#pragma once

#include <gst/video/video.h>

#include "enums.h"
#include "show.h"

G_BEGIN_DECLS

typedef struct {
    VdtOverlayPosition position; /* of the panels */
    double opacity, map_opacity;
    double font_scale;
} VdtOverlayStyle;

typedef struct _VdtOverlayCanvas VdtOverlayCanvas;

/* Loads the font. */
VdtOverlayCanvas *vdt_overlay_canvas_new(void);
void vdt_overlay_canvas_free(VdtOverlayCanvas *canvas);

/* The frames to come are of another format: forgets every picture. */
void vdt_overlay_canvas_set_info(VdtOverlayCanvas *canvas, const GstVideoInfo *info);
/* What shows @show, wholly inside the frame; NULL if there is no room for anything. */
GstVideoOverlayComposition *vdt_overlay_canvas_compose(VdtOverlayCanvas *canvas,
                                                       const VdtOverlayShow *show,
                                                       const VdtOverlayStyle *style);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtOverlayCanvas, vdt_overlay_canvas_free)

G_END_DECLS
