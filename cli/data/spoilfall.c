/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rain and snow: what falls through the air while a picture is exposed, at several distances, some
 * of them out of focus, and the veil of all that is farther away.
 */
#include <string.h>

#include "spoilkinds.h"

/* From what is nearest to what can be told apart. */
#define FARTHEST 8.0
/* Nothing is drawn thinner: it is fainter instead. */
#define THINNEST 0.75
/* Of what falls, lit by all of the sky, to the veil of what is far away. */
#define SHINE    1.3

/* What covers pixels: a disc, drawn out along a way. */
typedef struct {
    double x, y;   /* the middle */
    double dx, dy; /* from there to its end, dy > 0 */
    double radius, soft;
    double share; /* of what is behind it that is not seen */
} Mark;

static void put_mark(const Film *film, const Mark *mark, float *share)
{
    double reach = mark->radius + mark->soft, square = mark->dx * mark->dx + mark->dy * mark->dy;
    double slope = mark->dy > 0 ? mark->dx / mark->dy : 0;
    gboolean steep = fabs(slope) < 2 && mark->dy > 0;
    double wide = steep ? reach * sqrt(1 + slope * slope) : reach + fabs(mark->dx);
    int y0 = (int)MAX(ceil(mark->y - mark->dy - reach), 0);
    int y1 = (int)MIN(floor(mark->y + mark->dy + reach), (int)film->height - 1);
    for (int y = y0; y <= y1; y++) {
        double v = y - mark->y, middle = mark->x + (steep ? slope * v : 0);
        int x0 = (int)MAX(ceil(middle - wide), 0);
        int x1 = (int)MIN(floor(middle + wide), (int)film->width - 1);
        float *row = share + (gsize)y * film->width;
        for (int x = x0; x <= x1; x++) {
            double u = x - mark->x;
            double t = square > 0 ? CLAMP((u * mark->dx + v * mark->dy) / square, -1, 1) : 0;
            double du = u - t * mark->dx, dv = v - t * mark->dy;
            double inside = (reach - sqrt(du * du + dv * dv)) / (2 * mark->soft);
            if (inside <= 0)
                continue;
            inside = inside < 1 ? inside * inside * (3 - 2 * inside) : 1;
            row[x] += (float)(mark->share * inside) * (1 - row[x]);
        }
    }
}

/* The same wherever the first so many are wanted. */
static guint64 nth_state(const Film *film, guint i)
{
    return random_seed3(film->moment, i, G_GUINT64_CONSTANT(0x46414C4C));
}

static guint count(const Film *film)
{
    return (guint)ceil(film->amount * film->area / 1e4);
}

/* There is more room where it is far away. */
static double choose_distance(guint64 *state, double crowd)
{
    return 1 + (FARTHEST - 1) * pow(random_double(state), crowd);
}

/* Places from which something may still reach into the picture. */
static void choose_place(guint64 *state, const Film *film, double beyond, Mark *mark)
{
    mark->x = spoil_between(state, -beyond, film->width + beyond);
    mark->y = spoil_between(state, -beyond, film->height + beyond);
}

/* Veils the picture and puts over it what falls, each by @put. */
static void fall(Film *film, double veil, double much,
                 void (*put)(const Film *film, gconstpointer weather, guint i, float *share),
                 gconstpointer weather)
{
    g_autofree float *share = g_new0(float, film->area);
    light_from_levels(film->values, 3 * film->area);
    Air air = spoil_choose_air(&film->state, film, much);
    spoil_veil(film, &air, veil * sqrt(film->amount / 15));
    guint n = count(film);
    for (guint i = 0; i < n; i++)
        put(film, weather, i, share);
    for (guint c = 0; c < 3; c++)
        air.light[c] = MIN(SHINE * air.light[c], 1);
    spoil_cover(film, &air, share);
    light_to_levels(film->values, 3 * film->area);
}

typedef struct {
    double angle, jitter, length, width, crowd, share;
} Rain;

static void put_streak(const Film *film, gconstpointer weather, guint i, float *share)
{
    const Rain *rain = weather;
    guint64 state = nth_state(film, i);
    double distance = choose_distance(&state, rain->crowd);
    double angle = rain->angle + rain->jitter * spoil_normal(&state);
    double length = rain->length / distance * spoil_between(&state, 0.7, 1.3);
    double radius = rain->width / distance * spoil_between(&state, 0.6, 1.2);
    Mark mark = {.share = rain->share * spoil_between(&state, 0.35, 1)};
    choose_place(&state, film, length / 2, &mark);
    length = MAX(length, 3);
    mark.dx = sin(angle) * length / 2;
    mark.dy = cos(angle) * length / 2;
    if (distance < 1.8) { /* nearer than what is in focus */
        mark.share *= 0.5;
        radius *= 1.8;
    }
    mark.share *= MIN(radius / THINNEST, 1);
    radius = MAX(radius, THINNEST);
    mark.soft = radius;
    put_mark(film, &mark, share);
}

void spoil_rain(Film *film)
{
    guint64 *state = &film->state;
    Rain rain = {.angle = spoil_between(state, -0.5, 0.5),
                 .jitter = spoil_scale(state, 0.01, 0.08),
                 .length = spoil_scale(state, 50, 190),
                 .width = spoil_between(state, 2, 4),
                 .crowd = spoil_between(state, 0.4, 1)};
    double veil = spoil_between(state, 0, 0.03), much = spoil_between(state, 0.5, 0.9);
    rain.share = spoil_between(state, 0.5, 1);
    fall(film, veil, much, put_streak, &rain);
}

typedef struct {
    double angle, jitter, way, size, crowd, share;
} Snow;

/* A few crystals that hang together. */
static void put_flake(const Film *film, gconstpointer weather, guint i, float *share)
{
    const Snow *snow = weather;
    guint64 state = nth_state(film, i);
    double distance = choose_distance(&state, snow->crowd);
    double radius = snow->size / distance * spoil_between(&state, 0.6, 1.3);
    double angle = snow->angle + snow->jitter * spoil_normal(&state);
    double way = snow->way * radius * spoil_between(&state, 0.5, 1.5);
    double focus = spoil_between(&state, 1.5, 3.5), blur = fabs(1 / distance - 1 / focus);
    Mark whole = {.share = snow->share * spoil_between(&state, 0.6, 1)};
    choose_place(&state, film, radius, &whole);
    whole.dx = sin(angle) * way / 2;
    whole.dy = cos(angle) * way / 2;
    whole.soft = MAX(0.3 * radius, 0.35) + 1.2 * radius * blur;
    /* The same light on a larger area. */
    double larger = (radius + whole.soft) * (radius + whole.soft + way / 2) / (radius * radius);
    whole.share *= CLAMP(2.2 / larger, 0.08, 1);
    if (radius < 1.2) {
        whole.share *= MIN(radius / THINNEST, 1);
        whole.radius = MAX(radius, THINNEST);
        put_mark(film, &whole, share);
        return;
    }
    guint n = 3 + random_next(&state) % 4;
    for (guint k = 0; k < n; k++) {
        Mark part = whole;
        double turn = spoil_between(&state, 0, 2 * G_PI), far = radius * random_double(&state);
        part.radius = radius * spoil_between(&state, 0.3, 0.6);
        part.x += 0.7 * far * cos(turn);
        part.y += 0.7 * far * sin(turn);
        put_mark(film, &part, share);
    }
}

void spoil_snow(Film *film)
{
    guint64 *state = &film->state;
    Snow snow = {.angle = spoil_between(state, -0.9, 0.9),
                 .jitter = spoil_between(state, 0.1, 0.5),
                 .way = spoil_between(state, 0, 2.5),
                 .size = spoil_scale(state, 5, 12),
                 .crowd = spoil_between(state, 0.35, 0.8),
                 .share = spoil_between(state, 0.7, 1)};
    double veil = spoil_between(state, 0, 0.05), much = spoil_between(state, 0.6, 0.9);
    fall(film, veil, much, put_flake, &snow);
}
