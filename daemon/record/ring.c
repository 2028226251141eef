/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ring.h"

/* Pictures that are shown in another order than they are coded in are not further apart. */
#define BACK  GST_SECOND
#define LATER GST_MSECOND

struct _VdtRing {
    VdtRingLimits limits;
    GMutex lock;
    GCond cond;
    /* guarded */
    VdtRingFrame *frames; /* as many as limits.buffers, each at its number modulo that */
    guint64 first, next;  /* numbers: of the oldest, of the one to come */
    gsize bytes;
    guint run;
    gboolean breaks, needs_key;
    GstClockTime last; /* PTS */
    gint64 arrived;    /* when the newest came */
    guint64 taken, refused;
};

VdtRing *vdt_ring_new(const VdtRingLimits *limits)
{
    VdtRing *ring = g_atomic_rc_box_new0(VdtRing);

    g_return_val_if_fail(limits->buffers > 0, NULL);
    ring->limits = *limits;
    g_mutex_init(&ring->lock);
    g_cond_init(&ring->cond);
    ring->frames = g_new0(VdtRingFrame, limits->buffers);
    ring->breaks = TRUE;
    return ring;
}

VdtRing *vdt_ring_ref(VdtRing *ring)
{
    return g_atomic_rc_box_acquire(ring);
}

void vdt_ring_frame_clear(VdtRingFrame *frame)
{
    gst_clear_buffer(&frame->buffer);
    gst_clear_caps(&frame->caps);
}

static VdtRingFrame *get_frame(VdtRing *ring, guint64 number)
{
    return &ring->frames[number % ring->limits.buffers];
}

static guint count(const VdtRing *ring)
{
    return (guint)(ring->next - ring->first);
}

static void drop_first(VdtRing *ring)
{
    VdtRingFrame *frame = get_frame(ring, ring->first++);

    ring->bytes -= gst_buffer_get_size(frame->buffer);
    vdt_ring_frame_clear(frame);
}

/* What it begins with must be a keyframe again. */
static void drop_group(VdtRing *ring)
{
    do
        drop_first(ring);
    while (count(ring) > 0 && !get_frame(ring, ring->first)->key);
}

static void drop_all(VdtRing *ring)
{
    while (count(ring) > 0)
        drop_first(ring);
}

static void ring_free(gpointer data)
{
    VdtRing *ring = data;

    drop_all(ring);
    g_free(ring->frames);
    g_cond_clear(&ring->cond);
    g_mutex_clear(&ring->lock);
}

void vdt_ring_unref(VdtRing *ring)
{
    g_atomic_rc_box_release_full(ring, ring_free);
}

/* Whether the second group begins at or before @time: then all from there on is still here without
 * the first. */
static gboolean is_first_older(VdtRing *ring, gint64 time)
{
    for (guint64 i = ring->first + 1; i < ring->next; i++)
        if (get_frame(ring, i)->key)
            return get_frame(ring, i)->utc <= time;
    return FALSE;
}

static void make_room(VdtRing *ring, gsize bytes)
{
    while (count(ring) > 0 &&
           (count(ring) >= ring->limits.buffers || ring->bytes + bytes > ring->limits.bytes))
        drop_group(ring);
}

static gboolean goes_on(VdtRing *ring, GstCaps *caps, GstClockTime pts)
{
    const VdtRingFrame *last = count(ring) > 0 ? get_frame(ring, ring->next - 1) : NULL;

    return !ring->breaks && last && pts + BACK >= ring->last && gst_caps_is_equal(last->caps, caps);
}

/* Of two frames with one time a parser takes the second one's away, and nobody muxes what has none:
 * it is a little later here. */
static GstBuffer *with_pts(VdtRing *ring, GstBuffer *buffer)
{
    const GstClockTime pts =
        GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
    const gboolean again = !ring->breaks && count(ring) > 0 && pts == ring->last;

    if (GST_BUFFER_PTS_IS_VALID(buffer) && !again)
        return gst_buffer_ref(buffer);
    buffer = gst_buffer_copy(buffer);
    GST_BUFFER_PTS(buffer) = again ? pts + LATER : pts;
    return buffer;
}

static void add(VdtRing *ring, GstBuffer *buffer, GstCaps *caps, gint64 utc, gboolean key)
{
    VdtRingFrame *frame = get_frame(ring, ring->next);

    *frame = (VdtRingFrame){.buffer = with_pts(ring, buffer),
                            .caps = gst_caps_ref(caps),
                            .utc = utc,
                            .number = ring->next++,
                            .run = ring->run,
                            .key = key};
    ring->bytes += gst_buffer_get_size(buffer);
    ring->last = GST_BUFFER_PTS(frame->buffer);
    ring->arrived = g_get_monotonic_time();
    ring->breaks = ring->needs_key = FALSE;
    ring->taken++;
}

void vdt_ring_push(VdtRing *ring, GstBuffer *buffer, GstCaps *caps, gint64 utc)
{
    const gboolean key = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    const gsize size = gst_buffer_get_size(buffer);
    const GstClockTime pts =
        GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);

    g_mutex_lock(&ring->lock);
    if (!goes_on(ring, caps, pts))
        ring->breaks = ring->needs_key = TRUE;
    if (!GST_CLOCK_TIME_IS_VALID(pts) || (ring->needs_key && !key)) {
        ring->refused++;
    } else {
        ring->run += ring->breaks;
        make_room(ring, size);
        /* of a group that has just been dropped the rest is of no use, nor of one beyond all bounds
         */
        if ((count(ring) == 0 && !key) || size > ring->limits.bytes) {
            ring->refused++;
            ring->breaks = ring->needs_key = TRUE;
        } else {
            add(ring, buffer, caps, utc, key);
            while (is_first_older(ring, utc - ring->limits.time))
                drop_group(ring);
        }
    }
    g_cond_broadcast(&ring->cond);
    g_mutex_unlock(&ring->lock);
}

void vdt_ring_get(VdtRing *ring, VdtRingCounts *counts)
{
    g_mutex_lock(&ring->lock);
    *counts = (VdtRingCounts){.bytes = ring->bytes,
                              .buffers = count(ring),
                              .taken = ring->taken,
                              .refused = ring->refused,
                              .runs = ring->run};
    if (counts->buffers > 0)
        counts->time = get_frame(ring, ring->next - 1)->utc - get_frame(ring, ring->first)->utc;
    g_mutex_unlock(&ring->lock);
}

static gint64 feed_now(VdtRing *ring)
{
    if (count(ring) == 0)
        return g_get_real_time();
    return get_frame(ring, ring->next - 1)->utc + g_get_monotonic_time() - ring->arrived;
}

gint64 vdt_ring_now(VdtRing *ring)
{
    gint64 now;

    g_mutex_lock(&ring->lock);
    now = feed_now(ring);
    g_mutex_unlock(&ring->lock);
    return now;
}

/* The run that @event lies in, or the one before it if there is none. */
static guint find_run(VdtRing *ring, gint64 event)
{
    guint64 i = ring->next - 1;

    while (i > ring->first && get_frame(ring, i)->utc > event)
        i--;
    return get_frame(ring, i)->run;
}

gboolean vdt_ring_find(VdtRing *ring, gint64 from, gint64 event, VdtRingCursor *cursor)
{
    gboolean found = FALSE;
    guint run;

    g_mutex_lock(&ring->lock);
    if (count(ring) > 0 &&
        get_frame(ring, ring->next - 1)->utc < feed_now(ring) - ring->limits.time)
        drop_all(ring);
    if (count(ring) > 0) {
        run = find_run(ring, event);
        for (guint64 i = ring->next; i > ring->first; i--) {
            const VdtRingFrame *frame = get_frame(ring, i - 1);

            if (frame->run != run || !frame->key)
                continue;
            *cursor = (VdtRingCursor){.next = frame->number, .run = run};
            found = TRUE;
            if (frame->utc <= from)
                break;
        }
    }
    g_mutex_unlock(&ring->lock);
    return found;
}

/* Without waiting. */
static VdtRingNews look(VdtRing *ring, VdtRingCursor *cursor, VdtRingFrame *frame)
{
    const VdtRingFrame *kept = get_frame(ring, cursor->next);

    if (cursor->next < ring->first)
        return VDT_RING_DROPPED;
    if (cursor->next == ring->next)
        return ring->breaks || ring->run != cursor->run ? VDT_RING_ENDED : VDT_RING_LATER;
    if (kept->run != cursor->run)
        return VDT_RING_ENDED;
    *frame = *kept;
    gst_buffer_ref(frame->buffer);
    gst_caps_ref(frame->caps);
    cursor->next++;
    return VDT_RING_FRAME;
}

VdtRingNews vdt_ring_read(VdtRing *ring, VdtRingCursor *cursor, gint64 wait, VdtRingFrame *frame)
{
    const gint64 end = g_get_monotonic_time() + wait;
    VdtRingNews news;

    g_mutex_lock(&ring->lock);
    while ((news = look(ring, cursor, frame)) == VDT_RING_LATER && wait > 0 &&
           g_cond_wait_until(&ring->cond, &ring->lock, end))
        continue;
    g_mutex_unlock(&ring->lock);
    return news;
}
