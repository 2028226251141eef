/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inverted residuals: a 1x1 convolution to many channels, a depthwise one, and a 1x1 back to few.
 * The maps in between are the largest of a network and would go to memory and back; here they are
 * made row by row, as many rows as the depthwise kernel is high, and never leave the cache. Parts
 * of the image make some rows more than once, at their edges.
 */
#include "pattern.h"

#include "ops/table.h"

/* Of the map in between: a smaller one stays in the cache by itself. */
#define LEAST_BYTES        (48 * 1024)
/* Of a worker's rows, and of the weights, which each row walks: both share the second cache. */
#define MOST_ROWS_BYTES    (320 * 1024)
#define MOST_WEIGHTS_BYTES (192 * 1024)

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtProduct widen, narrow;
    VdtWindow window; /* of the depthwise convolution */
    VdtPlace weight;
    VdtLateEpilogue epilogue;
    VdtMap middle; /* in between */
    VdtRows rows;  /* of an image */
} BandsStep;

static gsize element_size(const BandsStep *self)
{
    return vdt_element_size(self->plan->kernels->precision);
}

static gsize row_bytes(const BandsStep *self)
{
    return self->middle.w * self->middle.pitch * element_size(self);
}

/* A row of pixels through a 1x1 convolution. */
static void multiply_row(const BandsStep *self, const VdtProduct *p, char *arena, const char *x,
                         gsize x_pixel, gsize image, gsize row, char *y, gsize y_pixel)
{
    gsize mr = self->plan->kernels->mr, width = self->middle.w;
    guint n_blocks = (p->columns + self->plan->kernels->nr - 1) / self->plan->kernels->nr;

    for (gsize column = 0; column < width; column += mr) {
        gsize count = MIN(mr, width - column);
        const void *a[VDT_MOST_GEMM_ROWS];

        for (gsize i = 0; i < count; i++)
            a[i] = x + (column + i) * x_pixel;
        vdt_product_run_tiles(self->plan, p, arena, a, count, 0, n_blocks, image,
                              row * width + column, y + column * y_pixel);
    }
}

/* The wide map's row under output row @row is in lines; NULL beyond the image. */
static void filter_row(const BandsStep *self, char *arena, const char *const *lines, char *y)
{
    const char *zeros = vdt_place_address(self->plan, &self->widen.zeros, arena);
    gsize pixel = self->middle.pitch * element_size(self);
    VdtEpilogue epilogue = vdt_epilogue_at(self->plan, &self->epilogue, arena, 0, 0, 0);
    const void *a[VDT_MOST_TAPS * VDT_MOST_TILE_ROWS];

    for (gsize column = 0; column < self->middle.w; column += VDT_MOST_TILE_ROWS) {
        gsize count = MIN(VDT_MOST_TILE_ROWS, self->middle.w - column);

        vdt_window_find_in(&self->window, lines, self->middle.w, pixel, zeros, column, count, a);
        self->plan->kernels->depthwise_rows(
            count, self->window.kernel_h, self->window.kernel_w, self->middle.c, a,
            (const float *)vdt_place_address(self->plan, &self->weight, arena), &epilogue,
            y + column * pixel, self->middle.pitch);
    }
}

static void run_bands(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const BandsStep *self = (const BandsStep *)step;
    const VdtMap *x = &self->widen.x, *y = &self->narrow.y;
    gsize image = item / self->rows.n_parts, part = item % self->rows.n_parts;
    gsize x_pixel = x->pitch * element_size(self),
          wide_pixel = self->middle.pitch * element_size(self);
    gsize y_pixel = y->pitch * (y->f32 ? sizeof(float) : element_size(self));
    const char *from = vdt_place_address(self->plan, &x->place, arena);
    char *to = vdt_place_address(self->plan, &y->place, arena);
    gsize height = self->window.kernel_h, pad = self->window.pad_h, size = row_bytes(self);
    char *filtered = scratch + height * size;
    gsize row = part * self->rows.per_part, made = row > pad ? row - pad : 0;

    if (!vdt_map_has_live(self->plan, y, arena, image))
        return;
    for (; row < vdt_rows_end(&self->rows, part); row++) {
        const char *lines[VDT_MOST_TAPS];

        /* Wide rows are kept in turn. */
        for (; made < MIN(row + height - pad, y->h); made++)
            multiply_row(self, &self->widen, arena, from + (image * y->h + made) * y->w * x_pixel,
                         x_pixel, image, made, scratch + made % height * size, wide_pixel);
        for (gsize i = 0; i < height; i++)
            lines[i] = row + i < pad || row + i - pad >= y->h
                           ? NULL
                           : scratch + (row + i - pad) % height * size;
        filter_row(self, arena, lines, filtered);
        multiply_row(self, &self->narrow, arena, filtered, wide_pixel, image, row,
                     to + (image * y->h + row) * y->w * y_pixel, y_pixel);
    }
}

/* Who computes what @f convolves, if it is for @f alone and nothing else is taken in. */
static VdtFused *get_source(const VdtInfer *l, const VdtFused *f)
{
    VdtFused *source = vdt_fused_resolve(l->fused, f->node->inputs[0]);

    return source->node->op == &vdt_op_conv2d && source->scale && source->n_uses == 1 &&
                   !source->is_output && !source->mul && !source->add && !source->unused &&
                   !source->pattern
               ? source
               : NULL;
}

/* Depthwise, and leaves the size as it is. */
static gboolean is_filter(const VdtFused *f)
{
    VdtWindow w = vdt_infer_window(f->node);

    return f->node->p.conv2d.groups == f->node->inputs[0]->shape.dims[1] &&
           f->node->p.conv2d.groups == f->node->shape.dims[1] && w.stride == 1 &&
           w.kernel_h == 2 * w.pad_h + 1 && w.kernel_w == 2 * w.pad_w + 1 &&
           vdt_window_taps(&w) > 1 && vdt_window_taps(&w) <= VDT_MOST_TAPS;
}

static gboolean pays(const VdtInfer *l, const VdtFused *filter, const VdtFused *widen,
                     const VdtFused *narrow)
{
    const VdtKernels *kernels = l->plan->kernels;
    VdtMap map = vdt_map_describe(&filter->node->shape, 1, kernels->precision);
    gsize row = map.w * map.pitch * vdt_element_size(kernels->precision);
    gsize weights =
        vdt_packed_size(kernels, widen->columns, widen->node->inputs[1]->shape.dims[1], 1) +
        vdt_packed_size(kernels, narrow->columns, map.c, 1);

    return map.h * row >= LEAST_BYTES &&
           (filter->node->p.conv2d.kernel_h + 1) * row <= MOST_ROWS_BYTES &&
           weights <= MOST_WEIGHTS_BYTES;
}

typedef struct {
    VdtFused *filter, *widen;
} Bands;

static gboolean match(VdtInfer *l, const VdtFused *narrow, gpointer data)
{
    Bands *found = data;

    if (!vdt_infer_is_pixelwise(narrow))
        return FALSE;
    found->filter = get_source(l, narrow);
    found->widen = found->filter && is_filter(found->filter) ? get_source(l, found->filter) : NULL;
    if (!found->widen || !vdt_infer_is_pixelwise(found->widen) ||
        !pays(l, found->filter, found->widen, narrow))
        return FALSE;
    found->filter->unused = found->widen->unused = TRUE;
    return TRUE;
}

/* Few rows are made twice where a part has many times those that the kernel sees; and parts are
 * big, so that an odd one out would be waited for by all. */
static guint n_parts(const VdtMap *map, const VdtWindow *window)
{
    guint parts = 2;

    while (parts < 8 && 2 * parts * 8 * window->kernel_h <= map->h)
        parts *= 2;
    return parts;
}

static void lower(VdtInfer *l, VdtFused *f, gconstpointer data)
{
    const Bands *found = data;
    VdtFused *filter = found->filter, *widen = found->widen;
    const VdtMap *x = vdt_infer_get_map(l, widen->node->inputs[0], 1);
    BandsStep *self;

    self =
        vdt_infer_step(BandsStep, l, f, .kernel = "bands", .run = run_bands,
                       .macs = widen->node->op->macs(widen->node) +
                               filter->node->op->macs(filter->node) + f->node->op->macs(f->node));
    self->plan = l->plan;
    self->middle = vdt_map_describe(&filter->node->shape, 1, l->plan->kernels->precision);
    self->widen = vdt_infer_weights(l, widen);
    self->widen.x = *x;
    self->widen.y = self->middle;
    self->window = vdt_infer_window(filter->node);
    self->weight = vdt_infer_depthwise_weights(l, filter);
    self->epilogue = vdt_infer_epilogue(l, filter);
    self->narrow = vdt_infer_weights(l, f);
    self->narrow.x = self->middle;
    self->narrow.y = vdt_infer_new_map(l, f, f->axis, f->is_output && f->n_uses == 1);

    self->rows = vdt_rows_split(self->middle.h, 1, n_parts(&self->middle, &self->window));
    self->step.n_items = self->middle.n * self->rows.n_parts;
    self->step.scratch = (self->window.kernel_h + 1) * row_bytes(self);
    vdt_step_reads(&self->step, x->place, self->narrow.y.live);
    vdt_step_reads_epilogue(&self->step, &self->narrow.epilogue);
    vdt_step_writes(&self->step, self->narrow.y.place);
    vdt_plan_add_step(l->plan, &self->step);
}

VDT_PATTERN(bands) = {
    .name = "bands",
    .op = &vdt_op_conv2d,
    .match_size = sizeof(Bands),
    .match = match,
    .lower = lower,
};
