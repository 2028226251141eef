/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "golden.h"

/* Of a configuration that is completed: a network is built for each. */
#define MOST_KEYS 64

static VdtGraph *graph_of(const VdtModel *model, JsonObject *config, const VdtShape *input,
                          GError **error)
{
    VdtBuild asked = vdt_model_ask(model, input);
    g_autoptr(VdtGraph) graph = vdt_graph_new();
    if (!model->build(config, graph, &asked, error) || !vdt_graph_check(graph, error))
        return NULL;
    return g_steal_pointer(&graph);
}

/* How many of @weights the network takes; -1 if it is NULL or wants others. */
static int count_taken(const VdtGraph *graph, VdtWeights *weights)
{
    int n = graph != NULL ? (int)vdt_graph_get_n_params(graph) : -1;
    for (int i = 0; i < n; i++) {
        VdtShape shape;
        const VdtTensor *tensor =
            vdt_weights_lookup(weights, vdt_graph_get_param(graph, i, &shape));
        if (tensor == NULL || !vdt_shape_equal(&tensor->shape, &shape))
            return -1;
    }
    return n;
}

/* A copy of @config with @value under @key. */
static JsonObject *with(JsonObject *config, const char *key, JsonNode *value)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT), copy = NULL;
    json_node_set_object(node, config);
    g_autofree char *text = json_to_string(node, FALSE);
    copy = json_from_string(text, NULL);
    json_object_set_member(json_node_get_object(copy), key, json_node_copy(value));
    return json_node_dup_object(copy);
}

/* The network that @weights look like, completed by @config; NULL if the two contradict each
 * other. */
static VdtGraph *seen_in(VdtWeights *weights, JsonObject *config, const VdtModel *model,
                         const VdtShape *input)
{
    g_autoptr(JsonObject) seen = NULL;
    const char *variant;
    if (json_object_get_size(config) > MOST_KEYS ||
        vdt_model_recognise(weights, &seen, &variant) != model)
        return NULL;
    g_autoptr(VdtGraph) graph = graph_of(model, seen, input, NULL);
    int most = count_taken(graph, weights);
    g_autoptr(GList) keys = json_object_get_members(config);
    for (GList *l = keys; l != NULL && most >= 0; l = l->next) {
        g_autoptr(JsonObject) tried = with(seen, l->data, json_object_get_member(config, l->data));
        g_autoptr(VdtGraph) other = graph_of(model, tried, input, NULL);
        if (count_taken(other, weights) != most)
            return NULL;
        json_object_unref(seen);
        seen = g_steal_pointer(&tried);
        vdt_graph_unref(graph);
        graph = g_steal_pointer(&other);
    }
    return most >= 0 ? g_steal_pointer(&graph) : NULL;
}

VdtGraph *golden_network(JsonObject *golden_case, JsonObject *config, const VdtModel *model,
                         const VdtShape *input, gboolean *by_tensors, GError **error)
{
    g_autoptr(GError) mistake = NULL;
    g_autoptr(VdtGraph) stated = graph_of(model, config, input, &mistake), seen = NULL;
    g_autoptr(VdtWeights) weights = golden_weights(golden_case, NULL, NULL);
    if (weights != NULL)
        seen = seen_in(weights, config, model, input);
    *by_tensors = seen != NULL && count_taken(seen, weights) > count_taken(stated, weights);
    if (*by_tensors)
        return g_steal_pointer(&seen);
    if (stated == NULL)
        g_propagate_error(error, g_steal_pointer(&mistake));
    return g_steal_pointer(&stated);
}
