/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pictures a clip is made of, under steady, variable, slow and broken frame rates. */
#include "recognizer/clipring.h"

#define N      5
/* A window of 400 ms with 5 pictures: one every 100 ms. */
#define WINDOW (400 * GST_MSECOND)
#define STEP   (100 * GST_MSECOND)

static VdtClipRing *ring_new(void)
{
    return vdt_clip_ring_new(N, WINDOW);
}

/* Offers a frame as an element does; TRUE if it was kept. */
static gboolean offer(VdtClipRing *ring, GstClockTime pts)
{
    if (!vdt_clip_ring_wants(ring, pts))
        return FALSE;
    vdt_clip_ring_add(ring, vdt_shot_new(pts, 3));
    return TRUE;
}

static void check(VdtClipRing *ring, const guint *ms)
{
    g_autoptr(VdtClip) clip = vdt_clip_ring_get(ring);

    g_assert_nonnull(clip);
    g_assert_cmpuint(clip->n_shots, ==, N);
    for (guint i = 0; i < N; i++)
        g_assert_cmpuint(clip->shots[i]->pts / GST_MSECOND, ==, ms[i]);
}

static void test_steady(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();
    guint kept = 0;

    /* 50 frames a second: five to a step */
    for (guint ms = 0; ms <= 400; ms += 20) {
        g_autoptr(VdtClip) early = vdt_clip_ring_get(ring);

        if (ms <= 340)
            g_assert_null(early);
        kept += offer(ring, ms * GST_MSECOND);
    }
    check(ring, (guint[]){0, 100, 200, 300, 400});
    g_assert_cmpuint(kept, <, 16);
}

static void test_variable(void)
{
    static const guint frames[] = {0, 33, 90, 130, 131, 190, 222, 290, 320, 360, 395, 440, 480};
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint i = 0; i < G_N_ELEMENTS(frames); i++)
        offer(ring, frames[i] * GST_MSECOND);
    check(ring, (guint[]){90, 190, 290, 395, 480});
}

/* Slower than the grid: pictures occur more than once. */
static void test_slow(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint ms = 1000; ms <= 1600; ms += 250)
        g_assert_true(offer(ring, ms * GST_MSECOND));
    check(ring, (guint[]){1000, 1250, 1250, 1500, 1500});
}

static void test_gap(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint ms = 0; ms <= 400; ms += 100)
        offer(ring, ms * GST_MSECOND);
    /* shorter than a window: the clip goes on */
    offer(ring, 700 * GST_MSECOND);
    check(ring, (guint[]){300, 400, 400, 700, 700});
    /* a window or longer: it begins anew */
    offer(ring, 1400 * GST_MSECOND);
    g_assert_null(vdt_clip_ring_get(ring));
    for (guint ms = 1500; ms <= 1800; ms += 100)
        offer(ring, ms * GST_MSECOND);
    check(ring, (guint[]){1400, 1500, 1600, 1700, 1800});
}

/* Right after the first picture, too: one old picture says nothing of what is now. */
static void test_gap_after_first(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    offer(ring, 0);
    offer(ring, 10 * GST_SECOND);
    g_assert_null(vdt_clip_ring_get(ring));
    for (guint ms = 10100; ms <= 10400; ms += 100)
        offer(ring, ms * GST_MSECOND);
    check(ring, (guint[]){10000, 10100, 10200, 10300, 10400});
}

/* A clip is given once. */
static void test_no_news(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint ms = 0; ms <= 400; ms += 100)
        offer(ring, ms * GST_MSECOND);
    check(ring, (guint[]){0, 100, 200, 300, 400});
    g_assert_null(vdt_clip_ring_get(ring));
    g_assert_false(offer(ring, 420 * GST_MSECOND));
    g_assert_null(vdt_clip_ring_get(ring));
    offer(ring, 500 * GST_MSECOND);
    check(ring, (guint[]){100, 200, 300, 400, 500});
}

/* Frames a window or more apart still make clips. */
static void test_very_slow(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint s = 0; s < 5; s++)
        offer(ring, s * GST_SECOND);
    check(ring, (guint[]){4000, 4000, 4000, 4000, 4000});
}

static void test_reset(void)
{
    g_autoptr(VdtClipRing) ring = ring_new();

    for (guint ms = 0; ms <= 400; ms += 100)
        offer(ring, ms * GST_MSECOND);
    vdt_clip_ring_reset(ring);
    g_assert_null(vdt_clip_ring_get(ring));
    /* time may begin again */
    g_assert_true(offer(ring, 0));
}

/* A clip stays what it was while the ring goes on. */
static void test_clip_outlives(void)
{
    VdtClipRing *ring = ring_new();
    g_autoptr(VdtClip) clip = NULL;

    for (guint ms = 0; ms <= 400; ms += 100)
        offer(ring, ms * GST_MSECOND);
    clip = vdt_clip_ring_get(ring);
    for (guint ms = 500; ms <= 900; ms += 100)
        offer(ring, ms * GST_MSECOND);
    vdt_clip_ring_free(ring);
    for (guint i = 0; i < N; i++)
        g_assert_cmpuint(clip->shots[i]->pts, ==, i * STEP);
}

/* After 24 days of 29.97 frames a second the grid still fits. */
static void test_long_run(void)
{
    g_autoptr(VdtClipRing) ring = vdt_clip_ring_new(16, 2 * GST_SECOND);
    const guint64 start = 60000000;
    g_autoptr(VdtClip) clip = NULL;

    offer(ring, 0);
    for (guint64 i = 0; i < 120; i++)
        offer(ring, gst_util_uint64_scale(start + i, 1001 * GST_SECOND, 30000));
    clip = vdt_clip_ring_get(ring);
    g_assert_nonnull(clip);
    for (guint i = 1; i < 16; i++) {
        const GstClockTime step = clip->shots[i]->pts - clip->shots[i - 1]->pts;

        g_assert_cmpuint(step, >, 95 * GST_MSECOND);
        g_assert_cmpuint(step, <, 172 * GST_MSECOND);
    }
}

static void test_one_shot(void)
{
    g_autoptr(VdtClipRing) ring = vdt_clip_ring_new(1, 0);
    g_autoptr(VdtClip) clip = NULL;

    offer(ring, 5);
    offer(ring, 40 * GST_MSECOND);
    clip = vdt_clip_ring_get(ring);
    g_assert_cmpuint(clip->shots[0]->pts, ==, 40 * GST_MSECOND);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clipring/steady", test_steady);
    g_test_add_func("/clipring/variable", test_variable);
    g_test_add_func("/clipring/slow", test_slow);
    g_test_add_func("/clipring/gap", test_gap);
    g_test_add_func("/clipring/gap-after-first", test_gap_after_first);
    g_test_add_func("/clipring/no-news", test_no_news);
    g_test_add_func("/clipring/very-slow", test_very_slow);
    g_test_add_func("/clipring/reset", test_reset);
    g_test_add_func("/clipring/clip-outlives", test_clip_outlives);
    g_test_add_func("/clipring/long-run", test_long_run);
    g_test_add_func("/clipring/one-shot", test_one_shot);
    return g_test_run();
}
