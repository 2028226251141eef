/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that is bound when a plan is made. Its shape is given, and checked by the graph.
 */
#include "table.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(param) = {
    .name = "param",
    .infer_shape = infer_shape,
};
