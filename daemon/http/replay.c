/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay.h"

struct _VdtReplay {
    GIOStream parent_instance;
    GInputStream *input;
    GOutputStream *output;
    GDestroyNotify closed;
    gpointer data;
};

G_DEFINE_FINAL_TYPE(VdtReplay, vdt_replay, G_TYPE_IO_STREAM)

static GInputStream *get_input(GIOStream *stream)
{
    return VDT_REPLAY(stream)->input;
}

static GOutputStream *get_output(GIOStream *stream)
{
    return VDT_REPLAY(stream)->output;
}

static void tell_closed(VdtReplay *self)
{
    GDestroyNotify closed = self->closed;
    self->closed = NULL;
    if (closed != NULL)
        closed(self->data);
}

/* Whoever closes the connection may wait for the peer, which here nobody does. */
static gboolean close_both(GIOStream *stream, GCancellable *cancellable, GError **error)
{
    tell_closed(VDT_REPLAY(stream));
    return TRUE;
}

static void close_later(GIOStream *stream, int priority, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(stream, cancellable, callback, data);
    tell_closed(VDT_REPLAY(stream));
    g_task_return_boolean(task, TRUE);
}

static gboolean close_done(GIOStream *stream, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

static void vdt_replay_finalize(GObject *object)
{
    VdtReplay *self = VDT_REPLAY(object);
    tell_closed(self);
    g_object_unref(self->input);
    g_object_unref(self->output);
    G_OBJECT_CLASS(vdt_replay_parent_class)->finalize(object);
}

static void vdt_replay_class_init(VdtReplayClass *klass)
{
    GIOStreamClass *stream = G_IO_STREAM_CLASS(klass);
    G_OBJECT_CLASS(klass)->finalize = vdt_replay_finalize;
    stream->get_input_stream = get_input;
    stream->get_output_stream = get_output;
    stream->close_fn = close_both;
    stream->close_async = close_later;
    stream->close_finish = close_done;
}

static void vdt_replay_init(VdtReplay *self) {}

GIOStream *vdt_replay_new(GBytes *input, GOutputStream *output, GDestroyNotify closed,
                          gpointer data)
{
    VdtReplay *self = g_object_new(VDT_TYPE_REPLAY, NULL);
    self->input = g_memory_input_stream_new_from_bytes(input);
    self->output = g_object_ref(output);
    self->closed = closed;
    self->data = data;
    return G_IO_STREAM(self);
}
