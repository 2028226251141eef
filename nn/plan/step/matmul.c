/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "matmul.h"

#include <string.h>

#define ITEM_TILES 4   /* tiles below each other in an item */
#define OUTER_ROWS 128 /* whose outer products are summed at once */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMatmulStep p;
    VdtPlace packed;
} MatrixStep;

static float *matrix(const MatrixStep *self, const VdtPlace *place, char *arena, gsize number,
                     gsize size)
{
    return (float *)vdt_place_address(self->plan, place, arena) + number * size;
}

static gsize n_blocks(const MatrixStep *self)
{
    return (self->p.n + self->plan->kernels_f32->nr - 1) / self->plan->kernels_f32->nr;
}

static gsize packed_size(const MatrixStep *self)
{
    return vdt_packed_size(self->plan->kernels_f32, self->p.n, self->p.k, 1);
}

static gsize item_rows(const MatrixStep *self)
{
    return ITEM_TILES * self->plan->kernels_f32->mr;
}

/* An item is a block of columns of one matrix. */
static void run_pack(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    const VdtKernels *kernels = self->plan->kernels_f32;
    gsize number = item / n_blocks(self), block = item % n_blocks(self);
    gsize first = block * kernels->nr;

    vdt_pack_gemm_strided(
        kernels,
        matrix(self, &self->p.b, arena, number, self->p.k * self->p.n) + first * self->p.b_column,
        MIN(kernels->nr, self->p.n - first), self->p.b_column, self->p.k, self->p.b_row, 1, 0,
        vdt_place_address(self->plan, &self->packed, arena) + number * packed_size(self) +
            vdt_packed_block(kernels, block, self->p.k, 1));
}

/* From a tile that ends in whole vectors to rows that do not. */
static void put_tile(const MatrixStep *self, const float *tile, gsize rows, gsize columns, float *y)
{
    const float scale = (float)self->p.scale;
    gsize nr = self->plan->kernels_f32->nr;

    for (gsize i = 0; i < rows; i++)
        for (gsize j = 0; j < columns; j++) {
            float value = scale * tile[i * nr + j];

            y[i * self->p.n + j] = self->p.add ? y[i * self->p.n + j] + value : value;
        }
}

/* An item is some rows of one matrix. A tile writes whole vectors, so it goes through scratch where
 * a row of the result ends within one. */
static void run_multiply(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    const VdtKernels *kernels = self->plan->kernels_f32;
    gsize rows = item_rows(self), parts = (self->p.m + rows - 1) / rows;
    gsize number = item / parts, first = item % parts * rows, end = MIN(first + rows, self->p.m);
    const float *a = matrix(self, &self->p.a, arena, number, self->p.m * self->p.k);
    float *y = matrix(self, &self->p.y, arena, number, self->p.m * self->p.n);
    const char *packed =
        vdt_place_address(self->plan, &self->packed, arena) + number * packed_size(self);

    for (gsize block = 0; block < n_blocks(self); block++) {
        gsize column = block * kernels->nr, cols = MIN(kernels->nr, self->p.n - column);

        for (gsize row = first; row < end; row += kernels->mr) {
            gsize count = MIN(kernels->mr, end - row);
            const VdtMatrices product = {
                .rows = count,
                .columns = cols,
                .depth = self->p.k,
                .a = a + row * self->p.k,
                .a_pitch = self->p.k,
                .packed = packed + vdt_packed_block(kernels, block, self->p.k, 1),
                .zeros = (const float *)vdt_place_address(self->plan, &self->p.zeros, arena),
                .y = scratch,
                .y_pitch = kernels->nr,
                .y_f32 = TRUE,
            };

            vdt_multiply(kernels, &product);
            put_tile(self, (const float *)scratch, count, cols, y + row * self->p.n + column);
        }
    }
}

static MatrixStep *new_step(VdtPlan *plan, const VdtMatmulStep *product, const char *label,
                            VdtStep step)
{
    MatrixStep *self = g_new0(MatrixStep, 1);

    step.label = g_strdup(label);
    self->step = step;
    self->plan = plan;
    self->p = *product;
    return self;
}

void vdt_plan_add_matmul(VdtPlan *plan, const VdtMatmulStep *product, const char *label,
                         guint64 macs)
{
    MatrixStep *pack = new_step(plan, product, label, (VdtStep){.kernel = "pack", .run = run_pack});
    MatrixStep *multiply = new_step(
        plan, product, label, (VdtStep){.kernel = "matmul", .macs = macs, .run = run_multiply});
    gsize rows = item_rows(multiply);

    pack->packed = multiply->packed = vdt_plan_add_buffer(plan, product->batch * packed_size(pack));
    pack->step.n_items = product->batch * n_blocks(pack);
    vdt_step_reads(&pack->step, product->b);
    vdt_step_writes(&pack->step, pack->packed);
    vdt_plan_add_step(plan, &pack->step);

    multiply->step.n_items = product->batch * ((product->m + rows - 1) / rows);
    multiply->step.scratch = plan->kernels_f32->mr * plan->kernels_f32->nr * sizeof(float);
    vdt_step_reads(&multiply->step, product->a, multiply->packed);
    vdt_step_writes(&multiply->step, product->y);
    vdt_plan_add_step(plan, &multiply->step);
}

/* Whole vectors of a row: where that is not what the row holds, it is copied behind @scratch. */
static const float *whole(const float *row, gsize n, float **scratch)
{
    float *copy = *scratch;

    if (n % VDT_LANES == 0)
        return row;
    memcpy(copy, row, n * sizeof *row);
    memset(copy + n, 0, (VDT_ALIGN_LANES(n) - n) * sizeof *row);
    *scratch += VDT_ALIGN_LANES(n);
    return copy;
}

/* An item is some rows of one result, a tile high. */
static void run_outer(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    const VdtKernels *kernels = self->plan->kernels_f32;
    gsize rows = item_rows(self), parts = (self->p.m + rows - 1) / rows;
    gsize number = item / parts, first = item % parts * rows;
    gsize height = MIN(rows, self->p.m - first), pitch = VDT_ALIGN_LANES(self->p.n);
    const float *a = matrix(self, &self->p.a, arena, number, self->p.m * self->p.k);
    const float *b = matrix(self, &self->p.b, arena, number, self->p.n * self->p.k);
    float *y = matrix(self, &self->p.y, arena, number, self->p.m * self->p.n);
    float *sums = (float *)scratch;

    for (gsize at = 0; at < self->p.k; at += OUTER_ROWS) {
        gsize depth = MIN(OUTER_ROWS, self->p.k - at);
        const float *a_rows[OUTER_ROWS], *b_rows[OUTER_ROWS];
        float *copies = sums + rows * pitch;

        for (gsize i = 0; i < depth; i++) {
            a_rows[i] = a + (at + i) * self->p.m + first;
            b_rows[i] = whole(b + (at + i) * self->p.n, self->p.n, &copies);
        }
        for (gsize row = 0; row < height; row += kernels->mr)
            for (gsize column = 0; column < pitch; column += kernels->nr) {
                const VdtOuterTile tile = {
                    .rows = MIN(kernels->mr, height - row),
                    .cols = MIN(kernels->nr, pitch - column),
                    .depth = depth,
                    .a = a_rows,
                    .a_offset = row,
                    .b = b_rows,
                    .b_offset = column,
                    .y = sums + row * pitch + column,
                    .y_pitch = pitch,
                    .add = at > 0,
                };

                kernels->outer_tile(&tile);
            }
    }
    for (gsize i = 0; i < height; i++)
        for (gsize j = 0; j < self->p.n; j++) {
            float *to = &y[(first + i) * self->p.n + j];
            float value = (float)self->p.scale * sums[i * pitch + j];

            *to = self->p.add ? *to + value : value;
        }
}

void vdt_plan_add_outer(VdtPlan *plan, const VdtMatmulStep *product, const char *label,
                        guint64 macs)
{
    MatrixStep *self = new_step(plan, product, label,
                                (VdtStep){.kernel = "outer", .macs = macs, .run = run_outer});
    gsize rows = item_rows(self);

    self->step.n_items = product->batch * ((product->m + rows - 1) / rows);
    self->step.scratch = (rows + OUTER_ROWS) * VDT_ALIGN_LANES(product->n) * sizeof(float);
    vdt_step_reads(&self->step, product->a, product->b);
    vdt_step_writes(&self->step, product->y);
    vdt_plan_add_step(plan, &self->step);
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x;
    VdtPlace y;
    VdtRows rows;
} SoftmaxStep;

/* The kernel wants room behind a row, which is the next row's: so each has its turn in scratch. */
static void run_softmax(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const SoftmaxStep *self = (const SoftmaxStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->x.place, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y, arena);
    const gsize n = self->x.c, live = vdt_map_live(self->plan, &self->x, arena);
    const gsize end = MIN(vdt_rows_end(&self->rows, item), live);

    for (gsize row = item * self->rows.per_part; row < end; row++) {
        memcpy(scratch, x + row * n, n * sizeof *x);
        self->plan->kernels_f32->softmax_row(n, (float *)scratch);
        memcpy(y + row * n, scratch, n * sizeof *y);
    }
}

void vdt_plan_add_softmax(VdtPlan *plan, const VdtMap *x, const VdtPlace *y, const char *label)
{
    SoftmaxStep *self = g_new0(SoftmaxStep, 1);

    self->step = (VdtStep){.kernel = "softmax",
                           .label = g_strdup(label),
                           .scratch = VDT_ALIGN_LANES(x->c) * sizeof(float),
                           .run = run_softmax,
                           .reads = {x->place, x->live},
                           .writes = {*y}};
    self->plan = plan;
    self->x = *x;
    self->y = *y;
    self->rows = vdt_rows_split(vdt_map_rows(x), 1, 8);
    self->step.n_items = self->rows.n_parts;
    vdt_plan_add_step(plan, &self->step);
}
