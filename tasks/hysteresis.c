/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hysteresis.h"

int vdt_hysteresis_follow(const VdtHysteresis *hysteresis, const double *scores, guint n,
                          const gboolean *background, int going)
{
    const double reach = hysteresis->hysteresis, threshold = hysteresis->threshold;
    guint best = 0;

    for (guint i = 1; i < n; i++)
        if (scores[i] > scores[best])
            best = i;
    if (going >= 0 && (guint)going < n && scores[going] >= scores[best] - reach &&
        scores[going] >= threshold - reach)
        return going;
    return n > 0 && scores[best] >= threshold && !(background && background[best]) ? (int)best : -1;
}
