/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scripts: what someone does from when to when, written out as steps. */
#pragma once

#include "world.h"

/* An act that is to come: what a script is written for. */
typedef struct {
    VdtStreetAction action;
    double start, end; /* seconds */
    double x, z;       /* where it happens */
    double heading;
    double room; /* metres that may be walked in all, for what goes far */
} VdtActPlan;

/* Makes @person do what @plan says; @tells is set to the part that tells the action. */
void vdt_script_person(VdtPerson *person, const VdtActPlan *plan, VdtDice *dice, double tells[2]);
/* A second one, to fight with the first. */
void vdt_script_opponent(VdtPerson *person, const VdtPerson *first, const VdtActPlan *plan);
void vdt_script_car(VdtCar *car, const VdtActPlan *plan, gboolean near_lane, VdtDice *dice,
                    double tells[2]);
/* Adds a step that goes on where the last one ended. */
VdtScriptStep *vdt_script_step(VdtPerson *person, VdtMove move, VdtStreetAction action, double end,
                               double heading, double way);

gboolean vdt_is_car_action(VdtStreetAction action);

/* Where somebody may be: z from near to far. */
guint vdt_zones(const VdtLayout *layout, double zones[3][2]);

/* A rough box of who stands at a point, and of a car; FALSE when the camera does not see it. */
gboolean vdt_person_box(const VdtCamera *camera, double x, double z, double height, VdtBox *box);
gboolean vdt_car_box(const VdtCamera *camera, const VdtCarState *state, double length,
                     double height, VdtBox *box);
/* Which share of a box lies in the frame; and which share of @a lies under @b. */
double vdt_box_inside(const VdtBox *box);
double vdt_box_overlap(const VdtBox *a, const VdtBox *b);
