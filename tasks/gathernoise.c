/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gathernoise.h"

#include <math.h>

#define BLOCK   16
#define BINS    8
#define FEWEST  4 /* blocks that say something of a level */
#define LEAST   0.5F
/* A lower quartile of what so many pixels give is a little below what they are of. */
#define QUARTER 1.03F

typedef struct {
    float level, deviation;
} Block;

/* By what is left of a second difference in both directions, of which edges and slopes leave
 * little. */
static Block measure_block(const float *plane, guint width, guint x0, guint y0)
{
    float sum = 0, level = 0;

    for (guint y = y0 + 1; y < y0 + BLOCK - 1; y++) {
        const float *a = plane + (gsize)(y - 1) * width + x0, *b = a + width, *c = b + width;

        for (guint x = 1; x < BLOCK - 1; x++) {
            float up = a[x - 1] - 2 * a[x] + a[x + 1], here = b[x - 1] - 2 * b[x] + b[x + 1],
                  down = c[x - 1] - 2 * c[x] + c[x + 1];

            sum += fabsf(up - 2 * here + down);
            level += b[x];
        }
    }
    const float n = (BLOCK - 2) * (BLOCK - 2);

    return (Block){level / n, sum / n * sqrtf((float)G_PI_2) / 6};
}

static int compare(gconstpointer a, gconstpointer b)
{
    const float x = ((const Block *)a)->deviation, y = ((const Block *)b)->deviation;

    return (x > y) - (x < y);
}

/* What is @at of BINS, between the middles of two. */
static float between(const float *bins, float at)
{
    const float place = CLAMP(at * BINS / NOISE_LEVELS - 0.5F, 0.0F, BINS - 1);
    const guint i = MIN((guint)place, BINS - 2);

    return bins[i] + (place - (float)i) * (bins[i + 1] - bins[i]);
}

gboolean vdt_noise_measure(const float *plane, guint width, guint height,
                           float deviation[NOISE_LEVELS])
{
    GArray *blocks[BINS];
    float bins[BINS];
    gboolean known = FALSE;

    for (guint i = 0; i < BINS; i++)
        blocks[i] = g_array_new(FALSE, FALSE, sizeof(Block));
    for (guint y = 0; y + BLOCK <= height; y += BLOCK)
        for (guint x = 0; x + BLOCK <= width; x += BLOCK) {
            const Block block = measure_block(plane, width, x, y);

            g_array_append_val(blocks[(guint)CLAMP(block.level / 32, 0, BINS - 1)], block);
        }
    for (guint i = 0; i < BINS; i++) {
        bins[i] = -1;
        g_array_sort(blocks[i], compare);
        if (blocks[i]->len >= FEWEST)
            bins[i] = QUARTER * g_array_index(blocks[i], Block, blocks[i]->len / 4).deviation;
        known |= bins[i] >= 0;
        g_array_unref(blocks[i]);
    }
    /* levels that hardly occur have what those next to them have */
    for (guint k = 0; known && k < BINS; k++)
        for (guint i = 0; i < BINS; i++) {
            const guint below = i > 0 ? i - 1 : i, above = MIN(i + 1, BINS - 1);

            if (bins[i] < 0)
                bins[i] = MAX(bins[below], bins[above]);
        }
    for (guint i = 0; known && i < NOISE_LEVELS; i++)
        deviation[i] = MAX(between(bins, (float)i), LEAST);
    return known;
}
