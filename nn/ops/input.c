/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that is filled before each run. Its shape is given, and checked by the graph.
 */
#include "builders.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(input) = {
    .name = "input",
    .infer_shape = infer_shape,
};

#ifndef VDT_REFERENCE_F64
VdtValue *vdt_input(VdtGraph *graph, const char *name, const VdtShape *shape)
{
    return vdt_input_typed(graph, name, VDT_F32, shape);
}

VdtValue *vdt_input_typed(VdtGraph *graph, const char *name, VdtDType dtype, const VdtShape *shape)
{
    VdtNode *node;

    if (dtype != VDT_F32 && dtype != VDT_I32)
        return vdt_graph_fail(graph, VDT_ERROR_UNSUPPORTED, name, "an input of %s is not possible",
                              vdt_dtype_name(dtype));

    for (guint i = 0; i < graph->inputs->len; i++)
        if (g_str_equal(((VdtNode *)graph->inputs->pdata[i])->name, name))
            return vdt_graph_fail(graph, VDT_ERROR_FAILED, name, "two inputs have this name");
    node = vdt_graph_add(graph, &vdt_op_input, name, &(VdtNode){.shape = *shape, .dtype = dtype}, 0,
                         NULL);
    if (node)
        g_ptr_array_add(graph->inputs, node);
    return node;
}

VdtValue *vdt_run_arg(VdtGraph *graph, const char *name)
{
    const VdtShape number = vdt_shape(1);

    return vdt_input_typed(graph, name, VDT_I32, &number);
}
#endif
