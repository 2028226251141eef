/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small network learns to make up for the tokens that it merges, from pictures that are made up.
 */
#include <string.h>

#include "train/compensation.h"

#define CONFIG                                                                                     \
    "{\"dim\": 32, \"heads\": 1, \"depth\": 3, \"patch\": 8, \"img_size\": 48, \"num_classes\": "  \
    "10}"
#define STEPS 150

static JsonObject *parse_config(void)
{
    g_autoptr(JsonNode) node = json_from_string(CONFIG, NULL);
    return json_node_dup_object(node);
}

/* Of a network whose answers depend on the picture. */
static VdtWeights *make_weights(const VdtModel *model, JsonObject *config)
{
    VdtShape input = vdt_shape(1, 3, 48, 48);
    VdtBuild asked = vdt_model_ask(model, &input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_assert_true(model->build(config, graph, &asked, NULL));
    VdtWeights *weights = vdt_weights_new();
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
        gboolean scale = strstr(name, "norm") != NULL && g_str_has_suffix(name, "weight");
        vdt_tensor_fill_uniform(tensor, name, scale ? 0.8 : -1, scale ? 1.2 : 1);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

/* Patches of one colour each, as far as there are edges in the world. */
static void draw(VdtTensor *pictures, guint64 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)seed);
    const gint64 *dims = pictures->shape.dims;
    float *values = pictures->data;
    for (gint64 plane = 0; plane < dims[0] * dims[1]; plane++) {
        float cells[9];
        for (guint i = 0; i < G_N_ELEMENTS(cells); i++)
            cells[i] = (float)g_rand_double_range(rand, -2, 2);
        for (gint64 i = 0; i < dims[2] * dims[3]; i++)
            *values++ = cells[i / dims[3] * 3 / dims[2] * 3 + i % dims[3] * 3 / dims[3]] +
                        (float)g_rand_double_range(rand, -0.2, 0.2);
    }
}

/* The mean over some pairs of levels, on the pictures that it learns from: a network of weights at
 * random has nothing in common with itself on others. */
static double measure(Compensation *c, gboolean adapters)
{
    static const guint pairs[][2] = {{0, 4}, {0, 8}, {0, 16}, {4, 12}, {8, 0}, {16, 4}};
    double sum = 0;
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        double loss;
        draw(compensation_get_input(c), 5);
        compensation_measure(c, pairs[i][0], pairs[i][1], adapters, &loss, &error);
        g_assert_no_error(error);
        sum += loss;
    }
    return sum / G_N_ELEMENTS(pairs);
}

static void test_learns(void)
{
    const VdtModel *model = vdt_model_find("tocom", NULL);
    g_autoptr(JsonObject) config = parse_config();
    g_autoptr(VdtWeights) weights = make_weights(model, config);
    const CompensationOptions options = {.batch = 8,
                                         .width = 48,
                                         .height = 48,
                                         .columns = 2,
                                         .scale = 0.1,
                                         .rate = 3e-3,
                                         .decay = 0.05,
                                         .steps = STEPS,
                                         .seed = 3};
    g_autoptr(GError) error = NULL;
    g_autoptr(Compensation) c = compensation_new(model, config, weights, &options, &error);
    g_assert_no_error(error);
    double without = measure(c, FALSE);
    /* up begins as zeros, so that there is no effect at first */
    g_assert_cmpfloat_with_epsilon(measure(c, TRUE), without, 1e-6 * without);
    for (guint i = 0; i < STEPS; i++) {
        double loss;
        draw(compensation_get_input(c), 5);
        compensation_step(c, &loss, &error);
        g_assert_no_error(error);
    }
    double with = measure(c, TRUE);
    g_test_message("divergence %.4g without a compensator, %.4g with", without, with);
    g_assert_cmpfloat(with, <, 0.7 * without);
    g_assert_cmpfloat_with_epsilon(measure(c, FALSE), without, 1e-12);

    /* Four for each block, and nothing else; they are adapters of this network. */
    g_autoptr(VdtWeights) adapters = compensation_get_adapters(c);
    g_assert_cmpuint(vdt_weights_get_n_tensors(adapters), ==, 12);
    g_assert_true(model->merging->compensate(config, adapters, 0.1, &error));
    g_assert_no_error(error);
}

/* The same from the same seed. */
static void test_repeats(void)
{
    const VdtModel *model = vdt_model_find("tocom", NULL);
    g_autoptr(JsonObject) config = parse_config();
    g_autoptr(VdtWeights) weights = make_weights(model, config);
    const CompensationOptions options = {4, 48, 48, 2, 0.1, 1e-2, 0.05, 3, 7};
    double losses[2][3];
    for (int run = 0; run < 2; run++) {
        g_autoptr(Compensation) c = compensation_new(model, config, weights, &options, NULL);
        for (int i = 0; i < 3; i++) {
            draw(compensation_get_input(c), (guint64)i);
            g_assert_true(compensation_step(c, &losses[run][i], NULL));
        }
    }
    g_assert_cmpmem(losses[0], sizeof losses[0], losses[1], sizeof losses[1]);
}

static void test_none(void)
{
    const VdtModel *model = vdt_model_find("squeezetime", NULL);
    g_autoptr(JsonObject) config = json_object_new();
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    const CompensationOptions options = {1, 64, 64, 2, 0.1, 1e-3, 0, 1, 1};
    g_autoptr(GError) error = NULL;
    g_assert_null(compensation_new(model, config, weights, &options, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "squeezetime merges no tokens"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compensation/learns", test_learns);
    g_test_add_func("/compensation/repeats", test_repeats);
    g_test_add_func("/compensation/none", test_none);
    return g_test_run();
}
