/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "product.h"

/* Weights up to this size stay in the second cache while a part of the rows runs all columns; above
 * it each part has one block of columns. */
#define SMALL_WEIGHTS (512 * 1024)

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtProduct p;
    gsize images, image_rows; /* a 1x1 product over a batch is one image */
    VdtRows rows;
    guint block_parts; /* 1: a part runs all blocks; otherwise one */
    guint n_blocks;
} ProductStep;

/* Addresses of the inputs of rows [first, first + count) for all taps. */
static void find_inputs(const ProductStep *self, const char *x, const char *zeros, gsize image,
                        gsize first, gsize count, const void **a)
{
    const VdtMap *map = &self->p.x;
    gsize pixel = map->pitch * vdt_element_size(self->plan->kernels->precision);

    if (vdt_window_is_pixel(&self->p.window)) {
        for (gsize i = 0; i < count; i++)
            a[i] = x + (image * self->image_rows + first + i) * pixel;
        return;
    }
    for (gsize i = 0; i < count; i++) {
        gsize row = (first + i) / self->p.y.w, column = (first + i) % self->p.y.w;
        const void **to = a + i;

        for (int tap_row = 0; tap_row < self->p.window.kernel_h; tap_row++) {
            gssize r = vdt_window_row(&self->p.window, map, row, tap_row);

            for (int tap_column = 0; tap_column < self->p.window.kernel_w; tap_column++) {
                gssize c = vdt_window_column(&self->p.window, map, column, tap_column);

                *to = r < 0 || c < 0 ? zeros : x + ((image * map->h + r) * map->w + c) * pixel;
                to += count;
            }
        }
    }
}

static void run_product(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProductStep *self = (const ProductStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize y_element = self->p.y.f32 ? sizeof(float) : vdt_element_size(kernels->precision);
    guint part = item % self->rows.n_parts, rest = item / self->rows.n_parts;
    guint block = rest % self->block_parts;
    guint end_block = self->block_parts == 1 ? self->n_blocks : block + 1;
    gsize image = rest / self->block_parts, taps = vdt_window_taps(&self->p.window);
    const char *x = vdt_place_address(self->plan, &self->p.x.place, arena);
    const char *zeros = vdt_place_address(self->plan, &self->p.zeros, arena);
    const char *packed = vdt_place_address(self->plan, &self->p.packed, arena);
    char *y = vdt_place_address(self->plan, &self->p.y.place, arena);
    gsize end = vdt_rows_end(&self->rows, part);
    const void *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

    for (gsize row = part * self->rows.per_part; row < end; row += kernels->mr) {
        gsize count = MIN(kernels->mr, end - row);

        find_inputs(self, x, zeros, image, row, count, a);
        for (guint b = block; b < end_block; b++) {
            gsize column = b * kernels->nr;
            VdtGemmTile tile = {
                .rows = count,
                .cols = MIN(kernels->nr, VDT_ALIGN_LANES(self->p.columns - column)),
                .taps = taps,
                .depth = self->p.depth,
                .a = a,
                .b = packed + vdt_packed_block(kernels, b, self->p.depth, taps),
                .y = y + ((image * self->image_rows + row) * self->p.y.pitch + column) * y_element,
                .y_pitch = self->p.y.pitch,
                .y_f32 = self->p.y.f32,
                .epilogue =
                    vdt_epilogue_at(self->plan, &self->p.epilogue, arena, image, row, column),
            };

            kernels->gemm_tile(&tile);
        }
    }
}

/* Cuts the work into about @wanted parts that waste little of a tile. */
static void split(ProductStep *self, const VdtKernels *kernels, gsize weight_bytes)
{
    guint wanted = 16;

    self->n_blocks = (self->p.columns + kernels->nr - 1) / kernels->nr;
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

void vdt_plan_add_product(VdtPlan *plan, const VdtProduct *product, const char *label, guint64 macs)
{
    ProductStep *self = g_new0(ProductStep, 1);
    const VdtLateEpilogue *e = &product->epilogue;

    self->step =
        (VdtStep){.kernel = "product", .label = g_strdup(label), .macs = macs, .run = run_product};
    self->plan = plan;
    self->p = *product;
    self->images = product->y.n;
    self->image_rows = product->y.h * product->y.w;
    if (vdt_window_is_pixel(&product->window) && (!e->has_mul || e->mul_image) &&
        (!e->has_add || e->add_image)) {
        self->image_rows *= self->images;
        self->images = 1;
    }
    split(self, plan->kernels,
          vdt_packed_size(plan->kernels, product->columns, product->depth,
                          vdt_window_taps(&product->window)));
    vdt_plan_read(plan, &product->x.place);
    vdt_plan_read(plan, &product->packed);
    vdt_plan_read(plan, &product->y.place);
    if (e->has_mul)
        vdt_plan_read(plan, &e->mul);
    if (e->has_add)
        vdt_plan_read(plan, &e->add);
    vdt_plan_add_step(plan, &self->step);
}
