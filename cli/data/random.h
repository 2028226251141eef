/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random numbers that depend on what they are for, not on how many were drawn before: splitmix64.
 */
#pragma once

#include <glib.h>

static inline guint64 random_mix(guint64 x)
{
    x += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static inline guint64 random_seed3(guint64 a, guint64 b, guint64 c)
{
    return random_mix(random_mix(random_mix(a) ^ b) ^ c);
}

static inline guint64 random_next(guint64 *state)
{
    *state += G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    return random_mix(*state);
}

/* In [0, 1). */
static inline double random_double(guint64 *state)
{
    return (random_next(state) >> 11) * 0x1p-53;
}

/* In [-1, 1). */
static inline double random_signed(guint64 *state)
{
    return 2 * random_double(state) - 1;
}
