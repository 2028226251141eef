/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What waits to be written, in order. The caller locks. */
#pragma once

#include "store.h"

typedef enum {
    VDT_OP_PUT,    /* event */
    VDT_OP_ATTACH, /* attachment and path, NULL for none, of the event that id names */
    VDT_OP_DETACH, /* of all events */
    VDT_OP_FOLLOW, /* of the stream that id names, followed */
} VdtOpKind;

typedef struct {
    VdtOpKind kind;
    VdtEvent *event;
    char *id, *path;
    VdtAttachment attachment;
    VdtFollowed followed;
} VdtOp;

typedef struct {
    GQueue ops; /* of VdtOp */
    guint most;
    gsize size, most_size;
    guint taken; /* that are being written, and still count */
    gsize taken_size;
    guint64 lost;
} VdtQueue;

void vdt_queue_init(VdtQueue *queue, guint most, gsize most_size);
void vdt_queue_clear(VdtQueue *queue);
/* Takes @op; FALSE if there is no room for it, and it is lost. Updates, which a later one makes
 * good, have no more than three quarters of the room. */
gboolean vdt_queue_push(VdtQueue *queue, VdtOp *op);
/* The oldest, @most at most, as an array that frees them. They count until vdt_queue_finish(). */
GPtrArray *vdt_queue_take(VdtQueue *queue, guint most);
void vdt_queue_finish(VdtQueue *queue);

VdtOp *vdt_op_new_put(VdtEvent *event);
/* @op says all but the event; its texts are copied. */
VdtOp *vdt_op_new(const VdtOp *op);
