/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objectwatch.h"

#include "analyzer/arrays.h"
#include "analyzer/timeline.h"
#include "crossings.h"
#include "presence.h"

/* Of what goes on, there is one event for each of these. */
typedef struct {
    enum { OBJECT, DWELL, COUNT } what;
    guint zone, object; /* 0 where it does not matter */
} Key;

/* What was found to go on. */
typedef struct {
    Key key;
    GstStructure *finding;
} Going;

struct _VdtObjectWatch {
    GstElement *source;
    const char *kind;

    /* the worker's */
    VdtCrossings *crossings;
    VdtPresence *presence;
    VdtZoneCount counts[VDT_ZONES_MOST];
    VdtTimeline way;             /* which one the stream is played: times and speeds are PTS's */
    int counted[VDT_ZONES_MOST]; /* the class by which too many are told of, -1 for none */
    GArray *objects;             /* structures, for metas */
    GArray *going;               /* Going */
    GArray *crossed;             /* structures */

    /* of tell and end */
    GHashTable *events; /* VdtEvents by Key */
    VdtEvents *crossing;
};

static guint hash(gconstpointer data)
{
    const Key *key = data;

    return (key->what * 64 + key->zone) * 65599 + key->object;
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
    const Key *one = a, *other = b;

    return one->what == other->what && one->zone == other->zone && one->object == other->object;
}

static void clear_structure(gpointer data)
{
    gst_clear_structure((GstStructure **)data);
}

static void clear_going(gpointer data)
{
    gst_clear_structure(&((Going *)data)->finding);
}

static GArray *structures_new(void)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(GstStructure *));

    g_array_set_clear_func(array, clear_structure);
    return array;
}

VdtObjectWatch *vdt_object_watch_new(GstElement *source, const char *kind)
{
    VdtObjectWatch *watch = g_new0(VdtObjectWatch, 1);

    watch->source = source;
    watch->kind = kind;
    for (guint i = 0; i < VDT_ZONES_MOST; i++)
        watch->counted[i] = -1;
    watch->crossings = vdt_crossings_new();
    watch->presence = vdt_presence_new();
    watch->objects = structures_new();
    watch->crossed = structures_new();
    watch->going = g_array_new(FALSE, FALSE, sizeof(Going));
    g_array_set_clear_func(watch->going, clear_going);
    watch->events = g_hash_table_new_full(hash, equal, g_free, (GDestroyNotify)vdt_events_free);
    return watch;
}

void vdt_object_watch_free(VdtObjectWatch *watch)
{
    vdt_crossings_free(watch->crossings);
    vdt_presence_free(watch->presence);
    g_array_unref(watch->objects);
    g_array_unref(watch->crossed);
    g_array_unref(watch->going);
    g_hash_table_unref(watch->events);
    g_clear_pointer(&watch->crossing, vdt_events_free);
    g_free(watch);
}

/* What is found */

/* What is said of an object wherever it is named: fields @id and those that follow. */
static GstStructure *name_object(const VdtObject *object, const VdtSegNetwork *network,
                                 const char *name, const char *id)
{
    char number[16];

    return gst_structure_new(name, "label", G_TYPE_STRING,
                             vdt_seg_network_label(network, object->class_id, number), "class-id",
                             G_TYPE_INT, (int)object->class_id, "score", G_TYPE_DOUBLE,
                             object->score, id, G_TYPE_UINT, object->id, NULL);
}

static GstStructure *describe_object(const VdtObject *object, const VdtSegNetwork *network,
                                     const VdtTimeline *way, const char *name, const char *id)
{
    static const char *const states[] = {"seen", "hidden", "merged"};
    GstStructure *s = name_object(object, network, name, id);
    const VdtBounds *box = &object->box;
    const int sign = way->backwards ? -1 : 1;

    gst_structure_set(s, "state", G_TYPE_STRING, states[object->state], "share", G_TYPE_DOUBLE,
                      object->share, "x", G_TYPE_DOUBLE, box->x0, "y", G_TYPE_DOUBLE, box->y0,
                      "width", G_TYPE_DOUBLE, box->x1 - box->x0, "height", G_TYPE_DOUBLE,
                      box->y1 - box->y0, "speed-x", G_TYPE_DOUBLE, sign * object->speed_x,
                      "speed-y", G_TYPE_DOUBLE, sign * object->speed_y, "first-seen", G_TYPE_UINT64,
                      vdt_timeline_convert(way, (GstClockTime)object->first), NULL);
    if (object->parent > 0)
        gst_structure_set(s, "parent", G_TYPE_UINT, object->parent, NULL);
    return s;
}

/* Takes @finding. */
static void go_on(VdtObjectWatch *watch, Key key, GstStructure *finding)
{
    const Going going = {key, finding};

    g_array_append_val(watch->going, going);
}

static void follow_objects(VdtObjectWatch *watch, const GArray *objects,
                           const VdtSegNetwork *network)
{
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *object = &g_array_index(objects, VdtObject, i);
        GstStructure *meta = describe_object(object, network, &watch->way, "object", "id");
        GstStructure *finding = describe_object(object, network, &watch->way, "finding", "object");

        vdt_structure_set_doubles(meta, "path", &object->path[0].x, 2 * object->n_path);
        g_array_append_val(watch->objects, meta);
        gst_structure_set(finding, "what", G_TYPE_STRING, "object", NULL);
        go_on(watch, (Key){OBJECT, 0, object->id}, finding);
    }
}

static void follow_lines(VdtObjectWatch *watch, const GArray *objects, const VdtSegNetwork *network,
                         double aspect, VdtZones *lines)
{
    const GArray *crossed = vdt_crossings_update(watch->crossings, lines, objects, aspect);

    for (guint i = 0; i < crossed->len; i++) {
        const VdtCrossing *crossing = &g_array_index(crossed, VdtCrossing, i);
        const VdtObject *object = &g_array_index(objects, VdtObject, crossing->object);
        GstStructure *s = name_object(object, network, "finding", "object");
        guint64 in, out;

        vdt_crossings_get_counts(watch->crossings, crossing->line, &in, &out);
        gst_structure_set(s, "what", G_TYPE_STRING, "crossing", "line", G_TYPE_STRING,
                          lines->zones[crossing->line].name, "direction", G_TYPE_STRING,
                          crossing->in ? "in" : "out", "in", G_TYPE_UINT64, in, "out",
                          G_TYPE_UINT64, out, NULL);
        g_array_append_val(watch->crossed, s);
    }
}

static const VdtObject *find_object(const GArray *objects, guint id)
{
    for (guint i = 0; i < objects->len; i++)
        if (g_array_index(objects, VdtObject, i).id == id)
            return &g_array_index(objects, VdtObject, i);
    return NULL;
}

/* Who has stayed in a zone for long. */
static void dwell(VdtObjectWatch *watch, const VdtStay *stay, const VdtObject *object,
                  const VdtSegNetwork *network, const VdtZones *zones)
{
    GstStructure *s = name_object(object, network, "finding", "object");

    gst_structure_set(s, "what", G_TYPE_STRING, "dwell", "zone", G_TYPE_STRING,
                      zones->zones[stay->zone].name, "since", G_TYPE_UINT64,
                      vdt_timeline_convert(&watch->way, (GstClockTime)stay->since), NULL);
    watch->counts[stay->zone].dwelling++;
    go_on(watch, (Key){DWELL, stay->zone, stay->object}, s);
}

/* One of the class that most in the zone are of, or of the one that was told of before, while there
 * is any. */
static const VdtObject *find_most(const VdtObjectWatch *watch, guint zone, const GArray *stays,
                                  const GArray *objects)
{
    guint n[256] = {0};
    const VdtObject *most = NULL;

    for (guint i = 0; i < stays->len; i++) {
        const VdtStay *stay = &g_array_index(stays, VdtStay, i);
        const VdtObject *object = stay->zone == zone ? find_object(objects, stay->object) : NULL;

        if (object && (int)object->class_id == watch->counted[zone])
            return object;
        if (object && ++n[object->class_id] > (most ? n[most->class_id] : 0))
            most = object;
    }
    return most;
}

/* A zone with more in it than there should be. */
static void count(VdtObjectWatch *watch, guint zone, const GArray *stays, const GArray *objects,
                  const VdtSegNetwork *network, const VdtZones *zones)
{
    const VdtObject *one = find_most(watch, zone, stays, objects);
    GstStructure *s = name_object(one, network, "finding", "object");

    watch->counted[zone] = (int)one->class_id;
    gst_structure_remove_field(s, "object");
    gst_structure_set(s, "what", G_TYPE_STRING, "count", "zone", G_TYPE_STRING,
                      zones->zones[zone].name, "count", G_TYPE_UINT, watch->counts[zone].objects,
                      NULL);
    go_on(watch, (Key){COUNT, zone, 0}, s);
}

static void follow_zones(VdtObjectWatch *watch, const GArray *objects, const VdtSegNetwork *network,
                         gint64 time, VdtZones *zones, const VdtObjectLimits *limits)
{
    const GArray *stays = vdt_presence_update(watch->presence, zones, objects, time);

    for (guint i = 0; i < stays->len; i++) {
        const VdtStay *stay = &g_array_index(stays, VdtStay, i);
        const gint64 longest = (gint64)(limits->dwell * GST_SECOND);

        watch->counts[stay->zone].objects++;
        if (limits->dwell > 0 && time - stay->since >= longest)
            dwell(watch, stay, find_object(objects, stay->object), network, zones);
    }
    for (guint i = 0; zones && limits->count >= 0 && i < zones->n_zones; i++)
        if (watch->counts[i].objects > (guint)limits->count)
            count(watch, i, stays, objects, network, zones);
        else
            watch->counted[i] = -1;
}

static void forget_found(VdtObjectWatch *watch)
{
    g_array_set_size(watch->objects, 0);
    g_array_set_size(watch->crossed, 0);
    g_array_set_size(watch->going, 0);
    for (guint i = 0; i < VDT_ZONES_MOST; i++)
        watch->counts[i] = (VdtZoneCount){0, 0};
}

void vdt_object_watch_follow(VdtObjectWatch *watch, const GArray *objects,
                             const VdtSegNetwork *network, double aspect, gint64 time,
                             gboolean backwards, VdtZones *zones, VdtZones *lines,
                             const VdtObjectLimits *limits)
{
    forget_found(watch);
    watch->way.backwards = backwards;
    follow_objects(watch, objects, network);
    follow_lines(watch, objects, network, aspect, lines);
    follow_zones(watch, objects, network, time, zones, limits);
}

void vdt_object_watch_stop(VdtObjectWatch *watch)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(VdtObject));

    forget_found(watch);
    vdt_presence_update(watch->presence, NULL, none, 0);
}

const VdtZoneCount *vdt_object_watch_count(const VdtObjectWatch *watch)
{
    return watch->counts;
}

/* Metas */

static GstStructure *describe_line(const VdtObjectWatch *watch, guint line)
{
    const VdtZone *zone = &vdt_crossings_get_lines(watch->crossings)->zones[line];
    GstStructure *s;
    guint64 in, out;

    vdt_crossings_get_counts(watch->crossings, line, &in, &out);
    s = gst_structure_new("line", "name", G_TYPE_STRING, zone->name, "in", G_TYPE_UINT64, in, "out",
                          G_TYPE_UINT64, out, NULL);
    vdt_structure_set_doubles(s, "points", &zone->points[0].x, 2 * zone->n_points);
    return s;
}

void vdt_object_watch_describe(VdtObjectWatch *watch, GstStructure *fields)
{
    const VdtZones *lines = vdt_crossings_get_lines(watch->crossings);
    GValue objects = G_VALUE_INIT, array = G_VALUE_INIT;

    g_value_init(&objects, GST_TYPE_ARRAY);
    for (guint i = 0; i < watch->objects->len; i++)
        vdt_array_take_structure(
            &objects, gst_structure_copy(g_array_index(watch->objects, GstStructure *, i)));
    gst_structure_take_value(fields, "objects", &objects);
    if (!lines || lines->n_zones == 0)
        return;
    g_value_init(&array, GST_TYPE_ARRAY);
    for (guint i = 0; i < lines->n_zones; i++)
        vdt_array_take_structure(&array, describe_line(watch, i));
    gst_structure_take_value(fields, "lines", &array);
}

/* Events */

static gboolean goes_on(const VdtObjectWatch *watch, const Key *key)
{
    for (guint i = 0; i < watch->going->len; i++)
        if (equal(&g_array_index(watch->going, Going, i).key, key))
            return TRUE;
    return FALSE;
}

/* Ends what was told of and does not go on, or all. */
static GList *end(VdtObjectWatch *watch, gboolean all)
{
    GList *messages = NULL;
    GHashTableIter iter;
    gpointer key, events;

    g_hash_table_iter_init(&iter, watch->events);
    while (g_hash_table_iter_next(&iter, &key, &events)) {
        if (!all && goes_on(watch, key))
            continue;
        messages = g_list_concat(messages, vdt_events_end(events));
        g_hash_table_iter_remove(&iter);
    }
    return messages;
}

static VdtEvents *get_events(VdtObjectWatch *watch, const Key *key)
{
    VdtEvents *events = g_hash_table_lookup(watch->events, key);

    if (events)
        return events;
    events = vdt_events_new(watch->source, watch->kind);
    if (key->what == DWELL)
        vdt_events_omit_updates(events);
    g_hash_table_insert(watch->events, g_memdup2(key, sizeof *key), events);
    return events;
}

/* It starts and ends at once. */
static GList *tell_crossings(VdtObjectWatch *watch, const VdtSpan *span)
{
    GList *messages = NULL;

    if (!watch->crossing)
        watch->crossing = vdt_events_new(watch->source, watch->kind);
    for (guint i = 0; i < watch->crossed->len; i++) {
        const GstStructure *finding = g_array_index(watch->crossed, GstStructure *, i);

        messages =
            g_list_concat(messages, vdt_events_follow(watch->crossing, span, finding, NULL, 0));
        messages = g_list_concat(messages, vdt_events_end(watch->crossing));
    }
    g_array_set_size(watch->crossed, 0);
    return messages;
}

GList *vdt_object_watch_tell(VdtObjectWatch *watch, const VdtSpan *span, GstClockTime least)
{
    GList *messages = end(watch, FALSE);

    for (guint i = 0; i < watch->going->len; i++) {
        const Going *going = &g_array_index(watch->going, Going, i);

        messages = g_list_concat(messages, vdt_events_follow(get_events(watch, &going->key), span,
                                                             going->finding, NULL, least));
    }
    return g_list_concat(messages, tell_crossings(watch, span));
}

GList *vdt_object_watch_end(VdtObjectWatch *watch)
{
    return end(watch, TRUE);
}
