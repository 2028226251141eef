/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a training turns into something else, by a share of the first that counters in the session
 * give. A run counts once, before it mixes; the share that it mixed by is kept for backward. */
#include "account.h"

#include "ops/table.h"

enum { FROM, TO, WARM, ITER, TOTAL };

/* Floats of an item. */
#define ITEM_FLOATS 65536

typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace warm, iter, total;
    VdtPlace share;     /* of the first: one float */
    VdtPlace a, b, y;   /* y (+)= share of a [+ the rest of b] */
    gboolean rest, add; /* a takes part by the rest, not by the share */
    gboolean frozen;    /* the share is 0, and nothing is counted */
    gsize n;
} ProgressStep;

static float *floats(const ProgressStep *self, const VdtPlace *place, char *arena)
{
    return (float *)vdt_place_address(self->plan, place, arena);
}

static void run_count(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProgressStep *self = (const ProgressStep *)step;
    float *warm = floats(self, &self->warm, arena), *iter = floats(self, &self->iter, arena);
    float *share = floats(self, &self->share, arena), total = *floats(self, &self->total, arena);

    if (self->frozen) {
        *share = 0;
        return;
    }
    *share = *warm > 0 ? 1 : *iter > 0 && total > 0 ? MIN(*iter / total, 1) : 0;
    if (*warm > 0)
        *warm -= 1;
    else if (*iter > 0)
        *iter -= 1;
}

static void run_mix(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProgressStep *self = (const ProgressStep *)step;
    const float *a = floats(self, &self->a, arena), *b = floats(self, &self->b, arena);
    float *y = floats(self, &self->y, arena), share = *floats(self, &self->share, arena);
    const gsize first = (gsize)item * ITEM_FLOATS, end = MIN(first + ITEM_FLOATS, self->n);

    for (gsize i = first; i < end; i++)
        y[i] = share * a[i] + (1 - share) * b[i];
}

static void run_part(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ProgressStep *self = (const ProgressStep *)step;
    const float *a = floats(self, &self->a, arena), share = *floats(self, &self->share, arena);
    const float factor = self->rest ? 1 - share : share;
    float *y = floats(self, &self->y, arena);
    const gsize first = (gsize)item * ITEM_FLOATS, end = MIN(first + ITEM_FLOATS, self->n);

    for (gsize i = first; i < end; i++)
        y[i] = factor * a[i] + (self->add ? y[i] : 0);
}

static void add_step(VdtTrain *t, const VdtNode *node, const ProgressStep *state, VdtStep step)
{
    ProgressStep *self = g_memdup2(state, sizeof *state);

    vdt_train_init_step(t, node, self, step);
    vdt_plan_add_step(t->plan, &self->step);
}

/* Both values and the result lie in memory alike, in maps. */
static gboolean in_maps(const VdtTrain *t, const VdtNode *node)
{
    return vdt_train_has_map(t, node) && vdt_train_has_map(t, node->inputs[FROM]) &&
           vdt_train_has_map(t, node->inputs[TO]);
}

static gboolean forward_progress(VdtTrain *t, const VdtNode *node)
{
    ProgressStep *self = g_new0(ProgressStep, 1);

    self->plan = t->plan;
    self->frozen = node->p.progress.frozen;
    self->warm = vdt_train_planar(t, node->inputs[WARM])->place;
    self->iter = vdt_train_planar(t, node->inputs[ITER])->place;
    self->total = vdt_train_planar(t, node->inputs[TOTAL])->place;
    self->share = vdt_train_floats(t, 1);
    add_step(t, node, self,
             (VdtStep){.kernel = "progress_count",
                       .n_items = 1,
                       .run = run_count,
                       .reads = {self->warm, self->iter, self->total},
                       .writes = {self->share, self->warm, self->iter}});
    if (in_maps(t, node)) {
        VdtMap y;

        self->a = vdt_train_channels_last(t, node->inputs[FROM])->place;
        self->b = vdt_train_channels_last(t, node->inputs[TO])->place;
        y = vdt_train_new_map(t, node);
        self->y = y.place;
        self->n = vdt_map_rows(&y) * y.pitch;
    } else {
        self->a = vdt_train_planar(t, node->inputs[FROM])->place;
        self->b = vdt_train_planar(t, node->inputs[TO])->place;
        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        self->y = t->planar[node->index].place;
        self->n = vdt_shape_elements(&node->shape);
    }
    add_step(t, node, self,
             (VdtStep){.kernel = "progress",
                       .n_items = (self->n + ITEM_FLOATS - 1) / ITEM_FLOATS,
                       .run = run_mix,
                       .reads = {self->a, self->b, self->share},
                       .writes = {self->y}});
    t->kept[node->index] = self;
    return TRUE;
}

static void backward_progress(VdtTrain *t, const VdtNode *node)
{
    ProgressStep *self = t->kept[node->index];
    const gboolean maps = in_maps(t, node);

    self->a = maps ? vdt_train_dy(t, node)->place : vdt_train_planar_dy(t, node);
    for (guint i = FROM; i <= TO; i++) {
        if (!vdt_train_wants(t, node->inputs[i]))
            continue;
        self->rest = i == TO;
        self->y = maps ? vdt_train_dx(t, node->inputs[i], &self->add).place
                       : vdt_plan_planar(t->plan, &node->shape).place;
        add_step(t, node, self,
                 (VdtStep){.kernel = "progress_gradient",
                           .n_items = (self->n + ITEM_FLOATS - 1) / ITEM_FLOATS,
                           .run = run_part,
                           .reads = {self->a, self->share},
                           .writes = {self->y}});
        if (!maps)
            vdt_train_give(t, node, node->inputs[i], &self->y);
    }
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_progress, forward_progress, backward_progress, FALSE},
};
VDT_TRAIN_LOWERINGS(progress);
