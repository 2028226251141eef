/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sessions promise: the same bits whatever ran before, beside, or on how many threads;
 * cancellation; times for every step. */
#include <fenv.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "random-graph.h"
#include "runtime/pool.h"

#define N_GRAPHS 40

/* Calls @check with an INFER plan of the small network and of random ones, in both precisions. */
static void for_some_plans(void (*check)(VdtPlan *plan))
{
    for (guint i = 0; i < N_GRAPHS; i++) {
        g_autofree char *text = NULL;
        g_autoptr(VdtGraph) graph =
            i == 0 ? small_network(2, 21, 18) : random_graph(7000 + i, &text);
        g_autoptr(VdtWeights) weights = make_weights(graph, i);

        for (VdtPrecision precision = VDT_PRECISION_F32; precision <= VDT_PRECISION_BF16;
             precision++) {
            g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, precision);

            check(plan);
        }
    }
}

/* The arena is full of the last run's values the second time, and of NaN the first. */
static void check_runs_again(VdtPlan *plan)
{
    g_autoptr(VdtSession) session = run_plan(plan, 1), fresh = run_plan(plan, 2);

    g_ptr_array_unref(fill_states(session, 2));
    fill_inputs(session, 2);
    run_session(session);
    assert_same_bits(session, fresh);
}

static void test_runs_again(void)
{
    for_some_plans(check_runs_again);
}

static void check_any_threads(VdtPlan *plan)
{
    g_autoptr(VdtSession) first = NULL;

    for (guint n_threads = 1; n_threads <= 3; n_threads++) {
        g_autoptr(VdtSession) session = NULL;

        vdt_threads_set(n_threads);
        session = run_plan(plan, 3);
        if (first)
            assert_same_bits(session, first);
        else
            first = g_steal_pointer(&session);
    }
}

static void test_any_threads(void)
{
    for_some_plans(check_any_threads);
    vdt_threads_set(2);
}

/* A session has scratch memory for the threads there were when it was made. */
static void test_more_threads_later(void)
{
    g_autoptr(VdtGraph) graph = small_network(1, 24, 24);
    g_autoptr(VdtWeights) weights = make_weights(graph, 4);
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) session = NULL, right = NULL;

    vdt_threads_set(1);
    session = make_session(plan);
    right = run_plan(plan, 4);
    vdt_threads_set(4);
    for (guint i = 0; i < 20; i++) {
        fill_inputs(session, 4);
        run_session(session);
        assert_same_bits(session, right);
    }
    vdt_threads_set(2);
}

typedef struct {
    VdtPlan *plan;
    guint64 seed;
    guint n_runs;
    VdtSession *right;
    gboolean same;
} Stream;

static void *run_stream(void *data)
{
    Stream *stream = data;
    g_autoptr(VdtSession) session = make_session(stream->plan);

    stream->same = TRUE;
    for (guint i = 0; i < stream->n_runs; i++) {
        const VdtTensor *output, *right;

        fill_inputs(session, stream->seed);
        run_session(session);
        for (guint j = 0; (output = vdt_session_get_output(session, j)); j++) {
            right = vdt_session_get_output(stream->right, j);
            if (memcmp(output->data, right->data, right->n_bytes) != 0)
                stream->same = FALSE;
        }
    }
    return NULL;
}

static void test_two_at_once(void)
{
    g_autoptr(VdtGraph) graph = small_network(1, 24, 24);
    g_autoptr(VdtWeights) weights = make_weights(graph, 5);
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) right_a = run_plan(plan, 10), right_b = run_plan(plan, 11);
    Stream streams[] = {{plan, 10, 50, right_a, FALSE}, {plan, 11, 50, right_b, FALSE}};
    pthread_t threads[2];

    for (guint i = 0; i < 2; i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, run_stream, &streams[i]), ==, 0);
    for (guint i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    g_assert_true(streams[0].same);
    g_assert_true(streams[1].same);
}

static void test_cancelled(void)
{
    g_autoptr(VdtGraph) graph = small_network(1, 8, 8);
    g_autoptr(VdtWeights) weights = make_weights(graph, 6);
    g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) session = make_session(plan), right = run_plan(plan, 6);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    fill_inputs(session, 6);
    g_cancellable_cancel(cancellable);
    g_assert_false(vdt_session_run(session, cancellable, &error));
    g_assert_error(error, VDT_ERROR, VDT_ERROR_CANCELLED);
    g_assert_false(vdt_session_run(session, cancellable, NULL));
    /* Nor does it wait for its turn. */
    vdt_pool_begin(1, NULL, NULL);
    g_assert_false(vdt_session_run(session, cancellable, NULL));
    vdt_pool_end();

    /* The pool was given back, and the session is good for another run. */
    g_cancellable_reset(cancellable);
    fill_inputs(session, 6);
    g_clear_error(&error);
    g_assert_true(vdt_session_run(session, cancellable, &error));
    g_assert_no_error(error);
    assert_same_bits(session, right);
}

/* Whatever the host rounds to, plans are made and run to the nearest, and the host's way stays. */
static void test_rounding(void)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    g_autoptr(VdtGraph) graph = small_network(1, 8, 8);
    g_autoptr(VdtWeights) weights = make_weights(graph, 6);

    for (VdtPrecision p = VDT_PRECISION_F32; p <= VDT_PRECISION_INT8; p++) {
        g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, p);
        g_autoptr(VdtSession) right = run_plan(plan, 6);

        for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
            g_autoptr(VdtPlan) crooked = NULL;
            g_autoptr(VdtSession) session = NULL;

            fesetround(modes[i]);
            crooked = make_plan(graph, weights, VDT_PLAN_INFER, p);
            fesetround(FE_TONEAREST);
            session = make_session(crooked);
            fill_inputs(session, 6);
            fesetround(modes[i]);
            g_assert_true(vdt_session_run(session, NULL, NULL));
            g_assert_cmpint(fegetround(), ==, modes[i]);
            fesetround(FE_TONEAREST);
            assert_same_bits(session, right);
        }
    }
}

/* A thread that does nothing else, as a host's worker that is not asked to end. */
G_GNUC_UNUSED static void *keep_running(void *session)
{
    for (;;)
        vdt_session_run(session, NULL, NULL);
    return NULL;
}

G_GNUC_UNUSED static void test_thread_cancelled(void)
{
    g_autofree char *text = NULL;
    guint n_states = 0;

    for (guint seed = 7000; n_states == 0; seed++) {
        g_autoptr(VdtGraph) graph = random_graph(seed, &text);
        g_autoptr(VdtWeights) weights = make_weights(graph, 9);
        g_autoptr(VdtPlan) plan = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
        g_autoptr(VdtSession) session = make_session(plan), right = run_plan(plan, 9);
        g_autoptr(GPtrArray) states = fill_states(session, 9);

        g_clear_pointer(&text, g_free);
        n_states = states->len;
        fill_inputs(session, 9);
        for (guint i = 0; i < 10; i++) {
            pthread_t thread;
            void *result;

            g_assert_cmpint(pthread_create(&thread, NULL, keep_running, session), ==, 0);
            g_usleep(500 * i);
            alarm(60); /* it ran for ever */
            pthread_cancel(thread);
            pthread_join(thread, &result);
            alarm(0);
            g_assert_true(result == PTHREAD_CANCELED);
        }
        run_session(session); /* nothing, states least of all, is in use by the dead */
        g_ptr_array_unref(fill_states(session, 9));
        fill_inputs(session, 9);
        run_session(session);
        assert_same_bits(session, right);
    }
}

static guint count_lines(const char *text)
{
    guint n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

/* Multiply-accumulates that no clock misses. */
#define SURE_MACS 100000
/* Nanoseconds that no step here takes. */
#define LONG      G_GINT64_CONSTANT(1000000000000)

static void check_times(VdtPlan *plan)
{
    guint n = vdt_plan_get_n_steps(plan);
    g_autofree char *description = vdt_plan_describe(plan);
    g_autofree gint64 *ns = g_new0(gint64, n + 1);
    g_autoptr(VdtSession) session = make_session(plan), right = run_plan(plan, 7);
    g_auto(GStrv) lines = g_strsplit(description, "\n", -1);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(count_lines(description), ==, n);
    for (guint i = 0; i < n; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], "\t", -1);

        g_assert_cmpuint(g_strv_length(columns), ==, 4);
        g_assert_cmpint(g_ascii_strtoll(columns[0], NULL, 10), ==, i);
        g_assert_cmpstr(columns[1], !=, "");
    }
    ns[n] = 12345;
    for (guint i = 0; i < n; i++)
        ns[i] = LONG;
    for (guint run = 0; run < 2; run++) {
        g_autofree gint64 *before = g_memdup2(ns, (n + 1) * sizeof *ns);

        g_ptr_array_unref(fill_states(session, 7));
        fill_inputs(session, 7);
        g_assert_true(vdt_session_run_timed(session, ns, &error));
        g_assert_no_error(error);
        for (guint i = 0; i < n; i++) {
            gint64 macs = g_ascii_strtoll(strchr(strchr(lines[i], '\t') + 1, '\t'), NULL, 10);

            /* added, not set */
            g_assert_cmpint(ns[i], >=, before[i] + (macs >= SURE_MACS ? 1 : 0));
        }
        g_assert_cmpint(ns[n], ==, 12345);
    }
    assert_same_bits(session, right);
}

static void test_times(void)
{
    for_some_plans(check_times);
}

static void test_taps(void)
{
    g_autoptr(VdtGraph) graph = small_network(1, 9, 9);
    g_autoptr(VdtWeights) weights = make_weights(graph, 8);
    g_autoptr(VdtPlan) trace = make_plan(graph, weights, VDT_PLAN_TRACE, VDT_PRECISION_F32);
    g_autoptr(VdtPlan) infer = make_plan(graph, weights, VDT_PLAN_INFER, VDT_PRECISION_F32);
    g_autoptr(VdtSession) traced = run_plan(trace, 8), inferred = run_plan(infer, 8);
    const VdtTensor *tap = vdt_session_get_tap(traced, "map");
    const VdtTensor *output = vdt_session_get_output(traced, 0);

    g_assert_nonnull(tap);
    g_assert_cmpmem(tap->data, tap->n_bytes, output->data, output->n_bytes);
    g_assert_null(vdt_session_get_tap(traced, "no such tap"));
    g_assert_null(vdt_session_get_tap(inferred, "map"));
    g_assert_null(vdt_session_get_input(inferred, 1));
    g_assert_null(vdt_session_get_output(inferred, 2));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vdt_threads_set(2);
    g_test_add_func("/plan/session/rounding", test_rounding);
    g_test_add_func("/plan/session/runs-again", test_runs_again);
    g_test_add_func("/plan/session/any-threads", test_any_threads);
    g_test_add_func("/plan/session/more-threads-later", test_more_threads_later);
    g_test_add_func("/plan/session/two-at-once", test_two_at_once);
    g_test_add_func("/plan/session/cancelled", test_cancelled);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* they do not see frames end that a cancelled thread leaves */
    g_test_add_func("/plan/session/thread-cancelled", test_thread_cancelled);
#endif
    g_test_add_func("/plan/session/times", test_times);
    g_test_add_func("/plan/session/taps", test_taps);
    return g_test_run();
}
