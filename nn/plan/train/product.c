/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions and linear layers in training. Forward is the product of product.h with weights
 * packed anew, since they change. The gradient by the input is the same product over dy with inputs
 * and outputs of the weights exchanged and taps reversed; that by the weights is a sum of outer
 * products of what a pixel saw and its dy.
 */
#include "account.h"

#include <string.h>

#include "ops/table.h"

/* Pixels whose inputs and gradients stay in the second cache while all tiles use them. */
#define OUTER_ROWS  256
/* Sums of outer products, in floats, that stay in the second cache. */
#define MOST_WHOLE  65536
/* Pieces that a sum of outer products is cut into at least, if it can be. */
#define OUTER_ITEMS 8

/* A layer as seen by these steps. */
typedef struct {
    VdtWindow window;
    gsize in, out, taps;
} Layer;

static Layer layer_of(const VdtNode *node)
{
    const VdtShape *weight = &node->inputs[1]->shape;
    Layer layer = {.window = {.kernel_h = 1, .kernel_w = 1, .stride = 1},
                   .in = weight->dims[1],
                   .out = weight->dims[0]};

    if (node->op == &vdt_op_conv2d)
        layer.window = (VdtWindow){.kernel_h = node->p.conv2d.kernel_h,
                                   .kernel_w = node->p.conv2d.kernel_w,
                                   .stride = node->p.conv2d.stride,
                                   .pad_h = node->p.conv2d.pad_h,
                                   .pad_w = node->p.conv2d.pad_w};
    layer.taps = vdt_window_taps(&layer.window);
    return layer;
}

/* Patches of a picture side by side, each all that one output pixel sees, in the weights' order. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace planes;
    gsize channels, height, width;
    int kernel_h, kernel_w;
    VdtMap y;
} PatchesStep;

/* An item is a row of patches. */
static void run_patches(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PatchesStep *self = (const PatchesStep *)step;
    gsize plane = self->height * self->width, row = item % self->y.h, image = item / self->y.h;
    const float *x = (const float *)vdt_place_address(self->plan, &self->planes, arena) +
                     image * self->channels * plane + row * self->kernel_h * self->width;
    float *y = (float *)vdt_place_address(self->plan, &self->y.place, arena) +
               item * self->y.w * self->y.pitch;

    for (gsize column = 0; column < self->y.w; column++, y += self->y.pitch) {
        float *to = y;

        for (gsize c = 0; c < self->channels; c++)
            for (int i = 0; i < self->kernel_h; i++, to += self->kernel_w)
                memcpy(to, x + c * plane + i * self->width + column * self->kernel_w,
                       self->kernel_w * sizeof *to);
        memset(to, 0, (self->y.pitch - self->y.c) * sizeof *to);
    }
}

/* A convolution of patches that lie side by side, with more taps than windows have; of a picture
 * whose gradient nobody wants. */
static gboolean is_of_patches(const VdtTrain *t, const VdtNode *node, const Layer *layer)
{
    return node->op == &vdt_op_conv2d && node->p.conv2d.groups == 1 &&
           layer->taps > VDT_MOST_TAPS && layer->window.stride == layer->window.kernel_h &&
           layer->window.stride == layer->window.kernel_w &&
           layer->window.pad_h + layer->window.pad_w == 0 && !vdt_train_wants(t, node->inputs[0]);
}

/* The patches of @node's input; @layer becomes that of a product of them. */
static VdtMap add_patches(VdtTrain *t, const VdtNode *node, Layer *layer)
{
    const gint64 *from = node->inputs[0]->shape.dims;
    VdtShape shape = node->shape;
    PatchesStep *self;
    VdtMap map;

    shape.dims[1] = layer->in * layer->taps;
    map = vdt_train_describe(&shape);
    map = vdt_train_map_like(t, &map);
    self = vdt_train_step(PatchesStep, t, node, .kernel = "patches", .n_items = map.n * map.h,
                          .run = run_patches);
    self->plan = t->plan;
    self->planes = vdt_train_planar(t, node->inputs[0])->place;
    self->channels = from[1];
    self->height = from[2];
    self->width = from[3];
    self->kernel_h = layer->window.kernel_h;
    self->kernel_w = layer->window.kernel_w;
    self->y = map;
    vdt_step_reads(&self->step, self->planes);
    vdt_step_writes(&self->step, map.place);
    vdt_plan_add_step(t->plan, &self->step);
    *layer = (Layer){.window = {.kernel_h = 1, .kernel_w = 1, .stride = 1},
                     .in = map.c,
                     .out = layer->out,
                     .taps = 1};
    return map;
}

/* What a product read, and how it saw it. */
typedef struct {
    Layer layer;
    VdtMap x;
} Kept;

/* Weights as a product reads them. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace weights, packed;
    gsize columns, depth, taps;
    gssize column_stride, depth_stride, tap_stride, first;
} PackStep;

static void run_pack(const VdtStep *step, char *arena, char *scratch, guint block)
{
    const PackStep *self = (const PackStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    gsize column = block * kernels->nr;
    const float *weights = (const float *)vdt_place_address(self->plan, &self->weights, arena);
    char *packed = vdt_place_address(self->plan, &self->packed, arena);

    vdt_pack_gemm_strided(kernels, weights + self->first + (gssize)column * self->column_stride,
                          MIN(kernels->nr, self->columns - column), self->column_stride,
                          self->depth, self->depth_stride, self->taps, self->tap_stride,
                          packed + vdt_packed_block(kernels, block, self->depth, self->taps));
}

/* @transposed: for the gradient by the input. */
static VdtPlace add_pack(VdtTrain *t, const VdtNode *node, const Layer *layer, gboolean transposed)
{
    const VdtKernels *kernels = t->plan->kernels;
    gsize columns = transposed ? layer->in : layer->out;
    PackStep *self =
        vdt_train_step(PackStep, t, node, .kernel = "pack",
                       .n_items = (columns + kernels->nr - 1) / kernels->nr, .run = run_pack);
    gssize per_out = layer->in * layer->taps, per_in = layer->taps;

    self->plan = t->plan;
    self->weights = vdt_train_planar(t, node->inputs[1])->place;
    self->columns = columns;
    self->depth = transposed ? layer->out : layer->in;
    self->taps = layer->taps;
    self->column_stride = transposed ? per_in : per_out;
    self->depth_stride = transposed ? per_out : per_in;
    self->tap_stride = transposed ? -1 : 1;
    self->first = transposed ? layer->taps - 1 : 0;
    self->packed =
        vdt_plan_add_buffer(t->plan, vdt_packed_size(kernels, columns, self->depth, layer->taps));
    vdt_step_reads(&self->step, self->weights);
    vdt_step_writes(&self->step, self->packed);
    vdt_plan_add_step(t->plan, &self->step);
    return self->packed;
}

static gboolean forward_product(VdtTrain *t, const VdtNode *node)
{
    Layer layer = layer_of(node);
    const gboolean patches = is_of_patches(t, node, &layer);
    VdtProduct product = {.zeros = t->zeros};
    Kept kept;

    if (node->op == &vdt_op_conv2d &&
        (node->p.conv2d.groups != 1 || (layer.taps > VDT_MOST_TAPS && !patches)))
        return FALSE;
    if (node->op == &vdt_op_linear &&
        (!vdt_train_has_map(t, node) || !vdt_train_has_map(t, node->inputs[0]) ||
         node->shape.n_dims == 4))
        return FALSE;
    product.x =
        patches ? add_patches(t, node, &layer) : *vdt_train_channels_last(t, node->inputs[0]);
    product.window = layer.window;
    product.depth = layer.in;
    product.columns = layer.out;
    kept = (Kept){layer, product.x};
    t->kept[node->index] = g_memdup2(&kept, sizeof kept);
    product.packed = add_pack(t, node, &layer, FALSE);
    product.epilogue.bias =
        node->n_inputs > 2 ? vdt_train_planar(t, node->inputs[2])->place : t->zeros;
    product.epilogue.act0 = vdt_train_act(t, node);
    product.y = vdt_train_new_map(t, node);
    vdt_plan_add_product(t->plan, &product, node->name, node->op->macs(node));
    return TRUE;
}

static void add_input_gradient(VdtTrain *t, const VdtNode *node, const Layer *layer,
                               const VdtMap *dy)
{
    const VdtWindow *w = &layer->window;
    gboolean add;
    VdtProduct product = {.x = *dy,
                          .window = {.kernel_h = w->kernel_h,
                                     .kernel_w = w->kernel_w,
                                     .stride = 1,
                                     .pad_h = w->kernel_h - 1 - w->pad_h,
                                     .pad_w = w->kernel_w - 1 - w->pad_w,
                                     .spread = w->stride},
                          .zeros = t->zeros,
                          .epilogue.bias = t->zeros,
                          .depth = layer->out,
                          .columns = layer->in};

    product.packed = add_pack(t, node, layer, TRUE);
    product.y = vdt_train_dx(t, node->inputs[0], &add);
    if (add) {
        product.epilogue.add = product.y.place;
        product.epilogue.add_pitch = product.y.pitch;
        product.epilogue.add_image = product.y.h * product.y.w;
    }
    vdt_plan_add_product(t->plan, &product, node->name, node->op->macs(node));
}

/*
 * Sums of outer products over all pixels: sums[tap][row][column]. Rows of a tile are broadcast and
 * its columns are vectors, so the side with more channels gives the columns.
 *
 * Where all the sums fit into the second cache, each item has some of the pixels, sums of its own,
 * and reads its pixels from memory only once. Otherwise an item has one tap, one block of columns,
 * some of the rows, and all pixels.
 */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, dy;
    Layer layer;
    gboolean inputs_are_rows;
    gsize rows, columns, pitch; /* of sums */
    VdtPlace zeros, sums;
    VdtRows parts;                     /* of pixels, with sums[part] each */
    gboolean whole;                    /* an item has all sums of a part */
    guint n_blocks, n_tiles, n_groups; /* of columns; of rows, and of tiles of them */
} OuterStep;

static gsize sums_size(const OuterStep *self)
{
    return self->layer.taps * self->rows * self->pitch;
}

/* Where pixels [first, first + count) of all images find their inputs through @tap. */
static void find_inputs(const OuterStep *self, char *arena, gsize tap, gsize first, gsize count,
                        const float **a)
{
    const VdtMap *x = &self->x, *dy = &self->dy;
    const float *pixels = (const float *)vdt_place_address(self->plan, &x->place, arena);
    const float *zeros = (const float *)vdt_place_address(self->plan, &self->zeros, arena);
    gsize image = first / (dy->h * dy->w), row = first / dy->w % dy->h, column = first % dy->w;

    if (vdt_window_is_pixel(&self->layer.window)) {
        for (gsize i = 0; i < count; i++)
            a[i] = pixels + (first + i) * x->pitch;
        return;
    }
    for (gsize i = 0; i < count; i++) {
        gssize at = vdt_window_pixel(&self->layer.window, x, row, column, tap);

        a[i] = at < 0 ? zeros : pixels + (image * x->h * x->w + at) * x->pitch;
        if (++column == dy->w) {
            column = 0;
            if (++row == dy->h) {
                row = 0;
                image++;
            }
        }
    }
}

/* Adds what @count pixels from @first on give to one tap's sums, in some tiles of a block. */
static void add_tiles(const OuterStep *self, const float *const *seen,
                      const float *const *gradients, gsize count, gboolean add, guint block,
                      guint first_tile, guint end_tile, float *sums)
{
    const VdtKernels *kernels = self->plan->kernels;
    gsize column = block * kernels->nr;

    for (guint i = first_tile; i < end_tile; i++) {
        /* Shared out evenly: a tile of one or two rows cannot keep the CPU busy. */
        gsize row = i * self->rows / self->n_tiles, end = (i + 1) * self->rows / self->n_tiles;
        VdtOuterTile tile = {
            .rows = end - row,
            .cols = MIN(kernels->nr, VDT_ALIGN_LANES(self->columns - column)),
            .depth = count,
            .a = self->inputs_are_rows ? seen : gradients,
            .a_offset = row,
            .b = self->inputs_are_rows ? gradients : seen,
            .b_offset = column,
            .y = sums + row * self->pitch + column,
            .y_pitch = self->pitch,
            .add = add,
        };

        kernels->outer_tile(&tile);
    }
}

static void run_outer(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const OuterStep *self = (const OuterStep *)step;
    guint part = self->whole ? item : 0, rest = self->whole ? 0 : item;
    guint group = rest % self->n_groups, block = rest / self->n_groups % self->n_blocks;
    gsize tap = rest / self->n_groups / self->n_blocks;
    gsize end_tap = self->whole ? self->layer.taps : tap + 1;
    guint end_block = self->whole ? self->n_blocks : block + 1;
    gsize begin = part * self->parts.per_part, end = vdt_rows_end(&self->parts, part);
    float *sums =
        (float *)vdt_place_address(self->plan, &self->sums, arena) + part * sums_size(self);
    const float *dy = (const float *)vdt_place_address(self->plan, &self->dy.place, arena);

    for (gsize first = begin; first < end; first += OUTER_ROWS) {
        gsize count = MIN(OUTER_ROWS, end - first);
        const float *seen[OUTER_ROWS], *gradients[OUTER_ROWS];

        for (gsize i = 0; i < count; i++)
            gradients[i] = dy + (first + i) * self->dy.pitch;
        for (gsize t = tap; t < end_tap; t++) {
            find_inputs(self, arena, t, first, count, seen);
            for (guint b = block; b < end_block; b++)
                add_tiles(self, seen, gradients, count, first > begin, b,
                          group * self->n_tiles / self->n_groups,
                          (group + 1) * self->n_tiles / self->n_groups,
                          sums + t * self->rows * self->pitch);
        }
    }
}

/* From the sums to the parameter's order [out][in][tap]; an item has some of the columns. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace sums, gradient;
    gsize rows, pitch, taps;
    guint n_parts;
    gsize row_stride, column_stride; /* of the gradient */
    gboolean add;
    VdtRows columns;
} UnpackStep;

static void run_unpack(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const UnpackStep *self = (const UnpackStep *)step;
    const float *sums = (const float *)vdt_place_address(self->plan, &self->sums, arena);
    float *gradient = (float *)vdt_place_address(self->plan, &self->gradient, arena);
    gsize end = vdt_rows_end(&self->columns, item);
    gsize part_size = self->taps * self->rows * self->pitch;

    for (gsize row = 0; row < self->rows; row++) {
        for (gsize tap = 0; tap < self->taps; tap++) {
            const float *from = sums + (tap * self->rows + row) * self->pitch;
            float *to = gradient + row * self->row_stride + tap;

            for (gsize c = item * self->columns.per_part; c < end; c++) {
                float *at = to + c * self->column_stride, sum = from[c];

                for (guint part = 1; part < self->n_parts; part++)
                    sum += from[part * part_size + c];
                *at = self->add ? *at + sum : sum;
            }
        }
    }
}

/* Vectors of a tile's columns that so many channels fill. */
static gsize vectors(const VdtKernels *kernels, gsize channels)
{
    return MIN(kernels->nr, VDT_ALIGN_LANES(channels));
}

static void add_weight_gradient(VdtTrain *t, const VdtNode *node, const Kept *kept,
                                const VdtMap *dy)
{
    const Layer *layer = &kept->layer;
    const VdtKernels *kernels = t->plan->kernels;
    gboolean inputs_are_rows = vectors(kernels, layer->out) >= vectors(kernels, layer->in);
    VdtMap x = kept->x;
    OuterStep *outer = vdt_train_step(OuterStep, t, node, .kernel = "outer",
                                      .macs = node->op->macs(node), .run = run_outer);
    UnpackStep *unpack;

    outer->plan = t->plan;
    outer->x = x;
    outer->dy = *dy;
    outer->layer = *layer;
    outer->zeros = t->zeros;
    outer->inputs_are_rows = inputs_are_rows;
    outer->rows = inputs_are_rows ? layer->in : layer->out;
    outer->columns = inputs_are_rows ? layer->out : layer->in;
    outer->pitch = VDT_ALIGN_LANES(outer->columns);
    outer->n_blocks = (outer->columns + kernels->nr - 1) / kernels->nr;
    outer->n_tiles = (outer->rows + kernels->mr - 1) / kernels->mr;
    outer->whole = sums_size(outer) <= MOST_WHOLE;
    outer->parts = vdt_rows_split(vdt_map_rows(dy), OUTER_ROWS, outer->whole ? OUTER_ITEMS : 1);
    outer->n_groups =
        outer->whole ? 1 : CLAMP(OUTER_ITEMS / (layer->taps * outer->n_blocks), 1, outer->n_tiles);
    outer->step.n_items =
        outer->whole ? outer->parts.n_parts : layer->taps * outer->n_blocks * outer->n_groups;
    outer->sums = vdt_train_floats(t, outer->parts.n_parts * sums_size(outer));
    vdt_step_reads(&outer->step, x.place, dy->place);
    vdt_step_writes(&outer->step, outer->sums);
    vdt_plan_add_step(t->plan, &outer->step);

    unpack = vdt_train_step(UnpackStep, t, node, .kernel = "unpack", .run = run_unpack);
    unpack->plan = t->plan;
    unpack->sums = outer->sums;
    unpack->rows = outer->rows;
    unpack->pitch = outer->pitch;
    unpack->taps = layer->taps;
    unpack->n_parts = outer->parts.n_parts;
    unpack->row_stride = inputs_are_rows ? layer->taps : layer->in * layer->taps;
    unpack->column_stride = inputs_are_rows ? layer->in * layer->taps : layer->taps;
    unpack->columns = vdt_rows_split(outer->columns, VDT_LANES, 8);
    unpack->step.n_items = unpack->columns.n_parts;
    unpack->gradient = vdt_train_dx(t, node->inputs[1], &unpack->add).place;
    vdt_step_reads(&unpack->step, unpack->sums);
    vdt_step_writes(&unpack->step, unpack->gradient);
    vdt_plan_add_step(t->plan, &unpack->step);
}

/* Sums of dy over all pixels. An item has some of the channels. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap dy;
    VdtPlace gradient;
    gboolean add;
} BiasStep;

#define BIAS_CHANNELS 64

static void run_bias(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const BiasStep *self = (const BiasStep *)step;
    gsize first = item * BIAS_CHANNELS, count = MIN(BIAS_CHANNELS, self->dy.c - first);
    gsize rows = vdt_map_rows(&self->dy);
    const float *dy = (const float *)vdt_place_address(self->plan, &self->dy.place, arena);
    float *gradient = (float *)vdt_place_address(self->plan, &self->gradient, arena);
    double total[BIAS_CHANNELS] = {0};

    for (gsize row = 0; row < rows; row += VDT_SUM_ROWS) {
        float sum[BIAS_CHANNELS] = {0};

        self->plan->kernels->sum_rows(MIN(VDT_SUM_ROWS, rows - row), count,
                                      dy + row * self->dy.pitch + first, self->dy.pitch, sum);
        for (gsize c = 0; c < count; c++)
            total[c] += sum[c];
    }
    for (gsize c = 0; c < count; c++)
        gradient[first + c] = total[c] + (self->add ? gradient[first + c] : 0);
}

static void add_bias_gradient(VdtTrain *t, const VdtNode *node, const VdtMap *dy)
{
    BiasStep *self =
        vdt_train_step(BiasStep, t, node, .kernel = "bias_gradient",
                       .n_items = (dy->c + BIAS_CHANNELS - 1) / BIAS_CHANNELS, .run = run_bias);

    self->plan = t->plan;
    self->dy = *dy;
    self->gradient = vdt_train_dx(t, node->inputs[2], &self->add).place;
    vdt_step_reads(&self->step, dy->place);
    vdt_step_writes(&self->step, self->gradient);
    vdt_plan_add_step(t->plan, &self->step);
}

static void backward_product(VdtTrain *t, const VdtNode *node)
{
    const Kept *kept = t->kept[node->index];
    VdtMap dy = vdt_train_dy_before_act(t, node);

    if (vdt_train_wants(t, node->inputs[1]))
        add_weight_gradient(t, node, kept, &dy);
    if (node->n_inputs > 2 && vdt_train_wants(t, node->inputs[2]))
        add_bias_gradient(t, node, &dy);
    if (vdt_train_wants(t, node->inputs[0]))
        add_input_gradient(t, node, &kept->layer, &dy);
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_conv2d, forward_product, backward_product, TRUE},
    {&vdt_op_linear, forward_product, backward_product, FALSE},
};
VDT_TRAIN_LOWERINGS(product);
