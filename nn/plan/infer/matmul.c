/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matrix products of two values, and softmax, over planar floats: the right side is packed, then
 * tiles are multiplied; rows are taken one by one. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

#define ITEM_TILES 4 /* tiles below each other in an item */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap a, b, y;
    VdtPlace packed, zeros;
    gsize m, n, k, batch;
    gsize b_column, b_depth; /* strides */
    double scale;
} MatrixStep;

static float *matrix(const MatrixStep *self, const VdtMap *map, char *arena, gsize number,
                     gsize size)
{
    return (float *)vdt_place_address(self->plan, &map->place, arena) + number * size;
}

static gsize n_blocks(const MatrixStep *self)
{
    return (self->n + self->plan->kernels_f32->nr - 1) / self->plan->kernels_f32->nr;
}

static gsize packed_size(const MatrixStep *self)
{
    return vdt_packed_size(self->plan->kernels_f32, self->n, self->k, 1);
}

/* An item is a block of columns of one matrix. */
static void run_pack(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    const VdtKernels *kernels = self->plan->kernels_f32;
    gsize number = item / n_blocks(self), block = item % n_blocks(self);
    gsize first = block * kernels->nr;

    vdt_pack_gemm_strided(
        kernels, matrix(self, &self->b, arena, number, self->k * self->n) + first * self->b_column,
        MIN(kernels->nr, self->n - first), self->b_column, self->k, self->b_depth, 1, 0,
        vdt_place_address(self->plan, &self->packed, arena) + number * packed_size(self) +
            vdt_packed_block(kernels, block, self->k, 1));
}

/* An item is some rows of one matrix. A tile writes whole vectors, so it goes through scratch where
 * a row of the result ends within one. */
static void run_multiply(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    const VdtKernels *kernels = self->plan->kernels_f32;
    gsize rows = ITEM_TILES * kernels->mr, parts = (self->m + rows - 1) / rows;
    gsize number = item / parts, first = item % parts * rows, end = MIN(first + rows, self->m);
    const float *a = matrix(self, &self->a, arena, number, self->m * self->k);
    float *y = matrix(self, &self->y, arena, number, self->m * self->n);
    const char *packed =
        vdt_place_address(self->plan, &self->packed, arena) + number * packed_size(self);
    const float *zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena);

    for (gsize block = 0; block < n_blocks(self); block++) {
        gsize column = block * kernels->nr, cols = MIN(kernels->nr, self->n - column);

        for (gsize row = first; row < end; row += kernels->mr) {
            gsize count = MIN(kernels->mr, end - row);
            float *to = (float *)scratch;
            const VdtMatrices product = {
                .rows = count,
                .columns = cols,
                .depth = self->k,
                .a = a + row * self->k,
                .a_pitch = self->k,
                .packed = packed + vdt_packed_block(kernels, block, self->k, 1),
                .zeros = zeros,
                .y = to,
                .y_pitch = kernels->nr,
                .y_f32 = TRUE,
            };

            vdt_multiply(kernels, &product);
            for (gsize i = 0; i < count; i++)
                for (gsize j = 0; j < cols; j++)
                    y[(row + i) * self->n + column + j] =
                        (float)self->scale * to[i * kernels->nr + j];
        }
    }
}

gboolean vdt_infer_matmul(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtShape *shape = &node->shape;
    const VdtKernels *kernels = l->plan->kernels_f32;
    MatrixStep state = {.plan = l->plan, .zeros = l->zeros, .scale = node->p.matmul.scale};
    MatrixStep *pack, *multiply;
    gsize rows = ITEM_TILES * kernels->mr;

    if (node->p.matmul.transpose_a)
        return FALSE;
    state.a = *vdt_infer_get_planar(l, node->inputs[0]);
    state.b = *vdt_infer_get_planar(l, node->inputs[1]);
    state.m = shape->dims[shape->n_dims - 2];
    state.n = shape->dims[shape->n_dims - 1];
    state.k = node->inputs[0]->shape.dims[shape->n_dims - 1];
    state.batch = vdt_shape_elements(shape) / (state.m * state.n);
    state.b_column = node->p.matmul.transpose_b ? state.k : 1;
    state.b_depth = node->p.matmul.transpose_b ? 1 : state.n;

    pack = vdt_infer_step(MatrixStep, l, f, .kernel = "pack", .run = run_pack);
    state.step = pack->step;
    *pack = state;
    pack->packed = state.packed = vdt_plan_add_buffer(l->plan, state.batch * packed_size(pack));
    pack->step.n_items = state.batch * n_blocks(pack);
    vdt_step_reads(&pack->step, state.b.place);
    vdt_step_writes(&pack->step, pack->packed);
    vdt_plan_add_step(l->plan, &pack->step);

    multiply = vdt_infer_step(MatrixStep, l, f, .kernel = "matmul", .run = run_multiply,
                              .macs = node->op->macs(node));
    state.step = multiply->step;
    *multiply = state;
    multiply->step.n_items = state.batch * ((state.m + rows - 1) / rows);
    multiply->step.scratch = kernels->mr * kernels->nr * sizeof(float);
    multiply->y = vdt_infer_new_planar(l, f);
    vdt_step_reads(&multiply->step, state.a.place, state.packed);
    vdt_step_writes(&multiply->step, multiply->y.place);
    vdt_plan_add_step(l->plan, &multiply->step);
    return TRUE;
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    gsize n; /* of a row */
    VdtRows rows;
} SoftmaxStep;

/* The kernel wants room behind a row, which is the next row's: so each has its turn in scratch. */
static void run_softmax(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const SoftmaxStep *self = (const SoftmaxStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->x.place, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y.place, arena);

    for (gsize row = item * self->rows.per_part; row < vdt_rows_end(&self->rows, item); row++) {
        memcpy(scratch, x + row * self->n, self->n * sizeof *x);
        self->plan->kernels_f32->softmax_row(self->n, (float *)scratch);
        memcpy(y + row * self->n, scratch, self->n * sizeof *y);
    }
}

gboolean vdt_infer_softmax(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtMap x = *vdt_infer_get_planar(l, node->inputs[0]);
    SoftmaxStep *self = vdt_infer_step(SoftmaxStep, l, f, .kernel = "softmax", .run = run_softmax);

    self->plan = l->plan;
    self->x = x;
    self->n = node->shape.dims[node->shape.n_dims - 1];
    self->rows = vdt_rows_split(vdt_shape_elements(&node->shape) / self->n, 1, 8);
    self->step.n_items = self->rows.n_parts;
    self->step.scratch = VDT_ALIGN_LANES(self->n) * sizeof(float);
    self->y = vdt_infer_new_planar(l, f);
    vdt_step_reads(&self->step, x.place);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}
