/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

/* A node run by its reference kernel on planar maps, on one thread. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtNode *node;
    VdtPlace inputs[VDT_MAX_INPUTS], output;
} ReferenceStep;

static void run_reference(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ReferenceStep *self = (const ReferenceStep *)step;
    const float *x[VDT_MAX_INPUTS];

    for (guint i = 0; i < self->node->n_inputs; i++)
        x[i] = (const float *)vdt_place_address(self->plan, &self->inputs[i], arena);
    self->node->op->forward(self->node, x,
                            (float *)vdt_place_address(self->plan, &self->output, arena));
}

void vdt_plan_add_reference(VdtPlan *plan, const VdtNode *node, const VdtMap *inputs,
                            const VdtMap *output)
{
    ReferenceStep *self = g_new0(ReferenceStep, 1);

    self->step = (VdtStep){.kernel = "reference",
                           .label = g_strdup_printf("%s %s", node->op->name, node->name),
                           .macs = node->op->macs ? node->op->macs(node) : 0,
                           .n_items = 1,
                           .run = run_reference};
    self->plan = plan;
    self->node = node;
    self->output = output->place;
    for (guint i = 0; i < node->n_inputs; i++) {
        self->inputs[i] = inputs[i].place;
        vdt_step_reads(&self->step, inputs[i].place);
    }
    vdt_step_writes(&self->step, output->place);
    vdt_plan_add_step(plan, &self->step);
}
