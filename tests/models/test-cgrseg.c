/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CGRSeg without running it: names, shapes and counts against the golden cases, the published sizes
 * and data sets, legal sizes of pictures, and recognising weight files. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "labelmap.h"
#include "official.h"
#include "segmentmodes.h"

static const VdtModel *cgrseg(void)
{
    return vdt_model_find("cgrseg", NULL);
}

static const char *const cases[] = {"T-512", "T-256x320-batch2", "B-512"};

/* Whether a tensor of the authors' is one that no network computes with. */
static gboolean is_leftover(const char *name)
{
    return g_str_has_suffix(name, "num_batches_tracked") ||
           g_str_has_suffix(name, "attention_biases") ||
           g_str_has_suffix(name, "attention_bias_idxs") ||
           g_str_has_suffix(name, "attention_bias_idxs_seg");
}

/* Every tensor of the authors' is a parameter with its shape, and there are no others. */
static void check_names(const VdtGraph *graph, JsonArray *official)
{
    g_autoptr(GHashTable) shapes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    guint n = vdt_graph_get_n_params(graph), n_official = 0;
    for (guint i = 0; i < n; i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_hash_table_insert(shapes, (char *)name, vdt_shape_to_string(&shape));
    }
    for (guint i = 0; i < json_array_get_length(official); i++) {
        JsonObject *spec = json_array_get_object_element(official, i);
        const char *name = json_object_get_string_member(spec, "name");
        if (is_leftover(name))
            continue;
        VdtShape shape = official_shape(spec);
        g_autofree char *text = vdt_shape_to_string(&shape);
        g_assert_cmpstr(g_hash_table_lookup(shapes, name), ==, text);
        n_official++;
    }
    g_assert_cmpuint(n, ==, n_official);
}

static void test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonObject) json = official_case("cgrseg", cases[i]);
        JsonObject *input =
            json_array_get_object_element(json_object_get_array_member(json, "inputs"), 0);
        g_autoptr(VdtGraph) graph = graph_of(
            cgrseg(), json_object_get_object_member(json, "config"), official_shape(input));
        check_names(graph, json_object_get_array_member(json, "weights"));
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==,
                         json_object_get_int_member(json, "params"));
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, json_object_get_int_member(json, "macs"));
    }
}

static guint count_lines(const char *folder, const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "models", "cgrseg", folder, file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    return g_strv_length(lines);
}

/* Each builds, is recognised from its own tensors, and has as many labels and colours as classes.
 */
static void test_variants(void)
{
    const VdtModel *model = cgrseg();
    g_assert_cmpuint(model->n_variants, ==, 13);
    for (guint i = 0; i < model->n_variants; i++) {
        const VdtVariant *v = &model->variants[i];
        g_autoptr(JsonObject) config = vdt_variant_config(v), found = NULL;
        g_autoptr(VdtGraph) graph =
            graph_of(cgrseg(), config, model->input_shape(config, 1, 64, 64));
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        const char *variant = NULL;
        g_assert_true(vdt_model_recognise(weights, &found, &variant) == model);
        g_assert_cmpstr(variant, ==, v->name);
        guint classes = json_object_get_int_member(json_object_get_object_member(config, "head"),
                                                   "num_classes");
        g_assert_cmpuint(count_lines("labels", v->labels, ".txt"), ==, classes);
        g_assert_cmpuint(count_lines("palettes", v->labels, ".gpl"), ==, classes + 4);
    }
}

#define HEAD                                                                                       \
    " \"head\": {\"channels\": 24, \"dw_size\": 5, \"neck_size\": 7, \"next_repeat\": 2,"          \
    " \"num_classes\": 9}, \"mlp_ratio\": 3}"

/* Other networks of the family come back as they were written. */
static void test_custom(gconstpointer text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *config = json_node_get_object(node);
    const VdtModel *model = cgrseg();
    g_autoptr(VdtGraph) graph = graph_of(cgrseg(), config, model->input_shape(config, 2, 96, 64));
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    g_autoptr(JsonObject) found = NULL;
    const char *variant = NULL;
    g_assert_true(vdt_model_recognise(weights, &found, &variant) == model);
    g_assert_cmpstr(variant, ==, "custom");
    json_object_remove_member(json_object_get_object_member(config, "backbone"), "name");
    g_autoptr(JsonNode) again = json_node_init_object(json_node_alloc(), found);
    g_assert_true(json_node_equal(node, again));
}

static const char four_stages[] =
    "{\"backbone\": {\"name\": \"S1\", \"stages\": 4, \"depths\": [1, 2, 2, 3],"
    " \"widths\": [8, 16, 24, 32], \"expansion\": [[2], [2, 3], [2, 4], [3, 3, 1]], \"vit_num\": 1,"
    " \"bias_resolution\": 128}," HEAD;
static const char three_stages[] =
    "{\"backbone\": {\"name\": \"S1\", \"stages\": 3, \"depths\": [1, 2, 2], \"widths\": [8, 16, "
    "24],"
    " \"expansion\": [[2], [2, 3], [2, 4]], \"vit_num\": 1, \"bias_resolution\": 64}," HEAD;
static const char more_maps[] =
    "{\"backbone\": {\"name\": \"S1\", \"stages\": 3, \"depths\": [1, 2, 2], \"widths\": [8, 16, "
    "24],"
    " \"expansion\": [[2], [2, 3], [2, 4]], \"vit_num\": 0}, \"head\": {\"maps\": 4, \"channels\": "
    "24,"
    " \"dw_size\": 5, \"neck_size\": 7, \"next_repeat\": 2, \"num_classes\": 9}, \"mlp_ratio\": 3}";
static const char fewer_maps[] =
    "{\"backbone\": {\"name\": \"S1\", \"stages\": 3, \"depths\": [1, 2, 2], \"widths\": [8, 16, "
    "24],"
    " \"expansion\": [[2], [2, 3], [2, 4]], \"vit_num\": 0}, \"head\": {\"maps\": 1, \"channels\": "
    "24,"
    " \"dw_size\": 5, \"neck_size\": 7, \"next_repeat\": 2, \"num_classes\": 9}, \"mlp_ratio\": 3}";
static const char no_attention[] = "{\"backbone\": {\"name\": \"S1\", \"stages\": 3, \"depths\": "
                                   "[1, 2, 2], \"widths\": [8, 16, 24],"
                                   " \"expansion\": [[2], [2, 3], [2, 4]], \"vit_num\": 0}," HEAD;

/* Without attention any size will do; logits are at 1/2, since the head takes the stem's map, too.
 */
static void test_small(void)
{
    g_autoptr(JsonObject) config =
        vdt_variant_config(vdt_model_find_variant(cgrseg(), "small", NULL));
    g_autoptr(VdtGraph) graph = graph_of(cgrseg(), config, vdt_shape(1, 3, 45, 83));
    VdtShape logits = vdt_value_shape(vdt_graph_find_output(graph, "logits"));
    VdtShape expected = vdt_shape(1, 9, 23, 42);
    g_assert_true(vdt_shape_equal(&logits, &expected));
    g_assert_cmpuint(vdt_graph_count_parameters(graph), <, 3000000); /* 6 MB as float16 */
}

static void test_sizes(void)
{
    static const struct {
        gint64 height, width;
        gboolean legal;
    } sizes[] = {
        {32, 32, TRUE},   {64, 64, TRUE},    {224, 224, TRUE},  {250, 310, TRUE}, {500, 500, TRUE},
        {512, 704, TRUE}, {240, 304, FALSE}, {512, 683, FALSE}, {16, 32, FALSE},  {1, 32, FALSE},
    };
    g_autoptr(JsonObject) config = json_object_new();
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(GError) error = NULL;
        VdtShape input = vdt_shape(1, 3, sizes[i].height, sizes[i].width);
        VdtBuild asked = vdt_model_ask(cgrseg(), &input);
        gboolean built =
            cgrseg()->build(config, graph, &asked, &error) && vdt_graph_check(graph, &error);
        if (sizes[i].legal)
            g_assert_no_error(error);
        else
            g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
        g_assert_cmpint(built, ==, sizes[i].legal);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *config, *says;
    } refused[] = {
        {"{\"backbone\": {\"name\": \"S9\"}}", "S1, S2 or L"},
        {"{\"backbone\": {\"bias_resolution\": 100}}", "multiple of 32"},
        {"{\"backbone\": {\"stages\": 2}}", "stages"},
        {"{\"backbone\": {\"stages\": 3, \"depths\": [1, 1, 1, 1]}}", "depths"},
        {"{\"backbone\": {\"expansion\": [[4], [4], [4], [4]]}}", "row 0"},
        {"{\"backbone\": {\"expansion\": 4}}", "expansion"},
        {"{\"backbone\": {\"depths\": [0, 1, 1, 1]}}", "depths"},
        {"{\"backbone\": 7}", "backbone"},
        {"{\"head\": {\"dw_size\": 4}}", "odd"},
        {"{\"head\": {\"num_classes\": 0}}", "num_classes"},
        {"{\"head\": {\"maps\": 0}}", "maps"},
        {"{\"head\": {\"maps\": 6}}", "maps"},
        {"{\"backbone\": {\"stages\": 3, \"depths\": [1, 1, 1]}, \"head\": {\"maps\": 5}}", "maps"},
        {"{\"mlp_ratio\": 17}", "mlp_ratio"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(JsonNode) node = json_from_string(refused[i].config, NULL);
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(GError) error = NULL;
        VdtShape input = vdt_shape(1, 3, 64, 64);
        VdtBuild asked = vdt_model_ask(cgrseg(), &input);
        g_assert_false(cgrseg()->build(json_node_get_object(node), graph, &asked, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
        g_assert_nonnull(strstr(error->message, refused[i].says));
    }
}

/* The largest of three classes, between and at the corners of a map of 2x2. */
static void test_label_map(void)
{
    const float logits[] = {4, 0, 0, 0, 0, 4, 0, 0, 1, 1, 4, 2};
    guint16 labels[4 * 5];
    static const guint16 expected[4][4] = {{0, 0, 1, 1}, {0, 0, 1, 1}, {2, 2, 2, 2}, {2, 2, 2, 2}};
    memset(labels, 0xff, sizeof labels);
    vdt_label_map(logits, 3, 2, 2, labels, 5, 4, 4);
    for (guint y = 0; y < 4; y++) {
        for (guint x = 0; x < 4; x++)
            g_assert_cmpuint(labels[5 * y + x], ==, expected[y][x]);
        g_assert_cmpuint(labels[5 * y + 4], ==, 0xffff);
    }
}

/* A small network with weights at random. */
static VdtEngine *open_scaled(guint test_size, guint width, guint height, float scale)
{
    g_autofree char *folder = g_dir_make_tmp("vedette-cgrseg-XXXXXX", NULL);
    g_autofree char *weights_path = g_build_filename(folder, "weights.safetensors", NULL);
    g_autofree char *card_path = g_build_filename(folder, "card.json", NULL);
    g_autofree char *card = g_strdup_printf(
        "{\"schema\": 1, \"name\": \"small\", \"architecture\": \"cgrseg\", \"variant\": \"small\","
        " \"weights\": \"weights.safetensors\", \"licence\": \"CC0-1.0\", \"origin\": \"a test\","
        " \"preprocessing\": {\"width\": %u, \"height\": %u},"
        " \"evaluation\": {\"size\": %u}}",
        width, height, test_size);
    const VdtVariant *variant = vdt_model_find_variant(cgrseg(), "small", NULL);
    g_autoptr(JsonObject) config = vdt_variant_config(variant);
    g_autoptr(VdtGraph) graph = graph_of(cgrseg(), config, vdt_shape(1, 3, 64, 64));
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 3);
    g_autoptr(GError) error = NULL;
    for (guint i = 0; scale != 1 && i < vdt_weights_get_n_tensors(weights); i++) {
        VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        for (gsize j = 0; tensor->shape.n_dims == 4 && j < tensor->n_bytes / sizeof(float); j++)
            ((float *)tensor->data)[j] *= scale;
    }
    g_assert_true(vdt_weights_save_safetensors(weights, weights_path, &error));
    g_assert_true(g_file_set_contents(card_path, card, -1, &error));
    VdtEngineOptions options = {.model = card_path};
    VdtEngine *engine = vdt_engine_new(&options, &error);
    g_assert_no_error(error);
    g_unlink(weights_path);
    g_unlink(card_path);
    g_rmdir(folder);
    return engine;
}

static VdtEngine *open_small(guint test_size, guint width, guint height)
{
    return open_scaled(test_size, width, height, 1);
}

static guint8 *some_picture(guint width, guint height)
{
    guint8 *pixels = g_malloc((gsize)3 * width * height);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            for (guint c = 0; c < 3; c++)
                pixels[3 * (y * width + x) + c] = (x * (c + 2) + y * 5 + x * y / 9) % 256;
    return pixels;
}

static guint16 *segment(VdtEngine *engine, VdtSegmentMode mode, guint width, guint height)
{
    g_autofree guint8 *pixels = some_picture(width, height);
    const VdtPicture picture = {pixels, width, height, (gsize)3 * width};
    guint16 *labels = g_new(guint16, (gsize)width * height);
    g_autoptr(GError) error = NULL;
    vdt_segment_picture(engine, mode, &picture, labels, NULL, &error);
    g_assert_no_error(error);
    return labels;
}

/* A picture that is as the network takes it looks the same whole, in one window, and fixed, but for
 * where two classes are as good. Larger ones are seen in several windows, and differ. */
static void test_modes(void)
{
    g_autoptr(VdtEngine) engine = open_small(64, 64, 64);
    g_autofree guint16 *fixed = segment(engine, VDT_SEGMENT_FIXED, 64, 64);
    g_autofree guint16 *whole = segment(engine, VDT_SEGMENT_WHOLE, 64, 64);
    g_autofree guint16 *slide = segment(engine, VDT_SEGMENT_SLIDE, 64, 64);
    guint differ = 0, differs = 0, kinds = 0;
    gboolean seen[9] = {FALSE};
    for (guint i = 0; i < 64 * 64; i++) {
        differ += fixed[i] != whole[i];
        g_assert_cmpuint(whole[i], ==, slide[i]);
        g_assert_cmpuint(whole[i], <, 9);
        kinds += !seen[whole[i]];
        seen[whole[i]] = TRUE;
    }
    g_assert_cmpuint(differ, <=, 4);
    g_assert_cmpuint(kinds, >, 1);

    g_autofree guint16 *wide = segment(engine, VDT_SEGMENT_WHOLE, 150, 70);
    g_autofree guint16 *windows = segment(engine, VDT_SEGMENT_SLIDE, 150, 70);
    for (guint i = 0; i < 150 * 70; i++)
        differs += wide[i] != windows[i];
    g_assert_cmpuint(differs, >, 0);
    g_free(segment(engine, VDT_SEGMENT_WHOLE, 1, 1000)); /* as narrow as can be */
}

/* Weights that are finite, and too large for sums to be: no map is made of what is no number. */
static void test_not_finite(void)
{
    g_autoptr(VdtEngine) engine = open_scaled(64, 64, 64, 1e12f);
    g_autofree guint8 *pixels = some_picture(64, 64);
    const VdtPicture picture = {pixels, 64, 64, 3 * 64};
    g_autofree guint16 *labels = g_new(guint16, 64 * 64);
    for (VdtSegmentMode mode = VDT_SEGMENT_FIXED; mode <= VDT_SEGMENT_SLIDE; mode++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(vdt_segment_picture(engine, mode, &picture, labels, NULL, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, "small: the network's answer is not finite"));
    }
}

static void test_windows(void)
{
    static const struct {
        guint size, window, stride, n, starts[4];
    } sides[] = {{512, 512, 341, 1, {0}},      {513, 512, 341, 2, {0, 1}},
                 {853, 512, 341, 2, {0, 341}}, {854, 512, 341, 3, {0, 341, 342}},
                 {100, 512, 341, 1, {0}},      {6, 4, 1, 3, {0, 1, 2}}};
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        guint starts[1000];
        guint n = vdt_segment_windows(sides[i].size, sides[i].window, sides[i].stride, starts);
        g_assert_cmpuint(n, ==, sides[i].n);
        for (guint k = 0; k < n; k++)
            g_assert_cmpuint(starts[k], ==, sides[i].starts[k]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cgrseg/not-finite", test_not_finite);
    g_test_add_func("/cgrseg/cases", test_cases);
    g_test_add_func("/cgrseg/variants", test_variants);
    g_test_add_data_func("/cgrseg/custom/four-stages", four_stages, test_custom);
    g_test_add_data_func("/cgrseg/custom/three-stages", three_stages, test_custom);
    g_test_add_data_func("/cgrseg/custom/no-attention", no_attention, test_custom);
    g_test_add_data_func("/cgrseg/custom/more-maps", more_maps, test_custom);
    g_test_add_data_func("/cgrseg/custom/fewer-maps", fewer_maps, test_custom);
    g_test_add_func("/cgrseg/small", test_small);
    g_test_add_func("/cgrseg/sizes", test_sizes);
    g_test_add_func("/cgrseg/refused", test_refused);
    g_test_add_func("/cgrseg/label-map", test_label_map);
    g_test_add_func("/cgrseg/modes", test_modes);
    g_test_add_func("/cgrseg/windows", test_windows);
    return g_test_run();
}
