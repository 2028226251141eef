/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette infer: arrays, videos, pictures; what it prints and keeps; what it refuses. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "fixture.h"

static double relative_error(const VdtTensor *got, const VdtTensor *want)
{
    const float *g = got->data, *w = want->data;
    double difference = 0, norm = 0;
    g_assert_true(vdt_shape_equal(&got->shape, &want->shape));
    for (gint64 i = 0; i < vdt_shape_elements(&want->shape); i++) {
        difference += pow((double)g[i] - w[i], 2);
        norm += pow(w[i], 2);
    }
    return sqrt(difference / norm);
}

/* A line of output as JSON. */
static JsonObject *parse(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(line, &error);
    g_assert_no_error(error);
    g_assert_true(JSON_NODE_HOLDS_OBJECT(node));
    return json_node_dup_object(node);
}

/* Scores fall, and are probabilities. */
static void check_results(JsonObject *answer, guint n)
{
    JsonArray *results = json_object_get_array_member(answer, "results");
    g_assert_cmpuint(json_array_get_length(results), ==, n);
    double before = 1, sum = 0;
    for (guint i = 0; i < n; i++) {
        JsonObject *result = json_array_get_object_element(results, i);
        double score = json_object_get_double_member(result, "score");
        g_assert_cmpfloat(score, <=, before);
        g_assert_cmpfloat(score, >=, 0);
        g_assert_nonnull(json_object_get_string_member(result, "label"));
        g_assert_cmpint(json_object_get_int_member(result, "class"), >=, 0);
        before = score;
        sum += score;
    }
    g_assert_cmpfloat(sum, <=, 1.000001);
}

/* A class for every pixel of a picture: names, and shares that add up. */
static void test_segmentation(void)
{
    g_autofree char *picture =
        g_test_build_filename(G_TEST_DIST, "docs", "pictures", "street-day.png", NULL);
    g_auto(Outcome) o =
        vedette("infer", "--weights", segmentation_weights(), "--input", picture, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpstr(json_object_get_string_member(answer, "variant"), ==, "T-ade20k");
    g_assert_cmpstr(json_object_get_string_member(answer, "mode"), ==, "whole");
    JsonArray *results = json_object_get_array_member(answer, "results");
    double before = 1, sum = 0;
    for (guint i = 0; i < json_array_get_length(results); i++) {
        JsonObject *result = json_array_get_object_element(results, i);
        double share = json_object_get_double_member(result, "share");
        g_assert_nonnull(json_object_get_string_member(result, "label"));
        g_assert_cmpfloat(share, <=, before);
        g_assert_cmpfloat(share, >, 0);
        before = share;
        sum += share;
    }
    g_assert_cmpfloat_with_epsilon(sum, 1, 1e-6);
    expect(1, "150 classes", "infer", "--weights", segmentation_weights(), "--input", "street",
           NULL);
}

/* A picture's classes, by name. */
static void test_picture_classes(void)
{
    g_autofree char *picture =
        g_test_build_filename(G_TEST_DIST, "docs", "pictures", "street-day.png", NULL);
    g_auto(Outcome) o =
        vedette("infer", "--weights", picture_weights(), "--input", picture, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpstr(json_object_get_string_member(answer, "variant"), ==, "deit_t");
    JsonArray *results = json_object_get_array_member(answer, "results");
    g_assert_cmpuint(json_array_get_length(results), ==, 5);
    JsonObject *best = json_array_get_object_element(results, 0);
    g_assert_nonnull(json_object_get_string_member(best, "label"));
    g_assert_cmpfloat(json_object_get_double_member(best, "score"), >=, 0.001);
    expect(1, "name a picture", "infer", "--weights", picture_weights(), "--input", "street:1",
           NULL);
}

/* What comes out for a golden case's input is the golden case's output. */
static void test_golden(void)
{
    static const char *const cases[] = {"r50-k400-224", "r50-k400-112-batch2"};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *out = in_folder("out.npy");
        g_auto(Outcome) o = vedette("infer", "--weights", k400_weights(), "--input",
                                    golden_npy(cases[i]), "--output", out, "--json", NULL);
        g_assert_cmpint(o.status, ==, 0);
        g_autoptr(VdtTensor) got = vdt_npy_load(out, &error);
        g_assert_no_error(error);
        g_autofree char *path = g_build_filename(golden_case(cases[i]), "expect.safetensors", NULL);
        g_autoptr(VdtWeights) expected = vdt_weights_load(path, &error);
        g_assert_no_error(error);
        VdtTensor *want = vdt_weights_lookup(expected, "logits");
        g_assert_cmpfloat(relative_error(got, want), <=, 1e-4);

        /* One line for each clip, with the winner that the logits have. */
        g_auto(GStrv) lines = g_strsplit(o.out, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, want->shape.dims[0] + 1);
        for (gint64 n = 0; n < want->shape.dims[0]; n++) {
            const float *row = (float *)want->data + n * 400;
            gint64 best = 0;
            for (gint64 c = 1; c < 400; c++)
                best = row[c] > row[best] ? c : best;
            g_autoptr(JsonObject) answer = parse(lines[n]);
            g_assert_cmpstr(json_object_get_string_member(answer, "model"), ==,
                            "squeezetime-r50-k400");
            g_assert_cmpint(json_object_get_int_member(answer, "item"), ==, n);
            check_results(answer, 5);
            JsonObject *first =
                json_array_get_object_element(json_object_get_array_member(answer, "results"), 0);
            g_assert_cmpint(json_object_get_int_member(first, "class"), ==, best);
        }
    }
}

static void test_video(void)
{
    const char *video = some_video();
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_auto(Outcome) o =
        vedette("infer", "--model", small_model(), "--input", video, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpstr(json_object_get_string_member(answer, "input"), ==, video);
    g_assert_cmpstr(json_object_get_string_member(answer, "model"), ==, "small");
    g_assert_cmpint(json_object_get_int_member(answer, "frames"), ==, 80);
    g_assert_cmpint(json_object_get_int_member(answer, "views"), ==, 1);
    /* 12 frames of 30 a second are 10 of 25, in the middle of 80: from frame 34 */
    g_assert_cmpint(json_object_get_int_member(answer, "pts_ns"), ==, 34 * 40000000);
    g_assert_cmpint(json_object_get_int_member(answer, "duration_ns"), ==, 10 * 40000000);
    check_results(answer, 3);

    /* The same by its URI, in a table. */
    g_autofree char *uri = g_filename_to_uri(video, NULL, NULL);
    g_auto(Outcome) table = vedette("infer", "--model", small_model(), "--input", uri, NULL);
    g_assert_cmpint(table.status, ==, 0);
    g_assert_true(g_str_has_prefix(table.out, "small, 1.36 s to 1.76 s\n"));
    JsonObject *best =
        json_array_get_object_element(json_object_get_array_member(answer, "results"), 0);
    g_autofree char *line =
        g_strdup_printf("%7.4f  %s (", json_object_get_double_member(best, "score"),
                        json_object_get_string_member(best, "label"));
    g_assert_nonnull(strstr(table.out, line));
}

static void test_views(void)
{
    const char *video = some_video();
    if (video == NULL) {
        g_test_skip("no gst-launch-1.0 with JPEG and AVI");
        return;
    }
    g_autoptr(GError) error = NULL;
    const char *out = in_folder("views.npy");
    g_auto(Outcome) o = vedette("infer", "--model", small_model(), "--input", video, "--json",
                                "--views", "test", "--output", out, NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpint(json_object_get_int_member(answer, "views"), ==, 6);
    g_autoptr(VdtTensor) raw = vdt_npy_load(out, &error);
    g_assert_no_error(error);
    g_assert_cmpint(raw->shape.dims[0], ==, 6);
    g_assert_cmpint(raw->shape.dims[1], ==, 3);

    /* Scores are means of the views' softmax. */
    double mean[3] = {0};
    for (int v = 0; v < 6; v++) {
        const float *row = (float *)raw->data + 3 * v;
        double sum = exp(row[0]) + exp(row[1]) + exp(row[2]);
        for (int c = 0; c < 3; c++)
            mean[c] += exp(row[c]) / sum / 6;
    }
    JsonArray *results = json_object_get_array_member(answer, "results");
    for (guint i = 0; i < 3; i++) {
        JsonObject *result = json_array_get_object_element(results, i);
        gint64 class = json_object_get_int_member(result, "class");
        g_assert_cmpfloat_with_epsilon(json_object_get_double_member(result, "score"), mean[class],
                                       1e-6);
    }
}

static void test_picture(void)
{
    const char *picture = some_picture();
    if (picture == NULL) {
        g_test_skip("no gst-launch-1.0 with PNG");
        return;
    }
    g_auto(Outcome) o =
        vedette("infer", "--model", small_model(), "--input", picture, "--json", NULL);
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    g_assert_cmpint(json_object_get_int_member(answer, "frames"), ==, 1);
    check_results(answer, 3);
}

static const char *put(const char *name, const char *text, gssize size)
{
    const char *path = in_folder(name);
    g_assert_true(g_file_set_contents(path, text, size, NULL));
    return path;
}

/* The best of each question, and the scores of all labels of a question add up. */
static void test_groups(void)
{
    static const char *const names[] = {"light", "weather"};
    g_autofree char *picture =
        g_test_build_filename(G_TEST_DIST, "docs", "pictures", "street-day.png", NULL);
    g_assert_nonnull(picture_weights());
    const char *card = put(
        "groups.json",
        "{\"schema\": 1, \"name\": \"scene\", \"architecture\": \"tocom\", \"variant\": "
        "\"deit_t\", "
        "\"weights\": \"deit.safetensors\", \"licence\": \"CC0-1.0\", \"origin\": \"a test\", "
        "\"groups\": [{\"name\": \"light\", \"labels\": 3}, {\"name\": \"weather\", \"labels\": "
        "997}]}",
        -1);
    g_auto(Outcome) o = vedette("infer", "--model", card, "--input", picture, "--json", NULL);
    g_assert_cmpstr(o.err, ==, "");
    g_assert_cmpint(o.status, ==, 0);
    g_autoptr(JsonObject) answer = parse(o.out);
    JsonArray *results = json_object_get_array_member(answer, "results");
    g_assert_cmpuint(json_array_get_length(results), ==, 3 + 5);
    double sum = 0;
    for (guint i = 0; i < 3 + 5; i++) {
        JsonObject *result = json_array_get_object_element(results, i);
        gint64 class = json_object_get_int_member(result, "class");
        g_assert_cmpstr(json_object_get_string_member(result, "group"), ==, names[i >= 3]);
        g_assert_true((class < 3) == (i < 3));
        if (i < 3)
            sum += json_object_get_double_member(result, "score");
    }
    g_assert_cmpfloat_with_epsilon(sum, 1, 1e-9);
    g_auto(Outcome) text = vedette("infer", "--model", card, "--input", picture, NULL);
    g_auto(GStrv) lines = g_strsplit(text.out, "\n", -1);
    g_assert_cmpstr(lines[0], ==, "scene");
    g_assert_cmpstr(lines[1], ==, "light");
    g_assert_cmpstr(lines[5], ==, "weather");
}

static const char *put_array(const char *name, VdtDType dtype, VdtShape shape, float value)
{
    const char *path = in_folder(name);
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(dtype, &shape, NULL);
    if (dtype == VDT_F32 && tensor->n_bytes > 0)
        ((float *)tensor->data)[0] = value;
    g_assert_true(vdt_npy_save(tensor, path, NULL));
    return path;
}

static void test_bad_inputs(void)
{
    const char *model = small_model();
    const struct {
        const char *input, *says;
    } cases[] = {
        {in_folder("missing.mp4"), "missing.mp4"},
        {in_folder("missing.npy"), "missing.npy"},
        {put("text.mp4", "this is not a video\n", -1), "text.mp4"},
        {put("empty.mp4", "", 0), "empty.mp4"},
        {put("text.npy", "this is not an array\n", -1), "text.npy"},
        {put_array("flat.npy", VDT_F32, vdt_shape(3, 64, 64), 0), "[3,64,64]"},
        {put_array("bytes.npy", VDT_U8, vdt_shape(1, 3, 4, 64, 64), 0), "uint8"},
        {put_array("frames.npy", VDT_F32, vdt_shape(1, 3, 16, 64, 64), 0), "[1,3,16,64,64]"},
        {put_array("tiny.npy", VDT_F32, vdt_shape(1, 3, 4, 1, 1), 0), ""},
        {put_array("nan.npy", VDT_F32, vdt_shape(1, 3, 4, 64, 64), NAN), "not finite"},
        {"nosuch://x", "nosuch"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(1, cases[i].says, "infer", "--model", model, "--input", cases[i].input, NULL);
    expect(1, "/nowhere/out.npy", "infer", "--model", model, "--input",
           put_array("fine.npy", VDT_F32, vdt_shape(1, 3, 4, 64, 64), 0), "--output",
           "/nowhere/out.npy", NULL);
}

static void test_bad_weights(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *whole = NULL;
    gsize size;
    const char *input = put_array("fine.npy", VDT_F32, vdt_shape(1, 3, 4, 64, 64), 0);
    small_model();
    g_assert_true(g_file_get_contents(in_folder("small/w.safetensors"), &whole, &size, &error));
    g_autoptr(VdtWeights) weights = vdt_weights_load(in_folder("small/w.safetensors"), &error);
    g_assert_no_error(error);
    VdtShape shape = vdt_shape(8);
    g_autoptr(VdtTensor) odd = vdt_tensor_new(VDT_F32, &shape, NULL);
    ((float *)odd->data)[7] = INFINITY;
    vdt_weights_insert(weights, "backbone.net.layer2.0.bn1.weight", odd);
    g_assert_true(vdt_weights_save_safetensors(weights, in_folder("odd.safetensors"), NULL));

    const struct {
        const char *path, *says;
    } cases[] = {
        {in_folder("missing.safetensors"), "missing.safetensors"},
        {put("cut.safetensors", whole, size / 2), "cut.safetensors"},
        {put("head.safetensors", whole, 100), "head.safetensors"},
        {put("noise.safetensors", "\x80\x02}q\x00.", 6), "noise.safetensors"},
        {in_folder("odd.safetensors"), "layer2.0.bn1.weight"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        expect(1, cases[i].says, "infer", "--weights", cases[i].path, "--input", input, NULL);
}

static void test_models(void)
{
    const char *input = put_array("fine.npy", VDT_F32, vdt_shape(1, 3, 4, 64, 64), 0);
    small_model();
    expect(1, "no model \"nosuch\"", "infer", "--model", "nosuch", "--input", input, NULL);
    expect(1, "squeezetime-street", "infer", "--arch", "squeezetime", "--input", input, NULL);
    expect(2, "nosuch", "infer", "--weights", in_folder("small/w.safetensors"), "--arch", "nosuch",
           "--input", input, NULL);
    /* By name, from a folder of models. */
    g_autofree char *models = g_path_get_dirname(small_model());
    g_setenv("VEDETTE_MODEL_PATH", models, TRUE);
    g_auto(Outcome) o = vedette("infer", "--model", "small", "--input", input, "--isa", "c",
                                "--threads", "1", NULL);
    g_unsetenv("VEDETTE_MODEL_PATH");
    g_assert_cmpint(o.status, ==, 0);
    g_assert_true(g_str_has_prefix(o.out, "small\n"));
    /* A label file that does not fit, and one that is not there. */
    put("small/labels.txt", "a\nb\n", -1);
    expect(1, "2 labels", "infer", "--model", small_model(), "--input", input, NULL);
    g_assert_cmpint(g_unlink(in_folder("small/labels.txt")), ==, 0);
    expect(1, "labels.txt", "infer", "--model", small_model(), "--input", input, NULL);
    put("small/labels.txt", "a\nb\nc\n", -1);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/infer/segmentation", test_segmentation);
    g_test_add_func("/infer/picture-classes", test_picture_classes);
    g_test_add_func("/infer/groups", test_groups);
    g_test_add_func("/infer/golden", test_golden);
    g_test_add_func("/infer/video", test_video);
    g_test_add_func("/infer/views", test_views);
    g_test_add_func("/infer/picture", test_picture);
    g_test_add_func("/infer/bad-inputs", test_bad_inputs);
    g_test_add_func("/infer/bad-weights", test_bad_weights);
    g_test_add_func("/infer/models", test_models);
    return fixture_close();
}
