/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a ring keeps, and where it is read from. Times in frames, of which 10 are a group. */
#include "fixture.h"

#define GROUP 10

static GstCaps *some_caps(const char *name)
{
    return gst_caps_new_empty_simple(name);
}

static VdtRing *new_ring(gint64 frames, gsize bytes, guint buffers)
{
    return vdt_ring_new(
        &(VdtRingLimits){.time = frame_time(frames), .bytes = bytes, .buffers = buffers});
}

/* Frame @n, of 100 bytes, that is shown at @at. */
static void push_at(VdtRing *ring, GstCaps *caps, guint n, gint64 at)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100, NULL);

    GST_BUFFER_PTS(buffer) = (GstClockTime)frame_time(at) * GST_USECOND;
    GST_BUFFER_OFFSET(buffer) = n;
    if (n % GROUP != 0)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    vdt_ring_push(ring, buffer, caps, DAWN + frame_time(at));
    gst_buffer_unref(buffer);
}

static void push(VdtRing *ring, GstCaps *caps, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        push_at(ring, caps, i, i);
}

static void check_counts(VdtRing *ring, guint buffers, guint refused, guint runs)
{
    VdtRingCounts counts;

    vdt_ring_get(ring, &counts);
    g_assert_cmpuint(counts.buffers, ==, buffers);
    g_assert_cmpuint(counts.bytes, ==, 100 * buffers);
    g_assert_cmpuint(counts.refused, ==, refused);
    g_assert_cmpuint(counts.runs, ==, runs);
}

/* The frames that are read from @cursor on are @from up to before @to, and then @news. */
static void check_read(VdtRing *ring, VdtRingCursor *cursor, guint from, guint to, VdtRingNews news)
{
    VdtRingFrame frame;

    for (guint i = from; i < to; i++) {
        g_assert_cmpint(vdt_ring_read(ring, cursor, 0, &frame), ==, VDT_RING_FRAME);
        g_assert_cmpuint(GST_BUFFER_OFFSET(frame.buffer), ==, i);
        g_assert_cmpint(frame.key, ==, i % GROUP == 0);
        vdt_ring_frame_clear(&frame);
    }
    g_assert_cmpint(vdt_ring_read(ring, cursor, 0, &frame), ==, news);
}

/* What is asked for from @from on, of an event at @event, begins with frame @first. */
static void check_find(VdtRing *ring, gint64 from, gint64 event, guint first)
{
    VdtRingCursor cursor;
    VdtRingFrame frame;

    g_assert_true(vdt_ring_find(ring, DAWN + frame_time(from), DAWN + frame_time(event), &cursor));
    g_assert_cmpint(vdt_ring_read(ring, &cursor, 0, &frame), ==, VDT_RING_FRAME);
    g_assert_cmpuint(GST_BUFFER_OFFSET(frame.buffer), ==, first);
    g_assert_true(frame.key);
    vdt_ring_frame_clear(&frame);
}

static void test_find(void)
{
    g_autoptr(VdtRing) ring = new_ring(1000, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    VdtRingCursor cursor;

    g_assert_false(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    push(ring, caps, 0, 55);
    check_find(ring, 25, 35, 20);
    check_find(ring, 20, 35, 20);
    check_find(ring, 19, 35, 10);
    check_find(ring, 0, 0, 0);
    /* before all that is there, and after it */
    check_find(ring, -1000, 0, 0);
    check_find(ring, 1000, 1000, 50);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    check_read(ring, &cursor, 0, 55, VDT_RING_LATER);
    push(ring, caps, 55, 60);
    check_read(ring, &cursor, 55, 60, VDT_RING_LATER);
}

static void test_begins_with_keyframe(void)
{
    g_autoptr(VdtRing) ring = new_ring(1000, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");

    push(ring, caps, 3, 15);
    check_counts(ring, 5, 7, 1);
    check_find(ring, 0, 0, 10);
}

/* As many seconds as asked for are there, and at most a group more. */
static void test_time(void)
{
    g_autoptr(VdtRing) ring = new_ring(25, 1000000, 1000);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");

    for (guint i = 0; i < 200; i++) {
        VdtRingCounts counts;

        push(ring, caps, i, i + 1);
        vdt_ring_get(ring, &counts);
        g_assert_cmpint(counts.time, <, frame_time(25 + GROUP));
        if (i >= 25)
            g_assert_cmpint(counts.time, >=, frame_time(25));
        check_find(ring, -1000, -1000, i < 35 ? 0 : (i - 25) / GROUP * GROUP);
    }
}

static void test_bounds(void)
{
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");

    for (guint by_bytes = 0; by_bytes < 2; by_bytes++) {
        g_autoptr(VdtRing) ring =
            by_bytes ? new_ring(100000, 3500, 1000) : new_ring(100000, 1000000, 35);

        for (guint i = 0; i < 500; i++) {
            VdtRingCounts counts;

            push(ring, caps, i, i + 1);
            vdt_ring_get(ring, &counts);
            g_assert_cmpuint(counts.buffers, <=, 35);
            g_assert_cmpuint(counts.bytes, <=, 3500);
            g_assert_cmpuint(counts.buffers, >=, MIN(i + 1, 26));
        }
        check_counts(ring, 30, 0, 1);
        check_find(ring, -1000, -1000, 470);
    }
}

/* A group that is larger than all there may be: its beginning goes, and so the rest is of no use.
 */
static void test_large_group(void)
{
    g_autoptr(VdtRing) ring = new_ring(100000, 700, 1000);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    GstBuffer *huge = gst_buffer_new_allocate(NULL, 701, NULL);

    push(ring, caps, 0, 7);
    check_counts(ring, 7, 0, 1);
    push(ring, caps, 7, 10);
    check_counts(ring, 0, 3, 1);
    push(ring, caps, 10, 12);
    check_counts(ring, 2, 3, 2);
    GST_BUFFER_PTS(huge) = 0;
    vdt_ring_push(ring, huge, caps, DAWN);
    gst_buffer_unref(huge);
    check_counts(ring, 0, 4, 2);
}

static void test_runs(void)
{
    g_autoptr(VdtRing) ring = new_ring(1000, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264"), other = some_caps("video/x-h265");
    g_autoptr(GstCaps) same = gst_caps_copy(other);
    VdtRingCursor cursor;

    push(ring, caps, 0, 25);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    /* waits for a keyframe, too */
    push(ring, other, 25, 45);
    check_counts(ring, 40, 5, 2);
    check_read(ring, &cursor, 0, 25, VDT_RING_ENDED);
    /* an event in the second run does not have what is before it, one in the first nothing behind
     */
    check_find(ring, 20, 40, 30);
    check_find(ring, 20, 24, 20);
    /* the same in other words */
    push(ring, same, 45, 50);
    check_counts(ring, 45, 5, 2);
}

/* A little back is another order, more is another base. */
static void test_times_back(void)
{
    g_autoptr(VdtRing) ring = new_ring(1000, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");

    push_at(ring, caps, 0, 100);
    push_at(ring, caps, 1, 100 + FPS);
    push_at(ring, caps, 2, 101);
    check_counts(ring, 3, 0, 1);
    push_at(ring, caps, 10, 80);
    check_counts(ring, 4, 0, 2);
    push_at(ring, caps, 11, 80 - FPS - 1);
    check_counts(ring, 4, 1, 2);
}

/* No two frames have one time. */
static void test_times_same(void)
{
    g_autoptr(VdtRing) ring = new_ring(100, 100000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    GstClockTime last = 0;
    VdtRingCursor cursor;
    VdtRingFrame frame;

    for (guint i = 0; i < 5; i++)
        push_at(ring, caps, i, 7);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN + frame_time(7), &cursor));
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpint(vdt_ring_read(ring, &cursor, 0, &frame), ==, VDT_RING_FRAME);
        g_assert_cmpuint(GST_BUFFER_PTS(frame.buffer), >, last);
        last = GST_BUFFER_PTS(frame.buffer);
        vdt_ring_frame_clear(&frame);
    }
}

static void test_dropped(void)
{
    g_autoptr(VdtRing) ring = new_ring(1000, 1000000, 30);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    VdtRingCursor cursor;

    push(ring, caps, 0, 20);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    check_read(ring, &cursor, 0, 20, VDT_RING_LATER);
    push(ring, caps, 20, 40);
    check_read(ring, &cursor, 20, 40, VDT_RING_LATER);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    push(ring, caps, 40, 80);
    check_read(ring, &cursor, 0, 0, VDT_RING_DROPPED);
}

/* Frames from before a camera went away are not those of an event of now. */
static void test_stale(void)
{
    g_autoptr(VdtRing) ring = new_ring(5, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    VdtRingCursor cursor;

    push(ring, caps, 0, 12);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    g_usleep(2 * (gulong)frame_time(5));
    g_assert_cmpint(vdt_ring_now(ring), >=, DAWN + frame_time(11) + 2 * frame_time(5));
    g_assert_false(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    check_counts(ring, 0, 0, 1);
    g_assert_cmpint(ABS(vdt_ring_now(ring) - g_get_real_time()), <, G_USEC_PER_SEC);
}

static void test_without_times(void)
{
    g_autoptr(VdtRing) ring = new_ring(100, 1000000, 100);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 100, NULL);

    vdt_ring_push(ring, buffer, caps, DAWN);
    check_counts(ring, 0, 1, 0);
    GST_BUFFER_DTS(buffer) = 5;
    vdt_ring_push(ring, buffer, caps, DAWN);
    check_counts(ring, 1, 1, 1);
    g_assert_false(GST_BUFFER_PTS_IS_VALID(buffer));
    gst_buffer_unref(buffer);
}

/* --- threads --- */

typedef struct {
    VdtRing *ring;
    gint ends; /* atomic */
    guint read, lost;
} Reading;

static gpointer read_on(gpointer data)
{
    Reading *reading = data;
    VdtRingCursor cursor = {0};
    gboolean found = FALSE;

    while (!g_atomic_int_get(&reading->ends)) {
        VdtRingFrame frame;
        VdtRingNews news;

        if (!found)
            found = vdt_ring_find(reading->ring, DAWN, DAWN, &cursor);
        if (!found)
            continue;
        news = vdt_ring_read(reading->ring, &cursor, 1000, &frame);
        if (news == VDT_RING_FRAME) {
            g_assert_cmpuint(gst_buffer_get_size(frame.buffer), ==, 100);
            vdt_ring_frame_clear(&frame);
            reading->read++;
        } else if (news != VDT_RING_LATER) {
            found = FALSE;
            reading->lost++;
        }
    }
    return NULL;
}

static void test_threads(void)
{
    enum { READERS = 4 };
    g_autoptr(VdtRing) ring = new_ring(100, 1000000, 50);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264"), other = some_caps("video/x-h265");
    Reading readings[READERS] = {0};
    GThread *threads[READERS];

    for (guint i = 0; i < READERS; i++) {
        readings[i].ring = ring;
        threads[i] = g_thread_new("reader", read_on, &readings[i]);
    }
    for (guint i = 0; i < 20000; i++) {
        push(ring, i / 1000 % 2 ? caps : other, i, i + 1);
        if (i % 1024 == 0)
            g_usleep(2000);
    }
    for (guint i = 0; i < READERS; i++) {
        g_atomic_int_set(&readings[i].ends, TRUE);
        g_thread_join(threads[i]);
        g_assert_cmpuint(readings[i].read, >, 0);
    }
}

/* Who waits is woken by a frame. */
static gpointer push_later(gpointer ring)
{
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");

    g_usleep(100000);
    push(ring, caps, 1, 2);
    return NULL;
}

static void test_wait(void)
{
    g_autoptr(VdtRing) ring = new_ring(100, 1000000, 50);
    g_autoptr(GstCaps) caps = some_caps("video/x-h264");
    VdtRingCursor cursor;
    VdtRingFrame frame;
    GThread *thread;
    gint64 begin;

    push(ring, caps, 0, 1);
    g_assert_true(vdt_ring_find(ring, DAWN, DAWN, &cursor));
    check_read(ring, &cursor, 0, 1, VDT_RING_LATER);
    thread = g_thread_new("pusher", push_later, ring);
    begin = g_get_monotonic_time();
    g_assert_cmpint(vdt_ring_read(ring, &cursor, 60 * G_USEC_PER_SEC, &frame), ==, VDT_RING_FRAME);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 30 * G_USEC_PER_SEC);
    vdt_ring_frame_clear(&frame);
    g_assert_cmpint(vdt_ring_read(ring, &cursor, 10000, &frame), ==, VDT_RING_LATER);
    g_thread_join(thread);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/ring/find", test_find);
    g_test_add_func("/ring/begins-with-keyframe", test_begins_with_keyframe);
    g_test_add_func("/ring/time", test_time);
    g_test_add_func("/ring/bounds", test_bounds);
    g_test_add_func("/ring/large-group", test_large_group);
    g_test_add_func("/ring/runs", test_runs);
    g_test_add_func("/ring/times-back", test_times_back);
    g_test_add_func("/ring/times-same", test_times_same);
    g_test_add_func("/ring/dropped", test_dropped);
    g_test_add_func("/ring/stale", test_stale);
    g_test_add_func("/ring/without-times", test_without_times);
    g_test_add_func("/ring/threads", test_threads);
    g_test_add_func("/ring/wait", test_wait);
    return fixture_run();
}
