/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What spoils pictures, done to clean ones so that restoring them can be learned and measured:
 * noise, blur, rain, haze, snow and darkness, as light, air and sensors make them.
 *
 * A picture is three planes of floats, red, green and blue, from 0 to 255, sRGB. What comes out is
 * what a file would hold: whole numbers in that range. It depends on the picture, its size and the
 * Spoil alone. Lengths are in pixels, so a window that is cut out first is spoiled as its picture
 * would be.
 */
#pragma once

#include <glib.h>

/* A change of what is done to pictures is another; keys of sets that keep spoiled ones have it. */
#define SPOIL_VERSION 2

/* The tasks of a network that restores, in this order. */
typedef enum {
    SPOIL_NOISE,
    SPOIL_BLUR,
    SPOIL_RAIN,
    SPOIL_HAZE,
    SPOIL_SNOW,
    SPOIL_DARK,
    SPOIL_N_KINDS
} SpoilKind;

typedef struct {
    SpoilKind kind;
    double strength; /* 0 (hardly seen) to 1; what that is, spoil_get_amount() says */
    guint64 seed;    /* what kind of noise, which wind, how far away things are … */
    guint64 moment;  /* of the pictures of one film: what falls here, and each pixel's chance */
} Spoil;

/* "noise", … "dark", NULL. */
extern const char *const spoil_names[SPOIL_N_KINDS + 1];
/* VDT_ERROR_MODEL lists those there are. */
gboolean spoil_find(const char *name, SpoilKind *kind, GError **error);
/* What a strength stands for, in the unit that *@unit (may be NULL) is set to. */
double spoil_get_amount(SpoilKind kind, double strength, const char **unit);

/* Spoils a picture in place. Called by several threads at once. */
void spoil_apply(const Spoil *spoil, float *picture, guint width, guint height);
