/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host does with its threads and processes: fork(), signals, cancellation, rounding. */
#include "runtime/host.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vedette/runtime.h>

#include "runtime/pool.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#define FLUSHING 0x8040u /* denormals count as zero, coming and going */
#endif

#define N_ITEMS 64

static void spin(gconstpointer data, guint item, guint worker)
{
    for (guint i = 0; i < 20000; i++)
        atomic_signal_fence(memory_order_seq_cst);
    atomic_fetch_add((atomic_uint *)data, 1);
}

/* A run with everybody; FALSE if there are fewer workers than wanted. */
static gboolean run_once(guint n_threads)
{
    atomic_uint n = 0;
    gboolean all = vdt_pool_begin(64, NULL, NULL) == n_threads;

    vdt_pool_run(spin, &n, N_ITEMS);
    vdt_pool_end();
    return all && n == N_ITEMS;
}

/* --- fork() --------------------------------------------------------------------------------- */

/* Whether a child can run, and can change the number of threads. */
G_GNUC_UNUSED static gboolean child_runs(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        alarm(20);
        if (!run_once(4))
            _exit(1);
        vdt_threads_set(2);
        _exit(run_once(2) ? 0 : 2);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

G_GNUC_UNUSED static void test_fork_idle(void)
{
    vdt_threads_set(4);
    g_assert_true(run_once(4));
    g_assert_true(child_runs());
    g_assert_true(run_once(4));
}

static atomic_bool done;

static void *keep_running(void *data)
{
    while (!done)
        run_once(4);
    return NULL;
}

static void *keep_locking(void *data)
{
    while (!done) {
        VdtHost host;

        vdt_host_enter_locks(&host);
        pthread_mutex_lock(data);
        g_usleep(1000);
        pthread_mutex_unlock(data);
        vdt_host_leave_locks(&host);
    }
    return NULL;
}

/* Others hold the turn, wait for it, and hold a lock as plans do while they are made. */
G_GNUC_UNUSED static void test_fork_busy(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[4];

    vdt_threads_set(4);
    done = FALSE;
    for (guint i = 0; i < 3; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, keep_running, NULL), ==, 0);
    g_assert_cmpint(pthread_create(&threads[3], NULL, keep_locking, &lock), ==, 0);
    for (guint i = 0; i < 20; i++) {
        int status;
        pid_t child;

        g_usleep(3000);
        g_assert_true(child_runs());
        child = fork();
        if (child == 0) {
            VdtHost host;

            alarm(20);
            vdt_host_enter_locks(&host);
            _exit(pthread_mutex_trylock(&lock) == 0 ? 0 : 1);
        }
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    done = TRUE;
    for (guint i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    g_assert_true(run_once(4));
}

/* --- Signals and cancellation --------------------------------------------------------------- */

typedef struct {
    atomic_uint n_helped, n_open;
} Masks;

static void look_at_mask(gconstpointer data, guint item, guint worker)
{
    Masks *masks = (Masks *)data;
    static const int signals[] = {SIGUSR1, SIGTERM, SIGCHLD, SIGALRM, SIGPROF};
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (guint i = 0; i < G_N_ELEMENTS(signals) && worker > 0; i++)
        masks->n_open += !sigismember(&mask, signals[i]);
    masks->n_helped += worker > 0;
    g_usleep(200); /* so that everybody comes to something */
}

static void test_signals(void)
{
    Masks masks = {0, 0};
    sigset_t before, after;

    vdt_threads_set(4);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    vdt_pool_begin(64, NULL, NULL);
    vdt_pool_run(look_at_mask, &masks, N_ITEMS);
    vdt_pool_end();
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    g_assert_cmpuint(masks.n_helped, >, 0);
    g_assert_cmpuint(masks.n_open, ==, 0);
    g_assert_cmpint(sigismember(&after, SIGUSR1), ==, sigismember(&before, SIGUSR1));
}

static void *run_until_cancelled(void *data)
{
    for (;;) {
        run_once(4);
        pthread_testcancel();
    }
    return NULL;
}

/* Threads are cancelled that hold the turn and that wait for it. */
static void test_cancel(void)
{
    pthread_t threads[4];

    vdt_threads_set(4);
    for (guint i = 0; i < 4; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, run_until_cancelled, NULL), ==, 0);
    g_usleep(20000);
    for (guint i = 0; i < 4; i++)
        pthread_cancel(threads[i]);
    for (guint i = 0; i < 4; i++) {
        void *result;

        pthread_join(threads[i], &result);
        g_assert_true(result == PTHREAD_CANCELED);
    }
    alarm(20); /* it waited for ever for a turn that the dead had */
    g_assert_true(run_once(4));
    alarm(0);
}

/* --- Arithmetic ----------------------------------------------------------------------------- */

static unsigned control(void)
{
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu; /* without what has happened */
#else
    return (unsigned)fegetround();
#endif
}

static void look_at_arithmetic(gconstpointer data, guint item, guint worker)
{
    volatile float denormal = 1e-38f, third = 1, three = 3;
    atomic_uint *n_wrong = (atomic_uint *)data;

    third /= three; /* 0x3eaaaaab to nearest, 0x3eaaaaaa downward */
    *n_wrong += fegetround() != FE_TONEAREST || third < 0.333333343f || denormal / 16 == 0;
    g_usleep(200);
}

static void test_arithmetic(void)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        atomic_uint n_wrong = 0;
        unsigned before;

        vdt_threads_set(4 - i % 2); /* helpers begin in this mode, too */
        fesetround(modes[i]);
#if defined(__x86_64__)
        _mm_setcsr(_mm_getcsr() | FLUSHING);
#endif
        feclearexcept(FE_ALL_EXCEPT);
        before = control();
        vdt_pool_begin(64, NULL, NULL);
        vdt_pool_run(look_at_arithmetic, &n_wrong, N_ITEMS);
        vdt_pool_end();
        g_assert_cmpuint(control(), ==, before);
        g_assert_cmpint(fegetround(), ==, modes[i]);
        g_assert_cmpint(fetestexcept(FE_ALL_EXCEPT), ==, 0);
        fesetenv(FE_DFL_ENV);
        g_assert_cmpuint(n_wrong, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* they cannot follow threads of a child, which has their locks as they were */
    g_test_add_func("/host/fork-idle", test_fork_idle);
    g_test_add_func("/host/fork-busy", test_fork_busy);
#endif
    g_test_add_func("/host/signals", test_signals);
    g_test_add_func("/host/cancel", test_cancel);
    g_test_add_func("/host/arithmetic", test_arithmetic);
    return g_test_run();
}
