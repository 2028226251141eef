/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Norms that training leaves as they are. */
#include "table.h"

guint vdt_graph_freeze_norms(VdtGraph *graph, const char *prefix)
{
    guint n = 0;

    for (guint i = 0; i < graph->nodes->len; i++) {
        VdtNode *node = graph->nodes->pdata[i];

        if (node->op == &vdt_op_batch_norm && g_str_has_prefix(node->inputs[1]->name, prefix)) {
            node->p.batch_norm.frozen = TRUE;
            n++;
        } else if (node->op == &vdt_op_progress &&
                   g_str_has_prefix(node->inputs[2]->name, prefix)) {
            node->p.progress.frozen = TRUE;
        }
    }
    return n;
}

const VdtOp *vdt_node_training_op(const VdtNode *node)
{
    gboolean frozen = (node->op == &vdt_op_batch_norm && node->p.batch_norm.frozen) ||
                      (node->op == &vdt_op_progress && node->p.progress.frozen);

    return node->op->training && !frozen ? node->op->training : node->op;
}
