/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streets to choose from, and what stands along them. */
#include "world.h"

static VdtColour tint(VdtDice *dice, float r, float g, float b, float by)
{
    return (VdtColour){r + vdt_between(dice, -by, by), g + vdt_between(dice, -by, by),
                       b + vdt_between(dice, -by, by)};
}

void vdt_layout_init(VdtLayout *layout, guint64 seed, VdtLayoutKind kind)
{
    VdtDice dice = vdt_dice(seed, 41);
    float grey = vdt_between(&dice, 0.3, 0.42), stone = vdt_between(&dice, 0.58, 0.76);

    layout->kind = kind;
    layout->seed = seed;
    layout->pavement = vdt_between(&dice, 3, 5);
    if (kind == VDT_LAYOUT_SQUARE)
        layout->pavement = vdt_between(&dice, 4, 8);
    layout->near_side = -G_MAXDOUBLE;
    layout->cross = vdt_sign(&dice) * vdt_between(&dice, 6, 11);
    layout->sky_top = tint(&dice, 0.42f, 0.62f, 0.86f, 0.08f);
    layout->sky_low = tint(&dice, 0.84f, 0.89f, 0.93f, 0.06f);
    layout->road = tint(&dice, grey, grey, grey + 0.02f, 0.015f);
    layout->ground = tint(&dice, stone, stone - 0.02f, stone - 0.06f, 0.015f);
    layout->lawn = vdt_pick(&dice, 3) > 0 && kind != VDT_LAYOUT_SQUARE;
}

double vdt_layout_front(const VdtLayout *layout)
{
    return VDT_ROAD_WIDTH + layout->pavement;
}

static gboolean in_crossing(const VdtLayout *layout, double x, double room)
{
    return layout->kind == VDT_LAYOUT_CROSSING && fabs(x - layout->cross) < VDT_CROSS_HALF + room;
}

static gint far_first(gconstpointer a, gconstpointer b, gpointer camera)
{
    const VdtProp *p = a, *q = b;
    double x = vdt_camera_depth(camera, p->x, p->z), y = vdt_camera_depth(camera, q->x, q->z);

    return x > y ? -1 : x < y;
}

/* A row of props along x, at @z, about every @gap metres; each is there with @chance. */
static void row(GArray *props, const VdtLayout *layout, const VdtCamera *camera, VdtDice *dice,
                VdtPropKind kind, double z, double gap, double chance)
{
    double first = floor((camera->at.x - 70) / gap);

    for (int i = 0; i < 140 / gap; i++) {
        /* By place, so that rows do not move with the camera. */
        guint64 seed = vdt_mix64_with(dice->key, (guint64)(gint64)(first + i));
        VdtDice own = vdt_dice(seed, 42);
        VdtProp prop = {kind, (first + i) * gap + vdt_between(&own, 0, gap * 0.3), z, seed};

        if (vdt_chance(&own) >= chance || in_crossing(layout, prop.x, 3.5))
            continue;
        if (vdt_camera_depth(camera, prop.x, z) <
            (kind == VDT_PROP_CAR || kind == VDT_PROP_BAG ? 1.5 : 4))
            continue;
        g_array_append_val(props, prop);
    }
    vdt_roll(dice);
    dice->key = vdt_mix64(dice->key);
}

GArray *vdt_layout_new_props(const VdtLayout *layout, const VdtCamera *camera)
{
    VdtDice dice = vdt_dice(layout->seed, 43);
    GArray *props = g_array_new(FALSE, FALSE, sizeof(VdtProp));
    double trees = vdt_between(&dice, 0.1, 0.8), cars = vdt_between(&dice, 0.05, 0.7);
    double edge = VDT_ROAD_WIDTH + 0.7;

    row(props, layout, camera, &dice, VDT_PROP_TREE, edge + 0.2, 8, trees);
    row(props, layout, camera, &dice, VDT_PROP_LAMP, edge, 17, 1);
    row(props, layout, camera, &dice, VDT_PROP_LAMP, -0.7, 23, 0.8);
    row(props, layout, camera, &dice, VDT_PROP_SIGN, edge, 21, 0.5);
    row(props, layout, camera, &dice, VDT_PROP_SIGN, -0.6, 27, 0.4);
    row(props, layout, camera, &dice, VDT_PROP_CAR, VDT_KERB_FAR, 6.2, cars);
    row(props, layout, camera, &dice, VDT_PROP_CAR, VDT_KERB_NEAR, 6.6, cars * 0.5);
    row(props, layout, camera, &dice, VDT_PROP_BAG, edge + 1.4, 19, 0.12);
    row(props, layout, camera, &dice, VDT_PROP_BAG, -2.2, 17, 0.12);
    if (layout->kind == VDT_LAYOUT_PARK) {
        row(props, layout, camera, &dice, VDT_PROP_TREE, vdt_layout_front(layout) + 3, 5, 0.8);
        row(props, layout, camera, &dice, VDT_PROP_TREE, vdt_layout_front(layout) + 8, 4, 0.9);
    }
    if (layout->kind == VDT_LAYOUT_SQUARE) {
        row(props, layout, camera, &dice, VDT_PROP_TREE, -4, 9, 0.5);
        row(props, layout, camera, &dice, VDT_PROP_TREE, -9, 11, 0.5);
    } else {
        row(props, layout, camera, &dice, VDT_PROP_TREE, -0.9, 12, trees * 0.5);
        if (layout->lawn && layout->near_side < -1000) {
            row(props, layout, camera, &dice, VDT_PROP_BUSH, -7.8, 2.6, 0.6);
            row(props, layout, camera, &dice, VDT_PROP_TREE, -10, 7, 0.5);
            row(props, layout, camera, &dice, VDT_PROP_BUSH, -13, 4, 0.5);
        }
    }
    g_array_sort_with_data(props, far_first, (gpointer)camera);
    return props;
}

static VdtColour leaf(VdtDice *dice)
{
    static const VdtColour greens[] = {
        {0.3f, 0.5f, 0.26f}, {0.4f, 0.52f, 0.22f}, {0.22f, 0.43f, 0.29f}, {0.35f, 0.47f, 0.3f}};
    VdtColour green = greens[vdt_pick(dice, G_N_ELEMENTS(greens))];

    return tint(dice, green.r, green.g, green.b, 0.03f);
}

static void bush(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage)
{
    VdtDice dice = vdt_dice(prop->seed, 46);
    VdtColour leaves = leaf(&dice);

    vdt_stage_shadow(stage, camera, prop->x, prop->z, 0.9, 0.5, 1, 0);
    for (int i = 0; i < 5; i++) {
        double r = vdt_between(&dice, 0.3, 0.5), shade = 0.8 + 0.08 * i;
        VdtPoint at;
        double scale = vdt_camera_project(
            camera, (VdtVec){prop->x + vdt_between(&dice, -0.7, 0.7), r + 0.08 * i, prop->z}, &at);

        vdt_stage_limb(stage, at, r * scale, at, r * scale,
                       (VdtColour){leaves.r * shade, leaves.g * shade, leaves.b * shade},
                       VDT_STREET_TREE);
    }
}

static void tree(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage)
{
    VdtDice dice = vdt_dice(prop->seed, 44);
    double trunk = vdt_between(&dice, 2.2, 3), crown = vdt_between(&dice, 1.1, 1.7);
    VdtColour leaves = leaf(&dice), bark = {0.36f, 0.28f, 0.22f};
    VdtPoint foot, top;
    double scale = vdt_camera_project(camera, (VdtVec){prop->x, 0, prop->z}, &foot);

    vdt_stage_shadow(stage, camera, prop->x, prop->z, 1.1, 0.8, 1, 0);
    vdt_camera_project(camera, (VdtVec){prop->x, trunk, prop->z}, &top);
    vdt_stage_limb(stage, foot, 0.16 * scale, top, 0.11 * scale, bark, VDT_STREET_TREE);
    for (int i = 0; i < 7; i++) {
        double shade = 0.82 + 0.06 * i;
        double r = crown * vdt_between(&dice, 0.55, 0.75) * (i < 2 ? 1.2 : 1) * scale;
        VdtPoint at = {top.x + vdt_between(&dice, -0.65, 0.65) * crown * scale,
                       top.y - (0.5 + 0.16 * i + vdt_between(&dice, -0.15, 0.15)) * crown * scale};

        vdt_stage_limb(stage, at, r, at, r,
                       (VdtColour){leaves.r * shade, leaves.g * shade, leaves.b * shade},
                       VDT_STREET_TREE);
    }
}

static void lamp(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage)
{
    double side = prop->z > VDT_ROAD_WIDTH / 2 ? -1 : 1;
    VdtColour iron = {0.27f, 0.3f, 0.33f};
    VdtPoint foot, top, head, end;
    double scale = vdt_camera_project(camera, (VdtVec){prop->x, 0, prop->z}, &foot);

    vdt_camera_project(camera, (VdtVec){prop->x, 5.4, prop->z}, &top);
    vdt_camera_project(camera, (VdtVec){prop->x, 5.75, prop->z + side * 0.7}, &head);
    double near = vdt_camera_project(camera, (VdtVec){prop->x, 5.75, prop->z + side * 1.3}, &end);
    vdt_stage_limb(stage, foot, 0.08 * scale, top, 0.05 * scale, iron, VDT_STREET_LAMP);
    vdt_stage_limb(stage, top, 0.05 * scale, head, 0.05 * scale, iron, VDT_STREET_LAMP);
    vdt_stage_limb(stage, head, 0.1 * near, end, 0.1 * near, (VdtColour){0.93f, 0.9f, 0.8f},
                   VDT_STREET_LAMP);
    vdt_stage_last(stage, VDT_GLOW, 1);
}

/* A post with a round, a square or a three-cornered plate; no writing. */
static void sign(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage)
{
    VdtDice dice = vdt_dice(prop->seed, 45);
    VdtColour iron = {0.55f, 0.57f, 0.6f}, red = {0.77f, 0.16f, 0.15f},
              white = {0.93f, 0.93f, 0.91f};
    VdtColour blue = {0.14f, 0.36f, 0.66f};
    VdtPoint foot, top, c;
    double s = vdt_camera_project(camera, (VdtVec){prop->x, 0, prop->z}, &foot);

    vdt_camera_project(camera, (VdtVec){prop->x, 2.7, prop->z}, &top);
    vdt_camera_project(camera, (VdtVec){prop->x, 2.4, prop->z}, &c);
    vdt_stage_limb(stage, foot, 0.035 * s, top, 0.035 * s, iron, VDT_STREET_LAMP);
    double r = 0.32 * s;
    switch (vdt_pick(&dice, 3)) {
    case 0:
        vdt_stage_limb(stage, c, r, c, r, red, VDT_STREET_LAMP);
        vdt_stage_limb(stage, c, r * 0.72, c, r * 0.72, vdt_pick(&dice, 2) ? white : blue,
                       VDT_STREET_LAMP);
        break;
    case 1:
        vdt_stage_polygon(
            stage,
            (VdtPoint[]){
                {c.x - r, c.y - r}, {c.x + r, c.y - r}, {c.x + r, c.y + r}, {c.x - r, c.y + r}},
            4, blue, VDT_STREET_LAMP);
        break;
    default:
        vdt_stage_polygon(stage,
                          (VdtPoint[]){{c.x, c.y - 1.2 * r},
                                       {c.x + 1.15 * r, c.y + 0.8 * r},
                                       {c.x - 1.15 * r, c.y + 0.8 * r}},
                          3, red, VDT_STREET_LAMP);
        vdt_stage_polygon(stage,
                          (VdtPoint[]){{c.x, c.y - 0.7 * r},
                                       {c.x + 0.72 * r, c.y + 0.55 * r},
                                       {c.x - 0.72 * r, c.y + 0.55 * r}},
                          3, white, VDT_STREET_LAMP);
    }
}

void vdt_prop_stage(const VdtProp *prop, const VdtCamera *camera, VdtStage *stage)
{
    if (prop->kind == VDT_PROP_CAR) {
        double towards = prop->z < VDT_ROAD_WIDTH / 2 ? 1 : -1;
        VdtCarState state = {.x = prop->x, .z = prop->z, .cos = towards, .sin = 0};

        vdt_car_stage(prop->seed, &state, camera, stage);
        return;
    }
    if (prop->kind == VDT_PROP_BAG) {
        vdt_bag_stage((VdtVec){prop->x, 0, prop->z}, 1, 0, prop->seed, camera, stage);
        return;
    }
    vdt_stage_begin(stage, camera, prop->x, prop->z);
    if (prop->kind == VDT_PROP_TREE)
        tree(prop, camera, stage);
    else if (prop->kind == VDT_PROP_BUSH)
        bush(prop, camera, stage);
    else if (prop->kind == VDT_PROP_LAMP)
        lamp(prop, camera, stage);
    else
        sign(prop, camera, stage);
    vdt_stage_end(stage);
}
