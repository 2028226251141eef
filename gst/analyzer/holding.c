/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "holding.h"

/* What an inference takes, before one has been measured. */
#define FIRST_GUESS (200 * GST_MSECOND)

typedef struct {
    GstBuffer *buffer; /* or NULL */
    GstEvent *event;
    GstClockTime time, pts;
    gint64 arrived;    /* monotonic, µs */
    gboolean settled;  /* which is its result */
    VdtResult *result; /* then; may be NULL */
} Item;

static void item_free(gpointer data)
{
    Item *item = data;

    g_clear_pointer(&item->buffer, gst_buffer_unref);
    g_clear_pointer(&item->event, gst_event_unref);
    g_clear_pointer(&item->result, vdt_result_unref);
    g_free(item);
}

/* --- which frames --- */

static GstClockTime under_way(const VdtHolding *h)
{
    return vdt_timeline_convert(&h->way, vdt_worker_get_next(h->worker));
}

/* Whether the result that @item goes with is known. */
static gboolean is_settled(const VdtHolding *h, const Item *item, GstClockTime work)
{
    return item->settled || !GST_CLOCK_TIME_IS_VALID(item->time) ||
           vdt_nearest_is_known(&h->results, item->time,
                                GST_CLOCK_TIME_IS_VALID(work) ? work : h->next);
}

static gboolean is_full(const VdtHolding *h)
{
    GstClockTime first = GST_CLOCK_TIME_NONE, last = GST_CLOCK_TIME_NONE;

    if (h->items.length > VDT_HOLDING_MOST)
        return TRUE;
    for (const GList *l = h->items.head; l && !GST_CLOCK_TIME_IS_VALID(first); l = l->next)
        first = ((const Item *)l->data)->time;
    for (const GList *l = h->items.tail; l && !GST_CLOCK_TIME_IS_VALID(last); l = l->prev)
        last = ((const Item *)l->data)->time;
    return GST_CLOCK_TIME_IS_VALID(first) && last > first && last - first > h->limits.bound;
}

/* The first, if it may go now; otherwise, when it may at the latest, unless something changes. 0 is
 * never. */
static Item *get_ready(VdtHolding *h, gboolean *aligned, gint64 *latest)
{
    Item *item = g_queue_peek_head(&h->items);
    const GstClockTime work = item ? under_way(h) : GST_CLOCK_TIME_NONE;
    const gboolean busy = GST_CLOCK_TIME_IS_VALID(work);

    *latest = 0;
    *aligned = TRUE;
    if (!item || is_settled(h, item, work) || (h->draining && !busy))
        return item;
    *aligned = FALSE;
    if (!h->limits.live && busy)
        return NULL;
    if (!h->limits.live && is_full(h))
        return item;
    *latest =
        item->arrived + (gint64)((h->limits.live ? h->limits.bound : h->limits.most) / GST_USECOND);
    return g_get_monotonic_time() >= *latest ? item : NULL;
}

static gboolean is_over(const VdtHolding *h)
{
    return h->flushing || h->flow != GST_FLOW_OK;
}

static GstFlowReturn send(VdtHolding *h, Item *item)
{
    if (!item->event)
        return h->go(h->worker->element, g_steal_pointer(&item->buffer), item->pts, item->result);
    gst_pad_push_event(h->pad, g_steal_pointer(&item->event));
    return GST_FLOW_OK;
}

/* The task: has one go. */
static void push_next(gpointer data)
{
    VdtHolding *h = data;
    GstFlowReturn flow;
    gboolean aligned = FALSE;
    gint64 latest;
    Item *item;

    g_mutex_lock(&h->lock);
    while (!is_over(h) && !(item = get_ready(h, &aligned, &latest))) {
        if (latest)
            g_cond_wait_until(&h->changed, &h->lock, latest);
        else
            g_cond_wait(&h->changed, &h->lock);
    }
    if (is_over(h)) {
        h->running = FALSE;
        g_mutex_unlock(&h->lock);
        gst_pad_pause_task(h->pad);
        return;
    }
    g_queue_pop_head(&h->items);
    if (!item->settled)
        item->result = vdt_nearest_get(&h->results, item->time);
    if (GST_CLOCK_TIME_IS_VALID(item->time))
        h->gone = item->time;
    vdt_nearest_trim(&h->results, h->gone);
    h->pushing = TRUE;
    g_cond_broadcast(&h->changed);
    g_mutex_unlock(&h->lock);
    if (!aligned)
        vdt_worker_count_unaligned(h->worker);
    flow = send(h, item);
    item_free(item);
    g_mutex_lock(&h->lock);
    h->pushing = FALSE;
    if (flow != GST_FLOW_OK)
        h->flow = flow;
    g_cond_broadcast(&h->changed);
    g_mutex_unlock(&h->lock);
}

/* --- the streaming thread --- */

GstClockTime vdt_holding_get_bound(VdtHolding *h, GstClockTime interval, GstClockTime most)
{
    GstClockTime inference;

    g_mutex_lock(&h->lock);
    inference = h->inference.reported ? h->inference.reported : FIRST_GUESS;
    g_mutex_unlock(&h->lock);
    return MIN(most, MAX(interval, inference) + inference);
}

static GstFlowReturn get_flow(const VdtHolding *h)
{
    return h->flushing ? GST_FLOW_FLUSHING : h->flow;
}

GstFlowReturn vdt_holding_put(VdtHolding *h, GstBuffer *buffer, GstClockTime time,
                              const VdtTimeline *way, GstClockTime next,
                              const VdtHoldingLimits *limits)
{
    Item *item = g_new(Item, 1);
    gboolean begins;
    GstFlowReturn flow;

    *item = (Item){.buffer = gst_buffer_ref(buffer),
                   .time = time,
                   .pts = vdt_timeline_convert(way, time),
                   .arrived = g_get_monotonic_time()};
    g_mutex_lock(&h->lock);
    h->way = *way;
    h->next = next;
    h->limits = *limits;
    g_queue_push_tail(&h->items, item);
    begins = !h->running && !is_over(h);
    h->running |= begins;
    g_cond_broadcast(&h->changed);
    if (begins) {
        g_mutex_unlock(&h->lock);
        gst_pad_start_task(h->pad, push_next, h, NULL);
        g_mutex_lock(&h->lock);
    }
    while (!is_over(h) && is_full(h))
        g_cond_wait(&h->changed, &h->lock);
    flow = get_flow(h);
    g_mutex_unlock(&h->lock);
    return flow;
}

gboolean vdt_holding_push_event(VdtHolding *h, GstEvent *event)
{
    gboolean taken;

    g_mutex_lock(&h->lock);
    taken = !is_over(h) && (h->items.length > 0 || h->pushing);
    if (taken) {
        Item *item = g_new(Item, 1);

        *item = (Item){.event = event, .time = GST_CLOCK_TIME_NONE};
        g_queue_push_tail(&h->items, item);
        g_cond_broadcast(&h->changed);
    }
    g_mutex_unlock(&h->lock);
    return taken;
}

gboolean vdt_holding_wait_slot(VdtHolding *h, GstFlowReturn *flow)
{
    g_mutex_lock(&h->lock);
    while (!is_over(h) && vdt_worker_is_waiting(h->worker))
        g_cond_wait(&h->changed, &h->lock);
    *flow = get_flow(h);
    g_mutex_unlock(&h->lock);
    return *flow == GST_FLOW_OK;
}

static void drop_items(VdtHolding *h)
{
    g_queue_clear_full(&h->items, item_free);
}

void vdt_holding_drain(VdtHolding *h)
{
    gboolean broken;

    g_mutex_lock(&h->lock);
    h->draining = TRUE;
    g_cond_broadcast(&h->changed);
    while (!is_over(h) && (h->items.length > 0 || h->pushing))
        g_cond_wait(&h->changed, &h->lock);
    h->draining = FALSE;
    broken = !h->flushing && h->flow != GST_FLOW_OK;
    g_mutex_unlock(&h->lock);
    if (!broken)
        return;
    /* whatever was wrong downstream, what comes now is another stream */
    gst_pad_pause_task(h->pad);
    g_mutex_lock(&h->lock);
    drop_items(h);
    h->flow = GST_FLOW_OK;
    h->running = FALSE;
    g_mutex_unlock(&h->lock);
}

void vdt_holding_seal(VdtHolding *h)
{
    g_mutex_lock(&h->lock);
    for (GList *l = h->items.head; l; l = l->next) {
        Item *item = l->data;

        if (!item->settled)
            item->result = vdt_nearest_get(&h->results, item->time);
        item->settled = TRUE;
    }
    vdt_nearest_clear(&h->results);
    h->gone = h->next = GST_CLOCK_TIME_NONE;
    g_cond_broadcast(&h->changed);
    g_mutex_unlock(&h->lock);
}

/* --- the worker's thread --- */

void vdt_holding_found(VdtHolding *h, const VdtJob *job, VdtResult *result)
{
    g_mutex_lock(&h->lock);
    if (!vdt_job_is_void(job)) {
        vdt_nearest_add(&h->results, result);
        vdt_nearest_trim(&h->results, h->gone);
        g_cond_broadcast(&h->changed);
    }
    g_mutex_unlock(&h->lock);
}

gboolean vdt_holding_measured(VdtHolding *h, GstClockTime took)
{
    gboolean changed;

    g_mutex_lock(&h->lock);
    changed = vdt_latency_note(&h->inference, took, g_get_monotonic_time());
    g_mutex_unlock(&h->lock);
    return changed;
}

void vdt_holding_wake(VdtHolding *h)
{
    g_mutex_lock(&h->lock);
    g_cond_broadcast(&h->changed);
    g_mutex_unlock(&h->lock);
}

/* --- life --- */

void vdt_holding_flush_start(VdtHolding *h)
{
    g_mutex_lock(&h->lock);
    h->flushing = TRUE;
    g_cond_broadcast(&h->changed);
    g_mutex_unlock(&h->lock);
}

void vdt_holding_flushed(VdtHolding *h)
{
    gst_pad_pause_task(h->pad);
}

void vdt_holding_flush_stop(VdtHolding *h)
{
    g_mutex_lock(&h->lock);
    drop_items(h);
    h->flushing = h->running = FALSE;
    h->flow = GST_FLOW_OK;
    g_mutex_unlock(&h->lock);
}

void vdt_holding_start(VdtHolding *h)
{
    g_mutex_lock(&h->lock);
    h->inference = (VdtLatency){0};
    h->gone = h->next = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&h->lock);
    vdt_holding_flush_stop(h);
}

void vdt_holding_shut(VdtHolding *h)
{
    vdt_holding_flush_start(h);
}

void vdt_holding_stop(VdtHolding *h)
{
    vdt_holding_shut(h);
    gst_pad_stop_task(h->pad);
    g_mutex_lock(&h->lock);
    drop_items(h);
    vdt_nearest_clear(&h->results);
    g_mutex_unlock(&h->lock);
}

void vdt_holding_init(VdtHolding *h, VdtWorker *worker, GstPad *pad, VdtHoldingGo go)
{
    h->worker = worker;
    h->pad = pad;
    h->go = go;
    h->flow = GST_FLOW_OK;
    g_mutex_init(&h->lock);
    g_cond_init(&h->changed);
    g_queue_init(&h->items);
}

void vdt_holding_clear(VdtHolding *h)
{
    g_mutex_clear(&h->lock);
    g_cond_clear(&h->changed);
}
