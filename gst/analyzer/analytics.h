/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as the metas that GStreamer has had for them since 1.24, for elements and applications
 * that know these and not ours. */
#pragma once

#include <gst/video/video.h>

#include "resultmeta.h"

G_BEGIN_DECLS

/*
 * Adds to a writable @buffer, in its GstAnalyticsRelationMeta:
 *
 * - a classification: label and score of each of the results, in their order;
 * - of each result that has a box, an object detection, in pixels of the frame;
 * - of a map, from GStreamer 1.26 on, a segmentation over what can be seen of the frame, whose
 *   regions are the results' classes, related N to N to the classification.
 *
 * Results without `class-id` are texts and become nothing: labels turn into quarks, which are for
 * life. Without GstAnalytics it does nothing.
 */
#ifdef VDT_ANALYTICS
void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer, const GstVideoInfo *info);
#else
static inline void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer,
                                        const GstVideoInfo *info)
{
}
#endif

G_END_DECLS
