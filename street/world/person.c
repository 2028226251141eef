/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a pose to joints, and from joints to the shapes of a body. */
#include "world.h"

enum {
    PELVIS,
    NECK,
    HEAD,
    FACE,
    CHIN,
    SHOULDER, /* left, right; so are the others */
    ELBOW = SHOULDER + 2,
    HAND = ELBOW + 2,
    HIP = HAND + 2,
    KNEE = HIP + 2,
    ANKLE = KNEE + 2,
    TOE = ANKLE + 2,
    N_JOINTS = TOE + 2
};

typedef struct {
    VdtVec joints[N_JOINTS];
    VdtVec ground; /* below the feet */
    double cos, sin;
} Body;

/* x forwards, y up, z to the left, from the ground between the feet of one who stands. */
static void body_joints(const VdtLook *look, const VdtPose *pose, VdtVec *j)
{
    double h = look->height, thigh = 0.245 * h, shin = 0.235 * h, upper = 0.165 * h;
    double fore = 0.165 * h, trunk = 0.315 * h;
    double reach = 0;

    for (int i = 0; i < 2; i++) {
        double side = i ? -1 : 1, angle = pose->thigh[i], low = angle - pose->knee[i];
        double wide = vdt_sin(pose->splay[i]) * side;

        j[HIP + i] = (VdtVec){0, 0, side * 0.052 * h};
        j[KNEE + i] =
            (VdtVec){vdt_sin(angle) * thigh, -vdt_cos(angle) * thigh, j[HIP + i].z + wide * thigh};
        j[ANKLE + i] = (VdtVec){j[KNEE + i].x + vdt_sin(low) * shin,
                                j[KNEE + i].y - vdt_cos(low) * shin, j[KNEE + i].z + wide * shin};
        /* Feet stay level on the ground and point down behind. */
        double toe = vdt_clamp(0.25 * (low + 0.2), -0.9, 0.1) * 2;
        j[TOE + i] =
            (VdtVec){j[ANKLE + i].x + vdt_cos(toe) * 0.105 * h,
                     j[ANKLE + i].y + vdt_sin(toe) * 0.105 * h - 0.012 * h, j[ANKLE + i].z};
        reach = MAX(reach, -j[ANKLE + i].y);
    }
    double hip = reach + 0.035 * h + pose->hop;
    for (int i = HIP; i < N_JOINTS; i++) {
        j[i].x += pose->sway;
        j[i].y += hip;
    }
    j[PELVIS] = (VdtVec){pose->sway, hip, 0};
    double ls = vdt_sin(pose->lean), lc = vdt_cos(pose->lean);
    j[NECK] = (VdtVec){j[PELVIS].x + ls * trunk, hip + lc * trunk, 0};
    double ns = vdt_sin(pose->lean * 0.6 + pose->nod), nc = vdt_cos(pose->lean * 0.6 + pose->nod);
    j[HEAD] = (VdtVec){j[NECK].x + ns * 0.115 * h, j[NECK].y + nc * 0.115 * h, 0};
    j[FACE] = (VdtVec){j[HEAD].x + nc * 0.03 * h - ns * 0.012 * h,
                       j[HEAD].y - ns * 0.03 * h - nc * 0.012 * h, 0};
    j[CHIN] = (VdtVec){j[FACE].x - ns * 0.025 * h, j[FACE].y - nc * 0.025 * h, 0};
    for (int i = 0; i < 2; i++) {
        double side = i ? -1 : 1;
        double a = pose->swing[i] - pose->lean * 0.5, r = pose->raise[i];
        double b = a + pose->elbow[i], t = r + pose->twist[i];

        j[SHOULDER + i] =
            (VdtVec){j[NECK].x - ls * 0.03 * h, j[NECK].y - lc * 0.03 * h, side * 0.105 * h};
        j[ELBOW + i] = (VdtVec){j[SHOULDER + i].x + vdt_sin(a) * vdt_cos(r) * upper,
                                j[SHOULDER + i].y - vdt_cos(a) * vdt_cos(r) * upper,
                                j[SHOULDER + i].z + side * vdt_sin(r) * upper};
        j[HAND + i] = (VdtVec){j[ELBOW + i].x + vdt_sin(b) * vdt_cos(t) * fore,
                               j[ELBOW + i].y - vdt_cos(b) * vdt_cos(t) * fore,
                               j[ELBOW + i].z + side * vdt_sin(t) * fore};
    }
}

/* Turns the body about its feet, lets it down to the ground, and places it on the street. */
static void body_place(const VdtLook *look, const VdtPose *pose, const VdtScriptStep *now,
                       Body *body)
{
    VdtVec *j = body->joints;
    double ps = vdt_sin(pose->pitch), pc = vdt_cos(pose->pitch);
    double rs = vdt_sin(pose->roll), rc = vdt_cos(pose->roll);
    double lowest = G_MAXDOUBLE;

    body->cos = vdt_cos(now->heading);
    body->sin = vdt_sin(now->heading);
    body->ground = (VdtVec){now->x0, 0, now->z0};
    for (int i = 0; i < N_JOINTS; i++) {
        double thick = i == PELVIS || i == NECK ? 0.075 : i == HEAD ? 0.06 : 0.025;
        VdtVec v = j[i];

        v = (VdtVec){v.x * pc + v.y * ps, v.y * pc - v.x * ps, v.z};
        v = (VdtVec){v.x, v.y * rc - v.z * rs, v.z * rc + v.y * rs};
        lowest = MIN(lowest, v.y - thick * look->height);
        j[i] = v;
    }
    /* Upright, ankles are what stands on the ground. */
    double lift = fabs(pose->pitch) + fabs(pose->roll) < 0.01 ? 0 : -lowest;
    if (lift != 0 && fabs(pose->pitch) + fabs(pose->roll) < 0.3)
        lift *= (fabs(pose->pitch) + fabs(pose->roll)) / 0.3;
    for (int i = 0; i < N_JOINTS; i++) {
        VdtVec v = j[i];

        j[i] = (VdtVec){now->x0 + v.x * body->cos - v.z * body->sin, MAX(v.y + lift, 0.01),
                        now->z0 + v.x * body->sin + v.z * body->cos};
    }
}

typedef struct {
    VdtStage *stage;
    const VdtCamera *camera;
    VdtPoint points[N_JOINTS];
    double scale[N_JOINTS];
} Figure;

static void limb(Figure *figure, int a, double radius_a, int b, double radius_b, VdtColour colour)
{
    vdt_stage_limb(figure->stage, figure->points[a], radius_a * figure->scale[a], figure->points[b],
                   radius_b * figure->scale[b], colour, VDT_STREET_PERSON);
}

static VdtColour darker(VdtColour colour, float by)
{
    return (VdtColour){colour.r * by, colour.g * by, colour.b * by};
}

static void arm(Figure *figure, const VdtLook *look, int i, float shade)
{
    double h = look->height;
    VdtColour top = darker(look->top, shade), skin = darker(look->skin, shade);

    limb(figure, ELBOW + i, 0.023 * h, HAND + i, 0.019 * h, look->short_sleeves ? skin : top);
    limb(figure, SHOULDER + i, 0.034 * h, ELBOW + i, 0.027 * h, top);
    limb(figure, HAND + i, 0.022 * h, HAND + i, 0.022 * h, skin);
}

static void leg(Figure *figure, const VdtLook *look, int i, float shade)
{
    double h = look->height;
    VdtColour trousers = darker(look->trousers, shade), skin = darker(look->skin, shade);

    limb(figure, ANKLE + i, 0.026 * h, TOE + i, 0.02 * h, darker(look->shoes, shade));
    limb(figure, KNEE + i, 0.036 * h, ANKLE + i, 0.025 * h, look->skirt ? skin : trousers);
    limb(figure, HIP + i, 0.05 * h, KNEE + i, look->skirt ? 0.055 * h : 0.038 * h, trousers);
}

static void trunk(Figure *figure, const VdtLook *look)
{
    double h = look->height, girth = look->girth;

    for (int i = 0; i < 2; i++)
        limb(figure, SHOULDER + i, 0.042 * h, HIP + i, 0.05 * h * girth, look->top);
    VdtPoint front[4] = {figure->points[SHOULDER], figure->points[SHOULDER + 1],
                         figure->points[HIP + 1], figure->points[HIP]};
    vdt_stage_polygon(figure->stage, front, 4, look->top, VDT_STREET_PERSON);
    limb(figure, NECK, 0.045 * h, PELVIS, 0.075 * h * girth, look->top);
    limb(figure, SHOULDER, 0.04 * h, SHOULDER + 1, 0.04 * h, look->top);
}

/* Hair lies behind the face where that is seen, and over it where it is not. */
static void head(Figure *figure, const VdtLook *look, gboolean towards)
{
    double h = look->height;

    if (!towards) {
        limb(figure, NECK, 0.03 * h, HEAD, 0.03 * h, darker(look->skin, 0.9f));
        limb(figure, FACE, 0.055 * h, FACE, 0.055 * h, look->skin);
    }
    if (look->long_hair)
        limb(figure, HEAD, 0.067 * h, NECK, 0.05 * h, look->hair);
    else
        limb(figure, HEAD, 0.066 * h, HEAD, 0.066 * h, look->hair);
    if (towards) {
        limb(figure, NECK, 0.03 * h, HEAD, 0.03 * h, darker(look->skin, 0.9f));
        limb(figure, FACE, 0.055 * h, CHIN, 0.045 * h, look->skin);
    }
}

/* The bottom of a bag that hangs from a hand. */
static VdtVec bag_below(VdtVec hand)
{
    return (VdtVec){hand.x, MAX(hand.y - 0.52, 0), hand.z};
}

/* Where a bag stands that was set down at @time. */
static void bag_spot(const VdtPerson *person, VdtVec *spot, double *cos, double *sin)
{
    VdtPose pose;
    VdtScriptStep now;
    Body body;

    vdt_person_pose(person, person->bag_down, &pose, &now);
    body_joints(&person->look, &pose, body.joints);
    body_place(&person->look, &pose, &now, &body);
    *spot = bag_below(body.joints[HAND + 1]);
    spot->y = 0;
    *cos = body.cos;
    *sin = body.sin;
}

void vdt_person_stage(const VdtPerson *person, double time, const VdtCamera *camera,
                      VdtStage *stage)
{
    Figure figure = {.stage = stage, .camera = camera};
    const VdtLook *look = &person->look;
    VdtPose pose;
    VdtScriptStep now;
    Body body;

    vdt_person_pose(person, time, &pose, &now);
    if (vdt_camera_depth(camera, now.x0, now.z0) < 2 * VDT_NEAR)
        return;
    body_joints(look, &pose, body.joints);
    body_place(look, &pose, &now, &body);
    for (int i = 0; i < N_JOINTS; i++)
        figure.scale[i] = vdt_camera_project(camera, body.joints[i], &figure.points[i]);

    /* Far side first. */
    VdtVec left = body.joints[SHOULDER], right = body.joints[SHOULDER + 1];
    int far = vdt_camera_depth(camera, left.x, left.z) > vdt_camera_depth(camera, right.x, right.z)
                  ? 0
                  : 1;
    VdtVec at = body.joints[HEAD], face = body.joints[FACE];
    gboolean towards =
        vdt_camera_depth(camera, face.x, face.z) < vdt_camera_depth(camera, at.x, at.z) + 0.015;
    VdtVec middle = body.joints[PELVIS];

    vdt_stage_begin(stage, camera, middle.x, middle.z);
    double stretch = 0.2 + 0.5 * fabs(vdt_sin(pose.pitch));
    vdt_stage_shadow(stage, camera, middle.x, middle.z, stretch, 0.2 + 0.4 * fabs(pose.roll) / 1.5,
                     body.cos, body.sin);
    arm(&figure, look, far, 0.86f);
    leg(&figure, look, far, 0.86f);
    if (!towards)
        head(&figure, look, FALSE);
    leg(&figure, look, 1 - far, 1);
    trunk(&figure, look);
    if (towards)
        head(&figure, look, TRUE);
    arm(&figure, look, 1 - far, 1.04f);
    VdtThing *thing = vdt_stage_end(stage);
    thing->object.id = person->id;
    thing->object.kind = VDT_STREET_PERSON;
    thing->object.action = now.action;
    thing->object.main = person->main;
    thing->object.look = (VdtStreetLook){
        .skirt = look->skirt, .short_sleeves = look->short_sleeves, .long_hair = look->long_hair};
    vdt_look_colour(&thing->object.look, look->top);

    if (!person->has_bag)
        return;
    gboolean carried = time < person->bag_down || time >= person->bag_up;
    if (carried) {
        vdt_bag_stage(bag_below(body.joints[HAND + 1]), body.cos, body.sin, person->seed, camera,
                      stage);
    } else {
        VdtVec spot;
        double cos, sin;

        bag_spot(person, &spot, &cos, &sin);
        vdt_bag_stage(spot, cos, sin, person->seed, camera, stage);
    }
    thing = &g_array_index(stage->things, VdtThing, stage->things->len - 1);
    thing->object.id = person->bag_id;
    thing->object.kind = VDT_STREET_BAG;
    thing->object.look.carrier = carried ? person->id : 0;
}

/* A case or a holdall, with a handle. */
void vdt_bag_stage(VdtVec bottom, double cos, double sin, guint64 seed, const VdtCamera *camera,
                   VdtStage *stage)
{
    static const VdtColour colours[] = {
        {0.45f, 0.16f, 0.14f}, {0.13f, 0.2f, 0.36f}, {0.14f, 0.15f, 0.17f},
        {0.52f, 0.38f, 0.2f},  {0.2f, 0.38f, 0.3f},  {0.75f, 0.42f, 0.13f},
    };
    VdtDice dice = vdt_dice(seed, 31);
    VdtColour colour = colours[vdt_pick(&dice, G_N_ELEMENTS(colours))];
    double half = vdt_between(&dice, 0.2, 0.27), height = vdt_between(&dice, 0.3, 0.4);
    double thick = 0.09;
    VdtPoint a, b, c, d;

    vdt_stage_begin(stage, camera, bottom.x, bottom.z);
    if (bottom.y <= 0)
        vdt_stage_shadow(stage, camera, bottom.x, bottom.z, half + 0.08, 0.16, cos, sin);
    VdtVec back = {bottom.x - half * cos, bottom.y + thick, bottom.z - half * sin};
    VdtVec front = {bottom.x + half * cos, bottom.y + thick, bottom.z + half * sin};
    double scale = vdt_camera_project(camera, back, &a);
    vdt_camera_project(camera, front, &b);
    back.y = front.y = bottom.y + height - thick;
    vdt_camera_project(camera, back, &c);
    vdt_camera_project(camera, front, &d);
    double r = thick * scale;
    VdtColour dark = darker(colour, 0.75f);
    VdtVec grip = {bottom.x, bottom.y + height, bottom.z};
    VdtPoint handle[3];
    for (int i = 0; i < 3; i++) {
        double along = (i - 1) * 0.09;
        vdt_camera_project(
            camera,
            (VdtVec){grip.x + along * cos, grip.y + (i == 1 ? 0.15 : 0.02), grip.z + along * sin},
            &handle[i]);
    }
    vdt_stage_limb(stage, handle[0], 0.018 * scale, handle[1], 0.018 * scale, dark, VDT_STREET_BAG);
    vdt_stage_limb(stage, handle[1], 0.018 * scale, handle[2], 0.018 * scale, dark, VDT_STREET_BAG);
    vdt_stage_limb(stage, a, r, b, r, dark, VDT_STREET_BAG);
    vdt_stage_limb(stage, c, r, d, r, colour, VDT_STREET_BAG);
    vdt_stage_polygon(stage, (VdtPoint[]){a, b, d, c}, 4, colour, VDT_STREET_BAG);
    vdt_stage_limb(stage, a, r, c, r, colour, VDT_STREET_BAG);
    vdt_stage_limb(stage, b, r, d, r, colour, VDT_STREET_BAG);
    VdtThing *thing = vdt_stage_end(stage);
    thing->depth -= 0.05;
    thing->object.id = seed;
    thing->object.kind = VDT_STREET_BAG;
    thing->object.action = VDT_STREET_EMPTY;
    thing->object.main = FALSE;
    vdt_look_colour(&thing->object.look, colour);
}
