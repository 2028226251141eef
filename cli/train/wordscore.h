/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often instructions are understood. */
#pragma once

#include "grammar.h"

typedef struct {
    guint n, right;  /* texts, and of how many all steps came out in their order */
    guint n_nothing; /* texts that ask for nothing */
    guint acted;     /* of these, those that some step came of */
} WordScore;

/* On texts of the rules that are held out. Mistakes go to stdout if @show. */
gboolean word_score_grammar(const VdtInstructions *reader, const Grammar *grammar, gboolean show,
                            WordScore *score, GError **error);
/* On a file of lines "steps, a tab, the text"; the steps are names with commas, or "-" for none. #
 * begins a comment. */
gboolean word_score_phrases(const VdtInstructions *reader, const char *path, gboolean show,
                            WordScore *score, GError **error);
