/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From logits to answers.
 */
#pragma once

#include <vedette/card.h>

#define N_BEST 5

/* Adds the softmax of @logits, divided by @n, to @scores. */
void add_scores(const float *logits, gint64 classes, guint n, double *scores);
/* The N_BEST classes with the highest scores, in order; of equals, the lower class first. Returns
 * how many there are; @winners has room for N_BEST + 1. */
guint best_scores(const double *scores, gint64 classes, gint64 *winners);
/* The class's name, or "class 7". Caller frees. */
char *label_of(const VdtCard *card, gint64 class);
