/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"
#include "tensor/elements.h"

/* Which of a node's maps has its channels there: of matrices, the last is dimension 1. */
static guint slot(const VdtNode *node, guint axis)
{
    return axis > 1 || node->shape.n_dims == 1 ? 1 : 0;
}

VdtForms *vdt_infer_forms(VdtInfer *l, const VdtNode *node)
{
    return &l->forms[vdt_fused_resolve(l->fused, node)->node->index];
}

void vdt_infer_set_live(VdtInfer *l, const VdtNode *node, guint axis, VdtMap *map)
{
    map->live = (VdtPlace){0};
    if (!node->live || axis == 0)
        return;
    map->live = vdt_infer_get_planar(l, node->live)->place;
    map->live_rows = vdt_map_rows(map) / node->shape.dims[0];
}

void vdt_infer_set_map(VdtInfer *l, const VdtFused *f, guint axis, const VdtMap *map)
{
    VdtForms *forms = &l->forms[f->node->index];
    VdtMap *to = &forms->map[slot(f->node, axis)];

    *to = *map;
    vdt_infer_set_live(l, f->node, axis, to);
    forms->has_map[slot(f->node, axis)] = TRUE;
    if (vdt_map_is_planar(map)) {
        forms->planar = (VdtMap){.place = map->place, .planar = TRUE, .f32 = TRUE};
        forms->has_planar = TRUE;
    }
}

VdtMap vdt_infer_new_map(VdtInfer *l, const VdtFused *f, guint axis, gboolean f32)
{
    VdtMap map = vdt_map_describe(&f->node->shape, axis,
                                  f32 ? VDT_PRECISION_F32 : l->plan->kernels->precision);

    map.place = vdt_plan_add_buffer(l->plan, vdt_map_bytes(l->plan, &map));
    vdt_infer_set_map(l, f, axis, &map);
    return l->forms[f->node->index].map[slot(f->node, axis)];
}

VdtMap vdt_infer_new_planar(VdtInfer *l, const VdtFused *f)
{
    VdtForms *forms = &l->forms[f->node->index];

    forms->planar = vdt_plan_planar(l->plan, &f->node->shape);
    forms->has_planar = TRUE;
    return forms->planar;
}

guint vdt_infer_axis(VdtInfer *l, const VdtNode *node)
{
    const VdtForms *forms = vdt_infer_forms(l, node);
    guint last = MAX(node->shape.n_dims, 1) - 1;

    if (forms->has_map[0] != forms->has_map[1])
        return forms->has_map[0] ? 1 : last;
    return vdt_shape_axis(&node->shape);
}

VdtPlace vdt_infer_constant(VdtInfer *l, const char *what, VdtIdentity of, const float *values,
                            gsize n)
{
    gboolean fresh;
    float *data = vdt_plan_get_blob(l->plan, what, of, VDT_ALIGN_LANES(n) * sizeof *data, &fresh);

    if (fresh) {
        memcpy(data, values, n * sizeof *data);
        memset(data + n, 0, (VDT_ALIGN_LANES(n) - n) * sizeof *data);
    }
    return (VdtPlace){.constant = data};
}

VdtTensor *vdt_infer_floats(VdtInfer *l, const VdtFused *f)
{
    VdtTensor *floats = vdt_as_floats(f->constant, NULL);

    if (!floats)
        l->plan->out_of_memory = (gsize)vdt_shape_elements(&f->node->shape) * sizeof(float);
    return floats;
}

const char *vdt_infer_label(const VdtFused *f)
{
    return f->node->name && *f->node->name ? f->node->name : f->node->op->name;
}

guint vdt_infer_parts(gsize elements)
{
    return elements > 32768 ? 8 : 1;
}

gpointer vdt_infer_init_step(VdtInfer *l, const VdtFused *f, gpointer memory, VdtStep step)
{
    step.label = g_strdup(vdt_infer_label(f));
    memcpy(memory, &step, sizeof step);
    return memory;
}

/* A constant as it is, numbers that steps take as such, too, or floats that siblings share. */
static VdtPlace make_constant_planar(VdtInfer *l, const VdtFused *f)
{
    gsize n = vdt_shape_elements(&f->node->shape);
    gboolean fresh;
    float *data;

    if (f->constant->dtype == VDT_F32 || f->node->dtype == VDT_I32) {
        g_ptr_array_add(l->plan->constants, vdt_tensor_ref(f->constant));
        return (VdtPlace){.constant = f->constant->data};
    }
    data = vdt_plan_get_blob(l->plan, "planar", f->identity, n * sizeof *data, &fresh);
    if (fresh)
        vdt_elements_read_floats(f->constant, 0, n, data);
    return (VdtPlace){.constant = data};
}

const VdtMap *vdt_infer_get_planar(VdtInfer *l, const VdtNode *node)
{
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    VdtForms *forms = vdt_infer_forms(l, node);

    if (forms->has_planar)
        return &forms->planar;
    if (f->constant) {
        forms->planar = (VdtMap){.place = make_constant_planar(l, f), .planar = TRUE, .f32 = TRUE};
        forms->has_planar = TRUE;
    } else {
        VdtMap planar = vdt_infer_new_planar(l, f);

        vdt_plan_add_layout(l->plan, &planar.place, &forms->map[forms->has_map[0] ? 0 : 1], TRUE,
                            vdt_infer_label(f));
    }
    return &forms->planar;
}

/* A constant as a map. */
static VdtMap make_constant_map(VdtInfer *l, const VdtFused *f, guint axis)
{
    const VdtKernels *kernels = l->plan->kernels;
    VdtMap map = vdt_map_describe(&f->node->shape, axis, kernels->precision);
    gsize plane = map.h * map.w, image = vdt_map_bytes(l->plan, &map) / map.n;
    VdtIdentity identity =
        vdt_identity_of(l->plan->shared, "axis", &axis, sizeof axis, &f->identity, 1);
    g_autofree float *row = g_new0(float, VDT_ALIGN_LANES(map.c));
    g_autoptr(VdtTensor) floats = NULL;
    const float *values;
    gboolean fresh;
    char *data = vdt_plan_get_blob(l->plan, "map", identity, map.n * image, &fresh);

    if (fresh)
        floats = vdt_infer_floats(l, f);
    values = floats ? floats->data : NULL;
    for (gsize n = 0; n < map.n && floats; n++) {
        if (!map.rows)
            kernels->from_planes(plane, map.c, values + n * map.c * plane, plane, data + n * image,
                                 map.pitch);
        for (gsize i = 0; i < plane && map.rows; i++) {
            memcpy(row, values + (n * plane + i) * map.c, map.c * sizeof *row);
            kernels->store_scaled(map.c, row, 1, data + n * image + i * (image / plane));
        }
    }
    map.place.constant = data;
    return map;
}

const VdtMap *vdt_infer_get_map(VdtInfer *l, const VdtNode *node, guint axis)
{
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    VdtForms *forms = vdt_infer_forms(l, node);
    guint at = slot(node, axis);

    if (forms->has_map[at])
        return &forms->map[at];
    if (f->constant) {
        VdtMap map = make_constant_map(l, f, axis);

        vdt_infer_set_map(l, f, axis, &map);
    } else {
        const VdtMap planar = *vdt_infer_get_planar(l, node);
        VdtMap map = vdt_map_describe(&f->node->shape, axis, l->plan->kernels->precision);

        if (vdt_map_is_planar(&map)) {
            map.place = planar.place;
            vdt_infer_set_map(l, f, axis, &map);
        } else {
            map = vdt_infer_new_map(l, f, axis, FALSE);
            vdt_plan_add_layout(l->plan, &planar.place, &map, FALSE, vdt_infer_label(f));
        }
    }
    return &forms->map[at];
}

VdtLateEpilogue vdt_infer_sum(VdtInfer *l, const VdtNode *node, guint axis)
{
    const VdtMap *map = vdt_infer_get_map(l, node, axis);

    return (VdtLateEpilogue){
        .add = map->place, .add_pitch = map->pitch, .add_image = map->n > 1 ? map->h * map->w : 0};
}

VdtLateEpilogue vdt_infer_epilogue(VdtInfer *l, VdtFused *f)
{
    VdtLateEpilogue e = {0};

    if (f->add)
        e = vdt_infer_sum(l, f->add->node, f->axis);
    if (f->mul) {
        const VdtMap *map = vdt_infer_get_map(l, f->mul->node, f->axis);

        e.mul = map->place;
        e.mul_pitch = map->pitch;
        e.mul_image = map->n > 1 ? map->h * map->w : 0;
    }
    e.bias = vdt_infer_constant(l, "bias", f->identity, f->bias, f->columns);
    e.act0 = f->act0;
    e.act1 = f->act1;
    return e;
}
