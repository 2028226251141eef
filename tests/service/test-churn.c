/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 32 sources that come and go at random: for 20 s; for an hour with VEDETTE_SOAK=1, or as many
 * seconds as VEDETTE_SOAK_SECONDS says. Memory, threads and descriptors of the service do not grow,
 * and a stream beside them loses nothing. */
#include <glib/gstdio.h>
#include <math.h>
#include <unistd.h>

#include "service.h"

#define N       32
#define RATE    15
#define SHORT   20   /* s */
#define LONG    3600 /* s */
#define ROUNDS  6    /* at whose ends all are gone, and usage is looked at */
#define SAMPLES 20   /* of usage; the least counts */
#define MOST_MIB                                                                                   \
    48 /* more at the end, of what malloc keeps in pieces: 3 KiB a source that leaks are more */

typedef struct {
    guint threads, files;
    double mib;
} Usage;

typedef struct {
    Service s;
    Peer camera;
    GRand *random;
    gboolean there[N];
    guint added, removed;
    double oldest; /* s: the greatest age of a frame of the stream that stays */
} Churn;

static guint seconds_of(void)
{
    const char *seconds = g_getenv("VEDETTE_SOAK_SECONDS");
    return seconds != NULL                    ? (guint)g_ascii_strtoull(seconds, NULL, 10)
           : g_getenv("VEDETTE_SOAK") != NULL ? LONG
                                              : SHORT;
}

static guint count_entries(const Service *s, const char *name)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/%s", g_subprocess_get_identifier(s->process), name);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static Usage get_usage(const Service *s)
{
    g_autofree char *path =
                        g_strdup_printf("/proc/%s/statm", g_subprocess_get_identifier(s->process)),
                    *text = read_whole(path);
    g_auto(GStrv) pages = g_strsplit(text, " ", -1);
    return (Usage){count_entries(s, "task"), count_entries(s, "fd"),
                   g_ascii_strtod(pages[1], NULL) * (double)sysconf(_SC_PAGESIZE) / (1 << 20)};
}

static Usage least_usage(const Service *s)
{
    Usage least = get_usage(s);
    for (guint i = 0; i < SAMPLES; i++) {
        Usage usage = get_usage(s);
        least.threads = MIN(least.threads, usage.threads);
        least.files = MIN(least.files, usage.files);
        least.mib = MIN(least.mib, usage.mib);
        g_usleep(SECOND / 10);
    }
    return least;
}

/* Every other one of a camera, which takes an encoder there; the rest without one. */
static void set_source(Churn *c, guint i, gboolean there)
{
    g_autofree char *file = g_strdup_printf("streams.d/s%02u.conf", i);
    if (there == c->there[i])
        return;
    c->there[i] = there;
    if (!there) {
        c->removed++;
        g_assert_cmpint(g_unlink(fixture_path(file)), ==, 0);
        return;
    }
    g_autofree char *source = i % 4 == 0 ? source_of(&c->camera) : g_strdup("street:///");
    g_autofree char *text = g_strdup_printf(
        "[stream]\nsource=%s\nexpected-size=160x120\n%s[record]\nkeep=%s\n", source,
        i % 4 == 0 ? "" : "[parameters]\nsize=160x120\nrate=5\n", i % 2 == 0 ? "clips" : "nothing");
    c->added++;
    fixture_add(file, text);
}

static void reload(Churn *c)
{
    service_act(&c->s, "POST", "/api/v1/reload", NULL, 200);
}

static void look(Churn *c)
{
    double age = service_metric(&c->s, "vedette_frame_age_seconds{stream=\"front\"}");
    if (!isnan(age))
        c->oldest = MAX(c->oldest, age);
}

static void churn(Churn *c, gint64 until)
{
    while (g_get_monotonic_time() < until) {
        guint n = (guint)g_rand_int_range(c->random, 1, 9);
        for (guint i = 0; i < n; i++) {
            guint one = (guint)g_rand_int_range(c->random, 0, N);
            set_source(c, one, !c->there[one]);
        }
        reload(c);
        guint looks = (guint)g_rand_int_range(c->random, 0, 20);
        for (guint i = 0; i < looks; i++) {
            look(c);
            g_usleep(SECOND / 20);
        }
    }
    for (guint i = 0; i < N; i++)
        set_source(c, i, FALSE);
    reload(c);
}

static gboolean is_alone(const Service *s)
{
    g_autofree char *answer = service_get(s, "/api/v1/streams");
    return count_of(answer, "\"isolated\":") == 1;
}

static void test_churn(void)
{
    Churn c = {.random = g_rand_new_with_seed(32)};
    Usage usages[ROUNDS];
    guint seconds = seconds_of(), rounds = seconds < 60 ? 2 : ROUNDS;
    peer_init(&c.camera);
    peer_serve(&c.camera, "h264");
    service_init(&c.s, "");
    c.s.with_state = TRUE;
    add_bars("front", "[record]\nkeep=nothing\n");
    service_start(&c.s);
    service_wait_ready(&c.s);
    EXPECT(&c.s, service_is(&c.s, "front", "live"), 20);
    for (guint i = 0; i < N; i++) /* all at once, at first */
        set_source(&c, i, TRUE);
    reload(&c);
    gint64 begin = g_get_monotonic_time();
    g_autoptr(JsonObject) first = service_stream(&c.s, "front");
    for (guint i = 0; i < rounds; i++) {
        churn(&c, g_get_monotonic_time() + (gint64)seconds * SECOND / rounds);
        EXPECT(&c.s, is_alone(&c.s), 20);
        g_usleep(2 * SECOND); /* threads that take down what was removed */
        usages[i] = least_usage(&c.s);
        g_test_message("%4.0f s, %u added, %u removed: %.1f MiB, %u threads, %u descriptors",
                       (double)(g_get_monotonic_time() - begin) / 1e6, c.added, c.removed,
                       usages[i].mib, usages[i].threads, usages[i].files);
    }
    g_autoptr(JsonObject) last = service_stream(&c.s, "front");
    double took = (double)(g_get_monotonic_time() - begin) / 1e6;
    gint64 frames = stream_int(last, "frames") - stream_int(first, "frames");
    g_test_message("of the stream beside them %" G_GINT64_FORMAT " of %.0f frames came, the oldest "
                   "newest one was %.0f ms old",
                   frames, took * RATE, c.oldest * 1000);
    g_assert_cmpuint(c.added, >=, N);
    g_assert_cmpuint(c.added, ==, c.removed);
    g_assert_cmpint(stream_int(last, "connects"), ==, 1);
    g_assert_cmpint(stream_int(last, "stalls"), ==, 0);
    g_assert_cmpint(stream_int(last, "builds"), ==, 1);
    for (guint i = 1; i < rounds; i++) {
        g_assert_cmpuint(usages[i].threads, <=, usages[0].threads + 2);
        g_assert_cmpuint(usages[i].files, <=, usages[0].files + 4);
    }
#if !defined(__SANITIZE_ADDRESS__)
    g_assert_cmpfloat((double)frames, >, took * RATE * 0.9);
    g_assert_cmpfloat(usages[rounds - 1].mib, <, usages[1].mib + MOST_MIB);
#endif
    service_stop(&c.s);
    service_clear(&c.s);
    peer_clear(&c.camera);
    g_rand_free(c.random);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/churn/sources", test_churn);
    return fixture_close();
}
