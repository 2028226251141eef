/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tokens a vision transformer merges in an INFER plan, at each instruction set: those that
 * the authors' code does, to the last one. */
#include <string.h>
#include <vedette/plan.h>

#include "fixture.h"
#include "graph/node.h"
#include "official.h"

#define CASE "deit_ti-r8-from0"

static VdtTensor *filled(JsonObject *spec, const char *prefix)
{
    g_autofree char *name = g_strconcat(prefix, json_object_get_string_member(spec, "name"), NULL);
    VdtShape shape = official_shape(spec);
    VdtTensor *tensor = vdt_tensor_new(VDT_F32, &shape, NULL);
    g_assert_nonnull(tensor);
    vdt_tensor_fill_uniform(tensor, name, json_object_get_double_member(spec, "lo"),
                            json_object_get_double_member(spec, "hi"));
    return tensor;
}

static JsonObject *element(JsonObject *json, const char *key, guint i)
{
    return json_array_get_object_element(json_object_get_array_member(json, key), i);
}

/* The network with what it merges as outputs. */
static VdtGraph *build(JsonObject *json)
{
    VdtGraph *graph =
        graph_of(vdt_model_find("tocom", NULL), json_object_get_object_member(json, "config"),
                 official_shape(element(json, "inputs", 0)));
    for (guint i = 0; i < graph->taps->len; i++) {
        const VdtNamed *tap = &g_array_index(graph->taps, VdtNamed, i);
        if (g_str_has_prefix(tap->name, "merge"))
            vdt_output(graph, tap->name, tap->node);
    }
    return graph;
}

static guint compare(VdtSession *session, VdtWeights *expected, JsonObject *json)
{
    JsonArray *list = json_object_get_array_member(json, "intermediates");
    guint n = 0;
    for (guint i = 0; i < json_array_get_length(list); i++) {
        const char *name = json_object_get_string_member(element(json, "intermediates", i), "name");
        if (!g_str_has_prefix(name, "merge"))
            continue;
        const VdtTensor *got = vdt_session_find_output(session, name);
        const VdtTensor *want = vdt_weights_lookup(expected, name);
        g_assert_cmpint(want->dtype, ==, VDT_I32);
        g_assert_cmpmem(got->data, got->n_bytes, want->data, want->n_bytes);
        n++;
    }
    return n;
}

static void test_infer(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "tests", "golden", "tocom", CASE,
                                                  "expect.safetensors", NULL);
    g_autoptr(JsonObject) json = official_case("tocom", CASE);
    g_autoptr(VdtWeights) weights = vdt_weights_new(), expected = vdt_weights_load(path, NULL);
    g_autoptr(VdtTensor) input = filled(element(json, "inputs", 0), "input:");
    guint n = json_array_get_length(json_object_get_array_member(json, "weights"));
    for (guint i = 0; i < n; i++) {
        JsonObject *spec = element(json, "weights", i);
        g_autoptr(VdtTensor) tensor = filled(spec, "");
        vdt_weights_insert(weights, json_object_get_string_member(spec, "name"), tensor);
    }
    for (int isa = VDT_ISA_C; isa <= (int)vdt_isa_get_available(); isa++) {
        vdt_isa_limit(isa);
        g_autoptr(VdtGraph) graph = build(json);
        g_autoptr(VdtPlan) plan =
            vdt_plan_new(graph, weights, &(VdtPlanOptions){VDT_PLAN_INFER}, NULL);
        g_autoptr(VdtSession) session = vdt_session_new(plan, NULL);
        VdtTensor *to = vdt_session_get_input(session, 0);
        memcpy(to->data, input->data, to->n_bytes);
        g_assert_true(vdt_session_run(session, NULL, NULL));
        g_assert_cmpuint(compare(session, expected, json), ==, 6);
        /* attention takes in the keys' sizes, and nothing is left to a reference kernel but the
         * class token of each sample */
        g_assert_cmpuint(vdt_plan_count_steps(plan, "attend"), ==, 12);
        g_assert_cmpuint(vdt_plan_count_steps(plan, "match_tokens"), ==, 12);
        g_assert_cmpuint(vdt_plan_count_steps(plan, "reference"), ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/merges/infer", test_infer);
    return g_test_run();
}
