/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights in the order that kernels read them in, with what was folded into them. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

/* The folded weights, [columns][depth][taps]; NULL if there is no memory. */
static float *scale_weights(VdtInfer *l, VdtFused *f, gsize per_column)
{
    const float *values = l->fused[f->node->inputs[1]->index].constant->data;
    float *scaled = vdt_plan_try_floats(l->plan, f->columns * per_column);

    for (gsize c = 0; c < f->columns && scaled; c++)
        for (gsize i = 0; i < per_column; i++)
            scaled[c * per_column + i] = values[c * per_column + i] * f->scale[c];
    return scaled;
}

static const char *pack(VdtInfer *l, VdtFused *f, const char *what, gsize depth, gsize taps)
{
    const VdtKernels *kernels = l->plan->kernels;
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, what, f->identity,
                                     vdt_packed_size(kernels, f->columns, depth, taps), &fresh);

    if (fresh) {
        g_autofree float *scaled = scale_weights(l, f, depth * taps);

        if (!scaled)
            return NULL;
        vdt_pack_gemm(kernels, scaled, f->columns, depth, taps, packed);
    }
    return packed;
}

/* The same in 8 bits, and behind them the columns' scales. */
static void pack_int8(VdtInfer *l, VdtFused *f, gsize depth, gsize taps, VdtProduct *product)
{
    gsize size = vdt_int8_packed_size(f->columns, depth, taps);
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, "product_int8", f->identity,
                                     size + VDT_ALIGN_LANES(f->columns) * sizeof(float), &fresh);

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

VdtWindow vdt_infer_window(const VdtNode *node)
{
    if (node->op != &vdt_op_conv2d)
        return (VdtWindow){.kernel_h = 1, .kernel_w = 1, .stride = 1};
    return (VdtWindow){.kernel_h = node->p.conv2d.kernel_h,
                       .kernel_w = node->p.conv2d.kernel_w,
                       .stride = node->p.conv2d.stride,
                       .pad_h = node->p.conv2d.pad_h,
                       .pad_w = node->p.conv2d.pad_w};
}

static VdtProduct lower_weights(VdtInfer *l, VdtFused *f, gboolean int8)
{
    gsize depth = f->node->inputs[1]->shape.dims[1], taps;
    VdtProduct product = {.zeros = l->zeros,
                          .columns = f->columns,
                          .window = vdt_infer_window(f->node),
                          .depth = int8 ? VDT_ALIGN_INT8(depth)
                                        : vdt_padded_depth(l->plan->kernels, depth),
                          .int8 = int8};

    taps = vdt_window_taps(&product.window);
    if (int8)
        pack_int8(l, f, depth, taps, &product);
    else
        product.packed.constant = pack(l, f, "product", depth, taps);
    product.epilogue = vdt_infer_epilogue(l, f);
    return product;
}

VdtProduct vdt_infer_weights_int8(VdtInfer *l, VdtFused *f)
{
    return lower_weights(l, f, TRUE);
}

VdtProduct vdt_infer_weights(VdtInfer *l, VdtFused *f)
{
    return lower_weights(l, f, FALSE);
}

VdtProduct vdt_infer_flat_weights(VdtInfer *l, VdtFused *f)
{
    const gint64 *dims = f->node->inputs[1]->shape.dims;
    gsize depth = dims[1] * dims[2] * dims[3];

    return (VdtProduct){.zeros = l->zeros,
                        .columns = f->columns,
                        .window = {.kernel_h = 1, .kernel_w = 1, .stride = 1},
                        .depth = vdt_padded_depth(l->plan->kernels, depth),
                        .packed.constant = pack(l, f, "flat product", depth, 1),
                        .epilogue = vdt_infer_epilogue(l, f)};
}

gboolean vdt_infer_is_pixelwise(const VdtFused *f)
{
    VdtWindow window = vdt_infer_window(f->node);

    return f->node->op == &vdt_op_conv2d && f->scale && f->node->p.conv2d.groups == 1 &&
           vdt_window_is_pixel(&window);
}

VdtPlace vdt_infer_depthwise_weights(VdtInfer *l, const VdtFused *f)
{
    VdtWindow window = vdt_infer_window(f->node);
    gsize taps = vdt_window_taps(&window);
    gsize pitch = VDT_ALIGN_LANES(f->columns);
    const VdtNode *weight = f->node->inputs[1];
    const float *values = l->fused[weight->index].constant->data;
    gboolean fresh;
    float *turned =
        vdt_plan_get_blob(l->plan, "depthwise", f->identity, taps * pitch * sizeof *turned, &fresh);

    if (fresh) {
        memset(turned, 0, taps * pitch * sizeof *turned);
        for (gsize c = 0; c < f->columns; c++)
            for (gsize t = 0; t < taps; t++)
                turned[t * pitch + c] = values[c * taps + t] * f->scale[c];
    }
    return (VdtPlace){.constant = turned};
}
