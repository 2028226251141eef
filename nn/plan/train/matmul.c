/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Products of values in training, A B or A B^T, and the softmax of rows, over planar values. Where
 * rows are long, sums run along them: it is how the classes of a map find what they look like, with
 * a row for each class or channel and a pixel in each column. Attention's are packed and
 * multiplied.
 */
#include "account.h"

#include <string.h>

#include "ops/table.h"
#include "plan/step/matmul.h"

#define SUM_VECTORS 64   /* that are summed in float at once */
#define LONG_ROW    1024 /* where packing would cost more than it saves */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtPlace a, b, y, dy, da, db;
    gsize m, n, k; /* y is [m, n], a [m, k], b [n, k], all of them @batch times */
    float scale;
    gboolean has_da, has_db, add_da, add_db;
} MatrixStep;

static float *matrix(const MatrixStep *self, const VdtPlace *place, char *arena, gsize number,
                     gsize size)
{
    return (float *)vdt_place_address(self->plan, place, arena) + number * size;
}

static double dot(const VdtGradientKernels *kernels, const float *a, const float *b, gsize n)
{
    double total = 0;

    const gsize whole = n / VDT_LANES * VDT_LANES;

    for (gsize i = 0; i < whole; i += SUM_VECTORS * VDT_LANES) {
        float sum[VDT_LANES] = {0};

        kernels->dot_rows(MIN(SUM_VECTORS, (whole - i) / VDT_LANES), VDT_LANES, a + i, VDT_LANES,
                          b + i, VDT_LANES, sum);
        for (guint j = 0; j < VDT_LANES; j++)
            total += sum[j];
    }
    for (gsize i = whole; i < n; i++)
        total += a[i] * b[i];
    return total;
}

/* An item is a row of a matrix. */
static void run_multiply(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    gsize number = item / self->m, row = item % self->m;
    const float *a = matrix(self, &self->a, arena, number, self->m * self->k) + row * self->k;
    const float *b = matrix(self, &self->b, arena, number, self->n * self->k);
    float *y = matrix(self, &self->y, arena, number, self->m * self->n) + row * self->n;

    for (gsize i = 0; i < self->n; i++)
        y[i] = self->scale * dot(self->kernels, a, b + i * self->k, self->k);
}

/* to (+)= the sum of @taps rows of @k, each by its weight. */
static void blend(const MatrixStep *self, const float *rows, gsize taps, const float *weights,
                  gsize weight_step, char *scratch, float *to, gboolean add)
{
    const void **a = (const void **)scratch;
    float *weight = (float *)(a + taps), *sum = weight + VDT_ALIGN_LANES(taps);

    for (gsize i = 0; i < taps; i++) {
        a[i] = rows + i * self->k;
        weight[i] = self->scale * weights[i * weight_step];
    }
    self->plan->kernels->blend_rows(1, taps, self->k, a, weight, add ? sum : to, self->k);
    if (add)
        self->kernels->copy_rows(1, self->k, sum, self->k, 1, to, self->k, true);
}

/* An item is a row of the gradient by A, or by B. */
static void run_gradient(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MatrixStep *self = (const MatrixStep *)step;
    gsize number = item / (self->m + self->n), row = item % (self->m + self->n);
    const float *dy = matrix(self, &self->dy, arena, number, self->m * self->n);

    if (row < self->m && self->has_da)
        blend(self, matrix(self, &self->b, arena, number, self->n * self->k), self->n,
              dy + row * self->n, 1, scratch,
              matrix(self, &self->da, arena, number, self->m * self->k) + row * self->k,
              self->add_da);
    else if (row >= self->m && self->has_db)
        blend(self, matrix(self, &self->a, arena, number, self->m * self->k), self->m,
              dy + (row - self->m), self->n, scratch,
              matrix(self, &self->db, arena, number, self->n * self->k) + (row - self->m) * self->k,
              self->add_db);
}

static VdtPlace new_planar(VdtTrain *t, const VdtNode *node)
{
    t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
    t->has_planar[node->index] = TRUE;
    return t->planar[node->index].place;
}

static gsize last_dim(const VdtNode *node)
{
    return node->shape.dims[node->shape.n_dims - 1];
}

static gboolean are_in_order(const VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];

    return vdt_train_is_in_order(t, node) && vdt_train_is_in_order(t, a) &&
           vdt_train_is_in_order(t, b) && !t->is_weight[a->index] && !t->is_weight[b->index];
}

/* Few rows that are long, by sums along them. */
static gboolean are_long(const VdtNode *node)
{
    return node->p.matmul.transpose_b && last_dim(node->inputs[0]) % VDT_LANES == 0 &&
           last_dim(node->inputs[0]) >= LONG_ROW;
}

static VdtMatmulStep describe(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0];
    VdtMatmulStep product = {.m = node->shape.dims[node->shape.n_dims - 2],
                             .n = last_dim(node),
                             .zeros = t->zeros,
                             .scale = node->p.matmul.scale};

    product.k =
        node->p.matmul.transpose_a ? (gsize)a->shape.dims[a->shape.n_dims - 2] : last_dim(a);
    product.batch = vdt_shape_elements(&node->shape) / (product.m * product.n);
    return product;
}

static gboolean forward_matmul(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];
    const gboolean transposed = node->p.matmul.transpose_b;
    MatrixStep *self;
    VdtMatmulStep product;

    if ((node->p.matmul.transpose_a && transposed) || !are_in_order(t, node))
        return FALSE;
    if (node->p.matmul.transpose_a) {
        product = describe(t, node);
        product.a = vdt_train_planar(t, a)->place;
        product.b = vdt_train_planar(t, b)->place;
        product.y = new_planar(t, node);
        vdt_plan_add_outer(t->plan, &product, node->op->name, node->op->macs(node));
        return TRUE;
    }
    if (!are_long(node)) {
        product = describe(t, node);
        product.b_row = transposed ? 1 : product.n;
        product.b_column = transposed ? product.k : 1;
        product.a = vdt_train_planar(t, a)->place;
        product.b = vdt_train_planar(t, b)->place;
        product.y = new_planar(t, node);
        vdt_plan_add_matmul(t->plan, &product, node->op->name, node->op->macs(node));
        return TRUE;
    }
    self = vdt_train_step(MatrixStep, t, node, .kernel = "matmul", .macs = node->op->macs(node),
                          .run = run_multiply);
    self->plan = t->plan;
    self->kernels = t->kernels;
    self->m = node->shape.dims[node->shape.n_dims - 2];
    self->n = last_dim(node);
    self->k = last_dim(a);
    self->scale = node->p.matmul.scale;
    self->a = vdt_train_planar(t, a)->place;
    self->b = vdt_train_planar(t, b)->place;
    self->step.n_items = vdt_shape_elements(&node->shape) / self->n;
    self->y = new_planar(t, node);
    t->kept[node->index] = g_memdup2(self, sizeof *self);
    vdt_step_reads(&self->step, self->a, self->b);
    vdt_step_writes(&self->step, self->y);
    vdt_plan_add_step(t->plan, &self->step);
    return TRUE;
}

/* Of y = a' b: da = b dy', db = a dy. */
static void add_transposed_gradients(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];
    const VdtMatmulStep forward = describe(t, node);
    const VdtPlace dy = vdt_train_dy(t, node)->place;
    VdtMatmulStep product = forward;

    if (vdt_train_wants(t, a)) {
        product.m = forward.k;
        product.n = forward.m;
        product.k = forward.n;
        product.b_row = 1;
        product.b_column = forward.n;
        product.a = vdt_train_planar(t, b)->place;
        product.b = dy;
        product.y = vdt_train_dx(t, a, &product.add).place;
        vdt_plan_add_matmul(t->plan, &product, node->op->name, node->op->macs(node));
    }
    if (vdt_train_wants(t, b)) {
        product.m = forward.k;
        product.n = forward.n;
        product.k = forward.m;
        product.b_row = forward.n;
        product.b_column = 1;
        product.a = vdt_train_planar(t, a)->place;
        product.b = dy;
        product.y = vdt_train_dx(t, b, &product.add).place;
        vdt_plan_add_matmul(t->plan, &product, node->op->name, node->op->macs(node));
    }
}

/* Of y = a b: da = dy b', db = a' dy; of y = a b': da = dy b, db = dy' a. */
static void add_gradients(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *a = node->inputs[0], *b = node->inputs[1];
    const gboolean transposed = node->p.matmul.transpose_b;
    const VdtMatmulStep forward = describe(t, node);
    const VdtPlace dy = vdt_train_dy(t, node)->place;
    VdtMatmulStep product = forward;

    if (vdt_train_wants(t, a)) {
        product.n = forward.k;
        product.k = forward.n;
        product.b_row = transposed ? forward.k : 1;
        product.b_column = transposed ? 1 : forward.n;
        product.a = dy;
        product.b = vdt_train_planar(t, b)->place;
        product.y = vdt_train_dx(t, a, &product.add).place;
        vdt_plan_add_matmul(t->plan, &product, node->op->name, node->op->macs(node));
    }
    if (vdt_train_wants(t, b)) {
        const VdtPlace values = vdt_train_planar(t, a)->place;

        product.m = transposed ? forward.n : forward.k;
        product.n = transposed ? forward.k : forward.n;
        product.k = forward.m;
        product.a = transposed ? dy : values;
        product.b = transposed ? values : dy;
        product.y = vdt_train_dx(t, b, &product.add).place;
        vdt_plan_add_outer(t->plan, &product, node->op->name, node->op->macs(node));
    }
}

static void backward_matmul(VdtTrain *t, const VdtNode *node)
{
    const MatrixStep *kept = t->kept[node->index];
    MatrixStep *self;
    VdtStep step;

    if (!kept) {
        if (node->p.matmul.transpose_a)
            add_transposed_gradients(t, node);
        else
            add_gradients(t, node);
        return;
    }
    self = vdt_train_step(MatrixStep, t, node, .kernel = "matmul_gradient",
                          .macs = 2 * node->op->macs(node), .run = run_gradient);
    step = self->step;
    *self = *kept;
    self->step = step;
    self->step.n_items = kept->step.n_items / self->m * (self->m + self->n);
    self->step.scratch = MAX(self->m, self->n) * sizeof(void *) +
                         (VDT_ALIGN_LANES(MAX(self->m, self->n)) + self->k) * sizeof(float);
    self->dy = vdt_train_dy(t, node)->place;
    vdt_step_reads(&self->step, self->dy);
    self->has_da = vdt_train_wants(t, node->inputs[0]);
    if (self->has_da) {
        self->da = vdt_train_dx(t, node->inputs[0], &self->add_da).place;
        vdt_step_reads(&self->step, self->b);
        vdt_step_writes(&self->step, self->da);
    }
    self->has_db = vdt_train_wants(t, node->inputs[1]);
    if (self->has_db) {
        self->db = vdt_train_dx(t, node->inputs[1], &self->add_db).place;
        vdt_step_reads(&self->step, self->a);
        vdt_step_writes(&self->step, self->db);
    }
    vdt_plan_add_step(t->plan, &self->step);
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtPlace x, y, dy, dx;
    gsize n; /* of a row */
    gboolean add;
} SoftmaxStep;

static float *row_at(const SoftmaxStep *self, const VdtPlace *place, char *arena, gsize row)
{
    return (float *)vdt_place_address(self->plan, place, arena) + row * self->n;
}

static void run_softmax_gradient(const VdtStep *step, char *arena, char *scratch, guint row)
{
    const SoftmaxStep *self = (const SoftmaxStep *)step;
    const float *y = row_at(self, &self->y, arena, row), *dy = row_at(self, &self->dy, arena, row);
    float *dx = row_at(self, &self->dx, arena, row);
    float mean = dot(self->kernels, y, dy, self->n); /* of dy, by share */

    for (gsize i = 0; i < self->n; i++)
        dx[i] = (self->add ? dx[i] : 0) + y[i] * (dy[i] - mean);
}

static gboolean forward_softmax(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *input = node->inputs[0];
    VdtMap x = vdt_map_describe(&node->shape, node->shape.n_dims - 1, VDT_PRECISION_F32);
    VdtPlace y;

    if (!vdt_train_is_in_order(t, node) || !vdt_train_is_in_order(t, input) ||
        t->is_weight[input->index])
        return FALSE;
    x.place = vdt_train_planar(t, input)->place;
    y = new_planar(t, node);
    vdt_plan_add_softmax(t->plan, &x, &y, node->op->name);
    return TRUE;
}

static void backward_softmax(VdtTrain *t, const VdtNode *node)
{
    SoftmaxStep *self = vdt_train_step(SoftmaxStep, t, node, .kernel = "softmax_gradient",
                                       .n_items = vdt_shape_elements(&node->shape) / last_dim(node),
                                       .run = run_softmax_gradient);

    self->plan = t->plan;
    self->kernels = t->kernels;
    self->n = last_dim(node);
    self->y = vdt_train_planar(t, node)->place;
    self->dy = vdt_train_dy(t, node)->place;
    self->dx = vdt_train_dx(t, node->inputs[0], &self->add).place;
    vdt_step_reads(&self->step, self->y, self->dy);
    vdt_step_writes(&self->step, self->dx);
    vdt_plan_add_step(t->plan, &self->step);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_matmul, forward_matmul, backward_matmul, FALSE},
    {&vdt_op_softmax, forward_softmax, backward_softmax, FALSE},
};
VDT_TRAIN_LOWERINGS(matmul);
