/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ops without fast steps in training: their reference kernels on planar values, on one thread. What
 * an op says it needs is brought into that layout; gradients go through planar buffers.
 */
#include "account.h"

#include <string.h>

#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtNode *node;
    const VdtOp *op;
    VdtPlace x[VDT_MAX_INPUTS], y, dy, dx[VDT_MAX_INPUTS];
    gboolean has_x[VDT_MAX_INPUTS], has_y, has_dx[VDT_MAX_INPUTS];
} ReferenceStep;

static float *floats(const ReferenceStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

static void run_forward(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ReferenceStep *self = (const ReferenceStep *)step;
    const float *x[VDT_MAX_INPUTS];

    for (guint i = 0; i < self->node->n_inputs; i++)
        x[i] = floats(self, &self->x[i], arena);
    self->op->forward(self->node, x, floats(self, &self->y, arena));
}

static void run_backward(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ReferenceStep *self = (const ReferenceStep *)step;
    const float *x[VDT_MAX_INPUTS] = {0};
    float *dx[VDT_MAX_INPUTS] = {0};

    for (guint i = 0; i < self->node->n_inputs; i++) {
        if (self->has_x[i])
            x[i] = floats(self, &self->x[i], arena);
        if (self->has_dx[i]) {
            dx[i] = floats(self, &self->dx[i], arena);
            memset(dx[i], 0, vdt_shape_elements(&self->node->inputs[i]->shape) * sizeof *dx[i]);
        }
    }
    self->op->backward(self->node, x, self->has_y ? floats(self, &self->y, arena) : NULL,
                       floats(self, &self->dy, arena), dx);
}

void vdt_train_reference(VdtTrain *t, const VdtNode *node)
{
    ReferenceStep *self =
        vdt_train_step(ReferenceStep, t, node, .kernel = "reference", .n_items = 1,
                       .macs = node->op->macs ? node->op->macs(node) : 0, .run = run_forward);

    self->plan = t->plan;
    self->node = node;
    self->op = vdt_node_training_op(node);
    for (guint i = 0; i < node->n_inputs; i++)
        self->x[i] = vdt_train_planar(t, node->inputs[i])->place;
    t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
    t->has_planar[node->index] = TRUE;
    self->y = t->planar[node->index].place;
    for (guint i = 0; i < node->n_inputs; i++)
        vdt_step_reads(&self->step, self->x[i]);
    vdt_step_writes(&self->step, self->y);
    vdt_plan_add_step(t->plan, &self->step);
}

/* dst (+)= src, both planar. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace from, to;
    gsize n;
} AddStep;

static void run_add(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const AddStep *self = (const AddStep *)step;
    const float *from = (const float *)vdt_place_address(self->plan, &self->from, arena);
    float *to = (float *)vdt_place_address(self->plan, &self->to, arena);

    for (gsize i = 0; i < self->n; i++)
        to[i] += from[i];
}

static void add_floats(VdtTrain *t, const VdtNode *node, const VdtPlace *from, const VdtPlace *to,
                       gsize n)
{
    AddStep *self = vdt_train_step(AddStep, t, node, .kernel = "add", .n_items = 1, .run = run_add);

    self->plan = t->plan;
    self->from = *from;
    self->to = *to;
    self->n = n;
    vdt_step_reads(&self->step, *from);
    vdt_step_writes(&self->step, *to);
    vdt_plan_add_step(t->plan, &self->step);
}

void vdt_train_give(VdtTrain *t, const VdtNode *node, const VdtNode *input, const VdtPlace *planar)
{
    gsize n = vdt_shape_elements(&input->shape);
    gboolean add;
    VdtMap dx = vdt_train_dx(t, input, &add), map;

    if (dx.planar || vdt_train_is_in_order(t, input)) {
        if (!add)
            t->gradients[input->index].map.place = *planar;
        else
            add_floats(t, node, planar, &dx.place, n);
        return;
    }
    if (!add) {
        vdt_plan_add_layout(t->plan, planar, &dx, FALSE, node->op->name);
        return;
    }
    map = vdt_train_map_like(t, &dx);
    vdt_plan_add_layout(t->plan, planar, &map, FALSE, node->op->name);
    add_floats(t, node, &map.place, &dx.place, vdt_map_rows(&map) * map.pitch);
}

void vdt_train_reference_backward(VdtTrain *t, const VdtNode *node)
{
    ReferenceStep *self = vdt_train_step(ReferenceStep, t, node, .kernel = "reference",
                                         .n_items = 1, .run = run_backward);

    self->plan = t->plan;
    self->node = node;
    self->op = vdt_node_training_op(node);
    for (guint i = 0; i < node->n_inputs; i++) {
        self->has_x[i] = (self->op->needs & (VDT_NEEDS_X0 << i)) != 0;
        if (self->has_x[i])
            self->x[i] = vdt_train_planar(t, node->inputs[i])->place;
    }
    self->has_y = (self->op->needs & VDT_NEEDS_Y) != 0;
    if (self->has_y)
        self->y = vdt_train_planar(t, node)->place;
    self->dy = vdt_train_planar_dy(t, node);
    for (guint i = 0; i < node->n_inputs; i++) {
        self->has_dx[i] = vdt_train_wants(t, node->inputs[i]);
        if (self->has_dx[i])
            self->dx[i] = vdt_plan_planar(t->plan, &node->inputs[i]->shape).place;
        vdt_step_reads(&self->step, self->x[i]);
        vdt_step_writes(&self->step, self->dx[i]);
    }
    vdt_step_reads(&self->step, self->y, self->dy);
    vdt_plan_add_step(t->plan, &self->step);
    for (guint i = 0; i < node->n_inputs; i++)
        if (self->has_dx[i])
            vdt_train_give(t, node, node->inputs[i], &self->dx[i]);
}
