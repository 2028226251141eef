/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network of instructions, for who runs it and who trains it.
 *
 * The features of a clause are rows of a table, by their hash, which are summed and divided by the
 * root of the number of words. These sums of the clause before, of the clause
 * itself, of the next one and of the whole text go through one hidden layer of ReLU to three
 * answers: what the clause is about ("kinds", the last of which is nothing that can be restored),
 * whether it asks or forbids ("forbids"), and whether it comes before, with or after the others
 * ("order").
 */
#pragma once

#include <math.h>

#include "clauses.h"

G_BEGIN_DECLS

#define VDT_INSTRUCTION_WIDTH 10
/* Rows of the table for words, for their pieces and for pairs of words, of which there are so many
 * that they would cover the others. */
#define VDT_INSTRUCTION_WORDS 3072
#define VDT_INSTRUCTION_PARTS 4608
#define VDT_INSTRUCTION_PAIRS 1536
#define VDT_INSTRUCTION_BUCKETS                                                                    \
    (VDT_INSTRUCTION_WORDS + VDT_INSTRUCTION_PARTS + VDT_INSTRUCTION_PAIRS)
#define VDT_INSTRUCTION_HIDDEN           32
#define VDT_INSTRUCTION_PIECES           65536
#define VDT_INSTRUCTION_MAX_RESTORATIONS 16

/* Keys of the file's metadata. */
#define VDT_INSTRUCTION_RESTORATIONS "restorations"
#define VDT_INSTRUCTION_SURE         "sure"
#define VDT_INSTRUCTION_KNOWN_SHARE  "known"

/* A feature's row. */
static inline guint vdt_instruction_row(const VdtClauseFeature *feature)
{
    if (feature->begins_word)
        return feature->hash % VDT_INSTRUCTION_WORDS;
    if (feature->is_piece)
        return VDT_INSTRUCTION_WORDS + feature->hash % VDT_INSTRUCTION_PARTS;
    return VDT_INSTRUCTION_WORDS + VDT_INSTRUCTION_PARTS + feature->hash % VDT_INSTRUCTION_PAIRS;
}

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
