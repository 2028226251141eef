/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lower.h"

#include <string.h>

#include "../ops/table.h"

VdtMap vdt_lower_new_map(VdtLowering *l, VdtFused *f, gboolean f32)
{
    guint i = f->node->index;
    VdtMap map =
        vdt_map_describe(&f->node->shape, f32 ? VDT_PRECISION_F32 : l->plan->kernels->precision);

    map.place = vdt_plan_add_buffer(l->plan, vdt_map_bytes(l->plan, &map));
    l->channels_last[i] = map;
    l->has_channels_last[i] = TRUE;
    return map;
}

VdtPlace vdt_lower_constant(VdtLowering *l, const char *key, const float *values, gsize n)
{
    gboolean fresh;
    float *data = vdt_plan_get_blob(l->plan, key, VDT_ALIGN_LANES(n) * sizeof *data, &fresh);

    if (fresh) {
        memcpy(data, values, n * sizeof *data);
        memset(data + n, 0, (VDT_ALIGN_LANES(n) - n) * sizeof *data);
    }
    return (VdtPlace){.constant = data};
}

char *vdt_lower_key(const VdtFused *f, const char *what)
{
    const guchar *parts[] = {(const guchar *)f->scale, (const guchar *)f->bias};
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325); /* FNV-1a */

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        for (gsize j = 0; j < f->columns * sizeof(float); j++)
            hash = (hash ^ parts[i][j]) * G_GUINT64_CONSTANT(0x100000001b3);
    return g_strdup_printf("%s %s %016" G_GINT64_MODIFIER "x", what, f->node->inputs[1]->name,
                           hash);
}

const char *vdt_lower_label(const VdtFused *f)
{
    return f->node->name && *f->node->name ? f->node->name : f->node->op->name;
}

guint vdt_lower_parts(gsize elements)
{
    return elements > 32768 ? 8 : 1;
}

gpointer vdt_lower_init_step(VdtLowering *l, const VdtFused *f, gpointer memory, VdtStep step)
{
    step.label = g_strdup(vdt_lower_label(f));
    memcpy(memory, &step, sizeof step);
    return memory;
}

const VdtMap *vdt_lower_get_planar(VdtLowering *l, const VdtNode *node)
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
                            vdt_lower_label(f));
    }
    l->has_planar[i] = TRUE;
    return &l->planar[i];
}

const VdtMap *vdt_lower_get_channels_last(VdtLowering *l, const VdtNode *node)
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
        VdtMap map = vdt_lower_new_map(l, f, FALSE);

        vdt_plan_add_layout(l->plan, &l->planar[i].place, &map, FALSE, vdt_lower_label(f));
    }
    return &l->channels_last[i];
}

VdtLateEpilogue vdt_lower_epilogue(VdtLowering *l, VdtFused *f)
{
    g_autofree char *key = vdt_lower_key(f, "bias");
    VdtLateEpilogue e = {.bias = vdt_lower_constant(l, key, f->bias, f->columns),
                         .act0 = f->act0,
                         .act1 = f->act1,
                         .has_mul = f->mul != NULL,
                         .has_add = f->add != NULL};

    if (f->mul) {
        const VdtMap *map = vdt_lower_get_channels_last(l, f->mul->node);

        e.mul = map->place;
        e.mul_pitch = map->pitch;
        e.mul_image = map->n > 1 ? map->h * map->w : 0;
    }
    if (f->add) {
        const VdtMap *map = vdt_lower_get_channels_last(l, f->add->node);

        e.add = map->place;
        e.add_pitch = map->pitch;
        e.add_image = map->n > 1 ? map->h * map->w : 0;
    }
    return e;
}

/* The same memory, perhaps under another shape: reshapes, and what only training does. */
static gboolean lower_same(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node, *x = node->inputs[0];
    VdtFused *source = vdt_fused_resolve(l->fused, x);
    guint i = node->index, j = source->node->index;
    gboolean equal = vdt_shape_equal(&node->shape, &x->shape);

    if (l->has_channels_last[j] && (equal || (l->channels_last[j].h * l->channels_last[j].w == 1 &&
                                              vdt_shape_has_channels(&node->shape) &&
                                              node->shape.dims[0] == x->shape.dims[0] &&
                                              node->shape.dims[1] == x->shape.dims[1]))) {
        l->channels_last[i] = l->channels_last[j];
        l->has_channels_last[i] = TRUE;
    } else {
        l->planar[i] = *vdt_lower_get_planar(l, x);
        l->has_planar[i] = TRUE;
    }
    return TRUE;
}

static void lower_reference(VdtLowering *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtMap inputs[VDT_MAX_INPUTS];

    for (guint j = 0; j < node->n_inputs; j++)
        inputs[j] = *vdt_lower_get_planar(l, node->inputs[j]);
    l->planar[node->index] = vdt_plan_planar(l->plan, &node->shape);
    l->has_planar[node->index] = TRUE;
    vdt_plan_add_reference(l->plan, node, inputs, &l->planar[node->index]);
}

static const struct {
    const VdtOp *op;
    gboolean (*lower)(VdtLowering *l, VdtFused *f);
} lowerings[] = {
    /* the first that takes the node wins */
    {&vdt_op_conv2d, vdt_lower_bands},
    {&vdt_op_conv2d, vdt_lower_exchange},
    {&vdt_op_conv2d, vdt_lower_depthwise},
    {&vdt_op_conv2d, vdt_lower_planes},
    {&vdt_op_conv2d, vdt_lower_winograd},
    {&vdt_op_conv2d, vdt_lower_product},
    {&vdt_op_linear, vdt_lower_product},
    {&vdt_op_matmul, vdt_lower_gather},
    {&vdt_op_matmul, vdt_lower_matmul},
    {&vdt_op_softmax, vdt_lower_softmax},
    {&vdt_op_batch_norm, vdt_lower_batch_norm},
    {&vdt_op_relu, vdt_lower_elementwise},
    {&vdt_op_sigmoid, vdt_lower_elementwise},
    {&vdt_op_gelu, vdt_lower_elementwise},
    {&vdt_op_hard_sigmoid, vdt_lower_elementwise},
    {&vdt_op_add, vdt_lower_outer_sum},
    {&vdt_op_add, vdt_lower_elementwise},
    {&vdt_op_mul, vdt_lower_elementwise},
    {&vdt_op_max_pool2d, vdt_lower_max_pool},
    {&vdt_op_global_avg_pool, vdt_lower_mean},
    {&vdt_op_adaptive_avg_pool2d, vdt_lower_adaptive_pool},
    {&vdt_op_resize_bilinear, vdt_lower_resize},
    {&vdt_op_concat, vdt_lower_concat},
    {&vdt_op_slice, vdt_lower_slice},
    {&vdt_op_reshape, vdt_lower_attention},
    {&vdt_op_reshape, lower_same},
    {&vdt_op_dropout, lower_same},
};

static void lower_node(VdtLowering *l, VdtFused *f)
{
    for (guint i = 0; i < G_N_ELEMENTS(lowerings); i++)
        if (lowerings[i].op == f->node->op && lowerings[i].lower(l, f))
            return;
    lower_reference(l, f);
}

/* Zeros for padding and for no bias, as wide as the widest map or tile. */
static VdtPlace make_zeros(VdtLowering *l, const VdtGraph *graph)
{
    gsize widest = l->plan->kernels_f32->nr, size;
    gboolean fresh;
    char *zeros;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (vdt_shape_has_channels(&node->shape))
            widest = MAX(widest, (gsize)node->shape.dims[1]);
    }
    /* twice: Winograd reads two pixels as one */
    size = 2 * vdt_map_pitch(widest, sizeof(float)) * sizeof(float);
    zeros = vdt_plan_get_blob(l->plan, "zeros", size, &fresh);
    if (fresh)
        memset(zeros, 0, size);
    return (VdtPlace){.constant = zeros};
}

gboolean vdt_plan_infer(VdtPlan *plan, VdtTensor *const *params, GError **error)
{
    const VdtGraph *graph = plan->graph;
    guint n = graph->nodes->len;
    g_autofree VdtMap *planar = g_new0(VdtMap, n), *channels_last = g_new0(VdtMap, n);
    g_autofree gboolean *has_planar = g_new0(gboolean, n);
    g_autofree gboolean *has_channels_last = g_new0(gboolean, n);
    g_autofree VdtRole *roles = g_new0(VdtRole, n);
    g_autofree VdtQuantised *quantised = g_new0(VdtQuantised, n);
    VdtLowering l = {.plan = plan,
                     .fused = vdt_fuse(graph, params, error),
                     .planar = planar,
                     .channels_last = channels_last,
                     .has_planar = has_planar,
                     .has_channels_last = has_channels_last,
                     .roles = roles,
                     .quantised = quantised};
    g_autofree VdtFused **at = g_new0(VdtFused *, n); /* what runs in a node's place */

    if (!l.fused)
        return FALSE;
    l.zeros = make_zeros(&l, graph);
    for (guint i = 0; i < graph->inputs->len; i++) {
        guint j = ((const VdtNode *)graph->inputs->pdata[i])->index;

        planar[j] = vdt_plan_planar(plan, &l.fused[j].node->shape);
        has_planar[j] = TRUE;
        g_array_append_val(plan->inputs, planar[j]);
    }
    for (guint i = 0; i < n; i++) {
        VdtFused *f = &l.fused[i];

        if (!f->same_as && !f->unused && !f->constant && f->node->n_inputs > 0)
            at[f->position] = f;
    }
    vdt_lower_find_bands(&l, n);
    vdt_lower_find_exchanges(&l, n);
    vdt_lower_find_gathers(&l, n);
    for (guint i = 0; i < n; i++)
        if (at[i] && roles[at[i]->node->index] != VDT_ROLE_INSIDE)
            lower_node(&l, at[i]);
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNamed *named = &g_array_index(graph->outputs, VdtNamed, i);

        g_array_append_val(plan->outputs, *vdt_lower_get_planar(&l, named->node));
    }
    vdt_fused_free(l.fused, n);
    return TRUE;
}
