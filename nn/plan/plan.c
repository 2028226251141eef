/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan object: making, sharing, describing. What its steps are is decided in trace.c and
 * lower.c. */
#include <stdlib.h>
#include <string.h>

#include "plan-private.h"

static void blob_unref(gpointer data)
{
    VdtBlob *blob = data;

    if (!g_atomic_int_dec_and_test(&blob->ref_count))
        return;
    free(blob->data);
    g_free(blob);
}

static void step_free(gpointer data)
{
    VdtStep *step = data;

    g_free(step->label);
    g_free(step);
}

VdtPlan *vdt_plan_ref(VdtPlan *plan)
{
    g_atomic_int_inc(&plan->ref_count);
    return plan;
}

void vdt_plan_unref(VdtPlan *plan)
{
    if (!plan || !g_atomic_int_dec_and_test(&plan->ref_count))
        return;
    g_ptr_array_unref(plan->steps);
    g_array_unref(plan->buffers);
    g_hash_table_unref(plan->blobs);
    g_ptr_array_unref(plan->constants);
    g_array_unref(plan->inputs);
    g_array_unref(plan->outputs);
    g_array_unref(plan->values);
    g_array_unref(plan->params);
    g_array_unref(plan->gradients);
    vdt_graph_unref(plan->graph);
    g_free(plan);
}

VdtPlace vdt_plan_add_buffer(VdtPlan *plan, gsize size)
{
    VdtBuffer buffer = {.size = size, .first = plan->steps->len, .last = plan->steps->len};

    g_array_append_val(plan->buffers, buffer);
    return (VdtPlace){.buffer = plan->buffers->len - 1};
}

void vdt_plan_read(VdtPlan *plan, const VdtPlace *place)
{
    if (!place->constant)
        g_array_index(plan->buffers, VdtBuffer, place->buffer).last = plan->steps->len;
}

void vdt_plan_add_step(VdtPlan *plan, VdtStep *step)
{
    plan->scratch_size = MAX(plan->scratch_size, step->scratch);
    g_ptr_array_add(plan->steps, step);
}

void *vdt_plan_get_blob(VdtPlan *plan, const char *key, gsize size, gboolean *fresh)
{
    VdtBlob *blob = g_hash_table_lookup(plan->blobs, key);

    *fresh = blob == NULL || blob->size != size;
    if (*fresh) {
        void *data = aligned_alloc(VDT_ALIGN, (size + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN);

        if (!data) {
            plan->out_of_memory = size;
            *fresh = FALSE;
            return NULL;
        }
        blob = g_new0(VdtBlob, 1);
        blob->ref_count = 1;
        blob->size = size;
        blob->data = data;
        g_hash_table_replace(plan->blobs, g_strdup(key), blob);
    }
    return blob->data;
}

float *vdt_plan_try_floats(VdtPlan *plan, gsize n)
{
    float *floats = g_try_new(float, n);

    if (!floats)
        plan->out_of_memory = n * sizeof *floats;
    return floats;
}

VdtMap vdt_plan_planar(VdtPlan *plan, const VdtShape *shape)
{
    gint64 n = vdt_shape_elements(shape);

    return (VdtMap){
        .place = vdt_plan_add_buffer(plan, n * sizeof(float)), .planar = TRUE, .f32 = TRUE};
}

/* A node run by its reference kernel on planar maps, on one thread. */
typedef struct {
    VdtStep step;
    const VdtPlan *plan;
    const VdtNode *node;
    VdtPlace inputs[VDT_MAX_INPUTS], output;
} ReferenceStep;

static void run_reference(const VdtStep *step, char *arena, char *scratch, guint item)
{
    const ReferenceStep *self = (const ReferenceStep *)step;
    const float *x[VDT_MAX_INPUTS];

    for (guint i = 0; i < self->node->n_inputs; i++)
        x[i] = (const float *)vdt_place_address(self->plan, &self->inputs[i], arena);
    self->node->op->forward(self->node, x,
                            (float *)vdt_place_address(self->plan, &self->output, arena));
}

void vdt_plan_add_reference(VdtPlan *plan, const VdtNode *node, const VdtMap *inputs,
                            const VdtMap *output)
{
    ReferenceStep *self = g_new0(ReferenceStep, 1);

    self->step = (VdtStep){.kernel = "reference",
                           .label = g_strdup_printf("%s %s", node->op->name, node->name),
                           .macs = node->op->macs ? node->op->macs(node) : 0,
                           .n_items = 1,
                           .run = run_reference};
    self->plan = plan;
    self->node = node;
    self->output = output->place;
    for (guint i = 0; i < node->n_inputs; i++) {
        self->inputs[i] = inputs[i].place;
        vdt_plan_read(plan, &inputs[i].place);
    }
    vdt_plan_add_step(plan, &self->step);
}

/* Session inputs hold their contents before the first step, outputs after the last one. */
static void pin(VdtPlan *plan, const VdtPlace *place, gboolean from_start, gboolean to_end)
{
    VdtBuffer *buffer;

    if (place->constant)
        return;
    buffer = &g_array_index(plan->buffers, VdtBuffer, place->buffer);
    if (from_start)
        buffer->first = 0;
    if (to_end)
        buffer->last = plan->steps->len;
}

VdtPlan *vdt_plan_new_sharing(VdtGraph *graph, VdtWeights *weights, const VdtPlanOptions *options,
                              VdtPlan *sibling, GError **error)
{
    g_autoptr(VdtPlan) plan = NULL;
    VdtTensor **params;
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
    plan->steps = g_ptr_array_new_with_free_func(step_free);
    plan->buffers = g_array_new(FALSE, TRUE, sizeof(VdtBuffer));
    plan->blobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, blob_unref);
    plan->constants = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_tensor_unref);
    plan->inputs = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->outputs = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->values = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->params = g_array_new(FALSE, TRUE, sizeof(VdtMap));
    plan->gradients = g_array_new(FALSE, TRUE, sizeof(VdtMap));

    if (options->kind == VDT_PLAN_INFER) {
        plan->kernels_f32 = vdt_kernels_get(vdt_isa_get(), VDT_PRECISION_F32);
        plan->kernels = options->precision == VDT_PRECISION_INT8
                            ? plan->kernels_f32
                            : vdt_kernels_get(vdt_isa_get(), options->precision);
        if (options->precision == VDT_PRECISION_INT8)
            plan->kernels_int8 = vdt_int8_kernels_get(vdt_isa_get());
        if (sibling && sibling->kernels == plan->kernels &&
            sibling->kernels_int8 == plan->kernels_int8) {
            GHashTableIter iter;
            gpointer key, blob;

            g_hash_table_iter_init(&iter, sibling->blobs);
            while (g_hash_table_iter_next(&iter, &key, &blob)) {
                g_atomic_int_inc(&((VdtBlob *)blob)->ref_count);
                g_hash_table_insert(plan->blobs, g_strdup(key), blob);
            }
        }
        ok = vdt_plan_infer(plan, params, error);
        if (!ok)
            g_prefix_error(error, "%s: ", vdt_weights_get_origin(weights));
    } else if (options->kind == VDT_PLAN_TRAIN) {
        plan->kernels = plan->kernels_f32 = vdt_kernels_get(vdt_isa_get(), VDT_PRECISION_F32);
        ok = vdt_plan_train(plan, params, error);
    } else {
        ok = vdt_plan_trace(plan, params, error);
    }
    for (guint i = 0; i < graph->nodes->len; i++)
        g_clear_pointer(&params[i], vdt_tensor_unref);
    g_free(params);
    if (ok && plan->out_of_memory > 0) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                    "out of memory: %" G_GSIZE_FORMAT " bytes of packed weights",
                    plan->out_of_memory);
        ok = FALSE;
    }
    if (!ok)
        return NULL;

    for (guint i = 0; i < plan->inputs->len; i++)
        pin(plan, &g_array_index(plan->inputs, VdtMap, i).place, TRUE, FALSE);
    for (guint i = 0; i < plan->outputs->len; i++)
        pin(plan, &g_array_index(plan->outputs, VdtMap, i).place, FALSE, TRUE);
    /* Parameters and, since a caller may look at them at any time, their gradients stay. */
    for (guint i = 0; i < plan->params->len; i++) {
        pin(plan, &g_array_index(plan->params, VdtMap, i).place, TRUE, TRUE);
        pin(plan, &g_array_index(plan->gradients, VdtMap, i).place, TRUE, TRUE);
    }
    if (options->kind == VDT_PLAN_TRAIN)
        pin(plan, &plan->seed, TRUE, TRUE);
    plan->arena_size = vdt_plan_memory((VdtBuffer *)plan->buffers->data, plan->buffers->len);
    return g_steal_pointer(&plan);
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
