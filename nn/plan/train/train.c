/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The TRAIN plan: forward steps in build order, then backward steps in reverse, one schedule. A
 * buffer lives until the last step that reads it, so what no backward step needs is gone early. The
 * first step that writes a gradient stores, later ones add; nothing is cleared.
 */
#include "train.h"

#include "account.h"

#include "ops/table.h"

#define LOWERINGS(file) &VDT_TRAIN_LOWERINGS_OF(file),
static const VdtTrainLowerings *const lowerings[] = {VDT_TRAIN_LOWERING_FILES(LOWERINGS)};
#undef LOWERINGS

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

static gboolean is_of_matrices(const VdtNode *node)
{
    return node->op == &vdt_op_permute || node->op == &vdt_op_matmul ||
           node->op == &vdt_op_softmax || node->op == &vdt_op_reshape || node->op == &vdt_op_add ||
           node->op == &vdt_op_window_bias;
}

/* Values of four dimensions that attention makes are matrices and no pictures, as long as nothing
 * else looks at them. */
static void find_flat(VdtTrain *t, const VdtGraph *graph)
{
    gboolean changed = TRUE;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        t->flat[i] = node->shape.n_dims == 4 && is_of_matrices(node);
    }
    for (guint i = 0; i < graph->outputs->len; i++)
        t->flat[g_array_index(graph->outputs, VdtNamed, i).node->index] = FALSE;
    while (changed) {
        changed = FALSE;
        for (guint i = 0; i < graph->nodes->len; i++) {
            const VdtNode *node = graph->nodes->pdata[i];

            for (guint j = 0; j < node->n_inputs; j++) {
                const VdtNode *x = node->inputs[j];
                gboolean both = node->op == &vdt_op_matmul || node->op == &vdt_op_softmax ||
                                node->op == &vdt_op_add;

                if (t->flat[x->index] &&
                    (!is_of_matrices(node) || (both && node->shape.n_dims == 4 && !t->flat[i]))) {
                    t->flat[x->index] = FALSE;
                    changed = TRUE;
                }
                if (t->flat[i] && both && x->shape.n_dims == 4 && !t->flat[x->index]) {
                    t->flat[i] = FALSE;
                    changed = TRUE;
                }
            }
        }
    }
}

static gboolean takes_act(const VdtOp *op)
{
    for (guint i = 0; i < G_N_ELEMENTS(lowerings); i++)
        for (guint j = 0; j < lowerings[i]->n_rows; j++)
            if (lowerings[i]->rows[j].op == op && lowerings[i]->rows[j].takes_act)
                return TRUE;
    return FALSE;
}

/* What each value is used for, what needs a gradient, and which activations are taken in. */
static void look(VdtTrain *t, const VdtGraph *graph)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        t->trained[i] = node->op == &vdt_op_param && vdt_param_is_trained(node);
        for (guint j = 0; j < node->n_inputs; j++) {
            t->is_weight[node->inputs[j]->index] |= j > 0 && is_product(node);
            t->n_uses[node->inputs[j]->index]++;
            t->trained[i] |=
                t->trained[node->inputs[j]->index] && node->op->backward && node->dtype == VDT_F32;
        }
    }
    for (guint i = 0; i < graph->outputs->len; i++)
        t->n_uses[g_array_index(graph->outputs, VdtNamed, i).node->index]++;

    for (guint i = 0; i < graph->nodes->len; i++) {
        const VdtNode *act = graph->nodes->pdata[i], *before = act->inputs[0];
        gboolean takes;

        if ((act->op != &vdt_op_relu && act->op != &vdt_op_sigmoid) || !vdt_train_has_map(t, act) ||
            t->n_uses[before->index] != 1)
            continue;
        takes = takes_act(before->op);
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

/* A weight that is computed has a planar gradient, as products make it, whatever its shape: steps
 * of maps would take it for something else. */
static void make_forward(VdtTrain *t, const VdtNode *node, const VdtTrainLowering **by)
{
    for (guint i = 0; i < G_N_ELEMENTS(lowerings) && !t->is_weight[node->index]; i++)
        for (guint j = 0; j < lowerings[i]->n_rows; j++) {
            const VdtTrainLowering *row = &lowerings[i]->rows[j];

            if (row->op == node->op && row->forward(t, node)) {
                *by = row;
                return;
            }
        }
    vdt_train_leave_act(t, node);
    vdt_train_reference(t, node);
    *by = NULL;
}

static void make_backward(VdtTrain *t, const VdtNode *node, const VdtTrainLowering *by)
{
    if (by)
        by->backward(t, node);
    else
        vdt_train_reference_backward(t, node);
}

/* Parameters and inputs, which hold their contents before the first step. */
static gboolean add_leaves(VdtTrain *t, const VdtGraph *graph, const VdtBound *params,
                           GError **error)
{
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];
        VdtTensor *values = vdt_as_floats(params[node->index].tensor, error);

        if (!values)
            return FALSE;
        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        vdt_plan_fill(t->plan, &t->planar[node->index].place);
        g_array_append_val(t->plan->params, t->planar[node->index]);
        g_ptr_array_add(t->plan->constants, values);
    }
    for (guint i = 0; i < graph->inputs->len; i++) {
        const VdtNode *node = graph->inputs->pdata[i];

        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        vdt_plan_fill(t->plan, &t->planar[node->index].place);
        g_array_append_val(t->plan->inputs, t->planar[node->index]);
    }
    for (guint i = 0; i < graph->states->len; i++) {
        const VdtNode *node = graph->states->pdata[i];

        t->planar[node->index] = vdt_plan_planar(t->plan, &node->shape);
        t->has_planar[node->index] = TRUE;
        vdt_plan_load_state(t->plan, node, &t->planar[node->index].place);
    }
    return TRUE;
}

/* The gradients that the session shows. One that nothing leads to stays zero; what is not trained
 * has none. */
static void add_gradients(VdtTrain *t, const VdtGraph *graph)
{
    for (guint i = 0; i < graph->params->len; i++) {
        const VdtNode *node = graph->params->pdata[i];
        VdtMap map = t->gradients[node->index].map;

        if (!vdt_param_is_trained(node)) {
            map = (VdtMap){.place = t->zeros}; /* which is no buffer */
        } else if (!t->gradients[node->index].exists ||
                   !(map.planar || vdt_train_is_in_order(t, node))) {
            VdtMap planar = vdt_plan_planar(t->plan, &node->shape);

            if (!t->gradients[node->index].exists)
                vdt_plan_fill(t->plan, &planar.place);
            else
                vdt_plan_add_layout(t->plan, &planar.place, &map, TRUE, node->name);
            map = planar;
        }
        g_array_append_val(t->plan->gradients, map);
    }
}

gboolean vdt_plan_train(VdtPlan *plan, const VdtBound *params, GError **error)
{
    const VdtGraph *graph = plan->graph;
    guint n = graph->nodes->len;
    g_autofree VdtMap *planar = g_new0(VdtMap, n), *channels_last = g_new0(VdtMap, n);
    g_autofree gboolean *has_planar = g_new0(gboolean, n), *is_taken = g_new0(gboolean, n);
    g_autofree gboolean *has_channels_last = g_new0(gboolean, n), *trained = g_new0(gboolean, n);
    g_autofree gboolean *is_weight = g_new0(gboolean, n), *flat = g_new0(gboolean, n);
    g_autofree VdtGradient *gradients = g_new0(VdtGradient, n);
    g_autofree guint *n_uses = g_new0(guint, n);
    g_autofree const VdtNode **taken = g_new0(const VdtNode *, n);
    g_autofree const VdtTrainLowering **by = g_new0(const VdtTrainLowering *, n);
    g_autofree gpointer *kept = g_new0(gpointer, n);
    VdtTrain t = {.plan = plan,
                  .kernels = vdt_gradient_kernels_get(vdt_isa_get()),
                  .planar = planar,
                  .channels_last = channels_last,
                  .has_planar = has_planar,
                  .has_channels_last = has_channels_last,
                  .gradients = gradients,
                  .trained = trained,
                  .is_weight = is_weight,
                  .flat = flat,
                  .n_uses = n_uses,
                  .taken = taken,
                  .is_taken = is_taken,
                  .kept = kept};
    const VdtNode *loss = find_loss(graph, error);

    if (!loss)
        return FALSE;
    plan->seed = vdt_plan_add_buffer(plan, sizeof(guint64));
    vdt_plan_fill(plan, &plan->seed);
    t.zeros = vdt_plan_zeros(plan);
    find_flat(&t, graph);
    look(&t, graph);
    if (!add_leaves(&t, graph, params, error))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->n_inputs > 0 && !is_taken[i])
            make_forward(&t, node, &by[i]);
        if (node->state && node->n_inputs > 0)
            vdt_plan_store_state(plan, node, &vdt_train_planar(&t, node)->place);
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
    if (vdt_train_has_map(&t, loss)) {
        gradients[loss->index].map.planar = FALSE;
        gradients[loss->index].map.pitch = VDT_LANES;
    }
    for (guint i = n; i-- > 0;) {
        const VdtNode *node = graph->nodes->pdata[i];

        if (node->n_inputs > 0 && !is_taken[i] && trained[i] &&
            gradients[vdt_train_result(&t, node)->index].exists)
            make_backward(&t, node, by[i]);
        g_free(kept[i]);
    }
    add_gradients(&t, graph);
    return TRUE;
}
