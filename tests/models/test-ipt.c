/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IPT without running it: names, shapes and counts against the golden case, refused configurations
 * and sizes, and recognising weight files. */
#include <string.h>
#include <vedette/train.h>

#include "fixture.h"
#include "official.h"

#define N_TASKS 6 /* of the published file */

static const VdtModel *ipt(void)
{
    return vdt_model_find("ipt", NULL);
}

static const VdtShape tile = {4, {1, 3, 48, 48}};

/* A graph declares one task's head, tail and all that tasks share; all tasks' together are what the
 * authors have, with its shapes, and nothing else. */
static void test_case(void)
{
    g_autoptr(JsonObject) json = official_case("ipt", "full-dn30-48-batch2");
    JsonArray *official = json_object_get_array_member(json, "weights");
    JsonObject *config = json_object_get_object_member(json, "config");
    g_autoptr(GHashTable) shapes = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) declared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < json_array_get_length(official); i++) {
        JsonObject *spec = json_array_get_object_element(official, i);
        g_hash_table_insert(shapes, (char *)json_object_get_string_member(spec, "name"), spec);
    }
    guint64 most = 0;
    for (int task = 0; task < N_TASKS; task++) {
        json_object_set_int_member(config, "scale_idx", task);
        g_autoptr(VdtGraph) graph = graph_of(ipt(), config, tile);
        most = MAX(most, vdt_graph_count_parameters(graph));
        for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
            VdtShape shape;
            const char *name = vdt_graph_get_param(graph, i, &shape);
            JsonObject *spec = g_hash_table_lookup(shapes, name);
            g_assert_nonnull(spec);
            VdtShape want = official_shape(spec);
            g_assert_true(vdt_shape_equal(&shape, &want));
            g_hash_table_add(declared, g_strdup(name));
        }
    }
    g_assert_true(g_hash_table_remove(shapes, "body.position_encoding.position_ids"));
    g_assert_cmpuint(g_hash_table_size(declared), ==, g_hash_table_size(shapes));
    g_assert_cmpuint(most, <, json_object_get_int_member(json, "params"));
}

/* The published networks, for which docs/ipt.md has these counts. */
static const struct {
    const char *name;
    guint64 params, macs;
    gint64 scale;
} published[] = {
    {"ipt-base", 116197723, G_GUINT64_CONSTANT(33323832576), 2},
    {"ipt-x1", 115312731, G_GUINT64_CONSTANT(32972087808), 1},
    {"ipt-x2", 115460443, G_GUINT64_CONSTANT(33323832576), 2},
    {"ipt-x3", 115645083, G_GUINT64_CONSTANT(33768516096), 3},
    {"ipt-x4", 115608155, G_GUINT64_CONSTANT(34730811648), 4},
};

static void test_variants(void)
{
    const VdtModel *model = ipt();
    /* and the small one, which test-live.c is about */
    g_assert_cmpuint(model->n_variants, ==, G_N_ELEMENTS(published) + 1);
    for (guint i = 0; i < G_N_ELEMENTS(published); i++) {
        g_autoptr(JsonObject) config = vdt_variant_config(&model->variants[i]);
        g_assert_cmpstr(model->variants[i].name, ==, published[i].name);
        /* As large for any size of picture: it is cut into tiles. */
        VdtShape input = model->input_shape(config, 1, 1920, 1080);
        g_assert_true(vdt_shape_equal(&input, &tile));
        g_autoptr(VdtGraph) graph = graph_of(model, config, input);
        VdtShape image = vdt_value_shape(vdt_graph_find_output(graph, "image"));
        g_assert_cmpint(image.dims[3], ==, 48 * published[i].scale);
        g_assert_cmpuint(vdt_graph_count_parameters(graph), ==, published[i].params);
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, published[i].macs);
        guint usual = 1, n = model->restorations(config, &usual);
        const char *const *names = model->variants[i].restorations;
        g_assert_cmpuint(n, ==, names != NULL ? g_strv_length((char **)names) : 1);
        g_assert_cmpuint(usual, ==, 0);
    }
}

/* Names and shapes of a whole file. */
static VdtWeights *weights_of(JsonObject *config, guint n_tasks)
{
    VdtWeights *all = vdt_weights_new();
    for (guint task = 0; task < n_tasks; task++) {
        json_object_set_int_member(config, "scale_idx", task);
        g_autoptr(VdtGraph) graph = graph_of(ipt(), config, ipt()->input_shape(config, 1, 0, 0));
        for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
            VdtShape shape;
            const char *name = vdt_graph_get_param(graph, i, &shape);
            g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
            if (vdt_weights_lookup(all, name) == NULL)
                vdt_weights_insert(all, name, tensor);
        }
    }
    json_object_remove_member(config, "scale_idx");
    return all;
}

/* Each comes back as it was written. */
static const struct {
    const char *config, *variant;
    guint n_tasks;
} files[] = {
    {"{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 2, \"scale\": [2, 3, 4, 1]}", "custom",
     4},
    {"{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1, \"patch_size\": 24}", "custom", 1},
    {"{\"n_feats\": 12, \"patch_dim\": 4, \"num_heads\": 4, \"num_layers\": 1, \"no_mlp\": true}",
     "custom", 1},
    {"{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1, \"no_pos\": true}", "custom", 1},
    {"{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1, \"no_norm\": true}", "custom", 1},
    {"{\"num_layers\": 12, \"scale\": [3]}", "ipt-x3", 1},
};

static void test_recognise(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(JsonObject) written = parse(files[i].config), found = NULL;
        g_autoptr(VdtWeights) weights = weights_of(written, files[i].n_tasks), again = NULL;
        const char *name = NULL;
        g_assert_true(vdt_model_recognise(weights, &found, &name) == ipt());
        g_assert_cmpstr(name, ==, files[i].variant);
        again = weights_of(found, files[i].n_tasks);
        guint n = vdt_weights_get_n_tensors(weights);
        g_assert_cmpuint(vdt_weights_get_n_tensors(again), ==, n);
        for (guint j = 0; j < n; j++) {
            const VdtTensor *other = vdt_weights_lookup(again, vdt_weights_get_name(weights, j));
            const VdtTensor *tensor = vdt_weights_lookup(weights, vdt_weights_get_name(weights, j));
            g_assert_true(other != NULL && vdt_shape_equal(&other->shape, &tensor->shape));
        }
    }
}

/* Shapes that no such network has: each alone is changed in a set that is right. */
static void test_recognise_none(void)
{
    static const struct {
        const char *name;
        gint64 dims[4];
        guint n_dims;
    } wrong[] = {
        {"head.0.0.weight", {16, 1, 3, 3}, 4},
        {"head.0.0.weight", {0, 3, 3, 3}, 4},
        {"head.0.0.weight", {24, 3, 3, 3}, 4}, /* 144 is no square times 24 */
        {"body.encoder.layers.0.self_attn.in_proj_weight", {432, 16}, 2},
        {"body.encoder.layers.0.self_attn.in_proj_weight", {432}, 1},
        {"body.position_encoding.pe.weight", {250, 144}, 2}, /* tokens that make no square */
        {"tail.0.1.weight", {3, 8, 3, 3}, 4},
    };
    g_autoptr(JsonObject) config =
        parse("{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1, \"scale\": [1]}");
    for (guint i = 0; i <= G_N_ELEMENTS(wrong); i++) {
        g_autoptr(VdtWeights) weights = weights_of(config, 1);
        if (i > 0) {
            VdtShape shape = vdt_shape_from(wrong[i - 1].dims, wrong[i - 1].n_dims);
            g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
            vdt_weights_insert(weights, wrong[i - 1].name, tensor);
        }
        const char *variant = NULL;
        g_autoptr(JsonObject) found = ipt()->recognise(weights, &variant);
        g_assert_true((found != NULL) == (i == 0));
    }
}

/* Each names the key, and what it may hold. */
static const Refused refused[] = {
    {"{\"scale\": []}", "\"scale\"", "1 to 64"},
    {"{\"scale\": [5]}", "\"scale\"", "from 1 to 4"},
    {"{\"scale\": 2}", "\"scale\"", "array"},
    {"{\"scale\": [1, 1], \"scale_idx\": 2}", "\"scale_idx\"", "from 0 to 1"},
    {"{\"scale\": [1, 1], \"scale_idx\": 1, \"num_queries\": 1}", "\"scale_idx\" is 1",
     "\"num_queries\""},
    {"{\"n_feats\": 0}", "\"n_feats\"", "from 1 to 1024"},
    {"{\"patch_size\": 1000}", "\"patch_size\"", "from 1 to 512"},
    {"{\"patch_size\": 50}", "\"patch_size\" is 50", "multiple of \"patch_dim\", 3"},
    {"{\"num_heads\": 5}", "\"n_feats\"", "multiple of \"num_heads\", 5"},
    {"{\"num_layers\": 65}", "\"num_layers\"", "from 1 to 64"},
    {"{\"n_colors\": 1}", "\"n_colors\"", "3"},
    {"{\"rgb_range\": 1}", "\"rgb_range\"", "255"},
    {"{\"dropout_rate\": 1}", "\"dropout_rate\"", "from 0 to 0.95"},
    {"{\"no_pos\": true, \"pos_every\": true}", "\"pos_every\"", "\"no_pos\""},
};

static void test_refused(void)
{
    check_refused(ipt(), refused, G_N_ELEMENTS(refused), tile);
}

static void test_shapes(void)
{
    static const Input inputs[] = {
        {{1, 3, 48, 48}, 4, TRUE},  {{8, 3, 48, 48}, 4, TRUE},  {{1, 3, 48, 47}, 4, FALSE},
        {{1, 3, 47, 48}, 4, FALSE}, {{1, 1, 48, 48}, 4, FALSE}, {{3, 48, 48}, 3, FALSE},
        {{0, 3, 48, 48}, 4, FALSE},
    };
    g_autoptr(JsonObject) config = parse("{\"n_feats\": 16, \"num_heads\": 3, \"num_layers\": 1}");
    check_inputs(ipt(), config, inputs, G_N_ELEMENTS(inputs));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipt/case", test_case);
    g_test_add_func("/ipt/variants", test_variants);
    g_test_add_func("/ipt/recognise", test_recognise);
    g_test_add_func("/ipt/recognise-none", test_recognise_none);
    g_test_add_func("/ipt/refused", test_refused);
    g_test_add_func("/ipt/shapes", test_shapes);
    return g_test_run();
}
