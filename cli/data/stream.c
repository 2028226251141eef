/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <vedette/runtime.h>

/* Items that wait to be taken, for each worker. */
#define AHEAD 4

typedef struct {
    guint8 *clips;
    GError *error;
    gboolean ready;
} Slot;

struct _ClipStream {
    const ClipSet *set;
    GCancellable *cancellable;
    GThread **threads;
    guint n_threads;
    GMutex lock;
    GCond changed;
    Slot *slots; /* item i is in slot i % n_slots */
    guint n_slots;
    guint next;  /* to be made */
    guint given; /* items that were handed out; the last one is still looked at */
    gboolean stop;
};

/* Whether a worker may begin the next item: its slot is not in use. */
static gboolean has_room(const ClipStream *stream)
{
    return stream->next + 1 < stream->given + stream->n_slots;
}

static gpointer run(gpointer data)
{
    ClipStream *stream = data;
    g_mutex_lock(&stream->lock);
    while (!stream->stop && stream->next < stream->set->n_items) {
        if (!has_room(stream)) {
            g_cond_wait(&stream->changed, &stream->lock);
            continue;
        }
        guint item = stream->next++;
        Slot *slot = &stream->slots[item % stream->n_slots];
        g_mutex_unlock(&stream->lock);
        stream->set->fill(stream->set, item, slot->clips, stream->cancellable, &slot->error);
        g_mutex_lock(&stream->lock);
        slot->ready = TRUE;
        g_cond_broadcast(&stream->changed);
    }
    g_mutex_unlock(&stream->lock);
    return NULL;
}

ClipStream *clip_stream_new(const ClipSet *set, GCancellable *cancellable)
{
    ClipStream *stream = g_new0(ClipStream, 1);
    stream->set = set;
    stream->cancellable = cancellable;
    g_mutex_init(&stream->lock);
    g_cond_init(&stream->changed);
    stream->n_threads = vdt_threads_get();
    stream->n_slots = AHEAD * stream->n_threads;
    stream->slots = g_new0(Slot, stream->n_slots);
    for (guint i = 0; i < stream->n_slots; i++)
        stream->slots[i].clips = g_malloc(clip_format_bytes(&set->format) * set->group);
    stream->threads = g_new(GThread *, stream->n_threads);
    for (guint i = 0; i < stream->n_threads; i++)
        stream->threads[i] = g_thread_new("clips", run, stream);
    return stream;
}

void clip_stream_free(ClipStream *stream)
{
    if (stream == NULL)
        return;
    g_mutex_lock(&stream->lock);
    stream->stop = TRUE;
    g_cond_broadcast(&stream->changed);
    g_mutex_unlock(&stream->lock);
    for (guint i = 0; i < stream->n_threads; i++)
        g_thread_join(stream->threads[i]);
    for (guint i = 0; i < stream->n_slots; i++) {
        g_free(stream->slots[i].clips);
        g_clear_error(&stream->slots[i].error);
    }
    g_free(stream->slots);
    g_free(stream->threads);
    g_mutex_clear(&stream->lock);
    g_cond_clear(&stream->changed);
    g_free(stream);
}

const guint8 *clip_stream_next(ClipStream *stream, GError **error)
{
    g_mutex_lock(&stream->lock);
    /* The slot of the item before is free from here on. */
    guint item = stream->given++;
    g_cond_broadcast(&stream->changed);
    Slot *slot = &stream->slots[item % stream->n_slots];
    while (!slot->ready)
        g_cond_wait(&stream->changed, &stream->lock);
    slot->ready = FALSE;
    g_mutex_unlock(&stream->lock);
    if (slot->error == NULL)
        return slot->clips;
    g_propagate_error(error, g_steal_pointer(&slot->error));
    return NULL;
}
