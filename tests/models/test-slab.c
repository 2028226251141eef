/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks with the norms of SLAB: those that are not trained yet are refused, folded ones are
 * recognised and give the same, DeiT's positions fit other sizes. Small ones, of random weights. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <vedette/engine.h>
#include <vedette/ops.h>
#include <vedette/plan.h>
#include <vedette/train.h>

#include "fixture.h"
#include "fold.h"
#include "norm.h"
#include "official.h"

static const VdtModel *slab(void)
{
    return vdt_model_find("slab", NULL);
}

#define DEIT "{\"arch\": \"deit\", \"dim\": 128, \"heads\": 2, \"depth\": 2, \"img_size\": 64"
/* As wide as the networks' heads are. */
#define PVT                                                                                        \
    "{\"arch\": \"pvt\", \"dims\": [64, 128, 128, 192], \"depths\": [1, 1, 1, 1], "                \
    "\"heads\": [1, 2, 2, 3], \"img_size\": 64, \"num_classes\": 10"
#define CSWIN                                                                                      \
    "{\"arch\": \"cswin\", \"dims\": [64, 128, 256, 512], \"depths\": [1, 1, 1, 1], "              \
    "\"heads\": [2, 4, 8, 16], \"split_size\": [1, 2, 2, 2], \"img_size\": 64, \"num_classes\": "  \
    "10"
/* Swin's tokens are twice as wide from stage to stage. */
#define SWIN                                                                                       \
    "{\"arch\": \"swin\", \"dims\": [32, 64, 128, 256], \"depths\": [1, 2, 1, 1], "                \
    "\"heads\": [1, 2, 4, 8], \"img_size\": 64, \"window\": 4, \"num_classes\": 10"

static const char *const configs[] = {
    DEIT ", \"norm\": \"repbn\"}",
    DEIT ", \"norm\": \"linearnorm\", \"qkv_bias\": false}",
    DEIT ", \"norm\": \"linearnorm\", \"attention\": \"linear\"}",
    SWIN ", \"norm\": \"repbn\"}",
    SWIN ", \"norm\": \"linearnorm\", \"attn_type\": \"LLSS\", \"softmax_window\": 4}",
    PVT ", \"norm\": \"linearnorm\"}",
    PVT ", \"norm\": \"repbn\", \"attention\": \"linear\"}",
    CSWIN ", \"norm\": \"linearnorm\"}",
};

static VdtGraph *graph_for(JsonObject *config, int size)
{
    return graph_of(slab(), config, vdt_shape(1, 3, size, size));
}

/* Weights whose norms do something to each channel, of a training that is over. */
static VdtWeights *trained_weights(const VdtGraph *graph)
{
    VdtWeights *weights = vdt_weights_new_random(graph, 3);
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);
        VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        if (g_str_has_suffix(name, "running_var") || g_str_has_suffix(name, "norm.weight") ||
            g_str_has_suffix(name, "bn.weight"))
            vdt_tensor_fill_uniform(tensor, name, 0.5, 2);
        else if (g_str_has_suffix(name, "running_mean") || g_str_has_suffix(name, ".bias") ||
                 g_str_has_suffix(name, "alpha"))
            vdt_tensor_fill_uniform(tensor, name, -0.5, 0.5);
        else if (tensor->shape.n_dims > 1)
            vdt_tensor_fill_uniform(tensor, name, -0.2, 0.2);
    }
    vdt_norm_set_steps(weights, 0);
    return weights;
}

static VdtPlan *plan_of(VdtGraph *graph, VdtWeights *weights, VdtPlanKind kind)
{
    const VdtPlanOptions options = {.kind = kind};
    g_autoptr(GError) error = NULL;
    VdtPlan *plan = vdt_plan_new(graph, weights, &options, &error);
    g_assert_no_error(error);
    return plan;
}

/* The logits of a picture. */
static VdtTensor *answer(VdtPlan *plan)
{
    g_autoptr(VdtSession) session = vdt_session_new(plan, NULL);
    g_autoptr(GError) error = NULL;
    vdt_tensor_fill_uniform(vdt_session_get_input(session, 0), "picture", -2, 2);
    g_assert_true(vdt_session_run(session, NULL, &error));
    g_assert_no_error(error);
    return vdt_tensor_convert(vdt_session_get_output(session, 0), VDT_F32, NULL);
}

static void assert_near(const VdtTensor *a, const VdtTensor *b, double limit)
{
    const float *x = a->data, *y = b->data;
    double difference = 0, size = 0;
    g_assert_true(vdt_shape_equal(&a->shape, &b->shape));
    for (gsize i = 0; i < a->n_bytes / sizeof *x; i++) {
        difference += pow((double)x[i] - y[i], 2);
        size += pow(y[i], 2);
    }
    g_assert_cmpfloat(size, >, 0);
    g_assert_cmpfloat(sqrt(difference / size), <, limit);
}

/* No norm is a step of its own in INFER, and folded weights, which have none, give the same. */
static void test_fold(gconstpointer data)
{
    g_autoptr(JsonObject) config = parse(data), found = NULL;
    g_autoptr(VdtGraph) graph = graph_for(config, 64), without = NULL;
    g_autoptr(VdtWeights) weights = trained_weights(graph), folded = NULL;
    g_autoptr(VdtPlan) infer = plan_of(graph, weights, VDT_PLAN_INFER);
    g_autoptr(VdtPlan) trace = plan_of(graph, weights, VDT_PLAN_TRACE);
    g_autoptr(VdtTensor) right = answer(trace), fast = answer(infer), same = NULL;
    g_autoptr(GError) error = NULL;
    const char *variant = NULL;
    assert_near(fast, right, 1e-5);
    g_assert_cmpuint(vdt_plan_count_steps(infer, "batch_norm"), ==, 0);
    g_assert_cmpuint(vdt_plan_count_steps(infer, "layer_norm"), ==, 0);

    folded = vdt_weights_fold(weights, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < vdt_weights_get_n_tensors(folded); i++)
        g_assert_null(strstr(vdt_weights_get_name(folded, i), "norm"));
    g_assert_true(vdt_model_recognise(folded, &found, &variant) == slab());
    g_assert_cmpstr(json_object_get_string_member(found, "norm"), ==, "none");
    /* How wide stripes are is in no tensor. */
    if (json_object_has_member(config, "split_size"))
        json_object_set_member(found, "split_size", json_object_dup_member(config, "split_size"));
    without = graph_for(found, 64);
    g_autoptr(VdtPlan) plan = plan_of(without, folded, VDT_PLAN_INFER);
    same = answer(plan);
    assert_near(same, right, 1e-5);
    g_assert_cmpuint(vdt_plan_get_n_steps(plan), ==, vdt_plan_get_n_steps(infer));

    /* Once is enough. */
    g_autoptr(VdtWeights) again = vdt_weights_fold(folded, &error);
    g_assert_null(again);
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    g_assert_nonnull(strstr(error->message, "no norms that fold"));
}

/* What is wrong with weights to fold, or to infer with. */
static void test_refused_weights(void)
{
    g_autoptr(JsonObject) config = parse(configs[1]);
    g_autoptr(VdtGraph) graph = graph_for(config, 64);
    g_autoptr(VdtWeights) weights = trained_weights(graph);
    const struct {
        const char *name;
        VdtShape shape;
        const char *text;
    } changes[] = {
        {"blocks.0.norm1.iter", {0}, "\"blocks.0.norm1.\" has 3 steps to go, of 9"},
        {"blocks.1.norm2.warm", {0}, "\"blocks.1.norm2.\" has 3 steps to go"},
        {"norm.norm2.bn.running_var", vdt_shape(63),
         "its \"bn.running_var\" is missing or of anot"},
        {"blocks.0.mlp.fc1.weight", vdt_shape(512, 129), "does not fold into \"blocks.0.mlp.fc1\""},
        {"blocks.0.mlp.fc1.weight", vdt_shape(512 * 128),
         "does not fold into \"blocks.0.mlp.fc1\""},
        {"blocks.0.mlp.fc1.bias", vdt_shape(511), "does not fold into \"blocks.0.mlp.fc1\""},
        {"stem.norm.alpha", vdt_shape(1), "\"stem.norm\" is no norm that folds"},
    };
    g_assert_cmpuint(vdt_norm_set_steps(weights, 9), ==, 5);
    g_assert_false(vdt_norm_check_finished(weights, NULL));
    vdt_norm_set_steps(weights, 0);
    g_assert_true(vdt_norm_check_finished(weights, NULL));
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++)
        if (g_str_has_suffix(vdt_weights_get_name(weights, i), "total_step"))
            *(float *)vdt_weights_get_tensor(weights, i)->data = 9;
    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(VdtWeights) wrong = vdt_weights_new();
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &changes[i].shape, NULL);
        g_autoptr(GError) error = NULL;
        for (gsize j = 0; j < tensor->n_bytes / sizeof(float); j++)
            ((float *)tensor->data)[j] = 3;
        for (guint j = 0; j < vdt_weights_get_n_tensors(weights); j++)
            vdt_weights_insert(wrong, vdt_weights_get_name(weights, j),
                               vdt_weights_get_tensor(weights, j));
        vdt_weights_insert(wrong, changes[i].name, tensor);
        g_assert_null(vdt_weights_fold(wrong, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
        if (strstr(error->message, changes[i].text) == NULL)
            g_error("'%s' does not have '%s' in it", error->message, changes[i].text);
    }
}

/* An engine says why it does not take what is half trained. */
static void test_unfinished(void)
{
    g_autoptr(JsonObject) config = parse(configs[2]);
    g_autoptr(VdtGraph) graph = graph_for(config, 64);
    g_autoptr(VdtWeights) weights = trained_weights(graph);
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "slab-unfinished.safetensors", NULL);
    for (guint left = 0; left < 2; left++) {
        g_autoptr(GError) error = NULL;
        VdtEngineOptions options = {.weights = path};
        vdt_norm_set_steps(weights, left);
        g_assert_true(vdt_weights_save_safetensors(weights, path, &error));
        VdtEngine *engine = vdt_engine_new(&options, &error);
        g_assert_true((engine != NULL) == (left == 0));
        if (left > 0)
            g_assert_nonnull(strstr(error->message, "the training was not over"));
        vdt_engine_unref(engine);
    }
    remove(path);
}

/* Positions of another size: a network that has them at that size already gives the same. */
static void test_sizes(void)
{
    g_autoptr(JsonObject) config = parse(configs[2]), large = parse(configs[2]);
    g_autoptr(VdtGraph) graph = graph_for(config, 96);
    g_autoptr(VdtWeights) weights = trained_weights(graph), at_size = vdt_weights_new();
    g_autoptr(VdtPlan) plan = plan_of(graph, weights, VDT_PLAN_INFER);
    g_autoptr(VdtTensor) got = answer(plan), want = NULL;
    json_object_set_int_member(large, "img_size", 96);
    g_autoptr(VdtGraph) other = graph_for(large, 96);
    /* Positions [1,16,C] as a map, enlarged, and as tokens again. */
    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        const char *name = vdt_weights_get_name(weights, i);
        VdtTensor *tensor = vdt_weights_get_tensor(weights, i);
        if (!g_str_equal(name, "pos_embed") && !g_str_has_suffix(name, "positional_encoding")) {
            vdt_weights_insert(at_size, name, tensor);
            continue;
        }
        g_autoptr(VdtGraph) graph_of_map = vdt_graph_new();
        VdtShape map = vdt_shape(1, 128, 4, 4), tokens = vdt_shape(1, 36, 128);
        VdtValue *x = vdt_input(graph_of_map, "map", &map);
        vdt_output(graph_of_map, "y", vdt_resize_bicubic(x, 6, 6));
        g_autoptr(VdtWeights) none = vdt_weights_new();
        g_autoptr(VdtPlan) resize = plan_of(graph_of_map, none, VDT_PLAN_TRACE);
        g_autoptr(VdtSession) session = vdt_session_new(resize, NULL);
        g_autoptr(VdtTensor) enlarged = vdt_tensor_new(VDT_F32, &tokens, NULL);
        float *in = vdt_session_get_input(session, 0)->data;
        for (int c = 0; c < 128; c++)
            for (int p = 0; p < 16; p++)
                in[c * 16 + p] = ((const float *)tensor->data)[p * 128 + c];
        g_assert_true(vdt_session_run(session, NULL, NULL));
        const float *out = vdt_session_get_output(session, 0)->data;
        for (int c = 0; c < 128; c++)
            for (int p = 0; p < 36; p++)
                ((float *)enlarged->data)[p * 128 + c] = out[c * 36 + p];
        vdt_weights_insert(at_size, name, enlarged);
    }
    g_autoptr(VdtPlan) stored = plan_of(other, at_size, VDT_PLAN_INFER);
    want = answer(stored);
    assert_near(got, want, 1e-5);
}

static const Refused refused[] = {
    {"{\"arch\": \"resnet\"}", "\"arch\"", "deit, swin, pvt, cswin"},
    {"{\"arch\": 3}", "\"arch\"", "deit"},
    {"{\"norm\": \"batchnorm\"}", "\"norm\"", "linearnorm"},
    {"{\"attention\": \"cosine\"}", "\"attention\"", "softmax"},
    {"{\"attention\": \"linear\", \"class_token\": true}", "\"class_token\"", "square of tokens"},
    {"{\"class_token\": false, \"pool\": \"class token\"}", "\"pool\"", "mean"},
    {"{\"kernel_size\": 4}", "\"kernel_size\" is 4", "odd"},
    {"{\"class_token\": false, \"r_tgt\": 4}", "class token", "merge"},
};

static void test_refused(void)
{
    check_refused(slab(), refused, G_N_ELEMENTS(refused), vdt_shape(1, 3, 224, 224));
}

static void test_shapes(void)
{
    static const Input inputs[] = {
        {{1, 3, 224, 224}, 4, TRUE},  {{2, 3, 64, 64}, 4, TRUE},      {{1, 3, 64, 80}, 4, FALSE},
        {{1, 3, 230, 230}, 4, FALSE}, {{1, 3, 8192, 8192}, 4, FALSE}, {{1, 1, 64, 64}, 4, FALSE},
    };
    g_autoptr(JsonObject) config = parse(configs[2]);
    check_inputs(slab(), config, inputs, G_N_ELEMENTS(inputs));
}

/* The published ones of DeiT, by what the authors' code counts; the class token of those that
 * attend linearly is in their files, and nobody looks at it. */
static const struct {
    const char *name, *golden;
    guint64 unused;
} published[] = {
    {"deit_t_prepbn", "deit_t_prepbn-224", 0},
    {"slab_deit_t", "slab_deit_t-224-batch2", 192},
};

static void test_case(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);
    g_autoptr(JsonObject) json = official_case("slab", published[i].golden), found = NULL;
    JsonArray *official = json_object_get_array_member(json, "weights");
    JsonObject *input =
        json_array_get_object_element(json_object_get_array_member(json, "inputs"), 0);
    g_autoptr(VdtGraph) graph =
        graph_of(slab(), json_object_get_object_member(json, "config"), official_shape(input));
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    guint n = vdt_graph_get_n_params(graph), n_found = 0;
    const char *variant = NULL;
    for (guint j = 0; j < json_array_get_length(official); j++) {
        JsonObject *spec = json_array_get_object_element(official, j);
        VdtShape want = official_shape(spec), shape = {0};
        const char *wanted = json_object_get_string_member(spec, "name"), *name = NULL;
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &want, NULL);
        memset(tensor->data, 0, tensor->n_bytes);
        vdt_weights_insert(weights, wanted, tensor);
        for (guint k = 0; k < n && g_strcmp0(name, wanted) != 0; k++)
            name = vdt_graph_get_param(graph, k, &shape);
        if (g_strcmp0(name, wanted) != 0) {
            g_assert_true(g_str_has_suffix(wanted, "num_batches_tracked") ||
                          (published[i].unused > 0 && g_str_equal(wanted, "cls_token")));
            continue;
        }
        g_assert_true(vdt_shape_equal(&shape, &want));
        n_found++;
    }
    g_assert_cmpuint(n_found, ==, n);
    g_assert_cmpuint(vdt_graph_count_parameters(graph) + published[i].unused, ==,
                     json_object_get_int_member(json, "params"));
    g_assert_cmpuint(vdt_graph_count_macs(graph), ==, json_object_get_int_member(json, "macs"));
    g_assert_true(vdt_model_recognise(weights, &found, &variant) == slab());
    g_assert_cmpstr(variant, ==, published[i].name);
}

/* Every variant is one that its weights are recognised as. */
static void test_variants(void)
{
    for (guint i = 0; i < slab()->n_variants; i++) {
        const VdtVariant *variant = &slab()->variants[i];
        g_autoptr(JsonObject) config = vdt_variant_config(variant), found = NULL;
        g_autoptr(VdtGraph) graph = graph_for(config, 224);
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        const char *name = NULL;
        g_assert_true(vdt_model_recognise(weights, &found, &name) == slab());
        g_assert_cmpstr(name, ==, variant->name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(published); i++) {
        g_autofree char *path = g_strdup_printf("/slab/case/%s", published[i].name);
        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_case);
    }
    for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
        g_autofree char *path = g_strdup_printf("/slab/fold/%u", i);
        g_test_add_data_func(path, configs[i], test_fold);
    }
    g_test_add_func("/slab/refused-weights", test_refused_weights);
    g_test_add_func("/slab/unfinished", test_unfinished);
    g_test_add_func("/slab/sizes", test_sizes);
    g_test_add_func("/slab/refused", test_refused);
    g_test_add_func("/slab/shapes", test_shapes);
    g_test_add_func("/slab/variants", test_variants);
    return g_test_run();
}
