/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For the kinds of spoiling: how each is done, and what they have in common.
 */
#pragma once

#include <math.h>

#include "random.h"
#include "spoil.h"

/* Three planes. */
typedef struct {
    float *values;
    guint width, height;
    gsize area;
    double amount;  /* as spoil_get_amount() says it */
    guint64 seed;   /* of all of a film */
    guint64 state;  /* its chance */
    guint64 moment; /* chance of this picture's */
} Film;

void spoil_noise(Film *film);
void spoil_blur(Film *film);
void spoil_rain(Film *film);
void spoil_haze(Film *film);
void spoil_snow(Film *film);
void spoil_dark(Film *film);

/* Noise of deviation 1; of what each pixel has, its neighbours have @grain times as much, too. */
void spoil_fill_noise(guint64 *state, float grain, guint width, guint height, float *noise);
/* Sends the picture through what JPEG and its like do, at a quality of 1 to 100, with the blocks
 * where the film's seed says. */
void spoil_code(Film *film, double quality);

/* Light that lies over a scene: how much there is of each colour. */
typedef struct {
    float light[3];
} Air;

/* What air, drops and flakes shine with, given a picture in light: by day as a sky, by night a bit
 * more than what is there. @much is about the share of what is brightest. */
Air spoil_choose_air(guint64 *state, const Film *film, double much);
/* Lets the share 1 - exp(-@depth) of all that is seen be air. */
void spoil_veil(Film *film, const Air *air, double depth);
/* Puts what shines as @air over the picture: @share of each pixel. */
void spoil_cover(Film *film, const Air *air, const float *share);

/* In place: levels of 0 to 255 to shares of the brightest light, and back; what is outside of the
 * range is as its end. */
void light_from_levels(float *values, gsize n);
void light_to_levels(float *values, gsize n);

static inline double spoil_between(guint64 *state, double from, double to)
{
    return from + (to - from) * random_double(state);
}

/* Any size between two is as likely as its double. */
static inline double spoil_scale(guint64 *state, double from, double to)
{
    return from * pow(to / from, random_double(state));
}

/* Nearly normal, with a deviation of 1: the sum of eight numbers of 16 bits. */
static inline float spoil_normal(guint64 *state)
{
    guint64 a = random_next(state), b = random_mix(a);
    guint32 sum = (guint32)((a & 65535) + (a >> 16 & 65535) + (a >> 32 & 65535) + (a >> 48) +
                            (b & 65535) + (b >> 16 & 65535) + (b >> 32 & 65535) + (b >> 48));
    return ((float)sum - 4 * 65535.0f) * (1 / (65536 * 0.8164966f));
}

/* A row or column beyond the picture is what a mirror at its edge would show. */
static inline int spoil_mirror(int i, int n)
{
    if (n == 1)
        return 0;
    int period = 2 * n - 2;
    i = ((i % period) + period) % period;
    return i < n ? i : period - i;
}
