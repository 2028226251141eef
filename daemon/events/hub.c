/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub.h"

#include <string.h>

#define MOST_OPEN  10000 /* what is more is passed on, and not ended by the hub */
#define MOST_ENDED 1000  /* ids that are remembered */

typedef struct {
    VdtHubSink sink;
    gpointer data;
    GDestroyNotify destroy;
} Sink;

struct _VdtHub {
    GMutex lock; /* guards all */
    GArray *sinks;
    VdtHubJudge judge;
    gpointer judge_data;
    GDestroyNotify judge_destroy;
    GHashTable *open;  /* id to the newest event of it */
    GHashTable *ended; /* ids that the hub ended; theirs is the memory of */
    GQueue ended_order;
};

VdtHub *vdt_hub_new(void)
{
    VdtHub *hub = g_new0(VdtHub, 1);
    g_mutex_init(&hub->lock);
    hub->sinks = g_array_new(FALSE, FALSE, sizeof(Sink));
    hub->open =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)vdt_event_unref);
    hub->ended = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_queue_init(&hub->ended_order);
    return hub;
}

static void hand_out(VdtHub *hub, VdtEvent *event)
{
    for (guint i = 0; i < hub->sinks->len; i++) {
        const Sink *sink = &g_array_index(hub->sinks, Sink, i);
        sink->sink(event, sink->data);
    }
}

static guint judge(const VdtHub *hub, const VdtEvent *event)
{
    return hub->judge != NULL ? hub->judge(event, hub->judge_data) : VDT_TO_ALL;
}

/* --- what is open --- */

static void keep_open(VdtHub *hub, VdtEvent *event)
{
    g_hash_table_replace(hub->open, event->id, vdt_event_ref(event));
}

static void remember_ended(VdtHub *hub, const char *id)
{
    char *own = g_strdup(id);
    if (!g_hash_table_add(hub->ended, own))
        return; /* it took the other one's place, which is in the order */
    g_queue_push_tail(&hub->ended_order, own);
    if (hub->ended_order.length > MOST_ENDED)
        g_hash_table_remove(hub->ended, g_queue_pop_head(&hub->ended_order));
}

/* Who is told of @event, by what is known of it; FALSE if it is of what is over, or never began: an
 * analyser's results are no events. */
static gboolean take_in(VdtHub *hub, const VdtEvent *event, guint *audience)
{
    const VdtEvent *before = g_hash_table_lookup(hub->open, event->id);
    if (before == NULL &&
        (event->phase == VDT_PHASE_UPDATE ||
         (event->phase == VDT_PHASE_END && g_hash_table_contains(hub->ended, event->id))))
        return FALSE;
    *audience = before != NULL ? before->audience : 0;
    if (before == NULL || event->phase != VDT_PHASE_END)
        *audience |= judge(hub, event);
    return TRUE;
}

static void follow(VdtHub *hub, VdtEvent *event)
{
    gboolean is_open = g_hash_table_contains(hub->open, event->id);
    if (event->phase == VDT_PHASE_END)
        g_hash_table_remove(hub->open, event->id);
    else if (is_open ||
             (event->phase == VDT_PHASE_START && g_hash_table_size(hub->open) < MOST_OPEN))
        keep_open(hub, event);
}

void vdt_hub_put(VdtHub *hub, VdtEvent *event)
{
    guint audience;
    if (event == NULL)
        return;
    g_mutex_lock(&hub->lock);
    if (take_in(hub, event, &audience)) {
        event = vdt_event_address(event, audience);
        follow(hub, event);
        hand_out(hub, event);
    }
    g_mutex_unlock(&hub->lock);
    vdt_event_unref(event);
}

static gboolean is_of(const VdtEvent *event, const char *stream)
{
    return g_strcmp0(event->stream, stream) == 0 && strcmp(event->type, VDT_EVENT_SYSTEM) != 0;
}

/* Of all streams for NULL. */
static void end_open(VdtHub *hub, const char *stream, const char *reason)
{
    GHashTableIter iter;
    VdtEvent *event;
    gint64 now = g_get_real_time();
    g_hash_table_iter_init(&iter, hub->open);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&event)) {
        if (stream != NULL && !is_of(event, stream))
            continue;
        g_autoptr(VdtEvent) end = vdt_event_new_end(event, now, reason);
        g_hash_table_iter_remove(&iter);
        remember_ended(hub, end->id);
        hand_out(hub, end);
    }
}

void vdt_hub_end_stream(VdtHub *hub, const char *stream, const char *reason)
{
    g_mutex_lock(&hub->lock);
    end_open(hub, stream, reason);
    g_mutex_unlock(&hub->lock);
}

guint vdt_hub_count_open(VdtHub *hub)
{
    g_mutex_lock(&hub->lock);
    guint n = g_hash_table_size(hub->open);
    g_mutex_unlock(&hub->lock);
    return n;
}

/* --- sinks --- */

void vdt_hub_add_sink(VdtHub *hub, VdtHubSink sink, gpointer data, GDestroyNotify destroy)
{
    const Sink one = {sink, data, destroy};
    g_mutex_lock(&hub->lock);
    g_array_append_val(hub->sinks, one);
    g_mutex_unlock(&hub->lock);
}

void vdt_hub_set_judge(VdtHub *hub, VdtHubJudge func, gpointer data, GDestroyNotify destroy)
{
    g_mutex_lock(&hub->lock);
    GDestroyNotify old_destroy = hub->judge_destroy;
    gpointer old_data = hub->judge_data;
    hub->judge = func;
    hub->judge_data = data;
    hub->judge_destroy = destroy;
    g_mutex_unlock(&hub->lock);
    if (old_destroy != NULL)
        old_destroy(old_data);
}

void vdt_hub_free(VdtHub *hub)
{
    g_mutex_lock(&hub->lock);
    end_open(hub, NULL, "stopped");
    g_mutex_unlock(&hub->lock);
    for (guint i = 0; i < hub->sinks->len; i++) {
        const Sink *sink = &g_array_index(hub->sinks, Sink, i);
        if (sink->destroy != NULL)
            sink->destroy(sink->data);
    }
    vdt_hub_set_judge(hub, NULL, NULL, NULL);
    g_array_unref(hub->sinks);
    g_hash_table_unref(hub->open);
    g_queue_clear(&hub->ended_order);
    g_hash_table_unref(hub->ended);
    g_mutex_clear(&hub->lock);
    g_free(hub);
}
