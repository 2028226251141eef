/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 3x3 convolutions by Winograd's F(4x4,3x3), see kernels/winograd.h. The input's tiles become 36
 * matrices [tiles][depth], those are multiplied with 36 matrices of weights, and the products
 * become tiles of the output.
 *
 * Where there are many tiles, each item does all that for some of them, in scratch memory that
 * stays in the second cache. Where there are few, that would read all weights too often: then one
 * step transforms all input, and each item of a second one has a block of columns to itself.
 *
 * A convolution of stride 2 with a kernel of up to 6x6 is a 3x3 convolution of stride 1 over the
 * picture's four phases: pixels 2y + p, 2x + q become channels of pixel (y, x). With channels last
 * the two phases of a row lie side by side, so this is only another way to compute addresses.
 */
#include "lowering.h"

#include "kernels/winograd.h"
#include "ops/table.h"

#define POINTS    VDT_WINOGRAD_POINTS
#define FEW_TILES 32

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    gsize down, across, tiles; /* tiles in a column and a row of one image, and in all */
    int scale;                 /* the stride: 2 if the picture is split into phases */
    int pad_h, pad_w;          /* of the 3x3 convolution */
    gsize depth;               /* channels of all phases */
    VdtPlace zeros;

    gboolean two_steps;
    VdtPlace v; /* two steps: [POINTS][tiles][depth] */

    const char *packed;
    gsize packed_point; /* bytes of one point's weights */
    VdtLateEpilogue epilogue;
    gsize columns;
    VdtRows rows; /* tiles */
    guint n_blocks;
} WinogradStep;

static gsize v_pitch(const WinogradStep *self)
{
    return VDT_ALIGN_LANES(self->depth);
}

/* v[point * v_stride + channel] of one tile. */
static void transform_input(const WinogradStep *self, char *arena, gsize tile, float *v,
                            gsize v_stride)
{
    const VdtMap *map = &self->x;
    const char *x = vdt_place_address(self->plan, &map->place, arena);
    const char *zeros = vdt_place_address(self->plan, &self->zeros, arena);
    gsize image = tile / (self->down * self->across), channels = map->c * self->scale;
    gssize top = (gssize)(tile / self->across % self->down) * VDT_WINOGRAD_OUT - self->pad_h;
    gssize left = (gssize)(tile % self->across) * VDT_WINOGRAD_OUT - self->pad_w;

    for (gssize phase = 0; phase < self->scale; phase++) {
        const void *a[POINTS];

        for (gssize i = 0; i < POINTS; i++) {
            gssize row = (top + i / VDT_WINOGRAD_IN) * self->scale + phase;
            gssize column = (left + i % VDT_WINOGRAD_IN) * self->scale;
            gboolean inside =
                row >= 0 && row < (gssize)map->h && column >= 0 && column < (gssize)map->w;
            gsize pixel = (image * map->h + row) * map->w + column;

            a[i] = inside ? x + pixel * map->pitch * sizeof(float) : zeros;
        }
        self->plan->kernels->winograd_input(channels, a, v + phase * channels, v_stride);
    }
}

static void run_input(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WinogradStep *self = (const WinogradStep *)step;
    float *v = (float *)vdt_place_address(self->plan, &self->v, arena);

    if (!vdt_map_has_live(self->plan, &self->x, arena, item / self->down))
        return;
    for (gsize tile = item * self->across; tile < (item + 1) * self->across; tile++)
        transform_input(self, arena, tile, v + tile * v_pitch(self), self->tiles * v_pitch(self));
}

/* m[point][tile][column] = the product of v's tiles with a block of columns, @count tiles. */
static void multiply(const WinogradStep *self, guint block, gsize width, const float *v,
                     gsize v_stride, gsize count, float *m, gsize m_stride, const float *no_bias)
{
    const VdtKernels *kernels = self->plan->kernels;

    for (gsize point = 0; point < POINTS; point++) {
        const VdtMatrices product = {
            .rows = count,
            .columns = width,
            .depth = self->depth,
            .a = v + point * v_stride,
            .a_pitch = v_pitch(self),
            .packed = self->packed + point * self->packed_point +
                      vdt_packed_block(kernels, block, self->depth, 1),
            .zeros = no_bias,
            .y = m + point * m_stride,
            .y_pitch = width,
            .y_f32 = TRUE,
        };

        vdt_multiply(kernels, &product);
    }
}

/* So many tiles are of pictures that are live. */
static gsize live_tiles(const WinogradStep *self, char *arena)
{
    return vdt_map_live(self->plan, &self->y, arena) / (self->y.h * self->y.w) * self->down *
           self->across;
}

static void transform_output(const WinogradStep *self, char *arena, gsize tile, gsize column,
                             gsize width, const float *m, gsize m_stride)
{
    const VdtMap *map = &self->y;
    gsize image = tile / (self->down * self->across);
    gsize row = tile / self->across % self->down * VDT_WINOGRAD_OUT;
    gsize left = tile % self->across * VDT_WINOGRAD_OUT, pixel = row * map->w + left;
    float *y = (float *)vdt_place_address(self->plan, &map->place, arena);
    VdtEpilogue epilogue =
        vdt_epilogue_at(self->plan, &self->epilogue, arena, image, pixel, column);

    self->plan->kernels->winograd_output(
        width, m, m_stride, MIN(VDT_WINOGRAD_OUT, map->h - row),
        MIN(VDT_WINOGRAD_OUT, map->w - left), map->w, &epilogue,
        y + (image * map->h * map->w + pixel) * map->pitch + column, map->pitch);
}

static void run_product(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WinogradStep *self = (const WinogradStep *)step;
    gsize nr = self->plan->kernels->nr, pitch = v_pitch(self);
    guint part = item % self->rows.n_parts;
    guint first_block = self->two_steps ? item / self->rows.n_parts : 0;
    guint end_block = self->two_steps ? first_block + 1 : self->n_blocks;
    gsize first = part * self->rows.per_part;
    gsize end = MIN(vdt_rows_end(&self->rows, part), live_tiles(self, arena)), count = end - first;
    const float *no_bias = (const float *)vdt_place_address(self->plan, &self->zeros, arena);
    float *m = (float *)scratch, *v;
    gsize v_stride;

    if (end <= first)
        return;
    if (self->two_steps) {
        v = (float *)vdt_place_address(self->plan, &self->v, arena) + first * pitch;
        v_stride = self->tiles * pitch;
    } else {
        v = m + POINTS * self->rows.per_part * MIN(nr, VDT_ALIGN_LANES(self->columns));
        v_stride = self->rows.per_part * pitch;
        for (gsize i = 0; i < count; i++)
            transform_input(self, arena, first + i, v + i * pitch, v_stride);
    }
    for (guint block = first_block; block < end_block; block++) {
        gsize column = block * nr, width = MIN(nr, VDT_ALIGN_LANES(self->columns - column));
        gsize m_stride = self->rows.per_part * width;

        multiply(self, block, width, v, v_stride, count, m, m_stride, no_bias);
        for (gsize i = 0; i < count; i++)
            transform_output(self, arena, first + i, column, width, m + i * width, m_stride);
    }
}

/* The 3x3 kernel from depth @k of the phases to one output: entry (i, j) is the weight of the pixel
 * that lies there, zero beyond the kernel. */
static void gather_kernel(const VdtNode *conv, const float *weights, gsize k, float g[9])
{
    int kernel_h = conv->p.conv2d.kernel_h, kernel_w = conv->p.conv2d.kernel_w;
    gsize channels = conv->inputs[1]->shape.dims[1];
    int scale = conv->p.conv2d.stride;
    int p = k / channels / scale, q = k / channels % scale;
    const float *kernel = weights + k % channels * kernel_h * kernel_w;

    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            int row = scale == 1 ? i : 2 * (i - 1) + p + conv->p.conv2d.pad_h;
            int column = scale == 1 ? j : 2 * (j - 1) + q + conv->p.conv2d.pad_w;
            gboolean inside = row >= 0 && row < kernel_h && column >= 0 && column < kernel_w;

            g[3 * i + j] = inside ? kernel[row * kernel_w + column] : 0;
        }
    }
}

/* 36 packed matrices, one for each point. */
static const char *pack(VdtInfer *l, const VdtFused *f, gsize depth, gsize point_bytes)
{
    gboolean fresh;
    char *packed =
        vdt_plan_get_blob(l->plan, "winograd", f->identity, POINTS * point_bytes, &fresh);

    if (fresh) {
        const VdtKernels *kernels = l->plan->kernels;
        gsize most = MIN(kernels->nr, f->columns) * depth;
        g_autofree float *points = vdt_plan_try_floats(l->plan, POINTS * most);
        g_auto(VdtWeightColumns) weights = {NULL};

        if (!points || !vdt_weight_columns_init(&weights, l, f, kernels->nr))
            return NULL;
        /* Block by block: all points of all columns would be four times the weights. */
        for (gsize first = 0; first < f->columns; first += kernels->nr) {
            gsize columns = MIN(kernels->nr, f->columns - first);
            gsize offset = vdt_packed_block(kernels, first / kernels->nr, depth, 1);
            const float *values = vdt_weight_columns_read(&weights, first, columns);

            for (gsize i = 0; i < columns * depth; i++) {
                float g[9], u[POINTS];

                gather_kernel(f->node, values + i / depth * weights.per_column, i % depth, g);
                vdt_winograd_kernel(g, u);
                for (guint j = 0; j < POINTS; j++)
                    points[j * most + i] = u[j];
            }
            for (guint j = 0; j < POINTS; j++)
                vdt_pack_gemm(kernels, points + j * most, columns, depth, 1,
                              packed + j * point_bytes + offset);
        }
    }
    return packed;
}

/* Whether a kernel of this size reaches at most one pixel of the phases to each side. */
static gboolean reaches_one(int kernel, int pad)
{
    return -pad >= -2 && kernel - 1 - pad <= 3;
}

static gboolean is_3x3(const VdtNode *conv, const VdtMap *x)
{
    int kernel_h = conv->p.conv2d.kernel_h, kernel_w = conv->p.conv2d.kernel_w;

    if (conv->p.conv2d.stride == 1)
        return kernel_h == 3 && kernel_w == 3;
    return conv->p.conv2d.stride == 2 && kernel_h > 3 && kernel_w > 3 &&
           reaches_one(kernel_h, conv->p.conv2d.pad_h) &&
           reaches_one(kernel_w, conv->p.conv2d.pad_w) && x->w % 2 == 0 && x->pitch == x->c;
}

/*
 * Whether the saved multiplications outweigh the transforms and the weights' fourfold size, as
 * measured by `vedette bench --layers` at the sizes of the networks here: with few channels the
 * transforms cost more than they save, on small maps reading the weights does.
 */
static gboolean pays(gsize depth, gsize columns, gsize tiles)
{
    gsize channels = MIN(depth, columns);

    return tiles >= FEW_TILES ? channels >= 16 : channels >= 32 && tiles >= 16;
}

static void add_input_step(VdtInfer *l, VdtFused *f, WinogradStep *product)
{
    WinogradStep *self = vdt_infer_step(WinogradStep, l, f, .kernel = "winograd_input",
                                        .n_items = product->x.n * product->down, .run = run_input);
    VdtStep step = self->step;

    product->v =
        vdt_plan_add_buffer(l->plan, POINTS * product->tiles * v_pitch(product) * sizeof(float));
    *self = *product;
    self->step = step;
    vdt_step_reads(&self->step, self->x.place, self->x.live);
    vdt_step_writes(&self->step, self->v);
    vdt_plan_add_step(l->plan, &self->step);
}

static gboolean lower_winograd(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *weight = node->inputs[1];
    const VdtKernels *kernels = l->plan->kernels;
    gsize down = (node->shape.dims[2] + VDT_WINOGRAD_OUT - 1) / VDT_WINOGRAD_OUT;
    gsize across = (node->shape.dims[3] + VDT_WINOGRAD_OUT - 1) / VDT_WINOGRAD_OUT;
    gsize tiles = node->shape.dims[0] * down * across, nr = kernels->nr;
    gsize block_columns = MIN(nr, VDT_ALIGN_LANES(f->columns));
    WinogradStep *self;
    VdtMap x;

    if (!f->scale || !kernels->winograd_input || node->p.conv2d.groups != 1 ||
        !pays(weight->shape.dims[1], f->columns, tiles))
        return FALSE;
    x = *vdt_infer_get_map(l, node->inputs[0], 1);
    if (!is_3x3(node, &x))
        return FALSE;

    self = vdt_infer_step(WinogradStep, l, f, .kernel = "winograd", .macs = node->op->macs(node),
                          .run = run_product);
    self->plan = l->plan;
    self->x = x;
    self->scale = node->p.conv2d.stride;
    self->pad_h = self->scale == 1 ? node->p.conv2d.pad_h : 1;
    self->pad_w = self->scale == 1 ? node->p.conv2d.pad_w : 1;
    self->depth = x.c * self->scale * self->scale;
    self->down = down;
    self->across = across;
    self->tiles = tiles;
    self->zeros = l->zeros;
    self->columns = f->columns;
    self->n_blocks = (f->columns + nr - 1) / nr;
    self->packed_point = vdt_packed_size(kernels, f->columns, self->depth, 1);
    self->packed = pack(l, f, self->depth, self->packed_point);
    self->two_steps = self->tiles < FEW_TILES;
    self->rows = vdt_rows_split(self->tiles, kernels->mr,
                                self->two_steps ? MAX(1, 8 / self->n_blocks)
                                                : self->tiles / (2 * kernels->mr));
    self->step.n_items = self->rows.n_parts * (self->two_steps ? self->n_blocks : 1);
    self->step.scratch = POINTS * self->rows.per_part * sizeof(float) *
                         (block_columns + (self->two_steps ? 0 : v_pitch(self)));
    self->epilogue = vdt_infer_epilogue(l, f);
    if (self->two_steps)
        add_input_step(l, f, self);
    self->y = vdt_infer_new_map(l, f, 1, FALSE);
    vdt_step_reads(&self->step, self->two_steps ? self->v : x.place, self->y.live);
    vdt_step_reads_epilogue(&self->step, &self->epilogue);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_conv2d, lower_winograd},
};
VDT_LOWERINGS(winograd);
