/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scopes, and the parameters that are named by them.
 */
#include "node.h"

VdtScope vdt_scope(VdtGraph *graph, const char *prefix)
{
    VdtScope scope = {.graph = graph};

    if (g_strlcpy(scope.prefix, prefix, sizeof scope.prefix) >= sizeof scope.prefix)
        vdt_graph_fail(graph, VDT_ERROR_FAILED, "", "the name '%s' has more than %zu bytes", prefix,
                       sizeof scope.prefix - 1);
    return scope;
}

VdtScope vdt_again(VdtScope scope)
{
    scope.again = TRUE;
    return scope;
}

VdtScope vdt_in(VdtScope scope, const char *format, ...)
{
    g_autofree char *name = NULL;
    g_autofree char *prefix = NULL;
    VdtScope inner;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    prefix = g_strconcat(scope.prefix, *scope.prefix && *name ? "." : "", name, NULL);
    inner = vdt_scope(scope.graph, prefix);
    inner.again = scope.again;
    return inner;
}
