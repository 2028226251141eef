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

/* A round of corners. */
static void disc(const Board *board, double x, double y, double rx, double ry)
{
    for (int i = 0; i < 20; i++) {
        double px = across(board, x + rx * vdt_cos(i * VDT_PI / 10));
        double py = down(board, y + ry * vdt_sin(i * VDT_PI / 10));

        if (i == 0)
            cairo_move_to(board->cr, px, py);
        else
            cairo_line_to(board->cr, px, py);
    }
    cairo_close_path(board->cr);
}

static void clouds(const Board *board)
{
    const VdtStreetConditions *now = &board->air->now;
    VdtDice dice = vdt_dice(board->street->seed, 102);
    guint n = vdt_pick(&dice, 6);
    double alpha = 0.5 * (1 - now->night) * (1 - MAX(MAX(now->haze, now->rain), now->snow));

    for (guint i = 0; i < n && alpha > 0.01; i++) {
        double x = vdt_between(&dice, -1, 1), y = vdt_between(&dice, 0.06, 0.5);
        double size = vdt_between(&dice, 0.02, 0.05);

        y = board->camera->horizon - y;
        for (int k = -2; k <= 2; k++)
            disc(board, x + k * size * 1.3, y - (k ? 0 : size * 0.5),
                 size * (k == -2 || k == 2 ? 1 : 1.5), size * (k == -2 || k == 2 ? 0.5 : 0.8));
        fill(board, grey(1), alpha, VDT_NO_CLASS);
    }
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

/* Mended places, covers and tracks, so that a road is not one flat colour. */
static void wear(const Board *board)
{
    const double near = board->camera->at.x;

    patch(board, board->left, VDT_LANE_NEAR - 0.95, board->right, VDT_LANE_NEAR - 0.5);
    patch(board, board->left, VDT_LANE_NEAR + 0.5, board->right, VDT_LANE_NEAR + 0.95);
    patch(board, board->left, VDT_LANE_FAR - 0.95, board->right, VDT_LANE_FAR - 0.5);
    patch(board, board->left, VDT_LANE_FAR + 0.5, board->right, VDT_LANE_FAR + 0.95);
    fill(board, lit(board, grey(0.55f)), 0.07, VDT_NO_CLASS);
    for (int covers = 0; covers < 2; covers++) {
        for (int i = -6; i < 6; i++) {
            double k = floor(near / 9) + i;
            VdtDice dice = vdt_dice(board->street->seed ^ 0x30, (guint64)(gint64)k);
            double x = k * 9 + vdt_between(&dice, 0, 6), z = vdt_between(&dice, 0.6, 7);
            double wide = vdt_between(&dice, 0.8, 3.5), deep = vdt_between(&dice, 0.6, 2);
            VdtVec circle[12];

            if (covers == 0 && vdt_pick(&dice, 2)) {
                patch(board, x, z, x + wide, z + deep);
            } else if (covers == 1) {
                x += vdt_between(&dice, 2, 5);
                for (int c = 0; c < 12; c++)
                    circle[c] = (VdtVec){x + 0.36 * vdt_cos(c * VDT_PI / 6), 0,
                                         VDT_LANE_FAR + 0.36 * vdt_sin(c * VDT_PI / 6)};
                path(board, circle, 12);
            }
        }
        fill(board, lit(board, grey(0.1f)), covers ? 0.35 : 0.13, VDT_NO_CLASS);
    }
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

    VdtColour grass = blend((VdtColour){0.46f, 0.58f, 0.34f}, grey(0.92f), 0.7f * now->snow);
    gboolean open = layout->near_side < -1000;
    if (layout->kind == VDT_LAYOUT_PARK) {
        patch(board, l, front, r, 400);
        fill(board, lit(board, grass), 1, VDT_STREET_PAVEMENT);
    }
    if (layout->kind == VDT_LAYOUT_SQUARE && !board->canvas->classes) {
        /* Slabs of two shades. */
        double x0 = floor(board->camera->at.x / 8) * 8;
        for (int i = -9; i < 9; i++)
            for (int k = 0; k < 6; k++)
                patch(board, x0 + i * 4 + k % 2 * 2, -2.5 - 2 * k, x0 + i * 4 + k % 2 * 2 + 2,
                      -0.5 - 2 * k);
        fill(board, lit(board, grey(0.25f)), 0.1, VDT_NO_CLASS);
    } else if (open && layout->kind != VDT_LAYOUT_SQUARE) {
        patch(board, l, -100, r, -6.8);
        fill(board, layout->lawn ? lit(board, grass) : scaled(stone, 0.86f), 1,
             VDT_STREET_PAVEMENT);
        for (double z = -8; layout->lawn && z > -40; z -= 2.4)
            patch(board, l, z - 1.2, r, z);
        fill(board, grey(1), 0.05, VDT_NO_CLASS);
        patch(board, l, -6.9, r, -6.7);
        fill(board, lit(board, kerb), 1, VDT_STREET_PAVEMENT);
        if (layout->kind == VDT_LAYOUT_CROSSING) {
            patch(board, layout->cross - VDT_CROSS_HALF - 2.5, -60,
                  layout->cross + VDT_CROSS_HALF + 2.5, -6.6);
            fill(board, stone, 1, VDT_STREET_PAVEMENT);
        }
    }
    /* Joints of the paving. */
    if (!board->canvas->classes) {
        for (double x = floor(board->camera->at.x / 2) * 2 - 24; x < board->camera->at.x + 24;
             x += 2) {
            patch(board, x, open ? -6.7 : -20, x + 0.05, -0.2);
            patch(board, x, VDT_ROAD_WIDTH + 0.2, x + 0.05, front);
        }
        for (double z = open ? -6 : -20; z < -1; z += 2)
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
    fill(board, tar, 1, VDT_STREET_ROAD);
    if (board->canvas->classes)
        return;
    wear(board);
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

/* Light of lamps on the ground: the same as falls on whoever stands there. */
static void pools(const Board *board)
{
    const VdtCanvas *canvas = board->canvas;
    const VdtCamera *camera = board->camera;
    const VdtAir *air = board->air;
    const float dark[3] = {air->ambient.b, air->ambient.g, air->ambient.r};
    const float warm[3] = {0.26f, 0.5f, 0.62f};
    double horizon = canvas->top + camera->horizon * canvas->unit;

    if (air->now.night <= 0)
        return;
    for (int y = MAX((int)floor(horizon) + 1, 0); y < canvas->height; y++) {
        double depth = camera->focal * camera->at.y * canvas->unit / (y + 0.5 - horizon);
        float ahead[64], right[64];
        guint n = 0;

        /* Lamps near to this row of the ground, as seen from the camera. */
        for (guint i = 0; i < air->n_lamps && depth > VDT_NEAR; i++) {
            double dx = air->lamps[i][0] - camera->at.x, dz = air->lamps[i][1] - camera->at.z;
            double far = dx * camera->sin + dz * camera->cos - depth;

            if (fabs(far) > 14)
                continue;
            ahead[n] = far * far;
            right[n++] = dx * camera->cos - dz * camera->sin;
        }
        float metre = depth / (camera->focal * canvas->unit);
        guint8 *row = canvas->pixels + y * canvas->stride;
        for (int x = 0; n > 0 && x < canvas->width; x++) {
            float at = (x + 0.5f - (float)canvas->left) * metre, lit = 0;

            for (guint i = 0; i < n; i++) {
                float side = at - right[i], d = (ahead[i] + side * side) * (1 / 30.f);
                lit += 1 / (1 + d * d);
            }
            lit = MIN(lit, 1) * (float)air->now.night;
            for (int c = 0; c < 3; c++) {
                float value = row[4 * x + c] * (1 + warm[c] * lit / dark[c]);
                row[4 * x + c] = (guint8)MIN(value, 255);
            }
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

/* What a front has on it: windows in floors and columns, a door, perhaps a shop. */
typedef struct {
    const Board *board;
    guint64 key;
    double x0, x1, z, back, ground_floor, storey;
    guint floors, columns;
    gboolean shop;
    VdtColour plaster, light;
    double mist, metre; /* pixels of a metre */
    double half, tall;  /* of windows */
} Facade;

static VdtColour sky_colour(const Board *board)
{
    return blend(board->street->layout.sky_low, board->air->ambient, board->air->now.night);
}

static VdtColour facade_colour(const Facade *facade, VdtColour colour)
{
    return vdt_air_colour(facade->board->air, colour, facade->light, facade->mist);
}

/* The left and the lower edge of a window. */
static void window_at(const Facade *facade, guint floor, guint column, double *x, double *y)
{
    *x = facade->x0 + (column + 0.5) * (facade->x1 - facade->x0) / facade->columns - facade->half;
    *y = facade->ground_floor + floor * facade->storey + 0.8;
}

/* All windows, grown by @rim, or a bar of width -@rim down their middles. */
static void windows(const Facade *facade, double rim)
{
    for (guint f = 0; f < facade->floors; f++)
        for (guint c = 0; c < facade->columns; c++) {
            double x, y, w = 2 * facade->half;

            window_at(facade, f, c, &x, &y);
            if (rim >= 0)
                wall(facade->board, facade->z, x - rim, y - rim, x + w + rim,
                     y + facade->tall + rim);
            else
                wall(facade->board, facade->z, x + (w + rim) / 2, y, x + (w - rim) / 2,
                     y + facade->tall);
        }
}

static void panes(const Facade *facade)
{
    static const VdtColour full = {1, 1, 1};
    const Board *board = facade->board;
    double night = board->air->now.night;
    VdtColour glass = blend((VdtColour){0.3f, 0.38f, 0.46f}, sky_colour(board), 0.3f);

    for (int bright = 0; bright < 2; bright++) {
        for (guint f = 0; f < facade->floors; f++)
            for (guint c = 0; c < facade->columns; c++) {
                guint64 chance = vdt_mix64_with(facade->key, f * 64 + c);
                gboolean on = night > 0.25 + (chance & 255) / 255.0 * 1.6;
                double x, y;

                window_at(facade, f, c, &x, &y);
                if (on == bright)
                    wall(board, facade->z, x, y, x + 2 * facade->half, y + facade->tall);
            }
        if (facade->shop && bright == (night > 0.4 && facade->key & 1))
            wall(board, facade->z, facade->x0 + 0.6, 0.7, facade->x1 - 2.2,
                 facade->ground_floor - 0.6);
        fill(board,
             bright
                 ? vdt_air_colour(board->air, (VdtColour){0.95f, 0.79f, 0.5f}, full, facade->mist)
                 : facade_colour(facade, glass),
             1, VDT_STREET_BUILDING);
    }
}

/* The sky, mirrored in the upper corners of the panes. */
static void mirrors(const Facade *facade)
{
    for (guint f = 0; f < facade->floors; f++)
        for (guint c = 0; c < facade->columns; c++) {
            double x, y, tall = facade->tall;

            window_at(facade, f, c, &x, &y);
            path(facade->board,
                 (VdtVec[]){{x, y + tall * 0.3, facade->z},
                            {x, y + tall, facade->z},
                            {x + 1.4 * facade->half, y + tall, facade->z}},
                 3);
        }
    fill(facade->board, sky_colour(facade->board), 0.22 * (1 - facade->board->air->now.night),
         VDT_NO_CLASS);
}

static void awning(const Facade *facade, VdtDice *dice)
{
    static const VdtColour cloths[] = {
        {0.7f, 0.22f, 0.2f}, {0.2f, 0.42f, 0.38f}, {0.24f, 0.34f, 0.55f}, {0.8f, 0.58f, 0.2f}};
    VdtColour cloth = cloths[vdt_pick(dice, G_N_ELEMENTS(cloths))];
    double a = facade->x0 + 0.5, b = facade->x1 - 2.1, z = facade->z;
    double low = facade->ground_floor - 1.05, top = facade->ground_floor - 0.4;
    guint stripes = 2 * (guint)(MAX(b - a, 0) / 1.1) + 1;

    for (guint white = 0; white < 2; white++) {
        for (guint i = white; i < stripes; i += 2) {
            double from = a + (b - a) * i / stripes, to = a + (b - a) * (i + 1) / stripes;

            path(facade->board,
                 (VdtVec[]){{from, top, z},
                            {to, top, z},
                            {to, low, z - facade->back * 1.1},
                            {from, low, z - facade->back * 1.1}},
                 4);
        }
        fill(facade->board, facade_colour(facade, white ? grey(0.9f) : cloth), 1,
             VDT_STREET_BUILDING);
    }
}

static void facade_paint(Facade *facade, VdtDice *dice)
{
    static const VdtColour doors[] = {
        {0.34f, 0.26f, 0.22f}, {0.2f, 0.3f, 0.36f}, {0.4f, 0.2f, 0.18f}};
    const Board *board = facade->board;
    VdtColour frame = facade_colour(facade, blend(facade->plaster, grey(0.95f), 0.6f));
    VdtColour door = facade_colour(facade, doors[vdt_pick(dice, G_N_ELEMENTS(doors))]);
    double z = facade->z, x0 = facade->x0, x1 = facade->x1, high = facade->ground_floor;
    gboolean fine = facade->metre > 7;

    facade->half = (x1 - x0) / facade->columns * vdt_between(dice, 0.2, 0.3);
    facade->tall = facade->storey * vdt_between(dice, 0.42, 0.56);
    /* What is too far away to be seen apart is left out. */
    if (facade->metre < 1.1)
        return;
    if (fine) {
        windows(facade, 0.1);
        if (facade->shop)
            wall(board, z, x0 + 0.45, 0.55, x1 - 2.05, high - 0.45);
        wall(board, z, x1 - 1.8, 0, x1 - 0.5, 2.45);
        fill(board, frame, 1, VDT_STREET_BUILDING);
    }
    panes(facade);
    wall(board, z, x1 - 1.7, 0, x1 - 0.6, 2.3);
    fill(board, door, 1, VDT_STREET_BUILDING);
    if (!fine)
        return;
    mirrors(facade);
    windows(facade, -0.07);
    for (double x = x0 + 2.1; facade->shop && x < x1 - 2.4; x += 1.5)
        wall(board, z, x - 0.04, 0.7, x + 0.04, high - 0.6);
    fill(board, frame, 1, VDT_STREET_BUILDING);
    if (facade->shop && facade->key & 6)
        awning(facade, dice);
}

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
    VdtColour light = vdt_air_light(air, middle, z - back * 2);

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
    VdtColour roof =
        vdt_pick(dice, 2) ? (VdtColour){0.52f, 0.27f, 0.22f} : (VdtColour){0.36f, 0.38f, 0.42f};
    roof = blend(roof, grey(0.93f), 0.75f * air->now.snow);
    if (vdt_pick(dice, 3)) {
        double over = 0.25, ridge = high + 1.9, behind = z + back * 4;
        double end = board->camera->at.x > x1 ? x1 : x0;

        path(board,
             (VdtVec[]){
                 {end, high - 0.1, z}, {end, ridge, behind}, {end, high - 0.1, z + back * 11}},
             3);
        fill(board, vdt_air_colour(air, scaled(plaster, 0.72f), light, mist), 1,
             VDT_STREET_BUILDING);

        path(board,
             (VdtVec[]){{x0 - over, high - 0.1, z - back * 0.3},
                        {x1 + over, high - 0.1, z - back * 0.3},
                        {x1 + over, ridge, behind},
                        {x0 - over, ridge, behind}},
             4);
        fill(board, vdt_air_colour(air, roof, light, mist), 1, VDT_STREET_BUILDING);
    }
    wall(board, z, x0, 0, x1, high);
    fill(board, vdt_air_colour(air, plaster, light, mist), 1, VDT_STREET_BUILDING);
    wall(board, z, x0, high - 0.35, x1, high);
    wall(board, z, x0, ground_floor - 0.15, x1, ground_floor + 0.05);
    wall(board, z, x0, 0, x1, 0.45);
    fill(board, vdt_air_colour(air, scaled(plaster, 0.8f), light, mist), 1, VDT_STREET_BUILDING);
    Facade facade = {.board = board,
                     .key = key,
                     .x0 = x0,
                     .x1 = x1,
                     .z = z,
                     .back = back,
                     .ground_floor = ground_floor,
                     .storey = storey,
                     .floors = floors,
                     .columns = columns,
                     .shop = shop,
                     .plaster = plaster,
                     .light = light,
                     .mist = mist};
    facade.metre = board->camera->focal / MAX(depth, 1) * board->canvas->unit;
    facade_paint(&facade, dice);
}

/* A row of houses from both ends towards the camera, so that near ones hide sides of far ones. */
static void houses(const Board *board, double z, double back, guint64 what)
{
    const VdtLayout *layout = &board->street->layout;
    double slot = 10, middle = floor(board->camera->at.x / slot);

    for (int i = 0; i < 17; i++) {
        double k = middle + (i & 1 ? 1 : -1) * (16 - i + 1) / 2;
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

/* The air around burning lamps. */
static void glow(const Board *board)
{
    VdtMark mark = {.class = VDT_NO_CLASS};

    for (guint i = 0; i < board->air->n_lamps && board->air->now.night > 0.02; i++) {
        const double *lamp = board->air->lamps[i];

        if (vdt_camera_depth(board->camera, lamp[0], lamp[1]) < 1)
            continue;
        double scale =
            vdt_camera_project(board->camera, (VdtVec){lamp[0], 5.7, lamp[1]}, &mark.points[0]);
        mark.points[1] = mark.points[0];
        for (int ring = 1; ring <= 5; ring++) {
            mark.radius[0] = mark.radius[1] = 0.28 * ring * scale;
            mark.alpha = 0.11 * board->air->now.night;
            vdt_canvas_mark(board->canvas, &mark, (VdtColour){1, 0.87f, 0.6f});
        }
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
    cairo_set_fill_rule(board.cr, CAIRO_FILL_RULE_WINDING);
    sky(&board);
    if (!canvas->classes)
        clouds(&board);
    skyline(&board);
    ground(&board);
    if (!canvas->classes) {
        cairo_surface_flush(surface);
        pools(&board);
        cairo_surface_mark_dirty(surface);
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
    if (!canvas->classes)
        glow(&board);
}
