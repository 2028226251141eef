/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole pixels from one map to another, in training: resizing, pooling over a grid, and the sum of
 * a column and a row. Where windows overlap, an image is one item of the way back. */
#include "account.h"

#include <string.h>

#include "ops/axis.h"
#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap x, y; /* forward: from x to y; backward: y and x are gradients, from y to x */
    VdtMap row;  /* of a sum: the other operand */
    VdtPlace zeros;
    VdtAct act;
    gboolean align_corners, add;
    VdtRows rows; /* forward: of an image of y */
} MapsStep;

static float *pixel(const MapsStep *self, const VdtMap *map, char *arena, gsize image, gsize row,
                    gsize column)
{
    return (float *)vdt_place_address(self->plan, &map->place, arena) +
           ((image * map->h + row) * map->w + column) * map->pitch;
}

static void clear_image(const MapsStep *self, const VdtMap *map, char *arena, gsize image)
{
    memset(pixel(self, map, arena, image, 0, 0), 0, map->h * map->w * map->pitch * sizeof(float));
}

/* Adds a step that runs once for @parts parts of each image. */
static void add_step(VdtTrain *t, const VdtNode *node, const MapsStep *state, const char *kernel,
                     gboolean backward, guint parts,
                     void (*run)(const VdtStep *step, char *arena, char *scratch, guint item))
{
    MapsStep *self = g_memdup2(state, sizeof *state);

    self->plan = t->plan;
    self->kernels = t->kernels;
    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = kernel,
                                  .n_items = state->y.n * parts,
                                  .scratch = state->x.pitch * sizeof(float),
                                  .run = run});
    vdt_step_reads(&self->step, backward ? state->y.place : state->x.place, state->row.place);
    vdt_step_writes(&self->step, backward ? state->x.place : state->y.place);
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean are_maps(const VdtNode *node)
{
    return node->shape.n_dims == 4;
}

/* Bilinear resizing: a pixel is a blend of four. */

typedef struct {
    VdtBilinear down, across;
} Blend;

static void get_weights(const Blend *b, float weight[4])
{
    weight[0] = (1 - b->down.part) * (1 - b->across.part);
    weight[1] = (1 - b->down.part) * b->across.part;
    weight[2] = b->down.part * (1 - b->across.part);
    weight[3] = b->down.part * b->across.part;
}

static void get_pixels(const MapsStep *self, char *arena, gsize image, const Blend *b,
                       float *pixels[4])
{
    pixels[0] = pixel(self, &self->x, arena, image, b->down.low, b->across.low);
    pixels[1] = pixel(self, &self->x, arena, image, b->down.low, b->across.high);
    pixels[2] = pixel(self, &self->x, arena, image, b->down.high, b->across.low);
    pixels[3] = pixel(self, &self->x, arena, image, b->down.high, b->across.high);
}

static void run_resize(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    const VdtMap *x = &self->x, *y = &self->y;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;

    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        Blend b = {.down = vdt_bilinear(row, x->h, y->h, self->align_corners)};

        for (gsize column = 0; column < y->w; column++) {
            float weight[4], *pixels[4];

            b.across = vdt_bilinear(column, x->w, y->w, self->align_corners);
            get_weights(&b, weight);
            get_pixels(self, arena, image, &b, pixels);
            self->plan->kernels->blend_rows(1, 4, x->c, (const void *const *)pixels, weight,
                                            pixel(self, y, arena, image, row, column), y->pitch);
        }
    }
}

static void run_resize_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;
    const VdtMap *x = &self->x, *y = &self->y;

    if (!self->add)
        clear_image(self, x, arena, image);
    for (gsize row = 0; row < y->h; row++) {
        Blend b = {.down = vdt_bilinear(row, x->h, y->h, self->align_corners)};

        for (gsize column = 0; column < y->w; column++) {
            float weight[4], *pixels[4];

            b.across = vdt_bilinear(column, x->w, y->w, self->align_corners);
            get_weights(&b, weight);
            get_pixels(self, arena, image, &b, pixels);
            for (int i = 0; i < 4; i++)
                if (weight[i] != 0)
                    self->kernels->copy_rows(1, x->c, pixel(self, y, arena, image, row, column),
                                             y->pitch, weight[i], pixels[i], x->pitch, true);
        }
    }
}

static gboolean forward_resize(VdtTrain *t, const VdtNode *node)
{
    MapsStep state = {.align_corners = node->p.resize.align_corners};

    state.x = *vdt_train_channels_last(t, node->inputs[0]);
    state.y = vdt_train_new_map(t, node);
    state.rows = vdt_train_rows(state.y.h, 8);
    add_step(t, node, &state, "resize", FALSE, state.rows.n_parts, run_resize);
    return TRUE;
}

static void backward_resize(VdtTrain *t, const VdtNode *node)
{
    MapsStep state = {.align_corners = node->p.resize.align_corners, .y = *vdt_train_dy(t, node)};

    state.x = vdt_train_dx(t, node->inputs[0], &state.add);
    add_step(t, node, &state, "resize_gradient", TRUE, 1, run_resize_gradient);
}

/* Means over a grid of windows. */

typedef struct {
    gsize y0, y1, x0, x1; /* behind the last */
} Window;

static Window get_window(const MapsStep *self, gsize row, gsize column)
{
    const VdtMap *x = &self->x, *y = &self->y;

    return (Window){vdt_pool_begin(row, y->h, x->h), vdt_pool_end(row, y->h, x->h),
                    vdt_pool_begin(column, y->w, x->w), vdt_pool_end(column, y->w, x->w)};
}

static float get_share(const Window *w)
{
    return 1.0f / ((w->y1 - w->y0) * (w->x1 - w->x0));
}

static void run_pool(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    const VdtMap *x = &self->x, *y = &self->y;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;
    float *sum = (float *)scratch;

    for (gsize i = part * self->rows.per_part; i < vdt_rows_end(&self->rows, part); i++) {
        Window w = get_window(self, i / y->w, i % y->w);

        memset(sum, 0, VDT_ALIGN_LANES(x->c) * sizeof *sum);
        for (gsize row = w.y0; row < w.y1; row++)
            kernels->sum_rows(w.x1 - w.x0, x->c, pixel(self, x, arena, image, row, w.x0), x->pitch,
                              sum);
        kernels->store_scaled(x->c, sum, get_share(&w), pixel(self, y, arena, image, 0, i));
    }
}

static void run_pool_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;
    const VdtMap *x = &self->x, *y = &self->y;

    if (!self->add)
        clear_image(self, x, arena, image);
    for (gsize i = 0; i < y->h * y->w; i++) {
        Window w = get_window(self, i / y->w, i % y->w);

        for (gsize row = w.y0; row < w.y1; row++)
            self->kernels->copy_rows(w.x1 - w.x0, x->c, pixel(self, y, arena, image, 0, i), 0,
                                     get_share(&w), pixel(self, x, arena, image, row, w.x0),
                                     x->pitch, true);
    }
}

static gboolean forward_adaptive_pool(VdtTrain *t, const VdtNode *node)
{
    MapsStep state = {0};

    state.x = *vdt_train_channels_last(t, node->inputs[0]);
    state.y = vdt_train_new_map(t, node);
    state.rows = vdt_train_rows(state.y.h * state.y.w, 16);
    add_step(t, node, &state, "pool", FALSE, state.rows.n_parts, run_pool);
    return TRUE;
}

static void backward_adaptive_pool(VdtTrain *t, const VdtNode *node)
{
    MapsStep state = {.y = *vdt_train_dy(t, node)};

    state.x = vdt_train_dx(t, node->inputs[0], &state.add);
    add_step(t, node, &state, "pool_gradient", TRUE, 1, run_pool_gradient);
}

/* y[row][column] = x[row] + row[column]. */

static void run_outer_sum(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const MapsStep *self = (const MapsStep *)step;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;
    VdtEpilogue epilogue = {.bias =
                                (const float *)vdt_place_address(self->plan, &self->zeros, arena),
                            .act1 = self->act};

    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        epilogue.add = pixel(self, &self->x, arena, image, row, 0);
        self->plan->kernels->map_rows(
            self->y.w, self->y.c, pixel(self, &self->row, arena, image, 0, 0), self->row.pitch,
            &epilogue, pixel(self, &self->y, arena, image, row, 0), self->y.pitch);
    }
}

static void run_column_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;
    float *sum = (float *)scratch;

    for (gsize row = 0; row < self->y.h; row++) {
        memset(sum, 0, VDT_ALIGN_LANES(self->y.c) * sizeof *sum);
        self->plan->kernels->sum_rows(
            self->y.w, self->y.c, pixel(self, &self->y, arena, image, row, 0), self->y.pitch, sum);
        self->kernels->copy_rows(1, self->y.c, sum, 0, 1,
                                 pixel(self, &self->x, arena, image, row, 0), self->x.pitch,
                                 self->add);
    }
}

static void run_row_gradient(const VdtStep *step, char *arena, char *scratch, guint image)
{
    const MapsStep *self = (const MapsStep *)step;

    for (gsize row = 0; row < self->y.h; row++)
        self->kernels->copy_rows(self->y.w, self->y.c, pixel(self, &self->y, arena, image, row, 0),
                                 self->y.pitch, 1, pixel(self, &self->x, arena, image, 0, 0),
                                 self->x.pitch, self->add || row > 0);
}

/* Which of the operands is the column: 0 or 1; -1 if they are no column and row. */
static int find_column(const VdtNode *node)
{
    const gint64 *a = node->inputs[0]->shape.dims, *b = node->inputs[1]->shape.dims;
    gboolean maps = are_maps(node) && node->inputs[0]->shape.n_dims == 4 &&
                    node->inputs[1]->shape.n_dims == 4 && a[0] == b[0] && a[1] == b[1];

    if (maps && a[3] == 1 && b[2] == 1 && a[2] == node->shape.dims[2])
        return 0;
    return maps && a[2] == 1 && b[3] == 1 && b[2] == node->shape.dims[2] ? 1 : -1;
}

static gboolean forward_outer_sum(VdtTrain *t, const VdtNode *node)
{
    int column = find_column(node);
    MapsStep state = {.zeros = t->zeros, .act = vdt_train_act(t, node)};

    if (column < 0 || vdt_shape_equal(&node->inputs[0]->shape, &node->inputs[1]->shape))
        return FALSE;
    state.x = *vdt_train_channels_last(t, node->inputs[column]);
    state.row = *vdt_train_channels_last(t, node->inputs[1 - column]);
    state.y = vdt_train_new_map(t, node);
    state.rows = vdt_train_rows(state.y.h, 8);
    add_step(t, node, &state, "outer_sum", FALSE, state.rows.n_parts, run_outer_sum);
    return TRUE;
}

static void backward_outer_sum(VdtTrain *t, const VdtNode *node)
{
    int column = find_column(node);
    VdtMap dy = vdt_train_dy_before_act(t, node);

    for (int i = 0; i < 2; i++) {
        const VdtNode *input = node->inputs[i];
        MapsStep state = {.y = dy};

        if (!vdt_train_wants(t, input))
            continue;
        state.x = vdt_train_dx(t, input, &state.add);
        add_step(t, node, &state, i == column ? "column_gradient" : "row_gradient", TRUE, 1,
                 i == column ? run_column_gradient : run_row_gradient);
    }
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_add, forward_outer_sum, backward_outer_sum, TRUE},
    {&vdt_op_resize_bilinear, forward_resize, backward_resize, FALSE},
    {&vdt_op_adaptive_avg_pool2d, forward_adaptive_pool, backward_adaptive_pool, FALSE},
};
VDT_TRAIN_LOWERINGS(maps);
