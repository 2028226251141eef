/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The training of the network of tasks/instructionnet.h on what a grammar writes.
 */
#pragma once

#include <vedette/weights.h>

#include "grammar.h"
#include "progress.h"

typedef struct {
    guint64 seed;
    guint64 steps;
    double rate;
} LearnWords;

/* What vdt_instructions_new() takes, matrices in float16. The caller owns it. */
VdtWeights *learn_words(const Grammar *grammar, const LearnWords *options, Progress *progress,
                        GCancellable *cancellable, GError **error);
