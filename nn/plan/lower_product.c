/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolutions and linear layers as the products of product.h, with what follows folded in. */
#include "lower.h"
#include "product.h"

#include "../ops/table.h"

/* The folded weights, packed. */
static const char *pack(VdtLowering *l, VdtFused *f, gsize depth, gsize taps)
{
    const VdtKernels *kernels = l->plan->kernels;
    const VdtNode *weight = f->node->inputs[1];
    const float *values = l->fused[weight->index].constant->data;
    gsize size = vdt_packed_size(kernels, f->columns, depth, taps), per_column = depth * taps;
    g_autofree char *key = vdt_lower_key(f, "product");
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, key, size, &fresh);

    if (fresh) {
        g_autofree float *scaled = vdt_plan_try_floats(l->plan, f->columns * per_column);

        if (!scaled)
            return NULL;
        for (gsize c = 0; c < f->columns; c++)
            for (gsize i = 0; i < per_column; i++)
                scaled[c * per_column + i] = values[c * per_column + i] * f->scale[c];
        vdt_pack_gemm(kernels, scaled, f->columns, depth, taps, packed);
    }
    return packed;
}

gboolean vdt_lower_product(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node, *weight = node->inputs[1];
    gboolean conv = node->op == &vdt_op_conv2d;
    gsize taps = conv ? weight->shape.dims[2] * weight->shape.dims[3] : 1;
    gsize step = vdt_depth_step(l->plan->kernels->precision);
    VdtProduct product = {.zeros = l->zeros, .columns = f->columns};

    if (!f->scale)
        return FALSE;
    product.x = *vdt_lower_get_channels_last(l, node->inputs[0]);
    product.window = conv ? (VdtWindow){.kernel_h = node->p.conv2d.kernel_h,
                                        .kernel_w = node->p.conv2d.kernel_w,
                                        .stride = node->p.conv2d.stride,
                                        .pad_h = node->p.conv2d.pad_h,
                                        .pad_w = node->p.conv2d.pad_w}
                          : (VdtWindow){.kernel_h = 1, .kernel_w = 1, .stride = 1};
    product.packed.constant = pack(l, f, weight->shape.dims[1], taps);
    product.epilogue = vdt_lower_epilogue(l, f);
    product.depth = (product.x.c + step - 1) / step * step;
    /* Outputs of the network keep the full precision of the sums. */
    product.y = vdt_lower_new_map(l, f, f->is_output && f->n_uses == 1);
    vdt_plan_add_product(l->plan, &product, vdt_lower_label(f), node->op->macs(node));
    return TRUE;
}
