/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "moments.h"

#include "random.h"

#define SECOND  G_GINT64_CONSTANT(1000000000)
/* Of a street, from when on; long enough for every act to come. */
#define BEGIN   (10 * SECOND)
#define END     (190 * SECOND)
#define ASPECT  (16.0 / 9)
#define TRIES   40
#define N_LOOKS 7
/* An event that lasts so long goes on when the clip ends, or has just ended; of a shorter one the
 * clip shows the beginning. */
#define LONG    (2 * SECOND)
/* What of an event may be in a clip that is not about it. */
#define GLIMPSE (SECOND / 5)
/* Who is lower than this share of the picture does not count as walking. */
#define TINY    0.06

typedef struct {
    VdtStreet *street;
    GArray *events; /* VdtStreetEvent */
    gint64 duration;
    guint64 random;
} Search;

static gboolean is_background(VdtStreetAction action)
{
    return action == VDT_STREET_EMPTY || action == VDT_STREET_WALK;
}

static gint64 between(Search *search, gint64 low, gint64 high)
{
    return low + (gint64)(random_double(&search->random) * MAX(high - low, 0));
}

/* Whether a clip from @from on shows anything of note but @event (or nothing at all, if NULL). */
static gboolean is_clear(const Search *search, gint64 from, const VdtStreetEvent *event)
{
    for (guint i = 0; i < search->events->len; i++) {
        const VdtStreetEvent *other = &g_array_index(search->events, VdtStreetEvent, i);
        if (other != event && !is_background(other->action) && other->end > from + GLIMPSE &&
            other->told < from + search->duration - GLIMPSE)
            return FALSE;
    }
    return TRUE;
}

/* Where a clip of the event ends. */
static gint64 choose_end(Search *search, const VdtStreetEvent *event)
{
    gint64 length = event->end - event->told;
    gboolean slows = event->action == VDT_STREET_CAR_STOP || event->action == VDT_STREET_CAR_PARK;
    gint64 told = CLAMP(length * 4 / 5, SECOND / 2, 11 * SECOND / 10);
    if (slows) /* braking takes longer to tell */
        told = MAX(told, length * 3 / 5);
    gint64 first = event->told + told;
    gint64 last =
        length < LONG ? event->told + search->duration - SECOND / 7 : event->end + SECOND / 2;
    return between(search, first, MAX(first, last));
}

/* An event of that action with a clip that is about nothing else; NULL if none is found. */
static const VdtStreetEvent *find_event(Search *search, VdtStreetAction action, gint64 *from)
{
    g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < search->events->len; i++) {
        const VdtStreetEvent *event = &g_array_index(search->events, VdtStreetEvent, i);
        if (event->action == action && event->told > BEGIN)
            g_array_append_val(some, i);
    }
    for (guint try = 0; try < TRIES && some->len > 0; try++) {
        guint i = g_array_index(some, guint, between(search, 0, some->len));
        const VdtStreetEvent *event = &g_array_index(search->events, VdtStreetEvent, i);
        *from = choose_end(search, event) - search->duration;
        if (is_clear(search, *from, event))
            return event;
    }
    return NULL;
}

/* Calls for each object that is in the picture at any of some moments of the clip. */
typedef void (*Look)(const VdtStreetObject *object, gpointer data);
static void look(const Search *search, gint64 from, Look func, gpointer data)
{
    for (guint i = 0; i < N_LOOKS; i++) {
        g_autoptr(GArray) objects = vdt_street_get_objects(
            search->street, from + search->duration * i / (N_LOOKS - 1), ASPECT);
        for (guint k = 0; k < objects->len; k++)
            func(&g_array_index(objects, VdtStreetObject, k), data);
    }
}

typedef struct {
    guint64 id;
    ClipFocus focus;
} Actor;

/* With its bag, and whom it fights with, whose ids are the next ones. */
static void follow_actor(const VdtStreetObject *object, gpointer data)
{
    Actor *actor = data;
    if (object->id - actor->id <= 2)
        clip_focus_join(&actor->focus, object->x, object->y, object->width, object->height);
}

/* The first who is seen walking becomes the actor. */
static void find_walker(const VdtStreetObject *object, gpointer data)
{
    Actor *actor = data;
    if (actor->id == 0 && object->kind == VDT_STREET_PERSON && object->action == VDT_STREET_WALK &&
        object->height > TINY)
        actor->id = object->id;
}

/* A clip in which nothing of note happens, if there is one among some. */
static void find_quiet(Search *search, Moment *moment)
{
    Actor walker = {0};
    for (guint try = 0; try < TRIES; try++) {
        moment->from = between(search, BEGIN, END - search->duration);
        if (is_clear(search, moment->from, NULL))
            break;
    }
    look(search, moment->from, find_walker, &walker);
    moment->label = walker.id != 0 ? VDT_STREET_WALK : VDT_STREET_EMPTY;
    if (walker.id != 0)
        look(search, moment->from, follow_actor, &walker);
    moment->focus = walker.focus;
}

Moment moment_choose(guint64 seed, guint64 index, gint64 duration)
{
    Moment moment = {.from = 0};
    VdtStreetClip like = vdt_street_list_clip(random_mix(seed), index, duration, &moment.condition);
    moment.street = (VdtStreetOptions){.seed = like.seed, .conditions = like.conditions};
    g_autoptr(VdtStreet) street = vdt_street_new(&moment.street);
    g_autoptr(GArray) events = vdt_street_get_events(street, 0, END);
    Search search = {street, events, duration, random_seed3(seed, index, 1)};
    const VdtStreetEvent *event =
        is_background(like.action) ? NULL : find_event(&search, like.action, &moment.from);
    if (event == NULL) {
        find_quiet(&search, &moment);
        return moment;
    }
    Actor actor = {.id = event->actor};
    look(&search, moment.from, follow_actor, &actor);
    moment.label = event->action;
    moment.focus = actor.focus;
    return moment;
}
