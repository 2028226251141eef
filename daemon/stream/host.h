/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream and its supervisor have to do with each other; in the supervisor's thread. */
#pragma once

#include "stream.h"

G_BEGIN_DECLS

typedef struct {
    GMainContext *context;
    guint64 seed;
    void (*ask)(VdtStream *stream, gpointer data);   /* for a turn to connect */
    void (*leave)(VdtStream *stream, gpointer data); /* the turn, or the queue */
    void (*gone)(VdtStream *stream, gpointer data);  /* nothing of it is there or under way */
    gpointer data;
} VdtStreamHost;

/* In any thread. */
VdtStream *vdt_stream_new(const VdtStreamSpec *spec, const VdtStreamHost *host);

void vdt_stream_turn(VdtStream *stream);
/* Stops it, and does what it is told no more. */
void vdt_stream_halt(VdtStream *stream);
gboolean vdt_stream_is_gone(VdtStream *stream);
/* Leaves what is not gone to its threads; nothing is called back any more. Returns how many. */
guint vdt_stream_close(VdtStream *stream);

G_END_DECLS
