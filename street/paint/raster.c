/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks into pixels. Cairo takes longer to begin a small shape than this takes to draw it, and a
 * street is made of some hundred small shapes a frame. Coordinates are rounded to 1/256 of a pixel
 * first, so that nothing hangs on the last bit of what led to them.
 */
#include "paint.h"

#define ONE 256 /* full coverage */

typedef struct {
    guint8 colour[3]; /* blue, green, red */
    guint8 class;
    int alpha; /* of 256 */
} Ink;

static double fixed(double x)
{
    return floor(vdt_clamp(x, -30000, 30000) * 256 + 0.5) / 256;
}

static inline void put(const VdtCanvas *canvas, const Ink *ink, guint8 *row, int x, int cover)
{
    if (canvas->classes) {
        if (cover >= ONE / 2)
            row[x] = ink->class;
        return;
    }
    guint8 *pixel = row + 4 * x;
    int a = cover * ink->alpha >> 8;
    for (int c = 0; c < 3; c++)
        pixel[c] += ((ink->colour[c] - pixel[c]) * a + 128) >> 8;
}

/* A limb: all points nearer to the line than its radius, which grows along it evenly. */
static void limb(const VdtCanvas *canvas, const VdtMark *mark, const Ink *ink)
{
    double ax = fixed(canvas->left + mark->points[0].x * canvas->unit);
    double ay = fixed(canvas->top + mark->points[0].y * canvas->unit);
    double bx = fixed(canvas->left + mark->points[1].x * canvas->unit);
    double by = fixed(canvas->top + mark->points[1].y * canvas->unit);
    /* What is thinner than a pixel would dissolve. */
    double ra = fixed(MAX(mark->radius[0] * canvas->unit, 0.5));
    double rb = fixed(MAX(mark->radius[1] * canvas->unit, 0.5));
    double most = MAX(ra, rb) + 0.5;
    int x0 = MAX((int)floor(MIN(ax, bx) - most), canvas->x0);
    int x1 = MIN((int)ceil(MAX(ax, bx) + most), canvas->x1);
    int y0 = MAX((int)floor(MIN(ay, by) - most), canvas->y0);
    int y1 = MIN((int)ceil(MAX(ay, by) + most), canvas->y1);
    float dx = bx - ax, dy = by - ay, square = dx * dx + dy * dy;
    float scale = square > 0 ? 1 / square : 0, r0 = ra, grow = rb - ra;

    for (int y = y0; y < y1; y++) {
        guint8 *row = canvas->pixels + y * canvas->stride;
        float py = y + 0.5f - (float)ay;

        for (int x = x0; x < x1; x++) {
            float px = x + 0.5f - (float)ax;
            float t = (px * dx + py * dy) * scale;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            float ex = px - t * dx, ey = py - t * dy, d = ex * ex + ey * ey;
            float r = r0 + t * grow, out = r + 0.5f, in = r - 0.5f;

            if (d >= out * out)
                continue;
            if (d <= in * in)
                put(canvas, ink, row, x, ONE);
            else
                put(canvas, ink, row, x, (int)((out - sqrtf(d)) * ONE));
        }
    }
}

/* A polygon, even-odd: four lines in each row of pixels, exact along the line. */
static void polygon(const VdtCanvas *canvas, const VdtMark *mark, const Ink *ink)
{
    int n = mark->n, px[VDT_MARK_POINTS], py[VDT_MARK_POINTS]; /* in 1/256 */
    int top = G_MAXINT, bottom = G_MININT, left = G_MAXINT, right = G_MININT;

    for (int i = 0; i < n; i++) {
        px[i] = (int)(fixed(canvas->left + mark->points[i].x * canvas->unit) * 256);
        py[i] = (int)(fixed(canvas->top + mark->points[i].y * canvas->unit) * 256);
        top = MIN(top, py[i]);
        bottom = MAX(bottom, py[i]);
        left = MIN(left, px[i]);
        right = MAX(right, px[i]);
    }
    int y0 = MAX(top >> 8, canvas->y0), y1 = MIN((bottom >> 8) + 1, canvas->y1);
    int x0 = MAX(left >> 8, canvas->x0), x1 = MIN((right >> 8) + 1, canvas->x1);
    if (x0 >= x1 || y0 >= y1)
        return;

    /* Differences of coverage; the sum along a row is the coverage, times 4 lines of 256. */
    gint32 few[1026], *row = x1 - x0 + 2 <= 1026 ? few : g_new(gint32, x1 - x0 + 2);
    for (int y = y0; y < y1; y++) {
        int first = x1, last = x0;

        for (int line = 0; line < 4; line++) {
            int at = (y << 8) + 32 + line * 64, cuts[VDT_MARK_POINTS], n_cuts = 0;

            for (int i = 0, j = n - 1; i < n; j = i++) {
                if ((py[i] <= at) == (py[j] <= at))
                    continue;
                int x = px[i] + (int)((gint64)(px[j] - px[i]) * (at - py[i]) / (py[j] - py[i]));
                int k = n_cuts++;
                for (; k > 0 && cuts[k - 1] > x; k--)
                    cuts[k] = cuts[k - 1];
                cuts[k] = x;
            }
            for (int k = 0; k + 1 < n_cuts; k += 2) {
                int from = CLAMP(cuts[k], x0 << 8, x1 << 8),
                    to = CLAMP(cuts[k + 1], x0 << 8, x1 << 8);

                if (from >= to)
                    continue;
                int a = from >> 8, b = to >> 8;
                if (first > last) {
                    first = a;
                    last = b;
                    for (int x = a; x <= b + 1 && x <= x1 + 1; x++)
                        row[x - x0] = 0;
                }
                for (; first > a; first--)
                    row[first - 1 - x0] = 0;
                for (; last < b; last++)
                    row[last + 2 - x0] = 0;
                row[a - x0] += 256 - (from & 255);
                row[a + 1 - x0] += from & 255;
                row[b - x0] -= 256 - (to & 255);
                row[b + 1 - x0] -= to & 255;
            }
        }
        guint8 *pixels = canvas->pixels + y * canvas->stride;
        int sum = 0;
        for (int x = first; x <= last && x < x1; x++) {
            sum += row[x - x0];
            if (sum > 0)
                put(canvas, ink, pixels, x, MIN(sum >> 2, ONE));
        }
    }
    if (row != few)
        g_free(row);
}

void vdt_canvas_mark(const VdtCanvas *canvas, const VdtMark *mark, VdtColour colour)
{
    Ink ink = {{(guint8)(vdt_clamp(colour.b, 0, 1) * 255 + 0.5),
                (guint8)(vdt_clamp(colour.g, 0, 1) * 255 + 0.5),
                (guint8)(vdt_clamp(colour.r, 0, 1) * 255 + 0.5)},
               canvas->numbers ? canvas->number : mark->class,
               (int)(mark->alpha * 256)};

    if (canvas->classes && mark->class == VDT_NO_CLASS)
        return;
    if (mark->n == 0)
        limb(canvas, mark, &ink);
    else
        polygon(canvas, mark, &ink);
}

/* A mark as a wet street gives it back, upside down. */
static void reflect(VdtMark *mark, double foot)
{
    for (guint i = 0; i < (mark->n ? mark->n : 2u); i++)
        mark->points[i].y = 2 * foot - mark->points[i].y;
}

void vdt_canvas_thing(const VdtCanvas *canvas, const VdtAir *air, const VdtStage *stage,
                      const VdtThing *thing)
{
    static const VdtColour full = {1, 1, 1};
    VdtColour light = full;
    double mist = 0, wet = canvas->classes ? 0 : 0.2 * air->now.rain;

    if (!canvas->classes) {
        light = vdt_air_light(air, thing->x, thing->z);
        mist = vdt_air_mist(air, thing->depth);
    }
    for (int pass = wet > 0 ? 0 : 1; pass < 2; pass++) {
        for (guint i = 0; i < thing->n_marks; i++) {
            VdtMark mark = g_array_index(stage->marks, VdtMark, thing->first_mark + i);
            VdtColour colour = mark.colour;

            if (pass == 0) {
                /* Crowns are too high above the ground to be seen in it so soon. */
                if (mark.class == VDT_NO_CLASS || mark.class == VDT_STREET_TREE)
                    continue;
                reflect(&mark, thing->foot);
                mark.alpha *= wet;
            }
            if (!canvas->classes) {
                if (mark.light == VDT_BEAM)
                    mark.alpha *= air->now.night;
                if (mark.class == VDT_STREET_TREE && air->now.snow > 0) {
                    float white = 0.45f * air->now.snow;
                    colour.r += (0.95f - colour.r) * white;
                    colour.g += (0.95f - colour.g) * white;
                    colour.b += (0.97f - colour.b) * white;
                }
                colour = vdt_air_colour(air, colour, mark.light == VDT_LIT ? light : full, mist);
            }
            if (mark.alpha > 0)
                vdt_canvas_mark(canvas, &mark, colour);
        }
    }
}
