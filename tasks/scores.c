/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scores.h"

#include <math.h>
#include <string.h>

void vdt_scores_softmax(double *scores, guint n)
{
    double top = scores[0], sum = 0;

    for (guint i = 1; i < n; i++)
        top = MAX(top, scores[i]);
    for (guint i = 0; i < n; i++)
        sum += scores[i] = exp(scores[i] - top);
    for (guint i = 0; i < n; i++)
        scores[i] /= sum;
}

void vdt_scores_add(const float *logits, gint64 classes, guint n, double *scores)
{
    double most = -INFINITY, sum = 0;
    for (gint64 i = 0; i < classes; i++)
        most = MAX(most, logits[i]);
    for (gint64 i = 0; i < classes; i++)
        sum += exp(logits[i] - most);
    for (gint64 i = 0; i < classes; i++)
        scores[i] += exp(logits[i] - most) / sum / n;
}

guint vdt_scores_best(const double *scores, gint64 classes, gint64 *winners)
{
    guint n = 0;
    for (gint64 i = 0; i < classes; i++) {
        guint at = n;
        while (at > 0 && scores[winners[at - 1]] < scores[i])
            at--;
        if (at >= VDT_SCORES_BEST)
            continue;
        n = MIN(n + 1, VDT_SCORES_BEST);
        memmove(&winners[at + 1], &winners[at], (n - 1 - at) * sizeof *winners);
        winners[at] = i;
    }
    return n;
}

char *vdt_scores_label(const VdtCard *card, gint64 class)
{
    if (card->labels != NULL && class < card->n_labels)
        return g_strdup(card->labels[class]);
    return g_strdup_printf("class %" G_GINT64_FORMAT, class);
}
