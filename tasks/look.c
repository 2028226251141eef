/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "look.h"

#include <math.h>

#define LEVELS 4    /* of a colour */
#define MOST   8192 /* pixels of a box are looked at, more or less */

/* A colour counts as those that it lies between, by how near it is to each. */
static void count(float *bins, const guint8 *rgb)
{
    guint at[3];
    float part[3];

    for (guint c = 0; c < 3; c++) {
        const float level = (float)rgb[c] * (LEVELS - 1) / 255;

        at[c] = MIN((guint)level, LEVELS - 2);
        part[c] = level - (float)at[c];
    }
    for (guint i = 0; i < 8; i++) {
        float much = 1;
        guint bin = 0;

        for (guint c = 0; c < 3; c++) {
            const guint up = i >> c & 1;

            bin = bin * LEVELS + at[c] + up;
            much *= up ? part[c] : 1 - part[c];
        }
        bins[bin] += much;
    }
}

static void divide(float *bins)
{
    float sum = 0;

    for (guint i = 0; i < VDT_LOOK_BINS; i++)
        sum += bins[i];
    for (guint i = 0; i < VDT_LOOK_BINS && sum > 0; i++)
        bins[i] /= sum;
}

void vdt_look_take(VdtLook *look, const VdtRegion *r, const VdtSegmentation *s, const guint8 *marks,
                   const VdtPicture *picture)
{
    const guint width = r->right - r->left, height = r->bottom - r->top;
    const guint step = 1 + (guint)sqrt((double)width * height / MOST);

    *look = (VdtLook){0};
    for (guint y = r->top; y < r->bottom; y += step)
        for (guint x = r->left; x < r->right; x += step) {
            const gsize k = (gsize)y * s->width + x;

            if (s->map[k] == r->class_id && (!marks || marks[k] == r->mark))
                count(look->colours[(y - r->top) * VDT_LOOK_BANDS / height],
                      picture->data + (gsize)y * picture->stride + (gsize)3 * x);
        }
    for (guint b = 0; b < VDT_LOOK_BANDS; b++)
        divide(look->colours[b]);
}

double vdt_look_compare(const VdtLook *a, const VdtLook *b)
{
    double alike = 0;

    for (guint k = 0; k < VDT_LOOK_BANDS; k++)
        for (guint i = 0; i < VDT_LOOK_BINS; i++)
            alike += sqrt((double)a->colours[k][i] * b->colours[k][i]);
    return alike / VDT_LOOK_BANDS;
}

void vdt_look_learn(VdtLook *look, const VdtLook *other, double part)
{
    for (guint k = 0; k < VDT_LOOK_BANDS; k++)
        for (guint i = 0; i < VDT_LOOK_BINS; i++)
            look->colours[k][i] += (float)part * (other->colours[k][i] - look->colours[k][i]);
}
