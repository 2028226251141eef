/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows that are picked by their numbers, which the session has looked at before the run; and the
 * result that is picked of an op with several. */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtMap x, y;
    VdtPlace indices;
    VdtRows rows; /* of y */
} PickStep;

static void run_gather_rows(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const PickStep *self = (const PickStep *)step;
    const gint32 *indices = (const gint32 *)vdt_place_address(self->plan, &self->indices, arena);
    const char *x = vdt_place_address(self->plan, &self->x.place, arena);
    char *y = vdt_place_address(self->plan, &self->y.place, arena);
    const gsize element = vdt_element_size(self->plan->kernels->precision);
    const gsize n = self->y.c * element, wide = VDT_ALIGN_LANES(self->y.c) * element;

    const gsize end =
        MIN(vdt_rows_end(&self->rows, item), vdt_map_live(self->plan, &self->y, arena));

    for (gsize row = item * self->rows.per_part; row < end; row++) {
        char *to = y + row * self->y.pitch * element;

        memcpy(to, x + indices[row] * self->x.pitch * element, n);
        /* Kernels read whole vectors. */
        memset(to + n, 0, wide - n);
    }
}

static gboolean lower_gather_rows(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtMap x = *vdt_infer_get_map(l, node->inputs[0], 1);
    const VdtPlace indices = vdt_infer_get_planar(l, node->inputs[1])->place;
    PickStep *self =
        vdt_infer_step(PickStep, l, f, .kernel = "gather_rows", .run = run_gather_rows);

    self->plan = l->plan;
    self->x = x;
    self->indices = indices;
    self->y = vdt_infer_new_map(l, f, node->shape.n_dims - 1, FALSE);
    self->rows = vdt_rows_split(vdt_map_rows(&self->y), 1,
                                vdt_infer_parts(vdt_map_rows(&self->y) * self->y.pitch));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, x.place, indices, self->y.live);
    vdt_step_writes(&self->step, self->y.place);
    vdt_plan_add_step(l->plan, &self->step);
    return TRUE;
}

/* A part of the memory of its op. */
static gboolean lower_result(VdtInfer *l, VdtFused *f)
{
    const VdtNode *op = f->node->inputs[0];
    VdtForms *forms = &l->forms[f->node->index];

    forms->planar = *vdt_infer_get_planar(l, op);
    forms->planar.place.offset +=
        op->op->result(op, f->node->p.result.number).begin * sizeof(float);
    forms->has_planar = TRUE;
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_gather_rows, lower_gather_rows},
    {&vdt_op_result, lower_result},
};
VDT_LOWERINGS(pick);
