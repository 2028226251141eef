/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions and linear layers as indirect matrix products: a tile's rows are output pixels, its
 * columns output channels; for each kernel position a list of addresses says where each row's
 * inputs begin, a row of zeros where that is padding. Nothing is copied.
 */
#include "lower.h"

#include "../ops/table.h"

/* Weights up to this size stay in the second cache while a part of the rows runs all columns; above
 * it each part has one block of columns. */
#define SMALL_WEIGHTS (512 * 1024)

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    const char *packed;
    VdtPlace zeros;
    VdtLateEpilogue epilogue;
    int kernel_h, kernel_w, stride, pad_h, pad_w;
    gsize images, image_rows; /* a 1x1 product over a batch is one image */
    gsize depth, columns;
    VdtRows rows;
    guint block_parts; /* 1: a part runs all blocks; otherwise one */
    guint n_blocks;
} ProductStep;

/* Addresses of the inputs of rows [first, first + count) for all taps. */
static void find_inputs(const ProductStep *self, const char *x, const char *zeros, gsize image,
                        gsize first, gsize count, const void **a)
{
    const VdtMap *map = &self->x;
    gsize pixel = map->pitch * vdt_element_size(self->plan->kernels->precision);

    if (self->kernel_h * self->kernel_w == 1 && self->stride == 1 &&
        self->pad_h + self->pad_w == 0) {
        for (gsize i = 0; i < count; i++)
            a[i] = x + (image * self->image_rows + first + i) * pixel;
        return;
    }
    for (gsize i = 0; i < count; i++) {
        gssize top = (gssize)((first + i) / self->y.w) * self->stride - self->pad_h;
        gssize left = (gssize)((first + i) % self->y.w) * self->stride - self->pad_w;
        const void **to = a + i;

        for (gssize row = top; row < top + self->kernel_h; row++) {
            for (gssize column = left; column < left + self->kernel_w; column++, to += count) {
                gboolean inside =
                    row >= 0 && row < (gssize)map->h && column >= 0 && column < (gssize)map->w;

                *to = inside ? x + ((image * map->h + row) * map->w + column) * pixel : zeros;
            }
        }
    }
}

static void run_product(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProductStep *self = (const ProductStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize y_element = self->y.f32 ? sizeof(float) : vdt_element_size(kernels->precision);
    guint part = item % self->rows.n_parts, rest = item / self->rows.n_parts;
    guint block = rest % self->block_parts;
    guint end_block = self->block_parts == 1 ? self->n_blocks : block + 1;
    gsize image = rest / self->block_parts, taps = self->kernel_h * self->kernel_w;
    const char *x = vdt_place_address(self->plan, &self->x.place, arena);
    const char *zeros = vdt_place_address(self->plan, &self->zeros, arena);
    char *y = vdt_place_address(self->plan, &self->y.place, arena);
    gsize end = vdt_rows_end(&self->rows, part);
    const void *a[VDT_MOST_TAPS * 8];

    for (gsize row = part * self->rows.per_part; row < end; row += kernels->mr) {
        gsize count = MIN(kernels->mr, end - row);

        find_inputs(self, x, zeros, image, row, count, a);
        for (guint b = block; b < end_block; b++) {
            gsize column = b * kernels->nr;
            VdtGemmTile tile = {
                .rows = count,
                .cols = MIN(kernels->nr, VDT_ALIGN_LANES(self->columns - column)),
                .taps = taps,
                .depth = self->depth,
                .a = a,
                .b = self->packed + vdt_packed_block(kernels, b, self->depth, taps),
                .y = y + ((image * self->image_rows + row) * self->y.pitch + column) * y_element,
                .y_pitch = self->y.pitch,
                .y_f32 = self->y.f32,
                .epilogue = vdt_epilogue_at(self->plan, &self->epilogue, arena, image, row, column),
            };

            kernels->gemm_tile(&tile);
        }
    }
}

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

/* Cuts the work into about @wanted parts that waste little of a tile. */
static void split(ProductStep *self, const VdtKernels *kernels, gsize weight_bytes)
{
    guint wanted = 16;

    self->n_blocks = (self->columns + kernels->nr - 1) / kernels->nr;
    self->block_parts = weight_bytes > SMALL_WEIGHTS ? self->n_blocks : 1;
    wanted = MAX(1, wanted / (self->images * self->block_parts));
    /* A single row, as behind a pooled map, has only its columns to share out. */
    if (self->image_rows <= kernels->mr)
        self->block_parts = self->n_blocks;
    self->rows = vdt_rows_split(self->image_rows, kernels->mr, wanted);
    self->step.n_items = self->images * self->block_parts * self->rows.n_parts;
    /* Not worth waking anybody. */
    if (self->step.macs < 20000) {
        self->rows = vdt_rows_split(self->image_rows, kernels->mr, 1);
        self->block_parts = 1;
        self->step.n_items = self->images;
    }
}

gboolean vdt_lower_product(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node, *weight = node->inputs[1];
    gboolean conv = node->op == &vdt_op_conv2d;
    const VdtKernels *kernels = l->plan->kernels;
    gsize taps = conv ? weight->shape.dims[2] * weight->shape.dims[3] : 1;
    gsize step = vdt_depth_step(kernels->precision);
    VdtMap x;
    ProductStep *self;

    if (!f->scale)
        return FALSE;
    x = *vdt_lower_get_channels_last(l, node->inputs[0]);
    self = vdt_lower_step(ProductStep, l, f, .kernel = "product", .macs = node->op->macs(node),
                          .run = run_product);
    self->plan = l->plan;
    self->x = x;
    self->packed = pack(l, f, weight->shape.dims[1], taps);
    self->zeros = l->zeros;
    self->epilogue = vdt_lower_epilogue(l, f);
    self->kernel_h = conv ? node->p.conv2d.kernel_h : 1;
    self->kernel_w = conv ? node->p.conv2d.kernel_w : 1;
    self->stride = conv ? node->p.conv2d.stride : 1;
    self->pad_h = conv ? node->p.conv2d.pad_h : 0;
    self->pad_w = conv ? node->p.conv2d.pad_w : 0;
    self->depth = (x.c + step - 1) / step * step;
    self->columns = f->columns;
    /* Outputs of the network keep the full precision of the sums. */
    self->y = vdt_lower_new_map(l, f, f->is_output && f->n_uses == 1);
    self->images = self->y.n;
    self->image_rows = self->y.h * self->y.w;
    if (taps == 1 && self->stride == 1 && self->pad_h + self->pad_w == 0 &&
        (!f->mul || self->epilogue.mul_image) && (!f->add || self->epilogue.add_image)) {
        self->image_rows *= self->images;
        self->images = 1;
    }
    split(self, kernels, vdt_packed_size(kernels, self->columns, self->depth, taps));
    vdt_plan_read(l->plan, &x.place);
    if (f->mul)
        vdt_plan_read(l->plan, &self->epilogue.mul);
    if (f->add)
        vdt_plan_read(l->plan, &self->epilogue.add);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}
