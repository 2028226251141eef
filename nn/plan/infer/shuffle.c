/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels that become pixels, on the way from channels last to a picture's planes, and a picture
 * that is added there: pixels of three channels would take whole vectors each.
 */
#include "lowering.h"
#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtKernels *kernels; /* of the elements of x */
    VdtMap x;
    VdtPlace y, add;
    gsize factor, add_image; /* floats from one added picture to the next */
    VdtRows rows;            /* of an image of x */
} ShuffleStep;

/* A line of y from the pieces of it that are planes of a row of x. */
static void put_line(const float *pieces, gsize width, gsize factor, const float *add, float *y)
{
    if (factor == 2 && add) {
        for (gsize i = 0; i < width; i++) {
            y[2 * i] = pieces[i] + add[2 * i];
            y[2 * i + 1] = pieces[width + i] + add[2 * i + 1];
        }
        return;
    }
    for (gsize k = 0; k < factor; k++)
        for (gsize i = 0; i < width; i++)
            y[i * factor + k] = pieces[k * width + i] + (add ? add[i * factor + k] : 0);
}

static void run_shuffle(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ShuffleStep *self = (const ShuffleStep *)step;
    const VdtMap *x = &self->x;
    const gsize image = item / self->rows.n_parts, part = item % self->rows.n_parts;
    const gsize r = self->factor, line = x->w * r, plane = x->h * r * line;
    const gsize channels = x->c / (r * r);
    const char *from = vdt_place_address(self->plan, &x->place, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y, arena) + image * channels * plane;
    const float *add = vdt_place_exists(&self->add)
                           ? (const float *)vdt_place_address(self->plan, &self->add, arena) +
                                 image * self->add_image
                           : NULL;
    float *planes = (float *)scratch;

    if (!vdt_map_has_live(self->plan, x, arena, image))
        return;
    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        self->kernels->to_planes(x->w, x->c,
                                 from + (image * x->h + row) * x->w * x->pitch *
                                            vdt_element_size(self->kernels->precision),
                                 x->pitch, planes, x->w);
        for (gsize i = 0; i < channels * r; i++) {
            const gsize at = i / r * plane + (row * r + i % r) * line;

            put_line(planes + i * r * x->w, x->w, r, add ? add + at : NULL, y + at);
        }
    }
}

static gboolean lower_pixel_shuffle(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtMap x = *vdt_infer_get_map(l, node->inputs[0], 1);
    const VdtPlace add = f->add ? vdt_infer_get_planar(l, f->add->node)->place : (VdtPlace){0};
    ShuffleStep *self =
        vdt_infer_step(ShuffleStep, l, f, .kernel = "pixel_shuffle", .run = run_shuffle);

    self->plan = l->plan;
    self->kernels = x.f32 ? l->plan->kernels_f32 : l->plan->kernels;
    self->x = x;
    self->add = add;
    self->factor = node->p.pixel_shuffle.factor;
    if (f->add && f->add->node->shape.dims[0] == node->shape.dims[0])
        self->add_image = vdt_shape_elements(&node->shape) / node->shape.dims[0];
    self->y = vdt_infer_new_planar(l, f).place;
    self->rows = vdt_rows_split(x.h, 1, vdt_infer_parts(x.h * x.w * x.pitch));
    self->step.n_items = x.n * self->rows.n_parts;
    self->step.scratch = x.c * x.w * sizeof(float);
    vdt_step_reads(&self->step, x.place, x.live);
    if (f->add)
        vdt_step_reads(&self->step, add);
    vdt_step_writes(&self->step, self->y);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_pixel_shuffle, lower_pixel_shuffle},
};
VDT_LOWERINGS(shuffle);
