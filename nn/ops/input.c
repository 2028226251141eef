/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that is filled before each run. Its shape is given, and checked by the graph.
 */
#include "table.h"

static gboolean infer_shape(VdtNode *node, GError **error)
{
    return TRUE;
}

const VdtOp VDT_OP(input) = {
    .name = "input",
    .infer_shape = infer_shape,
};
