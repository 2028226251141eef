/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions of a few planes, as of a picture. Pixels of three channels would take whole vectors
 * each, five times what they hold; instead the inputs of some output pixels of a row are put side
 * by side, all taps and channels of each, and the product has one long tap.
 */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

/* Where the kernel fits a product by taps, too, one of more than this is faster that way. */
#define USUAL_DEPTH 256
#define TILES       8 /* that are put side by side at once */

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace planes;
    gsize channels, height, width; /* of an image in them */
    VdtWindow window;
    VdtProduct p;
    gsize pitch;  /* floats or elements of a pixel's inputs */
    VdtRows rows; /* of an image of the output */
} PlanesStep;

/* One tap of one channel for @count output pixels of a row: what @line, which is NULL in padding,
 * has at @from, and @stride on for each next one. */
static void put_tap(const float *line, gssize from, gssize stride, gssize width, gsize count,
                    float *to, gsize pitch)
{
    gsize i = 0, end = 0;

    if (line) /* those within the line, without asking for each */
        end = width > from ? MIN((gsize)((width - from + stride - 1) / stride), count) : 0;
    for (; i < count && (i >= end || from < 0); i++, from += stride)
        to[i * pitch] = 0;
    for (; i < end; i++, from += stride)
        to[i * pitch] = line[from];
    for (; i < count; i++)
        to[i * pitch] = 0;
}

static void put_inputs(const PlanesStep *self, const float *image, gsize row, gsize column,
                       gsize count, float *to)
{
    const VdtWindow *w = &self->window;

    for (gsize c = 0; c < self->channels; c++, image += self->height * self->width) {
        for (int y = 0; y < w->kernel_h; y++) {
            gssize r = vdt_window_place((gssize)row * w->stride - w->pad_h + y, 1, self->height);
            const float *line = r < 0 ? NULL : image + r * self->width;

            for (int x = 0; x < w->kernel_w; x++)
                put_tap(line, (gssize)column * w->stride - w->pad_w + x, w->stride, self->width,
                        count, to++, self->pitch);
        }
    }
}

static void run_planes(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PlanesStep *self = (const PlanesStep *)step;
    const VdtKernels *kernels = self->plan->kernels;
    const VdtMap *map = &self->p.y;
    gsize element = vdt_element_size(kernels->precision), chunk = TILES * kernels->mr;
    gsize y_pixel = map->pitch * (map->f32 ? sizeof(float) : element);
    gsize image = item / self->rows.n_parts, part = item % self->rows.n_parts;
    const float *planes = (const float *)vdt_place_address(self->plan, &self->planes, arena) +
                          image * self->channels * self->height * self->width;
    char *y = vdt_place_address(self->plan, &map->place, arena) + image * map->h * map->w * y_pixel;
    float *floats = (float *)scratch;
    gboolean is_f32 = kernels->precision == VDT_PRECISION_F32;
    char *inputs = is_f32 ? scratch : scratch + chunk * self->pitch * sizeof *floats;

    if (!vdt_map_has_live(self->plan, map, arena, image))
        return;
    /* What lies behind a pixel's inputs meets weights of zero, but must be numbers. */
    memset(floats, 0, chunk * self->pitch * sizeof *floats);
    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        for (gsize column = 0; column < map->w; column += chunk) {
            gsize n = MIN(chunk, map->w - column);

            put_inputs(self, planes, row, column, n, floats);
            if (!is_f32)
                kernels->store_scaled(n * self->pitch, floats, 1, inputs);
            for (gsize first = 0; first < n; first += kernels->mr) {
                gsize count = MIN(kernels->mr, n - first), at = row * map->w + column + first;
                const void *a[VDT_MOST_GEMM_ROWS];

                for (gsize i = 0; i < count; i++)
                    a[i] = inputs + (first + i) * self->pitch * element;
                vdt_product_run_tiles(self->plan, &self->p, arena, a, count, 0,
                                      (self->p.columns + kernels->nr - 1) / kernels->nr, image, at,
                                      y + at * y_pixel);
            }
        }
    }
}

static gboolean lower_planes(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[0];
    const VdtKernels *kernels = l->plan->kernels;
    const VdtForms *forms = vdt_infer_forms(l, x);
    gsize taps = (gsize)node->p.conv2d.kernel_h * node->p.conv2d.kernel_w;
    gsize depth = x->shape.dims[1] * taps;
    VdtMap planar;
    PlanesStep *self;

    if (!f->scale || node->p.conv2d.groups != 1 || x->shape.dims[1] > VDT_MOST_PLANES ||
        (taps <= VDT_MOST_TAPS && (depth > USUAL_DEPTH || !forms->has_planar || forms->has_map[0])))
        return FALSE;
    planar = *vdt_infer_get_planar(l, x);
    self = vdt_infer_step(PlanesStep, l, f, .kernel = "product_planes", .run = run_planes,
                          .macs = node->op->macs(node));
    self->plan = l->plan;
    self->planes = planar.place;
    self->channels = x->shape.dims[1];
    self->height = x->shape.dims[2];
    self->width = x->shape.dims[3];
    self->window = vdt_infer_window(node);
    self->p = vdt_infer_flat_weights(l, f);
    self->pitch = VDT_ALIGN_LANES(depth);
    self->p.y = vdt_infer_new_map(l, f, f->axis, f->is_output && f->n_uses == 1);
    self->rows = vdt_rows_split(self->p.y.h, 1, 16);
    self->step.n_items = self->p.y.n * self->rows.n_parts;
    self->step.scratch =
        TILES * kernels->mr * self->pitch * (sizeof(float) + vdt_element_size(kernels->precision));
    vdt_step_reads(&self->step, self->planes, self->p.y.live);
    vdt_step_reads_epilogue(&self->step, &self->p.epilogue);
    vdt_step_writes(&self->step, self->p.y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_conv2d, lower_planes},
};
VDT_LOWERINGS(planes);
