/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that bring whole pixels from one map to another: pooling over a grid, cutting channels out
 * and putting them together, and the sum of a column and a row. */
#include "lowering.h"

#include <string.h>

#include "ops/axis.h"
#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x[VDT_MAX_INPUTS], y;
    guint n_inputs;
    gsize first; /* channel or token of a slice */
    VdtPlace zeros;
    VdtRows rows; /* of one image: of pixels, or rows of pixels */
} MapsStep;

static gsize element_size(const MapsStep *self)
{
    return vdt_element_size(self->plan->kernels->precision);
}

static char *pixel(const MapsStep *self, const VdtMap *map, char *arena, gsize image, gsize row,
                   gsize column)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           ((image * map->h + row) * map->w + column) * map->pitch * element_size(self);
}

/* Adds a step whose items are parts of an image's @rows. */
static void add_step(VdtInfer *l, MapsStep *self, gsize rows, gsize row_elements)
{
    self->plan = l->plan;
    self->rows = vdt_rows_split(rows, 1, vdt_infer_parts(rows * row_elements));
    self->step.n_items = self->y.n * self->rows.n_parts;
    for (guint i = 0; i < self->n_inputs; i++)
        vdt_step_reads(&self->step, self->x[i].place);
    vdt_step_reads(&self->step, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
}

static MapsStep *new_step(VdtInfer *l, VdtFused *f, guint axis, const char *kernel,
                          void (*run)(const VdtStep *, char *, char *, guint))
{
    VdtMap x[VDT_MAX_INPUTS];
    MapsStep *self;

    /* layouts first: they add steps of their own */
    for (guint i = 0; i < f->node->n_inputs; i++)
        x[i] = *vdt_infer_get_map(l, f->node->inputs[i], axis);
    self = vdt_infer_step(MapsStep, l, f, .kernel = kernel, .run = run);
    self->n_inputs = f->node->n_inputs;
    memcpy(self->x, x, sizeof x);
    self->y = vdt_infer_new_map(l, f, axis, FALSE);
    return self;
}

/* The mean of a window. One that is a single column is a run of rows. */
static void pool_pixel(const MapsStep *self, char *arena, float *sum, gsize image, gsize row,
                       gsize column)
{
    const VdtKernels *kernels = self->plan->kernels;
    const VdtMap *x = &self->x[0], *y = &self->y;
    gsize y0 = vdt_pool_begin(row, y->h, x->h), y1 = vdt_pool_end(row, y->h, x->h);
    gsize x0 = vdt_pool_begin(column, y->w, x->w), x1 = vdt_pool_end(column, y->w, x->w);

    memset(sum, 0, VDT_ALIGN_LANES(x->c) * sizeof *sum);
    if (x1 - x0 == 1)
        kernels->sum_rows(y1 - y0, x->c, pixel(self, x, arena, image, y0, x0), x->w * x->pitch,
                          sum);
    else
        for (gsize at = y0; at < y1; at++)
            kernels->sum_rows(x1 - x0, x->c, pixel(self, x, arena, image, at, x0), x->pitch, sum);
    kernels->store_scaled(x->c, sum, 1.0f / ((y1 - y0) * (x1 - x0)),
                          pixel(self, y, arena, image, row, column));
}

static void run_pool(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize i = part * self->rows.per_part; i < vdt_rows_end(&self->rows, part); i++)
        pool_pixel(self, arena, (float *)scratch, image, i / self->y.w, i % self->y.w);
}

static gboolean lower_adaptive_pool(VdtInfer *l, VdtFused *f)
{
    MapsStep *self = new_step(l, f, 1, "pool", run_pool);
    const VdtMap *x = &self->x[0];
    gsize outputs = self->y.h * self->y.w;

    self->step.scratch = VDT_ALIGN_LANES(x->c) * sizeof(float);
    add_step(l, self, outputs, x->h * x->w * x->pitch / outputs);
    return TRUE;
}

static void run_concat(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    gsize image = item / self->rows.n_parts, size = element_size(self);
    guint part = item % self->rows.n_parts;

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize i = part * self->rows.per_part; i < vdt_rows_end(&self->rows, part); i++) {
        char *to = pixel(self, &self->y, arena, image, 0, i);

        for (guint k = 0; k < self->n_inputs; k++) {
            const VdtMap *x = &self->x[k];

            memcpy(to, pixel(self, x, arena, image, 0, i), x->c * size);
            to += x->c * size;
        }
        memset(to, 0, (VDT_ALIGN_LANES(self->y.c) - self->y.c) * size);
    }
}

/* Whether @axis is that of a map's channels: dimension 1 of a picture, or the last. */
static gboolean is_of_channels(const VdtNode *node, guint axis)
{
    return axis + 1 == node->shape.n_dims || (axis == 1 && node->shape.n_dims == 4);
}

/* Tokens behind each other: an item is an image, and all are whole rows. */
static void run_concat_tokens(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;
    char *to = pixel(self, &self->y, arena, image, 0, 0);

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (guint k = 0; k < self->n_inputs; k++) {
        const VdtMap *x = &self->x[k];
        gsize size = self->y.pitch * element_size(self);

        /* One by one: part of a wider value has other rows between. */
        for (gsize i = 0; i < x->w; i++, to += size)
            memcpy(to, pixel(self, x, arena, image, 0, i),
                   VDT_ALIGN_LANES(x->c) * element_size(self));
    }
}

static gboolean lower_concat(VdtInfer *l, VdtFused *f)
{
    const guint axis = f->node->p.along.axis;
    MapsStep *self;

    if (axis == 1 && f->node->shape.n_dims == 3) {
        self = new_step(l, f, 2, "concat_tokens", run_concat_tokens);
        add_step(l, self, 1, self->y.w * self->y.pitch);
        return TRUE;
    }
    if (!is_of_channels(f->node, axis))
        return FALSE;
    self = new_step(l, f, axis, "concat", run_concat);
    add_step(l, self, self->y.h * self->y.w, self->y.pitch);
    return TRUE;
}

static void run_slice(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    gsize image = item / self->rows.n_parts, size = element_size(self);
    gsize padding = VDT_ALIGN_LANES(self->y.c) - self->y.c;
    guint part = item % self->rows.n_parts;

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize i = part * self->rows.per_part; i < vdt_rows_end(&self->rows, part); i++) {
        char *to = pixel(self, &self->y, arena, image, 0, i);

        memcpy(to, pixel(self, &self->x[0], arena, image, 0, i) + self->first * size,
               self->y.c * size);
        memset(to + self->y.c * size, 0, padding * size);
    }
}

static void run_slice_tokens(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize i = 0; i < self->y.w; i++)
        memcpy(pixel(self, &self->y, arena, image, 0, i),
               pixel(self, &self->x[0], arena, image, 0, self->first + i),
               VDT_ALIGN_LANES(self->y.c) * element_size(self));
}

static gboolean lower_slice(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const guint axis = node->p.along.axis;
    MapsStep *self;
    VdtMap map;

    if (axis == 1 && node->shape.n_dims == 3) {
        self = new_step(l, f, 2, "slice_tokens", run_slice_tokens);
        self->first = node->p.along.begin;
        add_step(l, self, 1, self->y.w * self->y.pitch);
        return TRUE;
    }
    if (!is_of_channels(node, axis))
        return FALSE;
    map = *vdt_infer_get_map(l, node->inputs[0], axis);
    /* Whole vectors can be seen where they are. */
    if (node->p.along.begin % VDT_LANES == 0) {
        map.c = node->p.along.length;
        map.place.offset +=
            node->p.along.begin *
            (map.f32 ? sizeof(float) : vdt_element_size(l->plan->kernels->precision));
        vdt_infer_set_map(l, f, axis, &map);
        return TRUE;
    }
    self = new_step(l, f, axis, "slice", run_slice);
    self->first = node->p.along.begin;
    add_step(l, self, self->y.h * self->y.w, self->y.pitch);
    return TRUE;
}

/* x[0] is a column, x[1] a row: each output row is the row plus one pixel of the column. */
static void run_outer_sum(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;
    VdtEpilogue epilogue = {.bias =
                                (const float *)vdt_place_address(self->plan, &self->zeros, arena)};

    if (!vdt_map_has_live(self->plan, &self->y, arena, image))
        return;
    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        epilogue.add = pixel(self, &self->x[0], arena, image, row, 0);
        self->plan->kernels->map_rows(
            self->y.w, self->y.c, pixel(self, &self->x[1], arena, image, 0, 0), self->x[1].pitch,
            &epilogue, pixel(self, &self->y, arena, image, row, 0), self->y.pitch);
    }
}

static gboolean lower_outer_sum(VdtInfer *l, VdtFused *f)
{
    const VdtShape *a = &f->node->inputs[0]->shape, *b = &f->node->inputs[1]->shape;
    gboolean column_first = a->dims[3] == 1 && b->dims[2] == 1;
    MapsStep *self;

    if (f->node->shape.n_dims != 4 || a->dims[0] != b->dims[0] || a->dims[1] != b->dims[1] ||
        vdt_shape_equal(a, b) || !(column_first || (a->dims[2] == 1 && b->dims[3] == 1)))
        return FALSE;
    self = new_step(l, f, 1, "outer_sum", run_outer_sum);
    if (!column_first) {
        VdtMap row = self->x[0];

        self->x[0] = self->x[1];
        self->x[1] = row;
    }
    self->zeros = l->zeros;
    add_step(l, self, self->y.h, self->y.w * self->y.pitch);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_add, lower_outer_sum},
    {&vdt_op_adaptive_avg_pool2d, lower_adaptive_pool},
    {&vdt_op_concat, lower_concat},
    {&vdt_op_slice, lower_slice},
};
VDT_LOWERINGS(maps);
