/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a classifier's logits to answers: probabilities, the best of them, their names.
 */
#pragma once

#include <vedette/card.h>

G_BEGIN_DECLS

#define VDT_SCORES_BEST 5

/* How many questions a network answers at once: the card's groups, or one about all classes. */
guint vdt_scores_n_groups(const VdtCard *card);
/* Question @i of those, of a network that tells @classes apart; without a name, if it is the only
 * one because the card has no groups. */
VdtCardGroup vdt_scores_group(const VdtCard *card, guint i, guint classes);

/* Whether question @i has an answer, by what the @scores say of those before: nobody wants to know
 * the make of a person. */
gboolean vdt_scores_asks(const VdtCard *card, guint i, const double *scores);

/* Adds the softmax of @logits, divided by @n, to @scores: those of a group's classes add up to one,
 * in double, and so do those of every other. */
void vdt_scores_add(const VdtCard *card, const float *logits, guint classes, guint n,
                    double *scores);
/* The @k classes of @group with the highest scores, in order; of equals, the lower class first.
 * Returns how many there are; @winners has room for @k. */
guint vdt_scores_rank(const double *scores, const VdtCardGroup *group, guint k, gint64 *winners);
/* The same of all classes, for k VDT_SCORES_BEST. */
guint vdt_scores_best(const double *scores, gint64 classes, gint64 *winners);
/* The class's name, or "class 7". Caller frees. */
char *vdt_scores_label(const VdtCard *card, gint64 class);

G_END_DECLS
