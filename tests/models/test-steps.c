/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many steps of each network run by an op's definition, on one thread. It is easy to write a
 * network whose plan has no kernel for what it does, and nothing fails: it is just slow.
 */
#include <vedette/ops.h>
#include <vedette/plan.h>
#include <vedette/train.h>

#include "model.h"

static const struct {
    const char *architecture, *variant;
    guint infer, train; /* reference steps there may be; G_MAXUINT: not trained here */
} networks[] = {
    {"squeezetime", "r50-k400", 0, G_MAXUINT},
    {"squeezetime", "small", 0, 0},
    /* hard_sigmoid four times, forward and back: a vector for each picture */
    {"cgrseg", "small", 0, 8},
    {"cgrseg", "T-ade20k", 0, G_MAXUINT},
    {"cgrseg", "B-ade20k", 0, G_MAXUINT},
    {"tocom", "deit_t", 0, 0},
    {"tocom", "deit_b", 0, G_MAXUINT},
};

/* With a loss, if it is to be trained. */
static VdtGraph *make_graph(const char *architecture, const char *name, gboolean trains)
{
    const VdtModel *model = vdt_model_find(architecture, NULL);
    const VdtVariant *variant = vdt_model_find_variant(model, name, NULL);
    g_autoptr(JsonObject) config = vdt_variant_config(variant);
    VdtShape input = model->input_shape(config, 1, variant->bench_width, variant->bench_height);
    VdtBuild asked = vdt_model_ask(model, &input);
    VdtGraph *graph = vdt_graph_new();
    g_autoptr(GError) error = NULL;

    model->build(config, graph, &asked, &error);
    g_assert_no_error(error);
    if (trains) {
        VdtValue *logits = vdt_graph_find_output(graph, "logits");
        VdtShape shape = vdt_value_shape(logits), labels = vdt_shape(shape.dims[0]);

        if (shape.n_dims == 4)
            labels = vdt_shape(shape.dims[0], shape.dims[2], shape.dims[3]);
        vdt_output(graph, "loss", vdt_cross_entropy(logits, vdt_input(graph, "labels", &labels)));
    }
    vdt_graph_check(graph, &error);
    g_assert_no_error(error);
    return graph;
}

static void check(guint i, const VdtPlanOptions *options, guint limit)
{
    const gboolean trains = options->kind == VDT_PLAN_TRAIN;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtGraph) graph = make_graph(networks[i].architecture, networks[i].variant, trains);
    g_autoptr(VdtWeights) weights = vdt_weights_new_random(graph, 1);
    g_autoptr(VdtPlan) plan = vdt_plan_new(graph, weights, options, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    g_test_message("%s %s, kind %d, precision %d", networks[i].architecture, networks[i].variant,
                   options->kind, options->precision);
    text = vdt_plan_describe(plan);
    if (vdt_plan_count_steps(plan, "reference") > limit)
        g_error("more than %u steps are by definition:\n%s", limit, text);
}

static void test_infer(gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++)
        check(i, &(VdtPlanOptions){VDT_PLAN_INFER, GPOINTER_TO_INT(data)}, networks[i].infer);
}

static void test_train(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++)
        if (networks[i].train != G_MAXUINT)
            check(i, &(VdtPlanOptions){VDT_PLAN_TRAIN, VDT_PRECISION_F32}, networks[i].train);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/models/steps/f32", GINT_TO_POINTER(VDT_PRECISION_F32), test_infer);
    g_test_add_data_func("/models/steps/bf16", GINT_TO_POINTER(VDT_PRECISION_BF16), test_infer);
    g_test_add_data_func("/models/steps/int8", GINT_TO_POINTER(VDT_PRECISION_INT8), test_infer);
    g_test_add_func("/models/steps/train", test_train);
    return g_test_run();
}
