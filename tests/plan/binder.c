/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights that do not fit, all of it said at once, and weights of other types, which do. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "fixture.h"

static VdtGraph *network(void)
{
    VdtGraph *graph = vdt_graph_new();
    VdtScope s = vdt_scope(graph, "");
    VdtShape shape = vdt_shape(1, 3, 5, 5);
    VdtValue *x = vdt_input(graph, "x", &shape);

    x = vdt_conv2d(vdt_in(s, "a"), x, .out = 4, .kernel = 3, .bias = TRUE);
    x = vdt_batch_norm(vdt_in(s, "b"), x);
    vdt_output(graph, "y", x);
    return graph;
}

static void replace(VdtWeights *weights, const char *name, VdtDType dtype, const VdtShape *shape)
{
    g_autoptr(VdtTensor) tensor = vdt_tensor_new(dtype, shape, NULL);

    vdt_weights_insert(weights, name, tensor);
}

static void convert(VdtWeights *weights, const char *name, VdtDType dtype)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtTensor) tensor =
        vdt_tensor_convert(vdt_weights_lookup(weights, name), dtype, &error);

    g_assert_no_error(error);
    vdt_weights_insert(weights, name, tensor);
}

/* The message of the failure, which is the same for both kinds of plan. */
static char *refusal(VdtGraph *graph, VdtWeights *weights)
{
    char *message = NULL;

    for (VdtPlanKind kind = VDT_PLAN_INFER; kind <= VDT_PLAN_TRACE; kind++) {
        g_autoptr(GError) error = NULL;
        VdtPlan *plan = vdt_plan_new(graph, weights, &(VdtPlanOptions){.kind = kind}, &error);

        g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
        g_assert_null(plan);
        if (message)
            g_assert_cmpstr(error->message, ==, message);
        else
            message = g_strdup(error->message);
    }
    return message;
}

static void assert_mentions(const char *message, const char *part)
{
    if (!strstr(message, part))
        g_error("\"%s\" does not mention \"%s\"", message, part);
}

static void test_all_at_once(void)
{
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) all = make_weights(graph, 1), weights = vdt_weights_new();
    g_autofree char *message = NULL;
    VdtShape turned = vdt_shape(3, 4, 3, 3), short_shape = vdt_shape(3), four = vdt_shape(4);

    vdt_weights_set_origin(weights, "some/file.pth");
    for (guint i = 0; i < vdt_weights_get_n_tensors(all); i++) {
        const char *name = vdt_weights_get_name(all, i);

        if (!g_str_equal(name, "a.bias") && !g_str_equal(name, "b.running_mean"))
            vdt_weights_insert(weights, name, vdt_weights_get_tensor(all, i));
    }
    replace(weights, "a.weight", VDT_F32, &turned);
    replace(weights, "b.bias", VDT_F32, &short_shape);
    replace(weights, "b.running_var", VDT_BOOL, &four);
    ((float *)vdt_weights_lookup(weights, "b.weight")->data)[2] = NAN;

    message = refusal(graph, weights);
    assert_mentions(message, "some/file.pth");
    assert_mentions(message, "a.bias");
    assert_mentions(message, "b.running_mean");
    assert_mentions(message, "a.weight");
    assert_mentions(message, "[3,4,3,3]");
    assert_mentions(message, "[4,3,3,3]");
    assert_mentions(message, "b.bias");
    assert_mentions(message, "[3]");
    assert_mentions(message, "[4]");
    assert_mentions(message, "b.running_var");
    assert_mentions(message, "bool");
    assert_mentions(message, "b.weight");
}

static void test_not_finite(void)
{
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};

    for (guint i = 0; i < 4 * G_N_ELEMENTS(bad); i++) {
        g_autoptr(VdtGraph) graph = network();
        g_autoptr(VdtWeights) weights = make_weights(graph, 1);
        VdtTensor *tensor = vdt_weights_lookup(weights, "a.weight");
        gsize last = tensor->n_bytes / sizeof(float) - 1;
        g_autofree char *message = NULL;

        ((float *)tensor->data)[i / 4 * last / 3] = bad[i % 4];
        if (i % 2)
            ((float *)tensor->data)[last / 2] = -bad[i % 4]; /* they must not cancel */
        message = refusal(graph, weights);
        assert_mentions(message, "a.weight");
        g_assert_null(strstr(message, "a.bias"));
    }
}

/* A long list is cut, but its length is told. */
static void test_many_missing(void)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_autoptr(VdtWeights) weights = vdt_weights_new();
    g_autofree char *message = NULL;
    VdtScope s = vdt_scope(graph, "");
    VdtShape shape = vdt_shape(1, 2, 3, 3);
    VdtValue *x = vdt_input(graph, "x", &shape);

    for (guint i = 0; i < 500; i++)
        x = vdt_conv2d(vdt_in(s, "layer%u", i), x, .out = 2, .kernel = 1);
    vdt_output(graph, "y", x);
    message = refusal(graph, weights);
    assert_mentions(message, "500");
    assert_mentions(message, "layer0.weight");
    g_assert_cmpuint(strlen(message), <, 2000);
}

/* Tensors the network does not know are no mistake. */
static void test_unused(void)
{
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    VdtShape shape = vdt_shape(7);

    replace(weights, "optimizer.step", VDT_I64, &shape);
    vdt_plan_unref(make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32));
}

static void test_types(void)
{
    static const struct {
        VdtDType dtype;
        double limit;
    } types[] = {{VDT_F64, 1e-6}, {VDT_F16, 1e-3}, {VDT_BF16, 1e-2}};
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) plain = make_weights(graph, 1);
    g_autoptr(VdtPlan) trace = make_plan(graph, plain, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right = run_plan(trace, 1);

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(VdtWeights) weights = make_weights(graph, 1);
        g_autoptr(VdtPlan) plan = NULL;
        g_autoptr(VdtSession) session = NULL;

        for (guint j = 0; j < vdt_weights_get_n_tensors(weights); j++)
            convert(weights, vdt_weights_get_name(weights, j), types[i].dtype);
        plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        session = run_plan(plan, 1);
        g_assert_cmpfloat(compare_outputs(session, right, NULL), <, types[i].limit);
    }
}

/* Looked for in the file's own type. */
static void test_not_finite_types(void)
{
    static const VdtDType types[] = {VDT_F64, VDT_F16, VDT_BF16};
    const float bad[] = {NAN, -INFINITY, INFINITY};

    for (guint i = 0; i < G_N_ELEMENTS(types) * G_N_ELEMENTS(bad); i++) {
        g_autoptr(VdtGraph) graph = network();
        g_autoptr(VdtWeights) weights = make_weights(graph, 1);
        float *values = vdt_weights_lookup(weights, "a.weight")->data;
        g_autofree char *message = NULL;

        values[i] = bad[i % G_N_ELEMENTS(bad)];
        if (i % 2)
            values[50] = -values[i];
        convert(weights, "a.weight", types[i / G_N_ELEMENTS(bad)]);
        convert(weights, "a.bias", types[i / G_N_ELEMENTS(bad)]);
        message = refusal(graph, weights);
        assert_mentions(message, "a.weight");
        g_assert_null(strstr(message, "a.bias"));
    }
}

/* Numbers that are almost too large are none of them. */
static void test_largest(void)
{
    static const struct {
        VdtDType dtype;
        float largest;
    } types[] = {{VDT_F64, FLT_MAX}, {VDT_F16, 65504}, {VDT_BF16, 0x1.fep127f}};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(VdtGraph) graph = network();
        g_autoptr(VdtWeights) weights = make_weights(graph, 1);

        ((float *)vdt_weights_lookup(weights, "a.weight")->data)[7] = types[i].largest;
        convert(weights, "a.weight", types[i].dtype);
        vdt_plan_unref(make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32));
    }
}

/* A double that no float holds is not finite either. */
static void test_overflow(void)
{
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);
    g_autofree char *message = NULL;

    convert(weights, "a.weight", VDT_F64);
    ((double *)vdt_weights_lookup(weights, "a.weight")->data)[5] = 1e300;
    message = refusal(graph, weights);
    assert_mentions(message, "a.weight");
}

/* Finite, but not its square root. */
static void test_negative_variance(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtGraph) graph = network();
    g_autoptr(VdtWeights) weights = make_weights(graph, 1);

    ((float *)vdt_weights_lookup(weights, "b.running_var")->data)[2] = -1;
    g_assert_null(vdt_plan_new(graph, weights, &(VdtPlanOptions){.kind = VDT_PLAN_INFER}, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_WEIGHTS);
    assert_mentions(error->message, "b.running_var");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/binder/all-at-once", test_all_at_once);
    g_test_add_func("/plan/binder/not-finite", test_not_finite);
    g_test_add_func("/plan/binder/many-missing", test_many_missing);
    g_test_add_func("/plan/binder/unused", test_unused);
    g_test_add_func("/plan/binder/types", test_types);
    g_test_add_func("/plan/binder/not-finite-types", test_not_finite_types);
    g_test_add_func("/plan/binder/largest", test_largest);
    g_test_add_func("/plan/binder/overflow", test_overflow);
    g_test_add_func("/plan/binder/negative-variance", test_negative_variance);
    return g_test_run();
}
