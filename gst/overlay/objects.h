/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects that a result tells of, and the lines that they cross, as they are to be seen. */
#pragma once

#include <gst/video/video.h>

#include "show.h"

G_BEGIN_DECLS

/* Adds the objects of @result where they are at @pts, the frame's time, and their paths. */
void vdt_overlay_objects_add(VdtOverlayShow *show, const GstStructure *result, GstClockTime pts);
/* Adds to the tag of the object of that id what classifiers say at @region, which is its box. */
void vdt_overlay_objects_classify(VdtOverlayShow *show, guint id,
                                  const GstVideoRegionOfInterestMeta *region);
void vdt_overlay_crossings_add(VdtOverlayShow *show, const GstStructure *result);

G_END_DECLS
