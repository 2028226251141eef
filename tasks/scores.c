/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scores.h"

#include <math.h>
#include <string.h>

guint vdt_scores_n_groups(const VdtCard *card)
{
    return MAX(card->n_groups, 1);
}

VdtCardGroup vdt_scores_group(const VdtCard *card, guint i, guint classes)
{
    return card->n_groups > 0 ? card->groups[i] : (VdtCardGroup){NULL, 0, classes};
}

gboolean vdt_scores_asks(const VdtCard *card, guint i, const double *scores)
{
    const char *of = card->n_groups > 0 ? card->groups[i].of : NULL;
    for (guint k = 0; of != NULL && k < i; k++) {
        const VdtCardGroup *group = &card->groups[k];
        gint64 best;
        vdt_scores_rank(scores, group, 1, &best);
        if (strcmp(card->labels[best], of) == 0)
            return vdt_scores_asks(card, k, scores);
    }
    return of == NULL;
}

static void add_softmax(const float *logits, guint classes, guint n, double *scores)
{
    double most = -INFINITY, sum = 0;
    for (guint i = 0; i < classes; i++)
        most = MAX(most, logits[i]);
    for (guint i = 0; i < classes; i++)
        sum += exp(logits[i] - most);
    for (guint i = 0; i < classes; i++)
        scores[i] += exp(logits[i] - most) / sum / n;
}

void vdt_scores_add(const VdtCard *card, const float *logits, guint classes, guint n,
                    double *scores)
{
    for (guint i = 0; i < vdt_scores_n_groups(card); i++) {
        VdtCardGroup group = vdt_scores_group(card, i, classes);
        add_softmax(logits + group.first, group.n_labels, n, scores + group.first);
    }
}

guint vdt_scores_rank(const double *scores, const VdtCardGroup *group, guint k, gint64 *winners)
{
    guint n = 0;
    for (guint i = group->first; i < group->first + group->n_labels; i++) {
        guint at = n;
        while (at > 0 && scores[winners[at - 1]] < scores[i])
            at--;
        if (at >= k)
            continue;
        n = MIN(n + 1, k);
        memmove(&winners[at + 1], &winners[at], (n - 1 - at) * sizeof *winners);
        winners[at] = i;
    }
    return n;
}

guint vdt_scores_best(const double *scores, gint64 classes, gint64 *winners)
{
    const VdtCardGroup all = {NULL, 0, classes};
    return vdt_scores_rank(scores, &all, VDT_SCORES_BEST, winners);
}

char *vdt_scores_label(const VdtCard *card, gint64 class)
{
    if (card->labels != NULL && class < card->n_labels)
        return g_strdup(card->labels[class]);
    return g_strdup_printf("class %" G_GINT64_FORMAT, class);
}
