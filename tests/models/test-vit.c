/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vision transformers without running them: names, shapes and counts against the golden case,
 * refused configurations and sizes, and recognising weight files. */
#include <string.h>
#include <vedette/plan.h>
#include <vedette/train.h>

#include "fixture.h"
#include "graph/node.h"
#include "official.h"

static const VdtModel *vit(void)
{
    return vdt_model_find("tocom", NULL);
}

static VdtValue *find_tap(const VdtGraph *graph, const char *name)
{
    for (guint i = 0; i < graph->taps->len; i++)
        if (strcmp(g_array_index(graph->taps, VdtNamed, i).name, name) == 0)
            return g_array_index(graph->taps, VdtNamed, i).node;
    return NULL;
}

/* Multiply-accumulates of a case's adapters: as the authors run them, over each block's tokens, and
 * of the weights that they become here. */
static gint64 adapter_macs(JsonObject *json, gboolean folded)
{
    JsonObject *config = json_object_get_object_member(json, "config");
    JsonArray *tokens = json_object_get_array_member(json, "tokens_per_block");
    gint64 dim = json_object_get_int_member(config, "dim"), sum = 0, width, levels;
    if (JSON_NODE_HOLDS_NULL(json_object_get_member(config, "tocom")))
        return 0;
    width = json_object_get_int_member(json_object_get_object_member(config, "tocom"), "dim");
    levels =
        json_object_get_int_member(config, "r_tgt") - json_object_get_int_member(config, "r_src");
    for (gint64 i = 0; i < json_object_get_int_member(config, "depth"); i++)
        sum += folded ? 2 * dim * dim * width / 16 * ABS(levels)
                      : 4 * dim * width * json_array_get_int_element(tokens, i);
    return sum;
}

/* Those of finding what merges, of heads 64 wide. The recording did it twice, to see margins. */
static gint64 matching_macs(JsonObject *json)
{
    JsonObject *config = json_object_get_object_member(json, "config");
    JsonArray *tokens = json_object_get_array_member(json, "tokens_per_block");
    gint64 sum = 0;
    if (json_object_get_int_member(config, "r_tgt") == 0)
        return 0;
    for (gint64 i = 0; i < json_object_get_int_member(config, "depth"); i++) {
        gint64 n = json_array_get_int_element(tokens, i);
        sum += (n + 1) / 2 * (n / 2) * 64;
    }
    return sum;
}

/* Every tensor of the authors' is a parameter with its shape, and there are no others. */
static void test_case(gconstpointer golden)
{
    g_autoptr(JsonObject) json = official_case("tocom", golden);
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
    g_assert_cmpint((gint64)vdt_graph_count_macs(graph), ==,
                    json_object_get_int_member(json, "macs") - adapter_macs(json, FALSE) +
                        adapter_macs(json, TRUE) - matching_macs(json));
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
            {"blocks.0.norm1.weight", {64}, 1},
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
          {"blocks.0.norm1.weight", {32}, 1}, /* folded, or of another row */
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
    {"{\"r_tgt\": 99}", "\"r_tgt\" is 99", "98 tokens at most"},
    {"{\"r_src\": 99}", "\"r_src\" is 99", "98 tokens at most"},
    {"{\"r_tgt\": -1}", "\"r_tgt\"", "from 0"},
    {"{\"img_size\": 32, \"r_tgt\": 3}", "\"r_tgt\" is 3", "2 tokens at most"},
    {"{\"tocom\": {\"dim\": 32}, \"r_tgt\": 17}", "\"r_tgt\" is 17", "adapters have levels"},
    {"{\"tocom\": {\"dim\": 20}}", "\"dim\" is 20", "each of 16 levels"},
    {"{\"tocom\": {\"scale\": 0.1}}", "\"dim\"", "missing"},
    {"{\"tocom\": {\"dim\": 32, \"scale\": -1}}", "\"scale\"", "from 0"},
};

/* What is asked for goes before what is configured, and has the same limits. */
static void test_levels(void)
{
    static const struct {
        int asked;
        const char *error; /* or NULL */
        gint64 left;       /* behind two blocks */
    } levels[] = {
        {VDT_MERGE_CONFIGURED, NULL, 197 - 2 * 4},
        {0, NULL, 197},
        {16, NULL, 197 - 2 * 16},
        {98, NULL, 197 - 98 - 49}, /* half of what is left at most, without the class token */
        {99, "99 of 197 tokens cannot merge in each block, but 98 at most", 0},
        {-2, "-2 of 197 tokens", 0},
    };
    g_autoptr(JsonObject) config = parse("{\"dim\": 64, \"depth\": 2, \"r_tgt\": 4}");
    VdtShape input = vdt_shape(1, 3, 224, 224);
    VdtBuild asked = vdt_model_ask(vit(), &input);
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++) {
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(GError) error = NULL;
        asked.merge = levels[i].asked;
        if (levels[i].error != NULL) {
            g_assert_false(vit()->build(config, graph, &asked, &error));
            g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
            g_assert_nonnull(strstr(error->message, levels[i].error));
            continue;
        }
        g_assert_true(vit()->build(config, graph, &asked, &error));
        g_assert_true(vdt_graph_check(graph, &error));
        g_assert_cmpint(vdt_value_dim(find_tap(graph, "norm"), 1), ==, levels[i].left);
    }
    json_object_set_object_member(config, "tocom", parse("{\"dim\": 32}"));
    asked.merge = 17;
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(vit()->build(config, graph, &asked, &error));
    g_assert_nonnull(strstr(error->message, "16 at most, for which the compensator has levels"));
}

/* Of files with adapters, too; of another width they do not fit. */
static void test_adapters(void)
{
    g_autoptr(JsonObject) config = parse("{\"dim\": 64, \"depth\": 1, \"tocom\": {\"dim\": 48}}");
    VdtShape input = vdt_shape(1, 3, 224, 224), other = vdt_shape(48, 32);
    g_autoptr(VdtGraph) graph = graph_of(vit(), config, input);
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    g_autoptr(JsonObject) found = NULL;
    const char *variant;
    g_assert_true(vdt_model_recognise(weights, &found, &variant) == vit());
    JsonObject *tocom = json_object_get_object_member(found, "tocom");
    g_assert_cmpint(json_object_get_int_member(tocom, "dim"), ==, 48);
    g_assert_cmpfloat(json_object_get_double_member(tocom, "scale"), ==, 0.1);

    g_autoptr(VdtTensor) wrong = vdt_tensor_new(VDT_F32, &other, NULL);
    g_autoptr(GError) error = NULL;
    memset(wrong->data, 0, wrong->n_bytes);
    vdt_weights_insert(weights, "blocks.0.attn.q_tocom.adapter_down.weight", wrong);
    g_assert_null(vdt_plan_new(graph, weights, &(VdtPlanOptions){VDT_PLAN_INFER}, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    g_assert_nonnull(strstr(error->message, "adapter_down.weight"));
}

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
    g_test_add_data_func("/vit/case/plain", "deit_b-plain", test_case);
    g_test_add_data_func("/vit/case/b-r16", "deit_b-r16-from0", test_case);
    g_test_add_data_func("/vit/case/ti-r8", "deit_ti-r8-from0", test_case);
    g_test_add_func("/vit/variants", test_variants);
    g_test_add_func("/vit/labels", test_labels);
    g_test_add_func("/vit/recognise-custom", test_recognise_custom);
    g_test_add_func("/vit/recognise-none", test_recognise_none);
    g_test_add_func("/vit/refused", test_refused);
    g_test_add_func("/vit/levels", test_levels);
    g_test_add_func("/vit/adapters", test_adapters);
    g_test_add_func("/vit/shapes", test_shapes);
    g_test_add_func("/vit/classes", test_classes);
    return g_test_run();
}
