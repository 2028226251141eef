/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train ipt: what it leaves, what it is compared with, what it refuses. */
#include <string.h>
#include <vedette/engine.h>

#include "files.h"
#include "fixture.h"

static char *contents(const char *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(in_folder(folder), name, NULL);
    char *text;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static char *path_in(const char *folder, const char *name)
{
    return g_build_filename(in_folder(folder), name, NULL);
}

#define RESTORER(tasks)                                                                            \
    "{\"arch\": \"live\", \"dims\": [16, 16, 16], \"heads\": [1, 1, 1], \"tasks\": " tasks         \
    ", \"rank\": 2}"
#define TRAIN_RESTORER                                                                             \
    "train", "ipt", "--config", RESTORER("6"), "--size", "64x64", "--crop", "32x32", "--batch",    \
        "12", "--clips", "24", "--validation-clips", "2", "--validations", "2", "--threads", "2",  \
        "--cache-folder", in_folder("cache"), "--output"

/* Restorations: the card names them, and an interrupted training comes to the same. */
static void test_restoration(void)
{
    g_autoptr(GError) error = NULL;
    expect(0, "validation: PSNR ", TRAIN_RESTORER, in_folder("restored"), "--street", "--steps",
           "4", NULL);
    g_autofree char *path = path_in("restored", "card.json");
    g_autoptr(VdtEngine) engine =
        vdt_engine_new(&(VdtEngineOptions){.model = path, .strict = TRUE}, &error);
    g_assert_no_error(error);
    const VdtCard *card = vdt_engine_get_card(engine);
    static const char *const names[] = {"noise", "blur", "rain", "haze", "snow", "dark", NULL};
    g_assert_cmpstrv(card->restorations, names);
    g_assert_null(card->labels);
    VdtShape input = vdt_engine_get_input_shape(engine, 1, 40, 24);
    VdtSessionOptions options = {.restores = TRUE, .restoration = 5};
    g_autoptr(VdtSession) session = vdt_engine_new_session_with(engine, &input, &options, &error);
    g_assert_no_error(error);
    g_autoptr(JsonObject) json = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    JsonObject *training = json_object_get_object_member(json, "training");
    JsonObject *scores = json_object_get_object_member(training, "validation");
    for (guint i = 0; names[i] != NULL; i++) {
        g_autofree char *score = g_strconcat("psnr.", names[i], NULL);
        g_autofree char *before = g_strconcat("input_", score, NULL);
        g_assert_cmpfloat(json_object_get_double_member(scores, score), >, 5);
        g_assert_cmpfloat(json_object_get_double_member(scores, before), >, 5);
    }
    expect(1, "steps: 4 there, 5 here", TRAIN_RESTORER, in_folder("restored"), "--street",
           "--steps", "5", "--resume", NULL);
    expect(0, NULL, TRAIN_RESTORER, in_folder("restored"), "--street", "--steps", "4", "--resume",
           NULL);
}

/* Layers by what tasks want of them: all, with shares and ranks that can be. */
static void test_sensitivity(void)
{
    g_autofree char *weights = path_in("restored", "weights.safetensors");
    expect(0, NULL, TRAIN_RESTORER, in_folder("sensitive"), "--street", "--weights", weights,
           "--sensitivity", NULL);
    g_autofree char *text = contents("sensitive", "sensitivity.tsv");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    guint n = g_strv_length(lines);
    g_assert_cmpstr(lines[0], ==, "layer\trows\tcolumns\tapart\trank");
    /* head, two down, two up, tail; two blocks of four matrices, one of two */
    g_assert_cmpuint(n, ==, 1 + 6 + 2 * 4 + 2);
    double before = 1;
    for (guint i = 1; i < n; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        double rows = g_ascii_strtod(cells[1], NULL), apart = g_ascii_strtod(cells[3], NULL);
        double rank = g_ascii_strtod(cells[4], NULL);
        g_assert_cmpfloat(apart, >, 0);
        g_assert_cmpfloat(apart, <=, before);
        g_assert_cmpfloat(rank, >=, 1);
        g_assert_cmpfloat(rank, <=, rows);
        before = apart;
    }
    expect(2, "--sensitivity is of the network of --weights", TRAIN_RESTORER,
           in_folder("sensitive"), "--street", "--sensitivity", NULL);
}

/* What it is compared with, and what cannot be. */
static void test_restoration_alone(void)
{
    static const struct {
        const char *option, *value, *tasks;
    } kinds[] = {{"--only-task", "haze", "\"tasks\": [\"haze\"]"},
                 {"--plain", NULL, "\"tasks\": [\"noise\", \"blur\", "}};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        expect(0, "validation: PSNR ", TRAIN_RESTORER, in_folder("alone"), "--street", "--steps",
               "1", "--overwrite", kinds[i].option, kinds[i].value, NULL);
        g_autofree char *card = contents("alone", "card.json");
        g_assert_nonnull(strstr(card, kinds[i].tasks));
        g_assert_nonnull(strstr(card, "\"rank\": 0"));
        g_autofree char *path = path_in("alone", "card.json");
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtEngine) engine =
            vdt_engine_new(&(VdtEngineOptions){.model = path, .strict = TRUE}, &error);
        g_assert_no_error(error);
    }
    expect(2, "--only-task: \"fog\" is not what spoils pictures", TRAIN_RESTORER,
           in_folder("alone"), "--street", "--only-task", "fog", NULL);
    expect(2, "exclude each other", TRAIN_RESTORER, in_folder("alone"), "--street", "--only-task",
           "haze", "--plain", NULL);
    expect(2, "--batch is 8, but must be a multiple of 6", TRAIN_RESTORER, in_folder("alone"),
           "--street", "--batch", "8", NULL);
    expect(2, "ipt is trained on --street", TRAIN_RESTORER, in_folder("alone"), "--data",
           in_folder("."), NULL);
    expect(2, "kept for validation", TRAIN_RESTORER, in_folder("alone"), "--street", "--seed",
           "8000", NULL);
    expect(2, "squeezetime restores nothing", "train", "squeezetime", "--output",
           in_folder("alone"), "--street", "--plain", NULL);
    expect(1, "--config is no network for 6 tasks", "train", "ipt", "--config", RESTORER("5"),
           "--street", "--output", in_folder("alone"), "--overwrite", NULL);
    expect(1, "sides up to 8192 that are multiples of 8", TRAIN_RESTORER, in_folder("alone"),
           "--street", "--crop", "36x32", "--overwrite", NULL);
    expect(1, "ipt cannot do a restoration each", "train", "ipt", "--config", "ipt-base",
           "--street", "--output", in_folder("alone"), "--overwrite", NULL);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/trainrestored/result", test_restoration);
    g_test_add_func("/trainrestored/sensitivity", test_sensitivity);
    g_test_add_func("/trainrestored/alone", test_restoration_alone);
    return fixture_close();
}
