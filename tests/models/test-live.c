/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small network of ipt: each restoration is the same weights and a product of its own, in every
 * kind of plan, and what a training makes of them by difference. */
#include <math.h>
#include <string.h>
#include <vedette/ops.h>
#include <vedette/plan.h>
#include <vedette/train.h>

#include "fixture.h"
#include "plan/step/schedule.h"

#define N_TASKS 3
#define SMALL                                                                                      \
    "\"arch\": \"live\", \"dims\": [16, 16, 32], \"heads\": [1, 1, 2], \"depths\": [1, 1, 1, 1, "  \
    "1], \"window\": 4, \"tasks\": 3"
#define MODULATED "{" SMALL ", \"rank\": 2}"

static const VdtModel *ipt(void)
{
    return vdt_model_find("ipt", NULL);
}

/* The network for a restoration, or for VDT_RESTORATION_EACH. */
static VdtGraph *network(JsonObject *config, int restoration, VdtShape input)
{
    g_autoptr(GError) error = NULL;
    VdtGraph *graph = vdt_graph_new();
    VdtBuild asked = vdt_model_ask(ipt(), &input);
    asked.restoration = restoration;
    ipt()->build(config, graph, &asked, &error);
    g_assert_no_error(error);
    return graph;
}

/* Weights none of which is zero. */
static VdtWeights *weights_for(VdtGraph *graph)
{
    VdtWeights *weights = vdt_weights_new_random(graph, 5);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        if (g_str_has_prefix(name, "pixels."))
            continue;
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        vdt_tensor_fill_uniform(tensor, name, -0.15, 0.15);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

static VdtSession *session_of(VdtGraph *graph, VdtWeights *weights, VdtPlanKind kind)
{
    g_autoptr(GError) error = NULL;
    VdtPlanOptions options = {.kind = kind};
    g_assert_true(vdt_graph_check(graph, &error));
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &options, &error);
    g_assert_no_error(error);
    VdtSession *session = vdt_session_new(plan, &error);
    g_assert_no_error(error);
    return session;
}

/* Inputs do not stay from run to run. */
static void fill(VdtSession *session)
{
    VdtTensor *target = vdt_session_find_input(session, "target");
    vdt_tensor_fill_uniform(vdt_session_find_input(session, "image"), "input:live", 0, 255);
    if (target != NULL)
        vdt_tensor_fill_uniform(target, "target:live", 0, 255);
}

static const float *answer(VdtSession *session)
{
    g_autoptr(GError) error = NULL;
    fill(session);
    vdt_session_run(session, NULL, &error);
    g_assert_no_error(error);
    return vdt_session_find_output(session, "image")->data;
}

static double difference(const float *a, const float *b, gsize n)
{
    double worst = 0;
    for (gsize i = 0; i < n; i++)
        worst = MAX(worst, fabs((double)a[i] - b[i]));
    return worst;
}

static void assert_near(const float *a, const float *b, gsize n, double most)
{
    g_assert_cmpfloat(difference(a, b, n), <=, most);
}

/* A batch of all restorations is what each of them does to its part, in INFER, TRACE and TRAIN. */
static void test_forms(void)
{
    const VdtShape one = vdt_shape(2, 3, 24, 40), all = vdt_shape(2 * N_TASKS, 3, 24, 40);
    const gsize part = vdt_shape_elements(&one);
    g_autoptr(JsonObject) config = parse(MODULATED);
    g_autoptr(VdtGraph) each = network(config, VDT_RESTORATION_EACH, all);
    g_autoptr(VdtGraph) trained = network(config, VDT_RESTORATION_EACH, all);
    g_autoptr(VdtWeights) weights = weights_for(each);
    vdt_output(trained, "loss",
               vdt_charbonnier(vdt_graph_find_output(trained, "image"),
                               vdt_input(trained, "target", &all)));
    g_autoptr(VdtSession) trace = session_of(each, weights, VDT_PLAN_TRACE);
    g_autoptr(VdtSession) train = session_of(trained, weights, VDT_PLAN_TRAIN);
    const float *wanted = answer(trace);
    assert_near(answer(train), wanted, part * N_TASKS, 255e-5);
    const float *pictures =
        vdt_session_get_input(trace, 0)->data; /* TRACE keeps what it was given */
    for (int i = 0; i < N_TASKS * 2; i++) {
        const gsize first = i % N_TASKS * part;
        g_autoptr(VdtGraph) graph = network(config, i % N_TASKS, one);
        g_autoptr(VdtSession) session =
            session_of(graph, weights, i < N_TASKS ? VDT_PLAN_INFER : VDT_PLAN_TRACE);
        memcpy(vdt_session_get_input(session, 0)->data, pictures + first, part * sizeof(float));
        g_assert_true(vdt_session_run(session, NULL, NULL));
        assert_near(vdt_session_get_output(session, 0)->data, wanted + first, part, 255e-5);
        /* and not what another does to the same */
        const gsize other = (first + part) % (N_TASKS * part);
        memcpy(vdt_session_get_input(session, 0)->data, pictures + other, part * sizeof(float));
        g_assert_true(vdt_session_run(session, NULL, NULL));
        g_assert_cmpfloat(
            difference(vdt_session_get_output(session, 0)->data, wanted + other, part), >, 1);
    }
}

/* The loss at parameters that are @by further along @along. */
static double loss_at(VdtSession *session, VdtTensor *const *along, VdtTensor *const *before,
                      double by)
{
    VdtGraph *graph = vdt_session_get_graph(session);
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtTensor *param = vdt_session_get_param(session, i);
        gsize n = vdt_shape_elements(&param->shape);
        for (gsize k = 0; along[i] != NULL && k < n; k++)
            ((float *)param->data)[k] =
                (float)(((float *)before[i]->data)[k] + by * ((float *)along[i]->data)[k]);
    }
    fill(session);
    g_assert_true(vdt_session_run(session, NULL, NULL));
    return *(const float *)vdt_session_find_output(session, "loss")->data;
}

static VdtTensor *copy_of(const VdtTensor *tensor)
{
    VdtTensor *copy = vdt_tensor_new(VDT_F32, &tensor->shape, NULL);
    memcpy(copy->data, tensor->data, tensor->n_bytes);
    return copy;
}

/* Along the gradient of one kind of parameters, the loss goes by its square. */
static void test_gradient(void)
{
    static const char *const kinds[] = {"lora_u", "lora_v", "weight", "bias",
                                        "relative_position_bias_table"};
    const VdtShape all = vdt_shape(N_TASKS, 3, 16, 24);
    g_autoptr(JsonObject) config = parse(MODULATED);
    g_autoptr(VdtGraph) graph = network(config, VDT_RESTORATION_EACH, all);
    g_autoptr(VdtWeights) weights = weights_for(graph);
    vdt_output(graph, "loss",
               vdt_charbonnier(vdt_graph_find_output(graph, "image"),
                               vdt_input(graph, "target", &all), .eps = 100));
    g_autoptr(VdtSession) session = session_of(graph, weights, VDT_PLAN_TRAIN);
    guint n = vdt_graph_get_n_params(graph);
    answer(session);
    g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    g_autoptr(GPtrArray) slopes = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    for (guint i = 0; i < n; i++) {
        const char *name = vdt_graph_get_param(graph, i, NULL);
        VdtTensor *slope = vdt_session_get_gradient(session, i);
        g_assert_true((slope == NULL) == (g_str_has_prefix(name, "pixels.")));
        g_ptr_array_add(before, copy_of(vdt_session_get_param(session, i)));
        g_ptr_array_add(slopes, copy_of(slope != NULL ? slope : vdt_session_get_param(session, i)));
    }
    for (guint kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        g_autofree VdtTensor **along = g_new0(VdtTensor *, n);
        double square = 0;
        for (guint i = 0; i < n; i++) {
            const char *name = vdt_graph_get_param(graph, i, NULL);
            if (g_str_has_prefix(name, "pixels.") || !g_str_has_suffix(name, kinds[kind]))
                continue;
            along[i] = slopes->pdata[i];
            for (gsize k = 0; k < (gsize)vdt_shape_elements(&along[i]->shape); k++)
                square += pow(((float *)along[i]->data)[k], 2);
        }
        g_assert_cmpfloat(square, >, 0);
        double by = 0.02 / square; /* the loss is then about 0.02 more, or less */
        double more = loss_at(session, along, (VdtTensor **)before->pdata, by);
        double less = loss_at(session, along, (VdtTensor **)before->pdata, -by);
        loss_at(session, along, (VdtTensor **)before->pdata, 0);
        g_test_message("%s: %g, not %g", kinds[kind], (more - less) / 2, 0.02);
        g_assert_cmpfloat_with_epsilon((more - less) / 2, 0.02, 1e-3);
    }
}

/* Bytes of constants that @plan has and @other has not. */
static gsize own_bytes(const VdtPlan *plan, const VdtPlan *other)
{
    GHashTableIter iter;
    gpointer key, blob;
    gsize bytes = 0;
    g_hash_table_iter_init(&iter, plan->blobs);
    while (g_hash_table_iter_next(&iter, &key, &blob))
        if (!g_hash_table_contains(other->blobs, key))
            bytes += ((VdtBlob *)blob)->size;
    return bytes;
}

/* Another restoration packs the layers again that are modulated, and no others. */
static void test_memory(void)
{
    static const struct {
        const char *modulated;
        double least, most; /* share of all that is packed */
    } cases[] = {{"\"tail\"", 0.001, 0.15}, {"\"mlp\", \"conv\"", 0.2, 0.7}, {"", 0, 0}};
    const VdtShape input = vdt_shape(1, 3, 16, 24);
    VdtPlanOptions options = {VDT_PLAN_INFER};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("{" SMALL ", \"rank\": 2, \"modulated\": [%s]}", cases[i].modulated);
        g_autoptr(JsonObject) config = parse(text);
        g_autoptr(VdtGraph) graph = network(config, 0, input);
        g_autoptr(VdtGraph) other_graph = network(config, 2, input);
        g_autoptr(VdtWeights) weights = weights_for(graph);
        g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, &options, NULL);
        g_autoptr(VdtPlan) other = vdt_plan_new_sharing(other_graph, weights, &options, plan, NULL);
        double share = (double)own_bytes(other, plan) / (double)vdt_plan_get_weights_size(plan);
        g_test_message("[%s]: %.3f", cases[i].modulated, share);
        g_assert_cmpfloat(share, >=, cases[i].least);
        g_assert_cmpfloat(share, <=, cases[i].most);
    }
}

/* Before anything is learned, pictures stay as they are. */
static void test_new_network(void)
{
    const VdtShape input = vdt_shape(1, 3, 16, 16);
    g_autoptr(JsonObject) config = parse(MODULATED);
    g_autoptr(VdtGraph) graph = network(config, 1, input);
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    g_autoptr(VdtSession) session = session_of(graph, weights, VDT_PLAN_INFER);
    g_autoptr(VdtTensor) picture = vdt_tensor_new(VDT_F32, &input, NULL);
    vdt_tensor_fill_uniform(picture, "input:live", 0, 255);
    assert_near(answer(session), picture->data, vdt_shape_elements(&input), 1e-3);
}

static void test_recognise(void)
{
    static const char *const configs[] = {
        "{" SMALL "}",
        MODULATED,
        "{" SMALL ", \"rank\": 3, \"modulated\": [\"mlp\", \"tail\"]}",
        "{\"arch\": \"live\", \"dims\": [16, 32, 48], \"heads\": [1, 2, 3], \"depths\": [0, 2, 1, "
        "0, 3], \"window\": 5, \"mlp_ratio\": 3}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(configs); i++) {
        g_autoptr(JsonObject) config = parse(configs[i]);
        g_autoptr(VdtGraph) graph =
            network(config, VDT_RESTORATION_CONFIGURED, vdt_shape(1, 3, 16, 16));
        g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
        JsonObject *found = NULL;
        const char *variant;
        g_assert_true(vdt_model_recognise(weights, &found, &variant) == ipt());
        g_assert_cmpstr(variant, ==, "custom");
        g_autoptr(VdtGraph) again =
            network(found, VDT_RESTORATION_CONFIGURED, vdt_shape(1, 3, 16, 16));
        g_assert_cmpuint(vdt_graph_count_macs(graph), ==, vdt_graph_count_macs(again));
        g_assert_cmpuint(vdt_graph_get_n_params(graph), ==, vdt_graph_get_n_params(again));
        for (guint k = 0; k < vdt_graph_get_n_params(graph); k++) {
            VdtShape a, b;
            g_assert_cmpstr(vdt_graph_get_param(graph, k, &a), ==,
                            vdt_graph_get_param(again, k, &b));
            g_assert_true(vdt_shape_equal(&a, &b));
        }
        json_object_unref(found);
    }
    const VdtVariant *small = vdt_model_find_variant(ipt(), "small", NULL);
    g_autoptr(JsonObject) config = vdt_variant_config(small);
    g_autoptr(VdtGraph) graph = network(config, 0, vdt_shape(1, 3, 512, 512));
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    const char *variant;
    JsonObject *found = NULL;
    g_assert_true(vdt_model_recognise(weights, &found, &variant) == ipt());
    g_assert_cmpstr(variant, ==, "small");
    json_object_unref(found);
    /* what it may cost */
    g_assert_cmpuint(vdt_graph_count_macs(graph), <=, (guint64)13000 * 512 * 512);
    g_assert_cmpuint(vdt_graph_count_parameters(graph) * sizeof(float), <, 8 << 20);
}

static void test_inputs(void)
{
    static const Input inputs[] = {
        {{1, 3, 8, 8}, 4, TRUE},    {{2, 3, 64, 24}, 4, TRUE},   {{1, 3, 360, 640}, 4, TRUE},
        {{1, 3, 12, 16}, 4, FALSE}, {{1, 3, 16, 12}, 4, FALSE},  {{1, 1, 16, 16}, 4, FALSE},
        {{3, 16, 16}, 3, FALSE},    {{1, 3, 8, 8200}, 4, FALSE},
    };
    static const Refused refused[] = {
        {"{\"arch\": \"live\", \"dims\": [32, 64]}", "dims", "3"},
        {"{\"arch\": \"live\", \"heads\": [1, 3, 4]}", "heads", "64"},
        {"{\"arch\": \"live\", \"depths\": [1, 1, 1, 1, 65]}", "depths", "64"},
        {"{\"arch\": \"live\", \"window\": 0}", "window", "1"},
        {"{\"arch\": \"live\", \"mlp_ratio\": 17}", "mlp_ratio", "16"},
        {"{\"arch\": \"live\", \"tasks\": 65}", "tasks", "64"},
        {"{\"arch\": \"live\", \"tasks\": 3, \"scale_idx\": 3}", "scale_idx", "2"},
        {"{\"arch\": \"live\", \"rank\": 65}", "rank", "64"},
        {"{\"arch\": \"live\", \"rank\": 2, \"modulated\": [\"norm\"]}", "norm", "attention"},
    };
    g_autoptr(JsonObject) config = parse(MODULATED), plain = parse("{\"scale\": [1]}");
    check_inputs(ipt(), config, inputs, G_N_ELEMENTS(inputs));
    check_refused(ipt(), refused, G_N_ELEMENTS(refused), vdt_shape(1, 3, 16, 16));
    const struct {
        JsonObject *config;
        int restoration;
        gint64 batch, side;
        const char *text;
    } wrong[] = {{config, N_TASKS, 1, 16, "no restoration 3"},
                 {config, VDT_RESTORATION_EACH, 4, 16, "batch of 4 cannot be divided among 3"},
                 {plain, VDT_RESTORATION_EACH, 4, 48, "ipt cannot do a restoration each"}};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtShape input = vdt_shape(wrong[i].batch, 3, wrong[i].side, wrong[i].side);
        VdtBuild asked = vdt_model_ask(ipt(), &input);
        asked.restoration = wrong[i].restoration;
        g_assert_false(ipt()->build(wrong[i].config, graph, &asked, &error));
        if (strstr(error->message, wrong[i].text) == NULL)
            g_error("%s", error->message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/live/forms", test_forms);
    g_test_add_func("/live/gradient", test_gradient);
    g_test_add_func("/live/memory", test_memory);
    g_test_add_func("/live/new", test_new_network);
    g_test_add_func("/live/recognise", test_recognise);
    g_test_add_func("/live/inputs", test_inputs);
    return g_test_run();
}
