/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "caps.h"

gboolean vdt_overlay_caps_have_composition(const GstCaps *caps, guint i)
{
    const GstCapsFeatures *features = gst_caps_get_features(caps, i);

    return features && !gst_caps_features_is_any(features) &&
           gst_caps_features_contains(features, VDT_OVERLAY_COMPOSITION);
}

/* Takes @to and @features; gives @to with another structure at its end, unless it holds that
 * already. The order says what is preferred, so it is not for gst_caps_simplify() to change. */
static GstCaps *merge(GstCaps *to, const GstCaps *from, guint i, GstCapsFeatures *features)
{
    return gst_caps_merge_structure_full(to, gst_structure_copy(gst_caps_get_structure(from, i)),
                                         features);
}

static GstCapsFeatures *copy_features(const GstCaps *caps, guint i)
{
    return gst_caps_features_copy(gst_caps_get_features(caps, i));
}

GstCaps *vdt_overlay_caps_transform(const GstCaps *caps, GstPadDirection direction, GstCaps *filter)
{
    GstCaps *to = gst_caps_new_empty(), *filtered;
    const guint n = gst_caps_get_size(caps);

    for (guint i = 0; i < n; i++) {
        if (vdt_overlay_caps_have_composition(caps, i)) {
            to = merge(to, caps, i, copy_features(caps, i));
        } else if (direction == GST_PAD_SINK) {
            to = merge(to, caps, i, gst_caps_features_new(VDT_OVERLAY_COMPOSITION, NULL));
            to = merge(to, caps, i,
                       gst_caps_features_new(GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY,
                                             VDT_OVERLAY_COMPOSITION, NULL));
        }
    }
    for (guint i = 0; i < n; i++) {
        if (!vdt_overlay_caps_have_composition(caps, i))
            to = merge(to, caps, i, copy_features(caps, i));
        else if (direction == GST_PAD_SRC)
            to = merge(to, caps, i, NULL);
    }
    if (!filter)
        return to;
    filtered = gst_caps_intersect_full(filter, to, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(to);
    return filtered;
}

GstCaps *vdt_overlay_caps_choose(GstCaps *caps, gboolean composition)
{
    for (guint i = 0; i < gst_caps_get_size(caps); i++) {
        if (vdt_overlay_caps_have_composition(caps, i) == composition) {
            GstCaps *chosen = gst_caps_copy_nth(caps, i);

            gst_caps_unref(caps);
            return chosen;
        }
    }
    return caps;
}
