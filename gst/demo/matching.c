/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "demo/matching.h"

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

static int by_size(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

VdtDemoScore vdt_demo_score(const VdtDemoEvent *truth, guint n_truth, const VdtDemoEvent *found,
                            guint n_found, double tolerance)
{
    g_autofree int *partner = vdt_demo_match(truth, n_truth, found, n_found, tolerance);
    g_autoptr(GArray) delays = g_array_new(FALSE, FALSE, sizeof(double));
    VdtDemoScore score = {.precision = 1, .recall = 1};

    for (guint i = 0; i < n_found; i++) {
        if (partner[i] >= 0) {
            const double delay = found[i].told - truth[partner[i]].start;

            g_array_append_val(delays, delay);
        }
    }
    g_array_sort(delays, by_size);
    score.right = delays->len;
    score.missed = n_truth - score.right;
    score.wrong = n_found - score.right;
    if (n_found > 0)
        score.precision = (double)score.right / n_found;
    if (n_truth > 0)
        score.recall = (double)score.right / n_truth;
    if (delays->len > 0)
        score.delay = g_array_index(delays, double, delays->len / 2);
    return score;
}
