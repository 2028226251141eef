/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a classifier of instructions sees of a text: clauses, and of each the numbers of its
 * features. Those are its words, pairs of neighbours, and pieces of 3 to 5 letters of words, so
 * that a slip of the pen or an ending that was never seen costs little.
 *
 * Letters are made small, accents are taken off, and ae, oe, ue, ss stand for what German has; so
 * that it is the same how somebody types. A clause ends at punctuation and before words like "and",
 * "but", "after" in English and German, but it has more in it than such words.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VDT_CLAUSES_MAX 16

/* A feature of clause @clause, below VDT_CLAUSES_MAX: a hash of all 32 bits. Of those that
 * @is_piece says so of, all pieces of one word count as much as @share of them, 1 / how many there
 * are, tells; otherwise @share is 1. */
typedef void (*VdtClauseFeature)(guint clause, guint32 hash, gboolean is_piece, float share,
                                 gpointer data);

/* Calls @feature for each in @length bytes of valid UTF-8, in order. Returns how many clauses there
 * are; those behind the last that fits are counted, but not looked at. Allocates nothing. */
guint vdt_clauses_read(const char *text, gsize length, VdtClauseFeature feature, gpointer data);

G_END_DECLS
