/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "product.h"

/* Weights up to this size are near enough while a part of the rows runs all columns, whose inputs a
 * worker then has in its own second cache, having made them; above it each part has one block of
 * columns. */
#define SMALL_WEIGHTS (2560 * 1024)

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtProduct p;
    gsize images, image_rows; /* a 1x1 product over a batch is one image */
    VdtRows rows;
    guint block_parts; /* 1: a part runs all blocks; otherwise one */
    guint n_blocks;
} ProductStep;

/* Numbers of the input pixels of rows [first, first + count) for all taps; -1 for padding. */
static void find_pixels(const ProductStep *self, gsize image, gsize first, gsize count,
                        gssize *pixels)
{
    const VdtMap *map = &self->p.x;

    if (vdt_window_is_pixel(&self->p.window)) {
        for (gsize i = 0; i < count; i++)
            pixels[i] = image * self->image_rows + first + i;
        return;
    }
    for (gsize i = 0; i < count; i++) {
        gsize row = (first + i) / self->p.y.w, column = (first + i) % self->p.y.w;
        gssize *to = pixels + i;

        for (int tap_row = 0; tap_row < self->p.window.kernel_h; tap_row++) {
            gssize r = vdt_window_row(&self->p.window, map, row, tap_row);

            for (int tap_column = 0; tap_column < self->p.window.kernel_w; tap_column++) {
                gssize c = vdt_window_column(&self->p.window, map, column, tap_column);

                *to = r < 0 || c < 0 ? -1 : (gssize)((image * map->h + r) * map->w) + c;
                to += count;
            }
        }
    }
}

/* What an item does: some rows of an image, some blocks of columns. */
typedef struct {
    gsize image, row, end;
    guint block, end_block;
} Share;

static Share get_share(const ProductStep *self, char *arena, guint item)
{
    guint part = item % self->rows.n_parts, rest = item / self->rows.n_parts;
    guint block = rest % self->block_parts;
    gsize image = rest / self->block_parts;
    gsize live = vdt_map_live_in(self->plan, &self->p.y, arena, image, self->image_rows);

    return (Share){.image = image,
                   .row = part * self->rows.per_part,
                   .end = MIN(vdt_rows_end(&self->rows, part), live),
                   .block = block,
                   .end_block = self->block_parts == 1 ? self->n_blocks : block + 1};
}

void vdt_product_run_tiles(const VdtPlan *plan, const VdtProduct *p, char *arena,
                           const void *const *a, gsize count, guint block, guint end_block,
                           gsize image, gsize row, char *y)
{
    const VdtKernels *kernels = plan->kernels;
    gsize y_element = p->y.f32 ? sizeof(float) : vdt_element_size(kernels->precision);
    gsize taps = vdt_window_taps(&p->window);
    const char *packed = vdt_place_address(plan, &p->packed, arena);

    for (guint b = block; b < end_block; b++) {
        gsize column = b * kernels->nr;
        VdtGemmTile tile = {
            .rows = count,
            .cols = MIN(kernels->nr, VDT_ALIGN_LANES(p->columns - column)),
            .taps = taps,
            .depth = p->depth,
            .a = a,
            .b = packed + vdt_packed_block(kernels, b, p->depth, taps),
            .y = y + column * y_element,
            .y_pitch = p->y.pitch,
            .y_f32 = p->y.f32,
            .epilogue = vdt_epilogue_at(plan, &p->epilogue, arena, image, row, column),
        };

        kernels->gemm_tile(&tile);
    }
}

static void run_product(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProductStep *self = (const ProductStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    const Share share = get_share(self, arena, item);
    gsize x_pixel = self->p.x.pitch * vdt_element_size(kernels->precision);
    gsize y_pixel =
        self->p.y.pitch * (self->p.y.f32 ? sizeof(float) : vdt_element_size(kernels->precision));
    gsize taps = vdt_window_taps(&self->p.window);
    const char *x = vdt_place_address(self->plan, &self->p.x.place, arena);
    const char *zeros = vdt_place_address(self->plan, &self->p.zeros, arena);
    char *y = vdt_place_address(self->plan, &self->p.y.place, arena);
    gssize pixels[VDT_MOST_TAPS * VDT_MOST_GEMM_ROWS];
    const void *a[VDT_MOST_TAPS * VDT_MOST_GEMM_ROWS];

    for (gsize row = share.row, count; row < share.end; row += count) {
        count = vdt_tile_rows(kernels, share.end - row);
        find_pixels(self, share.image, row, count, pixels);
        for (gsize i = 0; i < count * taps; i++)
            a[i] = pixels[i] < 0 ? zeros : x + pixels[i] * x_pixel;
        vdt_product_run_tiles(self->plan, &self->p, arena, a, count, share.block, share.end_block,
                              share.image, row,
                              y + (share.image * self->image_rows + row) * y_pixel);
    }
}

static void run_product_int8(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProductStep *self = (const ProductStep *)step;
    const VdtInt8Kernels *kernels = self->plan->kernels_int8;
    const Share share = get_share(self, arena, item);
    gsize taps = vdt_window_taps(&self->p.window);
    const int8_t *x = (const int8_t *)vdt_place_address(self->plan, &self->p.x.place, arena);
    const int8_t *zeros = (const int8_t *)vdt_place_address(self->plan, &self->p.zeros, arena);
    const float *scales = (const float *)vdt_place_address(self->plan, &self->p.scales, arena);
    const float *column_scales =
        (const float *)vdt_place_address(self->plan, &self->p.column_scales, arena);
    const char *packed = vdt_place_address(self->plan, &self->p.packed, arena);
    char *y = vdt_place_address(self->plan, &self->p.y.place, arena);
    gsize element = vdt_element_size(kernels->maps);
    gssize pixels[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];
    const int8_t *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];
    float a_scales[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

    for (gsize row = share.row, count; row < share.end; row += count) {
        count = MIN(kernels->mr, share.end - row);
        find_pixels(self, share.image, row, count, pixels);
        for (gsize i = 0; i < count * taps; i++) {
            a[i] = pixels[i] < 0 ? zeros : x + pixels[i] * self->p.x.pitch;
            a_scales[i] = pixels[i] < 0 ? 0 : scales[pixels[i]];
        }
        for (guint b = share.block; b < share.end_block; b++) {
            gsize column = b * kernels->nr;
            VdtInt8Tile tile = {
                .rows = count,
                .cols = MIN(kernels->nr, VDT_ALIGN_LANES(self->p.columns - column)),
                .taps = taps,
                .depth = self->p.depth,
                .a = a,
                .scales = a_scales,
                .b = packed + vdt_int8_packed_block(kernels, b, self->p.depth, taps),
                .column_scales = column_scales + column,
                .y = y +
                     ((share.image * self->image_rows + row) * self->p.y.pitch + column) * element,
                .y_pitch = self->p.y.pitch,
                .epilogue =
                    vdt_epilogue_at(self->plan, &self->p.epilogue, arena, share.image, row, column),
            };

            kernels->gemm_tile(&tile);
        }
    }
}

/* Cuts the work into about @wanted parts that waste little of a tile of mr x nr. */
static void split(ProductStep *self, gsize mr, gsize nr, gsize weight_bytes)
{
    guint wanted = 16;

    self->n_blocks = (self->p.columns + nr - 1) / nr;
    self->block_parts = weight_bytes > SMALL_WEIGHTS ? self->n_blocks : 1;
    wanted = MAX(1, wanted / (self->images * self->block_parts));
    /* A single row, as behind a pooled map or the only live one, has only its columns to share out.
     */
    if (self->image_rows <= mr || vdt_place_exists(&self->p.y.live))
        self->block_parts = self->n_blocks;
    self->rows = vdt_rows_split(self->image_rows, mr, wanted);
    self->step.n_items = self->images * self->block_parts * self->rows.n_parts;
    /* Not worth waking anybody. */
    if (self->step.macs < 20000) {
        self->rows = vdt_rows_split(self->image_rows, mr, 1);
        self->block_parts = 1;
        self->step.n_items = self->images;
    }
}

void vdt_plan_add_product(VdtPlan *plan, const VdtProduct *product, const char *label, guint64 macs)
{
    ProductStep *self = g_new0(ProductStep, 1);
    const VdtLateEpilogue *e = &product->epilogue;
    gsize taps = vdt_window_taps(&product->window);

    self->step = (VdtStep){.kernel = product->int8 ? "product_int8" : "product",
                           .label = g_strdup(label),
                           .macs = macs,
                           .run = product->int8 ? run_product_int8 : run_product};
    self->plan = plan;
    self->p = *product;
    self->images = product->y.n;
    self->image_rows = product->y.h * product->y.w;
    if (vdt_window_is_pixel(&product->window) && (!vdt_place_exists(&e->mul) || e->mul_image) &&
        (!vdt_place_exists(&e->add) || e->add_image)) {
        self->image_rows *= self->images;
        self->images = 1;
    }
    if (product->int8)
        split(self, plan->kernels_int8->mr, plan->kernels_int8->nr,
              vdt_int8_packed_size(product->columns, product->depth, taps));
    else
        split(self, plan->kernels->mr, plan->kernels->nr,
              vdt_packed_size(plan->kernels, product->columns, product->depth, taps));
    vdt_step_reads(&self->step, product->x.place, product->scales, product->packed,
                   product->y.live);
    vdt_step_reads_epilogue(&self->step, e);
    vdt_step_writes(&self->step, product->y.place);
    vdt_plan_add_step(plan, &self->step);
}
