/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Depthwise convolutions in training. Weights are turned to [tap][channel] before each run. In
 * backward each image is an item with sums of its own for the weights, which a last step adds up.
 */
#include "account.h"

#include <string.h>

#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap x, y, dx;
    VdtWindow window;
    VdtPlace zeros, weight, bias, turned, sums;
    gsize pitch;  /* of turned and sums: channels in whole vectors */
    VdtRows rows; /* forward: output rows of one image */
    gboolean has_dx, add_dx, has_weight, add_weight, has_bias, add_bias;
} DepthwiseStep;

static float *floats(const DepthwiseStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

static float *pixel(const DepthwiseStep *self, const VdtMap *map, char *arena, gsize index)
{
    return floats(self, &map->place, arena) + index * map->pitch;
}

static void run_turn(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const DepthwiseStep *self = (const DepthwiseStep *)step;
    gsize taps = vdt_window_taps(&self->window);
    const float *weight = floats(self, &self->weight, arena);
    float *turned = floats(self, &self->turned, arena);

    memset(turned, 0, taps * self->pitch * sizeof *turned);
    for (gsize c = 0; c < self->x.c; c++)
        for (gsize tap = 0; tap < taps; tap++)
            turned[tap * self->pitch + c] = weight[c * taps + tap];
}

static void run_forward(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const DepthwiseStep *self = (const DepthwiseStep *)step;
    gsize image = item / self->rows.n_parts, taps = vdt_window_taps(&self->window);
    gsize line = vdt_window_line(&self->window);
    guint part = item % self->rows.n_parts;
    const float *zeros = floats(self, &self->zeros, arena);
    const char *x = (char *)pixel(self, &self->x, arena, image * self->x.h * self->x.w);
    VdtEpilogue epilogue = {.bias = floats(self, &self->bias, arena)};

    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        for (gsize column = 0; column < self->y.w; column += VDT_MOST_TILE_ROWS) {
            gsize count = MIN(VDT_MOST_TILE_ROWS, self->y.w - column);
            const void *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

            vdt_window_find(&self->window, &self->x, x, self->x.pitch * sizeof(float), zeros, row,
                            column, count, a);
            self->plan->kernels->depthwise_rows(
                count, taps / line, line, self->y.c, a, floats(self, &self->turned, arena),
                &epilogue,
                pixel(self, &self->y, arena, (image * self->y.h + row) * self->y.w + column),
                self->y.pitch);
        }
    }
}

/* Adds to the sums of the weights what output row @row of an image saw through them, tap by tap:
 * x under a tap is a row of its own, and all of it stays in the first cache. y is dy here. */
static void add_weight_sums(const DepthwiseStep *self, char *arena, gsize image, gsize row,
                            float *sums)
{
    const VdtWindow *w = &self->window;

    for (int tap_row = 0, tap = 0; tap_row < w->kernel_h; tap_row++) {
        gssize from = vdt_window_row(w, &self->x, row, tap_row);

        for (int tap_column = 0; tap_column < w->kernel_w; tap_column++, tap++) {
            gsize begin = 0, end = self->y.w;

            while (begin < end && vdt_window_column(w, &self->x, begin, tap_column) < 0)
                begin++;
            while (begin < end && vdt_window_column(w, &self->x, end - 1, tap_column) < 0)
                end--;
            if (from < 0 || begin == end)
                continue;
            self->kernels->dot_rows(
                end - begin, self->y.c,
                pixel(self, &self->y, arena, (image * self->y.h + row) * self->y.w + begin),
                self->y.pitch,
                pixel(self, &self->x, arena,
                      (image * self->x.h + from) * self->x.w +
                          vdt_window_column(w, &self->x, begin, tap_column)),
                w->stride * self->x.pitch, sums + tap * self->pitch);
        }
    }
}

/* Which of @size outputs sees input @at through a tap; -1 if none does. */
static gssize seen_by(gsize at, int pad, int tap, int stride, gsize size)
{
    gssize from = (gssize)at + pad - tap;

    if (stride > 1) {
        if (from < 0 || from % stride != 0)
            return -1;
        from /= stride;
    }
    return from < (gssize)size ? from : -1;
}

/* An input pixel's gradient is gathered from the outputs that saw it. */
static void gather_row(const DepthwiseStep *self, char *arena, gsize image, gsize row)
{
    const VdtWindow *w = &self->window;
    const float *zeros = floats(self, &self->zeros, arena);
    gssize rows[VDT_MOST_TAPS];

    for (int i = 0; i < w->kernel_h; i++)
        rows[i] = seen_by(row, w->pad_h, i, w->stride, self->y.h);
    for (gsize column = 0; column < self->x.w; column += VDT_MOST_TILE_ROWS) {
        gsize count = MIN(VDT_MOST_TILE_ROWS, self->x.w - column);
        float *to = pixel(self, &self->dx, arena, (image * self->x.h + row) * self->x.w + column);
        VdtEpilogue epilogue = {
            .bias = zeros, .add = self->add_dx ? to : NULL, .add_pitch = self->dx.pitch};
        const void *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

        for (int i = 0, n = 0; i < w->kernel_h; i++) {
            const float *line =
                pixel(self, &self->y, arena, (image * self->y.h + MAX(rows[i], 0)) * self->y.w);

            for (int j = 0; j < w->kernel_w; j++) {
                for (gsize k = 0; k < count; k++, n++) {
                    gssize c = seen_by(column + k, w->pad_w, j, w->stride, self->y.w);

                    a[n] = rows[i] < 0 || c < 0 ? zeros : line + c * self->y.pitch;
                }
            }
        }
        self->plan->kernels->depthwise_rows(count, vdt_window_taps(w), 1, self->x.c, a,
                                            floats(self, &self->turned, arena), &epilogue, to,
                                            self->dx.pitch);
    }
}

static void run_backward(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const DepthwiseStep *self = (const DepthwiseStep *)step;
    gsize taps = vdt_window_taps(&self->window);
    /* one row more than taps: the sum of dy, for the bias */
    float *sums = floats(self, &self->sums, arena) + image * (taps + 1) * self->pitch;

    memset(sums, 0, (taps + 1) * self->pitch * sizeof *sums);
    for (gsize row = 0; row < self->y.h; row++)
        add_weight_sums(self, arena, image, row, sums);
    for (gsize row = 0; row < self->x.h && self->has_dx; row++)
        gather_row(self, arena, image, row);
    self->plan->kernels->sum_rows(self->y.h * self->y.w, self->y.c,
                                  pixel(self, &self->y, arena, image * self->y.h * self->y.w),
                                  self->y.pitch, sums + taps * self->pitch);
}

static void run_gather(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const DepthwiseStep *self = (const DepthwiseStep *)step;
    gsize taps = vdt_window_taps(&self->window);
    const float *sums = floats(self, &self->sums, arena);

    for (gsize c = 0; c < self->x.c; c++) {
        for (gsize tap = 0; tap <= taps; tap++) {
            gboolean is_bias = tap == taps;
            float *to = is_bias ? floats(self, &self->bias, arena) + c
                                : floats(self, &self->weight, arena) + c * taps + tap;
            double total = 0;

            if (is_bias ? !self->has_bias : !self->has_weight)
                continue;
            for (gsize image = 0; image < self->x.n; image++)
                total += sums[(image * (taps + 1) + tap) * self->pitch + c];
            if (is_bias ? self->add_bias : self->add_weight)
                total += *to;
            *to = total;
        }
    }
}

static void add_step(VdtTrain *t, const VdtNode *node, const DepthwiseStep *state, VdtStep step)
{
    DepthwiseStep *self = g_memdup2(state, sizeof *state);

    vdt_train_init_step(t, node, self, step);
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean forward_depthwise(VdtTrain *t, const VdtNode *node)
{
    gsize taps = node->p.conv2d.kernel_h * node->p.conv2d.kernel_w;
    DepthwiseStep *self;

    if (node->p.conv2d.groups == 1 || node->p.conv2d.groups != node->shape.dims[1] ||
        node->p.conv2d.groups != node->inputs[0]->shape.dims[1] || taps > VDT_MOST_TAPS)
        return FALSE;
    self = g_new(DepthwiseStep, 1);
    *self = (DepthwiseStep){.plan = t->plan,
                            .kernels = t->kernels,
                            .x = *vdt_train_channels_last(t, node->inputs[0]),
                            .window = {.kernel_h = node->p.conv2d.kernel_h,
                                       .kernel_w = node->p.conv2d.kernel_w,
                                       .stride = node->p.conv2d.stride,
                                       .pad_h = node->p.conv2d.pad_h,
                                       .pad_w = node->p.conv2d.pad_w},
                            .zeros = t->zeros,
                            .bias = t->zeros,
                            .weight = vdt_train_planar(t, node->inputs[1])->place};
    self->pitch = VDT_ALIGN_LANES(self->x.c);
    self->turned = vdt_train_floats(t, taps * self->pitch);
    add_step(t, node, self,
             (VdtStep){.kernel = "turn",
                       .n_items = 1,
                       .run = run_turn,
                       .reads = {self->weight},
                       .writes = {self->turned}});

    if (node->n_inputs > 2)
        self->bias = vdt_train_planar(t, node->inputs[2])->place;
    self->y = vdt_train_new_map(t, node);
    self->rows = vdt_train_rows(self->y.h, 8);
    add_step(t, node, self,
             (VdtStep){.kernel = "depthwise",
                       .macs = node->op->macs(node),
                       .n_items = self->y.n * self->rows.n_parts,
                       .run = run_forward,
                       .reads = {self->x.place, self->turned, self->bias},
                       .writes = {self->y.place}});
    t->kept[node->index] = self;
    return TRUE;
}

static void backward_depthwise(VdtTrain *t, const VdtNode *node)
{
    DepthwiseStep *self = t->kept[node->index];
    gsize taps = vdt_window_taps(&self->window);

    self->y = *vdt_train_dy(t, node);
    self->has_dx = vdt_train_wants(t, node->inputs[0]);
    if (self->has_dx)
        self->dx = vdt_train_dx(t, node->inputs[0], &self->add_dx);
    self->sums = vdt_train_floats(t, self->x.n * (taps + 1) * self->pitch);
    add_step(t, node, self,
             (VdtStep){.kernel = "depthwise_gradient",
                       .macs = node->op->macs(node),
                       .n_items = self->x.n,
                       .run = run_backward,
                       .reads = {self->x.place, self->y.place, self->turned},
                       .writes = {self->sums, self->has_dx ? self->dx.place : (VdtPlace){0}}});

    self->has_weight = vdt_train_wants(t, node->inputs[1]);
    self->has_bias = node->n_inputs > 2 && vdt_train_wants(t, node->inputs[2]);
    if (self->has_weight)
        self->weight = vdt_train_dx(t, node->inputs[1], &self->add_weight).place;
    if (self->has_bias)
        self->bias = vdt_train_dx(t, node->inputs[2], &self->add_bias).place;
    add_step(t, node, self,
             (VdtStep){.kernel = "gather",
                       .n_items = 1,
                       .run = run_gather,
                       .reads = {self->sums},
                       .writes = {self->has_weight ? self->weight : (VdtPlace){0},
                                  self->has_bias ? self->bias : (VdtPlace){0}}});
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_conv2d, forward_depthwise, backward_depthwise, FALSE},
};
VDT_TRAIN_LOWERINGS(depthwise);
