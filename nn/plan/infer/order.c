/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same values under another shape or in another order: nothing moves where a map is as good. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

/* A map of @shape's channels at @axis that is the memory of @from: as many pixels of as many
 * channels, in the same order. */
static gboolean look_as(const VdtMap *from, const VdtShape *shape, guint axis, VdtMap *map)
{
    *map = vdt_map_describe(shape, axis, VDT_PRECISION_F32);
    if (map->c != from->c || vdt_map_rows(map) != vdt_map_rows(from) ||
        (!map->rows && map->n != from->n))
        return FALSE;
    map->place = from->place;
    map->f32 = from->f32;
    map->pitch = from->pitch;
    return TRUE;
}

gboolean vdt_infer_same(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[0];
    const VdtForms *from = vdt_infer_forms(l, x);
    VdtForms *to = &l->forms[node->index];
    const guint last = MAX(node->shape.n_dims, 1) - 1;
    gboolean found = FALSE;
    VdtMap map;

    for (guint i = 0; i < 2; i++) {
        const VdtMap *have = &from->map[i];

        if (!from->has_map[i])
            continue;
        /* Where an image has one pixel, its channels are first and last. */
        if ((have->rows || have->h * have->w == 1) && look_as(have, &node->shape, last, &map)) {
            vdt_infer_set_map(l, f, last, &map);
            found = TRUE;
        }
        if (node->shape.n_dims > 2 && (!have->rows || have->h * have->w == 1) &&
            look_as(have, &node->shape, 1, &map)) {
            vdt_infer_set_map(l, f, 1, &map);
            found = TRUE;
        }
    }
    if (!found || from->has_planar) {
        to->planar = *vdt_infer_get_planar(l, x);
        to->has_planar = TRUE;
    }
    return TRUE;
}

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace x, y;
    guint n_dims;
    gsize dims[VDT_MAX_DIMS], strides[VDT_MAX_DIMS]; /* of y, and what its steps are in x */
    VdtRows rows;                                    /* of the last dimension */
} PermuteStep;

static void run_permute(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PermuteStep *self = (const PermuteStep *)step;
    const float *x = (const float *)vdt_place_address(self->plan, &self->x, arena);
    float *y = (float *)vdt_place_address(self->plan, &self->y, arena);
    const gsize n = self->dims[self->n_dims - 1], stride = self->strides[self->n_dims - 1];

    for (gsize row = item * self->rows.per_part; row < vdt_rows_end(&self->rows, item); row++) {
        gsize rest = row, at = 0;

        for (guint d = self->n_dims - 1; d-- > 0;) {
            at += rest % self->dims[d] * self->strides[d];
            rest /= self->dims[d];
        }
        if (stride == 1)
            memcpy(y + row * n, x + at, n * sizeof *y);
        else
            for (gsize i = 0; i < n; i++)
                y[row * n + i] = x[at + i * stride];
    }
}

/* [N,C,L] to [N,L,C] and back are two views of pixels whose channels are last. */
static gboolean turn(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtForms *from = vdt_infer_forms(l, node->inputs[0]);
    const guint8 *order = node->p.permute.order;
    VdtMap map;

    if (node->shape.n_dims != 3 || order[0] != 0 || order[1] != 2)
        return FALSE;
    for (guint i = 0; i < 2; i++) {
        const guint axis = i == 0 ? 2 : 1;

        if (!from->has_map[i])
            continue;
        map = vdt_map_describe(&node->shape, axis, VDT_PRECISION_F32);
        map.place = from->map[i].place;
        map.f32 = from->map[i].f32;
        map.pitch = from->map[i].pitch;
        vdt_infer_set_map(l, f, axis, &map);
        return TRUE;
    }
    return FALSE;
}

gboolean vdt_infer_permute(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtShape *from = &node->inputs[0]->shape;
    gsize strides[VDT_MAX_DIMS], stride = 1;
    PermuteStep *self;
    VdtMap x;

    if (turn(l, f))
        return TRUE;
    x = *vdt_infer_get_planar(l, node->inputs[0]);
    self = vdt_infer_step(PermuteStep, l, f, .kernel = "permute", .run = run_permute);
    self->plan = l->plan;
    self->x = x.place;
    self->y = vdt_infer_new_planar(l, f).place;
    self->n_dims = node->shape.n_dims;
    for (guint d = from->n_dims; d-- > 0;) {
        strides[d] = stride;
        stride *= from->dims[d];
    }
    for (guint d = 0; d < self->n_dims; d++) {
        self->dims[d] = node->shape.dims[d];
        self->strides[d] = strides[node->p.permute.order[d]];
    }
    self->rows = vdt_rows_split(stride / self->dims[self->n_dims - 1], 1, vdt_infer_parts(stride));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, self->x);
    vdt_step_writes(&self->step, self->y);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}
