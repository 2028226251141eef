/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "matching.h"

#include <math.h>

/* All may reach equally far, so the first that is free is the best partner: whoever comes later has
 * as good a choice without it. */
int *vdt_demo_match(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                    guint n_found, double tolerance)
{
    g_autofree gboolean *taken = g_new0(gboolean, n_truth + 1);
    int *partner = g_new(int, n_found + 1);

    for (guint i = 0; i < n_found; i++) {
        partner[i] = -1;
        for (guint k = 0; k < n_truth && partner[i] < 0; k++)
            if (!taken[k] && truth[k].label == found[i].label &&
                fabs(truth[k].start - found[i].start) <= tolerance) {
                taken[k] = TRUE;
                partner[i] = (int)k;
            }
    }
    return partner;
}

VdtDemoScore vdt_demo_score(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                            guint n_found, double tolerance, GArray *delays)
{
    g_autofree int *partner = vdt_demo_match(truth, n_truth, found, n_found, tolerance);
    VdtDemoScore score = {.happened = n_truth, .told = n_found};

    for (guint i = 0; i < n_found; i++) {
        const double delay = partner[i] >= 0 ? found[i].told - truth[partner[i]].start : 0;

        if (partner[i] < 0)
            continue;
        score.right++;
        if (delays)
            g_array_append_val(delays, delay);
    }
    score.recognised = score.right;
    return score;
}
