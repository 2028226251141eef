/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ten steps of a small SqueezeTime at every instruction set against PyTorch: the losses, and all
 * gradients of the first step. record.py has the other description of the network, and the same
 * rules for what goes in.
 */
#include <math.h>
#include <vedette/ops.h>
#include <vedette/runtime.h>
#include <vedette/train.h>

#include "model.h"

#define STEPS   10
#define BATCH   4
#define FRAMES  4
#define SIDE    64
#define CLASSES 5
#define SQUARE  8
#define BOUND   1e-3

static const char config_text[] =
    "{\"block\": \"bottleneck\", \"layers\": [1, 1, 1, 1], \"planes\": [16, 16, 32, 32], "
    "\"expansion\": 4, \"frames\": 4, \"pos_dim\": [8, 4, 2, 1], \"num_classes\": 5, "
    "\"dropout\": 0}";

static VdtGraph *build(void)
{
    g_autoptr(JsonNode) node = json_from_string(config_text, NULL);
    g_autoptr(GError) error = NULL;
    VdtGraph *graph = vdt_graph_new();
    VdtShape clips = vdt_shape(BATCH, 3, FRAMES, SIDE, SIDE), batch = vdt_shape(BATCH);
    const VdtModel *model = vdt_model_find("squeezetime", NULL);
    VdtBuild asked = vdt_model_ask(model, &clips);

    model->build(json_node_get_object(node), graph, &asked, &error);
    g_assert_no_error(error);
    vdt_output(graph, "loss",
               vdt_cross_entropy(vdt_graph_find_output(graph, "logits"),
                                 vdt_input(graph, "labels", &batch), .label_smoothing = 0.1));
    vdt_graph_check(graph, &error);
    g_assert_no_error(error);
    return graph;
}

static void fill_param(VdtTensor *tensor, const char *name)
{
    double low = -0.1, high = 0.1;

    if (g_str_has_suffix(name, "pos_embed")) {
        low = -0.5;
        high = 0.5;
    } else if (g_str_has_suffix(name, "bn3.weight")) {
        low = 0.1;
        high = 0.5;
    } else if (g_str_has_suffix(name, "fc_cls.weight")) {
        low = -0.05;
        high = 0.05;
    } else if (tensor->shape.n_dims > 1) {
        gint64 fan_in = vdt_shape_elements(&tensor->shape) / tensor->shape.dims[0];

        high = sqrt(6.0 / (double)fan_in);
        low = -high;
    } else if (!g_str_has_suffix(name, "running_mean") && !g_str_has_suffix(name, "bias")) {
        low = 0.5;
        high = 1.5;
    }
    vdt_tensor_fill_uniform(tensor, name, low, high);
}

static VdtWeights *make_weights(const VdtGraph *graph)
{
    VdtWeights *weights = vdt_weights_new();

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        VdtShape shape;
        const char *name = vdt_graph_get_param(graph, i, &shape);
        g_autoptr(VdtTensor) tensor = vdt_tensor_new(VDT_F32, &shape, NULL);

        fill_param(tensor, name);
        vdt_weights_insert(weights, name, tensor);
    }
    return weights;
}

static void fill_inputs(VdtSession *session)
{
    VdtShape shape = vdt_shape(3 * FRAMES, SIDE / SQUARE, SIDE / SQUARE);
    float *clip = vdt_session_get_input(session, 0)->data;
    float *labels = vdt_session_get_input(session, 1)->data;

    for (int i = 0; i < BATCH; i++, clip += 3 * FRAMES * SIDE * SIDE) {
        g_autoptr(VdtTensor) squares = vdt_tensor_new(VDT_F32, &shape, NULL);
        g_autofree char *name = g_strdup_printf("clip%d", i);
        const float *colours = squares->data;

        vdt_tensor_fill_uniform(squares, name, -1, 1 + i);
        for (int k = 0; k < 3 * FRAMES * SIDE * SIDE; k++)
            clip[k] = colours[k / SIDE / SQUARE * (SIDE / SQUARE) + k % SIDE / SQUARE];
        labels[i] = i * 3 % CLASSES;
    }
}

static const VdtTensor *recorded(const VdtWeights *record, const char *format, const char *name)
{
    g_autofree char *key = g_strconcat(format, name, NULL);
    const VdtTensor *tensor = vdt_weights_lookup(record, key);

    if (!tensor)
        g_error("%s is not recorded", key);
    return tensor;
}

static double norm(const float *x, gsize n)
{
    double sum = 0;

    for (gsize i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

/* Difference to the record, relative to it; what is 0 but for rounding, as the gradient of a bias
 * before a batch norm, is held against @least. */
static double deviation(const VdtTensor *got, const VdtTensor *want, double least)
{
    const float *a = got->data, *b = want->data;
    gsize n = want->n_bytes / sizeof *b;
    double sum = 0;

    g_assert_true(vdt_shape_equal(&got->shape, &want->shape));
    for (gsize i = 0; i < n; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum) / fmax(norm(b, n), least);
}

static void check_gradients(VdtSession *session, const VdtWeights *record, double whole)
{
    const VdtGraph *graph = vdt_session_get_graph(session);
    double worst = 0;

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        const char *name = vdt_graph_get_param(graph, i, NULL);
        const VdtTensor *got = vdt_session_get_gradient(session, i);
        double relative;

        g_assert_true((got != NULL) == vdt_graph_is_trained(graph, i));
        if (!got)
            continue;
        relative = deviation(got, recorded(record, "gradient:", name), 1e-3 * whole);
        if (!(relative <= BOUND))
            g_error("the gradient of %s deviates by %g", name, relative);
        worst = fmax(worst, relative);
    }
    g_test_message("gradients: %g", worst);
}

static void check_after(VdtSession *session, const VdtWeights *record)
{
    const VdtGraph *graph = vdt_session_get_graph(session);
    guint n = 0;

    for (guint i = 0; i < vdt_graph_get_n_params(graph); i++) {
        g_autofree char *key = g_strconcat("after:", vdt_graph_get_param(graph, i, NULL), NULL);
        const VdtTensor *want = vdt_weights_lookup(record, key);
        double relative;

        if (!want)
            continue;
        relative = deviation(vdt_session_get_param(session, i), want, 0);
        g_test_message("%s: %g", key, relative);
        g_assert_cmpfloat(relative, <=, BOUND);
        n++;
    }
    g_assert_cmpuint(n, ==, 3);
}

static void test_isa(gconstpointer data)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "squeezetime.safetensors", NULL);
    g_autoptr(VdtWeights) record = vdt_weights_load(path, NULL);
    g_autoptr(VdtGraph) graph = build();
    g_autoptr(VdtWeights) weights = make_weights(graph);
    const VdtTrainOptions options = {
        .momentum = 0.9,
        .weight_decay = 7e-5,
        .decay_vectors = TRUE,
        .max_norm = 2,
        .schedule = {.rate = 0.015, .steps = STEPS},
    };
    const VdtPlanOptions train = {.kind = VDT_PLAN_TRAIN};
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtPlan) plan = NULL;
    g_autoptr(VdtSession) session = NULL;
    g_autoptr(VdtTrainer) trainer = NULL;
    const float *losses;
    double worst = 0;

    g_assert_nonnull(record);
    losses = recorded(record, "losses", "")->data;
    vdt_isa_limit(GPOINTER_TO_UINT(data));
    plan = vdt_plan_new(graph, weights, &train, &error);
    g_assert_no_error(error);
    session = vdt_session_new(plan, &error);
    g_assert_no_error(error);
    trainer = vdt_trainer_new(session, &options, &error);
    g_assert_no_error(error);
    for (int step = 0; step < STEPS; step++) {
        VdtTrainReport report;

        fill_inputs(session);
        vdt_trainer_step(trainer, NULL, &report, &error);
        g_assert_no_error(error);
        g_assert_true(report.rate == 0.015);
        if (step == 0) {
            double whole = *(const float *)recorded(record, "norm", "")->data;

            g_assert_cmpfloat_with_epsilon(report.gradient_norm, whole, BOUND * whole);
            check_gradients(session, record, whole);
        }
        worst = fmax(worst, fabs(report.loss - losses[step]) / losses[step]);
        g_test_message("loss %g, recorded %g", report.loss, losses[step]);
        g_assert_cmpfloat_with_epsilon(report.loss, losses[step], BOUND * losses[step]);
    }
    g_test_message("losses: %g", worst);
    check_after(session, record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint isa = 0; isa <= vdt_isa_get_available(); isa++) {
        g_autofree char *path = g_strdup_printf("/parity/%s", vdt_isa_name(isa));

        g_test_add_data_func(path, GUINT_TO_POINTER(isa), test_isa);
    }
    return g_test_run();
}
