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

typedef struct {
    guint clause;         /* below VDT_CLAUSES_MAX */
    gsize at;             /* where in the text its word begins, in bytes */
    guint32 hash;         /* of all 32 bits */
    gboolean begins_word; /* the first of a word's */
    gboolean is_piece;
    float share; /* of a piece: 1 / how many its word has; otherwise 1 */
} VdtClauseFeature;

typedef void (*VdtClauseVisit)(const VdtClauseFeature *feature, gpointer data);

/* Calls @visit for each feature in @length bytes of valid UTF-8, in order. Returns how many clauses
 * there are; those behind the last that fits are counted, but not looked at. Allocates nothing. */
guint vdt_clauses_read(const char *text, gsize length, VdtClauseVisit visit, gpointer data);

G_END_DECLS
