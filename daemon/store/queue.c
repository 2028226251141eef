/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "queue.h"

#include <string.h>

static void op_free(gpointer data)
{
    VdtOp *op = data;
    vdt_event_unref(op->event);
    g_free(op->id);
    g_free(op->path);
    g_free(op);
}

VdtOp *vdt_op_new_put(VdtEvent *event)
{
    VdtOp *op = g_new0(VdtOp, 1);
    op->event = vdt_event_ref(event);
    return op;
}

VdtOp *vdt_op_new(const VdtOp *op)
{
    VdtOp *copy = g_memdup2(op, sizeof *op);
    copy->id = g_strdup(op->id);
    copy->path = g_strdup(op->path);
    return copy;
}

static gsize size_of(const VdtOp *op)
{
    if (op->event != NULL)
        return vdt_event_get_size(op->event);
    return sizeof *op + (op->id != NULL ? strlen(op->id) : 0) +
           (op->path != NULL ? strlen(op->path) : 0);
}

void vdt_queue_init(VdtQueue *queue, guint most, gsize most_size)
{
    *queue = (VdtQueue){.most = most, .most_size = most_size};
    g_queue_init(&queue->ops);
}

void vdt_queue_clear(VdtQueue *queue)
{
    g_queue_clear_full(&queue->ops, op_free);
}

gboolean vdt_queue_push(VdtQueue *queue, VdtOp *op)
{
    gsize size = size_of(op);
    gboolean is_update = op->event != NULL && op->event->phase == VDT_PHASE_UPDATE;
    guint most = is_update ? queue->most - queue->most / 4 : queue->most;
    gsize most_size = is_update ? queue->most_size - queue->most_size / 4 : queue->most_size;
    if (queue->ops.length + queue->taken >= most ||
        queue->size + queue->taken_size + size > most_size) {
        queue->lost++;
        op_free(op);
        return FALSE;
    }
    g_queue_push_tail(&queue->ops, op);
    queue->size += size;
    return TRUE;
}

GPtrArray *vdt_queue_take(VdtQueue *queue, guint most)
{
    GPtrArray *taken = g_ptr_array_new_with_free_func(op_free);
    VdtOp *op;
    while (taken->len < most && (op = g_queue_pop_head(&queue->ops)) != NULL) {
        gsize size = size_of(op);
        queue->size -= size;
        queue->taken_size += size;
        queue->taken++;
        g_ptr_array_add(taken, op);
    }
    return taken;
}

void vdt_queue_finish(VdtQueue *queue)
{
    queue->taken = 0;
    queue->taken_size = 0;
}
