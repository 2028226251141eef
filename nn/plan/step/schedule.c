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
