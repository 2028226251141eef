/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crossings.h"

#include <math.h>
#include <string.h>

#define REMEMBERED 16  /* updates, without an object */
#define CLEAR      0.2 /* sizes of the object, from a line, until it is on a side of it */
#define GOES       0.5 /* of that: who has come off another moves at least that far the same way */

/* Where an object was when it was on a side of a line last. */
typedef struct {
    int side; /* -1 left, 1 right, 0 not yet */
    VdtPlace place;
} Side;

typedef struct {
    gboolean known; /* it was seen before */
    guint unseen;   /* times, since it was there last */
    Side sides[VDT_ZONES_MOST];
} Sides;

struct _VdtCrossings {
    VdtZones *lines;
    guint64 in[VDT_ZONES_MOST], out[VDT_ZONES_MOST];
    GHashTable *sides; /* Sides, by id of the object */
    GArray *crossed;   /* VdtCrossing */
};

VdtCrossings *vdt_crossings_new(void)
{
    VdtCrossings *crossings = g_new0(VdtCrossings, 1);

    crossings->sides = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    crossings->crossed = g_array_new(FALSE, FALSE, sizeof(VdtCrossing));
    return crossings;
}

void vdt_crossings_free(VdtCrossings *crossings)
{
    g_clear_pointer(&crossings->lines, vdt_zones_unref);
    g_hash_table_unref(crossings->sides);
    g_array_unref(crossings->crossed);
    g_free(crossings);
}

/* Objects that are known have not come all their way since. */
static void set_lines(VdtCrossings *crossings, VdtZones *lines)
{
    GHashTableIter iter;
    gpointer sides;

    if (lines == crossings->lines)
        return;
    g_clear_pointer(&crossings->lines, vdt_zones_unref);
    crossings->lines = lines ? g_atomic_rc_box_acquire(lines) : NULL;
    g_hash_table_iter_init(&iter, crossings->sides);
    while (g_hash_table_iter_next(&iter, NULL, &sides))
        memset(((Sides *)sides)->sides, 0, sizeof(((Sides *)sides)->sides));
    for (guint i = 0; i < VDT_ZONES_MOST; i++)
        crossings->in[i] = crossings->out[i] = 0;
}

/* How far right of the line a place is, in heights of the frame. */
static double distance(const VdtZone *line, VdtPlace place, double aspect)
{
    const VdtZonePoint *p = line->points;
    const double x = (p[1].x - p[0].x) * aspect, y = p[1].y - p[0].y;

    return (x * (place.y - p[0].y) - y * (place.x - p[0].x) * aspect) / hypot(x, y);
}

/* Where along the line a way from @a to @b crosses it: 0 and 1 are its ends. */
static double meet(const VdtZone *line, VdtPlace a, VdtPlace b, double aspect)
{
    const VdtZonePoint *p = line->points;
    const double from = distance(line, a, aspect), to = distance(line, b, aspect);
    const double part = from / (from - to);
    const double x = (p[1].x - p[0].x) * aspect, y = p[1].y - p[0].y;
    const double at_x = (a.x + part * (b.x - a.x) - p[0].x) * aspect;
    const double at_y = a.y + part * (b.y - a.y) - p[0].y;

    return (x * at_x + y * at_y) / (x * x + y * y);
}

/* Whether an object goes on the way that the one took which it has come off. What only stands where
 * the other one has passed has not come along. */
static gboolean goes_on(const VdtZone *line, const VdtObject *object, int side, double clear,
                        double aspect)
{
    const double from = distance(line, object->path[0], aspect);
    const double to = distance(line, object->path[object->n_path - 1], aspect);

    return side * (to - from) > clear * GOES;
}

static void look(VdtCrossings *crossings, guint line, Side *side, const VdtObject *object, guint i,
                 VdtPlace place, gboolean inherited, double aspect)
{
    const VdtZone *zone = &crossings->lines->zones[line];
    const double far = distance(zone, place, aspect);
    const double width = (object->box.x1 - object->box.x0) * aspect;
    const double clear = CLEAR * MAX(width, object->box.y1 - object->box.y0);
    const int now = far > clear ? 1 : far < -clear ? -1 : 0;

    if (now == 0)
        return;
    if (side->side == -now) {
        const double at = meet(zone, side->place, place, aspect);
        const VdtCrossing crossing = {line, i, now > 0};

        if (at >= 0 && at <= 1 && (!inherited || goes_on(zone, object, now, clear, aspect))) {
            g_array_append_val(crossings->crossed, crossing);
            crossings->in[line] += now > 0;
            crossings->out[line] += now < 0;
        }
    }
    *side = (Side){now, place};
}

/* What was known of an object, or of the one that it has come off. */
static Sides *get_sides(VdtCrossings *crossings, const VdtObject *object)
{
    Sides *sides = g_hash_table_lookup(crossings->sides, GUINT_TO_POINTER(object->id));
    const Sides *parent;

    if (sides)
        return sides;
    sides = g_new0(Sides, 1);
    parent = g_hash_table_lookup(crossings->sides, GUINT_TO_POINTER(object->parent));
    if (parent)
        *sides = *parent;
    sides->known = FALSE;
    g_hash_table_insert(crossings->sides, GUINT_TO_POINTER(object->id), sides);
    return sides;
}

/* Objects that are no more are forgotten once no other can have come off them. */
static void forget(VdtCrossings *crossings)
{
    GHashTableIter iter;
    gpointer sides;

    g_hash_table_iter_init(&iter, crossings->sides);
    while (g_hash_table_iter_next(&iter, NULL, &sides))
        if (((Sides *)sides)->unseen++ > REMEMBERED)
            g_hash_table_iter_remove(&iter);
}

const GArray *vdt_crossings_update(VdtCrossings *crossings, VdtZones *lines, const GArray *objects,
                                   double aspect)
{
    g_array_set_size(crossings->crossed, 0);
    set_lines(crossings, lines);
    for (guint i = 0; i < objects->len; i++) {
        const VdtObject *object = &g_array_index(objects, VdtObject, i);
        Sides *sides = get_sides(crossings, object);
        /* a new one has come all its way */
        const gboolean is_new = !sides->known;
        const guint first = is_new ? 0 : object->n_path - 1;

        sides->known = TRUE;
        sides->unseen = 0;
        if (object->state == VDT_OBJECT_HIDDEN)
            continue;
        for (guint k = 0; lines && k < lines->n_zones; k++)
            for (guint p = first; p < object->n_path; p++)
                look(crossings, k, &sides->sides[k], object, i, object->path[p], is_new && p == 0,
                     aspect);
    }
    forget(crossings);
    return crossings->crossed;
}

const VdtZones *vdt_crossings_get_lines(const VdtCrossings *crossings)
{
    return crossings->lines;
}

void vdt_crossings_get_counts(const VdtCrossings *crossings, guint line, guint64 *in, guint64 *out)
{
    *in = crossings->in[line];
    *out = crossings->out[line];
}
