/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The account of a TRAIN plan: where each value and each gradient is. */
#include "account.h"

#include <string.h>

#include "ops/table.h"

VdtAct vdt_train_act(const VdtTrain *t, const VdtNode *node)
{
    const VdtNode *act = t->taken[node->index];

    if (!act)
        return VDT_ACT_NONE;
    return act->op == &vdt_op_relu ? VDT_ACT_RELU : VDT_ACT_SIGMOID;
}

VdtPlace vdt_train_floats(VdtTrain *t, gsize n)
{
    return vdt_plan_add_buffer(t->plan, n * sizeof(float));
}

VdtMap vdt_train_map_like(VdtTrain *t, const VdtMap *like)
{
    VdtMap map = *like;

    map.place = vdt_plan_add_buffer(t->plan, vdt_map_bytes(t->plan, like));
    return map;
}

VdtMap vdt_train_new_map(VdtTrain *t, const VdtNode *node)
{
    guint i = vdt_train_result(t, node)->index;
    VdtMap map = vdt_train_describe(&node->shape);

    t->channels_last[i] = vdt_train_map_like(t, &map);
    t->has_channels_last[i] = TRUE;
    return t->channels_last[i];
}

gpointer vdt_train_init_step(VdtTrain *t, const VdtNode *node, gpointer memory, VdtStep step)
{
    step.label = g_strdup(node->name && *node->name ? node->name : node->op->name);
    memcpy(memory, &step, sizeof step);
    return memory;
}

VdtRows vdt_train_rows(gsize rows, gsize most)
{
    return vdt_rows_split(rows, 1, (rows + most - 1) / most);
}

static const char *label(const VdtNode *node)
{
    return node->name && *node->name ? node->name : node->op->name;
}

static gboolean is_tokens(const VdtShape *shape)
{
    return shape->n_dims == 3 && shape->dims[2] % VDT_LANES == 0;
}

gboolean vdt_train_has_map(const VdtTrain *t, const VdtNode *node)
{
    guint n_dims = node->shape.n_dims;

    return n_dims == 2 || (n_dims == 4 && !t->flat[node->index]) || is_tokens(&node->shape);
}

gboolean vdt_train_is_in_order(const VdtTrain *t, const VdtNode *node)
{
    return !vdt_train_has_map(t, node) || is_tokens(&node->shape);
}

/* Rows of tokens have no room between them, so that both layouts are one. */
VdtMap vdt_train_describe(const VdtShape *shape)
{
    VdtMap map = vdt_map_describe(shape, vdt_shape_axis(shape), VDT_PRECISION_F32);

    if (is_tokens(shape))
        map.pitch = map.c;
    return map;
}

const VdtMap *vdt_train_planar(VdtTrain *t, const VdtNode *node)
{
    guint i = node->index;

    if (!t->has_planar[i] && is_tokens(&node->shape)) {
        t->planar[i] = (VdtMap){.place = t->channels_last[i].place, .planar = TRUE, .f32 = TRUE};
        t->has_planar[i] = TRUE;
    } else if (!t->has_planar[i]) {
        t->planar[i] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[i] = TRUE;
        vdt_plan_add_layout(t->plan, &t->planar[i].place, &t->channels_last[i], TRUE, label(node));
    }
    return &t->planar[i];
}

const VdtMap *vdt_train_channels_last(VdtTrain *t, const VdtNode *node)
{
    guint i = node->index;

    if (!t->has_channels_last[i]) {
        VdtMap map = vdt_train_describe(&node->shape);

        if (is_tokens(&node->shape)) {
            map.place = t->planar[i].place;
        } else {
            map = vdt_train_map_like(t, &map);
            vdt_plan_add_layout(t->plan, &t->planar[i].place, &map, FALSE, label(node));
        }
        t->channels_last[i] = map;
        t->has_channels_last[i] = TRUE;
    }
    return &t->channels_last[i];
}

/* Whether its gradient is planar. */
static gboolean is_planar(const VdtTrain *t, const VdtNode *node)
{
    return t->is_weight[node->index] || !vdt_train_has_map(t, node);
}

const VdtMap *vdt_train_dy(VdtTrain *t, const VdtNode *node)
{
    return &t->gradients[vdt_train_result(t, node)->index].map;
}

VdtMap vdt_train_dx(VdtTrain *t, const VdtNode *input, gboolean *add)
{
    VdtGradient *gradient = &t->gradients[input->index];

    g_assert(!gradient->shared);
    *add = gradient->exists;
    if (!gradient->exists) {
        if (is_planar(t, input)) {
            gradient->map = vdt_plan_planar(t->plan, &input->shape);
        } else {
            VdtMap map = vdt_train_describe(&input->shape);

            gradient->map = vdt_train_map_like(t, &map);
        }
        gradient->exists = TRUE;
    }
    return gradient->map;
}

gboolean vdt_train_share_dx(VdtTrain *t, const VdtNode *input, const VdtMap *map)
{
    VdtGradient *gradient = &t->gradients[input->index];

    /* Another use would add to memory that is not this value's own. */
    if (gradient->exists || t->n_uses[input->index] > 1 || is_planar(t, input))
        return FALSE;
    *gradient = (VdtGradient){.exists = TRUE, .shared = TRUE};
    /* Rows of pixels may be cut into lines in another way: a reshape. */
    gradient->map = vdt_train_describe(&input->shape);
    g_assert(gradient->map.pitch == map->pitch);
    gradient->map.place = map->place;
    return TRUE;
}

VdtPlace vdt_train_planar_dy(VdtTrain *t, const VdtNode *node)
{
    const VdtMap *dy = vdt_train_dy(t, node);
    VdtPlace planar;

    if (dy->planar || vdt_train_is_in_order(t, node))
        return dy->place;
    planar = vdt_plan_planar(t->plan, &node->shape).place;
    vdt_plan_add_layout(t->plan, &planar, dy, TRUE, label(node));
    return planar;
}
