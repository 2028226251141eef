/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker alone, in an element that has neither pads nor frames: a bin. */
#include "analyzer/worker.h"
#include "fixture.h"

/* What the worker runs: it answers with a number, once it may. */
typedef struct {
    VdtWorker worker;
    GstElement *element;
    GstBus *bus;
    gint prepared; /* networks; each is its number */
    gint running, permits;
    gboolean no_network, fails;
    gboolean stubborn; /* goes on although it is cancelled */
} Host;

static Host *host_of(GstElement *element)
{
    return g_object_get_data(G_OBJECT(element), "host");
}

static gpointer prepare(GstElement *element, VdtEngine *engine, GError **error)
{
    Host *host = host_of(element);
    gint *network;

    g_assert_null(engine);
    if (host->no_network) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_MODEL, "no network, as told");
        return NULL;
    }
    network = g_atomic_rc_box_new(gint);
    *network = g_atomic_int_add(&host->prepared, 1) + 1;
    return network;
}

static gpointer number(gint value)
{
    gint *box = g_atomic_rc_box_new(gint);

    *box = value;
    return box;
}

static gboolean may_end(Host *host)
{
    const gint permits = g_atomic_int_get(&host->permits);

    return permits > 0 && g_atomic_int_compare_and_exchange(&host->permits, permits, permits - 1);
}

static gboolean run(GstElement *element, VdtJob *job, GCancellable *cancellable, GError **error)
{
    Host *host = host_of(element);
    const gint *network = job->network, *work = job->work;

    g_atomic_int_inc(&host->running);
    while (!may_end(host)) {
        if (g_cancellable_is_cancelled(cancellable) && !host->stubborn) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "cancelled");
            return FALSE;
        }
        g_usleep(1000);
    }
    if (host->fails) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "failed, as told");
        return FALSE;
    }
    vdt_worker_publish(job, number(100 * *network + *work), vdt_job_took(job));
    return TRUE;
}

static void free_work(gpointer work)
{
    g_atomic_rc_box_release(work);
}

static Host *host_new(void)
{
    const VdtWorkerFuncs funcs = {.prepare = prepare,
                                  .run = run,
                                  .free_work = free_work,
                                  .ref_result = g_atomic_rc_box_acquire,
                                  .unref_result = g_atomic_rc_box_release};
    Host *host = g_new0(Host, 1);

    host->element = gst_object_ref_sink(gst_bin_new("host"));
    host->bus = gst_bus_new();
    gst_element_set_bus(host->element, host->bus);
    g_object_set_data(G_OBJECT(host->element), "host", host);
    vdt_worker_init(&host->worker, host->element, &funcs);
    return host;
}

static Host *host_start(void)
{
    Host *host = host_new();

    g_assert_true(vdt_worker_start(&host->worker));
    return host;
}

static void host_free(Host *host)
{
    vdt_worker_clear(&host->worker);
    gst_element_set_bus(host->element, NULL);
    gst_object_unref(host->element);
    gst_object_unref(host->bus);
    g_free(host);
}

static void host_stop(Host *host)
{
    vdt_worker_stop(&host->worker);
    host_free(host);
}

static void put(Host *host, gint work)
{
    const VdtSpan span = {0};

    vdt_worker_put(&host->worker, number(work), &span);
}

static void wait_running(Host *host, gint n)
{
    for (guint i = 0; i < 10000 && g_atomic_int_get(&host->running) < n; i++)
        g_usleep(1000);
    g_assert_cmpint(g_atomic_int_get(&host->running), ==, n);
}

static gint result_of(Host *host)
{
    gint *result = vdt_worker_get_result(&host->worker), value = result ? *result : -1;

    if (result)
        g_atomic_rc_box_release(result);
    return value;
}

static void check_stats(Host *host, guint64 results, guint64 skipped, guint64 discarded)
{
    g_assert_cmpuint(host->worker.stats.results, ==, results);
    g_assert_cmpuint(host->worker.stats.skipped, ==, skipped);
    g_assert_cmpuint(host->worker.stats.discarded, ==, discarded);
}

static void test_result(void)
{
    Host *host = host_start();

    g_assert_cmpint(result_of(host), ==, -1);
    host->permits = 2;
    put(host, 7);
    g_assert_true(vdt_worker_wait(&host->worker));
    g_assert_cmpint(result_of(host), ==, 107);
    g_assert_true(vdt_worker_count_frame(&host->worker, vdt_stats_thread_time()));
    put(host, 8);
    vdt_worker_drain(&host->worker);
    g_assert_cmpint(result_of(host), ==, 108);
    check_stats(host, 2, 0, 0);
    host_stop(host);
}

/* What came later takes the place of what waits: of that which was put it is told, of that which is
 * only newer it is not. */
static void test_skips(void)
{
    Host *host = host_start();
    const VdtSpan span = {0};

    put(host, 1);
    wait_running(host, 1);
    g_assert_false(vdt_worker_is_waiting(&host->worker));
    vdt_worker_refresh(&host->worker, number(2), &span); /* nothing waits */
    g_assert_false(vdt_worker_is_waiting(&host->worker));
    put(host, 3);
    put(host, 4);
    put(host, 5);
    g_assert_cmpuint(fixture_count(host->bus, GST_MESSAGE_QOS, NULL), ==, 1);
    g_assert_true(vdt_worker_is_waiting(&host->worker));
    vdt_worker_refresh(&host->worker, number(6), &span);
    g_atomic_int_set(&host->permits, 2);
    vdt_worker_drain(&host->worker);
    g_assert_cmpint(result_of(host), ==, 106);
    check_stats(host, 2, 2, 0);
    vdt_worker_tell_skips(&host->worker); /* the second, which came too soon */
    g_assert_cmpuint(fixture_count(host->bus, GST_MESSAGE_QOS, NULL), ==, 1);
    host_stop(host);
}

/* Nothing of an epoch that has ended comes back, not even from one that is told too late. */
static void test_forget(void)
{
    for (guint stubborn = 0; stubborn < 2; stubborn++) {
        Host *host = host_start();

        host->stubborn = stubborn > 0;
        host->permits = 1;
        put(host, 1);
        vdt_worker_drain(&host->worker);
        g_assert_cmpint(result_of(host), ==, 101);
        put(host, 2);
        wait_running(host, 2);
        put(host, 3);
        vdt_worker_forget(&host->worker);
        g_assert_cmpint(result_of(host), ==, -1);
        g_atomic_int_set(&host->permits, (gint)stubborn);
        vdt_worker_drain(&host->worker);
        g_assert_cmpint(result_of(host), ==, -1);
        check_stats(host, 1, 0, 2);
        host_stop(host);
    }
}

static void set_model(Host *host, const char *name)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, name);
    g_assert_true(vdt_worker_set(&host->worker, 0, &value));
    g_assert_false(vdt_worker_set(&host->worker, 2, &value));
    g_assert_false(vdt_worker_set(&host->worker, VDT_WORKER_PROPS, &value));
    g_value_unset(&value);
}

/* Another network is made after the next work, and taken when the stream does so. */
static void test_renew(void)
{
    Host *host = host_start();

    host->permits = 5;
    put(host, 1);
    vdt_worker_drain(&host->worker);
    g_assert_false(vdt_worker_adopt(&host->worker));
    set_model(host, "another");
    put(host, 2);
    vdt_worker_drain(&host->worker);
    g_assert_cmpint(result_of(host), ==, 102);
    g_assert_true(vdt_worker_adopt(&host->worker));
    g_assert_cmpint(result_of(host), ==, -1);
    put(host, 3);
    vdt_worker_drain(&host->worker);
    g_assert_cmpint(result_of(host), ==, 203);

    host->no_network = TRUE;
    vdt_worker_renew(&host->worker);
    put(host, 4);
    vdt_worker_drain(&host->worker);
    g_assert_cmpuint(fixture_count(host->bus, GST_MESSAGE_WARNING, NULL), ==, 1);
    g_assert_false(vdt_worker_adopt(&host->worker));
    g_assert_cmpint(result_of(host), ==, 204);
    host_stop(host);
}

static void test_failures(void)
{
    Host *host = host_new();
    g_autofree char *first = NULL, *second = NULL;

    host->no_network = TRUE;
    g_assert_false(vdt_worker_start(&host->worker));
    first = fixture_error(host->bus, GST_MESSAGE_ERROR, NULL);
    g_assert_cmpstr(first, ==, "no network, as told");

    host->no_network = FALSE;
    g_assert_true(vdt_worker_start(&host->worker));
    host->fails = TRUE;
    host->permits = 1;
    put(host, 1);
    vdt_worker_drain(&host->worker);
    second = fixture_error(host->bus, GST_MESSAGE_ERROR, NULL);
    g_assert_cmpstr(second, ==, "failed, as told");
    g_assert_false(vdt_worker_count_frame(&host->worker, vdt_stats_thread_time()));
    host_stop(host);
}

static gpointer flush(gpointer data)
{
    Host *host = data;

    wait_running(host, 1);
    vdt_worker_flush_start(&host->worker);
    return NULL;
}

static gpointer shut(gpointer data)
{
    Host *host = data;

    wait_running(host, 1);
    vdt_worker_shut(&host->worker);
    return NULL;
}

/* Who waits for what will never end lets go when the stream is flushed or stopped. */
static void test_wait_ends(void)
{
    const GThreadFunc ends[] = {flush, shut};

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        Host *host = host_start();
        GThread *thread = g_thread_new("end", ends[i], host);

        put(host, 1);
        g_assert_false(vdt_worker_wait(&host->worker));
        g_thread_join(thread);
        put(host, 2); /* refused */
        g_assert_false(vdt_worker_is_waiting(&host->worker));
        if (ends[i] == flush) {
            vdt_worker_flush_stop(&host->worker);
            g_atomic_int_set(&host->permits, 1);
            put(host, 3);
            g_assert_true(vdt_worker_wait(&host->worker));
            g_assert_cmpint(result_of(host), ==, 103);
        }
        host_stop(host);
    }
}

/* A host that was never started, and one that is started twice: counts begin anew. */
static void test_life(void)
{
    Host *host = host_new();

    host_free(host);
    host = host_start();
    host->permits = 2;
    put(host, 1);
    vdt_worker_drain(&host->worker);
    vdt_worker_stop(&host->worker);
    g_assert_cmpint(result_of(host), ==, -1);
    g_assert_true(vdt_worker_start(&host->worker));
    check_stats(host, 0, 0, 0);
    put(host, 2);
    vdt_worker_drain(&host->worker);
    g_assert_cmpint(result_of(host), ==, 202);
    host_stop(host);
}

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/worker/result", test_result);
    g_test_add_func("/worker/skips", test_skips);
    g_test_add_func("/worker/forget", test_forget);
    g_test_add_func("/worker/renew", test_renew);
    g_test_add_func("/worker/failures", test_failures);
    g_test_add_func("/worker/wait-ends", test_wait_ends);
    g_test_add_func("/worker/life", test_life);
    return fixture_run();
}
