/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps in 8 bits, made once however many products read them. */
#include "lowering.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, q;
    VdtPlace scales;
    VdtRows rows;
} QuantiseStep;

static void run_quantise(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const QuantiseStep *self = (const QuantiseStep *)step;
    const gsize first = item * self->rows.per_part;
    const gsize live = vdt_map_live(self->plan, &self->x, arena);
    const gsize end = MIN(vdt_rows_end(&self->rows, item), live);
    const char *x = vdt_place_address(self->plan, &self->x.place, arena);
    int8_t *q = (int8_t *)vdt_place_address(self->plan, &self->q.place, arena);
    float *scales = (float *)vdt_place_address(self->plan, &self->scales, arena);

    if (end <= first)
        return;
    self->plan->kernels_int8->quantise_rows(
        end - first, self->x.c,
        x + first * self->x.pitch * vdt_element_size(self->plan->kernels->precision), self->x.pitch,
        q + first * self->q.pitch, self->q.pitch, scales + first);
}

const VdtQuantised *vdt_infer_get_quantised(VdtInfer *l, const VdtNode *node, guint axis)
{
    const VdtMap *x = vdt_infer_get_map(l, node, axis);
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    VdtQuantised *quantised = &vdt_infer_forms(l, node)->quantised;
    gsize pixels = vdt_map_rows(x);
    QuantiseStep *self;

    if (quantised->exists && quantised->map.rows == x->rows)
        return quantised;
    quantised->exists = TRUE;
    quantised->map = *x;
    quantised->map.pitch = vdt_map_pitch(x->c, 1);
    quantised->map.place = vdt_plan_add_buffer(l->plan, pixels * quantised->map.pitch);
    quantised->scales = vdt_plan_add_buffer(l->plan, pixels * sizeof(float));

    self = vdt_infer_step(QuantiseStep, l, f, .kernel = "quantise", .run = run_quantise);
    self->plan = l->plan;
    self->x = *x;
    self->q = quantised->map;
    self->scales = quantised->scales;
    self->rows = vdt_rows_split(pixels, 1, CLAMP(pixels * x->c / 4096, 1, 16));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, x->place, x->live);
    vdt_step_writes(&self->step, quantised->map.place, quantised->scales);
    vdt_plan_add_step(l->plan, &self->step);
    return quantised;
}
