/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gather.h"

#include <math.h>
#include <string.h>

#include "gathernoise.h"

#define REACH      2 /* pixels around one that are looked at, to each side */
#define BOX        (2 * REACH + 1)
#define MAPS       4    /* of how a frame differs: by colour, with its sign, and all without */
#define EVERY      8    /* frames, to measure the noise */
#define SURE       3.0F /* deviations of a mean over a box that are noise, */
#define UNSURE     5.0F /* and that are not */
#define MOST_ALIKE 3.0F /* times as much as independent pixels would, boxes may differ */
#define MOVED      0.5  /* share of the pixels by which the camera moves */
/* Of a normal value: its mean without its sign, the deviation of that, and its median. */
#define ABS_MEAN   0.798F
#define ABS_SPREAD 0.603F
#define MEDIAN     0.6745F
#define STEPS      64 /* of what differences between boxes are counted in, to SPAN deviations */
#define SPAN       16.0F
#define SAMPLE     5 /* columns, from one that is counted to the next */

struct _VdtGather {
    guint width, height, most;
    guint64 frames;
    float *mean;  /* [3,H,W] */
    float *count; /* [H,W]: frames that a mean is of */
    float *rows;  /* [BOX,MAPS,W]: sums over BOX columns */
    float *wide;  /* [W + 2 REACH] */
    float *share; /* [W]: of what noise alone would do, by how many frames a mean is of */
    float inverse[3][NOISE_LEVELS]; /* 1 / deviation */
    float alike; /* how much more boxes differ than they would if pixels' noise were their own */
    guint steps[STEPS];
};

VdtGather *vdt_gather_new(guint width, guint height, guint most)
{
    g_return_val_if_fail(width > 0 && height > 0 && most >= 2 && most <= VDT_GATHER_MOST_FRAMES,
                         NULL);
    VdtGather *self = g_new0(VdtGather, 1);
    const gsize area = (gsize)width * height;

    *self = (VdtGather){.width = width, .height = height, .most = most, .alike = 1};
    self->mean = g_try_new(float, 3 * area);
    self->count = g_try_new(float, area);
    self->rows = g_try_new(float, (gsize)BOX *MAPS *width);
    self->wide = g_try_new(float, (gsize)width + 2 * REACH);
    self->share = g_try_new(float, width);
    if (!self->mean || !self->count || !self->rows || !self->wide || !self->share)
        g_clear_pointer(&self, vdt_gather_free);
    return self;
}

void vdt_gather_free(VdtGather *self)
{
    g_free(self->mean);
    g_free(self->count);
    g_free(self->rows);
    g_free(self->wide);
    g_free(self->share);
    g_free(self);
}

gboolean vdt_gather_fits(const VdtGather *self, guint width, guint height, guint most)
{
    return self->width == width && self->height == height && self->most == most;
}

void vdt_gather_reset(VdtGather *self)
{
    self->frames = 0;
    self->alike = 1;
}

static double begin(VdtGather *self, const float *picture)
{
    const gsize area = (gsize)self->width * self->height;

    memcpy(self->mean, picture, 3 * area * sizeof *picture);
    for (gsize i = 0; i < area; i++)
        self->count[i] = 1;
    return 1;
}

static void measure_noise(VdtGather *self, const float *picture)
{
    float deviation[NOISE_LEVELS];

    for (guint c = 0; c < 3; c++) {
        const float *plane = picture + (gsize)c * self->width * self->height;

        if (vdt_noise_measure(plane, self->width, self->height, deviation))
            for (guint i = 0; i < NOISE_LEVELS; i++)
                self->inverse[c][i] = 1 / deviation[i];
        else if (self->inverse[c][0] == 0)
            for (guint i = 0; i < NOISE_LEVELS; i++)
                self->inverse[c][i] = 1;
    }
}

static float *row_of(VdtGather *self, int y, guint map)
{
    return self->rows + ((gsize)(y % BOX) * MAPS + map) * self->width;
}

/* Sums of BOX values of self->wide, which are @width and REACH more to each side. */
static void sum_across(VdtGather *self, float *sums)
{
    const float *from = self->wide;

    for (int i = 0; i < REACH; i++) {
        self->wide[i] = self->wide[REACH];
        self->wide[REACH + self->width + (guint)i] = self->wide[REACH + self->width - 1];
    }
    for (guint x = 0; x < self->width; x++)
        sums[x] = from[x] + from[x + 1] + from[x + 2] + from[x + 3] + from[x + 4];
}

/* By how many deviations of the noise row @y differs from the means. */
static void compare_row(VdtGather *self, const float *picture, int y)
{
    const guint width = self->width;
    const gsize start = (gsize)y * width, area = (gsize)width * self->height;
    const float *count = self->count + start;
    float *wide = self->wide + REACH, *all = row_of(self, y, 3);

    for (guint x = 0; x < width; x++) {
        self->share[x] = sqrtf(count[x] / (count[x] + 1));
        all[x] = 0;
    }
    for (guint c = 0; c < 3; c++) {
        const float *now = picture + c * area + start, *mean = self->mean + c * area + start;
        const float *inverse = self->inverse[c];

        for (guint x = 0; x < width; x++) {
            const int level = (int)CLAMP(mean[x], 0, NOISE_LEVELS - 1);

            wide[x] = (now[x] - mean[x]) * inverse[level] * self->share[x];
            all[x] += fabsf(wide[x]);
        }
        sum_across(self, row_of(self, y, c));
    }
    memcpy(wide, all, width * sizeof *all);
    sum_across(self, all);
}

/* How sure it is that more than noise is at each pixel of row @y, in deviations; in self->share. */
static void judge_row(VdtGather *self, int y)
{
    const guint width = self->width;
    const float one = 1 / (float)BOX, less = 3 * BOX * BOX * ABS_MEAN,
                all_one = 1 / (ABS_SPREAD * BOX * sqrtf(3));
    const int last = (int)self->height - 1;

    for (guint map = 0; map < MAPS; map++) {
        const float *rows[BOX];

        for (int i = 0; i < BOX; i++)
            rows[i] = row_of(self, CLAMP(y + i - REACH, 0, last), map);
        for (guint x = 0; x < width; x++) {
            const float sum = rows[0][x] + rows[1][x] + rows[2][x] + rows[3][x] + rows[4][x];

            if (map == 0)
                self->share[x] = fabsf(sum) * one;
            else if (map < 3)
                self->share[x] = MAX(self->share[x], fabsf(sum) * one);
            else
                self->share[x] = MAX(self->share[x], (sum - less) * all_one);
        }
    }
    for (guint x = 0; x < width; x += SAMPLE)
        self->steps[(guint)MIN(self->share[x] * (STEPS / SPAN), STEPS - 1)]++;
}

/* Returns how many pixels began anew. */
static guint take_row(VdtGather *self, const float *picture, int y)
{
    const guint width = self->width;
    const gsize start = (gsize)y * width, area = (gsize)width * self->height;
    const float most = (float)self->most - 1, scale = 1 / self->alike;
    float *count = self->count + start, *kept = self->share;
    guint anew = 0;

    judge_row(self, y);
    for (guint x = 0; x < width; x++) {
        const float sure = (UNSURE - self->share[x] * scale) / (UNSURE - SURE);

        anew += sure < 0.5F;
        count[x] = MIN(count[x] * CLAMP(sure, 0.0F, 1.0F), most) + 1;
        kept[x] = 1 / count[x];
    }
    for (guint c = 0; c < 3; c++) {
        const float *now = picture + c * area + start;
        float *mean = self->mean + c * area + start;

        for (guint x = 0; x < width; x++)
            mean[x] += kept[x] * (now[x] - mean[x]);
    }
    return anew;
}

/* The median of the largest of three normal values without their signs is 1.3; noise that a codec
 * or a lens spread over neighbours is more. */
static void measure_likeness(VdtGather *self)
{
    guint all = 0, below = 0, i = 0;

    for (guint k = 0; k < STEPS; k++)
        all += self->steps[k];
    while (i < STEPS - 1 && below + self->steps[i] < all / 2)
        below += self->steps[i++];
    const float median = ((float)i + 0.5F) * (SPAN / STEPS);

    self->alike = CLAMP(median / (2 * MEDIAN), 1.0F, MOST_ALIKE);
    memset(self->steps, 0, sizeof self->steps);
}

double vdt_gather_add(VdtGather *self, const float *picture, float *result)
{
    const gsize area = (gsize)self->width * self->height;
    const int height = (int)self->height;
    double anew = 0;

    if (self->frames % EVERY == 0)
        measure_noise(self, picture);
    if (self->frames++ == 0)
        anew = begin(self, picture);
    else {
        for (int y = 0; y < height + REACH; y++) {
            if (y < height)
                compare_row(self, picture, y);
            if (y >= REACH)
                anew += take_row(self, picture, y - REACH) / (double)area;
        }
        measure_likeness(self);
        if (anew > MOVED)
            anew = begin(self, picture);
    }
    if (result != picture || anew < 1)
        memcpy(result, self->mean, 3 * area * sizeof *result);
    return anew;
}
