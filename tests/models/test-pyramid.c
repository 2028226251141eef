/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transformers of four stages (Swin, PVT, CSWin) without running them: names, shapes and counts
 * against the golden cases, sizes of pictures, refused configurations, and recognising weights. */
#include <string.h>

#include "fixture.h"
#include "official.h"
#include "pyramid.h"

static const VdtModel *slab(void)
{
    return vdt_model_find("slab", NULL);
}

/* Tensors of the network's names and shapes, which are all in one memory: nobody looks at values.
 */
static VdtWeights *shapes_of(const VdtGraph *graph)
{
    static float zeros[1 << 23];
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_assert_cmpint(vdt_shape_elements(&shape), <=, G_N_ELEMENTS(zeros));
        g_autoptr(VdtTensor) tensor = vdt_tensor_new_for_data(VDT_F32, &shape, zeros, NULL, NULL);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

/* Tensors that checkpoints have and nobody reads, or that follow from the configuration. */
static gboolean is_left_over(JsonObject *spec)
{
    const char *name = json_object_get_string_member(spec, "name");
    return g_str_has_suffix(name, ".num_batches_tracked") || g_str_has_suffix(name, ".scale") ||
           json_object_has_member(spec, "computed");
}

static const char *const cases[] = {
    "slab_swin_t-224",    "swin-layernorm-224",     "swin_prepbn-224",     "pvt_prepbn-64-batch2",
    "slab_pvt-64-batch2", "cswin_prepbn-64-batch2", "slab_cswin-64-batch2"};

/* Every tensor of the authors' is a parameter with its shape, and there are no others; and all of
 * them together say which network they are of. */
static void test_case(gconstpointer data)
{
    g_autoptr(JsonObject) json = official_case("slab", data), found = NULL;
    JsonObject *input =
        json_array_get_object_element(json_object_get_array_member(json, "inputs"), 0);
    JsonArray *official = json_object_get_array_member(json, "weights");
    g_autoptr(VdtGraph) graph =
        graph_of(slab(), json_object_get_object_member(json, "config"), official_shape(input));
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    const char *variant;
    guint n = vdt_graph_get_n_params(graph), n_official = 0;
    for (guint i = 0; i < json_array_get_length(official); i++) {
        JsonObject *spec = json_array_get_object_element(official, i);
        VdtShape want = official_shape(spec), shape = {0};
        const char *wanted = json_object_get_string_member(spec, "name"), *name = NULL;
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &want, NULL);
        vdt_weights_insert(weights, wanted, tensor);
        if (is_left_over(spec))
            continue;
        n_official++;
        for (guint j = 0; j < n && g_strcmp0(name, wanted) != 0; j++)
            name = vdt_graph_get_param(graph, j, &shape);
        g_assert_cmpstr(name, ==, wanted);
        g_assert_true(vdt_shape_equal(&shape, &want));
    }
    g_assert_cmpuint(n, ==, n_official);
    if (json_object_has_member(json, "macs"))
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, json_object_get_int_member(json, "macs"));

    g_assert_true(vdt_model_recognise(weights, &found, &variant) == slab());
    g_autoptr(VdtGraph) again = graph_of(slab(), found, vdt_shape(1, 3, 224, 224));
    g_assert_cmpuint(vdt_graph_get_n_params(again), ==, n);
}

/* The published networks: what PyTorch counts in the authors' code. */
static const struct {
    const char *name;
    guint64 params;
} variants[] = {
    {"swin_t", 28288354},
    {"swin_s", 49606258},
    {"swin_b", 87768224},
    {"swin_t_prepbn", 28288383},
    {"slab_swin_t", 29216605},
    {"slab_swin_s", 50552965},
    {"slab_swin_b", 89029373},
    {"pvt_t_prepbn", 13239554},
    {"pvt_s_prepbn", 24507801},
    {"pvt_m_prepbn", 44253117},
    {"slab_pvt_t", 12157692},
    {"slab_pvt_s", 21683788},
    {"slab_pvt_m", 37267300},
    {"cswin_t_prepbn", 20419359},
    {"cswin_s_prepbn", 34685757},
    /* without a "scale" for each linear block, which nobody reads: 640 in all */
    {"slab_cswin_t", 21227807 - 640},
    {"slab_cswin_s", 35494205 - 640},
};

static void test_variants(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        const VdtVariant *variant = vdt_model_find_variant(slab(), variants[i].name, NULL);
        g_assert_nonnull(variant);
        g_autoptr(JsonObject) config = vdt_variant_config(variant), found = NULL;
        g_autoptr(VdtGraph) graph = graph_of(slab(), config, vdt_shape(1, 3, 224, 224));
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, variants[i].params);

        const char *name = NULL;
        g_autoptr(VdtWeights) weights = shapes_of(graph);
        g_assert_true(vdt_model_recognise(weights, &found, &name) == slab());
        g_assert_cmpstr(name, ==, variants[i].name);
    }
}

/* Others of the families come back as they were written. */
static const struct {
    const char *config;
    int size;
} customs[] = {
    {"{\"arch\": \"swin\", \"dim\": 32, \"depths\": 1, \"heads\": [1, 2, 4, 8], \"window\": 4}",
     224},
    {"{\"arch\": \"swin\", \"dim\": 32, \"depths\": [1, 2, 1, 1], \"heads\": 2, \"img_size\": 112,"
     " \"window\": 56, \"attn_type\": \"LSLS\", \"kernel_size\": 3, \"norm\": \"repbn\"}",
     112},
    {"{\"arch\": \"pvt\", \"dims\": [64, 64, 128, 128], \"depths\": 1, \"heads\": [1, 1, 2, 2],"
     " \"img_size\": 96, \"sr_ratios\": [4, 2, 1, 1], \"norm\": \"layernorm\"}",
     96},
    {"{\"arch\": \"pvt\", \"dims\": [48, 64, 128, 128], \"depths\": 1, \"heads\": [3, 1, 2, 2],"
     " \"img_size\": 64, \"attn_type\": \"LSLS\", \"qkv_bias\": false}",
     64},
    {"{\"arch\": \"cswin\", \"dim\": 64, \"depths\": [1, 1, 2, 1], \"num_classes\": 3}", 224},
    {"{\"arch\": \"cswin\", \"dim\": 64, \"depths\": [1, 1, 2, 1], \"attn_type\": \"LSLS\","
     " \"img_size\": 128, \"split_size\": [1, 2, 8, 4], \"norm\": \"repbn\"}",
     128},
};

static void test_recognise_custom(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(customs); i++) {
        g_autoptr(JsonObject) written = parse(customs[i].config), found = NULL;
        VdtShape input = vdt_shape(1, 3, customs[i].size, customs[i].size);
        g_autoptr(VdtGraph) graph = graph_of(slab(), written, input), again = NULL;
        g_autoptr(VdtWeights) weights = shapes_of(graph);
        const char *name = NULL;
        g_assert_true(vdt_model_recognise(weights, &found, &name) == slab());
        g_assert_cmpstr(name, ==, "custom");
        again = graph_of(slab(), found, input);
        guint n = vdt_graph_get_n_params(graph);
        g_assert_cmpuint(vdt_graph_get_n_params(again), ==, n);
        g_assert_cmpuint(vdt_graph_count_macs(again), ==, vdt_graph_count_macs(graph));
        for (guint j = 0; j < n; j++) {
            VdtShape a, b;
            g_assert_cmpstr(vdt_graph_get_param(graph, j, &a), ==,
                            vdt_graph_get_param(again, j, &b));
            g_assert_true(vdt_shape_equal(&a, &b));
        }
    }
}

/* A tensor of another shape, in a set that is right, makes it no network of these. */
static const struct {
    const char *config, *name;
    gint64 dims[4];
    guint n_dims;
} wrong[] = {
    {"{\"arch\": \"swin\", \"depths\": 1}", "patch_embed.proj.weight", {96, 3, 300, 300}, 4},
    {"{\"arch\": \"swin\", \"depths\": 1}", "patch_embed.proj.weight", {96, 48}, 2},
    {"{\"arch\": \"swin\", \"depths\": 1}", "layers.2.blocks.0.attn.qkv.weight", {576, 192}, 2},
    {"{\"arch\": \"swin\", \"depths\": 1}", "layers.1.blocks.0.mlp.fc1.weight", {767, 192}, 2},
    {"{\"arch\": \"swin\", \"depths\": 1}",
     "layers.0.blocks.0.attn.relative_position_bias_table",
     {168, 3},
     2},
    {"{\"arch\": \"swin\", \"depths\": 1, \"attn_type\": \"LLLL\"}",
     "layers.0.blocks.0.attn.positional_encoding",
     {1, 48, 96},
     3},
    {"{\"arch\": \"swin\", \"depths\": 1, \"attn_type\": \"LLLL\"}",
     "layers.0.blocks.0.attn.dwc.weight",
     {31, 1, 5, 5},
     4},
    {"{\"arch\": \"pvt\", \"depths\": 1}", "pos_embed1", {1, 3000, 64}, 3},
    {"{\"arch\": \"pvt\", \"depths\": 1}", "patch_embed3.proj.weight", {320, 128, 4, 4}, 4},
    {"{\"arch\": \"pvt\", \"depths\": 1}", "block4.0.attn.kv.weight", {1024, 500}, 2},
    {"{\"arch\": \"cswin\", \"depths\": 1}", "stage1_conv_embed.0.weight", {0, 3, 7, 7}, 4},
    {"{\"arch\": \"cswin\", \"depths\": 1}", "stage3.0.mlp.fc1.weight", {1000, 256}, 2},
    {"{\"arch\": \"cswin\", \"depths\": 1, \"attn_type\": \"LLLL\"}",
     "stage1.0.attns.0.positional_encoding",
     {1, 3000, 64},
     3},
    {"{\"arch\": \"cswin\", \"depths\": 1}", "head.weight", {10}, 1},
};

static void test_recognise_none(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(JsonObject) config = parse(wrong[i].config), found = NULL, none = NULL;
        g_autoptr(VdtGraph) graph = graph_of(slab(), config, vdt_shape(1, 3, 224, 224));
        g_autoptr(VdtWeights) weights = shapes_of(graph);
        VdtShape shape = vdt_shape_from(wrong[i].dims, wrong[i].n_dims);
        g_autoptr(VdtTensor) other = vdt_tensor_new(VDT_F32, &shape, NULL);
        const char *variant;
        found = slab()->recognise(weights, &variant);
        g_assert_nonnull(found);
        g_assert_nonnull(vdt_weights_lookup(weights, wrong[i].name));
        vdt_weights_insert(weights, wrong[i].name, other);
        none = slab()->recognise(weights, &variant);
        if (none != NULL)
            g_error("%s of another shape is taken", wrong[i].name);
    }
}

/* Each names the key, and what it may hold. */
static const Refused refused[] = {
    {"{\"arch\": \"swin\", \"dim\": 0}", "\"dim\"", "from 1 to 8192"},
    {"{\"arch\": \"swin\", \"dims\": [1, 2, 3]}", "\"dims\"", "array of 4"},
    {"{\"arch\": \"swin\", \"dims\": [96, 192, 384, 720]}", "stage 3", "384"},
    {"{\"arch\": \"swin\", \"dim\": 2048}", "16384", "limit is 8192"},
    {"{\"arch\": \"swin\", \"depths\": [1, 1, 65, 1]}", "\"depths\"", "from 1 to 64"},
    {"{\"arch\": \"swin\", \"heads\": 7}", "stage 0", "heads, 7"},
    {"{\"arch\": \"swin\", \"window\": 257}", "\"window\"", "from 1 to 256"},
    {"{\"arch\": \"swin\", \"softmax_window\": 65}", "\"softmax_window\"", "from 1 to 64"},
    {"{\"arch\": \"swin\", \"attn_type\": \"LLS\"}", "\"attn_type\"", "letter for each of 4"},
    {"{\"arch\": \"swin\", \"attn_type\": \"LLSM\"}", "\"attn_type\"", "L (linear)"},
    {"{\"arch\": \"swin\", \"attention\": \"other\"}", "\"attention\"", "softmax, linear"},
    {"{\"arch\": \"swin\", \"kernel_size\": 4}", "\"kernel_size\"", "odd"},
    {"{\"arch\": \"swin\", \"img_size\": 16}", "\"img_size\"", "8 times"},
    {"{\"arch\": \"swin\", \"patch\": 0}", "\"patch\"", "from 1 to 64"},
    {"{\"arch\": \"swin\", \"mlp_ratio\": 0.5}", "\"mlp_ratio\"", "from 1 to 16"},
    {"{\"arch\": \"swin\", \"num_classes\": 0}", "\"num_classes\"", "from 1 to 100000"},
    {"{\"arch\": \"pvt\", \"sr_ratios\": \"84210\"}", "\"sr_ratios\"", "from 1 to 64"},
    {"{\"arch\": \"pvt\", \"attention\": \"linear\", \"la_sr_ratios\": \"8421\"}",
     "\"la_sr_ratios\"", "whole map"},
    {"{\"arch\": \"cswin\", \"split_size\": \"0-2-7-7\"}", "\"split_size\"", "from 1 to 1024"},
    {"{\"arch\": \"cswin\", \"heads\": [1, 4, 8, 16]}", "stage 0", "two kinds"},
};

static void test_refused(void)
{
    check_refused(slab(), refused, G_N_ELEMENTS(refused), vdt_shape(1, 3, 224, 224));
}

/* Maps that are no whole number of windows are padded, windows are at most as large as the map. */
static void test_shapes(void)
{
    static const Input swin[] = {
        {{1, 3, 224, 224}, 4, TRUE},  {{3, 3, 256, 192}, 4, TRUE},     {{1, 3, 4, 4}, 4, TRUE},
        {{1, 3, 36, 100}, 4, TRUE},   {{1, 3, 222, 224}, 4, FALSE},    {{1, 1, 224, 224}, 4, FALSE},
        {{3, 224, 224}, 3, FALSE},    {{1, 3, 0, 224}, 4, FALSE},      {{1, 3, 4, 4100}, 4, FALSE},
        {{0, 3, 224, 224}, 4, FALSE}, {{1, 3, 1, 224, 224}, 5, FALSE},
    };
    /* Nothing is padded behind a norm that has been folded. */
    static const Input folded[] = {
        {{1, 3, 224, 224}, 4, TRUE},
        {{1, 3, 224, 448}, 4, TRUE},
        {{1, 3, 256, 256}, 4, FALSE},
        {{1, 3, 224, 228}, 4, FALSE},
    };
    static const Input pvt[] = {
        {{1, 3, 224, 224}, 4, TRUE}, {{2, 3, 64, 100}, 4, TRUE},   {{1, 3, 32, 32}, 4, TRUE},
        {{1, 3, 28, 64}, 4, FALSE},  {{1, 3, 226, 224}, 4, FALSE}, {{1, 4, 224, 224}, 4, FALSE},
    };
    static const Input cswin[] = {
        {{1, 3, 224, 224}, 4, TRUE},  {{2, 3, 224, 448}, 4, TRUE}, {{1, 3, 256, 256}, 4, FALSE},
        {{1, 3, 224, 100}, 4, FALSE}, {{1, 3, 7, 224}, 4, FALSE},
    };
    static const struct {
        const char *config;
        const Input *inputs;
        guint n;
    } rows[] = {
        {"{\"arch\": \"swin\", \"depths\": 2, \"dim\": 48}", swin, G_N_ELEMENTS(swin)},
        {"{\"arch\": \"swin\", \"depths\": 2, \"dim\": 48, \"window\": 56,"
         " \"attn_type\": \"LLSS\", \"norm\": \"linearnorm\"}",
         swin, G_N_ELEMENTS(swin)},
        {"{\"arch\": \"swin\", \"depths\": 2, \"dim\": 48, \"norm\": \"none\"}", folded,
         G_N_ELEMENTS(folded)},
        {"{\"arch\": \"pvt\", \"depths\": 1}", pvt, G_N_ELEMENTS(pvt)},
        {"{\"arch\": \"pvt\", \"depths\": 1, \"attn_type\": \"LLLL\"}", pvt, G_N_ELEMENTS(pvt)},
        {"{\"arch\": \"cswin\", \"depths\": 1}", cswin, G_N_ELEMENTS(cswin)},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonObject) config = parse(rows[i].config);
        check_inputs(slab(), config, rows[i].inputs, rows[i].n);
    }
}

/* One number for all stages, a list, and the other names that configurations have for them, are the
 * same network. */
static void test_synonyms(void)
{
    static const char *const same[] = {
        "{\"arch\": \"swin\", \"dim\": 48, \"depths\": 2, \"mlp_ratio\": 4, \"window\": 7}",
        "{\"arch\": \"swin\", \"dims\": [48, 96, 192, 384], \"depths\": [2, 2, 2, 2],"
        " \"mlp_ratios\": [4, 4, 4, 4]}",
        "{\"arch\": \"swin\", \"embed_dim\": 48, \"depths\": \"2222\", \"num_heads\": [3, 6, 12,"
        " 24], \"mlp_ratio\": 4.0, \"window_size\": 7, \"attention\": \"softmax\","
        " \"patch_size\": 4}",
        "{\"arch\": \"swin\", \"embed_dims\": \"48-96-192-384\", \"depth\": 2,"
        " \"attn_type\": \"SSSS\"}",
    };
    g_autoptr(JsonObject) first = parse(same[0]);
    VdtShape input = vdt_shape(1, 3, 224, 224);
    g_autoptr(VdtGraph) right = graph_of(slab(), first, input);
    for (guint i = 1; i < G_N_ELEMENTS(same); i++) {
        g_autoptr(JsonObject) config = parse(same[i]);
        g_autoptr(VdtGraph) graph = graph_of(slab(), config, input);
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, vdt_graph_count_macs(right));
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, vdt_graph_count_parameters(right));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/pyramid/case/", cases[i], NULL);
        g_test_add_data_func(path, cases[i], test_case);
    }
    g_test_add_func("/pyramid/variants", test_variants);
    g_test_add_func("/pyramid/recognise-custom", test_recognise_custom);
    g_test_add_func("/pyramid/recognise-none", test_recognise_none);
    g_test_add_func("/pyramid/refused", test_refused);
    g_test_add_func("/pyramid/shapes", test_shapes);
    g_test_add_func("/pyramid/synonyms", test_synonyms);
    return g_test_run();
}
