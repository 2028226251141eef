/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vision transformers without running them: names, shapes and counts against the golden case,
 * refused configurations and sizes, and recognising weight files. */
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "official.h"

#define CASE "deit_b-plain"

static const VdtModel *vit(void)
{
    return vdt_model_find("tocom", NULL);
}

/* Every tensor of timm's is a parameter with its shape, and there are no others. */
static void test_case(void)
{
    g_autoptr(JsonObject) json = official_case("tocom", CASE);
    JsonObject *input =
        json_array_get_object_element(json_object_get_array_member(json, "inputs"), 0);
    JsonArray *official = json_object_get_array_member(json, "weights");
    g_autoptr(VdtGraph) graph =
        graph_of(vit(), json_object_get_object_member(json, "config"), official_shape(input));
    guint n = vdt_graph_get_n_params(graph);
    g_assert_cmpuint(n, ==, json_array_get_length(official));
    for (guint i = 0; i < n; i++) {
        JsonObject *spec = json_array_get_object_element(official, i);
        VdtShape want = official_shape(spec), shape = {0};
        const char *wanted = json_object_get_string_member(spec, "name"), *name = NULL;
        for (guint j = 0; j < n && g_strcmp0(name, wanted) != 0; j++)
            name = vdt_graph_get_param(graph, j, &shape);
        g_assert_cmpstr(name, ==, wanted);
        g_assert_true(vdt_shape_equal(&shape, &want));
    }
    g_assert_cmpuint(vdt_graph_count_parameters(graph), ==,
                     json_object_get_int_member(json, "params"));
    g_assert_cmpuint(vdt_graph_count_macs(graph), ==, json_object_get_int_member(json, "macs"));
}

/* The published sizes, for which docs/vit.md has these counts. */
static const struct {
    const char *name;
    guint64 params, macs;
} sizes[] = {
    {"deit_t", 5717416, G_GUINT64_CONSTANT(1253683200)},
    {"deit_s", 22050664, G_GUINT64_CONSTANT(4598882304)},
    {"deit_b", 86567656, G_GUINT64_CONSTANT(17563828224)},
};

static void test_variants(void)
{
    const VdtModel *model = vit();
    g_assert_cmpuint(model->n_variants, ==, G_N_ELEMENTS(sizes));
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        const VdtVariant *variant = &model->variants[i];
        g_assert_cmpstr(variant->name, ==, sizes[i].name);
        g_autoptr(JsonObject) config = vdt_variant_config(variant), found = NULL;
        g_autoptr(VdtGraph) graph =
            graph_of(vit(), config,
                     model->input_shape(config, 1, variant->bench_width, variant->bench_height));
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, sizes[i].params);
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, sizes[i].macs);

        const char *name = NULL;
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        g_assert_true(vdt_model_recognise(weights, &found, &name) == model);
        g_assert_cmpstr(name, ==, sizes[i].name);
    }
}

static void test_labels(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "models", "vit", "labels", "imagenet1k.txt", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 1001); /* the last line ends, too */
    g_assert_cmpstr(lines[0], ==, "tench");
    g_assert_cmpstr(lines[999], ==, "toilet tissue");
    g_assert_cmpstr(lines[1000], ==, "");
}

/* Others of the family come back as they were written. */
static const struct {
    const char *config;
    int size;
} customs[] = {
    {"{\"dim\": 64, \"depth\": 1, \"num_classes\": 7}", 224},
    {"{\"dim\": 192, \"img_size\": 64, \"patch\": 8, \"mlp_ratio\": 2, \"depth\": 3}", 64},
    {"{\"dim\": 128, \"img_size\": 16, \"qkv_bias\": false, \"depth\": 2}", 16},
};

static void test_recognise_custom(void)
{
    const VdtModel *model = vit();
    for (guint i = 0; i < G_N_ELEMENTS(customs); i++) {
        g_autoptr(JsonObject) written = parse(customs[i].config), found = NULL;
        VdtShape input = model->input_shape(written, 2, customs[i].size, customs[i].size);
        g_autoptr(VdtGraph) graph = graph_of(vit(), written, input), again = NULL;
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        const char *name = NULL;
        g_assert_true(vdt_model_recognise(weights, &found, &name) == model);
        g_assert_cmpstr(name, ==, "custom");
        again = graph_of(vit(), found, input);
        guint n = vdt_graph_get_n_params(graph);
        g_assert_cmpuint(vdt_graph_get_n_params(again), ==, n);
        for (guint j = 0; j < n; j++) {
            VdtShape a, b;
            g_assert_cmpstr(vdt_graph_get_param(graph, j, &a), ==,
                            vdt_graph_get_param(again, j, &b));
            g_assert_true(vdt_shape_equal(&a, &b));
        }
    }
}

/* Files of something else, and hostile shapes: each alone is changed in a set that is right. */
static void test_recognise_none(void)
{
    static const struct {
        const char *name;
        gint64 dims[4];
        guint n_dims;
    } right[] =
        {
            {"cls_token", {1, 1, 64}, 3},
            {"pos_embed", {1, 5, 64}, 3},
            {"patch_embed.proj.weight", {64, 3, 16, 16}, 4},
            {"blocks.0.attn.qkv.weight", {192, 64}, 2},
            {"blocks.0.mlp.fc1.weight", {256, 64}, 2},
            {"head.weight", {10, 64}, 2},
        },
      wrong[] = {
          {"cls_token", {1, 1, 32}, 3},
          {"pos_embed", {1, 6, 64}, 3}, /* no square and one */
          {"pos_embed", {1, 1, 64}, 3}, /* no patches */
          {"patch_embed.proj.weight", {64, 3, 300, 300}, 4},
          {"patch_embed.proj.weight", {64, 768}, 2},
          {"blocks.0.attn.qkv.weight", {192, 32}, 2},
          {"blocks.0.mlp.fc1.weight", {32, 64}, 2},
          {"head.weight", {10}, 1},
      };
    for (guint i = 0; i <= G_N_ELEMENTS(wrong); i++) {
        g_autoptr(VdtWeights) weights = vdt_weights_new();
        const char *variant = NULL;
        g_autoptr(JsonObject) config = NULL;
        for (guint j = 0; j < G_N_ELEMENTS(right); j++) {
            gboolean change = i > 0 && strcmp(right[j].name, wrong[i - 1].name) == 0;
            VdtShape shape = change ? vdt_shape_from(wrong[i - 1].dims, wrong[i - 1].n_dims)
                                    : vdt_shape_from(right[j].dims, right[j].n_dims);
            g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
            vdt_weights_insert(weights, right[j].name, tensor);
        }
        config = vit()->recognise(weights, &variant);
        g_assert_true((config != NULL) == (i == 0));
    }
}

/* Each names the key, and what it may hold. */
static const Refused refused[] = {
    {"{\"arch\": \"swin\"}", "\"arch\"", "deit"},
    {"{\"patch\": 0}", "\"patch\"", "from 1 to 256"},
    {"{\"img_size\": 5000}", "\"img_size\"", "from 1 to 4096"},
    {"{\"img_size\": 230}", "\"img_size\" is 230", "multiple of \"patch\", 16"},
    {"{\"dim\": 0}", "\"dim\"", "from 1 to 8192"},
    {"{\"dim\": 100, \"heads\": 3}", "\"dim\" is 100", "multiple of \"heads\", 3"},
    {"{\"depth\": 65}", "\"depth\"", "from 1 to 64"},
    {"{\"heads\": 257}", "\"heads\"", "from 1 to 256"},
    {"{\"mlp_ratio\": 17}", "\"mlp_ratio\"", "from 1 to 16"},
    {"{\"qkv_bias\": 3}", "\"qkv_bias\"", "true"},
    {"{\"ln_eps\": 0}", "\"ln_eps\"", "from 1e-12 to 1"},
    {"{\"num_classes\": 0}", "\"num_classes\"", "from 1 to 100000"},
    {"{\"r_tgt\": 8}", "\"r_tgt\"", "0"},
    {"{\"r_src\": 8}", "\"r_src\"", "0"},
    {"{\"tocom\": {\"dim\": 32}}", "\"tocom\"", "null"},
};

static void test_refused(void)
{
    check_refused(vit(), refused, G_N_ELEMENTS(refused), vdt_shape(1, 3, 224, 224));
}

static void test_shapes(void)
{
    static const Input inputs[] = {
        {{1, 3, 224, 224}, 4, TRUE},  {{3, 3, 224, 224}, 4, TRUE},     {{1, 3, 224, 208}, 4, FALSE},
        {{1, 3, 208, 224}, 4, FALSE}, {{1, 1, 224, 224}, 4, FALSE},    {{3, 224, 224}, 3, FALSE},
        {{0, 3, 224, 224}, 4, FALSE}, {{1, 3, 1, 224, 224}, 5, FALSE},
    };
    g_autoptr(JsonObject) config = parse("{\"dim\": 64, \"depth\": 2}");
    check_inputs(vit(), config, inputs, G_N_ELEMENTS(inputs));
}

/* Another head, and a batch whose samples get a class token each. */
static void test_classes(void)
{
    const VdtModel *model = vit();
    g_autoptr(JsonObject) config = parse("{\"dim\": 64, \"depth\": 1}");
    model->set_classes(config, 5);
    g_autoptr(VdtGraph) graph = graph_of(vit(), config, model->input_shape(config, 3, 224, 224));
    VdtShape logits = vdt_value_shape(vdt_graph_find_output(graph, "logits"));
    VdtShape want = vdt_shape(3, 5);
    g_assert_true(vdt_shape_equal(&logits, &want));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vit/case", test_case);
    g_test_add_func("/vit/variants", test_variants);
    g_test_add_func("/vit/labels", test_labels);
    g_test_add_func("/vit/recognise-custom", test_recognise_custom);
    g_test_add_func("/vit/recognise-none", test_recognise_none);
    g_test_add_func("/vit/refused", test_refused);
    g_test_add_func("/vit/shapes", test_shapes);
    g_test_add_func("/vit/classes", test_classes);
    return g_test_run();
}
