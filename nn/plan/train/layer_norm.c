/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layer norm over the last dimension of tokens and matrices. An item of the gradient has some of
 * the rows, and sums for the weights of its own; another step brings these together. */
#include "account.h"

#include <string.h>

#include "ops/table.h"

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtGradientKernels *kernels;
    VdtMap x, y, dy, dx;
    VdtPlace weight, bias; /* parameters, whose rows end in whole vectors */
    VdtPlace sums;         /* [part][2][pitch] */
    VdtPlace dweight, dbias;
    gboolean has_dx, add_dx, add_dweight, add_dbias;
    gsize pitch;
    float eps;
    VdtRows rows;
} LayerNormStep;

static float *floats(const LayerNormStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

static float *row(const LayerNormStep *self, const VdtMap *map, char *arena, gsize at)
{
    return floats(self, &map->place, arena) + at * map->pitch;
}

/* A parameter's channels with room for whole vectors behind them. */
static const float *channels(const LayerNormStep *self, const VdtPlace *place, char *arena,
                             float *scratch)
{
    memcpy(scratch, floats(self, place, arena), self->x.c * sizeof *scratch);
    memset(scratch + self->x.c, 0, (self->pitch - self->x.c) * sizeof *scratch);
    return scratch;
}

static void run_forward(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const LayerNormStep *self = (const LayerNormStep *)step;
    gsize first = item * self->rows.per_part;
    float *room = (float *)scratch;

    self->plan->kernels->layer_norm_rows(
        vdt_rows_end(&self->rows, item) - first, self->x.c, row(self, &self->x, arena, first),
        self->x.pitch, channels(self, &self->weight, arena, room),
        channels(self, &self->bias, arena, room + self->pitch), self->eps,
        row(self, &self->y, arena, first), self->y.pitch);
}

static void run_backward(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const LayerNormStep *self = (const LayerNormStep *)step;
    gsize first = item * self->rows.per_part;
    float *sums = floats(self, &self->sums, arena) + item * 2 * self->pitch;

    memset(sums, 0, 2 * self->pitch * sizeof *sums);
    self->kernels->layer_norm_gradient(
        vdt_rows_end(&self->rows, item) - first, self->x.c, row(self, &self->x, arena, first),
        self->x.pitch, row(self, &self->dy, arena, first), self->dy.pitch,
        channels(self, &self->weight, arena, (float *)scratch), self->eps,
        self->has_dx ? row(self, &self->dx, arena, first) : NULL, self->dx.pitch, self->add_dx,
        sums, sums + self->pitch);
}

static void put_sums(const LayerNormStep *self, char *arena, gsize which, const VdtPlace *place,
                     gboolean add)
{
    const float *sums = floats(self, &self->sums, arena) + which * self->pitch;
    float *to = vdt_place_exists(place) ? floats(self, place, arena) : NULL;

    for (gsize c = 0; c < self->x.c && to; c++) {
        double total = add ? to[c] : 0;

        for (guint part = 0; part < self->rows.n_parts; part++)
            total += sums[part * 2 * self->pitch + c];
        to[c] = (float)total;
    }
}

static void run_join(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const LayerNormStep *self = (const LayerNormStep *)step;

    put_sums(self, arena, 0, &self->dweight, self->add_dweight);
    put_sums(self, arena, 1, &self->dbias, self->add_dbias);
}

static void add_step(VdtTrain *t, const VdtNode *node, const LayerNormStep *state, VdtStep step)
{
    LayerNormStep *self = g_memdup2(state, sizeof *state);

    step.scratch = 2 * state->pitch * sizeof(float);
    vdt_train_init_step(t, node, self, step);
    vdt_plan_add_step(t->plan, &self->step);
}

static gboolean forward_layer_norm(VdtTrain *t, const VdtNode *node)
{
    const VdtShape *over = &node->inputs[1]->shape;
    /* Over [C,1,1] of pictures of one pixel, too. */
    const gboolean pixel_each = over->n_dims == 3 && over->dims[1] * over->dims[2] == 1;
    LayerNormStep *self;

    if (!vdt_train_has_map(t, node) || !vdt_train_has_map(t, node->inputs[0]) ||
        (node->shape.n_dims == 4 ? !pixel_each : over->n_dims != 1))
        return FALSE;
    self = g_new0(LayerNormStep, 1);
    self->plan = t->plan;
    self->kernels = t->kernels;
    self->x = *vdt_train_channels_last(t, node->inputs[0]);
    self->weight = vdt_train_planar(t, node->inputs[1])->place;
    self->bias = vdt_train_planar(t, node->inputs[2])->place;
    self->eps = (float)node->p.layer_norm.eps;
    self->pitch = VDT_ALIGN_LANES(self->x.c);
    self->rows = vdt_train_rows(vdt_map_rows(&self->x), 64);
    self->y = vdt_train_new_map(t, node);
    add_step(t, node, self,
             (VdtStep){.kernel = "layer_norm",
                       .n_items = self->rows.n_parts,
                       .run = run_forward,
                       .reads = {self->x.place, self->weight, self->bias},
                       .writes = {self->y.place}});
    t->kept[node->index] = self;
    return TRUE;
}

static void backward_layer_norm(VdtTrain *t, const VdtNode *node)
{
    LayerNormStep *self = t->kept[node->index];

    self->dy = *vdt_train_dy(t, node);
    self->sums = vdt_train_floats(t, self->rows.n_parts * 2 * self->pitch);
    self->has_dx = vdt_train_wants(t, node->inputs[0]);
    if (self->has_dx)
        self->dx = vdt_train_dx(t, node->inputs[0], &self->add_dx);
    add_step(t, node, self,
             (VdtStep){.kernel = "layer_norm_gradient",
                       .n_items = self->rows.n_parts,
                       .run = run_backward,
                       .reads = {self->x.place, self->dy.place, self->weight},
                       .writes = {self->sums, self->dx.place}});
    if (vdt_train_wants(t, node->inputs[1]))
        self->dweight = vdt_train_dx(t, node->inputs[1], &self->add_dweight).place;
    if (vdt_train_wants(t, node->inputs[2]))
        self->dbias = vdt_train_dx(t, node->inputs[2], &self->add_dbias).place;
    if (vdt_place_exists(&self->dweight) || vdt_place_exists(&self->dbias))
        add_step(t, node, self,
                 (VdtStep){.kernel = "layer_norm_weights",
                           .n_items = 1,
                           .run = run_join,
                           .reads = {self->sums},
                           .writes = {self->dweight, self->dbias}});
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_layer_norm, forward_layer_norm, backward_layer_norm, FALSE},
};
VDT_TRAIN_LOWERINGS(layer_norm);
