/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network of instructions, for who runs it and who trains it.
 *
 * The features of a clause are rows of a table, their hash modulo its length, which are summed and
 * divided by the root of the number of words. These sums of the clause before, of the clause
 * itself, of the next one and of the whole text go through one hidden layer of ReLU to three
 * answers: what the clause is about ("kinds", the last of which is nothing that can be restored),
 * whether it asks or forbids ("forbids"), and whether it comes before, with or after the others
 * ("order").
 */
#pragma once

#include <math.h>

#include "clauses.h"

G_BEGIN_DECLS

#define VDT_INSTRUCTION_WIDTH            10
#define VDT_INSTRUCTION_BUCKETS          9216
#define VDT_INSTRUCTION_MAX_BUCKETS      (1 << 20)
#define VDT_INSTRUCTION_HIDDEN           32
#define VDT_INSTRUCTION_PIECES           65536
#define VDT_INSTRUCTION_MAX_RESTORATIONS 16

/* Keys of the file's metadata. */
#define VDT_INSTRUCTION_RESTORATIONS "restorations"
#define VDT_INSTRUCTION_SURE         "sure"
#define VDT_INSTRUCTION_KNOWN_SHARE  "known"

/* How much a feature counts in its clause's sum: the pieces of a word as much as word and pair. */
static inline float vdt_instruction_weight(const VdtClauseFeature *feature)
{
    return feature->is_piece ? 2 * feature->share : 1;
}

static inline float vdt_instruction_scale(guint words)
{
    return 1 / sqrtf(words > 0 ? words : 1);
}

G_END_DECLS
