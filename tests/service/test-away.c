/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A broker that is away for 10 s (10 minutes with VEDETTE_SOAK=1) while things happen: all of it
 * arrives, in order. */
#include <string.h>

#include "service.h"

static const char *const streams[] = {"front", "yard"};

/* Keys of the lines of one stream, each once. */
static GPtrArray *keys_of(GPtrArray *lines, const char *stream)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *keys = g_ptr_array_new();
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = lines->pdata[i];
        if (g_strcmp0(line->stream, stream) != 0)
            continue;
        if (g_hash_table_add(seen, line->key))
            g_ptr_array_add(keys, line->key);
        else
            g_assert_true(line->repeated);
    }
    return keys;
}

/* Numbers rise, but for what is repeated. */
static void check_numbers(GPtrArray *lines)
{
    guint64 most = 0;
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = lines->pdata[i];
        g_assert_true(line->seq > most || line->repeated);
        most = MAX(most, line->seq);
    }
}

static guint check_all(const Service *s, GPtrArray *heard)
{
    g_autoptr(GPtrArray) printed = lines_read(s->out);
    guint n = 0;
    check_numbers(heard);
    for (guint k = 0; k < G_N_ELEMENTS(streams); k++) {
        g_autoptr(GPtrArray) expected = keys_of(printed, streams[k]),
                             came = keys_of(heard, streams[k]);
        g_assert_cmpuint(expected->len, >, 10);
        g_assert_cmpuint(came->len, ==, expected->len);
        for (guint i = 0; i < expected->len; i++)
            g_assert_cmpstr(came->pdata[i], ==, expected->pdata[i]);
        n += expected->len;
    }
    return n;
}

static void take(GPtrArray *all, Listener *listener)
{
    g_autoptr(GPtrArray) lines = lines_heard(listener);
    g_ptr_array_extend_and_steal(all, g_steal_pointer(&lines));
    listener_free(listener);
}

/* How late results are is told. */
static void check_lag(const Service *s)
{
    g_autoptr(JsonObject) stream = service_stream(s, "front");
    JsonArray *analysers = json_object_get_array_member(stream, "analysers");
    double lag =
        json_object_get_double_member(json_array_get_object_element(analysers, 0), "lag_s");
    g_test_message("the newest result was %.3f s late", lag);
    g_assert_cmpfloat(lag, >, 0);
    g_assert_cmpfloat(lag, <, 5);
}

static void test_away(void)
{
    Service s;
    Broker broker;
    guint away = g_getenv("VEDETTE_SOAK") != NULL ? 600 : 10;
    if (!broker_is_there())
        return;
    service_init(&s, "");
    broker_start(&broker, NULL, FALSE);
    Gate *gate = gate_new(broker.port);
    g_autofree char *http = read_whole(fixture_path("vedette.conf")),
                    *conf = g_strdup_printf("%s[mqtt]\nhost=127.0.0.1\nport=%u\n", http,
                                            gate_get_port(gate));
    fixture_add("vedette.conf", conf);
    for (guint i = 0; i < G_N_ELEMENTS(streams); i++)
        add_bars(streams[i], "[record]\nkeep=nothing\n");
    s.with_state = TRUE;
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    g_autoptr(GPtrArray) heard = g_ptr_array_new_with_free_func(line_free);
    service_start(&s);
    service_wait_ready(&s);
    EXPECT(&s, listener_count(listener, "vedette/events") > 4, 20);
    EXPECT(&s, service_metric(&s, "vedette_sink_up{sink=\"mqtt\"}") == 1, 5);

    check_lag(&s);

    gate_set(gate, GATE_CLOSED);
    g_usleep(SECOND / 2); /* what the broker has it has passed on */
    broker_kill(&broker);
    take(heard, listener);
    for (guint i = 0; i < away; i++)
        g_usleep(SECOND);
    g_assert_cmpfloat(service_metric(&s, "vedette_sink_up{sink=\"mqtt\"}"), ==, 0);
    g_assert_cmpfloat(service_metric(&s, "vedette_spool_depth{sink=\"mqtt\"}"), >, 10);
    g_autofree char *found = service_get(&s, "/api/v1/events?type=system&what=broker&open=1");
    g_assert_nonnull(strstr(found, "\"label\":\"away\""));

    broker_restart(&broker);
    listener = listener_new(broker.port, "#", NULL, NULL);
    gate_set(gate, GATE_OPEN);
    EXPECT(&s, service_metric(&s, "vedette_sink_up{sink=\"mqtt\"}") == 1, 70);
    EXPECT(&s, service_metric(&s, "vedette_spool_depth{sink=\"mqtt\"}") == 0, 20);
    g_assert_cmpfloat(service_metric(&s, "vedette_spool_lost_total{sink=\"mqtt\"}"), ==, 0);
    /* without streams nothing more happens */
    for (guint i = 0; i < G_N_ELEMENTS(streams); i++) {
        g_autofree char *target = g_strdup_printf("/api/v1/streams/%s", streams[i]);
        service_act(&s, "DELETE", target, NULL, 200);
    }
    g_usleep(SECOND);
    EXPECT(&s, service_metric(&s, "vedette_spool_depth{sink=\"mqtt\"}") == 0, 20);
    g_usleep(SECOND / 2);
    take(heard, listener);
    g_test_message("%u events", check_all(&s, heard));
    g_autofree char *over = service_get(&s, "/api/v1/events?type=system&what=broker&open=1");
    g_assert_null(strstr(over, "\"label\":\"away\""));
    service_stop(&s);
    service_clear(&s);
    gate_free(gate);
    broker_clear(&broker);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/away/events", test_away);
    return fixture_close();
}
