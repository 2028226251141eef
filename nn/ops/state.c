/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a state holds when the run begins. Its shape is given, and checked by the graph.
 */
#include "table.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(state) = {
    .name = "state",
    .infer_shape = infer_shape,
};
