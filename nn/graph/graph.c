/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building and asking a graph. Names and scopes are in scope.c.
 */
#include "node.h"

/* So that a count of bytes, in double, fits a gsize wherever one is computed. */
#define MAX_ELEMENTS (G_MAXINT64 / 8)

static void node_free(gpointer data)
{
    VdtNode *node = data;

    g_free(node->name);
    g_free(node);
}

static void named_clear(gpointer data)
{
    g_free(((VdtNamed *)data)->name);
}

VdtGraph *vdt_graph_new(void)
{
    VdtGraph *graph = g_new0(VdtGraph, 1);

    graph->ref_count = 1;
    graph->nodes = g_ptr_array_new_with_free_func(node_free);
    graph->params = g_ptr_array_new();
    graph->inputs = g_ptr_array_new();
    graph->states = g_ptr_array_new();
    graph->writes = g_ptr_array_new();
    graph->outputs = g_array_new(FALSE, FALSE, sizeof(VdtNamed));
    g_array_set_clear_func(graph->outputs, named_clear);
    graph->taps = g_array_new(FALSE, FALSE, sizeof(VdtNamed));
    g_array_set_clear_func(graph->taps, named_clear);
    graph->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    return graph;
}

VdtGraph *vdt_graph_ref(VdtGraph *graph)
{
    g_atomic_int_inc(&graph->ref_count);
    return graph;
}

void vdt_graph_unref(VdtGraph *graph)
{
    if (!g_atomic_int_dec_and_test(&graph->ref_count))
        return;
    g_hash_table_unref(graph->by_name);
    g_array_unref(graph->taps);
    g_array_unref(graph->outputs);
    g_ptr_array_unref(graph->inputs);
    g_ptr_array_unref(graph->states);
    g_ptr_array_unref(graph->writes);
    g_ptr_array_unref(graph->params);
    g_ptr_array_unref(graph->nodes);
    g_clear_error(&graph->error);
    g_free(graph);
}

gboolean vdt_graph_check(const VdtGraph *graph, GError **error)
{
    if (graph->error) {
        g_propagate_error(error, g_error_copy(graph->error));
        return FALSE;
    }
    if (graph->outputs->len == 0 && graph->writes->len == 0) {
        g_set_error_literal(error, VDT_ERROR, VDT_ERROR_FAILED, "the graph has no output");
        return FALSE;
    }
    return TRUE;
}

VdtNode *vdt_graph_fail(VdtGraph *graph, VdtError code, const char *name, const char *format, ...)
{
    va_list args;

    if (graph->error)
        return NULL;
    va_start(args, format);
    graph->error = g_error_new_valist(VDT_ERROR, code, format, args);
    va_end(args);
    if (*name)
        g_prefix_error(&graph->error, "%s: ", name);
    return NULL;
}

gboolean vdt_shape_error(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(VDT_ERROR, VDT_ERROR_SHAPE, format, args));
    va_end(args);
    return FALSE;
}

gboolean vdt_limit_integers(VdtNode *value, gint64 limit, GError **error)
{
    if (value->n_inputs == 0) {
        value->limit = value->limit ? MIN(value->limit, limit) : limit;
        return TRUE;
    }
    if (value->limit == 0 || value->limit > limit)
        return vdt_shape_error(error,
                               "numbers up to %" G_GINT64_FORMAT " may come, and only those below "
                               "%" G_GINT64_FORMAT " are possible",
                               value->limit ? value->limit - 1 : G_MAXINT32, limit);
    return TRUE;
}

static gboolean check_inputs(VdtGraph *graph, const VdtOp *op, guint n_inputs,
                             VdtNode *const *inputs, GError **error)
{
    if (n_inputs < op->min_inputs || n_inputs > op->max_inputs)
        return vdt_shape_error(error, "takes %u to %u inputs, not %u", op->min_inputs,
                               op->max_inputs, n_inputs);
    for (guint i = 0; i < n_inputs; i++) {
        VdtDType wanted;

        if (!inputs[i])
            return vdt_shape_error(error, "input %u is missing", i);
        if (inputs[i]->graph != graph)
            return vdt_shape_error(error, "input %u belongs to another graph", i);
        wanted = op->integers & (1u << i) ? VDT_I32 : VDT_F32;
        if (inputs[i]->dtype != wanted)
            return vdt_shape_error(error, "input %u is %s, not %s", i,
                                   vdt_dtype_name(inputs[i]->dtype), vdt_dtype_name(wanted));
    }
    return TRUE;
}

static gboolean check_result(const VdtNode *node, GError **error)
{
    gint64 n;

    if (node->shape.n_dims > VDT_MAX_DIMS)
        return vdt_shape_error(error, "%u dimensions, at most %u are possible", node->shape.n_dims,
                               VDT_MAX_DIMS);
    n = vdt_shape_elements(&node->shape);
    if (n < 1 || n > MAX_ELEMENTS) {
        g_autofree char *text = vdt_shape_to_string(&node->shape);

        return vdt_shape_error(error, "%s is empty, negative or too large", text);
    }
    return TRUE;
}

/* What not all of is live goes only to what keeps rows apart, and makes that such a value, too. */
static gboolean check_live(VdtNode *node, GError **error)
{
    for (guint i = 0; i < node->n_inputs && !node->op->takes_live; i++) {
        const VdtNode *input = node->inputs[i];

        if (!input->live)
            continue;
        if (!node->op->apart || !node->op->apart(node, i) || node->shape.n_dims == 0 ||
            node->shape.dims[0] != input->shape.dims[0])
            return vdt_shape_error(error,
                                   "looks at all of dimension 0, of which only the first \"%s\" "
                                   "are live",
                                   input->live->name);
        if (node->live && node->live != input->live)
            return vdt_shape_error(error, "of one input \"%s\" are live, of another \"%s\"",
                                   node->live->name, input->live->name);
        node->live = input->live;
    }
    return TRUE;
}

VdtNode *vdt_graph_add(VdtGraph *graph, const VdtOp *op, const char *name, const VdtNode *options,
                       guint n_inputs, VdtNode *const *inputs)
{
    g_autoptr(GError) error = NULL;
    VdtNode *node;

    if (graph->error)
        return NULL;
    if (!check_inputs(graph, op, n_inputs, inputs, &error))
        return vdt_graph_fail(graph, VDT_ERROR_SHAPE, name, "%s: %s", op->name, error->message);

    node = g_new0(VdtNode, 1);
    if (options) {
        node->p = options->p;
        node->shape = options->shape;
        node->dtype = options->dtype;
        node->derived = options->derived;
    }
    node->op = op;
    node->name = g_strdup(name);
    node->graph = graph;
    node->n_inputs = n_inputs;
    for (guint i = 0; i < n_inputs; i++)
        node->inputs[i] = inputs[i];
    if (!op->infer_shape(node, &error) || !check_result(node, &error) ||
        !check_live(node, &error)) {
        node_free(node);
        return vdt_graph_fail(graph, VDT_ERROR_SHAPE, name, "%s: %s", op->name, error->message);
    }
    node->index = graph->nodes->len;
    g_ptr_array_add(graph->nodes, node);
    if (node->state) {
        inputs[0]->overwritten = TRUE;
        g_ptr_array_add(graph->writes, node);
    }
    return node;
}

gboolean vdt_state_is_read(const VdtNode *value)
{
    const VdtGraph *graph = value->graph;

    for (guint i = 0; i < graph->outputs->len; i++)
        if (g_array_index(graph->outputs, VdtNamed, i).node == value)
            return TRUE;
    for (guint i = value->index + 1; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        for (guint j = 0; j < node->n_inputs; j++)
            if (node->inputs[j] == value && (j > 0 || node->state == 0))
                return TRUE;
    }
    return FALSE;
}

static gboolean has_name(const GArray *list, const char *name)
{
    for (guint i = 0; i < list->len; i++)
        if (g_str_equal(g_array_index(list, VdtNamed, i).name, name))
            return TRUE;
    return FALSE;
}

void vdt_output(VdtGraph *graph, const char *name, VdtValue *value)
{
    VdtNamed named = {.node = value};

    if (graph->error) {
        return;
    }
    if (!value || value->graph != graph) {
        vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "the output is not a value of this graph");
    } else if (has_name(graph->outputs, name)) {
        vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "two outputs have this name");
    } else {
        named.name = g_strdup(name);
        g_array_append_val(graph->outputs, named);
    }
}

VdtValue *vdt_graph_find_output(const VdtGraph *graph, const char *name)
{
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNamed *output = &g_array_index(graph->outputs, VdtNamed, i);

        if (g_str_equal(output->name, name))
            return output->node;
    }
    return NULL;
}

VdtValue *vdt_tap(VdtValue *value, const char *format, ...)
{
    g_autofree char *name = NULL;
    VdtNamed named = {.node = value};
    va_list args;

    if (!value || value->graph->error)
        return NULL;
    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    if (has_name(value->graph->taps, name))
        return vdt_graph_fail(value->graph, VDT_ERROR_FAILED, name, "two taps have this name");
    named.name = g_steal_pointer(&name);
    g_array_append_val(value->graph->taps, named);
    return value;
}

VdtShape vdt_value_shape(const VdtValue *value)
{
    return value ? value->shape : (VdtShape){0};
}

VdtDType vdt_value_dtype(const VdtValue *value)
{
    return value ? value->dtype : VDT_F32;
}

gint64 vdt_value_dim(const VdtValue *value, guint i)
{
    return value && i < value->shape.n_dims ? value->shape.dims[i] : 0;
}

guint vdt_graph_get_n_params(const VdtGraph *graph)
{
    return graph->params->len;
}

const char *vdt_graph_get_param(const VdtGraph *graph, guint i, VdtShape *shape)
{
    const VdtNode *param;

    if (i >= graph->params->len)
        return NULL;
    param = graph->params->pdata[i];
    if (shape)
        *shape = param->shape;
    return param->name;
}

gboolean vdt_graph_is_trained(const VdtGraph *graph, guint i)
{
    return i < graph->params->len && vdt_param_is_trained(graph->params->pdata[i]);
}

guint vdt_graph_freeze(VdtGraph *graph, const char *prefix)
{
    guint n = 0;

    for (guint i = 0; i < graph->params->len; i++) {
        VdtNode *param = graph->params->pdata[i];

        if (param->derived || !g_str_has_prefix(param->name, prefix))
            continue;
        param->frozen = TRUE;
        n++;
    }
    return n;
}

guint64 vdt_graph_count_parameters(const VdtGraph *graph)
{
    guint64 n = 0;
    VdtShape shape;

    for (guint i = 0; i < graph->params->len; i++)
        if (vdt_graph_is_trained(graph, i) && vdt_graph_get_param(graph, i, &shape))
            n += vdt_shape_elements(&shape);
    return n;
}

guint64 vdt_graph_count_macs(const VdtGraph *graph)
{
    guint64 n = 0;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->op->macs)
            n += node->op->macs(node);
    }
    return n;
}
