/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cars: where they are at a time, and a side view drawn out to their width. */
#include "world.h"

/* Of an indicator, in a second. */
#define BLINKS 1.5

static double driven_at(const VdtCar *car, double time)
{
    double brake = car->brake, halt = car->halt;

    if (time <= brake)
        return car->speed * time;
    double way = car->speed * brake, stop = halt - brake;
    double t = MIN(time, halt) - brake;
    way += car->speed * (t - 0.5 * t * t / stop);
    if (time > car->leave) {
        double go = time - car->leave, up = MIN(go, 2.5); /* picks up speed for so long */
        way += car->speed * (0.5 * up * up / 2.5 + (go - up));
    }
    return way;
}

void vdt_car_state(const VdtCar *car, double time, VdtCarState *state)
{
    double slope = 0, length = car->shift_x1 - car->shift_x0;

    state->driven = driven_at(car, time);
    state->x = car->x + car->direction * state->driven;
    state->z = car->z;
    if (length != 0) {
        double share = (state->x - car->shift_x0) / length;

        state->z += car->shift * vdt_smooth(share);
        if (share > 0 && share < 1)
            slope = car->shift / fabs(length) * 6 * share * (1 - share);
    }
    double norm = sqrt(1 + slope * slope);
    state->cos = car->direction / norm;
    state->sin = slope / norm;
    state->lights = TRUE;
    state->braking = time >= car->brake && time < car->leave;
    /* Who pulls over says so. */
    VdtDice dice = vdt_dice(car->seed, 23);
    double blinks = BLINKS * time + vdt_chance(&dice);
    state->indicating =
        car->action == VDT_STREET_CAR_PARK && time < car->halt && blinks - floor(blinks) < 0.55;
}

/* Side views, from the rear's bottom over the roof to the front's: shares of length and height. */
typedef struct {
    guint n;
    double at[12][2];
    guint8 glass; /* bit i: the edge from corner i to i + 1 is a window */
    double windows[2][4][2];
} Body;
static const Body bodies[4] = {
    {8, /* saloon */
     {{0, .2}, {0, .58}, {.03, .66}, {.17, .68}, {.3, 1}, {.6, 1}, {.76, .66}, {1, .56}},
     1 << 3 | 1 << 5,
     {{{.22, .68}, {.315, .94}, {.455, .94}, {.455, .68}},
      {{.475, .68}, {.475, .94}, {.59, .94}, {.715, .68}}}},
    {7, /* hatchback */
     {{0, .2}, {0, .6}, {.06, .72}, {.16, 1}, {.58, 1}, {.76, .66}, {1, .55}},
     1 << 2 | 1 << 4,
     {{{.12, .68}, {.19, .94}, {.42, .94}, {.42, .68}},
      {{.44, .68}, {.44, .94}, {.57, .94}, {.71, .68}}}},
    {7, /* estate */
     {{0, .2}, {0, .62}, {.03, .7}, {.08, 1}, {.6, 1}, {.75, .66}, {1, .56}},
     1 << 2 | 1 << 4,
     {{{.08, .68}, {.11, .94}, {.37, .94}, {.37, .68}},
      {{.39, .68}, {.39, .94}, {.59, .94}, {.7, .68}}}},
    {6, /* van */
     {{0, .16}, {0, .94}, {.02, 1}, {.72, 1}, {.86, .58}, {1, .5}},
     1 << 3,
     {{{.44, .58}, {.44, .9}, {.58, .9}, {.58, .58}},
      {{.61, .58}, {.61, .9}, {.71, .9}, {.83, .58}}}},
};

typedef struct {
    const VdtCamera *camera;
    const VdtCarState *state;
    VdtCarLook look;
    VdtStage *stage;
} Car;

/* @along from the rear, @side +1 is the driver's left. */
static VdtVec spot(const Car *car, double along, double up, double side)
{
    double f = (along - 0.5) * car->look.length, s = side * car->look.width / 2;

    return (VdtVec){car->state->x + f * car->state->cos - s * car->state->sin, up,
                    car->state->z + f * car->state->sin + s * car->state->cos};
}

static VdtPoint seen(const Car *car, double along, double up, double side)
{
    VdtPoint point;

    vdt_camera_project(car->camera, spot(car, along, up, side), &point);
    return point;
}

static void wheel(const Car *car, double along, double side)
{
    double r = 0.31 * (car->look.height > 1.7 ? 1.1 : 1), turn = -car->state->driven / r;
    double across = r / car->look.length;
    VdtPoint tyre[14], rim[10];

    for (int i = 0; i < 14; i++) {
        double a = i * VDT_PI / 7;
        tyre[i] = seen(car, along + across * vdt_cos(a), r + r * vdt_sin(a), side);
    }
    vdt_stage_polygon(car->stage, tyre, 14, (VdtColour){0.09f, 0.09f, 0.1f}, VDT_STREET_VEHICLE);
    for (int i = 0; i < 10; i++) {
        double a = i * VDT_PI / 5;
        rim[i] = seen(car, along + 0.62 * across * vdt_cos(a), r + 0.62 * r * vdt_sin(a), side);
    }
    vdt_stage_polygon(car->stage, rim, 10, (VdtColour){0.66f, 0.67f, 0.7f}, VDT_STREET_VEHICLE);
    VdtPoint hub;
    double scale = vdt_camera_project(car->camera, spot(car, along, r, side), &hub);
    for (int i = 0; i < 3; i++) {
        double a = turn + i * 2 * VDT_PI / 3;
        VdtPoint end =
            seen(car, along + 0.55 * across * vdt_cos(a), r + 0.55 * r * vdt_sin(a), side);
        vdt_stage_limb(car->stage, hub, 0.045 * scale, end, 0.04 * scale,
                       (VdtColour){0.2f, 0.2f, 0.22f}, VDT_STREET_VEHICLE);
    }
}

static void lamps(const Car *car, double end, VdtColour colour, VdtLight light)
{
    for (int side = -1; side <= 1; side += 2) {
        VdtPoint a, b;
        double up = 0.46 * car->look.height;
        double scale = vdt_camera_project(car->camera, spot(car, end, up, side * 0.82), &a);

        vdt_camera_project(car->camera, spot(car, end, up, side * 0.6), &b);
        vdt_stage_limb(car->stage, a, 0.065 * scale, b, 0.065 * scale, colour, VDT_STREET_VEHICLE);
        vdt_stage_last(car->stage, light, 1);
    }
}

/* What lamps throw into the air by night. */
static void halo(const Car *car, double end, double radius, double alpha, VdtColour colour)
{
    for (int side = -1; side <= 1; side += 2) {
        VdtPoint a;
        double scale = vdt_camera_project(car->camera,
                                          spot(car, end, 0.46 * car->look.height, side * 0.7), &a);

        for (int ring = 1; ring <= 3; ring++) {
            double r = radius * ring * scale / 3;

            vdt_stage_limb(car->stage, a, r, a, r, colour, VDT_NO_CLASS);
            vdt_stage_last(car->stage, VDT_BEAM, alpha);
        }
    }
}

/* Headlights on the road. */
static void beam(const Car *car)
{
    static const VdtColour white = {1, 0.95f, 0.78f};

    for (int i = 1; i <= 3; i++) {
        double far = 1 + i * 0.8, wide = 0.8 + i * 0.7;
        VdtVec corners[4] = {spot(car, 1.02, 0, -0.7), spot(car, 1.02, 0, 0.7),
                             spot(car, far, 0, wide), spot(car, far, 0, -wide)};
        VdtPoint points[4];

        for (int k = 0; k < 4; k++) {
            if (vdt_camera_depth(car->camera, corners[k].x, corners[k].z) < 2 * VDT_NEAR)
                return;
            vdt_camera_project(car->camera, corners[k], &points[k]);
        }
        vdt_stage_polygon(car->stage, points, 4, white, VDT_NO_CLASS);
        vdt_stage_last(car->stage, VDT_BEAM, 0.09);
    }
}

/* The right indicators, at the corners that the camera sees. */
static void indicators(const Car *car, double seen_side, gboolean front, gboolean rear)
{
    static const VdtColour amber = {1, 0.62f, 0.08f};

    for (int end = 0; end < 2; end++) {
        VdtPoint a;

        if (seen_side > 0 && !(end ? front : rear))
            continue;
        double scale = vdt_camera_project(
            car->camera, spot(car, end ? 0.95 : 0.05, 0.46 * car->look.height, -0.95), &a);

        vdt_stage_limb(car->stage, a, 0.13 * scale, a, 0.13 * scale, amber, VDT_STREET_VEHICLE);
        vdt_stage_last(car->stage, VDT_GLOW, 1);
        vdt_stage_limb(car->stage, a, 0.34 * scale, a, 0.34 * scale, amber, VDT_NO_CLASS);
        vdt_stage_last(car->stage, VDT_BEAM, 0.3);
    }
}

void vdt_car_stage(guint64 seed, const VdtCarState *state, const VdtCamera *camera, VdtStage *stage)
{
    static const VdtColour glass = {0.22f, 0.3f, 0.37f}, dark = {0.1f, 0.1f, 0.11f};
    Car car = {.camera = camera, .state = state, .stage = stage};

    vdt_car_look(seed, &car.look);
    const Body *body = &bodies[car.look.body];
    double h = car.look.height;
    for (int i = 0; i < 4; i++) {
        VdtVec corner = spot(&car, i & 1, 0, i & 2 ? 1 : -1);

        if (vdt_camera_depth(camera, corner.x, corner.z) < 1.5 * VDT_NEAR)
            return;
    }
    /* Which side, and which end, the camera sees. */
    double dx = camera->at.x - state->x, dz = camera->at.z - state->z;
    double ahead = dx * state->cos + dz * state->sin;
    double side = dz * state->cos - dx * state->sin > 0 ? 1 : -1;
    gboolean front = ahead > car.look.length / 2, rear = ahead < -car.look.length / 2;

    vdt_stage_begin(stage, camera, state->x, state->z);
    vdt_stage_shadow(stage, camera, state->x, state->z, car.look.length * 0.54,
                     car.look.width * 0.62, state->cos, state->sin);
    if (state->lights)
        beam(&car);
    /* The far wheels, and the dark between the wheels. */
    for (int i = 0; i < 2; i++) {
        VdtPoint a, b;
        double along = i ? 0.81 : 0.18;
        double scale = vdt_camera_project(camera, spot(&car, along, 0.26, -side * 0.9), &a);

        vdt_camera_project(camera, spot(&car, along, 0.26, side * 0.7), &b);
        vdt_stage_limb(stage, a, 0.26 * scale, b, 0.26 * scale, dark, VDT_STREET_VEHICLE);
    }
    /* What lies across: roof, windows and ends, where they face the camera. */
    for (guint i = 0; i < body->n; i++) {
        const double *from = body->at[i];
        const double *to = i + 1 < body->n ? body->at[i + 1] : (const double[]){1, 0.2};
        double x0 = from[0], y0 = from[1] * h, x1 = to[0], y1 = to[1] * h;
        VdtPoint quad[4] = {seen(&car, x0, y0, -1), seen(&car, x0, y0, 1), seen(&car, x1, y1, 1),
                            seen(&car, x1, y1, -1)};
        double nx = -(y1 - y0), ny = (x1 - x0) * car.look.length;
        VdtVec middle = spot(&car, (x0 + x1) / 2, (y0 + y1) / 2, 0);
        double to_x =
            (camera->at.x - middle.x) * state->cos + (camera->at.z - middle.z) * state->sin;

        if (to_x * nx + (camera->at.y - middle.y) * ny <= 0)
            continue;
        double norm = sqrt(nx * nx + ny * ny), bright = 0.82 + 0.3 * ny / norm;
        VdtColour colour = {MIN(car.look.colour.r * bright, 1), MIN(car.look.colour.g * bright, 1),
                            MIN(car.look.colour.b * bright, 1)};
        gboolean window = body->glass >> i & 1;
        vdt_stage_polygon(stage, quad, 4, colour, VDT_STREET_VEHICLE);
        if (window) {
            double a = 0.1, b = 0.9, w = 0.86;
            VdtPoint pane[4] = {seen(&car, vdt_lerp(x0, x1, a), vdt_lerp(y0, y1, a), -w),
                                seen(&car, vdt_lerp(x0, x1, a), vdt_lerp(y0, y1, a), w),
                                seen(&car, vdt_lerp(x0, x1, b), vdt_lerp(y0, y1, b), w),
                                seen(&car, vdt_lerp(x0, x1, b), vdt_lerp(y0, y1, b), -w)};
            vdt_stage_polygon(stage, pane, 4, glass, VDT_STREET_VEHICLE);
        }
    }
    VdtPoint outline[12];
    for (guint i = 0; i < body->n; i++)
        outline[i] = seen(&car, body->at[i][0], body->at[i][1] * h, side);
    outline[body->n] = seen(&car, 1, 0.2 * h, side);
    vdt_stage_polygon(stage, outline, body->n + 1, car.look.colour, VDT_STREET_VEHICLE);
    for (int i = 0; i < 2; i++) {
        VdtPoint pane[4];

        for (int k = 0; k < 4; k++)
            pane[k] = seen(&car, body->windows[i][k][0], body->windows[i][k][1] * h, side);
        vdt_stage_polygon(stage, pane, 4, glass, VDT_STREET_VEHICLE);
    }
    wheel(&car, 0.18, side);
    wheel(&car, 0.81, side);
    static const VdtColour dull = {0.5f, 0.06f, 0.06f}, red = {1, 0.12f, 0.08f};
    static const VdtColour pale = {0.85f, 0.85f, 0.8f}, white = {1, 0.97f, 0.86f};
    if (rear)
        lamps(&car, 0, state->braking ? red : dull, state->braking ? VDT_GLOW : VDT_LIT);
    if (front)
        lamps(&car, 1, state->lights ? white : pale, state->lights ? VDT_GLOW : VDT_LIT);
    if (state->lights) {
        if (front)
            halo(&car, 1, 0.42, 0.16, white);
        if (rear)
            halo(&car, 0, 0.3, state->braking ? 0.28 : 0.1, red);
    }
    if (state->indicating)
        indicators(&car, side, front, rear);
    VdtThing *thing = vdt_stage_end(stage);
    thing->object.id = seed;
    thing->object.kind = VDT_STREET_VEHICLE;
    thing->object.action = VDT_STREET_EMPTY;
    thing->object.main = FALSE;
    thing->object.look.body = (VdtStreetBody)car.look.body;
    vdt_look_colour(&thing->object.look, car.look.colour);
}
