/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolutions and linear layers as the products of product.h, with what follows folded in. */
#include "lowering.h"
#include "plan/step/strassen.h"

#include "ops/table.h"

/* Fewer inputs than this are hardly faster in 8 bits, and an image's own values lose the most. */
#define LEAST_INT8_DEPTH   16
/* Where a pixel's scale and quantising it would cost as much as they save. */
#define LEAST_INT8_COLUMNS 16
#define LEAST_INT8_MACS    100000

/* Outputs of the network stay float, too: what follows compares them. */
static gboolean is_for_int8(const VdtInfer *l, const VdtFused *f)
{
    const VdtNode *node = f->node;

    return l->plan->kernels_int8 && !f->is_output &&
           node->inputs[1]->shape.dims[1] >= LEAST_INT8_DEPTH && f->columns >= LEAST_INT8_COLUMNS &&
           node->op->macs(node) >= LEAST_INT8_MACS;
}

VdtProduct vdt_infer_product_of(VdtInfer *l, VdtFused *f, const VdtNode *x)
{
    VdtProduct product;

    if (is_for_int8(l, f)) {
        const VdtQuantised *quantised = vdt_infer_get_quantised(l, x, f->axis);

        product = vdt_infer_weights_int8(l, f);
        product.x = quantised->map;
        product.scales = quantised->scales;
    } else {
        const VdtMap *map = vdt_infer_get_map(l, x, x->shape.n_dims == 2 ? 1 : f->axis);

        product = vdt_infer_weights(l, f);
        product.x = *map;
    }
    return product;
}

static gboolean lower_product(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtProduct product;

    if (!f->scale)
        return FALSE;
    product = vdt_infer_product_of(l, f, node->inputs[0]);
    /* Outputs of the network keep the full precision of the sums. */
    product.y = vdt_infer_new_map(l, f, f->axis, f->is_output && f->n_uses == 1);
    if (!vdt_plan_add_strassen(l->plan, &product, vdt_infer_label(f), node->op->macs(node)))
        vdt_plan_add_product(l->plan, &product, vdt_infer_label(f), node->op->macs(node));
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_conv2d, lower_product},
    {&vdt_op_linear, lower_product},
};
VDT_LOWERINGS(product);
