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
    guint64 state;  /* chance that holds for all of a film */
    guint64 moment; /* chance of this picture's */
} Film;

void spoil_noise(Film *film);
void spoil_blur(Film *film);

/* Sends the picture through what JPEG and its like do, at a quality of 1 to 100, with the blocks
 * anywhere. */
void spoil_code(Film *film, double quality);

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
