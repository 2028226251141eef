/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette eval, and infer on a generated clip: what they count and say, what they refuse. */
#include <glib/gstdio.h>
#include <string.h>

#include "files.h"
#include "fixture.h"
#include "training.h"
#include <street.h>

/* The card of a model of the street, trained for a moment. */
static const char *street_model(void)
{
    const char *card = in_folder("model/card.json");
    if (!g_file_test(card, G_FILE_TEST_EXISTS))
        expect(0, NULL, TRAIN_TINY, in_folder("model"), ON_STREET, "--epochs", "2", "--no-cache",
               NULL);
    return card;
}

static JsonObject *eval_json(const char *option, ...) G_GNUC_NULL_TERMINATED;
static JsonObject *eval_json(const char *option, ...)
{
    const char *more[4] = {option};
    va_list args;
    va_start(args, option);
    for (guint i = 1; i < G_N_ELEMENTS(more) && more[i - 1] != NULL; i++)
        more[i] = va_arg(args, const char *);
    va_end(args);
    g_autoptr(GError) error = NULL;
    g_auto(Outcome) o =
        vedette("eval", "squeezetime", "--street", "--clips", "84", "--json", "--model",
                street_model(), more[0], more[1], more[2], more[3], NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    return json_node_dup_object(node);
}

static gint64 count_of(JsonObject *object, const char *name)
{
    return json_object_get_int_member(json_object_get_object_member(object, name), "n");
}

/* Counts add up, in every table. */
static void test_json(void)
{
    g_autoptr(JsonObject) o = eval_json("--coded", "0", NULL);
    g_assert_cmpint(json_object_get_int_member(o, "n"), ==, 84);
    g_assert_cmpint(json_object_get_int_member(o, "seed"), ==, 9000);
    g_assert_cmpint(json_object_get_int_member(o, "world_version"), >=, 1);
    g_assert_cmpint(count_of(o, "coded"), ==, 0);
    g_assert_cmpint(count_of(o, "uncoded"), ==, 84);
    JsonObject *classes = json_object_get_object_member(o, "per_class");
    g_assert_cmpuint(json_object_get_size(classes), ==, 12);
    g_assert_cmpint(count_of(classes, "leave-bag"), ==, 7);
    JsonObject *conditions = json_object_get_object_member(o, "per_condition");
    g_assert_cmpuint(json_object_get_size(conditions), ==, 7);
    g_assert_cmpint(count_of(conditions, "night"), ==, 12);

    JsonArray *confusion = json_object_get_array_member(o, "confusion");
    gint64 all = 0, right = 0;
    for (guint i = 0; i < 12; i++) {
        JsonArray *row = json_array_get_array_element(confusion, i);
        g_assert_cmpuint(json_array_get_length(row), ==, 12);
        for (guint k = 0; k < 12; k++)
            all += json_array_get_int_element(row, k);
        right += json_array_get_int_element(row, i);
    }
    g_assert_cmpint(all, ==, 84);
    double score = json_object_get_double_member(o, "score");
    g_assert_cmpfloat_with_epsilon(score, right / 84.0, 1e-12);
    g_assert_cmpfloat(json_object_get_double_member(o, "top5"), >=, score);
}

/* The same clips give the same answers, however they are run; another view gives others. */
static void test_same(void)
{
    char *texts[4];
    const char *const files[] = {"a.tsv", "b.tsv", "c.tsv", "d.tsv"};
    const char *const options[][2] = {
        {"--threads", "1"}, {"--threads", "2"}, {"--seed", "77"}, {"--one-frame", NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        expect(0, NULL, "eval", "squeezetime", "--street", "--clips", "24", "--coded", "0",
               "--answers", in_folder(files[i]), "--model", street_model(), options[i][0],
               options[i][1], NULL);
        g_assert_true(g_file_get_contents(in_folder(files[i]), &texts[i], NULL, NULL));
    }
    g_assert_true(g_str_has_prefix(texts[0], "clip\ttruth\tanswer\tscore\tcondition\tcoded\n"
                                             "0\tempty\t"));
    g_assert_cmpstr(texts[0], ==, texts[1]);
    g_assert_cmpstr(texts[0], !=, texts[2]);
    g_assert_cmpstr(texts[0], !=, texts[3]);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}

/* Half of the clips go through H.264, evenly over classes and conditions. */
static void test_coded(void)
{
    g_auto(Outcome) o = vedette("eval", "squeezetime", "--street", "--clips", "24", "--json",
                                "--model", street_model(), NULL);
    if (o.status == 1 && strstr(o.err, "H.264") != NULL) {
        g_test_skip("no H.264 encoder");
        return;
    }
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, NULL);
    JsonObject *object = json_node_get_object(node);
    g_assert_cmpint(count_of(object, "coded"), ==, 12);
    g_assert_cmpint(count_of(object, "uncoded"), ==, 12);
}

/* The scores go into a card, which stays one that loads. */
static void test_record(void)
{
    g_autoptr(GError) error = NULL;
    const char *card = street_model();
    g_autoptr(JsonObject) scores = eval_json("--coded", "0", "--record", card, NULL);
    expect(0, NULL, "eval", "squeezetime", "--street", "--clips", "84", "--coded", "0", "--model",
           card, "--record", card, "--one-frame", NULL);
    g_autoptr(JsonObject) json = vdt_json_load(card, 1 << 20, &error);
    g_assert_no_error(error);
    JsonObject *training = json_object_get_object_member(json, "training");
    JsonObject *recorded = json_object_get_object_member(training, "scores");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(recorded, "top1"),
                                   json_object_get_double_member(scores, "score"), 1e-4);
    g_assert_cmpint(json_object_get_int_member(recorded, "seed"), ==, 9000);
    g_assert_true(json_object_has_member(recorded, "condition.rain"));
    g_assert_true(json_object_has_member(training, "baselines"));
    expect(0, NULL, "infer", "--model", card, "--input", "street:3", NULL);
    expect(1, "nowhere", "eval", "squeezetime", "--street", "--clips", "12", "--coded", "0",
           "--model", card, "--record", in_folder("nowhere.json"), NULL);
}

static void test_refused(void)
{
    const char *card = street_model();
    expect(1, "was trained on that street", "eval", "squeezetime", "--street", "--seed", "1",
           "--model", card, NULL);
    expect(1, "was validated on that street", "eval", "squeezetime", "--street", "--seed", "8000",
           "--model", card, NULL);
    expect(1, "but the street has 12", "eval", "squeezetime", "--street", "--model", small_model(),
           NULL);
    expect(2, "either --street or --data", "eval", "squeezetime", "--model", card, NULL);
    expect(2, "belong to --data", "eval", "squeezetime", "--street", "--views", "test", "--model",
           card, NULL);
    expect(2, "--endless is -2", "eval", "squeezetime", "--street", "--endless", "-2", NULL);
    expect(2, "--clips is 0", "eval", "squeezetime", "--street", "--clips", "0", NULL);
    expect(2, "vgg", "eval", "vgg", "--street", NULL);
    expect(1, "val.csv", "eval", "squeezetime", "--data", in_folder("nowhere"), "--model", card,
           NULL);
    /* Another class's name. */
    g_assert_true(g_file_set_contents(in_folder("model/labels.txt"),
                                      "empty\nwalk\nrun\nfall\nget-up\nwave\nloiter\nfight\n"
                                      "leave-cat\ncar-pass\ncar-stop\ncar-park\n",
                                      -1, NULL));
    expect(1, "class 8 of model is \"leave-cat\"", "eval", "squeezetime", "--street", "--model",
           card, NULL);
}

static void test_infer(void)
{
    g_autoptr(GError) error = NULL;
    const char *card = street_model();
    g_auto(Outcome) o = vedette("infer", "--model", card, "--input", "street:8", "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    JsonObject *answer = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(answer, "clip"), ==, 8);
    g_assert_cmpstr(json_object_get_string_member(answer, "truth"), ==, "leave-bag");
    g_assert_cmpstr(json_object_get_string_member(answer, "condition"), ==, "day");
    g_auto(Outcome) named = vedette("infer", "--model", card, "--input", "street:fall", NULL);
    g_assert_cmpint(named.status, ==, 0);
    g_assert_nonnull(strstr(named.out, "it is \"fall\""));
    expect(0, NULL, "infer", "--model", card, "--input", "street", NULL);
    expect(1, "nor one of the street's actions: empty, walk, ", "infer", "--model", card, "--input",
           "street:fly", NULL);
    expect(2, "not the street", "infer", "--model", card, "--input", "street", "--views", "test",
           NULL);
}

/* The weights that ship know a street that nobody has trained or chosen on. */
static void test_shipped(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(Outcome) o = vedette("eval", "squeezetime", "--street", "--seed", "9100", "--clips",
                                "168", "--coded", "0", "--json", NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    g_assert_cmpfloat(json_object_get_double_member(json_node_get_object(node), "score"), >, 0.86);
    /* Clip 3 is a fall by day. */
    g_auto(Outcome) fall =
        vedette("infer", "--model", "squeezetime-street", "--input", "street:3", "--json", NULL);
    g_assert_cmpint(fall.status, ==, 0);
    g_assert_nonnull(strstr(fall.out, "\"results\":[{\"label\":\"fall\","));
}

/* Its card says on which world, in what time, and how much better than without time. */
static void test_shipped_card(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "models", "squeezetime", "models",
                                                  "squeezetime-street", "card.json", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) card = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    JsonObject *training = json_object_get_object_member(card, "training");
    JsonObject *scores = json_object_get_object_member(training, "scores");
    JsonObject *baselines = json_object_get_object_member(training, "baselines");
    g_assert_cmpint(json_object_get_int_member(training, "world_version"), ==, VDT_STREET_VERSION);
    g_assert_cmpint(json_object_get_int_member(training, "seconds"), <=, 3600);
    g_assert_cmpint(json_object_get_int_member(scores, "n"), ==, 2000);
    g_assert_cmpint(json_object_get_int_member(baselines, "n"), ==, 2000);
    g_assert_cmpfloat(json_object_get_double_member(scores, "top1"), >=, 0.92);
    g_assert_cmpfloat(json_object_get_double_member(baselines, "top1"), <=,
                      json_object_get_double_member(scores, "top1") - 0.2);
}

/* The model of the street that comes with Vedette, as one that knows of no things. */
static const char *model_without_things(void)
{
    static const char *const files[] = {"labels.txt", "weights.safetensors"};
    g_autofree char *from =
        g_test_build_filename(G_TEST_DIST, "models", "cgrseg", "models", "cgrseg-street", NULL);
    g_autofree char *path = g_build_filename(from, "card.json", NULL), *text = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(g_mkdir_with_parents(in_folder("thingless"), 0755), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *source = g_build_filename(from, files[i], NULL), *bytes = NULL;
        g_autofree char *name = g_strconcat("thingless/", files[i], NULL);
        gsize size;
        g_assert_true(g_file_get_contents(source, &bytes, &size, &error));
        g_assert_true(g_file_set_contents(in_folder(name), bytes, (gssize)size, &error));
    }
    g_autoptr(JsonObject) card = vdt_json_load(path, 1 << 20, &error);
    g_assert_no_error(error);
    g_assert_true(json_object_has_member(card, "things"));
    json_object_remove_member(card, "things");
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), card);
    text = json_to_string(node, FALSE);
    g_assert_true(g_file_set_contents(in_folder("thingless/card.json"), text, -1, &error));
    return in_folder("thingless/card.json");
}

static void test_objects_refused(void)
{
#define OBJECTS "eval", "cgrseg", "--objects"
    expect(2, "--objects belongs to --street", OBJECTS, "--data", in_folder("nowhere"), NULL);
    expect(2, "goes with none of", OBJECTS, "--street", "--answers", in_folder("a.tsv"), NULL);
    expect(2, "goes with none of", OBJECTS, "--street", "--record", in_folder("card.json"), NULL);
    expect(2, "goes with none of", OBJECTS, "--street", "--one-frame", NULL);
    expect(2, "--clips is 0", OBJECTS, "--street", "--clips", "0", NULL);
    expect(1, "squeezetime tells no objects apart", "eval", "squeezetime", "--street", "--objects",
           "--model", street_model(), NULL);
    expect(1, "names no things", OBJECTS, "--street", "--model", model_without_things(), NULL);
}

/* On one street. */
static void test_objects(void)
{
    if (g_getenv("VEDETTE_SOAK") == NULL) {
        g_test_skip("takes half a minute: VEDETTE_SOAK is not set");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_auto(Outcome) o = vedette(OBJECTS, "--street", "--clips", "1", "--json", NULL);
    if (o.status != 0)
        g_error("%s", o.err);
    g_autoptr(JsonNode) node = json_from_string(o.out, &error);
    g_assert_no_error(error);
    JsonObject *counts = json_node_get_object(node);
    g_assert_cmpint(json_object_get_int_member(counts, "n"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(counts, "seed"), ==, 9000);
    g_assert_cmpint(json_object_get_int_member(counts, "crossings"), >, 10);
    g_assert_cmpint(json_object_get_int_member(counts, "dwells"), >, 0);
    double score = json_object_get_double_member(counts, "idf1");
    double precision = json_object_get_double_member(counts, "id_precision");
    double recall = json_object_get_double_member(counts, "id_recall");
    g_assert_cmpfloat(score, >, 0.7);
    g_assert_cmpfloat(score, ==, json_object_get_double_member(counts, "score"));
    g_assert_cmpfloat_with_epsilon(score, 2 * precision * recall / (precision + recall), 1e-3);
    g_assert_cmpfloat(json_object_get_double_member(counts, "idf1_with_hidden_and_small"), <=,
                      score);
    g_assert_cmpfloat(json_object_get_double_member(counts, "crossings_precision"), >, 0.8);
    g_assert_cmpfloat(json_object_get_double_member(counts, "crossings_recall"), >, 0.7);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/eval/json", test_json);
    g_test_add_func("/eval/same", test_same);
    g_test_add_func("/eval/coded", test_coded);
    g_test_add_func("/eval/record", test_record);
    g_test_add_func("/eval/infer", test_infer);
    g_test_add_func("/eval/shipped", test_shipped);
    g_test_add_func("/eval/shipped-card", test_shipped_card);
    g_test_add_func("/eval/objects", test_objects);
    g_test_add_func("/eval/objects-refused", test_objects_refused);
    g_test_add_func("/eval/refused", test_refused);
    return fixture_close();
}
