/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "presence.h"

#define LEAVES     (G_GINT64_CONSTANT(1000000000) / 2) /* ns outside */
#define REMEMBERED 16                                  /* updates, without an object */
#define NEVER      G_MININT64

typedef struct {
    gint64 since;     /* NEVER while outside */
    gint64 was_there; /* ns: when it was inside last */
} Visit;

typedef struct {
    gboolean known; /* it was seen before */
    guint unseen;   /* times, since it was there last */
    Visit visits[VDT_ZONES_MOST];
} Visits;

struct _VdtPresence {
    VdtZones *zones;
    GHashTable *visits; /* Visits, by id of the object */
    GArray *stays;      /* VdtStay */
};

VdtPresence *vdt_presence_new(void)
{
    VdtPresence *presence = g_new0(VdtPresence, 1);

    presence->visits = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    presence->stays = g_array_new(FALSE, FALSE, sizeof(VdtStay));
    return presence;
}

void vdt_presence_free(VdtPresence *presence)
{
    g_clear_pointer(&presence->zones, vdt_zones_unref);
    g_hash_table_unref(presence->visits);
    g_array_unref(presence->stays);
    g_free(presence);
}

static void leave(Visits *visits)
{
    for (guint i = 0; i < VDT_ZONES_MOST; i++)
        visits->visits[i] = (Visit){NEVER, NEVER};
}

/* Objects that are known are there from now on, not since they were found. */
static void set_zones(VdtPresence *presence, VdtZones *zones)
{
    GHashTableIter iter;
    gpointer visits;

    if (zones == presence->zones)
        return;
    g_clear_pointer(&presence->zones, vdt_zones_unref);
    presence->zones = zones ? g_atomic_rc_box_acquire(zones) : NULL;
    g_hash_table_iter_init(&iter, presence->visits);
    while (g_hash_table_iter_next(&iter, NULL, &visits))
        leave(visits);
}

/* What was known of an object, or of the one that it has come off. */
static Visits *get_visits(VdtPresence *presence, const VdtObject *object)
{
    Visits *visits = g_hash_table_lookup(presence->visits, GUINT_TO_POINTER(object->id));
    const Visits *parent;

    if (visits)
        return visits;
    visits = g_new0(Visits, 1);
    parent = g_hash_table_lookup(presence->visits, GUINT_TO_POINTER(object->parent));
    if (parent)
        *visits = *parent;
    else
        leave(visits);
    visits->known = FALSE;
    g_hash_table_insert(presence->visits, GUINT_TO_POINTER(object->id), visits);
    return visits;
}

static void look(VdtPresence *presence, guint zone, Visit *visit, const VdtObject *object,
                 gboolean is_new, gint64 time)
{
    const VdtPlace place = object->path[object->n_path - 1];
    const VdtZone *zone_at = &presence->zones->zones[zone];
    VdtStay stay = {zone, object->id, 0};

    if (vdt_zone_contains(zone_at, place.x, place.y)) {
        /* it has become an object after it was found first */
        if (visit->since == NEVER)
            visit->since =
                is_new && vdt_zone_contains(zone_at, object->path[0].x, object->path[0].y)
                    ? object->first
                    : time;
        visit->was_there = time;
    } else if (visit->since != NEVER && time - visit->was_there >= LEAVES) {
        visit->since = NEVER;
    }
    stay.since = visit->since;
    if (visit->since != NEVER)
        g_array_append_val(presence->stays, stay);
}

/* Objects that are no more are forgotten once no other can have come off them. */
static void forget(VdtPresence *presence)
{
    GHashTableIter iter;
    gpointer visits;

    g_hash_table_iter_init(&iter, presence->visits);
    while (g_hash_table_iter_next(&iter, NULL, &visits))
        if (((Visits *)visits)->unseen++ > REMEMBERED)
            g_hash_table_iter_remove(&iter);
}

const GArray *vdt_presence_update(VdtPresence *presence, VdtZones *zones, const GArray *objects,
                                  gint64 time)
{
    g_array_set_size(presence->stays, 0);
    set_zones(presence, zones);
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *object = &g_array_index(objects, VdtObject, i);
        Visits *visits = get_visits(presence, object);
        const gboolean is_new = !visits->known;

        visits->known = TRUE;
        visits->unseen = 0;
        for (guint k = 0; zones && k < zones->n_zones; k++)
            look(presence, k, &visits->visits[k], object, is_new, time);
    }
    forget(presence);
    return presence->stays;
}
