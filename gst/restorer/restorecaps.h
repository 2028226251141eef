/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of frames that get larger, and metas on them. */
#pragma once

#include <gst/video/video.h>

#include "frame/planes.h"

G_BEGIN_DECLS

/* What VdtRestorer takes at most. */
#define VDT_RESTORE_SIDES "[ 1, 32768 ]"
#define VDT_RESTORE_CAPS                                                                           \
    "video/x-raw, format = (string) " VDT_PLANES_FORMATS ", width = (int) " VDT_RESTORE_SIDES      \
    ", height = (int) " VDT_RESTORE_SIDES ", framerate = (fraction) [ 0/1, max ]"

/* What the other pad may have for @caps of a pad of @direction, if frames get @scale times as wide
 * and as high; 0: that is not known yet. */
GstCaps *vdt_restore_caps_transform(const GstCaps *caps, GstPadDirection direction, guint scale,
                                    GstCaps *filter);

/* Copies @meta of @in to @out, a frame that got larger; FALSE if it is to be copied as it is. */
gboolean vdt_restore_meta_transform(GstBuffer *in, const GstVideoInfo *in_info, GstMeta *meta,
                                    GstBuffer *out, const GstVideoInfo *out_info);

G_END_DECLS
