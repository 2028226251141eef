/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batch norm with the statistics of the batch, or, of a frozen one, with the running ones, and the
 * ReLU behind it.
 *
 * With xhat = (x - mean) / sd, y = xhat * weight + bias [+ alpha * x], M pixels in the batch:
 *     dweight = sum(g * xhat), dbias = sum(g), g being dy before the ReLU
 *     dx = weight / sd * (g - mean(g) - xhat * mean(g * xhat)) [+ alpha * g]
 *     [dalpha = sum(g * x)]
 * where mean(g) and mean(g * xhat) are what goes through the statistics: a frozen one has none of
 * that.
 * Sums are made in parts of rows, which do not depend on the number of threads, and put together in
 * double. Squares are of distances from the batch's first pixel, so that a large mean costs no
 * digits.
 */
#include "account.h"

#include <math.h>
#include <string.h>

#include "ops/planes.h"
#include "ops/table.h"

/* Rows of one table, pitch floats each, which forward makes and backward reads. */
enum { MEAN, SCALE /* with alpha */, BIAS, DEVIATION /* 1 / sd */, NORM /* weight / sd */, N_KEPT };
/* and which backward's sums become: dx = g * FACTOR + (x - mean) * SLOPE + OFFSET */
enum { FACTOR, SLOPE, OFFSET, N_BACK };

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap x, y, dy, dx;
    VdtAct act;
    VdtRows rows;
    gsize pitch;    /* floats of a row of the tables */
    VdtPlace parts; /* [part][2][pitch] */
    VdtPlace kept, back;
    /* parameters, or gradients of them; alpha may be no place */
    VdtPlace weight, bias, running_mean, running_var, alpha;
    gboolean add, add_weight, add_bias, add_alpha, has_weight, has_bias, has_alpha, frozen;
    float eps;
} NormStep;

static float *floats(const NormStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

static float *at_part(const NormStep *self, const VdtMap *map, char *arena, guint part)
{
    return floats(self, &map->place, arena) + part * self->rows.per_part * map->pitch;
}

static gsize part_rows(const NormStep *self, guint part)
{
    return vdt_rows_end(&self->rows, part) - part * self->rows.per_part;
}

/* The two sums of channel @c over all parts. */
static void total(const NormStep *self, char *arena, gsize c, double *first, double *second)
{
    const float *parts = floats(self, &self->parts, arena);

    *first = *second = 0;
    for (guint i = 0; i < self->rows.n_parts; i++, parts += 2 * self->pitch) {
        *first += parts[c];
        *second += parts[self->pitch + c];
    }
}

static void run_moments(const VdtStep *step, char *arena, char *scratch, guint part)
{
    const NormStep *self = (const NormStep *)step;
    float *sums = floats(self, &self->parts, arena) + part * 2 * self->pitch;

    memset(sums, 0, 2 * self->pitch * sizeof *sums);
    self->kernels->moments(part_rows(self, part), self->x.c, at_part(self, &self->x, arena, part),
                           self->x.pitch, floats(self, &self->x.place, arena), sums,
                           sums + self->pitch);
}

/* What the batch's mean and biased variance make of the running ones. */
static void move(float *running_mean, float *running_var, double mean, double var, double rows)
{
    *running_mean += VDT_BATCH_NORM_MOMENTUM * (mean - *running_mean);
    *running_var += VDT_BATCH_NORM_MOMENTUM * (var * rows / MAX(rows - 1, 1) - *running_var);
}

static void run_statistics(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const NormStep *self = (const NormStep *)step;
    const float *shift = floats(self, &self->x.place, arena);
    const float *weight = floats(self, &self->weight, arena);
    const float *bias = floats(self, &self->bias, arena);
    float *running_mean = floats(self, &self->running_mean, arena);
    float *running_var = floats(self, &self->running_var, arena);
    float *kept = floats(self, &self->kept, arena);
    double rows = self->rows.rows;
    float alpha = vdt_place_exists(&self->alpha) ? *floats(self, &self->alpha, arena) : 0;

    memset(kept, 0, N_KEPT * self->pitch * sizeof *kept);
    for (gsize c = 0; c < self->x.c; c++) {
        double mean = running_mean[c], var = running_var[c], deviation;

        if (!self->frozen) {
            double sum, square;

            total(self, arena, c, &sum, &square);
            mean = sum / rows;
            var = MAX(square / rows - mean * mean, 0);
            mean += shift[c];
        }
        deviation = 1 / sqrt(var + self->eps);
        kept[MEAN * self->pitch + c] = mean;
        kept[DEVIATION * self->pitch + c] = deviation;
        kept[NORM * self->pitch + c] = weight[c] * deviation;
        kept[SCALE * self->pitch + c] = weight[c] * deviation + alpha;
        kept[BIAS * self->pitch + c] = bias[c] - mean * weight[c] * deviation;
        if (self->frozen)
            continue;
        move(&running_mean[c], &running_var[c], mean, var, rows);
    }
}

static void run_apply(const VdtStep *step, char *arena, char *scratch, guint part)
{
    const NormStep *self = (const NormStep *)step;
    const float *kept = floats(self, &self->kept, arena);

    self->kernels->affine_rows(part_rows(self, part), self->x.c,
                               at_part(self, &self->x, arena, part), self->x.pitch,
                               kept + SCALE * self->pitch, kept + BIAS * self->pitch, self->act,
                               at_part(self, &self->y, arena, part), self->y.pitch);
}

static void run_sums(const VdtStep *step, char *arena, char *scratch, guint part)
{
    const NormStep *self = (const NormStep *)step;
    float *sums = floats(self, &self->parts, arena) + part * 2 * self->pitch;

    memset(sums, 0, 2 * self->pitch * sizeof *sums);
    self->kernels->norm_sums(
        part_rows(self, part), self->x.c, self->act, at_part(self, &self->x, arena, part),
        self->x.pitch, at_part(self, &self->y, arena, part), self->y.pitch,
        at_part(self, &self->dy, arena, part), self->dy.pitch,
        floats(self, &self->kept, arena) + MEAN * self->pitch, sums, sums + self->pitch);
}

static void run_factors(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const NormStep *self = (const NormStep *)step;
    const float *kept = floats(self, &self->kept, arena);
    float *back = floats(self, &self->back, arena);
    double rows = self->rows.rows, dalpha = 0;

    memset(back, 0, N_BACK * self->pitch * sizeof *back);
    for (gsize c = 0; c < self->x.c; c++) {
        double sum, dot, norm = kept[NORM * self->pitch + c];
        double deviation = kept[DEVIATION * self->pitch + c];

        total(self, arena, c, &sum, &dot);
        dalpha += dot + kept[MEAN * self->pitch + c] * sum;
        back[FACTOR * self->pitch + c] = kept[SCALE * self->pitch + c];
        if (!self->frozen) {
            back[SLOPE * self->pitch + c] = -norm * deviation * deviation * dot / rows;
            back[OFFSET * self->pitch + c] = -norm * sum / rows;
        }
        if (self->has_weight) {
            float *dweight = floats(self, &self->weight, arena) + c;

            *dweight = dot * deviation + (self->add_weight ? *dweight : 0);
        }
        if (self->has_bias) {
            float *dbias = floats(self, &self->bias, arena) + c;

            *dbias = sum + (self->add_bias ? *dbias : 0);
        }
    }
    if (self->has_alpha) {
        float *to = floats(self, &self->alpha, arena);

        *to = dalpha + (self->add_alpha ? *to : 0);
    }
}

static void run_gradient(const VdtStep *step, char *arena, char *scratch, guint part)
{
    const NormStep *self = (const NormStep *)step;
    const float *back = floats(self, &self->back, arena);

    self->kernels->norm_gradient(
        part_rows(self, part), self->x.c, self->act, at_part(self, &self->x, arena, part),
        self->x.pitch, at_part(self, &self->y, arena, part), self->y.pitch,
        at_part(self, &self->dy, arena, part), self->dy.pitch,
        floats(self, &self->kept, arena) + MEAN * self->pitch, back + FACTOR * self->pitch,
        back + SLOPE * self->pitch, back + OFFSET * self->pitch,
        at_part(self, &self->dx, arena, part), self->dx.pitch, self->add);
}

static void add_step(VdtTrain *t, const VdtNode *node, const NormStep *state, VdtStep step)
{
    NormStep *self = g_memdup2(state, sizeof *state);

    vdt_train_init_step(t, node, self, step);
    vdt_plan_add_step(t->plan, &self->step);
}

/* Where channels are in none of a map's dimensions, the norm itself is left to the reference
 * kernels, which do not move statistics. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlanes planes;
    VdtPlace x, running_mean, running_var;
} MoveStep;

static void run_move(const VdtStep *step, char *arena, char *scratch, guint c)
{
    const MoveStep *self = (const MoveStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->x, arena);
    const VdtPlanes *p = &self->planes;
    double sum = 0, square = 0, rows = p->outer * p->size;

    for (gint64 n = 0; n < p->outer; n++)
        for (gint64 i = 0; i < p->size; i++)
            sum += x[(n * p->channels + c) * p->size + i];
    for (gint64 n = 0; n < p->outer; n++)
        for (gint64 i = 0; i < p->size; i++) {
            double d = x[(n * p->channels + c) * p->size + i] - sum / rows;

            square += d * d;
        }
    move((float *)vdt_place_address(self->plan, &self->running_mean, arena) + c,
         (float *)vdt_place_address(self->plan, &self->running_var, arena) + c, sum / rows,
         square / rows, rows);
}

static void forward_planar(VdtTrain *t, const VdtNode *node)
{
    MoveStep *self;

    vdt_train_leave_act(t, node);
    vdt_train_reference(t, node);
    if (node->p.batch_norm.frozen)
        return;
    self = g_new0(MoveStep, 1);
    self->plan = t->plan;
    self->planes = vdt_planes_of(&node->shape, node->p.batch_norm.axis);
    self->x = vdt_train_planar(t, node->inputs[0])->place;
    self->running_mean = vdt_train_planar(t, node->inputs[3])->place;
    self->running_var = vdt_train_planar(t, node->inputs[4])->place;
    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = "norm_statistics",
                                  .n_items = self->planes.channels,
                                  .run = run_move,
                                  .reads = {self->x, self->running_mean, self->running_var},
                                  .writes = {self->running_mean, self->running_var}});
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean forward_norm(VdtTrain *t, const VdtNode *node)
{
    NormStep *self;

    if (!vdt_train_has_map(t, node) || node->p.batch_norm.axis != vdt_shape_axis(&node->shape)) {
        forward_planar(t, node);
        return TRUE;
    }
    self = g_new(NormStep, 1);
    *self = (NormStep){.plan = t->plan,
                       .kernels = t->kernels,
                       .x = *vdt_train_channels_last(t, node->inputs[0]),
                       .act = vdt_train_act(t, node),
                       .frozen = node->p.batch_norm.frozen,
                       .eps = node->p.batch_norm.eps};
    self->rows = vdt_train_rows(vdt_map_rows(&self->x), VDT_SUM_ROWS);
    self->pitch = VDT_ALIGN_LANES(self->x.c);
    if (!self->frozen) {
        self->parts = vdt_train_floats(t, self->rows.n_parts * 2 * self->pitch);
        add_step(t, node, self,
                 (VdtStep){.kernel = "norm_moments",
                           .n_items = self->rows.n_parts,
                           .run = run_moments,
                           .reads = {self->x.place},
                           .writes = {self->parts}});
    }
    self->weight = vdt_train_planar(t, node->inputs[1])->place;
    self->bias = vdt_train_planar(t, node->inputs[2])->place;
    self->running_mean = vdt_train_planar(t, node->inputs[3])->place;
    self->running_var = vdt_train_planar(t, node->inputs[4])->place;
    if (node->n_inputs > 5)
        self->alpha = vdt_train_planar(t, node->inputs[5])->place;
    self->kept = vdt_train_floats(t, N_KEPT * self->pitch);
    add_step(t, node, self,
             (VdtStep){.kernel = "norm_statistics",
                       .n_items = 1,
                       .run = run_statistics,
                       .reads = {self->x.place, self->parts, self->weight, self->bias,
                                 self->running_mean, self->running_var, self->alpha},
                       .writes = {self->kept, self->running_mean, self->running_var}});
    self->y = vdt_train_new_map(t, node);
    add_step(t, node, self,
             (VdtStep){.kernel = "norm_apply",
                       .n_items = self->rows.n_parts,
                       .run = run_apply,
                       .reads = {self->x.place, self->kept},
                       .writes = {self->y.place}});
    t->kept[node->index] = self;
    return TRUE;
}

static void backward_norm(VdtTrain *t, const VdtNode *node)
{
    NormStep *self = t->kept[node->index];

    if (!self) {
        vdt_train_reference_backward(t, node);
        return;
    }
    self->dy = *vdt_train_dy(t, node);
    /* Without an activation y is not read, and need not be alive. */
    if (self->act == VDT_ACT_NONE)
        self->y = self->x;
    self->parts = vdt_train_floats(t, self->rows.n_parts * 2 * self->pitch);
    add_step(t, node, self,
             (VdtStep){.kernel = "norm_sums",
                       .n_items = self->rows.n_parts,
                       .run = run_sums,
                       .reads = {self->x.place, self->y.place, self->dy.place, self->kept},
                       .writes = {self->parts}});

    self->has_weight = vdt_train_wants(t, node->inputs[1]);
    self->has_bias = vdt_train_wants(t, node->inputs[2]);
    if (self->has_weight)
        self->weight = vdt_train_dx(t, node->inputs[1], &self->add_weight).place;
    if (self->has_bias)
        self->bias = vdt_train_dx(t, node->inputs[2], &self->add_bias).place;
    self->has_alpha = node->n_inputs > 5 && vdt_train_wants(t, node->inputs[5]);
    if (self->has_alpha)
        self->alpha = vdt_train_dx(t, node->inputs[5], &self->add_alpha).place;
    self->back = vdt_train_floats(t, N_BACK * self->pitch);
    add_step(t, node, self,
             (VdtStep){.kernel = "norm_factors",
                       .n_items = 1,
                       .run = run_factors,
                       .reads = {self->x.place, self->parts, self->kept},
                       .writes = {self->back, self->has_weight ? self->weight : (VdtPlace){0},
                                  self->has_bias ? self->bias : (VdtPlace){0},
                                  self->has_alpha ? self->alpha : (VdtPlace){0}}});
    if (!vdt_train_wants(t, node->inputs[0]))
        return;
    self->dx = vdt_train_dx(t, node->inputs[0], &self->add);
    add_step(
        t, node, self,
        (VdtStep){.kernel = "norm_gradient",
                  .n_items = self->rows.n_parts,
                  .run = run_gradient,
                  .reads = {self->x.place, self->y.place, self->dy.place, self->kept, self->back},
                  .writes = {self->dx.place}});
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_batch_norm, forward_norm, backward_norm, TRUE},
};
VDT_TRAIN_LOWERINGS(norm);
