/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quality.h"

/* Shares of a frame's sides. */
static const double sizes[] = {1, 0.75, 0.5, 0.25};

/* At the cheapest step, before frames pass. */
#define MOST_SLOW   3
#define FIRST_PAUSE (1 * G_USEC_PER_SEC)
#define MOST_PAUSE  (64 * G_USEC_PER_SEC)

void vdt_quality_init(VdtQuality *quality, gboolean shrinks)
{
    double cost[G_N_ELEMENTS(sizes)];

    *quality = (VdtQuality){.pause = FIRST_PAUSE};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        cost[i] = sizes[i] * sizes[i];
    vdt_elastic_init(&quality->elastic, cost, shrinks ? G_N_ELEMENTS(sizes) : 1);
}

gboolean vdt_quality_asks(const VdtQuality *quality, gint64 now, double *size)
{
    *size = sizes[quality->elastic.level];
    return !quality->passes || now >= quality->retry;
}

static void set_passes(VdtQuality *quality, gboolean passes)
{
    quality->passes = passes;
    quality->slow = 0;
    quality->changes++;
}

void vdt_quality_note(VdtQuality *quality, gint64 took, gint64 budget, gint64 now)
{
    const gboolean last = quality->elastic.level + 1 >= quality->elastic.n_levels;

    if (quality->passes && took <= budget) {
        set_passes(quality, FALSE);
        quality->pause = MAX(quality->pause / 2, FIRST_PAUSE);
        return;
    }
    if (quality->passes) {
        quality->pause = MIN(2 * quality->pause, MOST_PAUSE);
        quality->retry = now + quality->pause;
        return;
    }
    /* which goes by half of an interval */
    vdt_elastic_note(&quality->elastic, quality->elastic.level, (double)took / G_USEC_PER_SEC,
                     2.0 * (double)budget / G_USEC_PER_SEC, now);
    quality->slow = last && took > budget ? quality->slow + 1 : 0;
    if (quality->slow < MOST_SLOW)
        return;
    set_passes(quality, TRUE);
    quality->retry = now + quality->pause;
}
