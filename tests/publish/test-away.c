/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A broker that is away, for 5 s (10 minutes with VEDETTE_SOAK=1) while things happen; that is
 * silent; that does not acknowledge; a backlog, its memory, and how fast it goes.
 */
#include <string.h>

#include "broker.h"
#include "told.h"

#define BACKLOG 40000

typedef struct {
    VdtStore *store;
    guint n[2]; /* events of each stream */
} Source;

static void put_some(Source *source, guint count)
{
    for (guint i = 0; i < count; i++) {
        told_put(source->store, "front", source->n[0]++);
        if (i % 3 == 0)
            told_put(source->store, "yard", source->n[1]++);
    }
}

/* Each stream's events arrived, in order; what came twice says that it is repeated. Returns how
 * many came twice. */
static guint check_order(Listener *listener, const Source *source)
{
    static const char *const streams[] = {"front", "yard"};
    guint next[2] = {0}, again = 0, n = listener_count(listener, "vedette/events");
    for (guint i = 0; i < n; i++) {
        g_autoptr(Heard) heard = listener_get(listener, "vedette/events", i);
        gboolean repeated = strstr(heard->payload, "\"repeated\":true") != NULL;
        for (guint s = 0; s < 2; s++) {
            g_autofree char *stream = g_strdup_printf("\"stream\":\"%s\"", streams[s]);
            if (strstr(heard->payload, stream) == NULL)
                continue;
            guint number = (guint)g_ascii_strtoull(
                strstr(heard->payload, "\"label\":\"") + strlen("\"label\":\""), NULL, 10);
            if (number < next[s]) {
                g_assert_true(repeated);
                next[s] = number; /* from there, all come again */
                again++;
            }
            g_assert_cmpuint(number, ==, next[s]);
            next[s]++;
        }
    }
    for (guint s = 0; s < 2; s++)
        g_assert_cmpuint(next[s], ==, source->n[s]);
    return again;
}

static VdtConfig *configure(guint port, const char *more)
{
    return told_config("front yard", "[mqtt]\nhost=127.0.0.1\nport=%u\n%s", port, more);
}

static gboolean all_sent(VdtPublisher *publisher, const Source *source)
{
    return told_sent(publisher, "mqtt") >= source->n[0] + source->n[1] &&
           told_pending(publisher, "mqtt") == 0;
}

/* The broker dies in the middle of it, stays away, and comes back empty. */
static void test_killed(void)
{
    Broker broker;
    gint64 away = (g_getenv("VEDETTE_SOAK") != NULL ? 600 : 5) * (gint64)G_USEC_PER_SEC;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Gate *gate = gate_new(broker.port);
    Source source = {told_open(), {0}};
    g_autoptr(VdtConfig) config = configure(gate_get_port(gate), "");
    VdtPublisher *publisher = told_publish(config, source.store);
    WAIT(told_state(publisher, "mqtt") == VDT_SINK_UP, 5);
    put_some(&source, 50);
    WAIT(all_sent(publisher, &source), 5);
    /* The listener's broker forgets it with the rest, so what it hears begins after the kill. */
    gate_set(gate, GATE_CLOSED);
    broker_kill(&broker);
    guint64 before = source.n[0] + source.n[1];
    source.n[0] = source.n[1] = 0;
    gint64 until = g_get_monotonic_time() + away;
    while (g_get_monotonic_time() < until) {
        put_some(&source, 4);
        g_usleep(200000);
    }
    WAIT(told_state(publisher, "mqtt") == VDT_SINK_AWAY, 5);
    g_assert_true(told_said("mqtt: away (127.0.0.1:"));
    WAIT(told_pending(publisher, "mqtt") >= source.n[0] + source.n[1] - 1, 5);
    broker_restart(&broker);
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    gate_set(gate, GATE_OPEN);
    WAIT(told_sent(publisher, "mqtt") == before + source.n[0] + source.n[1], 65);
    WAIT(listener_count(listener, "vedette/events") >= source.n[0] + source.n[1], 5);
    g_assert_cmpuint(check_order(listener, &source), ==, 0);
    /* What it keeps is there again, too. */
    WAIT(listener_ends(listener, "vedette/available", "online"), 5);
    g_assert_cmpuint(listener_count(listener, "vedette/+/status"), ==, 2);
    g_autoptr(VdtSinkInfo) info = told_info(publisher, "mqtt");
    g_test_message("away for %.0f s: %u events afterwards, %" G_GUINT64_FORMAT
                   " attempts, %" G_GUINT64_FORMAT " lost",
                   (double)away / G_USEC_PER_SEC, source.n[0] + source.n[1], info->failures,
                   info->lost);
    g_assert_cmpuint(info->lost, ==, 0);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(source.store);
    listener_free(listener);
    gate_free(gate);
    broker_clear(&broker);
}

/* The broker has it, but the answer is lost: it comes again, and says so. */
static void test_unacknowledged(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    for (guint qos = 1; qos <= 2; qos++) {
        fixture_files(NULL, NULL);
        broker_start(&broker, NULL, FALSE);
        Listener *listener = listener_new(broker.port, "#", NULL, NULL);
        Gate *gate = gate_new(broker.port);
        Source source = {told_open(), {0}};
        g_autofree char *more = g_strdup_printf("qos=%u\n", qos);
        g_autoptr(VdtConfig) config = configure(gate_get_port(gate), more);
        VdtPublisher *publisher = told_publish(config, source.store);
        WAIT(told_state(publisher, "mqtt") == VDT_SINK_UP, 5);
        put_some(&source, 20);
        WAIT(all_sent(publisher, &source), 5);
        gate_set(gate, GATE_ONE_WAY);
        put_some(&source, 100);
        WAIT(told_said("it acknowledges nothing within 1 s"), 5);
        gate_set(gate, GATE_CLOSED);
        gate_set(gate, GATE_OPEN);
        WAIT(told_sent(publisher, "mqtt") == source.n[0] + source.n[1], 10);
        WAIT(listener_count(listener, "vedette/events") >= source.n[0] + source.n[1], 5);
        g_usleep(100000);
        guint again = check_order(listener, &source);
        g_test_message("QoS %u: %u began anew", qos, again);
        if (qos == 1) {
            g_autoptr(VdtSinkInfo) info = told_info(publisher, "mqtt");
            g_assert_cmpuint(again, >, 0);
            g_assert_cmpuint(info->repeated, >, 0);
            /* no more than were on their way */
            g_assert_cmpuint(info->repeated, <=, 16);
        }
        g_assert_true(vdt_publisher_free(publisher));
        vdt_store_close(source.store);
        gate_free(gate);
        listener_free(listener);
        broker_clear(&broker);
    }
}

/* Comes, goes and comes while things happen. */
static void test_flapping(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    Gate *gate = gate_new(broker.port);
    Source source = {told_open(), {0}};
    g_autoptr(VdtConfig) config = configure(gate_get_port(gate), "");
    VdtPublisher *publisher = told_publish(config, source.store);
    for (guint i = 0; i < 20; i++) {
        put_some(&source, 200);
        g_usleep(g_test_rand_int_range(10000, 150000));
        gate_set(gate, i % 2 == 0 ? GATE_CLOSED : GATE_OPEN);
    }
    gate_set(gate, GATE_OPEN);
    WAIT(all_sent(publisher, &source), 20);
    WAIT(listener_count(listener, "vedette/events") >= source.n[0] + source.n[1], 5);
    guint again = check_order(listener, &source);
    g_test_message("%u events, %u times from an earlier one on", source.n[0] + source.n[1], again);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(source.store);
    gate_free(gate);
    listener_free(listener);
    broker_clear(&broker);
}

/* Takes the connection, and says nothing. */
static void test_silent(void)
{
    fixture_files(NULL, NULL);
    Gate *gate = gate_new(1);
    gate_set(gate, GATE_SILENT);
    Source source = {told_open(), {0}};
    g_autoptr(VdtConfig) config = configure(gate_get_port(gate), "");
    VdtPublisher *publisher = told_publish(config, source.store);
    put_some(&source, 10);
    WAIT(told_said("no answer within 1 s"), 5);
    g_assert_cmpint(told_state(publisher, "mqtt"), ==, VDT_SINK_AWAY);
    WAIT(gate_count(gate) >= 2, 5); /* it tries again */
    g_usleep(200000);
    gint64 begun = g_get_monotonic_time();
    g_assert_true(vdt_publisher_free(publisher)); /* while it waits for an answer */
    g_assert_cmpint(g_get_monotonic_time() - begun, <, FIXTURE_SLOWER * G_USEC_PER_SEC);
    vdt_store_close(source.store);
    gate_free(gate);
}

static void test_backlog(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Gate *gate = gate_new(broker.port);
    gate_set(gate, GATE_CLOSED);
    Source source = {told_open(), {0}};
    g_autoptr(VdtConfig) config = configure(gate_get_port(gate), "");
    VdtPublisher *publisher = told_publish(config, source.store);
    put_some(&source, 100);
    WAIT(told_state(publisher, "mqtt") == VDT_SINK_AWAY, 5);
    gsize before = told_memory();
    while (source.n[0] + source.n[1] < BACKLOG) {
        put_some(&source, 3000);
        g_assert_true(vdt_store_flush(source.store, 10 * FIXTURE_SLOWER * G_USEC_PER_SEC));
    }
    WAIT(told_pending(publisher, "mqtt") == source.n[0] + source.n[1], 5);
    gsize away = told_memory();
    gint64 begun = g_get_monotonic_time();
    gate_set(gate, GATE_OPEN);
    WAIT(all_sent(publisher, &source), 60);
    double seconds = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    gsize after = told_memory();
    g_test_message("%u events: %.0f per second; memory %.1f MB, %.1f MB with them waiting, %.1f MB "
                   "afterwards",
                   source.n[0] + source.n[1], (source.n[0] + source.n[1]) / seconds, before / 1e6,
                   away / 1e6, after / 1e6);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which need their own */
    g_assert_cmpuint(away, <, before + 24000000);
    g_assert_cmpuint(after, <, before + 24000000);
#endif
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(source.store);
    gate_free(gate);
    broker_clear(&broker);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/away/killed", test_killed);
    g_test_add_func("/away/unacknowledged", test_unacknowledged);
    g_test_add_func("/away/flapping", test_flapping);
    g_test_add_func("/away/silent", test_silent);
    g_test_add_func("/away/backlog", test_backlog);
    return fixture_close();
}
