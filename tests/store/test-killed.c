/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 at random moments while events flow: a child puts events and writes down which ended
 * when; what it wrote down a second before its end or earlier is in the database, whole.
 * VEDETTE_SOAK=1 does so a hundred times.
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
        g_autofree char *line =
            g_strdup_printf("%" G_GINT64_FORMAT " %s\n", g_get_monotonic_time(), id);
        if (write(STDOUT_FILENO, line, strlen(line)) < 0)
            return 1;
        g_usleep(500);
    }
}

/* Ids that the child wrote down before @limit. */
static GPtrArray *read_ended(FILE *from, gint64 limit)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
    gint64 when;
    char id[64];
    while (fscanf(from, "%" G_GINT64_FORMAT " %63s", &when, id) == 2)
        if (when <= limit)
            g_ptr_array_add(ids, g_strdup(id));
    return ids;
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

/* Runs the child for @lifetime us, and kills it. Returns what it had ended a second before. */
static GPtrArray *run_child(const char *folder, guint round, gint64 lifetime)
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
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < reading.lines->len; i++)
        g_string_append(text, reading.lines->pdata[i]);
    g_ptr_array_unref(reading.lines);
    if (text->len == 0)
        return g_ptr_array_new_with_free_func(g_free);
    FILE *lines = fmemopen(text->str, text->len, "r");
    GPtrArray *ended = read_ended(lines, killed - SECOND);
    fclose(lines);
    return ended;
}

static void check(const char *folder, const GPtrArray *ended, guint64 *last)
{
    g_autoptr(GError) error = NULL;
    VdtStore *store = vdt_store_open(folder, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < ended->len; i++) {
        g_autoptr(VdtStoredEvent) event = fixture_find(store, ended->pdata[i]);
        if (event == NULL)
            g_error("%s was lost", (char *)ended->pdata[i]);
        g_assert_cmpint(event->end, >, 0);
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
    guint rounds = g_getenv("VEDETTE_SOAK") != NULL ? 100 : 20, n = 0;
    guint64 last = 0;
    for (guint i = 0; i < rounds; i++) {
        /* every fourth at its start */
        gint64 lifetime =
            i % 4 == 0 ? g_test_rand_int_range(0, 100000) : g_test_rand_int_range(800000, 1700000);
        g_autoptr(GPtrArray) ended = run_child(folder, i, lifetime);
        check(folder, ended, &last);
        n += ended->len;
    }
    g_test_message("%u kills, %u events that ended in time, %" G_GUINT64_FORMAT " rows", rounds, n,
                   last);
    g_assert_cmpuint(n, >, 100);
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
