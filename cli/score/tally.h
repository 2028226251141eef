/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often a network was right: over all, per class, per condition, coded or not.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "data/clipset.h"

typedef struct _Tally Tally;

/* @labels are kept by the caller. */
Tally *tally_new(char **labels, guint n_labels);
void tally_free(Tally *tally);
/* One clip and the network's scores for it, as probabilities. */
void tally_add(Tally *tally, const ClipInfo *truth, const double *scores);
guint tally_get_n(const Tally *tally);
double tally_get_top1(const Tally *tally);
/* Mean negative logarithm of the right class's score. */
double tally_get_loss(const Tally *tally);
/* "score", "n", "top5", "per_class", "per_condition", "coded", "uncoded", "confusion". */
JsonObject *tally_to_json(const Tally *tally);
/* The same as flat numbers, for a card: "top1", "top5", "n", "class.walk", "condition.night" … */
JsonObject *tally_to_scores(const Tally *tally);
/* The same for people, on stdout. */
void tally_print(const Tally *tally);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tally, tally_free)
