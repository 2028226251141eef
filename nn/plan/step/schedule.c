/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

void vdt_blob_unref(gpointer data)
{
    VdtBlob *blob = data;

    if (!g_atomic_int_dec_and_test(&blob->ref_count))
        return;
    free(blob->data);
    g_free(blob);
}

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
        while (vdt_place_exists(&to[at]))
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
