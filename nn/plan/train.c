/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TRAIN plan: forward steps in build order, then backward steps in reverse, one schedule. A
 * buffer lives until the last step that reads it, so what no backward step needs is gone early. The
 * first step that writes a gradient stores, later ones add; nothing is cleared.
 */
#include "train.h"

#include <string.h>

#include "../ops/table.h"

static const VdtTrainLowering lowerings[] = {
    /* the first that takes the node wins */
    {&vdt_op_conv2d, vdt_train_depthwise, vdt_train_depthwise_backward, FALSE},
    {&vdt_op_conv2d, vdt_train_product, vdt_train_product_backward, TRUE},
    {&vdt_op_linear, vdt_train_product, vdt_train_product_backward, FALSE},
    {&vdt_op_batch_norm, vdt_train_norm, vdt_train_norm_backward, TRUE},
    {&vdt_op_relu, vdt_train_act_alone, vdt_train_act_backward, FALSE},
    {&vdt_op_sigmoid, vdt_train_act_alone, vdt_train_act_backward, FALSE},
    {&vdt_op_gelu, vdt_train_act_alone, vdt_train_act_backward, FALSE},
    {&vdt_op_add, vdt_train_add, vdt_train_add_backward, TRUE},
    {&vdt_op_add, vdt_train_outer_sum, vdt_train_outer_sum_backward, TRUE},
    {&vdt_op_mul, vdt_train_mul, vdt_train_mul_backward, FALSE},
    {&vdt_op_max_pool2d, vdt_train_max_pool, vdt_train_max_pool_backward, FALSE},
    {&vdt_op_global_avg_pool, vdt_train_mean, vdt_train_mean_backward, FALSE},
    {&vdt_op_reshape, vdt_train_reshape, vdt_train_reshape_backward, FALSE},
    {&vdt_op_resize_bilinear, vdt_train_resize, vdt_train_resize_backward, FALSE},
    {&vdt_op_adaptive_avg_pool2d, vdt_train_adaptive_pool, vdt_train_adaptive_pool_backward, FALSE},
    {&vdt_op_matmul, vdt_train_matmul, vdt_train_matmul_backward, FALSE},
    {&vdt_op_softmax, vdt_train_softmax, vdt_train_softmax_backward, FALSE},
    {&vdt_op_cross_entropy, vdt_train_cross_entropy, vdt_train_cross_entropy_backward, FALSE},
    {&vdt_op_dropout, vdt_train_dropout, vdt_train_dropout_backward, FALSE},
};

VdtAct vdt_train_act(const VdtTraining *t, const VdtNode *node)
{
    const VdtNode *act = t->taken[node->index];

    if (!act)
        return VDT_ACT_NONE;
    return act->op == &vdt_op_relu ? VDT_ACT_RELU : VDT_ACT_SIGMOID;
}

VdtPlace vdt_train_floats(VdtTraining *t, gsize n)
{
    return vdt_plan_add_buffer(t->plan, n * sizeof(float));
}

VdtMap vdt_train_map_like(VdtTraining *t, const VdtMap *like)
{
    VdtMap map = *like;

    map.place = vdt_plan_add_buffer(t->plan, vdt_map_bytes(t->plan, like));
    return map;
}

VdtMap vdt_train_new_map(VdtTraining *t, const VdtNode *node)
{
    guint i = vdt_train_result(t, node)->index;
    VdtMap map = vdt_map_describe(&node->shape, VDT_PRECISION_F32);

    t->channels_last[i] = vdt_train_map_like(t, &map);
    t->has_channels_last[i] = TRUE;
    return t->channels_last[i];
}

gpointer vdt_train_init_step(VdtTraining *t, const VdtNode *node, gpointer memory, VdtStep step)
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

const VdtMap *vdt_train_planar(VdtTraining *t, const VdtNode *node)
{
    guint i = node->index;

    if (!t->has_planar[i]) {
        t->planar[i] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[i] = TRUE;
        vdt_plan_add_layout(t->plan, &t->planar[i].place, &t->channels_last[i], TRUE, label(node));
    }
    return &t->planar[i];
}

const VdtMap *vdt_train_channels_last(VdtTraining *t, const VdtNode *node)
{
    guint i = node->index;

    if (!t->has_channels_last[i]) {
        VdtMap map = vdt_map_describe(&node->shape, VDT_PRECISION_F32);

        t->channels_last[i] = vdt_train_map_like(t, &map);
        t->has_channels_last[i] = TRUE;
        vdt_plan_add_layout(t->plan, &t->planar[i].place, &t->channels_last[i], FALSE, label(node));
    }
    return &t->channels_last[i];
}

/* Gradients */

static gboolean is_planar(const VdtTraining *t, const VdtNode *node)
{
    return t->is_weight[node->index] || !vdt_shape_has_channels(&node->shape);
}

const VdtMap *vdt_train_dy(VdtTraining *t, const VdtNode *node)
{
    return &t->gradients[vdt_train_result(t, node)->index].map;
}

VdtMap vdt_train_dx(VdtTraining *t, const VdtNode *input, gboolean *add)
{
    VdtGradient *gradient = &t->gradients[input->index];

    g_assert(!gradient->shared);
    *add = gradient->exists;
    if (!gradient->exists) {
        if (is_planar(t, input)) {
            gradient->map = vdt_plan_planar(t->plan, &input->shape);
        } else {
            VdtMap map = vdt_map_describe(&input->shape, VDT_PRECISION_F32);

            gradient->map = vdt_train_map_like(t, &map);
        }
        gradient->exists = TRUE;
    }
    return gradient->map;
}

gboolean vdt_train_share_dx(VdtTraining *t, const VdtNode *input, const VdtMap *map)
{
    VdtGradient *gradient = &t->gradients[input->index];

    /* Another use would add to memory that is not this value's own. */
    if (gradient->exists || t->n_uses[input->index] > 1 || is_planar(t, input))
        return FALSE;
    *gradient = (VdtGradient){.exists = TRUE, .shared = TRUE};
    /* Rows of pixels may be cut into lines in another way: a reshape. */
    gradient->map = vdt_map_describe(&input->shape, VDT_PRECISION_F32);
    gradient->map.place = map->place;
    return TRUE;
}

/* The gradient of the loss by itself. */
static const float one[VDT_LANES] = {1};

static const VdtNode *find_loss(const VdtGraph *graph, GError **error)
{
    VdtNode *loss = vdt_graph_find_output(graph, "loss");

    if (!loss || vdt_shape_elements(&loss->shape) != 1) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_SHAPE,
                    loss ? "the output \"loss\" is not a single number"
                         : "the graph has no output \"loss\" to train for");
        return NULL;
    }
    return loss;
}

static gboolean is_product(const VdtNode *node)
{
    return node->op == &vdt_op_conv2d || node->op == &vdt_op_linear;
}

/* What each value is used for, what needs a gradient, and which activations are taken in. */
static void look(VdtTraining *t, const VdtGraph *graph)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        t->trained[i] = node->op == &vdt_op_param && !node->derived;
        for (guint j = 0; j < node->n_inputs; j++) {
            t->is_weight[node->inputs[j]->index] |= j > 0 && is_product(node);
            t->n_uses[node->inputs[j]->index]++;
            t->trained[i] |= t->trained[node->inputs[j]->index] && node->op->backward;
        }
    }
    for (guint i = 0; i < graph->outputs->len; i++)
        t->n_uses[g_array_index(graph->outputs, VdtNamed, i).node->index]++;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *act = graph->nodes->pdata[i], *before = act->inputs[0];
        gboolean takes = FALSE;

        if ((act->op != &vdt_op_relu && act->op != &vdt_op_sigmoid) ||
            !vdt_shape_has_channels(&act->shape) || t->n_uses[before->index] != 1)
            continue;
        for (guint j = 0; j < G_N_ELEMENTS(lowerings); j++)
            takes |= lowerings[j].op == before->op && lowerings[j].takes_act;
        /* depthwise convolutions, and sigmoids behind anything but products, are on their own */
        if (before->op == &vdt_op_conv2d && before->p.conv2d.groups != 1)
            takes = FALSE;
        if (before->op != &vdt_op_conv2d && act->op == &vdt_op_sigmoid)
            takes = FALSE;
        if (takes) {
            t->taken[before->index] = act;
            t->is_taken[i] = TRUE;
        }
    }
}

static void forward(VdtTraining *t, const VdtNode *node, const VdtTrainLowering **by)
{
    for (guint i = 0; i < G_N_ELEMENTS(lowerings); i++) {
        if (lowerings[i].op == node->op && lowerings[i].forward(t, node)) {
            *by = &lowerings[i];
            return;
        }
    }
    if (t->taken[node->index]) {
        t->is_taken[t->taken[node->index]->index] = FALSE;
        t->taken[node->index] = NULL;
    }
    vdt_train_reference(t, node);
    *by = NULL;
}

static void backward(VdtTraining *t, const VdtNode *node, const VdtTrainLowering *by)
{
    if (by)
        by->backward(t, node);
    else
        vdt_train_reference_backward(t, node);
}

/* Parameters and inputs, which hold their contents before the first step. */
static void add_leaves(VdtTraining *t, const VdtGraph *graph, VdtTensor *const *params)
{
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];

        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        g_array_append_val(t->plan->params, t->planar[node->index]);
        g_ptr_array_add(t->plan->constants, vdt_tensor_ref(params[node->index]));
    }
    for (guint i = 0; i < graph->inputs->len; i++) {
        const VdtNode *node = graph->inputs->pdata[i];

        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        g_array_append_val(t->plan->inputs, t->planar[node->index]);
    }
}

static VdtPlace make_zeros(VdtPlan *plan)
{
    gsize widest = VDT_LANES, size;
    gboolean fresh;
    char *zeros;

    for (guint i = 0; i < plan->graph->nodes->len; i++) {
        const VdtNode *node = plan->graph->nodes->pdata[i];

        if (vdt_shape_has_channels(&node->shape))
            widest = MAX(widest, (gsize)node->shape.dims[1]);
    }
    size = 2 * vdt_map_pitch(widest, sizeof(float)) * sizeof(float);
    zeros = vdt_plan_get_blob(plan, "zeros", size, &fresh);
    if (fresh)
        memset(zeros, 0, size);
    return (VdtPlace){.constant = zeros};
}

/* The gradients that the session shows. One that nothing leads to stays zero. */
static void add_gradients(VdtTraining *t, const VdtGraph *graph)
{
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];
        VdtMap map = t->gradients[node->index].map;

        if (!t->gradients[node->index].exists || !map.planar) {
            VdtMap planar = vdt_plan_planar(t->plan, &node->shape);

            if (t->gradients[node->index].exists)
                vdt_plan_add_layout(t->plan, &planar.place, &map, TRUE, node->name);
            map = planar;
        }
        g_array_append_val(t->plan->gradients, map);
    }
}

gboolean vdt_plan_train(VdtPlan *plan, VdtTensor *const *params, GError **error)
{
    const VdtGraph *graph = plan->graph;
    guint n = graph->nodes->len;
    g_autofree VdtMap *planar = g_new0(VdtMap, n), *channels_last = g_new0(VdtMap, n);
    g_autofree gboolean *has_planar = g_new0(gboolean, n), *is_taken = g_new0(gboolean, n);
    g_autofree gboolean *has_channels_last = g_new0(gboolean, n), *trained = g_new0(gboolean, n);
    g_autofree gboolean *is_weight = g_new0(gboolean, n);
    g_autofree VdtGradient *gradients = g_new0(VdtGradient, n);
    g_autofree guint *n_uses = g_new0(guint, n);
    g_autofree const VdtNode **taken = g_new0(const VdtNode *, n);
    g_autofree const VdtTrainLowering **by = g_new0(const VdtTrainLowering *, n);
    g_autofree gpointer *kept = g_new0(gpointer, n);
    VdtTraining t = {.plan = plan,
                     .kernels = vdt_train_kernels_get(vdt_isa_get()),
                     .planar = planar,
                     .channels_last = channels_last,
                     .has_planar = has_planar,
                     .has_channels_last = has_channels_last,
                     .gradients = gradients,
                     .trained = trained,
                     .is_weight = is_weight,
                     .n_uses = n_uses,
                     .taken = taken,
                     .is_taken = is_taken,
                     .kept = kept};
    const VdtNode *loss = find_loss(graph, error);

    if (!loss)
        return FALSE;
    plan->seed = vdt_plan_add_buffer(plan, sizeof(guint64));
    t.zeros = make_zeros(plan);
    look(&t, graph);
    add_leaves(&t, graph, params);
    for (guint i = 0; i < n; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->n_inputs > 0 && !is_taken[i])
            forward(&t, node, &by[i]);
    }
    for (guint i = 0; i < graph->outputs->len; i++) {
        const VdtNamed *named = &g_array_index(graph->outputs, VdtNamed, i);

        g_array_append_val(plan->outputs, *vdt_train_planar(&t, named->node));
    }
    gradients[loss->index] = (VdtGradient){
        .exists = TRUE,
        .shared = TRUE,
        .map = {
            .place.constant = one, .planar = TRUE, .f32 = TRUE, .n = 1, .h = 1, .w = 1, .c = 1}};
    if (vdt_shape_has_channels(&loss->shape)) {
        gradients[loss->index].map.planar = FALSE;
        gradients[loss->index].map.pitch = VDT_LANES;
    }
    for (guint i = n; i-- > 0;) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->n_inputs > 0 && !is_taken[i] && trained[i] &&
            gradients[vdt_train_result(&t, node)->index].exists)
            backward(&t, node, by[i]);
        g_free(kept[i]);
    }
    add_gradients(&t, graph);
    return TRUE;
}
