/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the camera adds: shake, an unsharp lens, noise. */
#include "paint.h"

#include <string.h>

int vdt_sensor_reach(double unit)
{
    return (int)ceil(0.015 * unit) + 1;
}

/* Whole pixels, so that classes are moved as the picture is. */
void vdt_sensor_shake(double shake, guint64 seed, gint64 time, double unit, int *x, int *y)
{
    VdtDice dice = vdt_dice(seed, 91);
    double t = time / 1e9, sums[2];

    for (int i = 0; i < 2; i++) {
        double slow = vdt_between(&dice, 0.8, 1.6), fast = vdt_between(&dice, 3, 6);
        double a = vdt_chance(&dice) * 6, b = vdt_chance(&dice) * 6;

        sums[i] =
            0.6 * vdt_sin(2 * VDT_PI * slow * t + a) + 0.4 * vdt_sin(2 * VDT_PI * fast * t + b);
    }
    *x = (int)floor(sums[0] * shake * 0.015 * unit + 0.5);
    *y = (int)floor(sums[1] * shake * 0.015 * unit + 0.5);
}

/* A bell of whole numbers that add up to 256, by repeated averaging of neighbours. */
static int bell(double variance, int *weights, int most)
{
    double w[65] = {0}, next[65];
    int reach = 0, passes = MAX(1, (int)ceil(variance / 0.5));
    double a = variance / passes / 2;

    w[32] = 1;
    passes = MIN(passes, most);
    for (int pass = 0; pass < passes; pass++) {
        for (int i = 0; i < 65; i++)
            next[i] = w[i] * (1 - 2 * a) + (i > 0 ? w[i - 1] * a : 0) + (i < 64 ? w[i + 1] * a : 0);
        memcpy(w, next, sizeof w);
    }
    int sum = 0;
    for (int i = 0; i <= 32; i++) {
        weights[i] = (int)(w[32 + i] * 256 + 0.5);
        if (weights[i] > 0)
            reach = i;
        sum += weights[i] * (i ? 2 : 1);
    }
    weights[0] += 256 - sum;
    return reach;
}

void vdt_sensor_blur(const VdtCanvas *canvas, double blur)
{
    double radius = blur * 0.004 * canvas->unit, variance = radius * radius / 2;
    int weights[33], reach;
    int width = canvas->width, height = canvas->height, row_bytes = 4 * width;

    if (variance < 0.005)
        return;
    reach = MIN(bell(variance, weights, 32), 32);
    if (reach == 0)
        return;
    /* Along rows, then down columns: with rows of the first result kept as long as needed. */
    int n_rows = 2 * reach + 1;
    g_autofree guint8 *line = g_malloc(row_bytes + 8 * reach);
    g_autofree guint8 *rows = g_malloc((gsize)n_rows * row_bytes);
    g_autofree guint16 *sums = g_new(guint16, row_bytes);
    int have = -1;

    for (int y = 0; y < height; y++) {
        for (int want = MIN(y + reach, height - 1); have < want;) {
            const guint8 *from = canvas->pixels + ++have * canvas->stride;

            for (int i = 0; i < reach; i++) {
                memcpy(line + 4 * i, from, 4);
                memcpy(line + 4 * (reach + width + i), from + row_bytes - 4, 4);
            }
            memcpy(line + 4 * reach, from, row_bytes);
            const guint8 *middle = line + 4 * reach;
            guint8 *to = rows + (gsize)(have % n_rows) * row_bytes;
            for (int i = 0; i < row_bytes; i++)
                sums[i] = middle[i] * weights[0] + 128;
            for (int k = 1; k <= reach; k++) {
                const guint8 *before = middle - 4 * k, *after = middle + 4 * k;
                guint16 w = weights[k];
                for (int i = 0; i < row_bytes; i++)
                    sums[i] += (guint16)((before[i] + after[i]) * w);
            }
            for (int i = 0; i < row_bytes; i++)
                to[i] = sums[i] >> 8;
        }
        const guint8 *middle = rows + (gsize)(y % n_rows) * row_bytes;
        guint8 *out = canvas->pixels + y * canvas->stride;
        for (int i = 0; i < row_bytes; i++)
            sums[i] = middle[i] * weights[0] + 128;
        for (int k = 1; k <= reach; k++) {
            const guint8 *above = rows + (gsize)(MAX(y - k, 0) % n_rows) * row_bytes;
            const guint8 *below = rows + (gsize)(MIN(y + k, height - 1) % n_rows) * row_bytes;
            guint16 w = weights[k];
            for (int i = 0; i < row_bytes; i++)
                sums[i] += (guint16)((above[i] + below[i]) * w);
        }
        for (int i = 0; i < row_bytes; i++)
            out[i] = sums[i] >> 8;
    }
}

#define GRAIN 65536 /* bytes of noise; rows begin anywhere in it */

/* Normal with a deviation of 32. */
static const gint8 *grain(void)
{
    static gint8 table[GRAIN];
    static gsize once;

    if (g_once_init_enter(&once)) {
        for (guint i = 0; i < GRAIN; i++) {
            guint64 bits = vdt_mix64(i + 0x9a1eu);
            int sum = 0;

            /* Twelve even numbers of 0 to 31: deviation 9.23 each, 31.97 in all. */
            for (int k = 0; k < 12; k++, bits >>= 5)
                sum += bits & 31;
            table[i] = CLAMP(sum - 186, -127, 127);
        }
        g_once_init_leave(&once, 1);
    }
    return table;
}

void vdt_sensor_noise(const VdtCanvas *canvas, double noise, guint64 seed, gint64 time)
{
    const gint8 *table = grain();
    int strength = (int)(noise * 20 / 32 * 256 + 0.5), bytes = 4 * canvas->width;
    guint64 key = vdt_mix64_with(seed, (guint64)time);

    if (strength <= 0)
        return;
    for (int y = 0; y < canvas->height; y++) {
        guint8 *row = canvas->pixels + y * canvas->stride;

        /* In pieces, so that a wide row does not repeat itself. */
        for (int at = 0; at < bytes; at += 4096) {
            guint from = vdt_mix64(key + (guint64)y * 131 + at) % (GRAIN - 4096);
            const gint8 *add = table + from;
            int n = MIN(bytes - at, 4096);

            for (int i = 0; i < n; i++) {
                int value = row[at + i] + (gint16)((gint16)(add[i] * strength) >> 8);
                row[at + i] = value < 0 ? 0 : value > 255 ? 255 : value;
            }
        }
    }
}
