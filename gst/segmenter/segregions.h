/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes of a segmentation as regions of interest, as other elements expect what detectors find.
 */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/*
 * Adds a GstVideoRegionOfInterestMeta to a writable @buffer for each of @results, an array of
 * structures as metas carry them: of type `label`, in pixels of the frame that touch the class's
 * box, with params "cgrseg-segmenter": doubles `share` (of the frame) and `confidence`, int
 * `class-id`. Boxes are shares of what can be seen of the frame.
 */
void vdt_seg_regions_attach(GstBuffer *buffer, const GstVideoInfo *info, const GValue *results);

G_END_DECLS
