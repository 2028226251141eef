/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a classifier says, as it is to be seen: of the frame, of regions, of what others found. */
#pragma once

#include <gst/video/video.h>

#include "show.h"

G_BEGIN_DECLS

/* "night, rain": the best label of each group of @results, an array of whatever; those that are
 * background only if all are. FALSE, with @text as it was, if there are no groups. */
gboolean vdt_overlay_classes_join(char *text, gsize size, const GValue *results);
/* Adds the regions of @result, with what is in them. */
void vdt_overlay_classes_add(VdtOverlayShow *show, const GstStructure *result);

/* What classifiers say at @region, in @text, which is empty, and how sure the only one of them is,
 * in percent, -1 if there are several. FALSE if they say nothing. */
gboolean vdt_overlay_classes_at(const GstVideoRegionOfInterestMeta *region, char *text, gsize size,
                                int *percent);
/* A number of any type in percent; -1 if it is none. */
int vdt_overlay_percent(const GstStructure *s, const char *field);

G_END_DECLS
