/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linear attention, whose steps are of plan/step/. */
#include "plan/step/linear_attention.h"

#include "lowering.h"
#include "ops/table.h"

static gboolean lower_linear_attention(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const guint heads = node->p.linear_attention.heads;
    VdtLinearAttention attention = {
        .heads = heads, .eps = node->p.linear_attention.eps, .zeros = l->zeros};

    if (!vdt_heads_are_vectors(node->inputs[0]->shape.dims[2], heads) ||
        !vdt_heads_are_vectors(node->shape.dims[2], heads))
        return FALSE;
    attention.q = *vdt_infer_get_map(l, node->inputs[0], 2);
    attention.k = *vdt_infer_get_map(l, node->inputs[1], 2);
    attention.v = *vdt_infer_get_map(l, node->inputs[2], 2);
    attention.y = vdt_infer_new_map(l, f, 2, FALSE);
    vdt_plan_add_linear_attention(l->plan, &attention, vdt_infer_label(f), node->op->macs(node));
    return TRUE;
}

static const VdtLowering lowerings[] = {{&vdt_op_linear_attention, lower_linear_attention}};
VDT_LOWERINGS(linear_attention);
