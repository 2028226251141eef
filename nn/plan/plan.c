/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan object: making, sharing, describing. What its steps are is decided in trace.c, infer/
 * and train/. */
#include <stdlib.h>
#include <string.h>

#include "binder.h"
#include "infer/infer.h"
#include "memory.h"
#include "runtime/host.h"
#include "step/layout.h"
#include "trace.h"
#include "train/train.h"

VdtPlan *vdt_plan_ref(VdtPlan *plan)
{
    g_atomic_int_inc(&plan->ref_count);
    return plan;
}

void vdt_plan_unref(VdtPlan *plan)
{
    VdtHost host;

    if (!plan || !g_atomic_int_dec_and_test(&plan->ref_count))
        return;
    g_ptr_array_unref(plan->steps);
    g_array_unref(plan->buffers);
    vdt_host_enter_locks(&host);
    vdt_constants_lock(plan->shared);
    vdt_plan_drop_blobs(plan);
    vdt_constants_unlock(plan->shared);
    vdt_host_leave_locks(&host);
    g_hash_table_unref(plan->blobs);
    vdt_constants_unref(plan->shared);
    g_ptr_array_unref(plan->constants);
    g_array_unref(plan->inputs);
    g_array_unref(plan->outputs);
    g_array_unref(plan->values);
    g_array_unref(plan->params);
    g_array_unref(plan->gradients);
    vdt_graph_unref(plan->graph);
    g_free(plan);
}

static VdtPlan *new_sharing(VdtGraph *graph, VdtWeights *weights, const VdtPlanOptions *options,
                            VdtPlan *sibling, GError **error)
{
    g_autoptr(VdtPlan) plan = NULL;
    VdtBound *params;
    gboolean ok;

    if (!vdt_graph_check(graph, error))
        return NULL;
    params = vdt_bind(graph, weights, sibling != NULL, error);
    if (!params)
        return NULL;

    plan = g_new0(VdtPlan, 1);
    plan->ref_count = 1;
    plan->kind = options->kind;
    plan->graph = vdt_graph_ref(graph);
    plan->steps = g_ptr_array_new_with_free_func(vdt_step_free);
    plan->buffers = g_array_new(FALSE, TRUE, sizeof(VdtBuffer));
    plan->shared = sibling ? vdt_constants_ref(sibling->shared) : vdt_constants_new();
    plan->blobs = g_hash_table_new(NULL, NULL);
    plan->constants = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    plan->inputs = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->outputs = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->values = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->params = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->gradients = g_array_new(FALSE, TRUE, sizeof(VdtMap));

    if (graph->states->len > 0) {
        plan->slots = vdt_plan_add_buffer(plan, graph->states->len * sizeof(char *));
        vdt_plan_fill(plan, &plan->slots);
    }
    vdt_constants_lock(plan->shared);
    if (options->kind == VDT_PLAN_INFER) {
        plan->kernels_f32 = vdt_kernels_get(vdt_isa_get(), VDT_PRECISION_F32);
        if (options->precision == VDT_PRECISION_INT8)
            plan->kernels_int8 = vdt_int8_kernels_get(vdt_isa_get());
        plan->kernels = vdt_kernels_get(vdt_isa_get(), plan->kernels_int8 ? plan->kernels_int8->maps
                                                                          : options->precision);
        ok = vdt_plan_infer(plan, params, error);
        if (!ok)
            g_prefix_error(error, "%s: ", vdt_weights_get_origin(weights));
    } else if (options->kind == VDT_PLAN_TRAIN) {
        plan->kernels = plan->kernels_f32 = vdt_kernels_get(vdt_isa_get(), VDT_PRECISION_F32);
        ok = vdt_plan_train(plan, params, error);
    } else {
        ok = vdt_plan_trace(plan, params, error);
    }
    vdt_bound_free(params, graph->nodes->len);
    if (ok && plan->out_of_memory > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "out of memory: %" G_GSIZE_FORMAT " bytes of packed weights",
                    plan->out_of_memory);
        ok = FALSE;
    }
    /* What was not filled must not be found. */
    if (!ok)
        vdt_plan_drop_blobs(plan);
    vdt_constants_unlock(plan->shared);
    if (!ok)
        return NULL;

    /* Integers stay until they are set anew. */
    for (guint i = 0; i < plan->inputs->len; i++)
        if (((VdtNode *)graph->inputs->pdata[i])->dtype == VDT_I32)
            vdt_plan_keep(plan, &g_array_index(plan->inputs, VdtMap, i).place);
    for (guint i = 0; i < plan->outputs->len; i++)
        vdt_plan_keep(plan, &g_array_index(plan->outputs, VdtMap, i).place);
    /* Parameters and, since a caller may look at them at any time, their gradients stay. */
    for (guint i = 0; i < plan->params->len; i++) {
        vdt_plan_keep(plan, &g_array_index(plan->params, VdtMap, i).place);
        vdt_plan_fill(plan, &g_array_index(plan->gradients, VdtMap, i).place);
        vdt_plan_keep(plan, &g_array_index(plan->gradients, VdtMap, i).place);
    }
    vdt_plan_keep(plan, &plan->slots);
    if (options->kind == VDT_PLAN_TRAIN)
        vdt_plan_keep(plan, &plan->seed);
    plan->arena_size = vdt_plan_memory((VdtBuffer *)plan->buffers->data, plan->buffers->len);
    return g_steal_pointer(&plan);
}

VdtPlan *vdt_plan_new_sharing(VdtGraph *graph, VdtWeights *weights, const VdtPlanOptions *options,
                              VdtPlan *sibling, GError **error)
{
    VdtHost host;
    VdtPlan *plan;

    vdt_host_enter_locks(&host);
    plan = new_sharing(graph, weights, options, sibling, error);
    vdt_host_leave_locks(&host);
    return plan;
}

VdtPlan *vdt_plan_new(VdtGraph *graph, VdtWeights *weights, const VdtPlanOptions *options,
                      GError **error)
{
    return vdt_plan_new_sharing(graph, weights, options, NULL, error);
}

gsize vdt_plan_get_arena_size(const VdtPlan *plan)
{
    return plan->arena_size;
}

gsize vdt_plan_get_weights_size(const VdtPlan *plan)
{
    GHashTableIter iter;
    gpointer blob;
    gsize total = 0;

    g_hash_table_iter_init(&iter, plan->blobs);
    while (g_hash_table_iter_next(&iter, NULL, &blob))
        total += ((VdtBlob *)blob)->size;
    for (guint i = 0; i < plan->constants->len; i++)
        total += ((VdtTensor *)plan->constants->pdata[i])->n_bytes;
    return total;
}

guint vdt_plan_get_n_steps(const VdtPlan *plan)
{
    return plan->steps->len;
}

guint vdt_plan_count_steps(const VdtPlan *plan, const char *kernel)
{
    guint n = 0;

    for (guint i = 0; i < plan->steps->len; i++)
        n += g_str_equal(((const VdtStep *)plan->steps->pdata[i])->kernel, kernel);
    return n;
}

char *vdt_plan_describe(const VdtPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->steps->len; i++) {
        const VdtStep *step = plan->steps->pdata[i];

        g_string_append_printf(text, "%u\t%s\t%" G_GUINT64_FORMAT "\t%s\n", i, step->kernel,
                               step->macs, step->label);
    }
    return g_string_free(text, FALSE);
}
