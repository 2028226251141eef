/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What follows a product elementwise becomes part of it. */
#include "fused.h"

#include "ops/table.h"

/* The operand of @user that is not @f, NULL if it does not have f's shape. A constant may leave
 * out the batch dimension. */
static VdtFused *other_operand(VdtFused *fused, const VdtFused *f, const VdtNode *user)
{
    const VdtNode *first = user->inputs[0], *second = user->inputs[1];
    const VdtNode *mine = vdt_fused_resolve(fused, first) == f ? first : second;
    const VdtNode *other = mine == first ? second : first;
    VdtShape shape = other->shape;

    if (!vdt_shape_equal(&mine->shape, &user->shape))
        return NULL;
    if (fused[other->index].constant && shape.n_dims > 2 && shape.dims[0] == 1)
        shape.dims[0] = user->shape.dims[0];
    return vdt_shape_equal(&shape, &user->shape) ? vdt_fused_resolve(fused, other) : NULL;
}

/* Takes the next elementwise op behind a product into its epilogue, if it fits there. */
static gboolean extend_epilogue(VdtFused *fused, VdtFused *f)
{
    const VdtNode *user = f->user;
    gboolean before_operands = !f->mul && !f->add && f->act1 == VDT_ACT_NONE;

    if (f->n_uses != 1 || f->is_output || fused[user->index].same_as)
        return FALSE;
    if (user->op == &vdt_op_relu && before_operands && f->act0 == VDT_ACT_NONE) {
        f->act0 = VDT_ACT_RELU;
    } else if (user->op == &vdt_op_relu && (f->mul || f->add) && f->act1 == VDT_ACT_NONE) {
        f->act1 = VDT_ACT_RELU;
    } else if (vdt_long_act(user->op) && f->pattern && f->add && f->act1 == VDT_ACT_NONE) {
        f->act1 = vdt_long_act(user->op);
    } else if (vdt_long_act(user->op) && before_operands && f->act0 == VDT_ACT_NONE) {
        f->act0 = vdt_long_act(user->op);
    } else if (user->op == &vdt_op_mul && before_operands) {
        f->mul = other_operand(fused, f, user);
        if (!f->mul)
            return FALSE;
    } else if (user->op == &vdt_op_add && !f->add && f->act1 == VDT_ACT_NONE) {
        f->add = other_operand(fused, f, user);
        if (!f->add)
            return FALSE;
    } else {
        return FALSE;
    }
    vdt_fused_take_in(fused, f, user);
    f->position = user->index;
    return TRUE;
}

/* Whether @f, which is no product, may take in its user: a resize takes an activation, pixels that
 * were channels a sum, a pattern that is known by then a sum and then an activation. */
static gboolean can_extend(const VdtFused *f)
{
    const VdtOp *op = f->user ? f->user->op : NULL;
    gboolean runs = !f->unused && !f->constant && !f->same_as;
    gboolean resizes = f->node->op == &vdt_op_resize_bilinear && runs;
    gboolean shuffles = f->node->op == &vdt_op_pixel_shuffle && runs;

    if (op == &vdt_op_relu || vdt_long_act(op))
        return f->pattern || resizes;
    return (f->pattern || shuffles) && op == &vdt_op_add && !f->act0;
}

void vdt_fuse_epilogues(const VdtGraph *graph, VdtFused *fused)
{
    for (guint i = graph->nodes->len; i-- > 0;) {
        VdtFused *f = &fused[i];

        if (f->scale && vdt_fused_is_product(f) && !f->unused)
            while (extend_epilogue(fused, f))
                ;
        while (can_extend(f) && extend_epilogue(fused, f))
            ;
    }
}
