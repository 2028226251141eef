/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "framing.h"

#include <math.h>
#include <string.h>

#include "enums.h"

#define DEFAULT_FRAMING VDT_FRAMING_OF_MODEL

enum { FRAMING, REGION };

gboolean vdt_frame_region_from_value(VdtFrameRegion *region, const GValue *value)
{
    const guint n = gst_value_array_get_size(value);
    /* what is written as 0.3 and 0.7 may add up to a little more than 1 */
    const double most = 1 + 1e-9;
    double to[4] = {0};

    if (n != 0 && n != G_N_ELEMENTS(to))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const GValue *share = gst_value_array_get_value(value, i);

        if (!G_VALUE_HOLDS_DOUBLE(share))
            return FALSE;
        to[i] = g_value_get_double(share);
        if (!(to[i] >= 0 && to[i] <= 1))
            return FALSE;
    }
    if (n > 0 && !(to[2] > 0 && to[3] > 0 && to[0] + to[2] <= most && to[1] + to[3] <= most))
        return FALSE;
    *region = (VdtFrameRegion){to[0], to[1], to[2], to[3]};
    return TRUE;
}

static gboolean is_all(const VdtFrameRegion *region)
{
    return region->width <= 0 || region->height <= 0;
}

void vdt_frame_region_to_value(const VdtFrameRegion *region, GValue *value)
{
    const double from[4] = {region->x, region->y, region->width, region->height};

    for (guint i = 0; i < G_N_ELEMENTS(from) && !is_all(region); i++) {
        GValue share = G_VALUE_INIT;

        g_value_init(&share, G_TYPE_DOUBLE);
        g_value_set_double(&share, from[i]);
        gst_value_array_append_and_take_value(value, &share);
    }
}

gboolean vdt_frame_region_equal(const VdtFrameRegion *a, const VdtFrameRegion *b)
{
    return a->x == b->x && a->y == b->y && a->width == b->width && a->height == b->height;
}

void vdt_frame_region_apply(const VdtFrameRegion *region, GstVideoRectangle *rectangle)
{
    const GstVideoRectangle whole = *rectangle;

    if (is_all(region))
        return;
    rectangle->x = whole.x + MIN((int)lrint(region->x * whole.w), whole.w - 1);
    rectangle->y = whole.y + MIN((int)lrint(region->y * whole.h), whole.h - 1);
    rectangle->w = CLAMP((int)lrint(region->width * whole.w), 1, whole.x + whole.w - rectangle->x);
    rectangle->h = CLAMP((int)lrint(region->height * whole.h), 1, whole.y + whole.h - rectangle->y);
}

gboolean vdt_frame_target_equal(const VdtFrameTarget *a, const VdtFrameTarget *b)
{
    return a->width == b->width && a->height == b->height && a->framing == b->framing &&
           vdt_frame_region_equal(&a->region, &b->region) &&
           !memcmp(a->fill, b->fill, sizeof a->fill);
}

void vdt_framing_props_init(VdtFramingProps *props)
{
    *props = (VdtFramingProps){.framing = DEFAULT_FRAMING};
}

void vdt_frame_region_install(GObjectClass *klass, guint id)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, id,
        gst_param_spec_array(
            "region", "Region",
            "The part of the frame to look at: x, y, width, height in shares of "
            "it; empty for all",
            /* what is out of bounds is to be told, not refused or changed by GObject */
            g_param_spec_double("share", "Share", "Of the frame's width or height", -G_MAXDOUBLE,
                                G_MAXDOUBLE, 0, live),
            live));
}

void vdt_framing_props_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + FRAMING,
        g_param_spec_enum("framing", "Framing", "How a frame is brought to the network's size",
                          VDT_TYPE_FRAMING, DEFAULT_FRAMING, live));
    vdt_frame_region_install(klass, first + REGION);
}

char *vdt_frame_region_set(VdtFrameRegion *region, const GValue *value)
{
    g_autofree char *text = NULL;

    if (vdt_frame_region_from_value(region, value))
        return NULL;
    text = g_strdup_value_contents(value);
    return g_strdup_printf("The region stays as it was: %.200s is no x, y, width, height within 0 "
                           "to 1, of which none is negative, width and height are more than 0, and "
                           "x + width and y + height 1 at most.",
                           text);
}

gboolean vdt_framing_props_set(VdtFramingProps *props, guint id, const GValue *value, char **note)
{
    *note = NULL;
    switch (id) {
    case FRAMING:
        props->framing = g_value_get_enum(value);
        return TRUE;
    case REGION:
        *note = vdt_frame_region_set(&props->region, value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_framing_props_get(const VdtFramingProps *props, guint id, GValue *value)
{
    switch (id) {
    case FRAMING:
        g_value_set_enum(value, props->framing);
        return TRUE;
    case REGION:
        vdt_frame_region_to_value(&props->region, value);
        return TRUE;
    default:
        return FALSE;
    }
}

VdtFrameTarget vdt_framing_props_target(const VdtFramingProps *props, const VdtCard *card,
                                        guint width, guint height)
{
    VdtFrameTarget target = {.width = width, .height = height, .region = props->region};

    target.framing =
        props->framing == VDT_FRAMING_OF_MODEL ? card->framing : (VdtFraming)props->framing;
    for (guint c = 0; c < G_N_ELEMENTS(target.fill); c++)
        target.fill[c] = (guint8)CLAMP(card->mean[c] + 0.5f, 0, 255);
    return target;
}
