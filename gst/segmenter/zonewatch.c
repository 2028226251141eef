/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zonewatch.h"

#include "analyzer/arrays.h"

#include <string.h>

/* A class in a zone, as it was measured. */
typedef struct {
    guint key; /* zone * 256 + class */
    double share;
    GstStructure *finding;
} Measured;

struct _VdtZoneWatch {
    GstElement *source;
    const char *kind;

    /* the worker's */
    VdtZones *zones; /* NULL for none */
    guint width, height;
    GArray *runs[VDT_ZONES_MOST]; /* for maps of that size */
    GArray *measured;
    guint8 in[VDT_ZONES_MOST][256]; /* whether a class was in a zone, for metas */
    gboolean other;                 /* the zones are others than those that were told of last */

    /* of tell and end */
    GHashTable *events; /* VdtEvents by key */
};

static void clear_measured(gpointer data)
{
    gst_clear_structure(&((Measured *)data)->finding);
}

VdtZoneWatch *vdt_zone_watch_new(GstElement *source, const char *kind)
{
    VdtZoneWatch *watch = g_new0(VdtZoneWatch, 1);

    watch->source = source;
    watch->kind = kind;
    watch->measured = g_array_new(FALSE, TRUE, sizeof(Measured));
    g_array_set_clear_func(watch->measured, clear_measured);
    watch->events = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)vdt_events_free);
    return watch;
}

static void forget_runs(VdtZoneWatch *watch)
{
    for (guint i = 0; i < VDT_ZONES_MOST; i++)
        g_clear_pointer(&watch->runs[i], g_array_unref);
}

void vdt_zone_watch_free(VdtZoneWatch *watch)
{
    forget_runs(watch);
    g_clear_pointer(&watch->zones, vdt_zones_unref);
    g_array_unref(watch->measured);
    g_hash_table_unref(watch->events);
    g_free(watch);
}

/* Has runs fit the zones and the map. */
static void fit_runs(VdtZoneWatch *watch, VdtZones *zones, guint width, guint height)
{
    if (watch->zones != zones) {
        g_clear_pointer(&watch->zones, vdt_zones_unref);
        watch->zones = zones ? g_atomic_rc_box_acquire(zones) : NULL;
        watch->other = TRUE;
        memset(watch->in, 0, sizeof watch->in);
    } else if (watch->width == width && watch->height == height) {
        return;
    }
    forget_runs(watch);
    watch->width = width;
    watch->height = height;
    for (guint i = 0; zones && i < zones->n_zones; i++)
        watch->runs[i] = vdt_zone_rasterise(&zones->zones[i], width, height);
}

static gboolean is_background(const VdtSegNetwork *network, guint class)
{
    const VdtCard *card = network->card;

    return card->background && class < card->n_labels && card->background[class];
}

static void measure_zone(VdtZoneWatch *watch, guint zone, const VdtSegmentation *found,
                         const VdtSegNetwork *network)
{
    gsize pixels[256] = {0}, total = 0;

    for (guint i = 0; i < watch->runs[zone]->len; i++) {
        const VdtZoneRun *run = &g_array_index(watch->runs[zone], VdtZoneRun, i);
        const guint8 *row = found->map + (gsize)run->y * found->width;

        for (guint x = run->from; x < run->to; x++)
            pixels[row[x]]++;
        total += run->to - run->from;
    }
    for (guint c = 0; c < found->n_classes; c++) {
        const double share = (double)pixels[c] / (double)MAX(total, 1);
        Measured measured = {zone << 8 | c, share, NULL};
        char number[16];

        if (pixels[c] == 0 || is_background(network, c))
            continue;
        measured.finding = gst_structure_new(
            "finding", "label", G_TYPE_STRING, vdt_seg_network_label(network, c, number),
            "class-id", G_TYPE_INT, (int)c, "score", G_TYPE_DOUBLE, found->segments[c].score,
            "zone", G_TYPE_STRING, watch->zones->zones[zone].name, "share", G_TYPE_DOUBLE, share,
            NULL);
        g_array_append_val(watch->measured, measured);
    }
}

void vdt_zone_watch_measure(VdtZoneWatch *watch, VdtZones *zones, const VdtSegmentation *found,
                            const VdtSegNetwork *network)
{
    g_array_set_size(watch->measured, 0);
    fit_runs(watch, zones, found->width, found->height);
    for (guint i = 0; zones && i < zones->n_zones; i++)
        measure_zone(watch, i, found, network);
}

static const Measured *find(const VdtZoneWatch *watch, guint key)
{
    for (guint i = 0; i < watch->measured->len; i++) {
        const Measured *measured = &g_array_index(watch->measured, Measured, i);

        if (measured->key == key)
            return measured;
    }
    return NULL;
}

static GstStructure *describe_zone(const VdtZone *zone)
{
    GstStructure *s = gst_structure_new("zone", "name", G_TYPE_STRING, zone->name, "occupied",
                                        G_TYPE_BOOLEAN, FALSE, NULL);

    vdt_structure_set_doubles(s, "points", &zone->points[0].x, 2 * zone->n_points);
    return s;
}

/* The share of a zone that a class needs to be in it. */
static double get_enough(const VdtZoneLimits *limits, gboolean was_in)
{
    return was_in ? limits->share * (1 - limits->hysteresis) : limits->share;
}

/* The class that has most of each zone, of those that are in it; NULL for none. */
static void find_occupants(VdtZoneWatch *watch, const VdtZoneLimits *limits,
                           const Measured *most[VDT_ZONES_MOST])
{
    guint8 in[VDT_ZONES_MOST][256] = {{0}};

    for (guint i = 0; i < watch->measured->len; i++) {
        const Measured *measured = &g_array_index(watch->measured, Measured, i);
        const guint zone = measured->key >> 8, class = measured->key & 0xff;

        in[zone][class] = measured->share >= get_enough(limits, watch->in[zone][class]);
        if (in[zone][class] && (!most[zone] || measured->share > most[zone]->share))
            most[zone] = measured;
    }
    memcpy(watch->in, in, sizeof in);
}

gboolean vdt_zone_watch_describe(VdtZoneWatch *watch, const VdtZoneLimits *limits,
                                 const VdtZoneCount *counts, GValue *zones)
{
    const Measured *most[VDT_ZONES_MOST] = {NULL};

    if (!watch->zones || watch->zones->n_zones == 0)
        return FALSE;
    find_occupants(watch, limits, most);
    g_value_init(zones, GST_TYPE_ARRAY);
    for (guint i = 0; i < watch->zones->n_zones; i++) {
        GstStructure *s = describe_zone(&watch->zones->zones[i]);

        if (most[i])
            gst_structure_set(s, "occupied", G_TYPE_BOOLEAN, TRUE, "label", G_TYPE_STRING,
                              gst_structure_get_string(most[i]->finding, "label"), "class-id",
                              G_TYPE_INT, (int)(most[i]->key & 0xff), "share", G_TYPE_DOUBLE,
                              most[i]->share, NULL);
        if (counts)
            gst_structure_set(s, "objects", G_TYPE_UINT, counts[i].objects, "dwelling", G_TYPE_UINT,
                              counts[i].dwelling, NULL);
        vdt_array_take_structure(zones, s);
    }
    return TRUE;
}

/* Classes that are in a zone for the first time get events of their own. */
static void add_events(VdtZoneWatch *watch, double least)
{
    for (guint i = 0; i < watch->measured->len; i++) {
        const Measured *measured = &g_array_index(watch->measured, Measured, i);
        const gpointer key = GUINT_TO_POINTER(measured->key);
        VdtEvents *events;

        if (measured->share < least || g_hash_table_contains(watch->events, key))
            continue;
        events = vdt_events_new(watch->source, watch->kind);
        vdt_events_omit_updates(events);
        g_hash_table_insert(watch->events, key, events);
    }
}

GList *vdt_zone_watch_tell(VdtZoneWatch *watch, const VdtSpan *span, const VdtZoneLimits *limits,
                           GstClockTime least)
{
    GList *messages = NULL;
    GHashTableIter iter;
    gpointer key, events;

    if (watch->other) {
        messages = vdt_zone_watch_end(watch);
        g_hash_table_remove_all(watch->events);
        watch->other = FALSE;
    }
    add_events(watch, limits->share);
    g_hash_table_iter_init(&iter, watch->events);
    while (g_hash_table_iter_next(&iter, &key, &events)) {
        const Measured *measured = find(watch, GPOINTER_TO_UINT(key));
        const double enough = get_enough(limits, vdt_events_get_class(events) >= 0);
        const gboolean in = measured && measured->share >= enough;

        messages = g_list_concat(
            messages, vdt_events_follow(events, span, in ? measured->finding : NULL, NULL, least));
    }
    return messages;
}

GList *vdt_zone_watch_end(VdtZoneWatch *watch)
{
    GList *messages = NULL;
    GHashTableIter iter;
    gpointer events;

    g_hash_table_iter_init(&iter, watch->events);
    while (g_hash_table_iter_next(&iter, NULL, &events))
        messages = g_list_concat(messages, vdt_events_end(events));
    return messages;
}
