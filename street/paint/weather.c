/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What falls from the sky: drops and flakes, each on its own way as a function of time. */
#include "paint.h"

static void rain(const VdtCanvas *canvas, double rain, double night, guint64 seed, double t)
{
    double wide = 2 * VDT_HALF_WIDTH + 0.3, slant;
    guint n = (guint)(240 * rain);
    VdtDice dice = vdt_dice(seed, 92);
    VdtMark mark = {.class = VDT_NO_CLASS};
    float grey = 0.85f - 0.35f * night;

    slant = vdt_between(&dice, -0.25, 0.25);
    for (guint i = 0; i < n; i++) {
        double x = vdt_chance(&dice), phase = vdt_chance(&dice), near = vdt_chance(&dice);
        double fall = phase + t * (1.4 + 1.2 * near), length = 0.025 + 0.05 * near;
        double y = (fall - floor(fall)) * 1.2 - 0.1;
        /* Another way each time round. */
        x += floor(fall) * 0.618034;
        x = (x - floor(x) - 0.5) * wide + slant * y;

        mark.points[0] = (VdtPoint){x, y};
        mark.points[1] = (VdtPoint){x + slant * length, y + length};
        mark.radius[0] = mark.radius[1] = 0.0008 + 0.0012 * near;
        mark.alpha = 0.2 + 0.25 * near;
        vdt_canvas_mark(canvas, &mark, (VdtColour){grey, grey, grey + 0.05f});
    }
}

static void snow(const VdtCanvas *canvas, double snow, double night, guint64 seed, double t)
{
    double wide = 2 * VDT_HALF_WIDTH + 0.2;
    guint n = (guint)(260 * snow);
    VdtDice dice = vdt_dice(seed, 93);
    VdtMark mark = {.class = VDT_NO_CLASS};
    float white = 0.97f - 0.25f * night;

    for (guint i = 0; i < n; i++) {
        double x = vdt_chance(&dice), phase = vdt_chance(&dice), near = vdt_chance(&dice);
        double sway = vdt_chance(&dice) * 6, fall = phase + t * (0.16 + 0.3 * near);
        double y = (fall - floor(fall)) * 1.1 - 0.05;

        x += floor(fall) * 0.618034;
        x = (x - floor(x) - 0.5) * wide + 0.02 * vdt_sin(sway + 2 * t);
        mark.points[0] = mark.points[1] = (VdtPoint){x, y};
        mark.radius[0] = mark.radius[1] = 0.002 + 0.006 * near * near;
        mark.alpha = 0.6 + 0.35 * near;
        vdt_canvas_mark(canvas, &mark, (VdtColour){white, white, white});
    }
}

void vdt_weather_paint(const VdtCanvas *canvas, const VdtStreetConditions *now, guint64 seed,
                       gint64 time)
{
    double t = time / 1e9;

    if (now->rain > 0)
        rain(canvas, now->rain, now->night, seed, t);
    if (now->snow > 0)
        snow(canvas, now->snow, now->night, seed, t);
}
