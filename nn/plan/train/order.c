/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values in another order: permuted, cut, put together, repeated; in PyTorch's order, or along the
 * channels of pictures. */
#include "account.h"

#include <string.h>

#include "ops/table.h"
#include "plan/step/permute.h"

/* Blocks of @n floats from one value to another, @outer of them. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    VdtPlace from, to;
    gsize outer, n, from_stride, to_stride, from_first, to_first;
    gboolean add;
    VdtRows rows;
} BlocksStep;

static void run_blocks(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const BlocksStep *self = (const BlocksStep *)step;
    const float *from = (const float *)vdt_place_address(self->plan, &self->from, arena);
    float *to = (float *)vdt_place_address(self->plan, &self->to, arena);

    for (gsize i = item * self->rows.per_part; i < vdt_rows_end(&self->rows, item); i++) {
        const float *x = from + self->from_first + i * self->from_stride;
        float *y = to + self->to_first + i * self->to_stride;

        for (gsize j = 0; j < self->n; j++)
            y[j] = self->add ? y[j] + x[j] : x[j];
    }
}

static void add_blocks(VdtTrain *t, const VdtNode *node, BlocksStep state, const char *kernel)
{
    BlocksStep *self = g_memdup2(&state, sizeof state);
    gsize elements = state.outer * state.n;

    self->plan = t->plan;
    /* Sums over blocks that lie on each other are one item's. */
    self->rows = vdt_rows_split(state.outer, 1, state.to_stride > 0 && elements > 32768 ? 8 : 1);
    vdt_train_init_step(t, node, self,
                        (VdtStep){.kernel = kernel,
                                  .n_items = self->rows.n_parts,
                                  .run = run_blocks,
                                  .reads = {state.from},
                                  .writes = {state.to}});
    vdt_plan_add_step(t->plan, &self->step);
}

static void add_zeros(VdtTrain *t, const VdtNode *node, const VdtPlace *to, gsize n)
{
    gboolean fresh;
    float *zeros = vdt_plan_get_blob(t->plan, "no gradient", 0, VDT_LANES * sizeof *zeros, &fresh);

    if (fresh)
        memset(zeros, 0, VDT_LANES * sizeof *zeros);
    /* whole vectors, of which tokens consist, and then what is left */
    add_blocks(t, node,
               (BlocksStep){.from = {.constant = zeros},
                            .to = *to,
                            .outer = n / VDT_LANES,
                            .n = VDT_LANES,
                            .to_stride = VDT_LANES},
               "clear");
    if (n % VDT_LANES > 0)
        add_blocks(t, node,
                   (BlocksStep){.from = {.constant = zeros},
                                .to = *to,
                                .outer = 1,
                                .n = n % VDT_LANES,
                                .to_first = n / VDT_LANES * VDT_LANES},
                   "clear");
}

static VdtPlace new_planar(VdtTrain *t, const VdtNode *node)
{
    t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
    t->has_planar[node->index] = TRUE;
    return t->planar[node->index].place;
}

static gboolean all_in_order(const VdtTrain *t, const VdtNode *node)
{
    for (guint i = 0; i < node->n_inputs; i++)
        if (!vdt_train_is_in_order(t, node->inputs[i]))
            return FALSE;
    return vdt_train_is_in_order(t, node);
}

/* Elements of the dimensions from @axis on. */
static gsize from_axis(const VdtShape *shape, guint axis)
{
    gsize n = 1;

    for (guint i = axis; i < shape->n_dims; i++)
        n *= shape->dims[i];
    return n;
}

static gboolean forward_permute(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    VdtPlace from = vdt_train_planar(t, x)->place, to;

    to = new_planar(t, node);
    vdt_plan_add_permute(t->plan, &from, &to, &x->shape, node->p.permute.order, FALSE,
                         node->op->name);
    return TRUE;
}

static void backward_permute(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    VdtPlace from = vdt_train_planar_dy(t, node), to;
    guint8 back[VDT_MAX_DIMS];
    gboolean add = FALSE;

    for (guint d = 0; d < node->shape.n_dims; d++)
        back[node->p.permute.order[d]] = d;
    if (vdt_train_is_in_order(t, x))
        to = vdt_train_dx(t, x, &add).place;
    else
        to = vdt_plan_planar(t->plan, &x->shape).place;
    vdt_plan_add_permute(t->plan, &from, &to, &node->shape, back, add, node->op->name);
    if (!vdt_train_is_in_order(t, x))
        vdt_train_give(t, node, x, &to);
}

/* Whether @node cuts or joins pictures along their channels: then blocks are pixels. */
static gboolean is_of_channels(const VdtTrain *t, const VdtNode *node)
{
    for (guint i = 0; i < node->n_inputs; i++)
        if (!vdt_train_has_map(t, node->inputs[i]))
            return FALSE;
    return node->shape.n_dims == 4 && vdt_train_has_map(t, node) && node->p.along.axis == 1;
}

/* The pixels of @to are those of @from, or some of their channels. */
static void add_pixels(VdtTrain *t, const VdtNode *node, const VdtMap *from, gsize from_first,
                       const VdtMap *to, gsize to_first, gboolean add, const char *kernel)
{
    add_blocks(t, node,
               (BlocksStep){.from = from->place,
                            .to = to->place,
                            .outer = vdt_map_rows(from),
                            .n = MIN(from->c, to->c),
                            .from_stride = from->pitch,
                            .to_stride = to->pitch,
                            .from_first = from_first,
                            .to_first = to_first,
                            .add = add},
               kernel);
}

static gboolean forward_slice(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    guint axis = node->p.along.axis;
    gsize inner = from_axis(&node->shape, axis), whole = from_axis(&x->shape, axis);
    VdtPlace from, to;

    if (is_of_channels(t, node)) {
        const VdtMap map = *vdt_train_channels_last(t, x), part = vdt_train_new_map(t, node);

        add_pixels(t, node, &map, node->p.along.begin, &part, 0, FALSE, "slice");
        return TRUE;
    }
    if (!all_in_order(t, node))
        return FALSE;
    from = vdt_train_planar(t, x)->place;
    to = new_planar(t, node);
    add_blocks(t, node,
               (BlocksStep){.from = from,
                            .to = to,
                            .outer = vdt_shape_elements(&node->shape) / inner,
                            .n = inner,
                            .from_stride = whole,
                            .to_stride = inner,
                            .from_first = node->p.along.begin * from_axis(&x->shape, axis + 1)},
               "slice");
    return TRUE;
}

static void backward_slice(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    guint axis = node->p.along.axis;
    gsize inner = from_axis(&node->shape, axis);
    gboolean add;
    VdtPlace dy, dx;

    if (is_of_channels(t, node)) {
        const VdtMap part = *vdt_train_dy(t, node), map = vdt_train_dx(t, x, &add);

        if (!add)
            add_zeros(t, node, &map.place, vdt_map_rows(&map) * map.pitch);
        add_pixels(t, node, &part, 0, &map, node->p.along.begin, TRUE, "slice_gradient");
        return;
    }
    dy = vdt_train_planar_dy(t, node);
    dx = vdt_train_dx(t, x, &add).place;
    if (!add)
        add_zeros(t, node, &dx, vdt_shape_elements(&x->shape));
    add_blocks(t, node,
               (BlocksStep){.from = dy,
                            .to = dx,
                            .outer = vdt_shape_elements(&node->shape) / inner,
                            .n = inner,
                            .from_stride = inner,
                            .to_stride = from_axis(&x->shape, axis),
                            .to_first = node->p.along.begin * from_axis(&x->shape, axis + 1),
                            .add = TRUE},
               "slice_gradient");
}

static gboolean forward_concat(VdtTrain *t, const VdtNode *node)
{
    guint axis = node->p.along.axis;
    gsize whole = from_axis(&node->shape, axis), at = 0;
    VdtPlace from[VDT_MAX_INPUTS], to;

    if (is_of_channels(t, node)) {
        VdtMap maps[VDT_MAX_INPUTS], all;

        for (guint i = 0; i < node->n_inputs; i++)
            maps[i] = *vdt_train_channels_last(t, node->inputs[i]);
        all = vdt_train_new_map(t, node);
        for (guint i = 0; i < node->n_inputs; at += maps[i++].c)
            add_pixels(t, node, &maps[i], 0, &all, at, FALSE, "concat");
        return TRUE;
    }
    if (!all_in_order(t, node))
        return FALSE;
    for (guint i = 0; i < node->n_inputs; i++)
        from[i] = vdt_train_planar(t, node->inputs[i])->place;
    to = new_planar(t, node);
    for (guint i = 0; i < node->n_inputs; i++) {
        gsize inner = from_axis(&node->inputs[i]->shape, axis);

        add_blocks(t, node,
                   (BlocksStep){.from = from[i],
                                .to = to,
                                .outer = vdt_shape_elements(&node->shape) / whole,
                                .n = inner,
                                .from_stride = inner,
                                .to_stride = whole,
                                .to_first = at},
                   "concat");
        at += inner;
    }
    return TRUE;
}

static void backward_concat(VdtTrain *t, const VdtNode *node)
{
    guint axis = node->p.along.axis;
    gsize whole = from_axis(&node->shape, axis), at = 0;
    VdtPlace dy;

    if (is_of_channels(t, node)) {
        const VdtMap all = *vdt_train_dy(t, node);

        for (guint i = 0; i < node->n_inputs; at += node->inputs[i++]->shape.dims[1]) {
            gboolean add;
            VdtMap map;

            if (!vdt_train_wants(t, node->inputs[i]))
                continue;
            map = vdt_train_dx(t, node->inputs[i], &add);
            add_pixels(t, node, &all, at, &map, 0, add, "concat_gradient");
        }
        return;
    }
    dy = vdt_train_planar_dy(t, node);
    for (guint i = 0; i < node->n_inputs; i++) {
        gsize inner = from_axis(&node->inputs[i]->shape, axis);

        if (vdt_train_wants(t, node->inputs[i])) {
            BlocksStep state = {.from = dy,
                                .outer = vdt_shape_elements(&node->shape) / whole,
                                .n = inner,
                                .from_stride = whole,
                                .to_stride = inner,
                                .from_first = at};

            state.to = vdt_train_dx(t, node->inputs[i], &state.add).place;
            add_blocks(t, node, state, "concat_gradient");
        }
        at += inner;
    }
}

/* A value of every sample: [1,...] repeated along the first dimension. */
static gboolean forward_expand(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    gsize n = vdt_shape_elements(&x->shape);
    VdtPlace from, to;

    if (!all_in_order(t, node) || from_axis(&node->shape, 1) != n)
        return FALSE;
    from = vdt_train_planar(t, x)->place;
    to = new_planar(t, node);
    add_blocks(t, node,
               (BlocksStep){.from = from,
                            .to = to,
                            .outer = vdt_shape_elements(&node->shape) / n,
                            .n = n,
                            .to_stride = n},
               "expand");
    return TRUE;
}

static void backward_expand(VdtTrain *t, const VdtNode *node)
{
    const VdtNode *x = node->inputs[0];
    gsize n = vdt_shape_elements(&x->shape);
    VdtPlace dy = vdt_train_planar_dy(t, node);
    BlocksStep state = {
        .from = dy, .outer = vdt_shape_elements(&node->shape) / n, .n = n, .from_stride = n};
    gboolean add;

    state.to = vdt_train_dx(t, x, &add).place;
    state.add = TRUE;
    if (!add)
        add_zeros(t, node, &state.to, n);
    add_blocks(t, node, state, "expand_gradient");
}

static const VdtTrainLowering lowerings[] = {
    {&vdt_op_permute, forward_permute, backward_permute, FALSE},
    {&vdt_op_concat, forward_concat, backward_concat, FALSE},
    {&vdt_op_slice, forward_slice, backward_slice, FALSE},
    {&vdt_op_expand, forward_expand, backward_expand, FALSE},
};
VDT_TRAIN_LOWERINGS(order);
