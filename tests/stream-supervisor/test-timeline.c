/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of frames over connections, leaps and clocks that are off. */
#include "stream/timeline.h"

#define MS    G_GINT64_CONSTANT(1000000)
#define S     (1000 * MS)
#define FRAME (40 * MS)

typedef struct {
    VdtTimeline timeline;
    gint64 last; /* that was given out */
    guint leaps;
} Fixture;

static Fixture fixture_new(void)
{
    Fixture f = {.last = -1};

    vdt_timeline_init(&f.timeline);
    return f;
}

/* A frame of the source's time @pts at @now; returns the pipeline's. */
static gint64 frame(Fixture *f, gint64 pts, gint64 now)
{
    gint64 none = -1;

    f->leaps += vdt_timeline_map(&f->timeline, &pts, &none, now);
    g_assert_cmpint(none, ==, -1);
    g_assert_cmpint(pts, >, f->last);
    f->last = pts;
    return pts;
}

static void check_near(gint64 a, gint64 b, gint64 most)
{
    g_assert_cmpint(a, >, b - most);
    g_assert_cmpint(a, <, b + most);
}

static void test_reconnect(void)
{
    Fixture f = fixture_new();

    vdt_timeline_begin(&f.timeline, 100 * S, 0);
    for (guint i = 0; i < 50; i++)
        g_assert_cmpint(frame(&f, i * FRAME, 100 * S + i * FRAME), ==, 100 * S + i * FRAME);
    g_assert_cmpuint(f.leaps, ==, 1);
    /* another connection, which counts from 0 again */
    vdt_timeline_begin(&f.timeline, 110 * S, 0);
    g_assert_cmpint(frame(&f, 0, 110 * S + 5 * MS), ==, 110 * S);
    g_assert_cmpuint(f.leaps, ==, 2);
    /* and one whose times would lie before what was given out */
    vdt_timeline_begin(&f.timeline, 109 * S, 0);
    g_assert_cmpint(frame(&f, 0, 110 * S + 50 * MS), ==, 110 * S + 50 * MS);
    g_assert_cmpint(frame(&f, FRAME, 110 * S + 90 * MS), ==, 110 * S + 90 * MS);
    /* and one that counts from anywhere */
    vdt_timeline_begin(&f.timeline, 111 * S, 0);
    g_assert_cmpint(frame(&f, 5000 * S, 112 * S), ==, 112 * S);
    g_assert_cmpint(frame(&f, 5000 * S + FRAME, 112 * S), ==, 112 * S + FRAME);
    g_assert_cmpuint(f.leaps, ==, 4);
}

static void test_leaps(void)
{
    Fixture f = fixture_new();
    const gint64 sets[] = {3600 * S, 20 * S, -3600 * S, -20 * S, -2 * S};
    gint64 set = 0, now = 0;

    vdt_timeline_begin(&f.timeline, 0, 0);
    for (guint i = 0; i < 500; i++, now += FRAME) {
        if (i % 100 == 50)
            set += sets[i / 100];
        check_near(frame(&f, 4000 * S + now + set, now), now, FRAME);
    }
    g_assert_cmpuint(f.leaps, ==, 6);
}

/* Frames that a network held for seconds and gives at once keep their times. */
static void test_burst(void)
{
    Fixture f = fixture_new();

    vdt_timeline_begin(&f.timeline, 0, 0);
    for (guint i = 0; i < 50; i++)
        frame(&f, i * FRAME, i * FRAME);
    for (guint i = 50; i < 250; i++)
        check_near(frame(&f, i * FRAME, 250 * FRAME), i * FRAME, S);
    for (guint i = 250; i < 500; i++)
        frame(&f, i * FRAME, i * FRAME);
    g_assert_cmpuint(f.leaps, ==, 1);
    check_near(f.last, 499 * FRAME, 100 * MS);
}

/* Days with a clock that is off by far more than any is: never late nor early by much. */
static void test_drift(gconstpointer data)
{
    const int ppm = GPOINTER_TO_INT(data);
    Fixture f = fixture_new();

    vdt_timeline_begin(&f.timeline, 0, 200 * MS);
    for (gint64 i = 0; i < 100000; i++) {
        const gint64 now = i * FRAME, lag = now - frame(&f, now + now / 1000000 * ppm, now);

        g_assert_cmpint(lag, <, 300 * MS);
        g_assert_cmpint(lag, >, -100 * MS);
    }
    g_assert_cmpuint(f.leaps, ==, 1);
}

/* A lag that stays is no lag: the camera's clock stood still for a while. */
static void test_standstill(void)
{
    Fixture f = fixture_new();
    gint64 lag = 0;

    vdt_timeline_begin(&f.timeline, 0, 200 * MS);
    for (guint i = 0; i < 50; i++)
        frame(&f, i * FRAME, i * FRAME);
    for (guint i = 50; i < 250; i++)
        lag = i * FRAME + 60 * S - frame(&f, i * FRAME, i * FRAME + 60 * S);
    g_assert_cmpuint(f.leaps, ==, 2);
    check_near(lag, 0, 201 * MS);
}

static void test_reordered(void)
{
    Fixture f = fixture_new();
    static const gint64 shown[] = {2, 0, 1, 5, 3, 4, 8, 6, 7};
    gint64 last = -1;

    for (guint connection = 0; connection < 2; connection++) {
        vdt_timeline_begin(&f.timeline, connection * 300 * MS, 0);
        for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
            gint64 pts = (shown[i] + 2) * FRAME, dts = i * FRAME;
            const gint64 gap = pts - dts;

            f.leaps += vdt_timeline_map(&f.timeline, &pts, &dts, connection * 300 * MS + i * FRAME);
            g_assert_cmpint(dts, >, last);
            g_assert_cmpint(pts - dts, ==, gap);
            last = dts;
        }
    }
    g_assert_cmpuint(f.leaps, ==, 2);
}

static void test_no_times(void)
{
    Fixture f = fixture_new();

    vdt_timeline_begin(&f.timeline, 0, 0);
    g_assert_cmpint(frame(&f, -1, 7 * S), ==, 7 * S);
    g_assert_cmpint(frame(&f, -1, 7 * S), ==, 7 * S + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timeline/reconnect", test_reconnect);
    g_test_add_func("/timeline/leaps", test_leaps);
    g_test_add_func("/timeline/burst", test_burst);
    g_test_add_data_func("/timeline/fast", GINT_TO_POINTER(500), test_drift);
    g_test_add_data_func("/timeline/slow", GINT_TO_POINTER(-500), test_drift);
    g_test_add_func("/timeline/standstill", test_standstill);
    g_test_add_func("/timeline/reordered", test_reordered);
    g_test_add_func("/timeline/no-times", test_no_times);
    return g_test_run();
}
