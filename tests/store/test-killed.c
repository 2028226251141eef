/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 at random moments while events flow: a child puts events, and writes down which ended
 * when, and how many it was told are written. Those are in the database, whole, and so is what
 * ended a second before, unless the machine was busy. VEDETTE_SOAK=1 does so a hundred times.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define SECOND G_USEC_PER_SEC

static const char *self;

/* Never returns by itself. */
static int be_child(const char *folder, const char *round)
{
    g_autoptr(VdtStore) store = vdt_store_open(folder, NULL, NULL);
    g_assert_nonnull(store);
    for (guint i = 0;; i++) {
        g_autofree char *id = g_strdup_printf("%s-%u", round, i);
        fixture_put(store, "start", id);
        fixture_put(store, "update", id);
        fixture_put(store, "end", id);
        vdt_store_set_mark(store, "reader", vdt_store_get_last(store));
        g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
        g_assert_cmpuint(info->lost, ==, 0);
        g_autofree char *line = g_strdup_printf("%" G_GINT64_FORMAT " %s %" G_GUINT64_FORMAT "\n",
                                                g_get_monotonic_time(), id, info->written / 3);
        if (write(STDOUT_FILENO, line, strlen(line)) < 0)
            return 1;
        g_usleep(3000);
    }
}

/* What the child wrote down. */
typedef struct {
    GPtrArray *ids;
    guint written; /* of these, the first, by the store's own word */
    guint old;     /* of these, the first, that ended a second before */
} Ended;

static void ended_clear(Ended *ended)
{
    g_ptr_array_unref(ended->ids);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ended, ended_clear)

static Ended read_ended(const GPtrArray *lines, gint64 killed)
{
    Ended ended = {.ids = g_ptr_array_new_with_free_func(g_free)};
    for (guint i = 0; i < lines->len; i++) {
        gint64 when;
        char id[64];
        if (sscanf(lines->pdata[i], "%" G_GINT64_FORMAT " %63s %u\n", &when, id, &ended.written) !=
            3)
            g_error("the child wrote: %s", (char *)lines->pdata[i]);
        g_ptr_array_add(ended.ids, g_strdup(id));
        ended.old += when <= killed - SECOND;
    }
    return ended;
}

typedef struct {
    FILE *from;
    GPtrArray *lines;
} Reading;

/* So that the pipe is never full. */
static gpointer read_all(gpointer data)
{
    Reading *reading = data;
    char line[128];
    while (fgets(line, sizeof line, reading->from) != NULL)
        g_ptr_array_add(reading->lines, g_strdup(line));
    return NULL;
}

/* Runs the child for @lifetime us, and kills it. */
static Ended run_child(const char *folder, guint round, gint64 lifetime)
{
    g_autofree char *name = g_strdup_printf("r%u", round);
    const char *argv[] = {self, "--child", folder, name, NULL};
    g_autoptr(GError) error = NULL;
    GPid pid;
    int out;
    g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                             NULL, &out, NULL, &error);
    g_assert_no_error(error);
    Reading reading = {fdopen(out, "r"), g_ptr_array_new_with_free_func(g_free)};
    GThread *thread = g_thread_new("reader", read_all, &reading);
    g_usleep((gulong)lifetime);
    g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
    gint64 killed = g_get_monotonic_time();
    g_thread_join(thread);
    fclose(reading.from);
    waitpid(pid, NULL, 0);
    g_spawn_close_pid(pid);
    Ended ended = read_ended(reading.lines, killed);
    g_ptr_array_unref(reading.lines);
    return ended;
}

/* How many ended a second before the kill and are missing is added to @late. */
static void check(const char *folder, const Ended *ended, guint64 *last, guint *late)
{
    g_autoptr(GError) error = NULL;
    VdtStore *store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < MAX(ended->written, ended->old); i++) {
        g_autoptr(VdtStoredEvent) event = fixture_find(store, ended->ids->pdata[i]);
        gboolean whole = event != NULL && event->end > 0;
        if (!whole && i < ended->written)
            g_error("%s was lost", (char *)ended->ids->pdata[i]);
        *late += !whole;
    }
    fixture_flush(store);
    g_autoptr(VdtStoreInfo) info = vdt_store_get_info(store);
    g_assert_false(info->damaged);
    g_assert_cmpuint(info->last, >=, *last);
    guint64 seq = *last;
    do {
        g_autoptr(GPtrArray) rows = vdt_store_read(store, seq, 1000, &error);
        g_assert_no_error(error);
        for (guint i = 0; i < rows->len; i++)
            g_assert_cmpuint(((VdtRecord *)rows->pdata[i])->seq, ==, ++seq);
        if (rows->len == 0)
            break;
    } while (TRUE);
    g_assert_cmpuint(seq, ==, info->last);
    g_assert_cmpuint(vdt_store_get_mark(store, "reader"), <=, info->last);
    *last = info->last;
    vdt_store_close(store);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM events WHERE ended=0"), ==, 0);
}

static void test_killed(void)
{
    g_autoptr(Folder) folder = fixture_folder();
    guint rounds = g_getenv("VEDETTE_SOAK") != NULL ? 100 : 20;
    guint written = 0, old = 0, late = 0;
    guint64 last = 0;
    for (guint i = 0; i < rounds; i++) {
        /* every fourth at its start */
        gint64 lifetime =
            i % 4 == 0 ? g_test_rand_int_range(0, 100000) : g_test_rand_int_range(800000, 1700000);
        g_auto(Ended) ended = run_child(folder, i, lifetime);
        check(folder, &ended, &last, &late);
        written += ended.written;
        old += ended.old;
    }
    g_test_message("%u kills, %u events that were written, %u that ended a second before, of which "
                   "%u are missing, %" G_GUINT64_FORMAT " rows",
                   rounds, written, old, late, last);
    g_assert_cmpuint(written, >, 100);
    g_assert_cmpuint(late, <=, old / 4);
    g_assert_cmpint(fixture_number(folder, "SELECT count(*) FROM pragma_integrity_check "
                                           "WHERE integrity_check<>'ok'"),
                    ==, 0);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--child") == 0)
        return be_child(argv[2], argv[3]);
    self = argv[0];
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/killed/at-random", test_killed);
    return g_test_run();
}
