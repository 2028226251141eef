/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A loop is published by advancing a 64-bit ticket: its generation in the upper half, in the lower
 * how many items are taken. Every other worker takes them from the end: items of loops that follow
 * each other are mostly the same rows, and so each finds in its own cache what it wrote there
 * before. A helper reads the job, then claims an item by compare-and-swap on the whole
 * ticket; the claim fails if the loop has ended meanwhile, so a helper that was descheduled can do
 * no harm and nobody waits for one that never woke up. Helpers are the library's alone: they block
 * all signals, so that handlers run on the host's threads, and do not outlive a fork(), after which
 * the child starts others. Helpers spin briefly between loops, since
 * the next one usually follows within microseconds, then sleep.
 */
#include "pool.h"

#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <vedette/runtime.h>

#include "cpus.h"

#define SPINS 4000 /* some 50 to 100 µs */

#define POLL_NS 20000000 /* between looks at whether somebody who waits was cancelled */

/* Whoever waits for the turn; lives on the waiter's stack. */
typedef struct Waiter Waiter;
struct Waiter {
    Waiter *next;
};

/* The turn is held by the running network, and passes on in the order of asking: with a mutex
 * alone, a stream that asks again at once would mostly get it again. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t passed;
    gboolean held;
    Waiter *first;
    VdtHost host; /* of the thread that has the turn */
} turn = {.lock = PTHREAD_MUTEX_INITIALIZER, .passed = PTHREAD_COND_INITIALIZER};

static struct {
    _Atomic(guint64) ticket; /* generation << 32 | taken from the end << 16 | from the beginning */
    _Atomic(VdtPoolFunc) func;
    _Atomic(gconstpointer) job;
    atomic_uint n_items;
    atomic_uint n_done;
    atomic_uint n_workers; /* that may take part in the current run */
} loop;

static struct {
    pthread_t threads[VDT_MAX_WORKERS];
    guint n_helpers;
    atomic_uint wanted; /* workers asked for, 0: default */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint n_sleeping;
    atomic_bool stop;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* In the child, which has this thread alone and whatever state the others left. */
static void forget_threads(void)
{
    /* The loop that was running has no items left: they are the parent's. */
    guint64 next = (atomic_load(&loop.ticket) >> 32) + 1;

    atomic_store(&loop.ticket, next << 32 | G_MAXUINT32);
    pthread_mutex_init(&turn.lock, NULL);
    pthread_cond_init(&turn.passed, NULL);
    turn.held = FALSE;
    turn.first = NULL;
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pool.n_helpers = 0;
    atomic_store(&pool.n_sleeping, 0);
    atomic_store(&pool.stop, false);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_threads);
}

/* Returns FALSE, without the turn, if cancelled before it came. */
static gboolean await_turn(VdtPoolCancelled cancelled, gpointer data)
{
    static pthread_once_t watched = PTHREAD_ONCE_INIT;
    Waiter self = {NULL}, **end = &turn.first;
    gboolean ours;

    pthread_once(&watched, watch_forks);
    pthread_mutex_lock(&turn.lock);
    while (*end)
        end = &(*end)->next;
    *end = &self;
    while (!(ours = !turn.held && turn.first == &self)) {
        struct timespec until;

        if (!cancelled) {
            pthread_cond_wait(&turn.passed, &turn.lock);
            continue;
        }
        if (cancelled(data))
            break;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += POLL_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_clockwait(&turn.passed, &turn.lock, CLOCK_MONOTONIC, &until);
    }
    for (end = &turn.first; *end != &self; end = &(*end)->next)
        ;
    *end = self.next;
    if (ours)
        turn.held = TRUE;
    else
        pthread_cond_broadcast(&turn.passed); /* somebody else may be first now */
    pthread_mutex_unlock(&turn.lock);
    return ours;
}

static gboolean take_turn(VdtPoolCancelled cancelled, gpointer data)
{
    VdtHost host;

    vdt_host_enter(&host);
    if (!await_turn(cancelled, data)) {
        vdt_host_leave(&host);
        return FALSE;
    }
    turn.host = host;
    return TRUE;
}

static void pass_turn(void)
{
    VdtHost host = turn.host;

    pthread_mutex_lock(&turn.lock);
    turn.held = FALSE;
    pthread_cond_broadcast(&turn.passed);
    pthread_mutex_unlock(&turn.lock);
    vdt_host_leave(&host);
}

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static inline guint32 generation_of(guint64 ticket)
{
    return ticket >> 32;
}

/* Loops with more items than that take all of them from the beginning. */
#define MOST_FROM_BOTH G_MAXUINT16

static inline guint taken_of(guint64 ticket, guint n_items)
{
    const guint32 taken = (guint32)ticket;

    return n_items > MOST_FROM_BOTH ? taken : (taken & G_MAXUINT16) + (taken >> 16);
}

/* Runs items of generation @generation until none is left. */
static void work(guint32 generation, guint worker)
{
    /* Acquired: whoever sees a field of a later loop also sees a later ticket, and claims nothing.
     */
    VdtPoolFunc func = atomic_load_explicit(&loop.func, memory_order_acquire);
    gconstpointer job = atomic_load_explicit(&loop.job, memory_order_acquire);
    guint n_items = atomic_load_explicit(&loop.n_items, memory_order_acquire);
    guint64 ticket = atomic_load_explicit(&loop.ticket, memory_order_acquire);
    const gboolean from_both = n_items <= MOST_FROM_BOTH, from_end = from_both && worker % 2 == 1;

    while (generation_of(ticket) == generation && taken_of(ticket, n_items) < n_items) {
        const guint32 taken = (guint32)ticket;

        if (!atomic_compare_exchange_weak_explicit(&loop.ticket, &ticket,
                                                   ticket + (from_end ? 1 << 16 : 1),
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        func(job,
             from_end    ? n_items - 1 - (taken >> 16)
             : from_both ? taken & G_MAXUINT16
                         : taken,
             worker);
        atomic_fetch_add_explicit(&loop.n_done, 1, memory_order_release);
        ticket = atomic_load_explicit(&loop.ticket, memory_order_acquire);
    }
}

/* Waits until the generation differs from @seen. */
static guint32 await_loop(guint32 seen)
{
    for (guint spin = 0; spin < SPINS; spin++) {
        guint32 now = generation_of(atomic_load_explicit(&loop.ticket, memory_order_acquire));

        if (now != seen || atomic_load_explicit(&pool.stop, memory_order_relaxed))
            return now;
        relax();
    }
    pthread_mutex_lock(&pool.lock);
    atomic_fetch_add(&pool.n_sleeping, 1);
    while (generation_of(atomic_load(&loop.ticket)) == seen && !atomic_load(&pool.stop))
        pthread_cond_wait(&pool.wake, &pool.lock);
    atomic_fetch_sub(&pool.n_sleeping, 1);
    pthread_mutex_unlock(&pool.lock);
    return generation_of(atomic_load_explicit(&loop.ticket, memory_order_acquire));
}

static void *helper_main(void *data)
{
    guint worker = GPOINTER_TO_UINT(data);
    guint32 seen = 0;

    while (!atomic_load_explicit(&pool.stop, memory_order_acquire)) {
        guint32 generation = await_loop(seen);

        if (generation != seen &&
            worker < atomic_load_explicit(&loop.n_workers, memory_order_relaxed))
            work(generation, worker);
        seen = generation;
    }
    return NULL;
}

/* The rest is called with the turn held. */

static void stop_helpers(void)
{
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.stop, true);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    for (guint i = 0; i < pool.n_helpers; i++)
        pthread_join(pool.threads[i], NULL);
    pool.n_helpers = 0;
    atomic_store(&pool.stop, false);
}

static void start_helpers(void)
{
    guint wanted = vdt_threads_get();
    sigset_t all, before;

    if (pool.n_helpers + 1 >= wanted)
        return;
    /* Threads begin with the mask and the arithmetic of who starts them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.n_helpers + 1 < wanted) {
        if (pthread_create(&pool.threads[pool.n_helpers], NULL, helper_main,
                           GUINT_TO_POINTER(pool.n_helpers + 1)) != 0)
            break; /* fewer threads are slower, not wrong */
        pthread_setname_np(pool.threads[pool.n_helpers], "vedette-pool");
        pool.n_helpers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

guint vdt_pool_begin(guint max_workers, VdtPoolCancelled cancelled, gpointer data)
{
    guint n_workers;

    if (!take_turn(cancelled, data))
        return 0;
    start_helpers();
    n_workers = MIN(pool.n_helpers + 1, MAX(max_workers, 1));
    atomic_store_explicit(&loop.n_workers, n_workers, memory_order_relaxed);
    return n_workers;
}

void vdt_pool_run(VdtPoolFunc func, gconstpointer job, guint n_items)
{
    guint32 generation;

    if (n_items <= 1 || atomic_load_explicit(&loop.n_workers, memory_order_relaxed) == 1) {
        for (guint i = 0; i < n_items; i++)
            func(job, i, 0);
        return;
    }

    /* Nobody can claim an item before the ticket is stored, nor finish one afterwards that is not
     * counted: the loop's fields are only written here. */
    generation = generation_of(atomic_load_explicit(&loop.ticket, memory_order_relaxed)) + 1;
    atomic_store_explicit(&loop.ticket, (guint64)generation << 32 | G_MAXUINT32,
                          memory_order_release);
    atomic_store_explicit(&loop.func, func, memory_order_release);
    atomic_store_explicit(&loop.job, job, memory_order_release);
    atomic_store_explicit(&loop.n_items, n_items, memory_order_release);
    atomic_store_explicit(&loop.n_done, 0, memory_order_relaxed);
    generation++;
    atomic_store_explicit(&loop.ticket, (guint64)generation << 32, memory_order_seq_cst);
    if (atomic_load(&pool.n_sleeping) > 0) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    work(generation, 0);
    for (guint spin = 0; atomic_load_explicit(&loop.n_done, memory_order_acquire) < n_items;
         spin++) {
        relax();
        if (spin % SPINS == SPINS - 1)
            sched_yield(); /* a helper holds an item but not a CPU */
    }
}

void vdt_pool_end(void)
{
    pass_turn();
}

guint vdt_threads_get(void)
{
    guint wanted = atomic_load(&pool.wanted);

    if (wanted == 0) {
        guint found = MIN(vdt_cpus_default_workers(), VDT_MAX_WORKERS);

        /* If somebody set it meanwhile, that counts. */
        if (atomic_compare_exchange_strong(&pool.wanted, &wanted, found))
            wanted = found;
    }
    return wanted;
}

void vdt_threads_set(guint n_threads)
{
    take_turn(NULL, NULL);
    stop_helpers();
    atomic_store(&pool.wanted, CLAMP(n_threads, 1, VDT_MAX_WORKERS));
    pass_turn();
}
