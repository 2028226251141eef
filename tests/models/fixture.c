/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <string.h>

JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_node_dup_object(node);
}

/* NULL if it is refused. */
static VdtGraph *try_graph(const VdtModel *model, JsonObject *config, VdtShape input,
                           GError **error)
{
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    VdtBuild asked = vdt_model_ask(model, &input);
    gboolean ok = model->build(config, graph, &asked, error) && vdt_graph_check(graph, error);
    return ok ? g_steal_pointer(&graph) : NULL;
}

VdtGraph *graph_of(const VdtModel *model, JsonObject *config, VdtShape input)
{
    g_autoptr(GError) error = NULL;
    VdtGraph *graph = try_graph(model, config, input, &error);
    g_assert_no_error(error);
    return graph;
}

void check_refused(const VdtModel *model, const Refused *refused, guint n, VdtShape input)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) config = parse(refused[i].config);
        g_autoptr(VdtGraph) graph = vdt_graph_new();
        VdtBuild asked = vdt_model_ask(model, &input);
        g_assert_false(model->build(config, graph, &asked, &error));
        g_assert_error(error, VDT_ERROR, VDT_ERROR_MODEL);
        if (strstr(error->message, refused[i].key) == NULL ||
            strstr(error->message, refused[i].limit) == NULL)
            g_error("%s: %s", refused[i].config, error->message);
    }
}

void check_inputs(const VdtModel *model, JsonObject *config, const Input *inputs, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        VdtShape shape = vdt_shape_from(inputs[i].dims, inputs[i].n_dims);
        g_autoptr(VdtGraph) graph = try_graph(model, config, shape, &error);
        g_assert_cmpint(graph != NULL, ==, inputs[i].ok);
        if (!graph)
            g_assert_error(error, VDT_ERROR, VDT_ERROR_SHAPE);
    }
}
