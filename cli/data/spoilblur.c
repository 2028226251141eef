/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A point's light spread over a disc, along a way, or normally. */
#include <string.h>

#include "spoilkinds.h"

#define MOST_REACH 16
#define SIDE       (2 * MOST_REACH + 1)
/* Of a disc's or a way's points to a pixel's side. */
#define FINENESS   4
/* Points below this share of the largest are left out. */
#define LEAST      1e-3

/* Where a point's light goes: around the middle of a square. */
typedef struct {
    double shares[SIDE][SIDE];
} Spread;

static void put(Spread *spread, double x, double y, double light)
{
    double fx = floor(x), fy = floor(y), u = x - fx, v = y - fy;
    int ix = (int)fx + MOST_REACH, iy = (int)fy + MOST_REACH;
    if (ix < 0 || iy < 0 || ix + 1 >= SIDE || iy + 1 >= SIDE)
        return;
    spread->shares[iy][ix] += light * (1 - u) * (1 - v);
    spread->shares[iy][ix + 1] += light * u * (1 - v);
    spread->shares[iy + 1][ix] += light * (1 - u) * v;
    spread->shares[iy + 1][ix + 1] += light * u * v;
}

/* A lens that is out of focus: a disc, or what its blades leave of that, brighter at its rim. */
static void fill_disc(guint64 *state, double radius, Spread *spread)
{
    guint blades = random_double(state) < 0.4 ? 5 + random_next(state) % 4 : 0;
    double turn = spoil_between(state, 0, G_PI), rim = spoil_between(state, 0, 0.5);
    int reach = (int)ceil(radius * FINENESS);
    for (int j = -reach; j <= reach; j++)
        for (int i = -reach; i <= reach; i++) {
            double x = (double)i / FINENESS, y = (double)j / FINENESS, far = hypot(x, y);
            double most = radius;
            if (blades > 0) {
                double sector = 2 * G_PI / blades, angle = atan2(y, x) + turn;
                angle -= sector * floor(angle / sector) + sector / 2;
                most = radius * cos(sector / 2) / cos(angle) * 1.05;
            }
            if (far <= most)
                put(spread, x, y, 1 + rim * far / radius);
        }
}

static void fill_normal(guint64 *state, double radius, Spread *spread)
{
    /* As wide as a disc of that radius, in one direction perhaps less. */
    double a = radius / 2, b = a * (random_double(state) < 0.5 ? 1 : spoil_between(state, 0.4, 1));
    double angle = spoil_between(state, 0, G_PI), c = cos(angle), s = sin(angle);
    for (int j = -MOST_REACH; j <= MOST_REACH; j++)
        for (int i = -MOST_REACH; i <= MOST_REACH; i++) {
            double u = (i * c + j * s) / a, v = (j * c - i * s) / b;
            put(spread, i, j, exp(-0.5 * (u * u + v * v)));
        }
}

/* A camera that is moved: along a way that turns, the more the less steady the hand, and is not
 * gone with one speed. */
static void fill_way(guint64 *state, double radius, Spread *spread)
{
    double length = 3.4 * radius, angle = spoil_between(state, 0, 2 * G_PI);
    double turn = random_double(state) < 0.4 ? 0 : spoil_between(state, -2.5, 2.5) / length;
    double shiver = random_double(state) < 0.5 ? 0 : spoil_between(state, 0, 0.15);
    double swing = spoil_between(state, 0, 0.8), phase = spoil_between(state, 0, 2 * G_PI);
    guint n = (guint)ceil(length * FINENESS) + 1;
    double x[MOST_REACH * 8 * FINENESS], y[G_N_ELEMENTS(x)], mean_x = 0, mean_y = 0;
    n = MIN(n, G_N_ELEMENTS(x));
    x[0] = y[0] = 0;
    for (guint i = 1; i < n; i++) {
        angle += turn * length / (n - 1) + shiver * spoil_normal(state);
        x[i] = x[i - 1] + cos(angle) * length / (n - 1);
        y[i] = y[i - 1] + sin(angle) * length / (n - 1);
    }
    for (guint i = 0; i < n; i++) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (guint i = 0; i < n; i++)
        put(spread, x[i] - mean_x, y[i] - mean_y, 1 + swing * sin(phase + 5.0 * i / n));
}

/* What of a row falls on another one, @dx to the right, times @share. */
static void add_row(const float *from, int width, int dx, float share, float *to)
{
    for (int x = 0; x < MIN(-dx, width); x++)
        to[x] += share * from[spoil_mirror(x + dx, width)];
    for (int x = MAX(-dx, 0); x < width - MAX(dx, 0); x++)
        to[x] += share * from[x + dx];
    for (int x = MAX(width - dx, 0); x < width; x++)
        to[x] += share * from[spoil_mirror(x + dx, width)];
}

static void spread_light(Film *film, const Spread *spread)
{
    const int width = (int)film->width, height = (int)film->height;
    double sum = 0, most = 0;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            most = MAX(most, spread->shares[j][i]);
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            if (spread->shares[j][i] > LEAST * most)
                sum += spread->shares[j][i];
    g_autofree float *from = g_memdup2(film->values, 3 * film->area * sizeof *from);
    memset(film->values, 0, 3 * film->area * sizeof *from);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++) {
            float *to = film->values + (c * film->area + (gsize)y * film->width);
            for (int j = 0; j < SIDE; j++) {
                int at = spoil_mirror(y + j - MOST_REACH, height);
                const float *row = from + (c * film->area + (gsize)at * film->width);
                for (int i = 0; i < SIDE; i++)
                    if (spread->shares[j][i] > LEAST * most)
                        add_row(row, width, i - MOST_REACH, (float)(spread->shares[j][i] / sum),
                                to);
            }
        }
}

void spoil_blur(Film *film)
{
    static void (*const fills[])(guint64 * state, double radius,
                                 Spread *spread) = {fill_disc, fill_normal, fill_way};
    Spread spread = {0};
    guint kind = random_next(&film->state) % G_N_ELEMENTS(fills);
    fills[kind](&film->state, film->amount, &spread);
    light_from_levels(film->values, 3 * film->area);
    spread_light(film, &spread);
    light_to_levels(film->values, 3 * film->area);
}
