/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette train instructions. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"

static char *contents(const char *folder, const char *name, gsize *n)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *data = NULL;

    g_assert_true(g_file_get_contents(path, &data, n, NULL));
    return data;
}

static void train(const char *folder, const char *steps)
{
    g_auto(Outcome) o = vedette("train", "instructions", "--output", folder, "--steps", steps,
                                "--threads", "2", "--overwrite", NULL);

    g_assert_cmpint(o.status, ==, 0);
    g_assert_nonnull(strstr(o.out, "phrases: "));
    g_assert_nonnull(strstr(o.out, "held-out texts of the grammar: "));
}

/* A card that says what was done, and the same weights again. */
static void test_result(void)
{
    const char *folder = in_folder("words"), *again = in_folder("words-again");
    gsize n, n_again, n_more;

    train(folder, "30");
    train(again, "30");
    g_autofree char *card = contents(folder, "card.json", &n);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, card, n, NULL));
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    JsonObject *training = json_object_get_object_member(object, "training");
    JsonObject *scores = json_object_get_object_member(training, "scores");
    JsonObject *phrases = json_object_get_object_member(scores, "phrases");
    g_assert_cmpint(json_object_get_int_member(training, "steps"), ==, 30);
    g_assert_nonnull(strstr(json_object_get_string_member(training, "command"), "--steps 30"));
    g_assert_cmpint(json_object_get_int_member(phrases, "n"), >=, 150);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(object, "restorations")),
                     ==, 6);

    g_autofree char *weights = contents(folder, "weights.safetensors", &n);
    g_autofree char *same = contents(again, "weights.safetensors", &n_again);
    g_assert_cmpmem(weights, n, same, n_again);
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)weights, n);
    g_assert_cmpstr(json_object_get_string_member(object, "sha256"), ==, sum);
    train(again, "31");
    g_autofree char *more = contents(again, "weights.safetensors", &n_more);
    g_assert_cmpuint(n_more, ==, n);
    g_assert_cmpint(memcmp(weights, more, n), !=, 0);
}

static void test_bad(void)
{
    const char *folder = in_folder("words-kept");
    g_autofree char *weights = g_build_filename(folder, "weights.safetensors", NULL);
    g_autofree char *grammar = g_build_filename(folder, "grammar.txt", NULL);

    expect(2, "--output is missing", "train", "instructions", NULL);
    expect(2, "--steps from 1", "train", "instructions", "--output", folder, "--steps", "0", NULL);
    expect(2, "too many arguments", "train", "instructions", "rain", "--output", folder, NULL);
    expect(1, "none.txt", "train", "instructions", "--output", folder, "--grammar", "none.txt",
           NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0777), ==, 0);
    g_assert_true(g_file_set_contents(grammar, "restorations = a\n", -1, NULL));
    expect(1, "\"restorations\" must list", "train", "instructions", "--output", folder,
           "--grammar", grammar, NULL);
    g_assert_true(g_file_set_contents(weights, "precious", -1, NULL));
    expect(1, "--overwrite replaces it", "train", "instructions", "--output", folder, NULL);
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(weights, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "precious");
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/cli/instructions/result", test_result);
    g_test_add_func("/cli/instructions/bad", test_bad);
    return fixture_close();
}
