/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "segzones.h"

#define DEFAULT_ZONE_SHARE      0.05
#define DEFAULT_ZONE_HYSTERESIS 0.5

enum { ZONES, ZONE_SHARE, ZONE_HYSTERESIS };

void vdt_seg_zones_init(VdtSegZones *zones, GstElement *element, const char *kind)
{
    *zones = (VdtSegZones){.element = element,
                           .limits = {DEFAULT_ZONE_SHARE, DEFAULT_ZONE_HYSTERESIS},
                           .watch = vdt_zone_watch_new(element, kind)};
}

void vdt_seg_zones_clear(VdtSegZones *zones)
{
    g_free(zones->text);
    g_clear_pointer(&zones->zones, vdt_zones_unref);
    vdt_zone_watch_free(zones->watch);
}

void vdt_seg_zones_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + ZONES,
        g_param_spec_string("zones", "Zones",
                            "Parts of the frame that classes come into and leave, in shares of it: "
                            "NAME: X,Y X,Y X,Y; NAME: ...",
                            NULL, live));
    g_object_class_install_property(klass, first + ZONE_SHARE,
                                    g_param_spec_double("zone-share", "Zone share",
                                                        "Of a zone, from which a class is in it",
                                                        1e-6, 1, DEFAULT_ZONE_SHARE, live));
    g_object_class_install_property(
        klass, first + ZONE_HYSTERESIS,
        g_param_spec_double("zone-hysteresis", "Zone hysteresis",
                            "How much of zone-share a class may lose until it has left", 0, 1,
                            DEFAULT_ZONE_HYSTERESIS, live));
}

/* What there is to be said of them; NULL for nothing. */
static char *set_zones(VdtSegZones *zones, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outside = NULL;
    VdtZones *parsed = vdt_zones_parse(text, &outside, &error);

    if (!parsed)
        return g_strdup_printf("The zones stay as they were: %s.", error->message);
    g_clear_pointer(&zones->zones, vdt_zones_unref);
    zones->zones = parsed;
    g_free(zones->text);
    zones->text = g_strdup(text);
    zones->unchecked = TRUE;
    return outside ? g_strdup_printf("Zones end where the frame does: %s.", outside) : NULL;
}

gboolean vdt_seg_zones_set(VdtSegZones *zones, guint id, const GValue *value, char **note)
{
    *note = NULL;
    switch (id) {
    case ZONES:
        *note = set_zones(zones, g_value_get_string(value));
        return TRUE;
    case ZONE_SHARE:
        zones->limits.share = g_value_get_double(value);
        return TRUE;
    case ZONE_HYSTERESIS:
        zones->limits.hysteresis = g_value_get_double(value);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vdt_seg_zones_get(const VdtSegZones *zones, guint id, GValue *value)
{
    switch (id) {
    case ZONES:
        g_value_set_string(value, zones->text);
        return TRUE;
    case ZONE_SHARE:
        g_value_set_double(value, zones->limits.share);
        return TRUE;
    case ZONE_HYSTERESIS:
        g_value_set_double(value, zones->limits.hysteresis);
        return TRUE;
    default:
        return FALSE;
    }
}

/* The names of the zones that hold no pixel. */
static char *find_empty(const VdtZones *zones, guint width, guint height)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < zones->n_zones; i++) {
        g_autoptr(GArray) runs = vdt_zone_rasterise(&zones->zones[i], width, height);

        if (runs->len == 0)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", zones->zones[i].name);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

void vdt_seg_zones_check(VdtSegZones *zones)
{
    g_autoptr(VdtZones) now = NULL;
    g_autofree char *empty = NULL;
    guint width, height;

    GST_OBJECT_LOCK(zones->element);
    width = zones->width;
    height = zones->height;
    if (zones->unchecked && zones->zones && width > 0) {
        now = g_atomic_rc_box_acquire(zones->zones);
        zones->unchecked = FALSE;
    }
    GST_OBJECT_UNLOCK(zones->element);
    if (!now)
        return;
    empty = find_empty(now, width, height);
    if (*empty)
        GST_ELEMENT_WARNING(zones->element, LIBRARY, SETTINGS,
                            ("Nothing can come into zones that hold no pixel: %s.", empty),
                            ("the map is %u x %u", width, height));
}

VdtZones *vdt_seg_zones_measure(VdtSegZones *zones, const VdtSegmentation *found,
                                const VdtSegNetwork *network)
{
    VdtZones *now;

    GST_OBJECT_LOCK(zones->element);
    now = zones->zones ? g_atomic_rc_box_acquire(zones->zones) : NULL;
    zones->unchecked |= zones->width != found->width || zones->height != found->height;
    zones->width = found->width;
    zones->height = found->height;
    GST_OBJECT_UNLOCK(zones->element);
    vdt_zone_watch_measure(zones->watch, now, found, network);
    return now;
}

static VdtZoneLimits get_limits(VdtSegZones *zones)
{
    VdtZoneLimits limits;

    GST_OBJECT_LOCK(zones->element);
    limits = zones->limits;
    GST_OBJECT_UNLOCK(zones->element);
    return limits;
}

void vdt_seg_zones_describe(VdtSegZones *zones, const VdtZoneCount *counts, GstStructure *fields)
{
    const VdtZoneLimits limits = get_limits(zones);
    GValue value = G_VALUE_INIT;

    if (vdt_zone_watch_describe(zones->watch, &limits, counts, &value))
        gst_structure_take_value(fields, "zones", &value);
}

GList *vdt_seg_zones_tell(VdtSegZones *zones, const VdtSpan *span, GstClockTime least)
{
    const VdtZoneLimits limits = get_limits(zones);

    return vdt_zone_watch_tell(zones->watch, span, &limits, least);
}

GList *vdt_seg_zones_end(VdtSegZones *zones)
{
    return vdt_zone_watch_end(zones->watch);
}
