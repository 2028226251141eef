/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Noise of sensors, as it is, as it grows with light, in grains, and as a coder leaves it. */
#include <string.h>

#include "spoilkinds.h"

/* Neighbours share some of theirs, as after a sensor's colours were put together. */
static void make_grainy(float *noise, guint width, guint height, float share)
{
    const float scale = 1 / sqrtf(1 + 2 * share * share);
    gsize area = (gsize)width * height;
    g_autofree float *from = g_new(float, area);
    /* Across, then down, each time leaving the deviation at 1. */
    memcpy(from, noise, area * sizeof *from);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++) {
            const float *row = from + (gsize)y * width;
            noise[(gsize)y * width + x] =
                scale * (row[x] + share * (row[spoil_mirror((int)x - 1, (int)width)] +
                                           row[spoil_mirror((int)x + 1, (int)width)]));
        }
    memcpy(from, noise, area * sizeof *from);
    for (guint y = 0; y < height; y++) {
        const float *above = from + (gsize)spoil_mirror((int)y - 1, (int)height) * width;
        const float *row = from + (gsize)y * width;
        const float *below = from + (gsize)spoil_mirror((int)y + 1, (int)height) * width;
        for (guint x = 0; x < width; x++)
            noise[(gsize)y * width + x] = scale * (row[x] + share * (above[x] + below[x]));
    }
}

void spoil_fill_noise(guint64 *state, float grain, guint width, guint height, float *noise)
{
    for (gsize i = 0; i < (gsize)width * height; i++)
        noise[i] = spoil_normal(state);
    if (grain > 0)
        make_grainy(noise, width, height, grain);
}

void spoil_noise(Film *film)
{
    static const double shares[] = {0.45, 0.2, 0.2, 0.15}; /* of the kinds, in this order */
    enum { WHITE, OF_LIGHT, GRAINY, CODED } kind = WHITE;
    double chance = random_double(&film->state);
    while (kind < CODED && chance >= shares[kind])
        chance -= shares[kind++];
    float shot = kind == OF_LIGHT ? (float)spoil_between(&film->state, 0.4, 0.9) : 0;
    float share = (float)spoil_between(&film->state, 0.3, 0.7);
    double quality = spoil_between(&film->state, 40, 90);
    gboolean grainy = kind == GRAINY || (kind == CODED && random_double(&film->state) < 0.5);
    g_autofree float *noise = g_new(float, film->area);
    for (guint c = 0; c < 3; c++) {
        float *plane = film->values + c * film->area;
        spoil_fill_noise(&film->moment, grainy ? share : 0, film->width, film->height, noise);
        for (gsize i = 0; i < film->area; i++)
            plane[i] += (float)film->amount * sqrtf(1 - shot + shot * plane[i] / 128) * noise[i];
    }
    if (kind == CODED)
        spoil_code(film, quality);
}
