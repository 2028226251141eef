/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an untrained network starts from. */
#include <math.h>
#include <string.h>
#include <vedette/ops.h>
#include <vedette/train.h>

static VdtGraph *network(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape clip = vdt_shape(2, 6, 9, 9), flat = vdt_shape(2, -1), code = vdt_shape(1, 32, 9, 9);
    VdtShape channels = vdt_shape(32, 9, 9), map = vdt_shape(2, 32, 9, 9);
    VdtValue *x = vdt_input(graph, "x", &clip);

    x = vdt_conv2d(vdt_in(s, "conv"), x, .out = 32, .kernel = 5, .kernel_w = 3, .pad = 2,
                   .pad_w = 1, .groups = 2, .bias = TRUE);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "bn"), x));
    x = vdt_add(x, vdt_param(s, "code", &code));
    x = vdt_layer_norm(vdt_in(s, "ln"), x, &channels);
    x = vdt_mul(x, vdt_param_with(s, "gate", &map, (VdtStart){.value = 3, .deviation = 0.25}));
    x = vdt_mul(x, vdt_param_with(s, "scale", &map, (VdtStart){.value = -1.5}));
    x = vdt_reshape(vdt_global_avg_pool(x), &flat);
    vdt_output(graph, "y", vdt_linear(vdt_in(s, "fc"), x, .out = 101));
    g_assert_true(vdt_graph_check(graph, NULL));
    return graph;
}

static void assert_all(const VdtWeights *weights, const char *name, float value)
{
    const VdtTensor *tensor = vdt_weights_lookup(weights, name);

    for (gsize i = 0; i < tensor->n_bytes / sizeof(float); i++)
        g_assert_true(((const float *)tensor->data)[i] == value);
}

/* The mean, the deviation, and as many values beyond one and two deviations as a normal
 * distribution has. */
static void assert_normal(const VdtWeights *weights, const char *name, double mean,
                          double deviation)
{
    const VdtTensor *tensor = vdt_weights_lookup(weights, name);
    const float *x = tensor->data;
    gsize n = tensor->n_bytes / sizeof *x;
    double sum = 0, square = 0, error = 4 / sqrt(n), far[2] = {0};

    for (gsize i = 0; i < n; i++) {
        double far_off = (x[i] - mean) / deviation;

        sum += far_off;
        square += far_off * far_off;
        far[0] += fabs(far_off) > 1;
        far[1] += fabs(far_off) > 2;
    }
    g_assert_cmpfloat_with_epsilon(sum / n, 0, error);
    g_assert_cmpfloat_with_epsilon(square / n, 1, 2 * error);
    g_assert_cmpfloat_with_epsilon(far[0] / n, 0.3173, error);
    g_assert_cmpfloat_with_epsilon(far[1] / n, 0.0455, error);
}

static void test_distributions(void)
{
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);

    g_assert_cmpuint(vdt_weights_get_n_tensors(weights), ==, vdt_graph_get_n_params(graph));
    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);

        g_assert_cmpstr(vdt_weights_get_name(weights, i), ==, name);
        g_assert_true(vdt_shape_equal(&vdt_weights_get_tensor(weights, i)->shape, &shape));
    }
    assert_normal(weights, "net.conv.weight", 0, sqrt(2.0 / (32 * 5 * 3)));
    assert_normal(weights, "net.fc.weight", 0, 0.01);
    assert_normal(weights, "net.code", 0, 0.02);
    assert_normal(weights, "net.gate", 3, 0.25);
    assert_all(weights, "net.scale", -1.5);
    assert_all(weights, "net.ln.weight", 1);
    assert_all(weights, "net.ln.bias", 0);
    assert_all(weights, "net.conv.bias", 0);
    assert_all(weights, "net.fc.bias", 0);
    assert_all(weights, "net.bn.weight", 1);
    assert_all(weights, "net.bn.bias", 0);
    assert_all(weights, "net.bn.running_mean", 0);
    assert_all(weights, "net.bn.running_var", 1);
}

static void test_seeds(void)
{
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) a = vdt_weights_new_random(graph, 7);
    g_autoptr(VdtWeights) same = vdt_weights_new_random(graph, 7);
    g_autoptr(VdtWeights) other = vdt_weights_new_random(graph, 8);

    for (guint i = 0; i < vdt_weights_get_n_tensors(a); i++) {
        const VdtTensor *x = vdt_weights_get_tensor(a, i);

        g_assert_cmpmem(x->data, x->n_bytes, vdt_weights_get_tensor(same, i)->data, x->n_bytes);
    }
    for (guint k = 0; k < 3; k++) {
        const char *name = (const char *const[]){"net.conv.weight", "net.fc.weight", "net.code"}[k];
        const VdtTensor *x = vdt_weights_lookup(a, name);

        g_assert_cmpint(memcmp(x->data, vdt_weights_lookup(other, name)->data, x->n_bytes), !=, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/random/distributions", test_distributions);
    g_test_add_func("/random/seeds", test_seeds);
    return g_test_run();
}
