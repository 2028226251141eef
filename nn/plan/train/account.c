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
    VdtMap map = vdt_map_describe(&node->shape, vdt_shape_axis(&node->shape), VDT_PRECISION_F32);

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

const VdtMap *vdt_train_planar(VdtTrain *t, const VdtNode *node)
{
    guint i = node->index;

    if (!t->has_planar[i]) {
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
        VdtMap map =
            vdt_map_describe(&node->shape, vdt_shape_axis(&node->shape), VDT_PRECISION_F32);

        t->channels_last[i] = vdt_train_map_like(t, &map);
        t->has_channels_last[i] = TRUE;
        vdt_plan_add_layout(t->plan, &t->planar[i].place, &t->channels_last[i], FALSE, label(node));
    }
    return &t->channels_last[i];
}

static gboolean is_planar(const VdtTrain *t, const VdtNode *node)
{
    return t->is_weight[node->index] || !vdt_shape_has_channels(&node->shape);
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
            VdtMap map =
                vdt_map_describe(&input->shape, vdt_shape_axis(&input->shape), VDT_PRECISION_F32);

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
    gradient->map =
        vdt_map_describe(&input->shape, vdt_shape_axis(&input->shape), VDT_PRECISION_F32);
    gradient->map.place = map->place;
    return TRUE;
}
