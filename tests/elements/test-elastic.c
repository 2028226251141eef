/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a stream goes to a cheaper level and when it comes back, for loads that are made up, with a
 * clock that is, too. */
#include <math.h>

#include "analyzer/elastic.h"

#define INTERVAL 1.0

/* DeiT-B's, of 0, 4, 8, 12 and 16 tokens that each block merges. */
static const double costs[] = {1, 0.88, 0.76, 0.64, 0.52};

/* A stream whose results take @work seconds at the first level, the more or the less by @noise. */
typedef struct {
    VdtElastic elastic;
    double work, noise;
    gint64 now;
    GRand *rand;
} Stream;

static Stream *stream_new(double work, double noise)
{
    Stream *s = g_new0(Stream, 1);

    vdt_elastic_init(&s->elastic, costs, G_N_ELEMENTS(costs));
    s->work = work;
    s->noise = noise;
    s->rand = g_rand_new_with_seed(5);
    return s;
}

static void stream_free(Stream *s)
{
    g_rand_free(s->rand);
    g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, stream_free)

/* @n more results; returns how often the level changed. */
static guint run(Stream *s, guint n)
{
    const guint before = s->elastic.changes;

    for (guint i = 0; i < n; i++) {
        const double factor = 1 + s->noise * g_rand_double_range(s->rand, -1, 1);
        const guint level = s->elastic.level;

        s->now += (gint64)(INTERVAL * G_USEC_PER_SEC);
        vdt_elastic_note(&s->elastic, level, s->work * costs[level] * factor, INTERVAL, s->now);
    }
    return s->elastic.changes - before;
}

static void test_room(void)
{
    g_autoptr(Stream) s = stream_new(0.3, 0.3);

    g_assert_cmpuint(run(s, 10000), ==, 0);
}

/* To the best level that is cheap enough, at once; and back, step by step, when there is room. */
static void test_overload(void)
{
    g_autoptr(Stream) s = stream_new(0.6, 0);

    g_assert_cmpuint(run(s, 2), ==, 0);
    g_assert_cmpuint(run(s, 1), ==, 1);
    g_assert_cmpuint(s->elastic.level, ==, 2); /* 0.6 * 0.76 = 0.456 */
    g_assert_cmpuint(run(s, 1000), ==, 0);
    s->work = 3; /* nothing is cheap enough */
    g_assert_cmpuint(run(s, 3), ==, 1);
    g_assert_cmpuint(s->elastic.level, ==, 4);
    g_assert_cmpuint(run(s, 1000), ==, 0);
    s->work = 0.2;
    g_assert_cmpuint(run(s, 100), ==, 4);
    g_assert_cmpuint(s->elastic.level, ==, 0);
    g_assert_cmpuint(run(s, 1000), ==, 0);
}

/* Results that are slow now and then for another reason. */
static void test_outliers(void)
{
    g_autoptr(Stream) s = stream_new(0.3, 0);

    for (guint i = 0; i < 1000; i++) {
        s->work = i % 4 == 3 ? 2 : 0.3;
        g_assert_cmpuint(run(s, 1), ==, 0);
    }
}

/* A load that sits on the border, or next to it, moves a stream once at most, exactly there and
 * with noise around it. */
static void test_border(void)
{
    static const double noises[] = {0, 0.01, 0.1, 0.3};

    for (double work = 0.30; work <= 1.2; work += 0.0025)
        for (guint i = 0; i < G_N_ELEMENTS(noises); i++) {
            g_autoptr(Stream) s = stream_new(work, noises[i]);

            run(s, 100);
            g_assert_cmpuint(run(s, 10000), <=, 1);
        }
    g_autoptr(Stream) on = stream_new(0.5, 0), above = stream_new(0.5 + 1e-9, 0);
    g_assert_cmpuint(run(on, 1000), ==, 0);
    g_assert_cmpuint(run(above, 1000), ==, 1);
}

/* The same for the border of the way back. */
static void test_border_back(void)
{
    for (double work = 0.30; work <= 0.5; work += 0.0025)
        for (int noisy = 0; noisy < 2; noisy++) {
            g_autoptr(Stream) s = stream_new(3, 0);

            run(s, 100);
            g_assert_cmpuint(s->elastic.level, ==, 4);
            s->work = work;
            s->noise = noisy * 0.2;
            /* each step of the way is made once */
            g_assert_cmpuint(run(s, 40000), <=, 4);
        }
}

/* Four streams on one machine: each takes as long as all of them work. */
static void test_shared(void)
{
    for (double work = 0.05; work < 0.5; work += 0.01) {
        VdtElastic streams[4];
        g_autoptr(GRand) rand = g_rand_new_with_seed(7);
        guint early = 0, late = 0;

        for (guint i = 0; i < 4; i++)
            vdt_elastic_init(&streams[i], costs, G_N_ELEMENTS(costs));
        for (gint64 t = 1; t <= 20000; t++) {
            double sum = 0;

            for (guint i = 0; i < 4; i++)
                sum += work * costs[streams[i].level];
            for (guint i = 0; i < 4; i++) {
                const double took = sum * g_rand_double_range(rand, 0.9, 1.1);
                const gboolean changed = vdt_elastic_note(&streams[i], streams[i].level, took,
                                                          INTERVAL, t * G_USEC_PER_SEC);

                *(t <= 2000 ? &early : &late) += changed;
            }
        }
        g_assert_cmpuint(early, <=, 24);
        g_assert_cmpuint(late, <=, 2);
    }
}

/* Where costs are not what they are said to be, a return is wrong each time: it is tried less and
 * less often. */
static void test_wrong_costs(void)
{
    VdtElastic elastic;

    vdt_elastic_init(&elastic, costs, 2);
    for (gint64 t = 1; t <= 36000; t++)
        vdt_elastic_note(&elastic, elastic.level, elastic.level == 0 ? 0.9 : 0.2, INTERVAL,
                         t * G_USEC_PER_SEC);
    /* ten hours */
    g_assert_cmpuint(elastic.changes, >, 10);
    g_assert_cmpuint(elastic.changes, <, 160);
}

/* What was made at another level says nothing; without an interval nothing is late; levels may be
 * taken away. */
static void test_edges(void)
{
    VdtElastic elastic;

    vdt_elastic_init(&elastic, costs, G_N_ELEMENTS(costs));
    for (gint64 t = 1; t <= 100; t++) {
        g_assert_false(vdt_elastic_note(&elastic, 3, 5, INTERVAL, t * G_USEC_PER_SEC));
        g_assert_false(vdt_elastic_note(&elastic, 0, 5, 0, t * G_USEC_PER_SEC));
        g_assert_false(vdt_elastic_note(&elastic, 0, NAN, INTERVAL, t * G_USEC_PER_SEC));
    }
    for (gint64 t = 101; t <= 103; t++)
        vdt_elastic_note(&elastic, 0, 5, INTERVAL, t * G_USEC_PER_SEC);
    g_assert_cmpuint(elastic.level, ==, 4);
    vdt_elastic_limit(&elastic, 2);
    g_assert_cmpuint(elastic.level, ==, 1);
    vdt_elastic_limit(&elastic, 0);
    g_assert_cmpuint(elastic.level, ==, 0);
    for (gint64 t = 104; t <= 200; t++)
        g_assert_false(vdt_elastic_note(&elastic, 0, 5, INTERVAL, t * G_USEC_PER_SEC));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/elastic/room", test_room);
    g_test_add_func("/elastic/overload", test_overload);
    g_test_add_func("/elastic/outliers", test_outliers);
    g_test_add_func("/elastic/border", test_border);
    g_test_add_func("/elastic/border-back", test_border_back);
    g_test_add_func("/elastic/shared", test_shared);
    g_test_add_func("/elastic/wrong-costs", test_wrong_costs);
    g_test_add_func("/elastic/edges", test_edges);
    return g_test_run();
}
