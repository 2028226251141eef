/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matrix products of two values, and softmax, that no pattern has taken in. */
#include "plan/step/matmul.h"

#include "lowering.h"
#include "ops/table.h"

static gboolean lower_matmul(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const gint64 *dims = node->shape.dims + node->shape.n_dims - 2;
    const gboolean transposed = node->p.matmul.transpose_b;
    const guint last = node->shape.n_dims - 1;
    VdtMatmulStep product = {.m = dims[0], .n = dims[1], .zeros = l->zeros};

    if (node->p.matmul.transpose_a && transposed)
        return FALSE;
    product.scale = node->p.matmul.scale;
    product.k = node->inputs[0]->shape.dims[node->p.matmul.transpose_a ? last - 1 : last];
    product.batch = vdt_shape_elements(&node->shape) / (product.m * product.n);
    product.b_row = transposed ? 1 : product.n;
    product.b_column = transposed ? product.k : 1;
    product.a = vdt_infer_get_planar(l, node->inputs[0])->place;
    product.b = vdt_infer_get_planar(l, node->inputs[1])->place;
    product.y = vdt_infer_new_planar(l, f).place;
    if (node->p.matmul.transpose_a)
        vdt_plan_add_outer(l->plan, &product, vdt_infer_label(f), node->op->macs(node));
    else
        vdt_plan_add_matmul(l->plan, &product, vdt_infer_label(f), node->op->macs(node));
    return TRUE;
}

static gboolean lower_softmax(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const guint axis = node->shape.n_dims - 1;
    VdtMap x = vdt_map_describe(&node->shape, axis, VDT_PRECISION_F32);
    VdtPlace y;

    x.place = vdt_infer_get_planar(l, node->inputs[0])->place;
    vdt_infer_set_live(l, node, axis, &x);
    y = vdt_infer_new_planar(l, f).place;
    vdt_plan_add_softmax(l->plan, &x, &y, vdt_infer_label(f));
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_matmul, lower_matmul},
    {&vdt_op_softmax, lower_softmax},
};
VDT_LOWERINGS(matmul);
