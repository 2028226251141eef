/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that is bound when a plan is made. Its shape is given, and checked by the graph.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(param) = {
    .name = "param",
    .infer_shape = infer_shape,
};

#ifndef VDT_REFERENCE_F64
/* The parameter that was declared under that name. */
static VdtNode *find(const VdtScope *name, const VdtShape *shape)
{
    VdtNode *node = g_hash_table_lookup(name->graph->by_name, name->prefix);
    g_autofree char *wanted = vdt_shape_to_string(shape), *is = NULL;

    if (!node)
        return vdt_graph_fail(name->graph, VDT_ERROR_FAILED, name->prefix,
                              "is used again, but no parameter has this name");
    if (vdt_shape_equal(&node->shape, shape))
        return name->graph->error ? NULL : node;
    is = vdt_shape_to_string(&node->shape);
    return vdt_graph_fail(name->graph, VDT_ERROR_SHAPE, name->prefix,
                          "is used again as %s, but has shape %s", wanted, is);
}

VdtNode *vdt_graph_add_param(VdtScope scope, const char *name, const VdtShape *shape,
                             VdtStart start, gboolean derived)
{
    VdtNode options = {.p.start = start, .shape = *shape, .derived = derived};
    VdtScope full = name ? vdt_in(scope, "%s", name) : scope;
    VdtNode *node;

    if (!*full.prefix)
        return vdt_graph_fail(scope.graph, VDT_ERROR_FAILED, "", "a parameter has no name");
    if (scope.again)
        return find(&full, shape);
    if (g_hash_table_contains(scope.graph->by_name, full.prefix))
        return vdt_graph_fail(scope.graph, VDT_ERROR_FAILED, full.prefix,
                              "two parameters have this name");
    node = vdt_graph_add(scope.graph, &vdt_op_param, full.prefix, &options, 0, NULL);
    if (node) {
        g_ptr_array_add(scope.graph->params, node);
        g_hash_table_insert(scope.graph->by_name, node->name, node);
    }
    return node;
}

VdtValue *vdt_param_with(VdtScope scope, const char *name, const VdtShape *shape, VdtStart start)
{
    return vdt_graph_add_param(scope, name, shape, start, FALSE);
}

VdtValue *vdt_param(VdtScope scope, const char *name, const VdtShape *shape)
{
    return vdt_param_with(scope, name, shape, (VdtStart){.deviation = 0.02});
}
#endif
