/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streets: what is public of the world. */
#include "script.h"

#define SECOND 1e9

void vdt_cast_init(VdtCast *cast)
{
    cast->people = g_array_new(FALSE, FALSE, sizeof(VdtPerson));
    cast->cars = g_array_new(FALSE, FALSE, sizeof(VdtCar));
}

void vdt_cast_clear(VdtCast *cast)
{
    g_clear_pointer(&cast->people, g_array_unref);
    g_clear_pointer(&cast->cars, g_array_unref);
}

static VdtStreet *street_new(guint64 seed)
{
    VdtStreet *street = g_new0(VdtStreet, 1);

    g_atomic_ref_count_init(&street->refs);
    street->seed = seed;
    vdt_stage_init(&street->still);
    vdt_cast_init(&street->cast);
    street->events = g_array_new(FALSE, FALSE, sizeof(VdtStreetEvent));
    return street;
}

VdtStreet *vdt_street_new_clip(const VdtStreetClip *clip)
{
    g_return_val_if_fail(clip != NULL, NULL);
    g_return_val_if_fail((guint)clip->action < VDT_STREET_N_ACTIONS, NULL);
    g_return_val_if_fail(clip->duration > 0, NULL);

    VdtStreet *street = street_new(clip->seed);
    street->clip = *clip;
    vdt_clip_set_up(street);
    return street;
}

VdtStreet *vdt_street_new(const VdtStreetOptions *options)
{
    g_return_val_if_fail(options != NULL, NULL);

    VdtStreet *street = street_new(options->seed);
    street->endless = TRUE;
    street->options = *options;
    vdt_endless_set_up(street);
    return street;
}

VdtStreet *vdt_street_ref(VdtStreet *street)
{
    g_return_val_if_fail(street != NULL, NULL);
    g_atomic_ref_count_inc(&street->refs);
    return street;
}

void vdt_street_unref(VdtStreet *street)
{
    g_return_if_fail(street != NULL);
    if (!g_atomic_ref_count_dec(&street->refs))
        return;
    vdt_stage_clear(&street->still);
    vdt_cast_clear(&street->cast);
    g_clear_pointer(&street->props, g_array_unref);
    g_array_unref(street->events);
    g_free(street);
}

/* From 0 to 1 and back, level for a while at both. */
static double tide(double turns, double level)
{
    return vdt_smooth((vdt_sin(2 * VDT_PI * turns) - level) * 1.6 + 0.5);
}

VdtStreetConditions vdt_street_get_conditions(const VdtStreet *street, gint64 time)
{
    VdtStreetConditions now = {0};

    g_return_val_if_fail(street != NULL, now);
    if (!street->endless)
        return street->clip.conditions;
    now = street->options.conditions;
    if (!street->options.changing)
        return now;
    VdtDice dice = vdt_dice(street->seed, 71);
    double t = time / SECOND, day = vdt_chance(&dice) * 0.4 - 0.5;
    now.night = MAX(now.night, tide(t / 420 + day, 0.1));
    now.rain = MAX(now.rain, tide(t / 310 + vdt_chance(&dice), 0.75));
    now.haze = MAX(now.haze, 0.6 * tide(t / 530 + vdt_chance(&dice), 0.8));
    now.noise = MAX(now.noise, 0.35 * now.night);
    return now;
}

static gint by_start(gconstpointer a, gconstpointer b)
{
    const VdtStreetEvent *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

GArray *vdt_street_get_events(const VdtStreet *street, gint64 from, gint64 to)
{
    g_return_val_if_fail(street != NULL, NULL);

    GArray *events = g_array_new(FALSE, FALSE, sizeof(VdtStreetEvent));
    if (street->endless) {
        VdtCast cast;

        vdt_cast_init(&cast);
        if (from < to)
            vdt_endless_cast(street, from / SECOND, to / SECOND, &cast, events);
        vdt_cast_clear(&cast);
    } else {
        g_array_append_vals(events, street->events->data, street->events->len);
    }
    for (guint i = 0; i < events->len;) {
        const VdtStreetEvent *event = &g_array_index(events, VdtStreetEvent, i);

        if (event->start < to && event->end > from)
            i++;
        else
            g_array_remove_index(events, i);
    }
    g_array_sort(events, by_start);
    return events;
}

void vdt_street_stage(const VdtStreet *street, gint64 time, VdtStage *stage)
{
    double t = time / SECOND;
    VdtCast own = {0}, cast = street->cast;

    vdt_stage_empty(stage);
    if (street->endless) {
        vdt_cast_init(&own);
        vdt_endless_cast(street, t, t, &own, NULL);
        cast = own;
    }
    for (guint i = 0; i < cast.people->len; i++)
        vdt_person_stage(&g_array_index(cast.people, VdtPerson, i), t, &street->camera, stage);
    for (guint i = 0; i < cast.cars->len; i++) {
        const VdtCar *car = &g_array_index(cast.cars, VdtCar, i);
        guint before = stage->things->len;
        VdtCarState state;

        vdt_car_state(car, t, &state);
        vdt_car_stage(car->seed, &state, &street->camera, stage);
        if (stage->things->len > before) {
            VdtThing *thing = &g_array_index(stage->things, VdtThing, before);

            thing->object.id = car->id;
            thing->object.main = car->main;
            thing->object.action = t < car->leave ? car->action : VDT_STREET_CAR_PASS;
        }
    }
    if (street->endless)
        vdt_cast_clear(&own);
    vdt_stage_sort(stage);
}

/* The box of a thing in shares of the frame; FALSE if nothing of it is in there. */
static gboolean object_of(const VdtThing *thing, double aspect, VdtStreetObject *object)
{
    /* As the painter does: the picture of 16 to 9 fits into the frame. */
    double unit = MIN(1, aspect * 9 / 16), top = (1 - unit) / 2;
    double x0 = vdt_clamp(0.5 + thing->box.x0 * unit / aspect, 0, 1);
    double x1 = vdt_clamp(0.5 + thing->box.x1 * unit / aspect, 0, 1);
    double y0 = vdt_clamp(top + thing->box.y0 * unit, 0, 1);
    double y1 = vdt_clamp(top + thing->box.y1 * unit, 0, 1);

    *object = thing->object;
    object->x = x0;
    object->y = y0;
    object->width = x1 - x0;
    object->height = y1 - y0;
    return thing->object.kind != VDT_STREET_N_CLASSES && x1 > x0 && y1 > y0;
}

GArray *vdt_street_get_objects(const VdtStreet *street, gint64 time, double aspect)
{
    g_return_val_if_fail(street != NULL && aspect > 0, NULL);

    GArray *objects = g_array_new(FALSE, FALSE, sizeof(VdtStreetObject));
    VdtStage stage;

    vdt_stage_init(&stage);
    vdt_street_stage(street, time, &stage);
    g_array_append_vals(stage.things, street->still.things->data, street->still.things->len);
    vdt_stage_sort(&stage);
    for (guint i = 0; i < stage.things->len; i++) {
        VdtStreetObject object;

        if (object_of(&g_array_index(stage.things, VdtThing, i), aspect, &object))
            g_array_append_val(objects, object);
    }
    vdt_stage_clear(&stage);
    return objects;
}
