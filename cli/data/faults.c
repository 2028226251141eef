/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <math.h>
#include <string.h>

#include "random.h"

/* Light, of which a level is about the root: row by row, three to a pixel. */
typedef struct {
    float *light;
    guint width, height;
} Film;

static double between(guint64 *state, double from, double to)
{
    return from + (to - from) * random_double(state);
}

const char *camera_state_name(CameraState state)
{
    static const char *const names[CAMERA_N_STATES] = {"sharp", "out-of-focus", "covered",
                                                       "blinded", "shaken"};
    g_return_val_if_fail((guint)state < CAMERA_N_STATES, NULL);
    return names[state];
}

static Film film_new(const VdtPicture *picture)
{
    Film film = {g_new(float, (gsize)3 * picture->width * picture->height), picture->width,
                 picture->height};
    for (guint y = 0; y < picture->height; y++) {
        const guint8 *from = picture->data + y * picture->stride;
        float *to = film.light + (gsize)3 * y * picture->width;
        for (guint i = 0; i < 3 * picture->width; i++)
            to[i] = (float)from[i] * from[i];
    }
    return film;
}

static void film_develop(Film *film, const VdtPicture *picture)
{
    for (guint y = 0; y < picture->height; y++) {
        const float *from = film->light + (gsize)3 * y * film->width;
        guint8 *to = picture->data + y * picture->stride;
        for (guint i = 0; i < 3 * film->width; i++)
            to[i] = (guint8)(sqrtf(CLAMP(from[i], 0, 65025)) + 0.5f);
    }
    g_clear_pointer(&film->light, g_free);
}

/* The sum of a row's first @at pixels, a fraction included, beyond its ends as at them; @sums has
 * one before each pixel and one after the last. */
static inline double sum_until(const double *sums, guint width, double at, guint c)
{
    if (at <= 0)
        return at * (sums[3 + c] - sums[c]);
    if (at >= width) {
        const double *last = sums + 3 * (gsize)(width - 1);
        return sums[3 * (gsize)width + c] + (at - width) * (last[3 + c] - last[c]);
    }
    guint i = (guint)at;
    const double *s = sums + 3 * (gsize)i;
    return s[c] + (at - i) * (s[3 + c] - s[c]);
}

static void sum_rows(const Film *film, double *sums)
{
    for (guint y = 0; y < film->height; y++) {
        const float *row = film->light + (gsize)3 * y * film->width;
        double *to = sums + (gsize)3 * y * (film->width + 1);
        to[0] = to[1] = to[2] = 0;
        for (guint i = 0; i < 3 * film->width; i++)
            to[3 + i] = to[i] + row[i];
    }
}

/* Each point becomes a disc, chord by chord. */
static void defocus(const Film *film, double radius)
{
    g_autofree double *sums = g_new(double, (gsize)3 * (film->width + 1) * film->height);
    sum_rows(film, sums);
    int reach = (int)radius;
    double area = 0;
    for (int d = -reach; d <= reach; d++)
        area += 2 * sqrt(MAX(radius * radius - d * d, 0));
    for (int y = 0; y < (int)film->height; y++) {
        float *to = film->light + (gsize)3 * y * film->width;
        memset(to, 0, 3 * sizeof *to * film->width);
        for (int d = -reach; d <= reach; d++) {
            int from = CLAMP(y + d, 0, (int)film->height - 1);
            const double *row = sums + (gsize)3 * from * (film->width + 1);
            double half = sqrt(MAX(radius * radius - d * d, 0));
            for (guint x = 0; x < film->width; x++)
                for (guint c = 0; c < 3; c++)
                    to[3 * x + c] += (sum_until(row, film->width, x + 0.5 + half, c) -
                                      sum_until(row, film->width, x + 0.5 - half, c)) /
                                     area;
        }
    }
}

static void out_of_focus(guint64 *state, const Film *film)
{
    double most = random_double(state) < 0.5 ? 0.03 : 0.06;
    defocus(film, between(state, 0.014, most) * film->height);
}

/* Along a way that bends a little. */
static void shaken(guint64 *state, const Film *film)
{
    double length = between(state, 0.035, 0.14) * film->height;
    double angle = between(state, 0, G_PI), bend = between(state, -0.5, 0.5);
    guint n = (guint)ceil(1.5 * length) + 2;
    const int width = (int)film->width, height = (int)film->height;
    gsize size = (gsize)3 * width * height;
    g_autofree float *from = g_memdup2(film->light, size * sizeof *from);
    memset(film->light, 0, size * sizeof *from);
    for (guint k = 0; k < n; k++) {
        double along = (double)k / (n - 1) - 0.5, across = bend * (along * along - 1.0 / 12);
        int dx = (int)lrint(length * (along * cos(angle) - across * sin(angle)));
        int dy = (int)lrint(length * (along * sin(angle) + across * cos(angle)));
        for (int y = 0; y < height; y++) {
            const float *row = from + (gsize)3 * CLAMP(y + dy, 0, height - 1) * width;
            float *to = film->light + (gsize)3 * y * width;
            for (int x = 0; x < width; x++) {
                const float *pixel = row + 3 * CLAMP(x + dx, 0, width - 1);
                for (int c = 0; c < 3; c++)
                    to[3 * x + c] += pixel[c];
            }
        }
    }
    for (gsize i = 0; i < size; i++)
        film->light[i] /= n;
}

static double smooth(double x)
{
    x = CLAMP(x, 0, 1);
    return x * x * (3 - 2 * x);
}

/* What is in front of the lens: how far a place is behind its rim, in heights. */
typedef struct {
    gboolean round;
    double angle, x, y, radius, stretch; /* of a round one; of a straight one angle and x */
    double waves[3][3];                  /* of the rim: how far, how often, from where on */
    double soft;                         /* how wide the rim is */
} Cover;

static double covered_at(const Cover *cover, double x, double y)
{
    double dx = x - cover->x, dy = y - cover->y;
    double u = dx * cos(cover->angle) + dy * sin(cover->angle);
    double v = dy * cos(cover->angle) - dx * sin(cover->angle);
    double inside = u, along = v;
    if (cover->round) {
        v *= cover->stretch;
        inside = cover->radius - sqrt(u * u + v * v);
        along = atan2(v, u);
    }
    for (int i = 0; i < 3; i++)
        inside += cover->waves[i][0] * sin(cover->waves[i][1] * along + cover->waves[i][2]);
    return smooth(inside / cover->soft + 0.5);
}

static void choose_cover(guint64 *state, double aspect, Cover *cover)
{
    cover->round = random_double(state) < 0.4;
    cover->angle = between(state, 0, 2 * G_PI);
    cover->soft =
        random_double(state) < 0.3 ? between(state, 0.02, 0.08) : between(state, 0.08, 0.35);
    for (int i = 0; i < 3; i++) {
        cover->waves[i][0] = between(state, 0, 0.07) / (i + 1);
        cover->waves[i][1] = (i + 1) * (cover->round ? 1 : between(state, 2, 5));
        cover->waves[i][2] = between(state, 0, 2 * G_PI);
    }
    cover->x = between(state, 0, aspect);
    cover->y = between(state, 0, 1);
    cover->radius = between(state, 0.4, 0.9);
    cover->stretch = between(state, 0.6, 1);
}

/* Mostly dark; otherwise a hand's colours, or any. */
static void choose_cover_light(guint64 *state, double light[3])
{
    double kind = random_double(state), level = between(state, 2, 45);
    for (int c = 0; c < 3; c++)
        light[c] = level * between(state, 0.8, 1.2);
    if (kind > 0.75)
        for (int c = 0; c < 3; c++)
            light[c] = between(state, 20, 170);
    else if (kind > 0.55) {
        light[0] = between(state, 50, 170);
        light[1] = light[0] * between(state, 0.3, 0.7);
        light[2] = light[1] * between(state, 0.6, 1);
    }
    for (int c = 0; c < 3; c++)
        light[c] *= light[c];
}

/* Share of the picture that is behind the cover. */
static double measure_cover(const Cover *cover, double aspect)
{
    double sum = 0;
    for (int y = 0; y < 12; y++)
        for (int x = 0; x < 20; x++)
            sum += covered_at(cover, (x + 0.5) / 20 * aspect, (y + 0.5) / 12);
    return sum / 240;
}

static void covered(guint64 *state, const Film *film)
{
    double aspect = (double)film->width / film->height, light[3], share;
    gboolean wholly = random_double(state) < 0.35;
    Cover cover;
    do {
        choose_cover(state, aspect, &cover);
        share = measure_cover(&cover, aspect);
    } while (share < 0.35 || share > 0.9);
    choose_cover_light(state, light);
    double through = wholly ? between(state, 0, 0.01) : 0; /* of the picture's light */
    double fall = between(state, -0.7, 0.7), side = between(state, -0.7, 0.7);
    for (guint y = 0; y < film->height; y++)
        for (guint x = 0; x < film->width; x++) {
            double u = (x + 0.5) / film->height, v = (y + 0.5) / film->height;
            double part = wholly ? 1 - through : covered_at(&cover, u, v);
            double shade = MAX(1 + side * (u / aspect - 0.5) + fall * (v - 0.5), 0.1);
            float *pixel = film->light + 3 * ((gsize)y * film->width + x);
            for (int c = 0; c < 3; c++)
                pixel[c] += (float)(part * (light[c] * shade - pixel[c]));
        }
}

/* Where the darkest @share of all light ends. */
static double find_light(const Film *film, double share)
{
    guint counts[256] = {0}, i = 0;
    gsize n = (gsize)3 * film->width * film->height;
    for (gsize k = 0; k < n; k++)
        counts[(guint)sqrtf(CLAMP(film->light[k], 0, 65025))]++;
    for (double sum = counts[0]; i < 255 && sum < share * n; sum += counts[i])
        i++;
    return MAX(i * i, 16);
}

static void blinded(guint64 *state, const Film *film)
{
    gsize size = (gsize)3 * film->width * film->height;
    double kind = random_double(state);
    if (kind < 0.5) { /* exposed too long: what is darker than half of it is white, too */
        double gain = 65025 / find_light(film, between(state, 0.08, 0.45));
        for (gsize i = 0; i < size; i++)
            film->light[i] *= gain;
        return;
    }
    /* Something shines into the lens. */
    double aspect = (double)film->width / film->height, tint[3];
    double x0 = between(state, 0.15, 0.85) * aspect, y0 = between(state, 0.15, 0.85);
    double core = between(state, 0.3, 0.75), fall = between(state, 1.2, 3);
    double veil = between(state, 0.05, 0.4);
    for (int c = 0; c < 3; c++)
        tint[c] = 65025 * between(state, 0.85, 1.1);
    for (guint y = 0; y < film->height; y++)
        for (guint x = 0; x < film->width; x++) {
            double dx = (x + 0.5) / film->height - x0, dy = (y + 0.5) / film->height - y0;
            double far = sqrt(dx * dx + dy * dy) / core;
            double glare = far < 1 ? 1 : pow(far, -fall * 1.5);
            float *pixel = film->light + 3 * ((gsize)y * film->width + x);
            for (int c = 0; c < 3; c++)
                pixel[c] += (float)((1.1 * glare + veil) * tint[c]);
        }
}

void camera_fault_apply(CameraState state, guint64 seed, const VdtPicture *picture)
{
    static void (*const faults[CAMERA_N_STATES])(guint64 * state, const Film *film) = {
        [CAMERA_OUT_OF_FOCUS] = out_of_focus,
        [CAMERA_COVERED] = covered,
        [CAMERA_BLINDED] = blinded,
        [CAMERA_SHAKEN] = shaken,
    };
    if (faults[state] == NULL)
        return;
    guint64 chance = random_mix(seed ^ state);
    Film film = film_new(picture);
    faults[state](&chance, &film);
    film_develop(&film, picture);
}

void camera_darken(guint64 seed, const VdtPicture *picture)
{
    guint64 state = random_mix(seed ^ 0x6461726b);
    Film film = film_new(picture);
    double gain = pow(between(&state, 0.1, 0.35), 2), aspect = (double)film.width / film.height;
    double tint[3] = {between(&state, 0.7, 1.1), between(&state, 0.7, 1),
                      between(&state, 0.8, 1.3)};
    guint n = random_next(&state) % 5;
    double lamps[5][3];
    for (guint i = 0; i < n; i++) {
        lamps[i][0] = between(&state, 0, aspect);
        lamps[i][1] = between(&state, 0, 0.8);
        lamps[i][2] = between(&state, 0.004, 0.02);
    }
    for (guint y = 0; y < film.height; y++)
        for (guint x = 0; x < film.width; x++) {
            double lit = 0;
            for (guint i = 0; i < n; i++) {
                double dx = (x + 0.5) / film.height - lamps[i][0];
                double dy = (y + 0.5) / film.height - lamps[i][1];
                double far = (dx * dx + dy * dy) / (lamps[i][2] * lamps[i][2]);
                lit += far < 1 ? 1 : 1 / (far * far);
            }
            float *pixel = film.light + 3 * ((gsize)y * film.width + x);
            for (int c = 0; c < 3; c++)
                pixel[c] = (float)(pixel[c] * (gain + 0.15 * lit) * tint[c] + 50000 * MIN(lit, 1));
        }
    film_develop(&film, picture);
    camera_add_noise(between(&state, 1, 12), random_next(&state), picture);
}

void camera_add_noise(double deviation, guint64 seed, const VdtPicture *picture)
{
    guint64 state = random_mix(seed);
    for (guint y = 0; y < picture->height; y++) {
        guint8 *row = picture->data + y * picture->stride;
        for (guint i = 0; i < 3 * picture->width; i++) {
            /* Four numbers of 16 bits: their sum is nearly normal, with a deviation of 0.577. */
            guint64 bits = random_next(&state);
            double sum = (double)((bits & 65535) + (bits >> 16 & 65535) + (bits >> 32 & 65535) +
                                  (bits >> 48)) /
                             65536 -
                         2;
            row[i] = (guint8)CLAMP(lrint(row[i] + deviation * sum / 0.57735), 0, 255);
        }
    }
}

double camera_get_brightness(const VdtPicture *picture)
{
    double sum = 0;
    for (guint y = 0; y < picture->height; y++)
        for (guint i = 0; i < 3 * picture->width; i++)
            sum += picture->data[y * picture->stride + i];
    return sum / (3.0 * picture->width * picture->height);
}
