/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * States: rows go where they stay, and who reads the state reads its memory. A value that a write
 * puts another in the place of is copied before, if anybody else looks at it: steps may run later
 * than their nodes stand.
 */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace x, at, slot;
    gsize row; /* bytes */
    VdtRows rows;
} WriteStep;

static void run_write_rows(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const WriteStep *self = (const WriteStep *)step;
    const gint32 at = *(const gint32 *)vdt_place_address(self->plan, &self->at, arena);
    const gsize first = item * self->rows.per_part, end = vdt_rows_end(&self->rows, item);

    memcpy(vdt_place_address(self->plan, &self->slot, arena) + (at + first) * self->row,
           vdt_place_address(self->plan, &self->x, arena) + first * self->row,
           (end - first) * self->row);
}

static void set_place(VdtInfer *l, const VdtNode *node)
{
    VdtForms *forms = &l->forms[node->index];

    if (node->overwritten && vdt_state_is_read(node)) {
        const VdtMap own = vdt_infer_new_planar(l, &l->fused[node->index]);

        vdt_plan_load_state(l->plan, node, &own.place);
    } else {
        forms->planar = (VdtMap){.place.state = node->state, .planar = TRUE, .f32 = TRUE};
        forms->has_planar = TRUE;
    }
}

void vdt_infer_state(VdtInfer *l, const VdtNode *node)
{
    set_place(l, node);
}

static gboolean lower_write_rows(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtPlace x = vdt_infer_get_planar(l, node->inputs[1])->place;
    const VdtPlace at = vdt_infer_get_planar(l, node->inputs[2])->place;
    const gint64 n = vdt_shape_elements(&node->inputs[1]->shape);
    WriteStep *self =
        vdt_infer_step(WriteStep, l, f, .kernel = "write_rows", .run = run_write_rows);

    self->plan = l->plan;
    self->x = x;
    self->at = at;
    self->slot = (VdtPlace){.state = node->state};
    self->row = vdt_shape_elements(&node->shape) / node->shape.dims[0] * sizeof(float);
    self->rows = vdt_rows_split(node->inputs[1]->shape.dims[0], 1, vdt_infer_parts(n));
    self->step.n_items = self->rows.n_parts;
    vdt_step_reads(&self->step, x, at);
    vdt_step_writes(&self->step, self->slot);
    vdt_plan_add_step(l->plan, &self->step);
    set_place(l, node);
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_write_rows, lower_write_rows},
};
VDT_LOWERINGS(state);
