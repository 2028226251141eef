/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The endless street. Acts come in pairs of 16 s, so that any moment can be looked up without what
 * was before: a pause of 1.5 to 3.5 s and an act of 4.5 to 6.5 s, then a pause and an act that make
 * up the sum. Who acts has walked in before and walks off afterwards. It is large enough to be
 * recognised: people act on the near pavement, strollers pass behind them, and a car that halts
 * begins to brake when the camera has just come to see it.
 */
#include "script.h"

#include <string.h>

#define PAIR      16.0
#define REACH     3    /* pairs before and after a moment whose actors may be there */
#define PACE      1.35 /* of who walks in and off, metres a second */
#define LONGEST   26.0 /* metres walked in or off */
#define STROLLERS 6
#define LOOK      G_GINT64_CONSTANT(50000000) /* ns between two looks at where a car is */
#define FALLS     0.6                         /* seconds, of a fall before a get-up */
#define LIES      1.2                         /* at least */
#define RISES     1.4                         /* of a get-up after a fall */
#define NEAREST   -3.4                        /* metres, z of who acts */
#define FARTHEST  -2.0
#define HURRY     2.9 /* metres a second, at least, of who runs */
#define BRAKES    2.6 /* seconds, of the act of a car that halts */
#define SLOWEST   3.6 /* metres a second, of cars */
#define FASTEST   7.5
#define SEEN      0.6 /* share of a car in the frame from which on it counts */

static VdtStreetAction act_of(guint64 seed, gint64 act)
{
    /* All actions but EMPTY in a new order, again and again. */
    guint n = VDT_STREET_N_ACTIONS - 1, order[VDT_STREET_N_ACTIONS];
    VdtDice dice = vdt_dice(vdt_mix64_with(seed, 81), (guint64)(act / n));

    for (guint i = 0; i < n; i++)
        order[i] = i + 1;
    for (guint i = n - 1; i > 0; i--) {
        guint j = vdt_pick(&dice, i + 1), keep = order[i];

        order[i] = order[j];
        order[j] = keep;
    }
    return order[act % n];
}

static void times_of(guint64 seed, gint64 act, double *start, double *end)
{
    VdtDice dice = vdt_dice(vdt_mix64_with(seed, 82), (guint64)(act / 2));
    double length = vdt_between(&dice, 4.5, 6.5), pause = vdt_between(&dice, 1.5, 3.5);
    double at = (double)(act / 2) * PAIR;

    if (act % 2 == 0) {
        *start = at + pause;
        *end = *start + length;
    } else {
        *start = at + pause + length + (5 - pause);
        *end = at + PAIR;
    }
}

/* A point of the zones that the camera sees, at @across of the picture. */
static gboolean place(const VdtStreet *street, VdtDice *dice, double z, double *x)
{
    const VdtCamera *camera = &street->camera;
    double across = vdt_between(dice, -0.62, 0.62);
    double ahead = camera->cos - camera->sin * across / camera->focal;
    double depth = ahead > 0.05 ? (z - camera->at.z) / ahead : 0;

    *x = camera->at.x + depth * camera->sin + across * depth / camera->focal * camera->cos;
    VdtPoint foot;
    vdt_camera_project(camera, (VdtVec){*x, 0, z}, &foot);
    return depth > 2 && depth < 40 && foot.y < 0.97;
}

/* How far one walks from a point along x until the camera does not see it any more. */
static double way_out(const VdtCamera *camera, double x, double z, double direction)
{
    double way = 1;

    for (; way < LONGEST; way++) {
        VdtBox box;

        if (!vdt_person_box(camera, x + direction * way, z, 1.9, &box) ||
            box.x1 < -VDT_HALF_WIDTH - 0.05 || box.x0 > VDT_HALF_WIDTH + 0.05)
            break;
    }
    return way + 0.5;
}

/* A step that stays where @at begins. */
static VdtScriptStep stay(const VdtScriptStep *at, VdtMove move, VdtStreetAction action,
                          double start, double end)
{
    return (VdtScriptStep){.move = move,
                           .action = action,
                           .start = start,
                           .end = end,
                           .x0 = at->x0,
                           .x1 = at->x0,
                           .z0 = at->z0,
                           .z1 = at->z0,
                           .heading = at->heading};
}

static VdtStreetEvent event_of(const VdtScriptStep *step)
{
    return (VdtStreetEvent){.action = step->action,
                            .start = (gint64)(step->start * 1e9),
                            .end = (gint64)(step->end * 1e9),
                            .told = (gint64)(step->start * 1e9)};
}

/* Puts a walk before the steps, and one behind them. Who lies at first has fallen before, and who
 * lies at last will get up: an event of its own, @other, whose end is 0 if there is none. */
static void enter_and_leave(VdtPerson *person, const VdtCamera *camera, VdtDice *dice,
                            VdtStreetEvent *other)
{
    VdtScriptStep first = person->steps[0], last = person->steps[person->n_steps - 1];
    double in = vdt_sign(dice), out = vdt_sign(dice);
    double way = way_out(camera, first.x0, first.z0, -in), ready = first.start;
    VdtScriptStep before[3];
    guint n_before = 1;

    *other = (VdtStreetEvent){0};
    if (first.move == VDT_MOVE_LIE) {
        double down = first.start - LIES, falls = down - FALLS;

        before[1] = stay(&first, VDT_MOVE_FALL, VDT_STREET_FALL, falls, down);
        before[2] = stay(&first, VDT_MOVE_LIE, VDT_STREET_FALL, down, first.start);
        *other = event_of(&before[1]);
        ready = falls;
        n_before = 3;
    } else {
        ready -= 0.5;
        before[1] = stay(&first, VDT_MOVE_STAND, VDT_STREET_EMPTY, ready, first.start);
        n_before = 2;
    }
    before[0] = (VdtScriptStep){.move = VDT_MOVE_WALK,
                                .action = VDT_STREET_WALK,
                                .start = ready - way / PACE,
                                .end = ready,
                                .x0 = first.x0 - in * way,
                                .x1 = first.x0,
                                .z0 = first.z0,
                                .z1 = first.z0,
                                .heading = in > 0 ? 0 : VDT_PI};
    memmove(person->steps + n_before, person->steps, person->n_steps * sizeof(VdtScriptStep));
    memcpy(person->steps, before, n_before * sizeof(VdtScriptStep));
    person->n_steps += n_before;
    if (last.move == VDT_MOVE_LIE) {
        vdt_script_step(person, VDT_MOVE_LIE, VDT_STREET_FALL, last.end + LIES, last.heading, 0);
        *other = event_of(vdt_script_step(person, VDT_MOVE_RISE, VDT_STREET_GET_UP,
                                          last.end + LIES + RISES, last.heading, 0));
    }
    way = way_out(camera, last.x1, last.z1, out);
    double from = person->steps[person->n_steps - 1].end;
    vdt_script_step(person, VDT_MOVE_WALK, VDT_STREET_WALK, from + way / PACE, out > 0 ? 0 : VDT_PI,
                    way);
}

static gboolean here(const VdtPerson *person, double from, double to)
{
    double late = person->bag_down < G_MAXDOUBLE ? 6 : 0; /* the bag stays a while */

    return person->steps[0].start <= to && person->steps[person->n_steps - 1].end + late >= from;
}

static void add_person(VdtCast *cast, VdtPerson *person, double from, double to)
{
    if (here(person, from, to))
        g_array_append_val(cast->people, *person);
}

/* How often the actor is well in the frame, and not behind something. */
static guint seen(const VdtStreet *street, const VdtPerson *person, double start, double end)
{
    guint n = 0;

    for (int i = 0; i < 7; i++) {
        VdtPose pose;
        VdtScriptStep now;
        VdtBox box;
        gboolean hidden = FALSE;

        vdt_person_pose(person, vdt_lerp(start, end, i / 6.0), &pose, &now);
        if (!vdt_person_box(&street->camera, now.x0, now.z0, person->look.height, &box) ||
            vdt_box_inside(&box) < 0.8 || box.y1 - box.y0 < 0.102)
            continue;
        double depth = vdt_camera_depth(&street->camera, now.x0, now.z0);
        for (guint k = 0; k < street->still.things->len && !hidden; k++) {
            const VdtThing *thing = &g_array_index(street->still.things, VdtThing, k);

            hidden = thing->depth < depth + 0.3 && vdt_box_overlap(&box, &thing->box) > 0.3;
        }
        n += !hidden;
    }
    return n;
}

static void act_person(const VdtStreet *street, guint64 key, VdtActPlan *plan, double from,
                       double to, VdtCast *cast, VdtStreetEvent events[2])
{
    double tells[2] = {0}, told = 0, last = plan->end;
    guint best_seen = 0;
    VdtPerson best = {0};
    VdtActPlan best_plan = *plan;
    gboolean any = FALSE;

    /* A fall and the get-up that belongs to it share the time of the act. */
    if (plan->action == VDT_STREET_GET_UP)
        plan->start += FALLS + LIES;
    if (plan->action == VDT_STREET_FALL)
        last -= LIES + RISES;
    for (guint attempt = 0; attempt < 24 && best_seen < 6; attempt++) {
        VdtDice dice = vdt_dice(key, 83 + attempt);
        VdtPerson person = {.id = key | 1, .main = TRUE};
        double span[2];

        person.seed = vdt_mix64(key) & ~1ull;
        vdt_look_init(&person.look, person.seed);
        plan->z = vdt_between(&dice, NEAREST, FARTHEST);
        plan->heading = vdt_pick(&dice, 2) * VDT_PI + vdt_between(&dice, -0.2, 0.2);
        if (plan->action == VDT_STREET_WAVE)
            plan->heading = -VDT_PI / 2 + vdt_between(&dice, -1, 1);
        if (!place(street, &dice, plan->z, &plan->x))
            continue;
        plan->room = 1.4 * VDT_HALF_WIDTH / street->camera.focal *
                     vdt_camera_depth(&street->camera, plan->x, plan->z);
        plan->end = last;
        if (plan->action == VDT_STREET_RUN) /* across the picture, no farther */
            plan->end = MIN(last, plan->start + plan->room / HURRY);
        vdt_script_person(&person, plan, &dice, span);
        guint n = seen(street, &person, plan->start, plan->end);
        if (any && n <= best_seen)
            continue;
        told = plan->action == VDT_STREET_LOITER ? person.steps[0].end : span[0];
        enter_and_leave(&person, &street->camera, &dice, &events[1]);
        best = person;
        best_seen = n;
        best_plan = *plan;
        tells[0] = span[0];
        tells[1] = span[1];
        any = TRUE;
    }
    if (!any)
        return;
    best.bag_id = best.id + 1;
    add_person(cast, &best, from, to);
    events[0].start = (gint64)(tells[0] * 1e9);
    events[0].end = (gint64)(tells[1] * 1e9);
    events[0].told = (gint64)(told * 1e9);
    events[0].actor = events[1].actor = best.id;
    if (plan->action == VDT_STREET_FIGHT) {
        VdtPerson second = {.id = best.id + 2, .seed = best.seed | 1, .main = TRUE};
        VdtDice dice = vdt_dice(key, 84);
        VdtStreetEvent none;

        vdt_look_init(&second.look, second.seed);
        vdt_script_opponent(&second, &best, &best_plan);
        enter_and_leave(&second, &street->camera, &dice, &none);
        add_person(cast, &second, from, to);
    }
}

static gboolean is_car_seen(const VdtCamera *camera, const VdtCar *car, const VdtCarState *state,
                            double share)
{
    VdtCarLook look;
    VdtBox box;

    vdt_car_look(car->seed, &look);
    return vdt_car_box(camera, state, look.length, look.height, &box) &&
           vdt_box_inside(&box) >= share;
}

/* Cuts an event short to when most of the car is in the frame. */
static void see_car(const VdtStreet *street, const VdtCar *car, VdtStreetEvent *event)
{
    gint64 first = G_MAXINT64, last = 0;

    for (gint64 time = event->start; time <= event->end; time += LOOK) {
        VdtCarState state;

        vdt_car_state(car, (double)time / 1e9, &state);
        if (!is_car_seen(&street->camera, car, &state, SEEN))
            continue;
        first = MIN(first, time);
        last = time;
    }
    event->start = event->told = MIN(first, event->end);
    event->end = last;
}

/* Where the camera comes to see most of a car. */
static double way_in(const VdtCamera *camera, const VdtCar *car)
{
    VdtCarState state = {.z = car->z, .cos = car->direction};
    double inside = camera->at.x + (car->z - camera->at.z) * camera->sin / camera->cos;
    double outside = inside - car->direction * 60;

    for (int i = 0; i < 12; i++) {
        state.x = (inside + outside) / 2;
        if (is_car_seen(camera, car, &state, SEEN))
            inside = state.x;
        else
            outside = state.x;
    }
    return inside;
}

/* Moves a car along its way so that it is seen first shortly before @time; whether it halts in the
 * frame then. */
static gboolean halt_in_frame(const VdtCamera *camera, VdtCar *car, VdtDice *dice, double time)
{
    VdtCarState state;

    vdt_car_state(car, time - vdt_between(dice, 0, 0.5), &state);
    double move = way_in(camera, car) - state.x;
    car->x += move;
    car->shift_x0 += move;
    car->shift_x1 += move;
    vdt_car_state(car, car->halt, &state);
    return is_car_seen(camera, car, &state, 0.9);
}

/* @events: what the car does, and that it drives off after a halt; NULL if nobody asks. */
static void act_car(const VdtStreet *street, guint64 key, VdtActPlan *plan, double from, double to,
                    VdtCast *cast, VdtStreetEvent events[2])
{
    VdtDice dice = vdt_dice(key, 85);
    VdtCar car = {.id = key | 1, .seed = vdt_mix64(key), .main = TRUE};
    gboolean passes = plan->action == VDT_STREET_CAR_PASS;
    /* The near kerb is free to park at. */
    gboolean near_lane = plan->action == VDT_STREET_CAR_PARK || vdt_pick(&dice, 2);
    gboolean fits = FALSE;
    double tells[2];

    plan->z = near_lane ? VDT_LANE_NEAR : VDT_LANE_FAR;
    plan->x = street->camera.at.x;
    if (!passes)
        plan->end = MIN(plan->end, plan->start + BRAKES);
    for (guint attempt = 0; attempt < 24 && !fits; attempt++) {
        fits = !passes || place(street, &dice, plan->z, &plan->x);
        vdt_script_car(&car, plan, near_lane, &dice, tells);
        fits = fits && car.speed >= SLOWEST && car.speed <= FASTEST;
        if (!passes)
            fits = halt_in_frame(&street->camera, &car, &dice, tells[0]) && fits;
    }
    /* It comes from, and goes, as far as anybody sees. */
    double begins = plan->start - 60 / car.speed, ends = plan->end + 16 + 60 / car.speed;
    if (!passes)
        car.leave = car.halt + vdt_between(&dice, 1, 2);
    if (begins <= to && ends >= from)
        g_array_append_val(cast->cars, car);
    if (events == NULL)
        return;
    events[0].start = (gint64)((passes ? begins : tells[0]) * 1e9);
    events[0].end = (gint64)((passes ? ends : tells[1]) * 1e9);
    if (!passes)
        events[1] = (VdtStreetEvent){.action = VDT_STREET_CAR_PASS,
                                     .start = (gint64)(car.leave * 1e9),
                                     .end = (gint64)(ends * 1e9)};
    for (guint i = 0; i < 2 && events[i].end > 0; i++) {
        events[i].actor = car.id;
        see_car(street, &car, &events[i]);
    }
}

/* Those who only walk by, and sometimes stand for a while: one path each, time after time. */
static void stroller(const VdtStreet *street, guint i, double from, double to, VdtCast *cast)
{
    VdtDice dice = vdt_dice(vdt_mix64_with(street->seed, 86), i);
    double period = vdt_between(&dice, 34, 60), offset = vdt_between(&dice, 0, 60);
    gint64 first = (gint64)floor((from - offset) / period) - 1;
    gint64 last = (gint64)floor((to - offset) / period);

    for (gint64 round = first; round <= last; round++) {
        VdtDice own = vdt_dice(dice.key, (guint64)(round + 16));
        VdtPerson person = {.id = vdt_roll(&own) | 1};
        double zones[3][2], x, tells[2];
        vdt_zones(&street->layout, zones);
        /* Behind those who act: at the near kerb, or on the other side. */
        double z = vdt_pick(&own, 3) == 0 ? vdt_between(&own, -1.4, -0.9)
                                          : vdt_between(&own, zones[1][0], zones[1][1]);
        double start = offset + round * period + vdt_between(&own, 0, 8);
        gboolean stands = vdt_pick(&own, 3) == 0;

        if (!place(street, &own, z, &x))
            continue;
        person.seed = vdt_mix64(person.id);
        vdt_look_init(&person.look, person.seed);
        person.has_bag = vdt_pick(&own, 4) == 0;
        person.bag_id = person.id + 1;
        VdtActPlan plan = {.action = stands ? VDT_STREET_EMPTY : VDT_STREET_WALK,
                           .x = x,
                           .z = z,
                           .heading = vdt_between(&own, -VDT_PI, VDT_PI)};
        double side = vdt_sign(&own), in = way_out(&street->camera, x, z, -side) / PACE;
        plan.start = start + in;
        plan.end = plan.start + (stands ? vdt_between(&own, 4, 9) : 1);
        if (!stands)
            plan.heading = side > 0 ? 0 : VDT_PI;
        vdt_script_person(&person, &plan, &own, tells);
        VdtScriptStep *act = &person.steps[0];
        double way = in * PACE;
        person.steps[1] = *act;
        person.steps[0] = (VdtScriptStep){.move = VDT_MOVE_WALK,
                                          .action = VDT_STREET_WALK,
                                          .start = start,
                                          .end = plan.start,
                                          .x0 = person.steps[1].x0 - side * way,
                                          .x1 = person.steps[1].x0,
                                          .z0 = person.steps[1].z0,
                                          .z1 = person.steps[1].z0,
                                          .heading = side > 0 ? 0 : VDT_PI};
        person.n_steps = 2;
        way = way_out(&street->camera, person.steps[1].x1, z, side);
        vdt_script_step(&person, VDT_MOVE_WALK, VDT_STREET_WALK, plan.end + way / PACE,
                        side > 0 ? 0 : VDT_PI, way);
        add_person(cast, &person, from, to);
    }
}

void vdt_endless_cast(const VdtStreet *street, double from, double to, VdtCast *cast,
                      GArray *events)
{
    gint64 first = ((gint64)floor(from / PAIR) - REACH) * 2;
    gint64 last = ((gint64)floor(to / PAIR) + REACH) * 2 + 1;

    for (gint64 act = MAX(first, 0); act <= last; act++) {
        guint64 key = vdt_mix64_with(vdt_mix64_with(street->seed, 87), (guint64)act);
        VdtActPlan plan = {.action = act_of(street->seed, act)};
        VdtStreetEvent own[2] = {{.action = plan.action}};

        times_of(street->seed, act, &plan.start, &plan.end);
        if (vdt_is_car_action(plan.action))
            act_car(street, key, &plan, from, to, cast, events != NULL ? own : NULL);
        else
            act_person(street, key, &plan, from, to, cast, own);
        for (guint i = 0; i < 2 && events != NULL; i++) {
            own[i].id = 2 * (guint64)act + i + 1;
            if (own[i].end > own[i].start)
                g_array_append_val(events, own[i]);
        }
    }
    if (events == NULL)
        for (guint i = 0; i < STROLLERS; i++)
            stroller(street, i, from, to, cast);
}

void vdt_endless_set_up(VdtStreet *street)
{
    VdtDice dice = vdt_dice(street->seed, 88);
    static const VdtLayoutKind kinds[] = {VDT_LAYOUT_SIDE, VDT_LAYOUT_CROSSING, VDT_LAYOUT_SQUARE,
                                          VDT_LAYOUT_PARK};
    VdtCamera *camera = &street->camera;
    double turn = vdt_sign(&dice) * vdt_between(&dice, 0, 0.3);

    vdt_layout_init(&street->layout, street->seed, kinds[vdt_pick(&dice, G_N_ELEMENTS(kinds))]);
    camera->sin = vdt_sin(turn);
    camera->cos = vdt_cos(turn);
    camera->focal = vdt_between(&dice, 1.45, 1.75);
    camera->at = (VdtVec){0, vdt_between(&dice, 2.5, 3.7), vdt_between(&dice, -11, -10)};
    /* The middle of the road lies below the middle of the picture. */
    double depth = (VDT_ROAD_WIDTH / 2 - camera->at.z) / camera->cos;
    camera->horizon = vdt_between(&dice, 0.58, 0.62) - camera->at.y * camera->focal / depth;
    street->props = vdt_layout_new_props(&street->layout, camera);
    /* No tree right before the camera, and nobody parks at the near kerb. */
    for (guint i = street->props->len; i-- > 0;) {
        const VdtProp *prop = &g_array_index(street->props, VdtProp, i);

        if (((prop->kind == VDT_PROP_TREE || prop->kind == VDT_PROP_BUSH) &&
             vdt_camera_depth(camera, prop->x, prop->z) < 12) ||
            (prop->kind == VDT_PROP_CAR && prop->z < VDT_ROAD_WIDTH / 2))
            g_array_remove_index(street->props, i);
    }
    for (guint i = 0; i < street->props->len; i++)
        vdt_prop_stage(&g_array_index(street->props, VdtProp, i), camera, &street->still);
}
