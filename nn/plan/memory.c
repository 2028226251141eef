/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory planning: buffers that are alive at the same time get disjoint ranges, others may share.
 * Largest first, each at the lowest gap that is large enough: simple, and on the networks here
 * within a few percent of the largest sum of buffers alive at once.
 */
#include "memory.h"

static gint by_size(gconstpointer a, gconstpointer b)
{
    const VdtBuffer *x = *(VdtBuffer *const *)a, *y = *(VdtBuffer *const *)b;

    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return x < y ? -1 : x > y;
}

static gint by_offset(gconstpointer a, gconstpointer b)
{
    const VdtBuffer *x = *(VdtBuffer *const *)a, *y = *(VdtBuffer *const *)b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

gsize vdt_plan_memory(VdtBuffer *buffers, guint n_buffers)
{
    g_autoptr(GPtrArray) queue = g_ptr_array_new();
    g_autoptr(GPtrArray) placed = g_ptr_array_new(); /* by offset */
    gsize total = 0;

    for (guint i = 0; i < n_buffers; i++)
        g_ptr_array_add(queue, &buffers[i]);
    g_ptr_array_sort(queue, by_size);

    for (guint i = 0; i < queue->len; i++) {
        VdtBuffer *buffer = queue->pdata[i];
        gsize at = 0;

        buffer->size = (buffer->size + VDT_ALIGN - 1) / VDT_ALIGN * VDT_ALIGN;
        for (guint j = 0; j < placed->len; j++) {
            const VdtBuffer *other = placed->pdata[j];

            if (other->last < buffer->first || other->first > buffer->last)
                continue;
            if (other->offset >= at + buffer->size)
                break;
            at = MAX(at, other->offset + other->size);
        }
        buffer->offset = at;
        total = MAX(total, at + buffer->size);
        g_ptr_array_add(placed, buffer);
        g_ptr_array_sort(placed, by_offset);
    }
    return total;
}
