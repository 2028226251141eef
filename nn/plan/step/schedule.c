/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule.h"

void vdt_step_free(gpointer data)
{
    VdtStep *step = data;

    g_free(step->label);
    g_free(step);
}

VdtPlace vdt_plan_add_buffer(VdtPlan *plan, gsize size)
{
    VdtBuffer buffer = {.size = size, .first = G_MAXUINT};

    g_array_append_val(plan->buffers, buffer);
    return (VdtPlace){.buffer = plan->buffers->len};
}

static VdtBuffer *buffer_of(VdtPlan *plan, const VdtPlace *place)
{
    return place->buffer ? &g_array_index(plan->buffers, VdtBuffer, place->buffer - 1) : NULL;
}

void vdt_plan_fill(VdtPlan *plan, const VdtPlace *place)
{
    VdtBuffer *buffer = buffer_of(plan, place);

    if (buffer)
        buffer->first = 0;
}

void vdt_plan_keep(VdtPlan *plan, const VdtPlace *place)
{
    VdtBuffer *buffer = buffer_of(plan, place);

    if (buffer)
        buffer->last = plan->steps->len;
}

void vdt_step_add_places(VdtPlace *to, guint most, const VdtPlace *places, gsize n)
{
    guint at = 0;

    for (gsize i = 0; i < n; i++) {
        if (!vdt_place_exists(&places[i]))
            continue;
        while (at < most && vdt_place_exists(&to[at]))
            at++;
        g_assert(at < most);
        to[at] = places[i];
    }
}

void vdt_plan_add_step(VdtPlan *plan, VdtStep *step)
{
    const guint now = plan->steps->len;

    for (guint i = 0; i < VDT_MOST_READS; i++) {
        VdtBuffer *buffer = buffer_of(plan, &step->reads[i]);

        if (!buffer)
            continue;
        if (buffer->first == G_MAXUINT)
            g_error("step \"%s\" of %s reads what no step has written", step->kernel, step->label);
        buffer->last = now;
    }
    for (guint i = 0; i < VDT_MOST_WRITES; i++) {
        VdtBuffer *buffer = buffer_of(plan, &step->writes[i]);

        if (!buffer)
            continue;
        buffer->first = MIN(buffer->first, now);
        buffer->last = now;
    }
    plan->scratch_size = MAX(plan->scratch_size, step->scratch);
    g_ptr_array_add(plan->steps, step);
}

void *vdt_plan_get_blob(VdtPlan *plan, const char *what, VdtIdentity of, gsize size,
                        gboolean *fresh)
{
    /* Each kind of kernels has an order of its own. */
    const guintptr options[] = {size, (guintptr)plan->kernels, (guintptr)plan->kernels_int8};
    VdtIdentity identity = vdt_identity_of(plan->shared, what, options, sizeof options, &of, 1);
    VdtBlob *blob = g_hash_table_lookup(plan->blobs, GUINT_TO_POINTER(identity));

    *fresh = FALSE;
    if (!blob) {
        blob = vdt_constants_get(plan->shared, identity, size, fresh);
        if (!blob) {
            plan->out_of_memory = size;
            return NULL;
        }
        g_hash_table_insert(plan->blobs, GUINT_TO_POINTER(identity), blob);
    }
    return blob->data;
}

void vdt_plan_drop_blobs(VdtPlan *plan)
{
    GHashTableIter iter;
    gpointer blob;

    g_hash_table_iter_init(&iter, plan->blobs);
    while (g_hash_table_iter_next(&iter, NULL, &blob))
        vdt_constants_drop(plan->shared, blob);
    g_hash_table_remove_all(plan->blobs);
}

float *vdt_plan_try_floats(VdtPlan *plan, gsize n)
{
    float *floats = g_try_new(float, n);

    if (!floats)
        plan->out_of_memory = n * sizeof *floats;
    return floats;
}
