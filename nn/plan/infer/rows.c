/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that work row by row: depthwise convolutions, batch norms that stayed, pooling, means, and
 * elementwise ops that no product took in. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

/* One kind of step serves them all; each run function uses what it needs. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    VdtPlace zeros, weight;
    VdtLateEpilogue epilogue;
    VdtWindow window;
    VdtRows rows; /* of one image; output rows of pixels for windows */
    float eps;
} RowsStep;

static gsize element_size(const RowsStep *self)
{
    return vdt_element_size(self->plan->kernels->precision);
}

static char *pixel(const RowsStep *self, const VdtMap *map, char *arena, gsize index)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           index * map->pitch * element_size(self);
}

/* Where part @part of the rows of an image ends; before it begins if none of it is live. */
static gsize part_end(const RowsStep *self, char *arena, gsize image, guint part)
{
    gsize live = vdt_map_live_in(self->plan, &self->y, arena, image, self->rows.rows);

    return MIN(vdt_rows_end(&self->rows, part), live);
}

/* Calls @each for every run of up to VDT_MOST_TILE_ROWS output pixels of an item, with what they
 * see. */
static void for_each_run(const RowsStep *self, char *arena, guint item, const void *outside,
                         void (*each)(const RowsStep *, char *arena, gsize pixel, gsize count,
                                      const void **a))
{
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;
    const char *x = pixel(self, &self->x, arena, image * self->x.h * self->x.w);
    const void *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        for (gsize column = 0; column < self->y.w; column += VDT_MOST_TILE_ROWS) {
            gsize count = MIN(VDT_MOST_TILE_ROWS, self->y.w - column);

            vdt_window_find(&self->window, &self->x, x, self->x.pitch * element_size(self), outside,
                            row, column, count, a);
            each(self, arena, (image * self->y.h + row) * self->y.w + column, count, a);
        }
    }
}

static void depthwise_pixels(const RowsStep *self, char *arena, gsize first, gsize count,
                             const void **a)
{
    gsize plane = self->y.h * self->y.w, line = vdt_window_line(&self->window);
    VdtEpilogue epilogue =
        vdt_epilogue_at(self->plan, &self->epilogue, arena, first / plane, first % plane, 0);

    self->plan->kernels->depthwise_rows(
        count, vdt_window_taps(&self->window) / line, line, self->y.c, a,
        (const float *)vdt_place_address(self->plan, &self->weight, arena), &epilogue,
        pixel(self, &self->y, arena, first), self->y.pitch);
}

static void run_depthwise(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;

    for_each_run(self, arena, item, vdt_place_address(self->plan, &self->zeros, arena),
                 depthwise_pixels);
}

/* Padding is left out: it is smaller than anything. */
static void max_pixels(const RowsStep *self, char *arena, gsize first, gsize count, const void **a)
{
    gsize line = vdt_window_line(&self->window);

    for (gsize i = 0; i < count; i++) {
        const void *seen[VDT_MOST_TAPS];
        gsize n = 0;

        for (gsize tap = 0; tap < vdt_window_taps(&self->window); tap++) {
            const void *at = a[tap / line * (count + line - 1) + i + tap % line];

            if (at)
                seen[n++] = at;
        }
        self->plan->kernels->max_row(n, self->y.c, seen, pixel(self, &self->y, arena, first + i));
    }
}

static void run_max_pool(const VdtStep *step, char *arena, char *scratch, guint item)
{
    for_each_run((const RowsStep *)step, arena, item, NULL, max_pixels);
}

static void add_window_step(VdtInfer *l, RowsStep *self, const VdtMap *x, VdtFused *f, guint axis)
{
    self->plan = l->plan;
    self->x = *x;
    self->zeros = l->zeros;
    self->y = vdt_infer_new_map(l, f, axis, FALSE);
    /* Tokens are one line of pixels: cut into some, if each sees but itself. */
    for (gsize lines = 8; lines > 1 && self->y.h == 1 && vdt_window_is_pixel(&self->window);
         lines--)
        if (self->y.w % lines == 0) {
            self->x.h = self->y.h = lines;
            self->x.w = self->y.w /= lines;
        }
    self->rows =
        vdt_rows_split(self->y.h, 1, vdt_infer_parts(self->y.h * self->y.w * self->y.pitch));
    self->step.n_items = self->y.n * self->rows.n_parts;
    vdt_step_reads(&self->step, x->place, self->y.live);
    vdt_step_reads_epilogue(&self->step, &self->epilogue);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
}

static gboolean lower_depthwise(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtMap *x;
    RowsStep *self;

    if (!f->scale || node->p.conv2d.groups == 1)
        return FALSE;
    x = vdt_infer_get_map(l, node->inputs[0], 1);
    self = vdt_infer_step(RowsStep, l, f, .kernel = "depthwise", .macs = node->op->macs(node),
                          .run = run_depthwise);
    self->weight = vdt_infer_depthwise_weights(l, f);
    self->window = vdt_infer_window(node);
    self->epilogue = vdt_infer_epilogue(l, f);
    add_window_step(l, self, x, f, 1);
    return TRUE;
}

/* A batch norm that nothing could take in is a depthwise convolution with one tap. */
static gboolean lower_batch_norm(VdtInfer *l, VdtFused *f)
{
    const VdtMap *x;
    RowsStep *self;

    if (!f->scale)
        return FALSE;
    x = vdt_infer_get_map(l, f->node->inputs[0], f->axis);
    self = vdt_infer_step(RowsStep, l, f, .kernel = "batch_norm", .run = run_depthwise);
    self->weight = vdt_infer_constant(l, "scale", f->identity, f->scale, f->columns);
    self->epilogue = vdt_infer_epilogue(l, f);
    self->window = (VdtWindow){.kernel_h = 1, .kernel_w = 1, .stride = 1};
    add_window_step(l, self, x, f, f->axis);
    return TRUE;
}

static gboolean lower_max_pool(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    int kernel = node->p.max_pool2d.kernel;
    const VdtMap *x;
    RowsStep *self;

    if (kernel * kernel > VDT_MOST_TAPS)
        return FALSE;
    x = vdt_infer_get_map(l, node->inputs[0], 1);
    self = vdt_infer_step(RowsStep, l, f, .kernel = "max_pool", .run = run_max_pool);
    self->window = (VdtWindow){.kernel_h = kernel,
                               .kernel_w = kernel,
                               .stride = node->p.max_pool2d.stride,
                               .pad_h = node->p.max_pool2d.pad,
                               .pad_w = node->p.max_pool2d.pad};
    add_window_step(l, self, x, f, 1);
    return TRUE;
}

#define MEAN_CHANNELS 64 /* an item's share */

static void run_mean(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize groups = (self->x.c + MEAN_CHANNELS - 1) / MEAN_CHANNELS, plane = self->x.h * self->x.w;
    gsize image = item / groups, first = item % groups * MEAN_CHANNELS;
    gsize count = MIN(MEAN_CHANNELS, self->x.c - first);
    float sum[MEAN_CHANNELS] = {0};

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    self->plan->kernels->sum_rows(
        plane, count, pixel(self, &self->x, arena, image * plane) + first * element_size(self),
        self->x.pitch, sum);
    self->plan->kernels->store_scaled(
        count, sum, 1.0f / plane, pixel(self, &self->y, arena, image) + first * element_size(self));
}

static gboolean lower_mean(VdtInfer *l, VdtFused *f)
{
    const VdtMap *x = vdt_infer_get_map(l, f->node->inputs[0], 1);
    RowsStep *self = vdt_infer_step(RowsStep, l, f, .kernel = "mean", .run = run_mean);

    self->plan = l->plan;
    self->x = *x;
    self->y = vdt_infer_new_map(l, f, 1, FALSE);
    self->step.n_items = x->n * ((x->c + MEAN_CHANNELS - 1) / MEAN_CHANNELS);
    vdt_step_reads(&self->step, x->place, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static void run_scale(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize image = item / self->rows.n_parts, plane = self->x.h * self->x.w;
    guint part = item % self->rows.n_parts;
    gsize first = part * self->rows.per_part, at = image * plane + first;
    gsize end = part_end(self, arena, image, part);

    if (end <= first)
        return;
    self->plan->kernels->scale_rows(end - first, self->x.c, pixel(self, &self->x, arena, at),
                                    self->x.pitch,
                                    vdt_place_address(self->plan, &self->weight, arena) +
                                        image * self->epilogue.mul_pitch * element_size(self),
                                    pixel(self, &self->y, arena, at), self->y.pitch);
}

static void run_map(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    guint part = item % self->rows.n_parts;
    gsize image = item / self->rows.n_parts, plane = self->x.h * self->x.w;
    gsize first = part * self->rows.per_part, at = image * plane + first;
    gsize end = part_end(self, arena, image, part);
    VdtEpilogue epilogue = vdt_epilogue_at(self->plan, &self->epilogue, arena, image, first, 0);

    if (end <= first)
        return;
    self->plan->kernels->map_rows(end - first, self->x.c, pixel(self, &self->x, arena, at),
                                  self->x.pitch, &epilogue, pixel(self, &self->y, arena, at),
                                  self->y.pitch);
}

/* x times one factor for each channel of each image: [N,C,H,W] * [N,C,1,1]. */
static gboolean is_scale(const VdtShape *x, const VdtShape *factor)
{
    return x->n_dims == 4 && factor->dims[0] == x->dims[0] && factor->dims[1] == x->dims[1] &&
           factor->dims[2] == 1 && factor->dims[3] == 1;
}

/* The same values for each image. */
static gboolean repeats(const VdtShape *x, const VdtShape *other)
{
    VdtShape one = *x;

    one.dims[0] = 1;
    return x->n_dims > 1 && vdt_shape_equal(&one, other);
}

static gboolean lower_elementwise(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[0],
                  *y = node->n_inputs > 1 ? node->inputs[1] : NULL;
    gboolean scale = FALSE;
    guint axis;
    VdtMap map, other = {0};
    RowsStep *self;

    if (y && !vdt_shape_equal(&x->shape, &y->shape)) {
        if (is_scale(&y->shape, &x->shape) || repeats(&y->shape, &x->shape)) {
            const VdtNode *swap = x;

            x = y;
            y = swap;
        }
        scale = is_scale(&x->shape, &y->shape);
        if (scale ? node->op != &vdt_op_mul : !repeats(&x->shape, &y->shape))
            return FALSE;
    }
    axis = scale ? 1 : vdt_infer_axis(l, x);
    map = *vdt_infer_get_map(l, x, axis);
    if (y)
        other = *vdt_infer_get_map(l, y, axis);
    self = vdt_infer_step(RowsStep, l, f, .kernel = scale ? "scale" : "map",
                          .run = scale ? run_scale : run_map);
    self->plan = l->plan;
    self->x = map;
    /* The epilogue's bias is the row of zeros. */
    self->epilogue.bias = l->zeros;
    if (scale) {
        self->weight = other.place;
        self->epilogue.mul_pitch = other.pitch;
    } else if (node->op == &vdt_op_mul) {
        self->epilogue.mul = other.place;
        self->epilogue.mul_pitch = other.pitch;
        self->epilogue.mul_image = other.n == map.n ? other.h * other.w : 0;
    } else if (node->op == &vdt_op_add) {
        self->epilogue.add = other.place;
        self->epilogue.add_pitch = other.pitch;
        self->epilogue.add_image = other.n == map.n ? other.h * other.w : 0;
    } else {
        self->epilogue.act0 = node->op == &vdt_op_relu ? VDT_ACT_RELU : vdt_long_act(node->op);
    }
    self->y = vdt_infer_new_map(l, f, axis, FALSE);
    self->rows = vdt_rows_split(map.h * map.w, 1, vdt_infer_parts(map.h * map.w * map.pitch));
    self->step.n_items = map.n * self->rows.n_parts;
    vdt_step_reads(&self->step, map.place, other.place, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static void run_layer_norm(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const RowsStep *self = (const RowsStep *)step;
    gsize first = item * self->rows.per_part, end = part_end(self, arena, 0, item);

    if (end <= first)
        return;
    self->plan->kernels->layer_norm_rows(
        end - first, self->x.c, pixel(self, &self->x, arena, first), self->x.pitch,
        (const float *)vdt_place_address(self->plan, &self->weight, arena),
        (const float *)vdt_place_address(self->plan, &self->epilogue.bias, arena), self->eps,
        pixel(self, &self->y, arena, first), self->y.pitch);
}

static gboolean lower_layer_norm(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtFused *weight = &l->fused[node->inputs[1]->index];
    const VdtFused *bias = &l->fused[node->inputs[2]->index];
    const VdtShape *over = &node->inputs[1]->shape;
    /* Over the last dimension, or over [C,1,1] of pictures of one pixel. */
    const gboolean pixel_each =
        over->n_dims == 3 && node->shape.n_dims == 4 && over->dims[1] * over->dims[2] == 1;
    guint axis = pixel_each ? 1 : node->shape.n_dims - 1;
    VdtMap x;
    RowsStep *self;

    if ((over->n_dims != 1 && !pixel_each) || !weight->constant || !bias->constant)
        return FALSE;
    x = *vdt_infer_get_map(l, node->inputs[0], axis);
    self = vdt_infer_step(RowsStep, l, f, .kernel = "layer_norm", .run = run_layer_norm);
    self->plan = l->plan;
    self->x = x;
    self->eps = (float)node->p.layer_norm.eps;
    self->weight = vdt_infer_constant(l, "channels", weight->identity, weight->constant->data, x.c);
    self->epilogue.bias =
        vdt_infer_constant(l, "channels", bias->identity, bias->constant->data, x.c);
    self->y = vdt_infer_new_map(l, f, axis, FALSE);
    self->rows = vdt_rows_split(vdt_map_rows(&x), 1, vdt_infer_parts(vdt_map_rows(&x) * x.pitch));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, x.place, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_conv2d, lower_depthwise},      {&vdt_op_batch_norm, lower_batch_norm},
    {&vdt_op_relu, lower_elementwise},      {&vdt_op_sigmoid, lower_elementwise},
    {&vdt_op_gelu, lower_elementwise},      {&vdt_op_hard_sigmoid, lower_elementwise},
    {&vdt_op_add, lower_elementwise},       {&vdt_op_mul, lower_elementwise},
    {&vdt_op_max_pool2d, lower_max_pool},   {&vdt_op_global_avg_pool, lower_mean},
    {&vdt_op_layer_norm, lower_layer_norm},
};
VDT_LOWERINGS(rows);
