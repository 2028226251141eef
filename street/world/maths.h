/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chance and curves that are the same on every machine: integers, and of floating point only what
 * IEEE 754 rounds exactly. The C library's sine differs in its last bit from one CPU to the next.
 */
#pragma once

#include <glib.h>
#include <math.h>

#define VDT_PI 3.14159265358979323846

/* splitmix64's finaliser. */
static inline guint64 vdt_mix64(guint64 x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline guint64 vdt_mix64_with(guint64 x, guint64 y)
{
    return vdt_mix64(vdt_mix64(x) ^ (y * 0xd1342543de82ef95u + 0x2545f4914f6cdd1du));
}

/* A source of chance: numbers that follow from its key and from how many were drawn. */
typedef struct {
    guint64 key, drawn;
} VdtDice;

static inline VdtDice vdt_dice(guint64 seed, guint64 what)
{
    return (VdtDice){vdt_mix64_with(seed, what), 0};
}

static inline guint64 vdt_roll(VdtDice *dice)
{
    return vdt_mix64(dice->key + 0x632be59bd9b4e019u * ++dice->drawn);
}

/* From 0 to below 1. */
static inline double vdt_chance(VdtDice *dice)
{
    return (double)(vdt_roll(dice) >> 11) * 0x1p-53;
}

static inline double vdt_between(VdtDice *dice, double low, double high)
{
    return low + (high - low) * vdt_chance(dice);
}

static inline guint vdt_pick(VdtDice *dice, guint n)
{
    return (guint)((vdt_roll(dice) >> 32) * n >> 32);
}

static inline double vdt_sign(VdtDice *dice)
{
    return vdt_roll(dice) >> 63 ? 1 : -1;
}

static inline double vdt_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static inline double vdt_lerp(double from, double to, double share)
{
    return from + (to - from) * share;
}

/* From 0 to 1 with level ends; x beyond 0 and 1 is cut. */
static inline double vdt_smooth(double x)
{
    x = vdt_clamp(x, 0, 1);
    return x * x * (3 - 2 * x);
}

/* Sine to 1e-6, of angles up to some thousand turns. */
static inline double vdt_sin(double angle)
{
    double turns = angle * (0.5 / VDT_PI);

    turns -= floor(turns + 0.5);
    /* Into the quarter next to 0, where the series is short. */
    if (turns > 0.25)
        turns = 0.5 - turns;
    else if (turns < -0.25)
        turns = -0.5 - turns;
    double x = turns * (2 * VDT_PI), y = x * x;
    return x * (1 + y * (-1.0 / 6 + y * (1.0 / 120 + y * (-1.0 / 5040 + y * (1.0 / 362880)))));
}

static inline double vdt_cos(double angle)
{
    return vdt_sin(angle + VDT_PI / 2);
}

/* 2 to the power of x, to 1e-5. */
static inline double vdt_exp2(double x)
{
    double whole = floor(x), y = (x - whole) * 0.69314718055994531;
    double part = 1 + y * (1 + y * (0.5 + y * (1.0 / 6 + y * (1.0 / 24 + y * (1.0 / 120)))));

    return whole < -60 ? 0 : ldexp(part, (int)whole);
}

/* From @low up to as many octaves above it, each octave as likely as the other. */
static inline double vdt_octaves(VdtDice *dice, double low, double octaves)
{
    return low * vdt_exp2(octaves * vdt_chance(dice));
}
