/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions that are written by a grammar to be learned from. */
#include "train/grammar.h"

#include <glib/gstdio.h>
#include <string.h>

#include "train/wordscore.h"

#define TEXTS 3000

static char *save(const char *text)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "vedette-grammar-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    int fd = g_mkstemp(path);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, &error));
    return g_steal_pointer(&path);
}

static Grammar *load(const char *text, GError **error)
{
    g_autofree char *path = save(text);
    Grammar *grammar = grammar_load(path, error);

    g_unlink(path);
    return grammar;
}

#define HEAD "restorations = rain | snow | dark\nlanguages = en\nforeign = pluie\n"

static void test_bad(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "*restorations*3 to 8*"},
        {"restorations = rain | snow\nlanguages = en\n", "*3 to 8*"},
        {"restorations = rain | snow | dark\n", "*languages*"},
        {HEAD, "*\"start\"*no text*rain*en*"},
        {HEAD "start = <ask:1>\n", "*\"ask\"*no text*"},
        {HEAD "start = ~held\n", "*\"start\"*no text*"},
        {HEAD "start = <start>\n", "*deep*"},
        {HEAD "start = <ask\n", "*<ask*"},
        {HEAD "start = <ask:9>\nask = x\n", "*<ask:9>*"},
        {HEAD "start = <ask:0>\nask = x\n", "*<ask:0>*"},
        {HEAD "start = <ask:1:soon>\nask = x\n", "*<ask:1:soon>*"},
        {HEAD "start = <ask:1>\nask.rain = x\nask.snow.en = y\n", "*\"ask\"*dark*"},
        {HEAD "start\n", "*line 4*"},
        {HEAD "start = \xff\n", "*UTF-8*"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Grammar) grammar = load(cases[i].text, &error);
        g_assert_null(grammar);
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
        if (!g_pattern_match_simple(cases[i].message, error->message))
            g_error("\"%s\" is not %s", error->message, cases[i].message);
    }
}

static const char small[] = HEAD "start = <one> | <two> # a comment\n"
                                 "one = <ask:1> | ~<ask:1> now\n"
                                 "  | but <forbid:1> | <ask:1>, no <forbid:1>\n"
                                 "two = <ask:2> after <ask:1:early> |\n"
                                 "  <ask:1> and <ask:2> and <ask:3>\n"
                                 "ask = <do> <thing> | ~stop <thing>\n"
                                 "do = do | <more>\nmore = do more\n"
                                 "forbid = never <thing>\n"
                                 "thing.rain = rain\nthing.snow = snow\nthing.dark.en = dark\n";

/* What is in slots is there where they say, however the text was spoilt. */
static void test_slots(void)
{
    static const char *const names[] = {"rain", "snow", "dark"};
    g_autoptr(GError) error = NULL;
    g_autoptr(Grammar) grammar = load(small, &error);
    g_auto(Sentence) sentence = {NULL};
    guint n_exact = 0, n_slots = 0, n_nothing = 0, n_two = 0, n, n_held_out;

    g_assert_no_error(error);
    grammar_count(grammar, &n, &n_held_out);
    g_assert_cmpuint(n_held_out, ==, 2);
    /* Bars at the ends of lines add nothing. */
    g_assert_cmpuint(n, ==, 3 + 1 + 1 + 2 + 4 + 2 + 2 + 2 + 1 + 1 + 3);
    for (guint i = 0; i < TEXTS; i++) {
        guint steps[VDT_INSTRUCTION_MAX_STEPS], n_steps;
        grammar_write(grammar, i, FALSE, &sentence);
        const char *text = sentence.text->str;
        if (sentence.is_known) {
            g_assert_null(strstr(text, " now"));
            g_assert_null(strstr(text, "stop"));
            g_assert_null(strstr(text, "pluie"));
        }
        for (guint k = 0; k < sentence.slots->len; k++) {
            const SentenceSlot *slot = &g_array_index(sentence.slots, SentenceSlot, k);
            g_assert_cmpuint(slot->from, <, slot->to);
            g_assert_cmpuint(slot->to, <=, sentence.text->len);
            gboolean is_early = strstr(text, "after") != NULL && slot->number == 1;
            if (sentence.is_known)
                g_assert_cmpint(slot->order, ==, is_early ? -1 : 0);
            g_autofree char *part = g_strndup(text + slot->from, slot->to - slot->from);
            n_exact += g_str_has_suffix(part, names[slot->restoration]) &&
                       g_str_has_prefix(part, slot->forbids ? "never" : "do");
            n_slots++;
        }
        sentence_get_steps(&sentence, steps, &n_steps);
        n_nothing += n_steps == 0 && sentence.slots->len > 0;
        n_two += n_steps == 2;
        if (n_steps == 2 && sentence.is_known) {
            g_autofree char *expected =
                g_strdup_printf("* %s after * %s", names[steps[1]], names[steps[0]]);
            g_assert_true(g_pattern_match_simple(expected, text));
        }
    }
    g_assert_cmpuint(n_exact, >, 0.85 * n_slots);
    g_assert_cmpuint(n_nothing, >, TEXTS / 10);
    g_assert_cmpuint(n_two, >, TEXTS / 10);
}

static void test_held_out(void)
{
    g_autoptr(Grammar) grammar = load(small, NULL);
    g_auto(Sentence) sentence = {NULL};

    for (guint i = 0; i < TEXTS; i++) {
        grammar_write(grammar, i, TRUE, &sentence);
        g_assert_true(strstr(sentence.text->str, " now") || strstr(sentence.text->str, "stop "));
    }
    g_autofree char *first = g_strdup(sentence.text->str);
    grammar_write(grammar, TEXTS - 1, TRUE, &sentence);
    g_assert_cmpstr(first, ==, sentence.text->str);
}

/* The one that comes with Vedette, and its phrases. */
static void test_shipped(void)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "models", "ipt", "instructions", NULL);
    g_autofree char *path = g_build_filename(folder, "grammar.txt", NULL);
    g_autofree char *weights = g_build_filename(folder, "weights.safetensors", NULL);
    g_autofree char *phrases = g_build_filename(folder, "phrases.txt", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Grammar) grammar = grammar_load(path, &error);
    g_assert_no_error(error);
    g_autoptr(VdtInstructions) reader = vdt_instructions_load(weights, &error);
    g_assert_no_error(error);
    WordScore score = {0};
    guint n, n_held_out;

    grammar_count(grammar, &n, &n_held_out);
    g_assert_cmpuint(n_held_out, >=, 200);
    g_assert_true(
        g_strv_equal(grammar_get_restorations(grammar), vdt_instructions_get_steps(reader)));
    g_assert_true(word_score_phrases(reader, phrases, FALSE, &score, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(score.n, >=, 150);
    g_assert_cmpuint(score.right, >=, score.n / 2);
    g_assert_cmpuint(score.acted, <=, score.n_nothing);

    g_autofree char *bad = save("rain\tremove the rain\nwithout a tab\n");
    g_assert_false(word_score_phrases(reader, bad, FALSE, &score, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "line 2"));
    g_unlink(bad);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/grammar/bad", test_bad);
    g_test_add_func("/cli/grammar/slots", test_slots);
    g_test_add_func("/cli/grammar/held-out", test_held_out);
    g_test_add_func("/cli/grammar/shipped", test_shipped);
    return g_test_run();
}
