/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a network that classifies pictures is right. */
#pragma once

#include "data/clipset.h"
#include "evaluation.h"

/* On the street's pictures that are labelled as the network's classes are, or, if it answers
 * several questions, on a folder's; question by question. */
gboolean eval_labels(const EvalOptions *o, VdtEngine *engine, GError **error);
/* The pictures that a network which classifies them is asked about: of the street, or of a folder;
 * the caller frees the set. */
ClipSet *eval_open_labels(const EvalOptions *o, const VdtCard *card, GError **error);
