/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sets up a clip: first the layout, then a camera and a main actor that suit each other (drawn
 * again until the actor is well in the frame), then bystanders and props that do not hide it.
 */
#include "script.h"

#include <string.h>

#define SAMPLES  9
#define ATTEMPTS 240
#define PATIENCE                                                                                   \
    24 /* attempts with one size, so that hard actions are not seen small more often               \
        */

typedef struct {
    double time;
    gboolean seen;
    VdtBox box;    /* what the main actor needs */
    double height; /* upright */
    double x, z, depth;
} Sample;

typedef struct {
    VdtCamera camera;
    VdtPerson person;
    VdtCar car;
    VdtActPlan plan;
    double tells[2];
    double score;
    Sample samples[SAMPLES];
} Draft;

/* The camera that sees a thing of @height metres at the plan's place as large as @size. */
static void aim(VdtCamera *camera, VdtDice *dice, const VdtLayout *layout, const VdtActPlan *plan,
                double height, double size)
{
    static const double turns[VDT_N_LAYOUTS][2] = {
        [VDT_LAYOUT_SIDE] = {0, 0.35},     [VDT_LAYOUT_LENGTH] = {0.65, 1.05},
        [VDT_LAYOUT_CROSSING] = {0, 0.75}, [VDT_LAYOUT_SQUARE] = {0, 0.8},
        [VDT_LAYOUT_PARK] = {0, 0.5},
    };
    double turn = vdt_between(dice, turns[layout->kind][0], turns[layout->kind][1]);
    turn *= vdt_sign(dice);
    double focal = vdt_octaves(dice, 0.8, 1.2), depth = focal * height / size;
    double highest = vdt_clamp(2 / size, 3, 8);
    double eye = 1.5 + (highest - 1.5) * vdt_chance(dice) * vdt_chance(dice);
    double foot = vdt_between(dice, MAX(size + 0.04, 0.28), 0.97);
    double across = vdt_between(dice, -0.72, 0.72);

    camera->sin = vdt_sin(turn);
    camera->cos = vdt_cos(turn);
    camera->focal = focal;
    camera->horizon = foot - eye * focal / depth;
    double right = across * depth / focal;
    camera->at.x = plan->x - depth * camera->sin - right * camera->cos;
    camera->at.y = eye;
    camera->at.z = plan->z - depth * camera->cos + right * camera->sin;
}

/* Makes the box of a sample hold what stands at another place, too. */
static void join(Sample *sample, const VdtCamera *camera, double x, double z, double height)
{
    VdtBox other;

    if (!vdt_person_box(camera, x, z, height, &other)) {
        sample->seen = FALSE;
        return;
    }
    sample->box.x0 = MIN(sample->box.x0, other.x0);
    sample->box.y0 = MIN(sample->box.y0, other.y0);
    sample->box.x1 = MAX(sample->box.x1, other.x1);
    sample->box.y1 = MAX(sample->box.y1, other.y1);
}

static void sample_person(Draft *draft, double duration)
{
    for (int i = 0; i < SAMPLES; i++) {
        Sample *sample = &draft->samples[i];
        VdtPose pose;
        VdtScriptStep now;

        sample->time = duration * i / (SAMPLES - 1);
        vdt_person_pose(&draft->person, sample->time, &pose, &now);
        sample->x = now.x0;
        sample->z = now.z0;
        sample->depth = vdt_camera_depth(&draft->camera, now.x0, now.z0);
        sample->seen =
            vdt_person_box(&draft->camera, now.x0, now.z0, draft->person.look.height, &sample->box);
        /* Who lies or waves needs more room, and so do two. */
        double wide = sample->box.x1 - sample->box.x0;
        sample->height = sample->box.y1 - sample->box.y0;
        if (draft->plan.action == VDT_STREET_WAVE) {
            sample->box.y0 -= 0.25 * sample->height;
            sample->box.x0 -= 0.5 * wide;
            sample->box.x1 += 0.5 * wide;
        } else if (draft->plan.action == VDT_STREET_FIGHT) {
            join(sample, &draft->camera, now.x0 + vdt_cos(now.heading),
                 now.z0 + vdt_sin(now.heading), draft->person.look.height);
        }
        double ahead = 0.95 * draft->person.look.height * vdt_sin(pose.pitch);
        double left = 0.95 * draft->person.look.height * vdt_sin(pose.roll);
        if (fabs(ahead) + fabs(left) > 0.1)
            join(sample, &draft->camera,
                 now.x0 + ahead * vdt_cos(now.heading) - left * vdt_sin(now.heading),
                 now.z0 + ahead * vdt_sin(now.heading) + left * vdt_cos(now.heading), 0.2);
    }
}

static void sample_car(Draft *draft, double duration)
{
    VdtCarLook look;

    vdt_car_look(draft->car.seed, &look);
    for (int i = 0; i < SAMPLES; i++) {
        Sample *sample = &draft->samples[i];
        VdtCarState state;

        sample->time = duration * i / (SAMPLES - 1);
        vdt_car_state(&draft->car, sample->time, &state);
        sample->x = state.x;
        sample->z = state.z;
        sample->depth = vdt_camera_depth(&draft->camera, state.x, state.z);
        sample->seen = vdt_car_box(&draft->camera, &state, look.length, look.height, &sample->box);
        sample->height = sample->box.y1 - sample->box.y0;
    }
}

/* In how many of the samples the actor is in the frame and as large as it should be. */
static double judge(const Draft *draft, double smallest, double largest)
{
    double score = 0;

    if (draft->camera.horizon > 0.56 || draft->camera.horizon < -0.2)
        return -1;
    for (int i = 0; i < SAMPLES; i++) {
        const Sample *sample = &draft->samples[i];

        if (sample->seen && vdt_box_inside(&sample->box) >= 0.96 && sample->height >= smallest &&
            sample->height <= largest)
            score++;
    }
    return score;
}

static double pick_heading(VdtDice *dice, const VdtLayout *layout, double z)
{
    double along = vdt_pick(dice, 2) * VDT_PI;
    double free = vdt_between(dice, -VDT_PI, VDT_PI), little = vdt_between(dice, -0.2, 0.2);

    return z < 0 && (layout->kind == VDT_LAYOUT_SQUARE || vdt_pick(dice, 3) == 0) ? free
                                                                                  : along + little;
}

static void draft_person(VdtStreet *street, VdtDice *dice, double share, Draft *draft,
                         double duration)
{
    double zones[3][2], size = 0.13 * vdt_exp2(2.08 * share);
    guint n = vdt_zones(&street->layout, zones), zone = vdt_pick(dice, n);
    VdtStreetAction action = street->clip.action;
    VdtActPlan *plan = &draft->plan;
    VdtPerson *person = &draft->person;

    *plan = (VdtActPlan){.action = action, .end = duration};
    plan->z = vdt_between(dice, zones[zone][0], zones[zone][1]);
    plan->heading = pick_heading(dice, &street->layout, plan->z);
    plan->room = 0.85 * 2 * VDT_HALF_WIDTH * person->look.height / size;
    aim(&draft->camera, dice, &street->layout, plan, person->look.height, size);
    double towards = vdt_between(dice, -1.1, 1.1), across = vdt_between(dice, -0.8, 0.8);
    guint way = vdt_pick(dice, 2);
    /* Who waves looks more or less at the camera; a fight is seen from the side. */
    VdtDice same = *dice;
    double face = 0; /* the angle that looks at the camera, found without an arc tangent */
    double best = -2;
    for (int i = 0; i < 64; i++) {
        double angle = i * VDT_PI / 32;
        double fit = -vdt_cos(angle) * draft->camera.sin - vdt_sin(angle) * draft->camera.cos;
        if (fit > best) {
            best = fit;
            face = angle;
        }
    }
    if (action == VDT_STREET_WAVE)
        plan->heading = face + towards;
    else if (action == VDT_STREET_FIGHT)
        plan->heading = face + VDT_PI / 2 + way * VDT_PI + across;
    else if (action == VDT_STREET_EMPTY)
        plan->heading = face + 2 * towards;
    vdt_script_person(person, plan, &same, draft->tells);
    sample_person(draft, duration);
    draft->score = judge(draft, 0.105, 0.62);
    /* What goes straight to or from the camera hardly moves in the picture. */
    double side =
        vdt_cos(plan->heading) * draft->camera.cos - vdt_sin(plan->heading) * draft->camera.sin;
    if (fabs(side) < 0.4 && action != VDT_STREET_WAVE && action != VDT_STREET_EMPTY)
        draft->score -= 4;
}

static void draft_car(VdtStreet *street, VdtDice *dice, double share, Draft *draft, double duration)
{
    VdtCarLook look;
    VdtActPlan *plan = &draft->plan;
    gboolean near_lane = vdt_pick(dice, 2);
    VdtDice same;

    vdt_car_look(draft->car.seed, &look);
    *plan = (VdtActPlan){.action = street->clip.action,
                         .end = duration,
                         .z = near_lane ? VDT_LANE_NEAR : VDT_LANE_FAR};
    aim(&draft->camera, dice, &street->layout, plan, look.height, 0.12 * vdt_exp2(1.8 * share));
    same = *dice;
    vdt_script_car(&draft->car, plan, near_lane, &same, draft->tells);
    sample_car(draft, duration);
    draft->score = judge(draft, 0.105, 0.5) + 0.5;
}

/* Whether the main actor can be seen although @box stands at @depth. */
static gboolean hides(const Draft *draft, const Sample *sample, const VdtBox *box, double depth)
{
    return sample->seen && depth < sample->depth + 0.4 && vdt_box_overlap(&sample->box, box) > 0.12;
}

static void add_bystanders(VdtStreet *street, const Draft *draft, VdtDice *dice, double duration)
{
    guint n = vdt_pick(dice, 7);
    gboolean nobody = street->clip.action == VDT_STREET_EMPTY;
    double zones[3][2];
    guint n_zones = vdt_zones(&street->layout, zones);
    const VdtCamera *camera = &street->camera;

    for (guint i = 0; i < n; i++) {
        VdtPerson person = {.id = vdt_mix64_with(street->seed, 100 + i) | 1};
        gboolean ok = FALSE;

        person.seed = vdt_mix64(person.id);
        vdt_look_init(&person.look, person.seed);
        for (int attempt = 0; attempt < 10 && !ok; attempt++) {
            guint zone = vdt_pick(dice, n_zones);
            double z = vdt_between(dice, zones[zone][0], zones[zone][1]);
            double across = vdt_between(dice, -0.85, 0.85), tells[2];
            double ahead = camera->cos - camera->sin * across / camera->focal;
            double depth = ahead != 0 ? (z - camera->at.z) / ahead : 0;
            gboolean walks = vdt_pick(dice, 5) < 3 && !nobody;
            double heading =
                walks ? pick_heading(dice, &street->layout, z) : vdt_between(dice, -VDT_PI, VDT_PI);
            VdtActPlan plan = {.action = walks ? VDT_STREET_WALK : VDT_STREET_EMPTY,
                               .end = duration,
                               .z = z,
                               .heading = heading};

            if (depth < 2 || depth > 45)
                continue;
            plan.x =
                camera->at.x + depth * camera->sin + across * depth / camera->focal * camera->cos;
            person.has_bag = vdt_pick(dice, 4) == 0;
            vdt_script_person(&person, &plan, dice, tells);
            person.bag_id = person.id + 1;
            ok = TRUE;
            for (int k = 0; k < SAMPLES && ok; k++) {
                const Sample *sample = &draft->samples[k];
                VdtPose pose;
                VdtScriptStep now;
                VdtBox box;

                vdt_person_pose(&person, sample->time, &pose, &now);
                if (!vdt_person_box(camera, now.x0, now.z0, person.look.height, &box))
                    continue;
                if (box.y1 - box.y0 > 0.8)
                    ok = FALSE;
                if (nobody)
                    continue;
                double dx = now.x0 - sample->x, dz = now.z0 - sample->z;
                if (dx * dx + dz * dz < 1.2)
                    ok = FALSE;
                if (hides(draft, sample, &box, vdt_camera_depth(camera, now.x0, now.z0)))
                    ok = FALSE;
            }
        }
        if (ok)
            g_array_append_val(street->cast.people, person);
    }
}

/* Takes away what would hide the main actor, or stand in its way. */
static void clear_props(VdtStreet *street, const Draft *draft)
{
    for (guint i = 0; i < street->props->len;) {
        const VdtProp *prop = &g_array_index(street->props, VdtProp, i);
        const VdtThing *thing;
        gboolean away = FALSE;

        vdt_stage_empty(&street->still);
        vdt_prop_stage(prop, &street->camera, &street->still);
        if (street->still.things->len == 0) {
            g_array_remove_index(street->props, i);
            continue;
        }
        thing = &g_array_index(street->still.things, VdtThing, 0);
        for (int k = 0; k < SAMPLES && !away && street->clip.action != VDT_STREET_EMPTY; k++) {
            const Sample *sample = &draft->samples[k];
            double dx = fabs(sample->x - prop->x), dz = fabs(sample->z - prop->z);

            if (hides(draft, sample, &thing->box, thing->depth))
                away = TRUE;
            if (vdt_is_car_action(street->clip.action))
                away |= prop->kind == VDT_PROP_CAR && dx < 5.5 && dz < 2;
            else
                away |= dx < (prop->kind == VDT_PROP_CAR ? 3 : 1) && dz < 1;
        }
        if (away)
            g_array_remove_index(street->props, i);
        else
            i++;
    }
    vdt_stage_empty(&street->still);
}

void vdt_clip_set_up(VdtStreet *street)
{
    const VdtStreetClip *clip = &street->clip;
    VdtDice dice = vdt_dice(street->seed, 61);
    double duration = clip->duration / 1e9;
    gboolean car = vdt_is_car_action(clip->action) ||
                   (clip->action == VDT_STREET_EMPTY && vdt_pick(&dice, 4) == 0);
    Draft best = {.score = -10}, draft;

    vdt_layout_init(&street->layout, street->seed, vdt_pick(&dice, VDT_N_LAYOUTS));
    for (guint i = 0; i < ATTEMPTS && best.score < 6.5; i++) {
        VdtDice own = vdt_dice(dice.key, 620 + i), sizes = vdt_dice(dice.key, 600 + i / PATIENCE);
        double share = vdt_chance(&sizes);

        memset(&draft, 0, sizeof draft);
        draft.person.id = draft.car.id = vdt_mix64_with(street->seed, 63) | 1;
        draft.person.seed = vdt_mix64(draft.person.id) & ~1ull;
        draft.car.seed = vdt_mix64(draft.car.id);
        draft.person.main = draft.car.main = TRUE;
        vdt_look_init(&draft.person.look, draft.person.seed);
        if (car)
            draft_car(street, &own, share, &draft, duration);
        else
            draft_person(street, &own, share, &draft, duration);
        if (draft.score > best.score)
            best = draft;
    }
    street->camera = best.camera;
    if (street->layout.kind == VDT_LAYOUT_LENGTH)
        street->layout.near_side = MIN(-6.5, street->camera.at.z - 1.5);

    if (clip->action != VDT_STREET_EMPTY) {
        VdtStreetEvent event = {
            .id = 1,
            .action = clip->action,
            .start = (gint64)(best.tells[0] * 1e9),
            .end = MIN((gint64)(best.tells[1] * 1e9), clip->duration),
            .told = (gint64)(best.tells[0] * 1e9),
            .actor = best.person.id,
        };

        g_array_append_val(street->events, event);
        if (car) {
            g_array_append_val(street->cast.cars, best.car);
        } else {
            VdtDice own = vdt_dice(street->seed, 64);
            gboolean bag = vdt_pick(&own, 3) == 0;

            best.person.bag_id = best.person.id + 1;
            if (clip->action == VDT_STREET_WALK || clip->action == VDT_STREET_LOITER)
                best.person.has_bag = bag;
            g_array_append_val(street->cast.people, best.person);
        }
        if (clip->action == VDT_STREET_FIGHT) {
            VdtPerson second = {
                .id = best.person.id + 2, .seed = best.person.seed | 1, .main = TRUE};

            vdt_look_init(&second.look, second.seed);
            vdt_script_opponent(&second, &best.person, &best.plan);
            g_array_append_val(street->cast.people, second);
        }
    }
    add_bystanders(street, &best, &dice, duration);
    street->props = vdt_layout_new_props(&street->layout, &street->camera);
    clear_props(street, &best);
    for (guint i = 0; i < street->props->len; i++)
        vdt_prop_stage(&g_array_index(street->props, VdtProp, i), &street->camera, &street->still);
}
