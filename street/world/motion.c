/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How people move: the pose of a body as a closed function of time. */
#include "world.h"

#include <string.h>

/* Two halves of one cycle, half a cycle apart: left leg and right, and the opposite arms. */
static void walk(VdtPose *pose, double cycles, double stride, gboolean laden)
{
    for (int i = 0; i < 2; i++) {
        double angle = 2 * VDT_PI * cycles + i * VDT_PI;
        double s = vdt_sin(angle), c = MAX(vdt_cos(angle), 0);

        pose->thigh[i] = stride * s + 0.05;
        pose->knee[i] = 0.08 + 0.95 * c * c * vdt_clamp(stride / 0.42, 0.4, 1.2);
        pose->swing[i] = -0.85 * stride * s;
        pose->elbow[i] = 0.18;
        pose->raise[i] = 0.08;
    }
    if (laden) {
        pose->swing[1] *= 0.25;
        pose->elbow[1] = 0.05;
        pose->raise[1] = 0.14;
    }
    pose->lean = 0.05;
}

static void run(VdtPose *pose, double cycles)
{
    for (int i = 0; i < 2; i++) {
        double angle = 2 * VDT_PI * cycles + i * VDT_PI;
        double s = vdt_sin(angle), c = MAX(vdt_cos(angle), 0);

        pose->thigh[i] = 0.78 * s + 0.22;
        pose->knee[i] = 0.35 + 1.5 * c * c;
        pose->swing[i] = -0.85 * s - 0.1;
        pose->elbow[i] = 1.55;
        pose->raise[i] = 0.12;
    }
    pose->lean = 0.22;
    pose->hop = 0.09 * (0.5 - 0.5 * vdt_cos(4 * VDT_PI * cycles));
}

static void stand(VdtPose *pose, guint64 seed, double time)
{
    VdtDice dice = vdt_dice(seed, 11);
    double phase = vdt_chance(&dice) * 6, pace = vdt_between(&dice, 0.8, 1.6);
    double arms = vdt_between(&dice, 0, 0.3);
    guint manner = vdt_pick(&dice, 5);

    for (int i = 0; i < 2; i++) {
        pose->splay[i] = 0.06;
        pose->knee[i] = 0.04;
        pose->swing[i] = arms * 0.3;
        pose->raise[i] = 0.1;
        pose->elbow[i] = 0.1 + arms;
    }
    if (manner == 0) { /* a telephone at the ear */
        pose->swing[0] = 0.5;
        pose->raise[0] = 0.35;
        pose->elbow[0] = 2.2;
    } else if (manner == 1) { /* hands before the body */
        pose->elbow[0] = pose->elbow[1] = 1.2;
        pose->nod = 0.35;
    }
    pose->lean = 0.03 * vdt_sin(phase + pace * time);
    pose->sway = 0.012 * vdt_sin(2 * phase + 0.7 * pace * time);
    pose->nod += 0.06 * vdt_sin(3 * phase + 0.9 * pace * time);
}

static void wave(VdtPose *pose, guint64 seed, double time)
{
    VdtDice dice = vdt_dice(seed, 12);
    guint arms = vdt_pick(&dice, 4); /* left, right, both, both in turn */
    double rate = vdt_between(&dice, 1.0, 1.6), phase = vdt_chance(&dice);
    double wide = vdt_between(&dice, 0.55, 0.8), lift = vdt_between(&dice, 2.2, 2.5);

    for (int i = 0; i < 2; i++) {
        double s = vdt_sin(2 * VDT_PI * (rate * time + phase) + (arms == 3 ? i * VDT_PI : 0));

        if ((guint)i != arms && arms < 2)
            continue;
        pose->swing[i] = 0.1;
        pose->raise[i] = lift + wide * s;
        pose->elbow[i] = 0.1;
        pose->twist[i] = 0.15 + 0.45 * wide * s;
    }
}

static gboolean lies_on_side(guint64 seed)
{
    VdtDice dice = vdt_dice(seed, 14);

    return vdt_pick(&dice, 4) == 3;
}

static void flat(VdtPose *pose, guint64 seed)
{
    VdtDice dice = vdt_dice(seed, 13);
    gboolean side = lies_on_side(seed);

    for (int i = 0; i < 2; i++) {
        pose->splay[i] = vdt_between(&dice, 0.05, 0.3);
        pose->thigh[i] = vdt_between(&dice, 0, 0.35);
        pose->knee[i] = pose->thigh[i] * vdt_between(&dice, 1, 2);
        pose->raise[i] = vdt_between(&dice, 0.2, 1.5);
        pose->swing[i] = vdt_between(&dice, -0.2, 0.3);
        if (side) {
            pose->splay[i] = 0.03;
            pose->swing[i] += 0.5 + 0.5 * pose->raise[i];
            pose->raise[i] = 0.1;
        }
        pose->elbow[i] = vdt_between(&dice, 0.2, 1);
    }
}

/* Which way a person falls, and so lies. */
static void tilt(VdtPose *pose, guint64 seed, double share)
{
    VdtDice dice = vdt_dice(seed, 14);

    switch (vdt_pick(&dice, 4)) {
    case 0:
    case 1:
        pose->pitch = 1.52 * share;
        break;
    case 2:
        pose->pitch = -1.52 * share;
        break;
    default:
        pose->roll = 1.5 * share * vdt_sign(&dice);
    }
}

static void blend(VdtPose *pose, const VdtPose *with, double share)
{
    double *a = (double *)pose;
    const double *b = (const double *)with;

    for (gsize i = 0; i < sizeof *pose / sizeof *a; i++)
        a[i] = vdt_lerp(a[i], b[i], share);
}

static void fall(VdtPose *pose, guint64 seed, double share)
{
    VdtPose lying = {0};

    flat(&lying, seed);
    blend(pose, &lying, vdt_smooth(share));
    tilt(pose, seed, share * share);
    /* Knees give way, arms reach out. */
    double middle = 4 * share * (1 - share);
    for (int i = 0; i < 2; i++) {
        pose->thigh[i] += 0.5 * middle;
        pose->knee[i] += 0.9 * middle;
        pose->raise[i] += 0.7 * middle;
        pose->swing[i] += 0.5 * middle;
    }
}

static void rise(VdtPose *pose, guint64 seed, double share)
{
    VdtPose lying = {0};

    flat(&lying, seed);
    blend(pose, &lying, 1 - vdt_smooth(share * 1.3));
    tilt(pose, seed, 1 - vdt_smooth(share / 0.62));
    double squat = vdt_smooth(share / 0.45) * (1 - vdt_smooth((share - 0.5) / 0.5));
    for (int i = 0; i < 2; i++) {
        pose->thigh[i] += 1.5 * squat;
        pose->knee[i] += (i ? 2.3 : 1.9) * squat;
        pose->swing[i] += 0.7 * squat;
    }
    pose->lean += 0.55 * squat;
    pose->sway -= 0.25 * squat;
}

static void stoop(VdtPose *pose, double share)
{
    double deep = vdt_smooth(share / 0.42) * (1 - vdt_smooth((share - 0.58) / 0.42));

    for (int i = 0; i < 2; i++) {
        pose->thigh[i] += 0.75 * deep;
        pose->knee[i] += 1.2 * deep;
        pose->swing[i] += 0.8 * deep;
    }
    pose->lean += 0.95 * deep;
    pose->nod += 0.2 * deep;
    pose->sway -= 0.18 * deep;
}

/* Blows in turn: two of a pair have seeds that differ in their lowest bit only. */
static void fight(VdtPose *pose, guint64 seed, double time)
{
    VdtDice dice = vdt_dice(seed >> 1, 15);
    double rate = vdt_between(&dice, 1.0, 1.5), phase = vdt_chance(&dice);
    double beat = rate * time + phase + (seed & 1 ? 0.5 : 0);
    double at = beat - floor(beat); /* own blow in the first half, the other's in the second */
    guint64 round = (guint64)(gint64)floor(beat) + 1000;
    int arm = vdt_mix64_with(seed, round) & 1;
    gboolean push = (vdt_mix64_with(seed, round) >> 1) % 3 == 0;
    double hit = at < 0.4 ? vdt_smooth(at / 0.16) * (1 - vdt_smooth((at - 0.2) / 0.2)) : 0;
    double reel =
        at > 0.58 ? vdt_smooth((at - 0.58) / 0.12) * (1 - vdt_smooth((at - 0.75) / 0.25)) : 0;

    for (int i = 0; i < 2; i++) {
        double blow = i == arm || push ? hit : 0;

        pose->swing[i] = 0.55 + 1.0 * blow - 0.5 * reel;
        pose->elbow[i] = 1.9 - 1.8 * blow - 0.6 * reel;
        pose->raise[i] = 0.15 + 0.7 * reel;
        pose->thigh[i] = (i ? 0.35 : -0.25) + 0.25 * hit * (i ? 1 : -1) - 0.15 * reel;
        pose->knee[i] = 0.3 + 0.2 * hit;
    }
    pose->lean = 0.12 + 0.3 * hit - 0.5 * reel;
    pose->nod = -0.3 * reel;
    pose->sway = 0.14 * hit - 0.26 * reel;
}

static void pose_of(const VdtPerson *person, const VdtScriptStep *step, double time, VdtPose *pose)
{
    double length = step->end - step->start;
    double share = length > 0 ? vdt_clamp((time - step->start) / length, 0, 1) : 1;
    gboolean laden = person->has_bag && (time < person->bag_down || time >= person->bag_up);
    double cycles = person->cadence * time + person->phase;
    double speed;

    memset(pose, 0, sizeof *pose);
    switch (step->move) {
    case VDT_MOVE_WALK:
        speed = length > 0 ? sqrt((step->x1 - step->x0) * (step->x1 - step->x0) +
                                  (step->z1 - step->z0) * (step->z1 - step->z0)) /
                                 length
                           : 0;
        walk(pose, cycles, vdt_clamp(0.33 * speed / person->cadence, 0.16, 0.52), laden);
        break;
    case VDT_MOVE_RUN:
        run(pose, cycles * 1.5);
        break;
    case VDT_MOVE_WAVE:
        stand(pose, person->seed, time);
        wave(pose, person->seed, time);
        break;
    case VDT_MOVE_FALL:
        stand(pose, person->seed, time);
        fall(pose, person->seed, share);
        break;
    case VDT_MOVE_LIE:
        flat(pose, person->seed);
        tilt(pose, person->seed, 1);
        break;
    case VDT_MOVE_RISE:
        rise(pose, person->seed, share);
        break;
    case VDT_MOVE_STOOP:
        walk(pose, 0, 0.12, laden);
        stoop(pose, share);
        break;
    case VDT_MOVE_FIGHT:
        fight(pose, person->seed, time);
        break;
    case VDT_MOVE_STAND:
        stand(pose, person->seed, time);
        if (laden) {
            pose->swing[1] = 0;
            pose->elbow[1] = 0.05;
            pose->raise[1] = 0.14;
        }
    }
}

const VdtScriptStep *vdt_person_step(const VdtPerson *person, double time)
{
    guint i = 0;

    while (i + 1 < person->n_steps && time >= person->steps[i + 1].start)
        i++;
    return &person->steps[i];
}

/* One movement goes over into the next within this time. */
#define OVER 0.22

void vdt_person_pose(const VdtPerson *person, double time, VdtPose *pose, VdtScriptStep *now)
{
    const VdtScriptStep *step = vdt_person_step(person, time);
    double length = step->end - step->start;
    double share = length > 0 ? vdt_clamp((time - step->start) / length, 0, 1) : 0;

    *now = *step;
    now->x0 = vdt_lerp(step->x0, step->x1, share);
    now->z0 = vdt_lerp(step->z0, step->z1, share);
    pose_of(person, step, time, pose);
    if (step == person->steps || time - step->start >= 2 * OVER)
        return;

    const VdtScriptStep *before = step - 1;
    double over = vdt_smooth((time - step->start) / OVER);
    if (over < 1) {
        VdtPose was;

        pose_of(person, before, time, &was);
        blend(&was, pose, over);
        *pose = was;
    }
    /* Turns take longer, and go the short way round. */
    double turn = step->heading - before->heading;
    turn -= 2 * VDT_PI * floor(turn / (2 * VDT_PI) + 0.5);
    now->heading = before->heading + turn * vdt_smooth((time - step->start) / (2 * OVER));
}
