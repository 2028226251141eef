/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks are asked for: what tells two plans apart, and what a network does not know. */
#include <string.h>

#include "model.h"

static VdtBuild usual(void)
{
    VdtShape input = vdt_shape(1, 3, 16, 64, 64);
    return vdt_model_ask(vdt_model_find("squeezetime", NULL), &input);
}

static void test_equal(void)
{
    VdtBuild a = usual(), b = usual();
    g_assert_true(vdt_build_equal(&a, &b));
    b.inputs[1] = vdt_shape(7); /* beyond the inputs there are: nobody's */
    g_assert_true(vdt_build_equal(&a, &b));

    VdtBuild others[7];
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        others[i] = usual();
    others[0].inputs[0] = vdt_shape(1, 3, 16, 64, 32);
    others[1].n_inputs = 2;
    others[1].inputs[1] = vdt_shape(7);
    others[2] = others[1];
    others[2].inputs[1] = vdt_shape(8);
    others[3].task = VDT_TASK_SEGMENTATION;
    others[4].merge = 8;
    others[5].phase = VDT_PHASE_STEP;
    others[6].restoration = 0;
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_false(vdt_build_equal(&a, &others[i]));
        for (guint k = 0; k < G_N_ELEMENTS(others); k++)
            g_assert_cmpint(vdt_build_equal(&others[i], &others[k]), ==, i == k);
    }
}

static void test_tasks(void)
{
    g_assert_cmpint(vdt_model_find("squeezetime", NULL)->task, ==, VDT_TASK_RECOGNITION);
    g_assert_cmpint(vdt_model_find("cgrseg", NULL)->task, ==, VDT_TASK_SEGMENTATION);
}

/* @asked is refused with @text, and nothing is added to the graph. */
static void check_refused(const VdtModel *model, VdtBuild asked, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) config = vdt_variant_config(vdt_model_find_variant(model, "small", NULL));
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    g_assert_false(model->build(config, graph, &asked, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_UNSUPPORTED);
    if (strstr(error->message, model->name) == NULL || strstr(error->message, text) == NULL)
        g_error("'%s' does not have '%s' in it", error->message, text);
    g_assert_cmpuint(vdt_graph_get_n_params(graph), ==, 0);
}

static void test_refused(void)
{
    for (guint i = 0; i < 2; i++) {
        const VdtModel *model = vdt_model_find(i == 0 ? "squeezetime" : "cgrseg", NULL);
        g_autoptr(JsonObject) config =
            vdt_variant_config(vdt_model_find_variant(model, "small", NULL));
        VdtShape input = model->input_shape(config, 1, 64, 64);
        VdtBuild asked = vdt_model_ask(model, &input);
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        g_assert_true(model->build(config, graph, &asked, NULL));

        VdtBuild two = asked, none = asked, other = asked, merging = asked, step = asked,
                 restoring = asked;
        two.n_inputs = 2;
        two.inputs[1] = input;
        check_refused(model, two, "one input, not 2");
        none.n_inputs = 0;
        check_refused(model, none, "one input, not 0");
        other.task = VDT_TASK_CLASSIFICATION;
        check_refused(model, other, "not for classification");
        merging.merge = 8;
        check_refused(model, merging, "merge 8 tokens");
        step.phase = VDT_PHASE_PROMPT;
        check_refused(model, step, "no phase 1");
        restoring.restoration = 0;
        check_refused(model, restoring, "no restoration 0");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/build/equal", test_equal);
    g_test_add_func("/build/tasks", test_tasks);
    g_test_add_func("/build/refused", test_refused);
    return g_test_run();
}
