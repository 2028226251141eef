/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a classifier's logits to answers: probabilities, the best of them, their names.
 */
#pragma once

#include <vedette/card.h>

G_BEGIN_DECLS

#define VDT_SCORES_BEST 5

/* Softmax in place, in double: scores of many classes add up to one. */
void vdt_scores_softmax(double *scores, guint n);
/* Adds the softmax of @logits, divided by @n, to @scores. */
void vdt_scores_add(const float *logits, gint64 classes, guint n, double *scores);
/* The VDT_SCORES_BEST classes with the highest scores, in order; of equals, the lower class first.
 * Returns how many there are; @winners has room for VDT_SCORES_BEST + 1. */
guint vdt_scores_best(const double *scores, gint64 classes, gint64 *winners);
/* The class's name, or "class 7". Caller frees. */
char *vdt_scores_label(const VdtCard *card, gint64 class);

G_END_DECLS
