/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wordscore.h"

#include <stdio.h>
#include <string.h>

#include "data/random.h"

#define TEXTS     2000
#define MAX_BYTES (1 << 20) /* of a file */

/* "rain,dark", or "-". */
static char *name_steps(const char *const *steps, guint n)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? "," : "", steps[i]);
    return g_string_free(n > 0 ? names : g_string_append_c(names, '-'), FALSE);
}

static gboolean add(const VdtInstructions *reader, const char *expected, const char *text,
                    gboolean show, WordScore *score, GError **error)
{
    VdtInstruction instruction;

    if (!vdt_instruction_parse(reader, text, strlen(text), &instruction, error))
        return FALSE;
    g_autofree char *got = name_steps(instruction.steps, instruction.n_steps);
    gboolean right = strcmp(expected, got) == 0;
    score->n++;
    score->right += right;
    score->n_nothing += strcmp(expected, "-") == 0;
    score->acted += strcmp(expected, "-") == 0 && !right;
    if (show && !right)
        printf("%s, not %s: %s (%s)\n", expected, got, text,
               vdt_instruction_explain(instruction.answer));
    return TRUE;
}

gboolean word_score_grammar(const VdtInstructions *reader, const Grammar *grammar, gboolean show,
                            WordScore *score, GError **error)
{
    const char *const *names = grammar_get_restorations(grammar);
    g_auto(Sentence) sentence = {NULL};

    for (guint i = 0; i < TEXTS; i++) {
        guint steps[VDT_INSTRUCTION_MAX_STEPS], n;
        const char *wanted[VDT_INSTRUCTION_MAX_STEPS];
        grammar_write(grammar, random_seed3(0x68656c64, 0, i), TRUE, &sentence);
        sentence_get_steps(&sentence, steps, &n);
        for (guint k = 0; k < n; k++)
            wanted[k] = names[steps[k]];
        g_autofree char *expected = name_steps(wanted, n);
        if (!add(reader, expected, sentence.text->str, show, score, error))
            return FALSE;
    }
    return TRUE;
}

gboolean word_score_phrases(const VdtInstructions *reader, const char *path, gboolean show,
                            WordScore *score, GError **error)
{
    g_autofree char *file = NULL;
    gsize length;

    if (!g_file_get_contents(path, &file, &length, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(length <= MAX_BYTES ? file : "", "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *text = strchr(lines[i], '\t');
        if (*lines[i] == '#' || *lines[i] == '\0')
            continue;
        if (text == NULL) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                        "%s, line %u: is not steps, a tab and a text", path, i + 1);
            return FALSE;
        }
        *text++ = '\0';
        if (!add(reader, lines[i], text, show, score, error))
            return FALSE;
    }
    if (score->n > 0)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT, "%s: has no phrases in at most %d bytes", path,
                MAX_BYTES);
    return FALSE;
}
