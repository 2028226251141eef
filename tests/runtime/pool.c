/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread pool: every item once, whoever calls, whatever is going on beside. Threads and locks
 * are POSIX's, so that the thread sanitizer sees all of them. */
#include "runtime/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <vedette/runtime.h>

#define MOST_ITEMS 1001

/* Sanitizers make it some ten times slower. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define N_TINY_LOOPS 20000
#else
#define N_TINY_LOOPS 100000
#endif

typedef struct {
    guint n_workers;
    guint count[MOST_ITEMS]; /* plain: one worker may touch an item, and the caller afterwards */
    atomic_uint n_wrong;
} Job;

static void count_item(gconstpointer data, guint item, guint worker)
{
    Job *job = (Job *)data;

    if (item >= MOST_ITEMS || worker >= job->n_workers)
        atomic_fetch_add(&job->n_wrong, 1);
    else
        job->count[item]++;
}

static void check_loop(Job *job, guint n_items)
{
    vdt_pool_run(count_item, job, n_items);
    for (guint i = 0; i < MOST_ITEMS; i++) {
        g_assert_cmpuint(job->count[i], ==, i < n_items ? 1 : 0);
        job->count[i] = 0;
    }
    g_assert_cmpuint(atomic_load(&job->n_wrong), ==, 0);
}

static void test_every_item_once(void)
{
    g_autofree Job *job = g_new0(Job, 1);

    for (guint n_threads = 1; n_threads <= 8; n_threads++) {
        vdt_threads_set(n_threads);
        g_assert_cmpuint(vdt_threads_get(), ==, n_threads);
        job->n_workers = vdt_pool_begin(64, NULL, NULL);
        g_assert_cmpuint(job->n_workers, ==, n_threads);
        for (guint n_items = 0; n_items < MOST_ITEMS; n_items++)
            check_loop(job, n_items);
        vdt_pool_end();
    }
}

static void test_fewer_workers(void)
{
    g_autofree Job *job = g_new0(Job, 1);

    vdt_threads_set(6);
    for (guint round = 0; round < 200; round++) {
        job->n_workers = vdt_pool_begin(round % 8, NULL, NULL);
        g_assert_cmpuint(job->n_workers, ==, CLAMP(round % 8, 1, 6));
        check_loop(job, round);
        check_loop(job, 7);
        vdt_pool_end();
    }
}

static void test_many_tiny_loops(void)
{
    g_autofree Job *job = g_new0(Job, 1);

    vdt_threads_set(3);
    job->n_workers = vdt_pool_begin(64, NULL, NULL);
    for (guint i = 0; i < N_TINY_LOOPS; i++) {
        guint n_items = 2 + i % 4;

        vdt_pool_run(count_item, job, n_items);
        for (guint j = 0; j < 6; j++) {
            if (job->count[j] != (j < n_items))
                g_error("loop %u: item %u of %u ran %u times", i, j, n_items, job->count[j]);
            job->count[j] = 0;
        }
    }
    vdt_pool_end();
    g_assert_cmpuint(atomic_load(&job->n_wrong), ==, 0);
}

/* Helpers that went to sleep are woken: pauses are longer than they spin. */
static void test_after_pauses(void)
{
    g_autofree Job *job = g_new0(Job, 1);

    vdt_threads_set(4);
    for (guint i = 0; i < 100; i++) {
        job->n_workers = vdt_pool_begin(64, NULL, NULL);
        check_loop(job, 50);
        g_usleep(i % 5 * 400);
        check_loop(job, 50);
        vdt_pool_end();
    }
}

/* All workers take part in the end: an item that waits for the others is only done with them. */
typedef struct {
    atomic_uint n_inside;
    guint n_workers;
} Meeting;

static void meet(gconstpointer data, guint item, guint worker)
{
    Meeting *meeting = (Meeting *)data;

    atomic_fetch_add(&meeting->n_inside, 1);
    while (atomic_load(&meeting->n_inside) < meeting->n_workers)
        g_usleep(10);
}

/* Of many loops in a row, and of those too long for it, too: every item once, and the two workers
 * of two begin at either end. */
typedef struct {
    atomic_uint n_inside;
    guint worker[2];
} Ends;

static void note_worker(gconstpointer data, guint item, guint worker)
{
    Ends *ends = (Ends *)data;

    ends->worker[item] = worker;
    atomic_fetch_add(&ends->n_inside, 1);
    while (atomic_load(&ends->n_inside) < 2)
        g_usleep(10);
}

static void count_long(gconstpointer data, guint item, guint worker)
{
    ((guint8 *)data)[item]++;
}

static void test_from_both_ends(void)
{
    const guint lengths[] = {65534, 65535, 65536, 65537, 200000};

    vdt_threads_set(2);
    g_assert_cmpuint(vdt_pool_begin(64, NULL, NULL), ==, 2);
    for (guint i = 0; i < 50; i++) {
        Ends ends = {0};

        vdt_pool_run(note_worker, &ends, 2);
        g_assert_cmpuint(ends.worker[0], ==, 0);
        g_assert_cmpuint(ends.worker[1], ==, 1);
    }
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree guint8 *count = g_new0(guint8, lengths[i]);

        vdt_pool_run(count_long, count, lengths[i]);
        for (guint j = 0; j < lengths[i]; j++)
            g_assert_cmpuint(count[j], ==, 1);
    }
    vdt_pool_end();
}

static void test_runs_in_parallel(void)
{
    for (guint n_threads = 2; n_threads <= 8; n_threads++) {
        Meeting meeting = {0};

        vdt_threads_set(n_threads);
        meeting.n_workers = vdt_pool_begin(64, NULL, NULL);
        vdt_pool_run(meet, &meeting, meeting.n_workers);
        vdt_pool_end();
        g_assert_cmpuint(atomic_load(&meeting.n_inside), ==, n_threads);
    }
}

typedef struct {
    guint n_runs;
    guint n_items_done;
    gint *holder; /* who has the turn; plain, the turn protects it */
    gint id;
} Caller;

typedef struct {
    guint64 sums[64][8]; /* one for each worker, a line apart */
} Sums;

static void add_item(gconstpointer data, guint item, guint worker)
{
    ((Sums *)data)->sums[worker][0] += item + 1;
}

static void *call(void *data)
{
    Caller *caller = data;

    for (guint i = 0; i < caller->n_runs; i++) {
        Sums sums = {0};
        guint n_items = 1 + (i * 7 + caller->id) % 40, n_loops = 1 + i % 4;
        guint64 total = 0;

        vdt_pool_begin(64, NULL, NULL);
        *caller->holder = caller->id;
        for (guint loop = 0; loop < n_loops; loop++)
            vdt_pool_run(add_item, &sums, n_items);
        g_assert_cmpint(*caller->holder, ==, caller->id);
        vdt_pool_end();
        for (guint worker = 0; worker < G_N_ELEMENTS(sums.sums); worker++)
            total += sums.sums[worker][0];
        g_assert_cmpuint(total, ==, (guint64)n_loops * n_items * (n_items + 1) / 2);
        caller->n_items_done += n_loops * n_items;
    }
    return NULL;
}

static void *change_threads(void *data)
{
    atomic_bool *stop = data;

    for (guint i = 0; !atomic_load(stop); i++) {
        vdt_threads_set(1 + i % 5);
        g_assert_cmpuint(vdt_threads_get(), >=, 1);
        g_usleep(500);
    }
    return NULL;
}

/* Four streams take turns, while somebody changes the number of threads if @changing. */
static void check_callers(gboolean changing)
{
    pthread_t threads[4], changer;
    Caller callers[4];
    atomic_bool stop = FALSE;
    gint holder = -1;

    vdt_threads_set(3);
    if (changing)
        g_assert_cmpint(pthread_create(&changer, NULL, change_threads, &stop), ==, 0);
    for (guint i = 0; i < 4; i++) {
        callers[i] = (Caller){.n_runs = changing ? 300 : 1000, .holder = &holder, .id = i};
        g_assert_cmpint(pthread_create(&threads[i], NULL, call, &callers[i]), ==, 0);
    }
    for (guint i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        g_assert_cmpuint(callers[i].n_items_done, >, 0);
    }
    atomic_store(&stop, TRUE);
    if (changing)
        pthread_join(changer, NULL);
}

static void test_callers_take_turns(void)
{
    check_callers(FALSE);
}

typedef struct {
    atomic_bool *stop;
    atomic_uint *n_turns;
} Hog;

/* Asks again as soon as its turn is over. */
static void *hog(void *data)
{
    Hog *self = data;

    while (!atomic_load(self->stop)) {
        vdt_pool_begin(1, NULL, NULL);
        g_usleep(1000);
        atomic_fetch_add(self->n_turns, 1);
        vdt_pool_end();
    }
    return NULL;
}

/* Two who always want the turn have it in turns. */
static void test_order(void)
{
    atomic_bool stop = FALSE;
    atomic_uint n_turns = 0;
    Hog other = {&stop, &n_turns};
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, hog, &other), ==, 0);
    while (atomic_load(&n_turns) == 0)
        g_usleep(100);
    for (guint i = 0; i < 30; i++) {
        vdt_pool_begin(1, NULL, NULL);
        g_usleep(1000);
        vdt_pool_end();
    }
    /* Between asking and standing in the queue anybody may be held up, but not every time. */
    g_assert_cmpuint(atomic_load(&n_turns), >=, 10);
    g_assert_cmpuint(atomic_load(&n_turns), <=, 90);
    atomic_store(&stop, TRUE);
    pthread_join(thread, NULL);
}

static gboolean count_looks(gpointer data)
{
    return ++*(guint *)data >= 3;
}

static void *give_up(void *data)
{
    guint n_looks = 0;

    g_assert_cmpuint(vdt_pool_begin(1, count_looks, &n_looks), ==, 0);
    g_assert_cmpuint(n_looks, ==, 3);
    /* That does not need the turn either. */
    g_assert_cmpuint(vdt_threads_get(), ==, 2);
    return NULL;
}

static void test_cancelled(void)
{
    pthread_t thread;

    vdt_threads_set(2);
    vdt_pool_begin(1, NULL, NULL);
    g_assert_cmpint(pthread_create(&thread, NULL, give_up, NULL), ==, 0);
    pthread_join(thread, NULL);
    vdt_pool_end();
    g_assert_cmpuint(vdt_pool_begin(1, NULL, NULL), ==, 1);
    vdt_pool_end();
}

static void test_threads_change_meanwhile(void)
{
    check_callers(TRUE);
}

static void test_limits(void)
{
    vdt_threads_set(0);
    g_assert_cmpuint(vdt_threads_get(), ==, 1);
    vdt_threads_set(100000);
    g_assert_cmpuint(vdt_threads_get(), ==, VDT_MAX_WORKERS);
    vdt_threads_set(2);
}

/* The default is read once in a process: each case is one of its own. */
static void test_environment(void)
{
    static const struct {
        const char *text;
        guint expected; /* 0: whatever the machine has */
    } cases[] = {{"1", 1},    {"5", 5}, {"999", VDT_MAX_WORKERS}, {"0", 0}, {"-3", 0},
                 {"many", 0}, {"", 0}};

    if (g_test_subprocess()) {
        const char *expected = g_getenv("EXPECTED");
        guint n = vdt_threads_get();

        if (atoi(expected) > 0)
            g_assert_cmpint(n, ==, atoi(expected));
        else
            g_assert_true(n >= 1 && n <= (guint)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1));
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *expected = g_strdup_printf("%u", cases[i].expected);

        g_setenv("VEDETTE_THREADS", cases[i].text, TRUE);
        g_setenv("EXPECTED", expected, TRUE);
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
    }
    g_unsetenv("VEDETTE_THREADS");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runtime/pool/every-item-once", test_every_item_once);
    g_test_add_func("/runtime/pool/fewer-workers", test_fewer_workers);
    g_test_add_func("/runtime/pool/many-tiny-loops", test_many_tiny_loops);
    g_test_add_func("/runtime/pool/after-pauses", test_after_pauses);
    g_test_add_func("/runtime/pool/from-both-ends", test_from_both_ends);
    g_test_add_func("/runtime/pool/runs-in-parallel", test_runs_in_parallel);
    g_test_add_func("/runtime/pool/callers-take-turns", test_callers_take_turns);
    g_test_add_func("/runtime/pool/threads-change-meanwhile", test_threads_change_meanwhile);
    g_test_add_func("/runtime/pool/order", test_order);
    g_test_add_func("/runtime/pool/cancelled", test_cancelled);
    g_test_add_func("/runtime/pool/limits", test_limits);
    g_test_add_func("/runtime/pool/environment", test_environment);
    return g_test_run();
}
