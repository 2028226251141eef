/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a state holds when the run begins. Its shape is given, and checked by the graph.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(state) = {
    .name = "state",
    .infer_shape = infer_shape,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_state(VdtGraph *graph, const char *name, const VdtShape *shape)
{
    VdtNode *node;

    for (guint i = 0; i < graph->states->len; i++)
        if (g_str_equal(((VdtNode *)graph->states->pdata[i])->name, name))
            return vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "two states have this name");
    node = vdt_graph_add(graph, &vdt_op_state, name, &(VdtNode){.shape = *shape}, 0, NULL);
    if (node) {
        g_ptr_array_add(graph->states, node);
        node->state = graph->states->len;
    }
    return node;
}
#endif
