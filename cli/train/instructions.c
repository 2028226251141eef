/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "instructions.h"

#include <math.h>
#include <stdio.h>

#include "command.h"
#include "interrupt.h"
#include "io/atomic-file.h"
#include "jsontext.h"
#include "learnwords.h"
#include "sink.h"
#include "wordscore.h"

#define FOLDER "instructions"

typedef struct {
    char *grammar, *phrases, *output;
    int seed, steps;
    double rate;
    gboolean overwrite, show_mistakes;
    CommonOptions common;
} Options;

static void options_clear(Options *o)
{
    g_free(o->grammar);
    g_free(o->phrases);
    g_free(o->output);
    common_options_clear(&o->common);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* @path, or the file of that name that comes with Vedette. Caller frees. */
static char *shipped(const char *path, const char *name, GError **error)
{
    g_autofree char *below = g_build_filename(FOLDER, name, NULL);
    return path != NULL ? g_strdup(path) : vdt_find_data(below, error);
}

static JsonObject *list_score(const WordScore *score)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "n", score->n);
    json_object_set_double_member(object, "right", round(1e4 * score->right / score->n) / 1e4);
    json_object_set_int_member(object, "nothing", score->n_nothing);
    json_object_set_double_member(object, "wrong_action",
                                  round(1e4 * score->acted / MAX(score->n_nothing, 1)) / 1e4);
    return object;
}

static void tell(const char *what, const WordScore *score)
{
    printf("%s: %u of %u right, %.1f %%; acted on %u of %u that ask for nothing, %.1f %%\n", what,
           score->right, score->n, 100.0 * score->right / score->n, score->acted, score->n_nothing,
           100.0 * score->acted / MAX(score->n_nothing, 1));
}

static JsonArray *list_names(const char *const *names)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; names[i] != NULL; i++)
        json_array_add_string_element(array, names[i]);
    return array;
}

static gboolean save_card(const Options *o, const char *command, const char *weights,
                          const Grammar *grammar, double seconds, const WordScore scores[2],
                          GError **error)
{
    g_autofree char *hash = sink_hash(weights, NULL, error);
    if (hash == NULL)
        return FALSE;
    g_autoptr(JsonObject) object = json_object_new();
    JsonObject *training = json_object_new(), *score = json_object_new();
    json_object_set_string_member(object, "name", FOLDER);
    json_object_set_string_member(object, "title", "From an instruction to what is to be restored");
    json_object_set_string_member(object, "weights", "weights.safetensors");
    json_object_set_string_member(object, "sha256", hash);
    json_object_set_string_member(object, "licence", "CC0-1.0");
    json_object_set_string_member(
        object, "origin", "trained by vedette on what a grammar writes, from random weights");
    json_object_set_array_member(object, "restorations",
                                 list_names(grammar_get_restorations(grammar)));
    json_object_set_string_member(training, "command", command);
    json_object_set_double_member(training, "seconds", round(seconds));
    json_object_set_int_member(training, "seed", o->seed);
    json_object_set_int_member(training, "steps", o->steps);
    json_object_set_object_member(score, "held_out_texts", list_score(&scores[0]));
    json_object_set_object_member(score, "phrases", list_score(&scores[1]));
    json_object_set_object_member(training, "scores", score);
    json_object_set_object_member(object, "training", training);
    g_autofree char *text = json_text(object, TRUE), *lines = g_strconcat(text, "\n", NULL);
    g_autofree char *path = g_build_filename(o->output, "card.json", NULL);
    return vdt_file_save(path, lines, -1, error);
}

static gboolean check_output(const Options *o, const char *weights, GError **error)
{
    if (g_mkdir_with_parents(o->output, 0777) != 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s: cannot be made", o->output);
        return FALSE;
    }
    if (o->overwrite || !g_file_test(weights, G_FILE_TEST_EXISTS))
        return vdt_file_check(weights, error);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%s is there already; --overwrite replaces it",
                weights);
    return FALSE;
}

static gboolean train(const Options *o, const char *command, GError **error)
{
    const gint64 begun = g_get_monotonic_time();
    const LearnWords how = {.seed = o->seed, .steps = o->steps, .rate = o->rate};
    g_autoptr(GCancellable) cancellable = interrupt_catch();
    g_autoptr(Progress) progress = progress_new();
    g_autofree char *path = g_build_filename(o->output, "weights.safetensors", NULL);
    g_autofree char *texts = shipped(o->grammar, "grammar.txt", error);
    g_autofree char *phrases = texts != NULL ? shipped(o->phrases, "phrases.txt", error) : NULL;
    g_autoptr(Grammar) grammar = phrases != NULL ? grammar_load(texts, error) : NULL;
    WordScore scores[2] = {0};
    guint n, n_held_out;
    if (grammar == NULL || !check_output(o, path, error))
        return FALSE;
    grammar_count(grammar, &n, &n_held_out);
    progress_say(progress, "%u texts of rules, of which %u are held out", n, n_held_out);
    g_autoptr(VdtWeights) weights = learn_words(grammar, &how, progress, cancellable, error);
    g_autoptr(VdtInstructions) reader =
        weights != NULL ? vdt_instructions_new(weights, error) : NULL;
    if (reader == NULL ||
        !word_score_grammar(reader, grammar, o->show_mistakes, &scores[0], error) ||
        !word_score_phrases(reader, phrases, o->show_mistakes, &scores[1], error))
        return FALSE;
    tell("held-out texts of the grammar", &scores[0]);
    tell("phrases", &scores[1]);
    return vdt_weights_save_safetensors(weights, path, error) &&
           save_card(o, command, path, grammar, (g_get_monotonic_time() - begun) / 1e6, scores,
                     error);
}

int train_instructions(int argc, char **argv, const char *command)
{
    g_auto(Options) o = {.seed = 1, .steps = 7000, .rate = 0.004};
    const GOptionEntry entries[] = {
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &o.output, "Folder for weights and card", "FOLDER"},
        {"grammar", 0, 0, G_OPTION_ARG_FILENAME, &o.grammar,
         "What writes the texts that are learned from (the one that comes with Vedette)", "FILE"},
        {"phrases", 0, 0, G_OPTION_ARG_FILENAME, &o.phrases,
         "What people might write, to say how often it is understood (as above)", "FILE"},
        {"seed", 0, 0, G_OPTION_ARG_INT, &o.seed, "Of texts and first weights (1)", "N"},
        {"steps", 0, 0, G_OPTION_ARG_INT, &o.steps, "(7000)", "N"},
        {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &o.rate, "Learning rate (0.004)", "R"},
        {"show-mistakes", 0, 0, G_OPTION_ARG_NONE, &o.show_mistakes,
         "Say which phrases are not understood", NULL},
        {"overwrite", 0, 0, G_OPTION_ARG_NONE, &o.overwrite, "Replace what is there", NULL},
        {COMMON_THREADS(&o.common)},
        {COMMON_ISA(&o.common)},
        {NULL},
    };
    g_autoptr(GError) error = NULL;
    VdtPrecision precision;
    if (!parse_options("instructions --output FOLDER",
                       "Trains what tells from an instruction in words what is to be restored.",
                       entries, argc, argv, 1, 1, NULL))
        return EXIT_USAGE;
    if (o.output == NULL)
        return complain_usage("train", "--output is missing");
    if (o.seed < 0 || o.steps < 1 || o.steps > 1000000 || !(o.rate > 0 && o.rate <= 1))
        return complain_usage("train", "--seed must be at least 0, --steps from 1 to 1000000, "
                                       "--rate above 0 and at most 1");
    if (!common_options_apply(&o.common, &precision, &error) || !train(&o, command, &error))
        return complain("train", error, EXIT_FAILED);
    puts(o.output);
    return EXIT_DONE;
}
