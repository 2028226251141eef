/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pooling in training: the largest of a window, and the mean over a picture. */
#include "account.h"

#include <string.h>

#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap x, y, dy, dx;
    VdtWindow window;
    gboolean add;
    VdtRows rows; /* forward: output rows of one image */
} PoolStep;

static float *pixel(const PoolStep *self, const VdtMap *map, char *arena, gsize index)
{
    return (float *)vdt_place_address(self->plan, &map->place, arena) + index * map->pitch;
}

/* Numbers of the input pixels under an output's window, padding left out. Returns how many. */
static gsize window_pixels(const PoolStep *self, gsize image, gsize row, gsize column,
                           gsize *pixels)
{
    gsize n = 0;

    for (gsize tap = 0; tap < vdt_window_taps(&self->window); tap++) {
        gssize at = vdt_window_pixel(&self->window, &self->x, row, column, tap);

        if (at >= 0)
            pixels[n++] = image * self->x.h * self->x.w + at;
    }
    return n;
}

static void run_max(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PoolStep *self = (const PoolStep *)step;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;

    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        for (gsize column = 0; column < self->y.w; column++) {
            gsize pixels[VDT_MOST_TAPS], n = window_pixels(self, image, row, column, pixels);
            const void *a[VDT_MOST_TAPS];

            for (gsize i = 0; i < n; i++)
                a[i] = pixel(self, &self->x, arena, pixels[i]);
            self->plan->kernels->max_row(
                n, self->y.c, a,
                pixel(self, &self->y, arena, (image * self->y.h + row) * self->y.w + column));
        }
    }
}

/* Windows overlap, so an image is one item. */
static void run_max_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const PoolStep *self = (const PoolStep *)step;
    gsize plane = self->dx.h * self->dx.w;

    if (!self->add)
        memset(pixel(self, &self->dx, arena, image * plane), 0,
               plane * self->dx.pitch * sizeof(float));
    for (gsize row = 0; row < self->y.h; row++) {
        for (gsize column = 0; column < self->y.w; column++) {
            gsize at = (image * self->y.h + row) * self->y.w + column;
            gsize pixels[VDT_MOST_TAPS], n = window_pixels(self, image, row, column, pixels);
            const float *a[VDT_MOST_TAPS];
            float *dx[VDT_MOST_TAPS];

            for (gsize i = 0; i < n; i++) {
                a[i] = pixel(self, &self->x, arena, pixels[i]);
                dx[i] = pixel(self, &self->dx, arena, pixels[i]);
            }
            self->kernels->max_row_gradient(n, self->y.c, a, pixel(self, &self->y, arena, at),
                                            pixel(self, &self->dy, arena, at), dx);
        }
    }
}

static PoolStep *new_step(VdtTrain *t, const VdtNode *node, PoolStep state, VdtStep step)
{
    PoolStep *self = g_memdup2(&state, sizeof state);

    self->plan = t->plan;
    self->kernels = t->kernels;
    return vdt_train_init_step(t, node, self, step);
}

static VdtWindow window_of(const VdtNode *node)
{
    int kernel = node->p.max_pool2d.kernel, pad = node->p.max_pool2d.pad;

    return (VdtWindow){.kernel_h = kernel,
                       .kernel_w = kernel,
                       .stride = node->p.max_pool2d.stride,
                       .pad_h = pad,
                       .pad_w = pad};
}

static gboolean forward_max_pool(VdtTrain *t, const VdtNode *node)
{
    PoolStep state = {.window = window_of(node)}, *self;

    if (vdt_window_taps(&state.window) > VDT_MOST_TAPS)
        return FALSE;
    state.x = *vdt_train_channels_last(t, node->inputs[0]);
    state.y = vdt_train_new_map(t, node);
    state.rows = vdt_train_rows(state.y.h, 8);
    self = new_step(
        t, node, state,
        (VdtStep){.kernel = "max_pool", .n_items = state.y.n * state.rows.n_parts, .run = run_max});
    vdt_step_reads(&self->step, state.x.place);
    vdt_step_writes(&self->step, state.y.place);
    vdt_plan_add_step(t->plan, &self->step);
    return TRUE;
}

static void backward_max_pool(VdtTrain *t, const VdtNode *node)
{
    PoolStep state = {.window = window_of(node),
                      .x = *vdt_train_channels_last(t, node->inputs[0]),
                      .y = *vdt_train_channels_last(t, node),
                      .dy = *vdt_train_dy(t, node)},
             *self;

    state.dx = vdt_train_dx(t, node->inputs[0], &state.add);
    self = new_step(
        t, node, state,
        (VdtStep){.kernel = "max_pool_gradient", .n_items = state.y.n, .run = run_max_gradient});
    vdt_step_reads(&self->step, state.x.place, state.y.place, state.dy.place);
    vdt_step_writes(&self->step, state.dx.place);
    vdt_plan_add_step(t->plan, &self->step);
}

#define MEAN_CHANNELS 64 /* an item's share */

static void run_mean(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PoolStep *self = (const PoolStep *)step;
    gsize groups = (self->x.c + MEAN_CHANNELS - 1) / MEAN_CHANNELS, plane = self->x.h * self->x.w;
    gsize image = item / groups, first = item % groups * MEAN_CHANNELS;
    gsize count = MIN(MEAN_CHANNELS, self->x.c - first);
    float sum[MEAN_CHANNELS] = {0};

    self->plan->kernels->sum_rows(plane, count, pixel(self, &self->x, arena, image * plane) + first,
                                  self->x.pitch, sum);
    self->plan->kernels->store_scaled(count, sum, 1.0f / plane,
                                      pixel(self, &self->y, arena, image) + first);
}

static void run_mean_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const PoolStep *self = (const PoolStep *)step;
    gsize plane = self->dx.h * self->dx.w;

    self->kernels->copy_rows(plane, self->dx.c, pixel(self, &self->dy, arena, image), 0,
                             1.0f / plane, pixel(self, &self->dx, arena, image * plane),
                             self->dx.pitch, self->add);
}

static gboolean forward_mean(VdtTrain *t, const VdtNode *node)
{
    PoolStep state = {.x = *vdt_train_channels_last(t, node->inputs[0])}, *self;

    state.y = vdt_train_new_map(t, node);
    self =
        new_step(t, node, state,
                 (VdtStep){.kernel = "mean",
                           .n_items = state.x.n * ((state.x.c + MEAN_CHANNELS - 1) / MEAN_CHANNELS),
                           .run = run_mean});
    vdt_step_reads(&self->step, state.x.place);
    vdt_step_writes(&self->step, state.y.place);
    vdt_plan_add_step(t->plan, &self->step);
    return TRUE;
}

static void backward_mean(VdtTrain *t, const VdtNode *node)
{
    PoolStep state = {.dy = *vdt_train_dy(t, node)}, *self;

    state.dx = vdt_train_dx(t, node->inputs[0], &state.add);
    self = new_step(
        t, node, state,
        (VdtStep){.kernel = "mean_gradient", .n_items = state.dx.n, .run = run_mean_gradient});
    vdt_step_reads(&self->step, state.dy.place);
    vdt_step_writes(&self->step, state.dx.place);
    vdt_plan_add_step(t->plan, &self->step);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_max_pool2d, forward_max_pool, backward_max_pool, FALSE},
    {&vdt_op_global_avg_pool, forward_mean, backward_mean, FALSE},
};
VDT_TRAIN_LOWERINGS(pool);
