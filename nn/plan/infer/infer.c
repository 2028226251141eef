/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The INFER plan: rewrites, then a step or some for each node that is left, by the first row of the
 * table that takes it. */
#include "infer.h"

#include "lowering.h"
#include "ops/table.h"

/* The same memory, perhaps under another shape: reshapes, and what only training does. */
static gboolean lower_same(VdtInfer *l, VdtFused *f)
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
        l->planar[i] = *vdt_infer_get_planar(l, x);
        l->has_planar[i] = TRUE;
    }
    return TRUE;
}

static void lower_reference(VdtInfer *l, VdtFused *f)
{
    const VdtNode *node = f->node;
    VdtMap inputs[VDT_MAX_INPUTS];

    for (guint j = 0; j < node->n_inputs; j++)
        inputs[j] = *vdt_infer_get_planar(l, node->inputs[j]);
    l->planar[node->index] = vdt_plan_planar(l->plan, &node->shape);
    l->has_planar[node->index] = TRUE;
    vdt_plan_add_reference(l->plan, node, inputs, &l->planar[node->index]);
}

static const struct {
    const VdtOp *op;
    gboolean (*lower)(VdtInfer *l, VdtFused *f);
} lowerings[] = {
    /* the first that takes the node wins */
    {&vdt_op_conv2d, vdt_infer_bands},
    {&vdt_op_conv2d, vdt_infer_exchange},
    {&vdt_op_conv2d, vdt_infer_depthwise},
    {&vdt_op_conv2d, vdt_infer_planes},
    {&vdt_op_conv2d, vdt_infer_winograd},
    {&vdt_op_conv2d, vdt_infer_product},
    {&vdt_op_linear, vdt_infer_product},
    {&vdt_op_matmul, vdt_infer_gather},
    {&vdt_op_matmul, vdt_infer_matmul},
    {&vdt_op_softmax, vdt_infer_softmax},
    {&vdt_op_batch_norm, vdt_infer_batch_norm},
    {&vdt_op_relu, vdt_infer_elementwise},
    {&vdt_op_sigmoid, vdt_infer_elementwise},
    {&vdt_op_gelu, vdt_infer_elementwise},
    {&vdt_op_hard_sigmoid, vdt_infer_elementwise},
    {&vdt_op_add, vdt_infer_outer_sum},
    {&vdt_op_add, vdt_infer_elementwise},
    {&vdt_op_mul, vdt_infer_elementwise},
    {&vdt_op_max_pool2d, vdt_infer_max_pool},
    {&vdt_op_global_avg_pool, vdt_infer_mean},
    {&vdt_op_adaptive_avg_pool2d, vdt_infer_adaptive_pool},
    {&vdt_op_resize_bilinear, vdt_infer_resize},
    {&vdt_op_concat, vdt_infer_concat},
    {&vdt_op_slice, vdt_infer_slice},
    {&vdt_op_reshape, vdt_infer_attention},
    {&vdt_op_reshape, lower_same},
    {&vdt_op_dropout, lower_same},
};

static void lower_node(VdtInfer *l, VdtFused *f)
{
    for (guint i = 0; i < G_N_ELEMENTS(lowerings); i++)
        if (lowerings[i].op == f->node->op && lowerings[i].lower(l, f))
            return;
    lower_reference(l, f);
}

/* An array by node index, or NULL and @error. */
static VdtFused *fuse(const VdtGraph *graph, VdtTensor *const *params, GError **error)
{
    guint n = graph->nodes->len;
    VdtFused *fused = g_new0(VdtFused, n);
    gboolean ok = vdt_fold_constants(graph, fused, params, error);

    if (ok) {
        vdt_fold_count_uses(graph, fused);
        vdt_fold_into_products(graph, fused);
        vdt_fuse_attention(graph, fused);
        ok = vdt_fold_check(fused, n, error);
    }
    if (!ok) {
        vdt_fused_free(fused, n);
        return NULL;
    }
    vdt_fuse_epilogues(graph, fused);
    return fused;
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
    VdtInfer l = {.plan = plan,
                  .fused = fuse(graph, params, error),
                  .planar = planar,
                  .channels_last = channels_last,
                  .has_planar = has_planar,
                  .has_channels_last = has_channels_last,
                  .roles = roles,
                  .quantised = quantised};
    g_autofree VdtFused **at = g_new0(VdtFused *, n); /* what runs in a node's place */

    if (!l.fused)
        return FALSE;
    l.zeros = vdt_plan_zeros(plan);
    for (guint i = 0; i < graph->inputs->len; i++) {
        guint j = ((const VdtNode *)graph->inputs->pdata[i])->index;

        planar[j] = vdt_plan_planar(plan, &l.fused[j].node->shape);
        has_planar[j] = TRUE;
        vdt_plan_fill(plan, &planar[j].place);
        g_array_append_val(plan->inputs, planar[j]);
    }
    for (guint i = 0; i < n; i++) {
        VdtFused *f = &l.fused[i];

        if (!f->same_as && !f->unused && !f->constant && f->node->n_inputs > 0)
            at[f->position] = f;
    }
    vdt_infer_find_bands(&l, n);
    vdt_infer_find_exchanges(&l, n);
    vdt_infer_find_gathers(&l, n);
    for (guint i = 0; i < n; i++)
        if (at[i] && roles[at[i]->node->index] != VDT_ROLE_INSIDE)
            lower_node(&l, at[i]);
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNamed *named = &g_array_index(graph->outputs, VdtNamed, i);

        g_array_append_val(plan->outputs, *vdt_infer_get_planar(&l, named->node));
    }
    vdt_fused_free(l.fused, n);
    return TRUE;
}
