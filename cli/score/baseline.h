/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can be told without looking closely: a small network that sees nothing of a picture but its
 * mean colour, or the shape of the box that it was cut out of. What another network has to be
 * better than.
 */
#pragma once

#include "data/clipset.h"
#include "grouptally.h"

typedef enum { BASELINE_COLOUR, BASELINE_SHAPE, BASELINE_N_KINDS } BaselineKind;
/* "mean-colour", "box-shape". */
const char *baseline_name(BaselineKind kind);
/* Learns from the first set, which has groups, and answers to the second, whose answers are
 * counted.
 */
gboolean baseline_run(BaselineKind kind, const ClipSet *train, const ClipSet *test,
                      GroupTally *tally, GCancellable *cancellable, GError **error);
