/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results as the metas that GStreamer has had for them since 1.24, for elements and applications
 * that know these and not ours. */
#pragma once

#include <gst/video/video.h>

#include "resultmeta.h"

G_BEGIN_DECLS

/* Without GstAnalytics none of these does anything. */
#ifdef VDT_ANALYTICS
/* Makes what is the same for all frames that carry @result, once its fields are set: labels turn
 * into quarks, which takes a lock that the whole process shares. */
void vdt_analytics_prepare(VdtResult *result);
void vdt_analytics_clear(VdtResult *result);
/*
 * Adds to a writable @buffer, whose time is @pts, in its GstAnalyticsRelationMeta, of what was
 * prepared:
 *
 * - a classification: label and score of each of the results, in their order; where these have the
 *   field `group`, one for each group;
 * - of each result that has a box, an object detection, in pixels of the frame; unless there is the
 *   field `objects`: then of each of these, where it is at @pts, and a tracking under its id, both
 *   related to each other. It is lost while the object is hidden;
 * - of a map, from GStreamer 1.26 on, a segmentation over what can be seen of the frame, whose
 *   regions are the results' classes, related N to N to the classification.
 *
 * Results without `class-id` are texts and become nothing: quarks are for life.
 */
void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer, GstClockTime pts,
                          const GstVideoInfo *info);
/* Where a writable @buffer has an object detection of the type and place of @region: adds to it the
 * classifications of @results, an array, one for each group, related to it. */
void vdt_analytics_attach_box(GstBuffer *buffer, const GstVideoRegionOfInterestMeta *region,
                              const GValue *results);
#else
static inline void vdt_analytics_prepare(VdtResult *result) {}
static inline void vdt_analytics_clear(VdtResult *result) {}
static inline void vdt_analytics_attach(const VdtResult *result, GstBuffer *buffer,
                                        GstClockTime pts, const GstVideoInfo *info)
{
}
static inline void vdt_analytics_attach_box(GstBuffer *buffer,
                                            const GstVideoRegionOfInterestMeta *region,
                                            const GValue *results)
{
}
#endif

G_END_DECLS
