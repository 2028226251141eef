/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instructions in words, written at random by a grammar in a file.
 *
 * A line is "name = text | text ...", one that begins with blanks goes on, and # begins a comment.
 * In a text <name> is another rule's, of which there may be one for the thing that is restored and
 * the language, "name.rain.en", one for either, or one for all; all that there are add up. What is
 * asked for or forbidden stands in slots, <ask:1> and <forbid:2:late>: the rule, which thing, and
 * whether it comes "early" or "late" whatever the order of the text. A rule whose name begins with
 * "ask" asks, one with "forbid" forbids. A text that begins with ~ is held out: what is written
 * to be learned from has none of these, what is written to score by has at least one.
 *
 * The rules "restorations" and "languages" list what there is; "start" and "foreign" begin.
 */
#pragma once

#include <gio/gio.h>

#include "instruction.h"

typedef struct _Grammar Grammar;

/* Part of a text, in bytes, that asks for something or forbids it. */
typedef struct {
    gsize from, to;
    guint number; /* of its slot: what is done first has the lowest */
    guint restoration;
    gboolean forbids;
    int order; /* -1 early, 1 late */
} SentenceSlot;

typedef struct {
    GString *text;
    GArray *slots;     /* of SentenceSlot */
    gboolean is_known; /* in a language that is learned */
} Sentence;

void sentence_clear(Sentence *sentence);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sentence, sentence_clear)

/* Checks that all rules that are named are there and come to an end. */
Grammar *grammar_load(const char *path, GError **error);
void grammar_free(Grammar *grammar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Grammar, grammar_free)

/* NULL-terminated, in the file's order. */
const char *const *grammar_get_restorations(const Grammar *grammar);
/* How many texts rules have in all, and how many of them are held out. */
void grammar_count(const Grammar *grammar, guint *n, guint *n_held_out);

/* The sentence of @seed, to score by or to be learned from, these with slips of the pen now and
 * then. */
void grammar_write(const Grammar *grammar, guint64 seed, gboolean held_out, Sentence *sentence);
/* What it asks for in its order; @n_steps 0 if nothing, or what cannot be. */
void sentence_get_steps(const Sentence *sentence, guint steps[VDT_INSTRUCTION_MAX_STEPS],
                        guint *n_steps);
