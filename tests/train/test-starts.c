/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The networks that there were before parameters said what they start from start from the same
 * bits as then, when it followed from the op that reads a parameter first. Those rules are written
 * here once more. Layer norms, which they forgot, are the exception.
 */
#include <math.h>
#include <vedette/train.h>

#include "model.h"
#include "ops/table.h"
#include "tensor/random.h"

static const VdtNode *first_reader(const VdtGraph *graph, const VdtNode *param, guint *input)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        for (guint k = 0; k < node->n_inputs; k++) {
            if (node->inputs[k] == param) {
                *input = k;
                return node;
            }
        }
    }
    g_error("nothing reads %s", param->name);
}

static VdtStart start_of(const VdtGraph *graph, const VdtNode *param)
{
    const gint64 *dims = param->shape.dims;
    guint input;
    const VdtNode *reader = first_reader(graph, param, &input);

    if (reader->op == &vdt_op_conv2d && input == 1)
        return (VdtStart){0, sqrt(2.0 / (double)(dims[0] * dims[2] * dims[3]))};
    if (reader->op == &vdt_op_linear && input == 1)
        return (VdtStart){0, 0.01};
    if ((reader->op == &vdt_op_conv2d || reader->op == &vdt_op_linear) && input == 2)
        return (VdtStart){0, 0};
    if (reader->op == &vdt_op_batch_norm)
        return (VdtStart){input == 1 || input == 4 ? 1 : 0, 0};
    if (reader->op == &vdt_op_layer_norm) /* 0.02 around 0 they had */
        return (VdtStart){input == 1 ? 1 : 0, 0};
    return (VdtStart){0, 0.02};
}

static double unit(guint64 stream, guint64 i)
{
    return ((double)(vdt_random_bits(stream, i) >> 11) + 0.5) * 0x1p-53;
}

static void check_param(const VdtNode *param, const VdtTensor *tensor, VdtStart start, guint64 seed)
{
    guint64 stream = vdt_random_stream(param->name) ^ vdt_random_mix(seed);
    const float *x = tensor->data;

    for (gint64 i = 0; i < vdt_shape_elements(&param->shape); i++) {
        double radius = start.deviation * sqrt(-2 * log(unit(stream, i / 2 * 2)));
        double angle = 2 * G_PI * unit(stream, i / 2 * 2 + 1);
        float value = (float)(radius * (i % 2 == 0 ? cos(angle) : sin(angle)));

        if (start.deviation == 0)
            value = (float)start.value;
        if (memcmp(&x[i], &value, sizeof value) != 0)
            g_error("%s[%" G_GINT64_FORMAT "] starts at %.9g, not at %.9g", param->name, i, x[i],
                    value);
    }
}

static void test_starts(void)
{
    static const char *const networks[][2] = {
        {"squeezetime", "small"}, {"cgrseg", "small"}, {"cgrseg", "T-ade20k"}};

    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        const VdtModel *model = vdt_model_find(networks[i][0], NULL);
        g_autoptr(JsonObject) config =
            vdt_variant_config(vdt_model_find_variant(model, networks[i][1], NULL));
        VdtShape input = model->input_shape(config, 1, 64, 64);
        VdtBuild asked = vdt_model_ask(model, &input);
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_autoptr(VdtWeights) weights = NULL;

        g_assert_true(model->build(config, graph, &asked, NULL));
        weights = vdt_weights_new_random(graph, 17);
        g_assert_cmpuint(vdt_weights_get_n_tensors(weights), ==, graph->params->len);
        for (guint k = 0; k < graph->params->len; k++) {
            const VdtNode *param = graph->params->pdata[k];

            check_param(param, vdt_weights_lookup(weights, param->name), start_of(graph, param),
                        17);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/starts/networks", test_starts);
    return g_test_run();
}
