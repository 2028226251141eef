/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often a network that answers several questions was right: each question by itself, over the
 * pictures that have an answer to it. The score of all is the mean of the questions' shares.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "data/clipset.h"

typedef struct _GroupTally GroupTally;

/* The questions that @set's labels answer; @set is kept by the caller. */
GroupTally *group_tally_new(const ClipSet *set);
void group_tally_free(GroupTally *tally);
/* From now on counts false alarms of question @group: how often a picture of the street, of which
 * the question's first label is true, was given another. */
void group_tally_watch(GroupTally *tally, guint group);
/* One picture, and the network's scores for it: shares within each group. */
void group_tally_add(GroupTally *tally, const ClipInfo *truth, const double *scores);
guint group_tally_get_n(const GroupTally *tally);
double group_tally_get_score(const GroupTally *tally);
/* Share of right answers to question @group. */
double group_tally_get_share(const GroupTally *tally, guint group);
/* Sum over the questions of the mean negative logarithm of the right label's score. */
double group_tally_get_loss(const GroupTally *tally);
/* "score", "n", "loss", "per_group" (each with "n", "top1", "per_label", "confusion", and "top1" of
 * "street", "textured", "coded", "uncoded"), "false_alarms". */
JsonObject *group_tally_to_json(const GroupTally *tally);
/* The same as flat numbers, for a card: "score", "n", "light", "light.day", "light.street" … */
JsonObject *group_tally_to_scores(const GroupTally *tally);
/* The same for people, on stdout. */
void group_tally_print(const GroupTally *tally);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GroupTally, group_tally_free)
