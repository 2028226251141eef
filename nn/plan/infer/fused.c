/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fused.h"

#include "ops/table.h"

VdtFused *vdt_fused_resolve(VdtFused *fused, const VdtNode *node)
{
    VdtFused *f = &fused[node->index];

    while (f->same_as)
        f = f->same_as;
    return f;
}

gboolean vdt_fused_is_product(const VdtFused *f)
{
    const VdtNode *node = f->node;
    gint64 groups = node->p.conv2d.groups;

    gint64 taps;

    if (node->op == &vdt_op_linear)
        return node->shape.n_dims >= 2;
    if (node->op != &vdt_op_conv2d)
        return FALSE;
    taps = (gint64)node->p.conv2d.kernel_h * node->p.conv2d.kernel_w;
    if (taps > VDT_MOST_TAPS && (groups != 1 || node->inputs[0]->shape.dims[1] > VDT_MOST_PLANES ||
                                 taps * node->inputs[0]->shape.dims[1] > VDT_MOST_PLANE_DEPTH))
        return FALSE;
    return groups == 1 ||
           (groups == node->shape.dims[1] && groups == node->inputs[0]->shape.dims[1]);
}

/* @f now computes the value of @node too, and is used where @node is used. */
void vdt_fused_take_in(VdtFused *fused, VdtFused *f, const VdtNode *node)
{
    VdtFused *taken = &fused[node->index];

    taken->same_as = f;
    f->user = taken->user;
    f->n_uses = taken->n_uses;
    f->is_output = taken->is_output;
}

VdtAct vdt_long_act(const VdtOp *op)
{
    return op == &vdt_op_sigmoid        ? VDT_ACT_SIGMOID
           : op == &vdt_op_gelu         ? VDT_ACT_GELU
           : op == &vdt_op_hard_sigmoid ? VDT_ACT_HARD_SIGMOID
                                        : VDT_ACT_NONE;
}

void vdt_fused_free(VdtFused *fused, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_clear_pointer(&fused[i].constant, vdt_tensor_unref);
        g_free(fused[i].scale);
        g_free(fused[i].bias);
        g_free(fused[i].in_scale);
        g_free(fused[i].match);
    }
    g_free(fused);
}
