/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lowering.h"

#include <string.h>

#include "ops/table.h"

VdtMap vdt_infer_new_map(VdtInfer *l, VdtFused *f, gboolean f32)
{
    guint i = f->node->index;
    VdtMap map =
        vdt_map_describe(&f->node->shape, f32 ? VDT_PRECISION_F32 : l->plan->kernels->precision);

    map.place = vdt_plan_add_buffer(l->plan, vdt_map_bytes(l->plan, &map));
    l->channels_last[i] = map;
    l->has_channels_last[i] = TRUE;
    return map;
}

VdtPlace vdt_infer_constant(VdtInfer *l, const char *key, const float *values, gsize n)
{
    gboolean fresh;
    float *data = vdt_plan_get_blob(l->plan, key, VDT_ALIGN_LANES(n) * sizeof *data, &fresh);

    if (fresh) {
        memcpy(data, values, n * sizeof *data);
        memset(data + n, 0, (VDT_ALIGN_LANES(n) - n) * sizeof *data);
    }
    return (VdtPlace){.constant = data};
}

char *vdt_infer_key(const VdtFused *f, const char *what)
{
    const guchar *parts[] = {(const guchar *)f->scale, (const guchar *)f->bias};
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325); /* FNV-1a */

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        for (gsize j = 0; j < f->columns * sizeof(float); j++)
            hash = (hash ^ parts[i][j]) * G_GUINT64_CONSTANT(0x100000001b3);
    return g_strdup_printf("%s %s %016" G_GINT64_MODIFIER "x", what, f->node->inputs[1]->name,
                           hash);
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

const VdtMap *vdt_infer_get_planar(VdtInfer *l, const VdtNode *node)
{
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    guint i = f->node->index;

    if (l->has_planar[i])
        return &l->planar[i];
    if (f->constant) {
        g_ptr_array_add(l->plan->constants, vdt_tensor_ref(f->constant));
        l->planar[i] = (VdtMap){.place.constant = f->constant->data, .planar = TRUE, .f32 = TRUE};
    } else {
        l->planar[i] = vdt_plan_planar(l->plan, &f->node->shape);
        vdt_plan_add_layout(l->plan, &l->planar[i].place, &l->channels_last[i], TRUE,
                            vdt_infer_label(f));
    }
    l->has_planar[i] = TRUE;
    return &l->planar[i];
}

const VdtMap *vdt_infer_get_channels_last(VdtInfer *l, const VdtNode *node)
{
    VdtFused *f = vdt_fused_resolve(l->fused, node);
    guint i = f->node->index;

    if (l->has_channels_last[i])
        return &l->channels_last[i];
    if (f->constant) {
        VdtMap map = vdt_map_describe(&f->node->shape, l->plan->kernels->precision);
        g_autofree char *shape = vdt_shape_to_string(&f->node->shape);
        g_autofree char *key = g_strdup_printf("map %u %s %s", i, f->node->name, shape);
        gsize plane = map.h * map.w, image = vdt_map_bytes(l->plan, &map) / map.n;
        gboolean fresh;
        char *data = vdt_plan_get_blob(l->plan, key, map.n * image, &fresh);

        for (gsize n = 0; n < map.n && fresh; n++)
            l->plan->kernels->from_planes(plane, map.c,
                                          (const float *)f->constant->data + n * map.c * plane,
                                          plane, data + n * image, map.pitch);
        map.place.constant = data;
        l->channels_last[i] = map;
        l->has_channels_last[i] = TRUE;
    } else {
        VdtMap map = vdt_infer_new_map(l, f, FALSE);

        vdt_plan_add_layout(l->plan, &l->planar[i].place, &map, FALSE, vdt_infer_label(f));
    }
    return &l->channels_last[i];
}

VdtLateEpilogue vdt_infer_epilogue(VdtInfer *l, VdtFused *f)
{
    g_autofree char *key = vdt_infer_key(f, "bias");
    VdtLateEpilogue e = {
        .bias = vdt_infer_constant(l, key, f->bias, f->columns), .act0 = f->act0, .act1 = f->act1};

    if (f->mul) {
        const VdtMap *map = vdt_infer_get_channels_last(l, f->mul->node);

        e.mul = map->place;
        e.mul_pitch = map->pitch;
        e.mul_image = map->n > 1 ? map->h * map->w : 0;
    }
    if (f->add) {
        const VdtMap *map = vdt_infer_get_channels_last(l, f->add->node);

        e.add = map->place;
        e.add_pitch = map->pitch;
        e.add_image = map->n > 1 ? map->h * map->w : 0;
    }
    return e;
}
