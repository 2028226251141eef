/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which caps vedette-overlay takes, and what it makes of them. */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

#define VDT_OVERLAY_COMPOSITION GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION
#define VDT_OVERLAY_FORMATS                                                                        \
    "{ NV12, I420, RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR }"
#define VDT_OVERLAY_CAPS_WITH(features)                                                            \
    GST_VIDEO_CAPS_MAKE_WITH_FEATURES(features, VDT_OVERLAY_FORMATS)
/* GStreamer's elements say the second in both ways, and to caps they are not the same. */
#define VDT_OVERLAY_CAPS                                                                           \
    GST_VIDEO_CAPS_MAKE(VDT_OVERLAY_FORMATS)                                                       \
    "; " VDT_OVERLAY_CAPS_WITH(VDT_OVERLAY_COMPOSITION) "; " VDT_OVERLAY_CAPS_WITH(                \
        GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY ", " VDT_OVERLAY_COMPOSITION)

/* Whether frames of structure @i carry compositions. */
gboolean vdt_overlay_caps_have_composition(const GstCaps *caps, guint i);
/* What the other pad may have for @caps of a pad of @direction: compositions may be added to
 * frames, not taken off. In the order of preference: with compositions first. */
GstCaps *vdt_overlay_caps_transform(const GstCaps *caps, GstPadDirection direction,
                                    GstCaps *filter);
/* Takes @caps; gives the first structure with, or without, compositions, or all if none is. */
GstCaps *vdt_overlay_caps_choose(GstCaps *caps, gboolean composition);

G_END_DECLS
