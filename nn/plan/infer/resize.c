/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bilinear resizing, with what follows it elementwise, a row at a time.
 *
 * A product of pixels behind it may be done first: each output pixel is a blend of input pixels by
 * weights that sum to one, so
 *     W * resize(x) + bias = resize(W * x + bias)
 * and an enlarged map has several times the pixels.
 */
#include "pattern.h"

#include "ops/axis.h"
#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    gboolean align_corners;
    gboolean has_epilogue; /* more than to blend */
    VdtLateEpilogue epilogue;
    VdtRows rows; /* of an image */
} ResizeStep;

static char *pixel(const ResizeStep *self, const VdtMap *map, char *arena, gsize image, gsize row,
                   gsize column)
{
    return vdt_place_address(self->plan, &map->place, arena) +
           ((image * map->h + row) * map->w + column) * map->pitch *
               vdt_element_size(self->plan->kernels->precision);
}

static void blend_row(const ResizeStep *self, char *arena, gsize image, gsize row)
{
    const VdtMap *x = &self->x, *y = &self->y;
    VdtBilinear v = vdt_bilinear(row, x->h, y->h, self->align_corners);

    for (gsize column = 0; column < y->w; column++) {
        VdtBilinear h = vdt_bilinear(column, x->w, y->w, self->align_corners);
        const void *a[4] = {pixel(self, x, arena, image, v.low, h.low),
                            pixel(self, x, arena, image, v.low, h.high),
                            pixel(self, x, arena, image, v.high, h.low),
                            pixel(self, x, arena, image, v.high, h.high)};
        float weight[4] = {(1 - v.part) * (1 - h.part), (1 - v.part) * h.part,
                           v.part * (1 - h.part), v.part * h.part};

        self->plan->kernels->blend_rows(1, 4, x->c, a, weight,
                                        pixel(self, y, arena, image, row, column), y->pitch);
    }
}

static void run_resize(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ResizeStep *self = (const ResizeStep *)step;
    const VdtMap *y = &self->y;
    gsize image = item / self->rows.n_parts;
    guint part = item % self->rows.n_parts;

    if (!vdt_map_has_live(self->plan, y, arena, image))
        return;
    for (gsize row = part * self->rows.per_part; row < vdt_rows_end(&self->rows, part); row++) {
        blend_row(self, arena, image, row);
        if (self->has_epilogue) {
            VdtEpilogue epilogue =
                vdt_epilogue_at(self->plan, &self->epilogue, arena, image, row * y->w, 0);
            char *pixels = pixel(self, y, arena, image, row, 0);

            self->plan->kernels->map_rows(y->w, y->c, pixels, y->pitch, &epilogue, pixels,
                                          y->pitch);
        }
    }
}

/* From @x to the value of @f, as @resize says. */
static void add_resize(VdtInfer *l, VdtFused *f, const char *kernel, const VdtNode *resize,
                       const VdtMap *x, const VdtLateEpilogue *e)
{
    ResizeStep *self = vdt_infer_step(ResizeStep, l, f, .kernel = kernel, .run = run_resize);

    self->plan = l->plan;
    self->align_corners = resize->p.resize.align_corners;
    self->x = *x;
    self->y = vdt_infer_new_map(l, f, 1, FALSE);
    self->epilogue = *e;
    self->epilogue.bias = l->zeros;
    self->has_epilogue =
        e->act0 || e->act1 || vdt_place_exists(&e->mul) || vdt_place_exists(&e->add);
    self->rows =
        vdt_rows_split(self->y.h, 1, vdt_infer_parts(self->y.h * self->y.w * self->y.pitch));
    self->step.n_items = self->y.n * self->rows.n_parts;
    vdt_step_reads(&self->step, x->place, self->y.live);
    vdt_step_reads_epilogue(&self->step, e);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
}

static gboolean lower_resize(VdtInfer *l, VdtFused *f)
{
    const VdtMap *x = vdt_infer_get_map(l, f->node->inputs[0], 1);
    VdtLateEpilogue epilogue = {.act0 = f->act0};

    add_resize(l, f, "resize", f->node, x, &epilogue);
    return TRUE;
}

/* Pixels of an image. */
static gint64 plane(const VdtNode *node)
{
    return node->shape.dims[2] * node->shape.dims[3];
}

/* A product of pixels that reads a resize which nobody else sees. */
static gboolean match_exchange(VdtInfer *l, const VdtFused *f, gpointer match)
{
    VdtFused *source = vdt_fused_resolve(l->fused, f->node->inputs[0]);

    if (f->is_output || !vdt_infer_is_pixelwise(f) || source->node->op != &vdt_op_resize_bilinear ||
        source->n_uses != 1 || source->is_output || source->act0 || source->constant ||
        plane(source->node) <= plane(source->node->inputs[0]))
        return FALSE;
    *(const VdtNode **)match = source->node;
    source->unused = TRUE;
    return TRUE;
}

static void lower_exchange(VdtInfer *l, VdtFused *f, gconstpointer match)
{
    const VdtNode *resize = *(const VdtNode *const *)match, *x = resize->inputs[0];
    VdtLateEpilogue behind;
    VdtProduct product;
    VdtShape shape;

    product = vdt_infer_product_of(l, f, x);
    behind = product.epilogue;
    product.epilogue = (VdtLateEpilogue){.bias = behind.bias};
    shape = x->shape;
    shape.dims[1] = f->columns;
    product.y = vdt_map_describe(&shape, 1, l->plan->kernels->precision);
    product.y.place = vdt_plan_add_buffer(l->plan, vdt_map_bytes(l->plan, &product.y));
    vdt_infer_set_live(l, f->node, 1, &product.y);
    vdt_plan_add_product(l->plan, &product, vdt_infer_label(f),
                         f->node->op->macs(f->node) / plane(resize) * plane(x));
    add_resize(l, f, "resize_behind", resize, &product.y, &behind);
}

static const VdtLowering lowerings[] = {
    {&vdt_op_resize_bilinear, lower_resize},
};
VDT_LOWERINGS(resize);

VDT_PATTERN(exchange) = {
    .name = "exchange",
    .op = &vdt_op_conv2d,
    .match_size = sizeof(VdtNode *),
    .match = match_exchange,
    .lower = lower_exchange,
};
