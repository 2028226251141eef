/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * 3x3 convolutions by Winograd's F(4x4,3x3), see kernels/winograd.h. Two steps: all tiles of the
 * input are transformed into 36 matrices [tiles][channels]; then each item multiplies some tiles
 * with one block of columns 36 times, into scratch memory, and transforms that back.
 */
#include "lower.h"

#include "../kernels/winograd.h"
#include "../ops/table.h"

#define POINTS VDT_WINOGRAD_POINTS

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    gsize down, across, tiles; /* tiles in a column and a row of one image, and in all */
    int pad_h, pad_w;
    VdtPlace v; /* [POINTS][tiles][depth] */
    gsize v_pitch;
    VdtPlace zeros;
    /* second step */
    const char *packed;
    gsize packed_point; /* bytes of one point's weights */
    VdtLateEpilogue epilogue;
    gsize columns;
    VdtRows rows; /* tiles */
    guint n_blocks;
} WinogradStep;

static void run_input(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WinogradStep *self = (const WinogradStep *)step;
    const VdtMap *map = &self->x;
    const char *x = vdt_place_address(self->plan, &map->place, arena);
    const char *zeros = vdt_place_address(self->plan, &self->zeros, arena);
    float *v = (float *)vdt_place_address(self->plan, &self->v, arena);
    gsize image = item / self->down, row = item % self->down;

    for (gsize column = 0; column < self->across; column++) {
        gssize top = (gssize)row * VDT_WINOGRAD_OUT - self->pad_h;
        gssize left = (gssize)column * VDT_WINOGRAD_OUT - self->pad_w;
        const void *a[POINTS];

        for (gssize i = 0; i < POINTS; i++) {
            gssize at_y = top + i / VDT_WINOGRAD_IN, at_x = left + i % VDT_WINOGRAD_IN;
            gboolean inside =
                at_y >= 0 && at_y < (gssize)map->h && at_x >= 0 && at_x < (gssize)map->w;

            a[i] = inside ? x + ((image * map->h + at_y) * map->w + at_x) * map->pitch *
                                    sizeof(float)
                          : zeros;
        }
        self->plan->kernels->winograd_input(map->c, a,
                                            v + (item * self->across + column) * self->v_pitch,
                                            self->tiles * self->v_pitch);
    }
}

static void run_output(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WinogradStep *self = (const WinogradStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    guint block = item / self->rows.n_parts, part = item % self->rows.n_parts;
    gsize first = part * self->rows.per_part, end = vdt_rows_end(&self->rows, part);
    gsize column = block * kernels->nr;
    gsize width = MIN(kernels->nr, VDT_ALIGN_LANES(self->columns - column));
    gsize m_stride = self->rows.per_part * width;
    const float *v = (const float *)vdt_place_address(self->plan, &self->v, arena);
    const char *zeros = vdt_place_address(self->plan, &self->zeros, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y.place, arena);
    float *m = (float *)scratch;

    for (gsize point = 0; point < POINTS; point++) {
        for (gsize tile = first; tile < end; tile += kernels->mr) {
            const void *a[16];
            VdtGemmTile product = {
                .rows = MIN(kernels->mr, end - tile),
                .cols = width,
                .taps = 1,
                .depth = self->x.c,
                .a = a,
                .b = self->packed + point * self->packed_point +
                     vdt_packed_block(kernels, block, self->x.c, 1),
                .y = m + point * m_stride + (tile - first) * width,
                .y_pitch = width,
                .y_f32 = TRUE,
                .epilogue.bias = (const float *)zeros,
            };

            for (gsize i = 0; i < product.rows; i++)
                a[i] = v + (point * self->tiles + tile + i) * self->v_pitch;
            kernels->gemm_tile(&product);
        }
    }
    for (gsize tile = first; tile < end; tile++) {
        gsize image = tile / (self->down * self->across);
        gsize row = tile / self->across % self->down * VDT_WINOGRAD_OUT;
        gsize left = tile % self->across * VDT_WINOGRAD_OUT, pixel = row * self->y.w + left;
        VdtEpilogue epilogue =
            vdt_epilogue_at(self->plan, &self->epilogue, arena, image, pixel, column);

        kernels->winograd_output(width, m + (tile - first) * width, m_stride,
                                 MIN(VDT_WINOGRAD_OUT, self->y.h - row),
                                 MIN(VDT_WINOGRAD_OUT, self->y.w - left), self->y.w, &epilogue,
                                 y + (image * self->y.h * self->y.w + pixel) * self->y.pitch +
                                     column,
                                 self->y.pitch);
    }
}

/* 36 packed matrices, one for each point. */
static const char *pack(VdtLowering *l, VdtFused *f, gsize depth, gsize point_bytes)
{
    const VdtNode *weight = f->node->inputs[1];
    const float *values = l->fused[weight->index].constant->data;
    g_autofree char *key = g_strdup_printf("winograd %s", weight->name);
    gboolean fresh;
    char *packed = vdt_plan_get_blob(l->plan, key, POINTS * point_bytes, &fresh);

    if (fresh) {
        gsize count = f->columns * depth;
        g_autofree float *points = g_new(float, POINTS *count);

        for (gsize i = 0; i < count; i++) {
            float g[9], u[POINTS];

            for (guint j = 0; j < 9; j++)
                g[j] = values[9 * i + j] * f->scale[i / depth];
            vdt_winograd_kernel(g, u);
            for (guint j = 0; j < POINTS; j++)
                points[j * count + i] = u[j];
        }
        for (guint j = 0; j < POINTS; j++)
            vdt_pack_gemm(l->plan->kernels, points + j * count, f->columns, depth, 1,
                          packed + j * point_bytes);
    }
    return packed;
}

/*
 * Whether the saved multiplications outweigh the transforms and the weights' fourfold size, as
 * measured by `vedette bench --layers` at the sizes of the networks here: with few channels the
 * transforms cost more than they save, on small maps reading the weights does.
 */
static gboolean pays(gsize depth, gsize columns, gsize pixels)
{
    return depth >= 32 && columns >= 32 && pixels >= 14 * 14;
}

gboolean vdt_lower_winograd(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node, *weight = node->inputs[1];
    const VdtKernels *kernels = l->plan->kernels;
    gsize depth = weight->shape.dims[1], point_bytes;
    WinogradStep *input, *output;
    VdtMap x;

    if (!f->scale || !kernels->winograd_input || node->p.conv2d.groups != 1 ||
        node->p.conv2d.stride != 1 || node->p.conv2d.kernel_h != 3 ||
        node->p.conv2d.kernel_w != 3 ||
        !pays(depth, f->columns, node->shape.dims[2] * node->shape.dims[3]))
        return FALSE;
    x = *vdt_lower_get_channels_last(l, node->inputs[0]);
    point_bytes = vdt_packed_size(kernels, f->columns, depth, 1);

    input = vdt_lower_step(WinogradStep, l, f, .kernel = "winograd_input", .run = run_input);
    input->plan = l->plan;
    input->x = x;
    input->pad_h = node->p.conv2d.pad_h;
    input->pad_w = node->p.conv2d.pad_w;
    input->down = (node->shape.dims[2] + VDT_WINOGRAD_OUT - 1) / VDT_WINOGRAD_OUT;
    input->across = (node->shape.dims[3] + VDT_WINOGRAD_OUT - 1) / VDT_WINOGRAD_OUT;
    input->tiles = x.n * input->down * input->across;
    input->v_pitch = VDT_ALIGN_LANES(depth);
    input->v = vdt_plan_add_buffer(l->plan,
                                   POINTS * input->tiles * input->v_pitch * sizeof(float));
    input->zeros = l->zeros;
    input->step.n_items = x.n * input->down;
    vdt_plan_read(l->plan, &x.place);
    vdt_plan_add_step(l->plan, &input->step);

    output = vdt_lower_step(WinogradStep, l, f, .kernel = "winograd", .macs = node->op->macs(node),
                            .run = run_output);
    {
        VdtStep step = output->step;

        *output = *input;
        output->step = step;
    }
    output->packed = pack(l, f, depth, point_bytes);
    output->packed_point = point_bytes;
    output->epilogue = vdt_lower_epilogue(l, f);
    output->columns = f->columns;
    output->n_blocks = (f->columns + kernels->nr - 1) / kernels->nr;
    output->rows =
        vdt_rows_split(output->tiles, kernels->mr,
                       MAX(MAX(1, 8 / output->n_blocks), output->tiles / (4 * kernels->mr)));
    output->step.n_items = output->n_blocks * output->rows.n_parts;
    output->step.scratch =
        POINTS * output->rows.per_part * MIN(kernels->nr, VDT_ALIGN_LANES(f->columns)) *
        sizeof(float);
    output->y = vdt_lower_new_map(l, f, FALSE);
    vdt_plan_read(l->plan, &output->v);
    if (f->mul)
        vdt_plan_read(l->plan, &output->epilogue.mul);
    if (f->add)
        vdt_plan_read(l->plan, &output->epilogue.add);
    vdt_plan_add_step(l->plan, &output->step);
    return TRUE;
}
