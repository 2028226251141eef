/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same values under another shape or in another order: nothing moves where a map is as good. */
#include "lowering.h"
#include "ops/table.h"
#include "plan/step/permute.h"

/* A map of @shape's channels at @axis that is the memory of @from: as many pixels of as many
 * channels, in the same order. */
static gboolean look_as(const VdtMap *from, const VdtShape *shape, guint axis, VdtMap *map)
{
    *map = vdt_map_describe(shape, axis, VDT_PRECISION_F32);
    if (map->c != from->c || vdt_map_rows(map) != vdt_map_rows(from) ||
        (!map->rows && map->n != from->n))
        return FALSE;
    map->place = from->place;
    map->f32 = from->f32;
    map->pitch = from->pitch;
    return TRUE;
}

static gboolean lower_same(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[node->op == &vdt_op_progress];
    const VdtForms *from = vdt_infer_forms(l, x);
    VdtForms *to = &l->forms[node->index];
    const guint last = MAX(node->shape.n_dims, 1) - 1;
    gboolean found = FALSE;
    VdtMap map;

    for (guint i = 0; i < 2; i++) {
        const VdtMap *have = &from->map[i];

        if (!from->has_map[i])
            continue;
        /* Where an image has one pixel, its channels are first and last. */
        if ((have->rows || have->h * have->w == 1) && look_as(have, &node->shape, last, &map)) {
            vdt_infer_set_map(l, f, last, &map);
            found = TRUE;
        }
        if (node->shape.n_dims > 2 && (!have->rows || have->h * have->w == 1) &&
            look_as(have, &node->shape, 1, &map)) {
            vdt_infer_set_map(l, f, 1, &map);
            found = TRUE;
        }
    }
    if (!found || from->has_planar) {
        to->planar = *vdt_infer_get_planar(l, x);
        to->has_planar = TRUE;
    }
    return TRUE;
}

/* Where the others may hold anything, nothing is to be done. */
static gboolean lower_live_rows(VdtInfer *l, VdtFused *f)
{
    return !f->node->p.live_rows.all && lower_same(l, f);
}

/* [N,C,L] to [N,L,C] and back are two views of pixels whose channels are last. */
static gboolean turn(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    const VdtForms *from = vdt_infer_forms(l, node->inputs[0]);
    const guint8 *order = node->p.permute.order;
    VdtMap map;

    if (node->shape.n_dims != 3 || order[0] != 0 || order[1] != 2)
        return FALSE;
    for (guint i = 0; i < 2; i++) {
        const guint axis = i == 0 ? 2 : 1;

        if (!from->has_map[i])
            continue;
        map = vdt_map_describe(&node->shape, axis, VDT_PRECISION_F32);
        map.place = from->map[i].place;
        map.f32 = from->map[i].f32;
        map.pitch = from->map[i].pitch;
        vdt_infer_set_map(l, f, axis, &map);
        return TRUE;
    }
    return FALSE;
}

static gboolean lower_permute(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtPlace x, y;

    if (turn(l, f))
        return TRUE;
    x = vdt_infer_get_planar(l, node->inputs[0])->place;
    y = vdt_infer_new_planar(l, f).place;
    vdt_plan_add_permute(l->plan, &x, &y, &node->inputs[0]->shape, node->p.permute.order, FALSE,
                         vdt_infer_label(f));
    return TRUE;
}

static const VdtLowering lowerings[] = {
    {&vdt_op_reshape, lower_same},    {&vdt_op_dropout, lower_same},
    {&vdt_op_progress, lower_same},   {&vdt_op_live_rows, lower_live_rows},
    {&vdt_op_permute, lower_permute},
};
VDT_LOWERINGS(order);
