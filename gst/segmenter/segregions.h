/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Classes of a segmentation, or its objects, as regions of interest, as other elements expect what
 * detectors find. */
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

/*
 * The same for each of @objects, which are `objects` of metas, where it is @age ns after it was
 * found (see objectbox.h); none for those that have left the frame. The region's id is the
 * object's, and the params have, besides, guint `object` (its id), doubles `speed-x` and `speed-y`,
 * guint64 `first-seen`, string `state` and array `path`, as metas do.
 */
void vdt_seg_regions_attach_objects(GstBuffer *buffer, const GstVideoInfo *info,
                                    const GValue *objects, gint64 age);

G_END_DECLS
