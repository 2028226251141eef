/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Convolutions and linear layers as the products of product.h, with what follows folded in. */
#include "lower.h"
#include "product.h"

#include "../ops/table.h"

/* Fewer inputs than this are hardly faster in 8 bits, and an image's own values lose the most. */
#define LEAST_INT8_DEPTH   16
/* Where a pixel's scale and quantising it would cost as much as they save. */
#define LEAST_INT8_COLUMNS 16
#define LEAST_INT8_MACS    100000

/* The folded weights, [columns][depth][taps]; NULL if there is no memory. */
static float *scale_weights(VdtLowering *l, VdtFused *f, gsize per_column)
{
    const float *values = l->fused[f->node->inputs[1]->index].constant->data;
    float *scaled = vdt_plan_try_floats(l->plan, f->columns * per_column);

    for (gsize c = 0; c < f->columns && scaled; c++)
        for (gsize i = 0; i < per_column; i++)
            scaled[c * per_column + i] = values[c * per_column + i] * f->scale[c];
    return scaled;
}

static const char *pack(VdtLowering *l, VdtFused *f, const char *what, gsize depth, gsize taps)
{
    const VdtKernels *kernels = l->plan->kernels;
    g_autofree char *key = vdt_lower_key(f, what);
    gboolean fresh;
    char *packed =
        vdt_plan_get_blob(l->plan, key, vdt_packed_size(kernels, f->columns, depth, taps), &fresh);

    if (fresh) {
        g_autofree float *scaled = scale_weights(l, f, depth * taps);

        if (!scaled)
            return NULL;
        vdt_pack_gemm(kernels, scaled, f->columns, depth, taps, packed);
    }
    return packed;
}

/* The same in 8 bits, and behind them the columns' scales. */
static void pack_int8(VdtLowering *l, VdtFused *f, gsize depth, gsize taps, VdtProduct *product)
{
    gsize size = vdt_int8_packed_size(f->columns, depth, taps);
    g_autofree char *key = vdt_lower_key(f, "product_int8");
    gboolean fresh;
    char *packed =
        vdt_plan_get_blob(l->plan, key, size + VDT_ALIGN_LANES(f->columns) * sizeof(float), &fresh);

    if (fresh) {
        g_autofree float *scaled = scale_weights(l, f, depth * taps);

        if (!scaled)
            return;
        vdt_int8_pack(l->plan->kernels_int8, scaled, f->columns, depth, taps, packed,
                      (float *)(packed + size));
    }
    product->packed.constant = packed;
    product->column_scales.constant = packed ? packed + size : NULL;
}

VdtWindow vdt_lower_window(const VdtNode *node)
{
    if (node->op != &vdt_op_conv2d)
        return (VdtWindow){.kernel_h = 1, .kernel_w = 1, .stride = 1};
    return (VdtWindow){.kernel_h = node->p.conv2d.kernel_h,
                       .kernel_w = node->p.conv2d.kernel_w,
                       .stride = node->p.conv2d.stride,
                       .pad_h = node->p.conv2d.pad_h,
                       .pad_w = node->p.conv2d.pad_w};
}

static VdtProduct lower_weights(VdtLowering *l, VdtFused *f, gboolean int8)
{
    gsize depth = f->node->inputs[1]->shape.dims[1], taps;
    VdtProduct product = {.zeros = l->zeros,
                          .columns = f->columns,
                          .window = vdt_lower_window(f->node),
                          .depth = int8 ? VDT_ALIGN_INT8(depth)
                                        : vdt_padded_depth(l->plan->kernels, depth),
                          .int8 = int8};

    taps = vdt_window_taps(&product.window);
    if (int8)
        pack_int8(l, f, depth, taps, &product);
    else
        product.packed.constant = pack(l, f, "product", depth, taps);
    product.epilogue = vdt_lower_epilogue(l, f);
    return product;
}

VdtProduct vdt_lower_weights(VdtLowering *l, VdtFused *f)
{
    return lower_weights(l, f, FALSE);
}

VdtProduct vdt_lower_flat_weights(VdtLowering *l, VdtFused *f)
{
    const gint64 *dims = f->node->inputs[1]->shape.dims;
    gsize depth = dims[1] * dims[2] * dims[3];

    return (VdtProduct){.zeros = l->zeros,
                        .columns = f->columns,
                        .window = {.kernel_h = 1, .kernel_w = 1, .stride = 1},
                        .depth = vdt_padded_depth(l->plan->kernels, depth),
                        .packed.constant = pack(l, f, "flat product", depth, 1),
                        .epilogue = vdt_lower_epilogue(l, f)};
}

/* Outputs of the network stay float, too: what follows compares them. */
static gboolean is_for_int8(const VdtLowering *l, const VdtFused *f)
{
    const VdtNode *node = f->node;

    return l->plan->kernels_int8 && !f->is_output &&
           node->inputs[1]->shape.dims[1] >= LEAST_INT8_DEPTH && f->columns >= LEAST_INT8_COLUMNS &&
           node->op->macs(node) >= LEAST_INT8_MACS;
}

VdtProduct vdt_lower_product_of(VdtLowering *l, VdtFused *f, const VdtNode *x)
{
    VdtProduct product;

    if (is_for_int8(l, f)) {
        const VdtQuantised *quantised = vdt_lower_get_quantised(l, x);

        product = lower_weights(l, f, TRUE);
        product.x = quantised->map;
        product.scales = quantised->scales;
    } else {
        const VdtMap *map = vdt_lower_get_channels_last(l, x);

        product = lower_weights(l, f, FALSE);
        product.x = *map;
    }
    return product;
}

gboolean vdt_lower_product(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtProduct product;

    if (!f->scale)
        return FALSE;
    product = vdt_lower_product_of(l, f, node->inputs[0]);
    /* Outputs of the network keep the full precision of the sums. */
    product.y = vdt_lower_new_map(l, f, f->is_output && f->n_uses == 1);
    vdt_plan_add_product(l->plan, &product, vdt_lower_label(f), node->op->macs(node));
    return TRUE;
}

gboolean vdt_lower_is_pixelwise(const VdtFused *f)
{
    VdtWindow window = vdt_lower_window(f->node);

    return f->node->op == &vdt_op_conv2d && f->scale && f->node->p.conv2d.groups == 1 &&
           vdt_window_is_pixel(&window);
}
