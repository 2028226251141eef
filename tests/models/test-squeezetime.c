/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SqueezeTime without running it: names, shapes and counts against the golden cases, other depths,
 * refused configurations, and recognising weight files. */
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "official.h"

static const VdtModel *squeezetime(void)
{
    return vdt_model_find("squeezetime", NULL);
}

/* Every parameter is in the list with its shape, and the list holds nothing else but counters. */
static void check_names(const VdtGraph *graph, VdtWeights *official)
{
    guint n = vdt_graph_get_n_params(graph), n_counters = 0;
    for (guint i = 0; i < n; i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        VdtTensor *tensor = vdt_weights_lookup(official, name);
        if (tensor == NULL)
            g_error("%s is not an official name", name);
        g_assert_true(vdt_shape_equal(&shape, &tensor->shape));
    }
    for (guint i = 0; i < vdt_weights_get_n_tensors(official); i++) {
        const char *name = vdt_weights_get_name(official, i);
        n_counters += g_str_has_suffix(name, "num_batches_tracked") ||
                      g_str_has_prefix(name, "roi_head.") || g_str_has_prefix(name, "fc.");
    }
    g_assert_cmpuint(n + n_counters, ==, vdt_weights_get_n_tensors(official));
}

static const struct {
    const char *name, *variant;
    gint64 batch, height, width;
    guint64 params, macs;
} cases[] = {
    {"r50-k400-224", "r50-k400", 1, 224, 224, 29706688, G_GUINT64_CONSTANT(5482892032)},
    {"r50-k400-112-batch2", "r50-k400", 2, 112, 112, 29706688, G_GUINT64_CONSTANT(2641064448)},
    {"r50-ava-128x96", "r50-ava", 1, 128, 96, 28879920, G_GUINT64_CONSTANT(1927909376)},
};

static void test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(JsonObject) json = official_case("squeezetime", cases[i].name);
        g_autoptr(VdtGraph) graph =
            graph_of(squeezetime(), json_object_get_object_member(json, "config"),
                     vdt_shape(cases[i].batch, 3, 16, cases[i].height, cases[i].width));
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, cases[i].params);
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, cases[i].macs);
        g_assert_cmpuint(json_object_get_int_member(json, "macs"), ==, cases[i].macs);
        g_autoptr(VdtWeights) official = official_weights(cases[i].variant);
        check_names(graph, official);
    }
}

/* The first are published; the last is our own. */
#define N_PUBLISHED 5

static void test_variants(void)
{
    const VdtModel *model = squeezetime();
    g_assert_cmpuint(model->n_variants, ==, N_PUBLISHED + 1);
    for (guint i = 0; i < N_PUBLISHED; i++) {
        g_autoptr(JsonObject) config = vdt_variant_config(&model->variants[i]);
        g_autoptr(VdtGraph) graph =
            graph_of(squeezetime(), config, model->input_shape(config, 1, 64, 64));
        g_autoptr(VdtWeights) official = official_weights(model->variants[i].name);
        check_names(graph, official);
    }
}

static void test_recognise(void)
{
    const VdtModel *model = squeezetime();
    for (guint i = 0; i < N_PUBLISHED; i++) {
        g_autoptr(VdtWeights) weights = official_weights(model->variants[i].name);
        const char *variant = NULL;
        g_autoptr(JsonObject) config = NULL;
        g_assert_true(vdt_model_recognise(weights, &config, &variant) == model);
        g_assert_cmpstr(variant, ==, model->variants[i].name);
        g_autoptr(VdtGraph) graph =
            graph_of(squeezetime(), config, model->input_shape(config, 1, 64, 64));
        check_names(graph, weights);
    }
}

/* Our own is told from its tensors, too, and fits a file of 4 MB in half precision. */
static void test_small(void)
{
    const VdtModel *model = squeezetime();
    const VdtVariant *small = vdt_model_find_variant(model, "small", NULL);
    g_assert_nonnull(small);
    g_autoptr(JsonObject) config = vdt_variant_config(small), found = NULL;
    g_autoptr(VdtGraph) graph =
        graph_of(squeezetime(), config,
                 model->input_shape(config, 1, small->bench_width, small->bench_height));
    g_assert_cmpuint(vdt_graph_count_parameters(graph), <, 1900000);
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    const char *variant = NULL;
    g_assert_true(vdt_model_recognise(weights, &found, &variant) == model);
    g_assert_cmpstr(variant, ==, "small");
}

/* Weights with the names of a configuration's own graph. */
static VdtWeights *weights_of(JsonObject *config)
{
    g_autoptr(VdtGraph) graph =
        graph_of(squeezetime(), config, squeezetime()->input_shape(config, 1, 64, 64));
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

/* Other networks of the family come back as they were written. */
static const char *const customs[] = {
    "{\"depth\": 50, \"num_classes\": 7}",
    "{\"depth\": 10, \"num_classes\": 400}",
    "{\"depth\": 18, \"num_classes\": 12, \"frames\": 8, \"pos_dim\": [20, 10, 5, 3]}",
    "{\"depth\": 101, \"num_classes\": 3, \"widen_factor\": 0.25}",
    "{\"block\": \"bottleneck\", \"layers\": [1, 2, 1, 1], \"planes\": [8, 8, 16, 24], "
    "\"expansion\": 2, \"frames\": 4, \"num_classes\": 5, \"spatial_stride\": [1, 1, 2, 2]}",
    "{\"depth\": 34, \"head\": null, \"prefix\": \"net\", \"num_classes\": 9}",
};

static void test_recognise_custom(void)
{
    const VdtModel *model = squeezetime();
    for (guint i = 0; i < G_N_ELEMENTS(customs); i++) {
        g_autoptr(JsonObject) written = parse(customs[i]);
        g_autoptr(VdtWeights) weights = weights_of(written);
        const char *variant = NULL;
        g_autoptr(JsonObject) config = model->recognise(weights, &variant);
        g_assert_nonnull(config);
        g_assert_cmpstr(variant, ==, "custom");
        g_autoptr(VdtWeights) again = weights_of(config);
        guint n = vdt_weights_get_n_tensors(weights);
        g_assert_cmpuint(vdt_weights_get_n_tensors(again), ==, n);
        for (guint j = 0; j < n; j++) {
            VdtTensor *a = vdt_weights_get_tensor(weights, j);
            VdtTensor *b = vdt_weights_lookup(again, vdt_weights_get_name(weights, j));
            g_assert_nonnull(b);
            g_assert_true(vdt_shape_equal(&a->shape, &b->shape));
        }
    }
}

/* Files of something else, and hostile shapes. */
static void test_recognise_none(void)
{
    const VdtModel *model = squeezetime();
    static const struct {
        const char *name;
        gint64 dims[4];
        guint n_dims;
    } odd[] = {
        {"backbone.net.conv1.weight", {64, 48, 5, 5}, 4},
        {"backbone.net.layer1.0.bn1.weight", {64}, 1},
        {"backbone.net.layer1.0.conv2.spatial_conv.pos_embed", {1, 16, 56, 56}, 4},
        {"cls_head.fc_cls.weight", {400}, 1},
    };
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    const char *variant = NULL;
    JsonObject *config;
    g_assert_null(model->recognise(weights, &variant));
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        VdtShape shape = vdt_shape_from(odd[i].dims, odd[i].n_dims);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        vdt_weights_insert(weights, odd[i].name, tensor);
        g_assert_null(vdt_model_recognise(weights, &config, &variant));
    }
}

/* Basic blocks: the first CTL's position code is 7x7 whatever the stage, and a stage that changes
 * no width has no shortcut convolution. */
static void test_basic_blocks(void)
{
    g_autoptr(JsonObject) config = parse("{\"depth\": 18, \"num_classes\": 400}");
    g_autoptr(VdtWeights) weights = weights_of(config);
    static const struct {
        const char *name;
        gint64 size;
    } codes[] = {
        {"backbone.net.layer1.0.conv1.spatial_conv.pos_embed", 7},
        {"backbone.net.layer1.0.conv2.spatial_conv.pos_embed", 56},
        {"backbone.net.layer3.1.conv1.spatial_conv.pos_embed", 7},
        {"backbone.net.layer3.1.conv2.spatial_conv.pos_embed", 14},
    };
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        VdtShape want = vdt_shape(1, 16, codes[i].size, codes[i].size);
        VdtTensor *tensor = vdt_weights_lookup(weights, codes[i].name);
        g_assert_nonnull(tensor);
        g_assert_true(vdt_shape_equal(&tensor->shape, &want));
    }
    g_assert_null(vdt_weights_lookup(weights, "backbone.net.layer1.0.shortcut_conv.0.weight"));
    g_assert_nonnull(vdt_weights_lookup(weights, "backbone.net.layer2.0.shortcut_conv.0.weight"));
    g_assert_nonnull(vdt_weights_lookup(weights, "backbone.net.layer2.0.downsample.0.bias"));
}

/* Each names the key, and what it may hold. */
static const Refused refused[] = {
    {"{\"depth\": 51}", "\"depth\"", "10, 18, 34, 50, 101, 152 or 200"},
    {"{\"depth\": \"50\"}", "\"depth\"", "whole numbers"},
    {"{\"block\": \"dense\"}", "\"block\"", "basic, bottleneck"},
    {"{\"layers\": [3, 4, 6]}", "\"layers\"", "array of 4"},
    {"{\"layers\": [3, 4, 6, 65]}", "\"layers\"", "from 1 to 64"},
    {"{\"layers\": [3, 4, 6, 0]}", "\"layers\"", "from 1 to 64"},
    {"{\"planes\": [64, 128, 256, 1e9]}", "\"planes\"", "from 1 to 4096"},
    {"{\"planes\": {}}", "\"planes\"", "array of 4"},
    {"{\"expansion\": 9}", "\"expansion\"", "from 1 to 8"},
    {"{\"block\": \"basic\", \"expansion\": 4}", "\"expansion\"", "must be 1"},
    {"{\"frames\": 0}", "\"frames\"", "from 1 to 256"},
    {"{\"frames\": 16.5}", "\"frames\"", "from 1 to 256"},
    {"{\"input_channels\": 24}", "\"input_channels\"", "make 48"},
    {"{\"widen_factor\": -1}", "\"widen_factor\"", "from 0.01 to 16"},
    {"{\"widen_factor\": 0.01, \"planes\": [9, 9, 9, 9]}", "\"widen_factor\"", "no channels"},
    {"{\"pos_dim\": [56, 28, 14, 99999999999]}", "\"pos_dim\"", "from 1 to 1024"},
    {"{\"spatial_stride\": [1, 2, 3, 2]}", "\"spatial_stride\"", "from 1 to 2"},
    {"{\"num_classes\": -1}", "\"num_classes\"", "from 0 to 100000"},
    {"{\"dropout\": 1}", "\"dropout\"", "from 0 to 0.95"},
    {"{\"prefix\": 3}", "\"prefix\"", "string"},
    {"{\"planes\": [1, 1, 1, 1]}", "output channels", "16 frames"},
};

static void test_refused(void)
{
    check_refused(squeezetime(), refused, G_N_ELEMENTS(refused), vdt_shape(1, 3, 16, 64, 64));
}

static void test_shapes(void)
{
    static const Input inputs[] = {
        {{1, 3, 16, 224, 224}, 5, TRUE}, {{3, 3, 16, 33, 47}, 5, TRUE},
        {{1, 3, 16, 32, 32}, 5, TRUE},   {{1, 3, 16, 1, 1}, 5, FALSE},
        {{1, 3, 8, 224, 224}, 5, FALSE}, {{1, 1, 16, 224, 224}, 5, FALSE},
        {{1, 48, 224, 224}, 4, FALSE},   {{1, 3, 16, 0, 224}, 5, FALSE},
        {{1, 3, 16, -4, 224}, 5, FALSE},
    };
    g_autoptr(JsonObject) config = parse("{\"num_classes\": 4}");
    check_inputs(squeezetime(), config, inputs, G_N_ELEMENTS(inputs));
}

static void test_unknown(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(vdt_model_find("lazytime", &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "squeezetime"));
    g_clear_error(&error);
    g_assert_null(vdt_model_find_variant(squeezetime(), "r51", &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
    g_assert_nonnull(strstr(error->message, "r50-hmdb51"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/squeezetime/cases", test_cases);
    g_test_add_func("/squeezetime/variants", test_variants);
    g_test_add_func("/squeezetime/recognise", test_recognise);
    g_test_add_func("/squeezetime/small", test_small);
    g_test_add_func("/squeezetime/recognise-custom", test_recognise_custom);
    g_test_add_func("/squeezetime/recognise-none", test_recognise_none);
    g_test_add_func("/squeezetime/basic-blocks", test_basic_blocks);
    g_test_add_func("/squeezetime/refused", test_refused);
    g_test_add_func("/squeezetime/shapes", test_shapes);
    g_test_add_func("/squeezetime/unknown", test_unknown);
    return g_test_run();
}
