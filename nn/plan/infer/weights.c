/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights in the order that kernels read them in, with what was folded into them. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"
#include "tensor/elements.h"

gboolean vdt_weight_columns_init(VdtWeightColumns *columns, VdtInfer *l, const VdtFused *f,
                                 gsize most)
{
    const VdtNode *weight = f->node->inputs[1];

    *columns = (VdtWeightColumns){.weights = l->fused[weight->index].constant,
                                  .in_scale = f->in_scale,
                                  .per_column = vdt_shape_elements(&weight->shape) / f->columns};
    columns->taps = columns->per_column / weight->shape.dims[1];
    for (guint c = 0; c < f->columns; c++)
        if (f->scale[c] != 1)
            columns->scale = f->scale;
    if (columns->scale || columns->in_scale || columns->weights->dtype != VDT_F32) {
        columns->scratch =
            vdt_plan_try_floats(l->plan, MIN(most, f->columns) * columns->per_column);
        return columns->scratch != NULL;
    }
    return TRUE;
}

void vdt_weight_columns_clear(VdtWeightColumns *columns)
{
    g_clear_pointer(&columns->scratch, g_free);
}

const float *vdt_weight_columns_read(VdtWeightColumns *columns, gsize first, gsize n)
{
    gsize per_column = columns->per_column;

    if (!columns->scratch)
        return (const float *)columns->weights->data + first * per_column;
    vdt_elements_read_floats(columns->weights, first * per_column, n * per_column,
                             columns->scratch);
    for (gsize c = 0; c < n && columns->scale; c++)
        for (gsize i = 0; i < per_column; i++)
            columns->scratch[c * per_column + i] *= columns->scale[first + c];
    for (gsize c = 0; c < n && columns->in_scale; c++)
        for (gsize i = 0; i < per_column; i++)
            columns->scratch[c * per_column + i] *= columns->in_scale[i / columns->taps];
    return columns->scratch;
}

static const char *pack(VdtInfer *l, VdtFused *f, const char *what, gsize depth, gsize taps)
{
    const VdtKernels *kernels = l->plan->kernels;
    g_auto(VdtWeightColumns) columns = {NULL};
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, what, f->identity,
                                     vdt_packed_size(kernels, f->columns, depth, taps), &fresh);

    if (fresh && !vdt_weight_columns_init(&columns, l, f, kernels->nr))
        return NULL;
    for (gsize first = 0; first < f->columns && fresh; first += kernels->nr) {
        gsize n = MIN(kernels->nr, f->columns - first);

        vdt_pack_gemm(kernels, vdt_weight_columns_read(&columns, first, n), n, depth, taps,
                      packed + vdt_packed_block(kernels, first / kernels->nr, depth, taps));
    }
    return packed;
}

/* The same in 8 bits, and behind them the columns' scales. */
static void pack_int8(VdtInfer *l, VdtFused *f, gsize depth, gsize taps, VdtProduct *product)
{
    const VdtInt8Kernels *kernels = l->plan->kernels_int8;
    gsize size = vdt_int8_packed_size(f->columns, depth, taps);
    g_auto(VdtWeightColumns) columns = {NULL};
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, "product_int8", f->identity,
                                     size + VDT_ALIGN_LANES(f->columns) * sizeof(float), &fresh);

    if (fresh && !vdt_weight_columns_init(&columns, l, f, kernels->nr))
        return;
    for (gsize first = 0; first < f->columns && fresh; first += kernels->nr) {
        gsize n = MIN(kernels->nr, f->columns - first);

        vdt_int8_pack(kernels, vdt_weight_columns_read(&columns, first, n), n, depth, taps,
                      packed + vdt_int8_packed_block(kernels, first / kernels->nr, depth, taps),
                      (float *)(packed + size) + first);
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
    g_auto(VdtWeightColumns) columns = {NULL};
    gboolean fresh;
    float *turned =
        vdt_plan_get_blob(l->plan, "depthwise", f->identity, taps * pitch * sizeof *turned, &fresh);

    if (fresh && vdt_weight_columns_init(&columns, l, f, 1)) {
        memset(turned, 0, taps * pitch * sizeof *turned);
        for (gsize c = 0; c < f->columns; c++) {
            const float *column = vdt_weight_columns_read(&columns, c, 1);

            for (gsize t = 0; t < taps; t++)
                turned[t * pitch + c] = column[t];
        }
    }
    return (VdtPlace){.constant = turned};
}
