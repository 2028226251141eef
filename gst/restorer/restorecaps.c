/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "restorecaps.h"

#include "restore.h"

/* Sides from @low to @high, on the other pad. FALSE if there are none. */
static gboolean scale_range(int *low, int *high, guint scale, gboolean larger)
{
    const gint64 s = scale;

    if (larger) {
        *low = (int)MIN(*low * s, VDT_RESTORE_MOST_SIDE + 1);
        *high = (int)MIN(*high * s, VDT_RESTORE_MOST_SIDE);
    } else {
        *low = (int)((*low + s - 1) / s);
        *high = (int)(*high / s);
    }
    return *low >= 1 && *low <= *high;
}

/* The same of what a caps field says: a number, a range, or a list of such. */
static gboolean scale_value(const GValue *from, GValue *to, guint scale, gboolean larger)
{
    int low, high;

    if (scale == 0) {
        g_value_init(to, GST_TYPE_INT_RANGE);
        gst_value_set_int_range(to, 1, VDT_RESTORE_MOST_SIDE);
        return TRUE;
    }
    if (GST_VALUE_HOLDS_LIST(from)) {
        g_value_init(to, GST_TYPE_LIST);
        for (guint i = 0; i < gst_value_list_get_size(from); i++) {
            GValue one = G_VALUE_INIT;

            if (scale_value(gst_value_list_get_value(from, i), &one, scale, larger))
                gst_value_list_append_and_take_value(to, &one);
        }
        if (gst_value_list_get_size(to) > 0)
            return TRUE;
        g_value_unset(to);
        return FALSE;
    }
    if (G_VALUE_HOLDS_INT(from))
        low = high = g_value_get_int(from);
    else if (GST_VALUE_HOLDS_INT_RANGE(from)) {
        low = gst_value_get_int_range_min(from);
        high = gst_value_get_int_range_max(from);
    } else
        return FALSE;
    if (!scale_range(&low, &high, scale, larger))
        return FALSE;
    if (low == high) {
        g_value_init(to, G_TYPE_INT);
        g_value_set_int(to, low);
    } else {
        g_value_init(to, GST_TYPE_INT_RANGE);
        gst_value_set_int_range(to, low, high);
    }
    return TRUE;
}

static gboolean scale_field(GstStructure *s, const char *field, guint scale, gboolean larger)
{
    const GValue *from = gst_structure_get_value(s, field);
    GValue to = G_VALUE_INIT;

    if (!from)
        return TRUE; /* any */
    if (!scale_value(from, &to, scale, larger))
        return FALSE;
    gst_structure_take_value(s, field, &to);
    return TRUE;
}

GstCaps *vdt_restore_caps_transform(const GstCaps *caps, GstPadDirection direction, guint scale,
                                    GstCaps *filter)
{
    GstCaps *to = gst_caps_new_empty(), *filtered;

    for (guint i = 0; i < gst_caps_get_size(caps); i++) {
        GstStructure *s = gst_structure_copy(gst_caps_get_structure(caps, i));

        if (scale == 1 || (scale_field(s, "width", scale, direction == GST_PAD_SINK) &&
                           scale_field(s, "height", scale, direction == GST_PAD_SINK)))
            to = gst_caps_merge_structure_full(
                to, s, gst_caps_features_copy(gst_caps_get_features(caps, i)));
        else
            gst_structure_free(s);
    }
    if (!filter)
        return to;
    filtered = gst_caps_intersect_full(filter, to, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(to);
    return filtered;
}

gboolean vdt_restore_meta_transform(GstBuffer *in, const GstVideoInfo *in_info, GstMeta *meta,
                                    GstBuffer *out, const GstVideoInfo *out_info)
{
    GstVideoMetaTransform scaling = {(GstVideoInfo *)in_info, (GstVideoInfo *)out_info};
    const GstMetaInfo *info = meta->info;

    if (!gst_meta_api_type_has_tag(info->api, g_quark_from_static_string(GST_META_TAG_VIDEO_STR)))
        return TRUE;
    if (info->transform_func)
        info->transform_func(out, meta, in, gst_video_meta_transform_scale_get_quark(), &scaling);
    return FALSE;
}
