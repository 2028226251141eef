/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph/node.h"

/* splitmix64 */
guint64 random_next(Random *random)
{
    guint64 z = random->state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int random_between(Random *random, int low, int high)
{
    return low + (int)(random_next(random) % (guint64)(high - low + 1));
}

gboolean random_one_in(Random *random, int n)
{
    return random_next(random) % n == 0;
}

guint64 test_seed(guint64 otherwise)
{
    const char *text = g_getenv("VEDETTE_TEST_SEED");

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Uniform, with a deviation of 1 / sqrt(inputs) for the weights of products. */
static void fill_parameter(VdtTensor *tensor, const char *name, guint64 seed)
{
    g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT " %s", seed, name);

    if (g_str_has_suffix(name, ".ranks")) { /* rows of numbers far apart, in any order */
        Random random = {seed};
        const gint64 n = tensor->shape.dims[1];

        for (gint64 i = 0; i < vdt_shape_elements(&tensor->shape); i++) {
            float *row = (float *)tensor->data + i / n * n;
            const int other = random_between(&random, 0, (int)(i % n));

            row[i % n] = row[other];
            row[other] = 4 * (float)(i % n);
        }
    } else if (g_str_has_suffix(name, ".running_var")) {
        vdt_tensor_fill_uniform(tensor, key, 0.5, 2);
    } else if (g_str_has_suffix(name, ".iter") || g_str_has_suffix(name, ".total_step")) {
        vdt_tensor_fill_uniform(tensor, key, 1, 3); /* lambda is above 0, and often below 1 */
    } else if (g_str_has_suffix(name, ".weight") && tensor->shape.n_dims == 1) {
        vdt_tensor_fill_uniform(tensor, key, 0.7, 1.4); /* of a batch norm */
    } else if (g_str_has_suffix(name, ".weight")) {
        double inputs = (double)vdt_shape_elements(&tensor->shape) / (double)tensor->shape.dims[0];
        double limit = sqrt(3 / inputs);

        vdt_tensor_fill_uniform(tensor, key, -limit, limit);
    } else {
        vdt_tensor_fill_uniform(tensor, key, -0.5, 0.5);
    }
}

VdtWeights *make_weights(VdtGraph *graph, guint64 seed)
{
    VdtWeights *weights = vdt_weights_new();

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        g_autoptr(VdtTensor) tensor = NULL;
        g_autoptr(GError) error = NULL;
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);

        tensor = vdt_tensor_new(VDT_F32, &shape, &error);
        g_assert_no_error(error);
        fill_parameter(tensor, name, seed);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

VdtWeights *convert_weights(VdtWeights *weights, VdtDType dtype)
{
    VdtWeights *result = vdt_weights_new();

    for (guint i = 0; i < vdt_weights_get_n_tensors(weights); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdtTensor) tensor =
            vdt_tensor_convert(vdt_weights_get_tensor(weights, i), dtype, &error);

        g_assert_no_error(error);
        vdt_weights_insert(result, vdt_weights_get_name(weights, i), tensor);
    }
    return result;
}

VdtPlan *make_plan(VdtGraph *graph, VdtWeights *weights, VdtPlanKind kind, VdtPrecision precision)
{
    g_autoptr(GError) error = NULL;
    VdtPlan *plan = vdt_plan_new(graph, weights, &(VdtPlanOptions){kind, precision}, &error);

    g_assert_no_error(error);
    g_assert_nonnull(plan);
    return plan;
}

VdtSession *make_session(VdtPlan *plan)
{
    g_autoptr(GError) error = NULL;
    VdtSession *session = vdt_session_new(plan, &error);

    g_assert_no_error(error);
    g_assert_nonnull(session);
    return session;
}

static void fill_integers(VdtTensor *tensor, const VdtNode *input, guint64 seed)
{
    const int most = input->limit ? (int)MIN(input->limit - 1, G_MAXINT32 - 1) : 99;
    gint32 *values = tensor->data;
    Random random = {seed};

    for (gsize i = 0; i < tensor->n_bytes / sizeof *values; i++)
        values[i] = random_between(&random, 0, most);
}

void fill_inputs(VdtSession *session, guint64 seed)
{
    const GPtrArray *inputs = vdt_session_get_graph(session)->inputs;

    for (guint i = 0; i < inputs->len; i++) {
        VdtTensor *input = vdt_session_get_input(session, i);
        g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT " input %u", seed, i);

        if (input->dtype == VDT_I32)
            fill_integers(input, inputs->pdata[i], seed + i);
        else
            vdt_tensor_fill_uniform(input, key, -1, 1);
    }
}

GPtrArray *fill_states(VdtSession *session, guint64 seed)
{
    const GPtrArray *nodes = vdt_session_get_graph(session)->states;
    GPtrArray *states = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_state_unref);

    for (guint i = 0; i < nodes->len; i++) {
        const VdtNode *node = nodes->pdata[i];
        g_autofree char *key = g_strdup_printf("%" G_GUINT64_FORMAT " state %u", seed, i);
        g_autoptr(GError) error = NULL;
        VdtState *state = vdt_state_new(node->dtype, &node->shape, &error);

        g_assert_no_error(error);
        vdt_tensor_fill_uniform(vdt_state_get_tensor(state), key, -1, 1);
        g_assert_true(vdt_session_set_state(session, node->name, state, &error));
        g_ptr_array_add(states, state);
    }
    return states;
}

void run_session(VdtSession *session)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(vdt_session_run(session, NULL, &error));
    g_assert_no_error(error);
}

VdtSession *run_plan(VdtPlan *plan, guint64 seed)
{
    VdtSession *session = make_session(plan);

    g_ptr_array_unref(fill_states(session, seed));
    fill_inputs(session, seed);
    run_session(session);
    return session;
}

gsize live_elements(VdtSession *session, guint i)
{
    const VdtNode *node = g_array_index(vdt_session_get_graph(session)->outputs, VdtNamed, i).node;
    const gint64 n = vdt_shape_elements(&node->shape);

    if (!node->live)
        return n;
    return n / node->shape.dims[0] *
           *(const gint32 *)vdt_session_find_input(session, node->live->name)->data;
}

/* Of the first @n elements. */
static double relative_difference(const VdtTensor *tensor, const VdtTensor *right, gsize n)
{
    const float *a = tensor->data, *b = right->data;
    double difference = 0, total = 0;

    g_assert_true(vdt_shape_equal(&tensor->shape, &right->shape));
    g_assert_cmpint(tensor->dtype, ==, right->dtype);
    if (right->dtype == VDT_I32)
        return memcmp(a, b, n * sizeof *a) == 0 ? 0 : INFINITY;
    for (gsize i = 0; i < n; i++) {
        difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        total += (double)b[i] * b[i];
    }
    /* Of a few numbers all may be small by chance, as sums of terms near 1. */
    if (n < 64)
        total = MAX(total, 0.1 * (double)n);
    if (difference == 0)
        return 0;
    return isnan(difference) ? INFINITY : sqrt(difference / total);
}

double compare_outputs(VdtSession *session, VdtSession *right, guint *worst)
{
    const VdtTensor *output;
    double most = 0;

    for (guint i = 0; (output = vdt_session_get_output(right, i)); i++) {
        double difference = relative_difference(vdt_session_get_output(session, i), output,
                                                live_elements(right, i));

        if (difference > most) {
            most = difference;
            if (worst)
                *worst = i;
        }
    }
    return most;
}

void assert_same_bits(VdtSession *a, VdtSession *b)
{
    const VdtTensor *output;

    for (guint i = 0; (output = vdt_session_get_output(a, i)); i++)
        g_assert_cmpmem(output->data, live_elements(a, i) * sizeof(float),
                        vdt_session_get_output(b, i)->data, live_elements(b, i) * sizeof(float));
}

VdtGraph *small_network(int batch, int height, int width)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "net");
    VdtShape input = vdt_shape(batch, 12, height, width), flat = vdt_shape(batch, -1);
    VdtValue *x = vdt_input(graph, "x", &input), *y, *gate;

    x = vdt_conv2d(vdt_in(s, "stem"), x, .out = 40, .kernel = 3, .pad = 1);
    x = vdt_relu(vdt_batch_norm(vdt_in(s, "stem_bn"), x));
    y = vdt_conv2d(vdt_in(s, "wide"), x, .out = 40, .kernel = 3, .pad = 1, .bias = TRUE);
    y = vdt_conv2d(vdt_in(s, "depthwise"), y, .out = 40, .kernel = 3, .pad = 1, .groups = 40);
    gate = vdt_conv2d(vdt_in(s, "gate"), vdt_global_avg_pool(x), .out = 40, .kernel = 1);
    y = vdt_mul(y, vdt_sigmoid(gate));
    x = vdt_relu(vdt_add(vdt_conv2d(vdt_in(s, "mix"), y, .out = 40, .kernel = 1), x));
    vdt_output(graph, "map", vdt_tap(x, "map"));
    x = vdt_max_pool2d(x, .kernel = 3, .stride = 2, .pad = 1);
    x = vdt_reshape(vdt_global_avg_pool(x), &flat);
    vdt_output(graph, "scores", vdt_linear(vdt_in(s, "head"), x, .out = 11));
    return graph;
}
