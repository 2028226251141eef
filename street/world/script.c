/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "script.h"

#include <string.h>

gboolean vdt_is_car_action(VdtStreetAction action)
{
    return action >= VDT_STREET_CAR_PASS && action <= VDT_STREET_CAR_PARK;
}

guint vdt_zones(const VdtLayout *layout, double zones[3][2])
{
    double front = vdt_layout_front(layout), wide = layout->kind == VDT_LAYOUT_SQUARE ? 14 : 6;

    zones[0][0] = -wide;
    zones[0][1] = -1.5;
    zones[1][0] = VDT_ROAD_WIDTH + 1.5;
    zones[1][1] = front - 0.6;
    return 2;
}

VdtScriptStep *vdt_script_step(VdtPerson *person, VdtMove move, VdtStreetAction action, double end,
                               double heading, double way)
{
    VdtScriptStep *step = &person->steps[person->n_steps];
    const VdtScriptStep *before = step - 1;

    g_assert(person->n_steps > 0 && person->n_steps < VDT_MAX_SCRIPT_STEPS);
    *step = (VdtScriptStep){.move = move,
                            .action = action,
                            .start = before->end,
                            .end = MAX(end, before->end),
                            .x0 = before->x1,
                            .z0 = before->z1,
                            .heading = heading};
    step->x1 = step->x0 + way * vdt_cos(heading);
    step->z1 = step->z0 + way * vdt_sin(heading);
    person->n_steps++;
    return step;
}

static void first_step(VdtPerson *person, VdtMove move, VdtStreetAction action, double start,
                       double end, double x, double z, double heading, double way)
{
    person->n_steps = 1;
    person->steps[0] = (VdtScriptStep){.move = move,
                                       .action = action,
                                       .start = start,
                                       .end = end,
                                       .x0 = x,
                                       .z0 = z,
                                       .x1 = x + way * vdt_cos(heading),
                                       .z1 = z + way * vdt_sin(heading),
                                       .heading = heading};
}

void vdt_script_person(VdtPerson *person, const VdtActPlan *plan, VdtDice *dice, double tells[2])
{
    VdtStreetAction action = plan->action;
    double start = plan->start, end = plan->end, length = end - start;
    double x = plan->x, z = plan->z, heading = plan->heading;
    double c = vdt_cos(heading), s = vdt_sin(heading);
    double speed = vdt_between(dice, 1.1, 1.55), at, took;

    person->cadence = vdt_between(dice, 0.92, 1.08);
    person->phase = vdt_chance(dice);
    person->bag_down = person->bag_up = G_MAXDOUBLE;
    tells[0] = start;
    tells[1] = end;
    switch (action) {
    case VDT_STREET_WALK:
        first_step(person, VDT_MOVE_WALK, action, start, end, x - c * speed * length / 2,
                   z - s * speed * length / 2, heading, speed * length);
        break;
    case VDT_STREET_RUN:
        speed = vdt_between(dice, 2.7, 4.2);
        speed = MIN(speed, MAX(plan->room / length, 2.3));
        first_step(person, VDT_MOVE_RUN, action, start, end, x - c * speed * length / 2,
                   z - s * speed * length / 2, heading, speed * length);
        break;
    case VDT_STREET_FALL:
        took = vdt_between(dice, 0.45, 0.75);
        at = start + vdt_between(dice, 0.18, 0.55) * (length - took);
        if (vdt_pick(dice, 4) == 0)
            first_step(person, VDT_MOVE_STAND, VDT_STREET_EMPTY, start, at, x, z, heading, 0);
        else
            first_step(person, VDT_MOVE_WALK, VDT_STREET_WALK, start, at,
                       x - c * speed * (at - start), z - s * speed * (at - start), heading,
                       speed * (at - start));
        vdt_script_step(person, VDT_MOVE_FALL, action, at + took, heading, 0.2);
        vdt_script_step(person, VDT_MOVE_LIE, action, end, heading, 0);
        tells[0] = at;
        tells[1] = at + took;
        break;
    case VDT_STREET_GET_UP:
        took = MIN(vdt_between(dice, 1, 1.5), length * 0.62);
        at = start + vdt_between(dice, 0.12, 0.75) * (length - took - 0.1);
        first_step(person, VDT_MOVE_LIE, action, start, at, x, z, heading, 0);
        vdt_script_step(person, VDT_MOVE_RISE, action, at + took, heading, 0);
        tells[0] = at;
        tells[1] = at + took;
        if (vdt_pick(dice, 2))
            vdt_script_step(person, VDT_MOVE_STAND, action, end, heading, 0);
        else
            vdt_script_step(person, VDT_MOVE_WALK, action, end, heading, speed * (end - at - took));
        break;
    case VDT_STREET_LOITER: {
        /* To and fro, from a random moment of it; pauses at the turns. */
        double pace = vdt_between(dice, 0.7, 1.0), to = vdt_between(dice, 0.32, 0.5);
        double pause = vdt_between(dice, 0.1, 0.2), leg = MIN(length * to, 2.4);
        double turn = heading + VDT_PI;

        at = start + leg * vdt_between(dice, 0.75, 1);
        first_step(person, VDT_MOVE_WALK, action, start, at, x - c * pace * leg / 2,
                   z - s * pace * leg / 2, heading, pace * (at - start));
        while (at < end && person->n_steps + 2 < VDT_MAX_SCRIPT_STEPS) {
            at = MIN(at + pause * MIN(length, 3), end);
            vdt_script_step(person, VDT_MOVE_STAND, action, at, turn, 0);
            double until = MIN(at + leg * vdt_between(dice, 0.85, 1.1), end);
            vdt_script_step(person, VDT_MOVE_WALK, action, until, turn, pace * (until - at));
            at = until;
            turn += VDT_PI;
        }
        break;
    }
    case VDT_STREET_LEAVE_BAG: {
        double off = heading + (vdt_pick(dice, 2) ? VDT_PI : 0) + vdt_between(dice, -0.5, 0.5);

        took = MIN(vdt_between(dice, 0.75, 0.95), length * 0.36);
        at = start + vdt_between(dice, 0.2, 0.36) * length;
        first_step(person, VDT_MOVE_WALK, action, start, at, x - c * speed * (at - start),
                   z - s * speed * (at - start), heading, speed * (at - start));
        vdt_script_step(person, VDT_MOVE_STOOP, action, at + took, heading, 0);
        vdt_script_step(person, VDT_MOVE_WALK, action, end, off, speed * 1.1 * (end - at - took));
        person->has_bag = TRUE;
        person->bag_down = at + took / 2;
        tells[0] = at;
        tells[1] = MIN(at + took + 1, end);
        break;
    }
    case VDT_STREET_WAVE:
        first_step(person, VDT_MOVE_WAVE, action, start, end, x, z, heading, 0);
        break;
    case VDT_STREET_FIGHT:
        first_step(person, VDT_MOVE_FIGHT, action, start, end, x, z, heading, 0);
        break;
    default:
        first_step(person, VDT_MOVE_STAND, VDT_STREET_EMPTY, start, end, x, z, heading, 0);
    }
}

void vdt_script_opponent(VdtPerson *person, const VdtPerson *first, const VdtActPlan *plan)
{
    VdtDice dice = vdt_dice(first->seed, 51);
    double apart = vdt_between(&dice, 0.85, 1.05);

    person->cadence = first->cadence;
    person->bag_down = person->bag_up = G_MAXDOUBLE;
    first_step(person, VDT_MOVE_FIGHT, VDT_STREET_FIGHT, plan->start, plan->end,
               plan->x + apart * vdt_cos(plan->heading), plan->z + apart * vdt_sin(plan->heading),
               plan->heading + VDT_PI, 0);
}

void vdt_script_car(VdtCar *car, const VdtActPlan *plan, gboolean near_lane, VdtDice *dice,
                    double tells[2])
{
    double length = plan->end - plan->start, way;

    car->action = plan->action;
    car->direction = near_lane ? 1 : -1;
    car->z = near_lane ? VDT_LANE_NEAR : VDT_LANE_FAR;
    car->speed = vdt_octaves(dice, 4.5, 1.1);
    car->brake = car->halt = car->leave = G_MAXDOUBLE;
    car->shift = car->shift_x0 = car->shift_x1 = 0;
    tells[0] = plan->start;
    tells[1] = plan->end;
    double brake = vdt_between(dice, 0.1, 0.38), halt = vdt_between(dice, 0.65, 0.85);
    double from = vdt_between(dice, 0, 0.12), to = vdt_between(dice, 0.88, 0.97);
    double late = vdt_between(dice, -0.1, 0.1);
    if (plan->action == VDT_STREET_CAR_PASS) {
        /* In the middle of the act it is at the plan's place. */
        way = car->speed * (plan->start + length * (0.5 + late));
        car->x = plan->x - car->direction * way;
        return;
    }
    car->brake = plan->start + brake * length;
    car->halt = plan->start + halt * length;
    way = car->speed * car->brake + car->speed * (car->halt - car->brake) / 2;
    car->x = plan->x - car->direction * way;
    tells[0] = car->brake;
    tells[1] = car->halt;
    if (plan->action == VDT_STREET_CAR_PARK) {
        double total = way - car->speed * plan->start;

        car->shift = near_lane ? VDT_KERB_NEAR - VDT_LANE_NEAR : VDT_KERB_FAR - VDT_LANE_FAR;
        car->shift_x0 = plan->x - car->direction * total * (1 - from);
        car->shift_x1 = plan->x - car->direction * total * (1 - to);
        tells[0] = plan->start + 0.05 * length;
    }
}

gboolean vdt_person_box(const VdtCamera *camera, double x, double z, double height, VdtBox *box)
{
    VdtPoint foot;

    if (vdt_camera_depth(camera, x, z) < 1.2)
        return FALSE;
    double scale = vdt_camera_project(camera, (VdtVec){x, 0, z}, &foot);
    *box = (VdtBox){foot.x - 0.2 * height * scale, foot.y - height * scale,
                    foot.x + 0.2 * height * scale, foot.y};
    return TRUE;
}

gboolean vdt_car_box(const VdtCamera *camera, const VdtCarState *state, double length,
                     double height, VdtBox *box)
{
    *box = (VdtBox){G_MAXDOUBLE, G_MAXDOUBLE, -G_MAXDOUBLE, -G_MAXDOUBLE};
    for (int i = 0; i < 8; i++) {
        double f = (i & 1 ? 0.5 : -0.5) * length, s = i & 2 ? 0.88 : -0.88;
        VdtVec at = {state->x + f * state->cos - s * state->sin, i & 4 ? height : 0,
                     state->z + f * state->sin + s * state->cos};
        VdtPoint point;

        if (vdt_camera_depth(camera, at.x, at.z) < 1)
            return FALSE;
        vdt_camera_project(camera, at, &point);
        box->x0 = MIN(box->x0, point.x);
        box->x1 = MAX(box->x1, point.x);
        box->y0 = MIN(box->y0, point.y);
        box->y1 = MAX(box->y1, point.y);
    }
    return TRUE;
}

double vdt_box_overlap(const VdtBox *a, const VdtBox *b)
{
    double w = MIN(a->x1, b->x1) - MAX(a->x0, b->x0), h = MIN(a->y1, b->y1) - MAX(a->y0, b->y0);
    double area = (a->x1 - a->x0) * (a->y1 - a->y0);

    return w > 0 && h > 0 && area > 0 ? w * h / area : 0;
}

double vdt_box_inside(const VdtBox *box)
{
    static const VdtBox frame = {-VDT_HALF_WIDTH, 0, VDT_HALF_WIDTH, 1};

    return vdt_box_overlap(box, &frame);
}
