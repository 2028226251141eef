/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scopes, and the parameters that are named by them.
 */
#include "graph/node.h"

#include "ops/table.h"

VdtScope vdt_scope(VdtGraph *graph, const char *prefix)
{
    VdtScope scope = {.graph = graph};

    if (g_strlcpy(scope.prefix, prefix, sizeof scope.prefix) >= sizeof scope.prefix)
        vdt_graph_fail(graph, VDT_ERROR_FAILED, "", "the name '%s' has more than %zu bytes", prefix,
                       sizeof scope.prefix - 1);
    return scope;
}

VdtScope vdt_in(VdtScope scope, const char *format, ...)
{
    g_autofree char *name = NULL;
    g_autofree char *prefix = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    prefix = g_strconcat(scope.prefix, *scope.prefix && *name ? "." : "", name, NULL);
    return vdt_scope(scope.graph, prefix);
}

VdtNode *vdt_graph_add_param(VdtScope scope, const char *name, const VdtShape *shape,
                             gboolean derived)
{
    VdtNode options = {.shape = *shape, .derived = derived};
    VdtScope full = name ? vdt_in(scope, "%s", name) : scope;
    VdtNode *node;

    if (!*full.prefix)
        return vdt_graph_fail(scope.graph, VDT_ERROR_FAILED, "", "a parameter has no name");
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

VdtValue *vdt_param(VdtScope scope, const char *name, const VdtShape *shape)
{
    return vdt_graph_add_param(scope, name, shape, FALSE);
}
