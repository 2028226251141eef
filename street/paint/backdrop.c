/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands still: sky, ground, fronts, and props on top. Cairo draws all but the props, either
 * in colour, or, without antialiasing, in numbers of classes.
 */
#include "paint.h"

#include <cairo.h>

typedef struct {
    cairo_t *cr;
    const VdtCanvas *canvas;
    const VdtStreet *street;
    const VdtAir *air;
    const VdtCamera *camera;
    double left, right; /* x that may be seen */
} Board;

static VdtColour blend(VdtColour from, VdtColour to, float share)
{
    return (VdtColour){from.r + (to.r - from.r) * share, from.g + (to.g - from.g) * share,
                       from.b + (to.b - from.b) * share};
}

static VdtColour grey(float value)
{
    return (VdtColour){value, value, value};
}

static VdtColour scaled(VdtColour colour, float by)
{
    return (VdtColour){colour.r * by, colour.g * by, colour.b * by};
}

static void ink(const Board *board, VdtColour colour, double alpha, guint8 class)
{
    if (board->canvas->classes)
        cairo_set_source_rgba(board->cr, 0, 0, 0, class / 255.0);
    else
        cairo_set_source_rgba(board->cr, vdt_clamp(colour.r, 0, 1), vdt_clamp(colour.g, 0, 1),
                              vdt_clamp(colour.b, 0, 1), alpha);
}

/* To 1/16 of a pixel, so that nothing hangs on the last bit. */
static double fixed(double x)
{
    return floor(vdt_clamp(x, -1e5, 1e5) * 16 + 0.5) / 16;
}

static double across(const Board *board, double x)
{
    return fixed(board->canvas->left + x * board->canvas->unit);
}

static double down(const Board *board, double y)
{
    return fixed(board->canvas->top + y * board->canvas->unit);
}

/* Adds a polygon of the world to the path, cut where it comes too near to the camera. */
static gboolean path(const Board *board, const VdtVec *corners, guint n)
{
    VdtVec kept[16];
    guint n_kept = 0;

    for (guint i = 0; i < n; i++) {
        VdtVec a = corners[i], b = corners[(i + 1) % n];
        double da = vdt_camera_depth(board->camera, a.x, a.z) - VDT_NEAR;
        double db = vdt_camera_depth(board->camera, b.x, b.z) - VDT_NEAR;

        if (da >= 0)
            kept[n_kept++] = a;
        if ((da >= 0) != (db >= 0)) {
            double t = da / (da - db);
            kept[n_kept++] =
                (VdtVec){vdt_lerp(a.x, b.x, t), vdt_lerp(a.y, b.y, t), vdt_lerp(a.z, b.z, t)};
        }
    }
    if (n_kept < 3)
        return FALSE;
    for (guint i = 0; i < n_kept; i++) {
        VdtPoint point;

        vdt_camera_project(board->camera, kept[i], &point);
        if (i == 0)
            cairo_move_to(board->cr, across(board, point.x), down(board, point.y));
        else
            cairo_line_to(board->cr, across(board, point.x), down(board, point.y));
    }
    cairo_close_path(board->cr);
    return TRUE;
}

/* A patch of ground. */
static void patch(const Board *board, double x0, double z0, double x1, double z1)
{
    path(board, (VdtVec[]){{x0, 0, z0}, {x1, 0, z0}, {x1, 0, z1}, {x0, 0, z1}}, 4);
}

/* A part of a wall along x. */
static void wall(const Board *board, double z, double x0, double y0, double x1, double y1)
{
    path(board, (VdtVec[]){{x0, y0, z}, {x1, y0, z}, {x1, y1, z}, {x0, y1, z}}, 4);
}

static void fill(const Board *board, VdtColour colour, double alpha, guint8 class)
{
    if (board->canvas->classes && class == VDT_NO_CLASS) {
        cairo_new_path(board->cr);
        return;
    }
    ink(board, colour, alpha, class);
    cairo_fill(board->cr);
}

static VdtColour lit(const Board *board, VdtColour colour)
{
    return vdt_air_colour(board->air, colour, board->air->ambient, 0);
}

static void sky(const Board *board)
{
    const VdtLayout *layout = &board->street->layout;
    const VdtAir *air = board->air;
    double horizon = down(board, board->camera->horizon);
    float cover = MIN(0.85 * MAX(MAX(air->now.rain, air->now.snow), air->now.haze), 1);
    VdtColour top = blend(layout->sky_top, grey(0.68f), cover);
    VdtColour low = blend(layout->sky_low, grey(0.76f), cover);

    top = blend(top, (VdtColour){0.035f, 0.05f, 0.12f}, air->now.night);
    low = blend(low, (VdtColour){0.16f, 0.15f, 0.23f}, air->now.night);
    low = blend(low, air->mist, air->now.haze);
    if (board->canvas->classes) {
        ink(board, top, 1, VDT_STREET_SKY);
        cairo_paint(board->cr);
        return;
    }
    cairo_pattern_t *shade =
        cairo_pattern_create_linear(0, horizon - board->canvas->unit * 0.75, 0, horizon);
    cairo_pattern_add_color_stop_rgb(shade, 0, top.r, top.g, top.b);
    cairo_pattern_add_color_stop_rgb(shade, 1, low.r, low.g, low.b);
    cairo_set_source(board->cr, shade);
    cairo_paint(board->cr);
    cairo_pattern_destroy(shade);
}

/* Houses far away, as flat shapes on the horizon. */
static void skyline(const Board *board)
{
    VdtDice dice = vdt_dice(board->street->seed, 101);
    VdtColour colour = blend(lit(board, (VdtColour){0.6f, 0.65f, 0.72f}), board->air->mist,
                             0.35 + 0.5 * board->air->now.haze);
    double x = -1.4;

    while (x < 1.4) {
        double wide = vdt_between(&dice, 0.05, 0.14), high = vdt_between(&dice, 0.03, 0.11);

        cairo_rectangle(board->cr, across(board, x), down(board, board->camera->horizon - high),
                        fixed(wide * board->canvas->unit) + 1,
                        fixed(high * board->canvas->unit) + 1);
        x += wide;
    }
    fill(board, colour, 1, VDT_STREET_BUILDING);
}

static void ground(const Board *board)
{
    const VdtLayout *layout = &board->street->layout;
    const VdtStreetConditions *now = &board->air->now;
    double front = vdt_layout_front(layout), horizon = down(board, board->camera->horizon);
    double l = board->left, r = board->right;
    VdtColour stone = blend(layout->ground, grey(0.93f), 0.7f * now->snow);
    VdtColour tar = blend(layout->road, grey(0.85f), 0.5f * now->snow);
    VdtColour paint = blend(grey(0.86f), grey(0.92f), now->snow), kerb = scaled(stone, 1.12f);

    stone = lit(board, scaled(stone, 1 - 0.22f * now->rain));
    tar = lit(board, scaled(tar, 1 - 0.2f * now->rain));
    cairo_rectangle(board->cr, 0, horizon, board->canvas->width,
                    board->canvas->height - horizon + 1);
    fill(board, stone, 1, VDT_STREET_PAVEMENT);
    if (layout->kind == VDT_LAYOUT_PARK) {
        VdtColour grass = blend((VdtColour){0.46f, 0.6f, 0.33f}, grey(0.92f), 0.7f * now->snow);
        patch(board, l, front, r, 400);
        fill(board, lit(board, grass), 1, VDT_STREET_PAVEMENT);
    }
    /* Joints of the paving. */
    if (!board->canvas->classes) {
        for (double x = floor(board->camera->at.x / 2) * 2 - 24; x < board->camera->at.x + 24;
             x += 2) {
            patch(board, x, -20, x + 0.05, -0.2);
            patch(board, x, VDT_ROAD_WIDTH + 0.2, x + 0.05, front);
        }
        for (double z = -20; z < -1; z += 2)
            patch(board, l, z, r, z + 0.05);
        fill(board, lit(board, grey(0.2f)), 0.1, VDT_NO_CLASS);
    }
    patch(board, l, -0.2, r, VDT_ROAD_WIDTH + 0.2);
    fill(board, lit(board, kerb), 1, VDT_STREET_PAVEMENT);
    patch(board, l, 0, r, VDT_ROAD_WIDTH);
    if (layout->kind == VDT_LAYOUT_CROSSING) {
        patch(board, layout->cross - VDT_CROSS_HALF, VDT_ROAD_WIDTH - 0.1,
              layout->cross + VDT_CROSS_HALF, 300);
        patch(board, layout->cross - VDT_CROSS_HALF, -60, layout->cross + VDT_CROSS_HALF, 0.1);
    }
    if (!board->canvas->classes)
        cairo_set_fill_rule(board->cr, CAIRO_FILL_RULE_WINDING);
    fill(board, tar, 1, VDT_STREET_ROAD);
    if (board->canvas->classes)
        return;
    /* Markings: they are part of the road. */
    for (double x = floor((l + 60) / 6) * 6; x < r - 60; x += 6)
        patch(board, x, 4.94, x + 3, 5.06);
    if (layout->kind == VDT_LAYOUT_CROSSING)
        for (int i = 0; i < 10; i++) {
            double side = layout->cross - VDT_CROSS_HALF - 4;
            patch(board, side, 0.3 + i, side + 3, 0.8 + i);
        }
    fill(board, lit(board, paint), 0.85 * (1 - 0.7 * now->snow), VDT_NO_CLASS);
    patch(board, l, 1.97, r, 2.03);
    patch(board, l, 7.97, r, 8.03);
    fill(board, lit(board, paint), 0.4 * (1 - 0.8 * now->snow), VDT_NO_CLASS);
}

/* Pools of light under lamps. */
static void pools(const Board *board)
{
    for (guint i = 0; i < board->air->n_lamps && board->air->now.night > 0.02; i++) {
        const double *lamp = board->air->lamps[i];

        if (vdt_camera_depth(board->camera, lamp[0], lamp[1]) < -4)
            continue;
        for (int ring = 0; ring < 6; ring++) {
            VdtVec circle[14];
            double r = 6.2 - ring;

            for (int k = 0; k < 14; k++)
                circle[k] = (VdtVec){lamp[0] + r * vdt_cos(k * VDT_PI / 7), 0,
                                     lamp[1] + r * vdt_sin(k * VDT_PI / 7)};
            path(board, circle, 14);
            fill(board, (VdtColour){1, 0.83f, 0.5f}, 0.075 * board->air->now.night, VDT_NO_CLASS);
        }
    }
}

/* Haze over the ground, thicker with each row upwards. */
static void ground_mist(const Board *board)
{
    const VdtCamera *camera = board->camera;
    double horizon = board->camera->horizon;

    if (board->air->thick <= 0)
        return;
    cairo_pattern_t *mist =
        cairo_pattern_create_linear(0, down(board, horizon), 0, down(board, horizon + 1.6));
    for (int i = 0; i <= 16; i++) {
        double at = (i / 16.0) * (i / 16.0);
        double depth = camera->focal * camera->at.y / MAX(at * 1.6, 1e-3);

        cairo_pattern_add_color_stop_rgba(mist, at, board->air->mist.r, board->air->mist.g,
                                          board->air->mist.b, vdt_air_mist(board->air, depth));
    }
    cairo_rectangle(board->cr, 0, down(board, horizon), board->canvas->width,
                    board->canvas->height * 2);
    cairo_set_source(board->cr, mist);
    cairo_fill(board->cr);
    cairo_pattern_destroy(mist);
}

static const VdtColour plasters[] = {
    {0.85f, 0.77f, 0.64f}, {0.76f, 0.52f, 0.42f}, {0.7f, 0.7f, 0.68f},   {0.9f, 0.86f, 0.78f},
    {0.62f, 0.68f, 0.72f}, {0.8f, 0.66f, 0.5f},   {0.68f, 0.42f, 0.36f}, {0.74f, 0.76f, 0.66f},
};

/* A house between x0 and x1 whose front is at z; @back is the direction away from the street. */
static void house(const Board *board, VdtDice *dice, double x0, double x1, double z, double back)
{
    const VdtAir *air = board->air;
    VdtColour plaster = plasters[vdt_pick(dice, G_N_ELEMENTS(plasters))];
    guint floors = 2 + vdt_pick(dice, 4), columns;
    double storey = vdt_between(dice, 2.9, 3.4), ground_floor = vdt_between(dice, 3.2, 3.8);
    double high = ground_floor + floors * storey + 0.5, middle = (x0 + x1) / 2;
    gboolean shop = vdt_pick(dice, 3) > 0;
    guint64 key = vdt_roll(dice);
    double depth = vdt_camera_depth(board->camera, middle, z),
           mist = vdt_air_mist(air, MAX(depth, 2));
    VdtColour light = vdt_air_light(air, middle, z - back * 2), full = {1, 1, 1};

    light = blend(air->ambient, light, 0.4f);
    double nearest =
        MAX(vdt_camera_depth(board->camera, x0, z), vdt_camera_depth(board->camera, x1, z));
    if (nearest < VDT_NEAR)
        return;
    columns = MAX((guint)((x1 - x0) / vdt_between(dice, 2.1, 2.9)), 1);
    /* The side, where there is no neighbour or a lower one. */
    for (int side = 0; side < 2; side++) {
        double x = side ? x1 : x0;

        if ((board->camera->at.x > x) != (side == 1))
            continue;
        path(board,
             (VdtVec[]){{x, 0, z}, {x, 0, z + back * 11}, {x, high, z + back * 11}, {x, high, z}},
             4);
        fill(board, vdt_air_colour(air, scaled(plaster, 0.72f), light, mist), 1,
             VDT_STREET_BUILDING);
    }
    wall(board, z, x0, 0, x1, high);
    fill(board, vdt_air_colour(air, plaster, light, mist), 1, VDT_STREET_BUILDING);
    if (board->canvas->classes)
        return;
    wall(board, z, x0, high - 0.35, x1, high);
    wall(board, z, x0, ground_floor - 0.15, x1, ground_floor + 0.05);
    fill(board, vdt_air_colour(air, scaled(plaster, 0.8f), light, mist), 1, VDT_STREET_BUILDING);
    /* Windows too far away to be seen apart are left out. */
    if (board->camera->focal / MAX(depth, 1) * board->canvas->unit * 1.1 < 1.2)
        return;
    double cell = (x1 - x0) / columns, half = cell * 0.27;
    for (int bright = 0; bright < 2; bright++) {
        for (guint f = 0; f < floors; f++)
            for (guint c = 0; c < columns; c++) {
                guint64 chance = vdt_mix64_with(key, f * 64 + c);
                gboolean on = air->now.night > 0.25 + (chance & 255) / 255.0 * 1.6;
                double x = x0 + (c + 0.5) * cell, y = ground_floor + f * storey + 0.8;

                if (on == bright)
                    wall(board, z, x - half, y, x + half, y + storey * 0.52);
            }
        if (shop && bright == (air->now.night > 0.4 && key & 1))
            wall(board, z, x0 + 0.6, 0.7, x1 - 2.2, ground_floor - 0.6);
        fill(board,
             bright ? vdt_air_colour(air, (VdtColour){0.98f, 0.83f, 0.52f}, full, mist)
                    : vdt_air_colour(air, (VdtColour){0.36f, 0.44f, 0.52f}, light, mist),
             1, VDT_STREET_BUILDING);
    }
    wall(board, z, x1 - 1.7, 0, x1 - 0.6, 2.3);
    fill(board, vdt_air_colour(air, (VdtColour){0.34f, 0.26f, 0.22f}, light, mist), 1,
         VDT_STREET_BUILDING);
}

/* A row of houses from both ends towards the camera, so that near ones hide far ones. */
static void houses(const Board *board, double z, double back, guint64 what)
{
    const VdtLayout *layout = &board->street->layout;
    double slot = 10, from = floor((board->camera->at.x - 75) / slot);

    /* Farthest first: those on the side that lies deeper, then the others. */
    for (int i = 0; i < 15; i++) {
        int at = board->camera->sin > 0 ? 14 - i : i;
        double k = from + at;
        VdtDice dice = vdt_dice(board->street->seed ^ what, (guint64)(gint64)k);
        VdtDice next = vdt_dice(board->street->seed ^ what, (guint64)(gint64)(k + 1));
        double x0 = k * slot + vdt_between(&dice, -1.8, 1.8);
        double x1 = (k + 1) * slot + vdt_between(&next, -1.8, 1.8);

        if (layout->kind == VDT_LAYOUT_CROSSING) {
            double l = layout->cross - VDT_CROSS_HALF - 3, r = layout->cross + VDT_CROSS_HALF + 3;

            if (x0 < r && x1 > l) {
                if (x0 < l - 2)
                    x1 = l;
                else if (x1 > r + 2)
                    x0 = r;
                else
                    continue;
            }
        }
        house(board, &dice, x0, x1, z, back);
    }
}

void vdt_backdrop_paint(const VdtStreet *street, const VdtAir *air, const VdtCanvas *canvas)
{
    cairo_format_t format = canvas->classes ? CAIRO_FORMAT_A8 : CAIRO_FORMAT_RGB24;
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        canvas->pixels, format, canvas->width, canvas->height, canvas->stride);
    Board board = {.cr = cairo_create(surface),
                   .canvas = canvas,
                   .street = street,
                   .air = air,
                   .camera = &street->camera,
                   .left = street->camera.at.x - 150,
                   .right = street->camera.at.x + 150};

    if (canvas->classes) {
        cairo_set_antialias(board.cr, CAIRO_ANTIALIAS_NONE);
        cairo_set_operator(board.cr, CAIRO_OPERATOR_SOURCE);
    }
    sky(&board);
    skyline(&board);
    ground(&board);
    if (!canvas->classes) {
        pools(&board);
        ground_mist(&board);
    }
    if (street->layout.kind != VDT_LAYOUT_PARK)
        houses(&board, vdt_layout_front(&street->layout), 1, 0x10);
    if (street->layout.near_side > -1000)
        houses(&board, street->layout.near_side, -1, 0x20);
    cairo_destroy(board.cr);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    for (guint i = 0; i < street->still.things->len; i++)
        vdt_canvas_thing(canvas, air, &street->still,
                         &g_array_index(street->still.things, VdtThing, i));
}
