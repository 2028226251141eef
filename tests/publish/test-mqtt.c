/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real broker: what it is told and keeps, passwords, certificates, and Home Assistant. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"
#include "publish/discovery.h"
#include "told.h"

static JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    return json_object_ref(json_node_get_object(node));
}

/* What the newest message there says of that member. */
static gboolean says(Listener *listener, const char *topic, const char *member, const char *value)
{
    g_autofree char *text = listener_last(listener, topic);
    if (text == NULL || *text == '\0')
        return FALSE;
    g_autoptr(JsonObject) object = parse(text);
    return g_strcmp0(json_object_get_string_member_with_default(object, member, NULL), value) == 0;
}

static void test_topics(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) config =
        told_config("front yard", "[mqtt]\nhost=localhost\nport=%u\n", broker.port);
    VdtPublisher *publisher = told_publish(config, store);
    WAIT(listener_ends(listener, "vedette/available", "online"), 5);
    WAIT(says(listener, "vedette/front/status", "state", "connecting"), 5);
    vdt_publisher_set_state(publisher, "front", "backoff", "there is no connection to be had");
    vdt_publisher_set_state(publisher, "nosuch", "live", NULL);
    WAIT(says(listener, "vedette/front/status", "reason", "there is no connection to be had"), 5);
    WAIT(says(listener, "vedette/front/status", "state", "backoff"), 1);
    vdt_publisher_set_state(publisher, "front", "live", NULL);
    WAIT(says(listener, "vedette/front/status", "state", "live"), 5);
    WAIT(listener_count(listener, "vedette/stats") == 1, 5);
    g_autofree char *text = listener_last(listener, "vedette/stats");
    g_autoptr(JsonObject) stats = parse(text);
    JsonObject *own = json_object_get_object_member(stats, "mqtt");
    g_assert_cmpstr(json_object_get_string_member(own, "state"), ==, "up");
    g_assert_cmpint(json_object_get_int_member(own, "lost"), ==, 0);

    for (guint i = 0; i < 100; i++)
        told_put(store, i % 2 == 0 ? "front" : "yard", i);
    WAIT(listener_count(listener, "vedette/events") == 100, 5);
    guint64 before = 0;
    for (guint i = 0; i < 100; i++) {
        g_autoptr(Heard) heard = listener_get(listener, "vedette/events", i);
        g_autoptr(JsonObject) event = parse(heard->payload);
        g_autofree char *label = g_strdup_printf("%u", i);
        guint64 seq = (guint64)json_object_get_int_member(event, "seq");
        g_assert_cmpstr(json_object_get_string_member(event, "label"), ==, label);
        g_assert_false(json_object_has_member(event, "repeated"));
        g_assert_false(heard->retained);
        g_assert_cmpuint(seq, >, before);
        before = seq;
    }
    WAIT(told_sent(publisher, "mqtt") == 100, 2);
    WAIT(told_pending(publisher, "mqtt") == 0, 2);
    g_assert_cmpuint(listener_count(listener, "vedette/nosuch/#"), ==, 0);

    /* What it keeps: how all are, and whether the service is there; no event. */
    Listener *late = listener_new(broker.port, "#", NULL, NULL);
    WAIT(says(late, "vedette/front/status", "state", "live"), 5);
    WAIT(says(late, "vedette/yard/status", "state", "connecting"), 5);
    WAIT(listener_ends(late, "vedette/available", "online"), 5);
    g_assert_cmpuint(listener_count(late, "vedette/events"), ==, 0);
    listener_free(late);

    /* A stream that is no more. */
    g_autoptr(VdtConfig) fewer =
        told_config("front", "[mqtt]\nhost=localhost\nport=%u\n", broker.port);
    vdt_publisher_reload(publisher, fewer);
    WAIT(listener_ends(listener, "vedette/yard/status", ""), 5);
    gint64 begun = g_get_monotonic_time();
    g_assert_true(vdt_publisher_free(publisher));
    g_assert_cmpint(g_get_monotonic_time() - begun, <, FIXTURE_SLOWER * G_USEC_PER_SEC);
    WAIT(listener_ends(listener, "vedette/available", "offline"), 5);
    g_assert_true(told_said("mqtt: up (localhost:"));
    vdt_store_close(store);
    listener_free(listener);
    broker_clear(&broker);
}

/* The broker says that a service is gone which cannot any more. */
static void test_will(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    if (g_test_subprocess()) {
        fixture_files(NULL, NULL);
        VdtStore *own = told_open();
        g_autoptr(VdtConfig) config =
            told_config("front", "[mqtt]\nhost=127.0.0.1\nport=%s\n", g_getenv("TOLD_PORT"));
        told_publish(config, own);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    g_autofree char *port = g_strdup_printf("%u", broker.port);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char *argv[] = {self, "--GTestSubprocess", "-p", "/mqtt/will", NULL};
    g_auto(GStrv) env = g_environ_setenv(g_get_environ(), "TOLD_PORT", port, TRUE);
    GPid pid;
    g_assert_true(g_spawn_async(NULL, argv, env,
                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                                &pid, NULL));
    WAIT(listener_ends(listener, "vedette/available", "online"), 5);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    WAIT(listener_ends(listener, "vedette/available", "offline"), 5);
    listener_free(listener);
    broker_clear(&broker);
}

static void test_password(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    g_autofree char *tool = g_find_program_in_path("mosquitto_passwd");
    fixture_files("users", "", "right", "vedette:hunter2\n", "wrong", "vedette:hunter3\n", NULL);
    g_autofree char *users = g_strdup(fixture_path("users")),
                    *right = g_strdup(fixture_path("right")),
                    *wrong = g_strdup(fixture_path("wrong")),
                    *settings = g_strdup_printf("allow_anonymous false\npassword_file %s\n", users),
                    *command =
                        g_strdup_printf("%s -b '%s' vedette hunter2", tool ? tool : "false", users);
    g_assert_cmpint(system(command), ==, 0);
    g_assert_cmpint(g_chmod(users, 0644), ==, 0);
    g_assert_cmpint(g_chmod(right, 0600), ==, 0);
    g_assert_cmpint(g_chmod(wrong, 0600), ==, 0);
    broker_start(&broker, settings, FALSE);
    Listener *listener = listener_new(broker.port, "#", "vedette", "hunter2");
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) bad = told_config(
        "front", "[mqtt]\nhost=127.0.0.1\nport=%u\nsecret-file=%s\n", broker.port, wrong);
    VdtPublisher *publisher = told_publish(bad, store);
    for (guint i = 0; i < 50; i++)
        told_put(store, "front", i);
    WAIT(told_state(publisher, "mqtt") == VDT_SINK_REFUSED, 5);
    g_assert_true(told_said("mqtt: refused (127.0.0.1:"));
    g_assert_true(told_said("user or password are wrong"));
    WAIT(told_pending(publisher, "mqtt") == 50, 2);
    g_assert_cmpuint(listener_count(listener, "vedette/#"), ==, 0);
    /* The right one, after which all comes, in order. */
    g_autoptr(VdtConfig) good = told_config(
        "front", "[mqtt]\nhost=127.0.0.1\nport=%u\nsecret-file=%s\n", broker.port, right);
    vdt_publisher_reload(publisher, good);
    WAIT(listener_count(listener, "vedette/events") == 50, 5);
    for (guint i = 0; i < 50; i++) {
        g_autoptr(Heard) heard = listener_get(listener, "vedette/events", i);
        g_autofree char *label = g_strdup_printf("\"label\":\"%u\"", i);
        g_assert_nonnull(strstr(heard->payload, label));
        g_assert_null(strstr(heard->payload, "repeated"));
    }
    g_assert_true(vdt_publisher_free(publisher));
    g_assert_false(told_said("hunter"));
    vdt_store_close(store);
    listener_free(listener);
    broker_clear(&broker);
}

static void test_tls(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    if (!told_certify()) {
        g_test_skip("no openssl");
        return;
    }
    g_autofree char *ca = g_strdup(fixture_path("ca.pem"));
    broker_start(&broker, NULL, TRUE);
    VdtStore *store = told_open();
    const struct {
        const char *host, *ca;
        const char *error; /* NULL if it is good */
    } rows[] = {
        {"localhost", NULL, "TLS: certificate verify failed"}, /* the machine knows no such one */
        {"127.0.0.1", ca, "TLS: host name verification failed"},
        {"localhost", "/no", "the certificates in /no cannot be read"},
        {"localhost", ca, NULL},
    };
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *file =
            rows[i].ca != NULL ? g_strdup_printf("ca-file=%s\n", rows[i].ca) : g_strdup("");
        g_autoptr(VdtConfig) config = told_config("front", "[mqtt]\nhost=%s\nport=%u\ntls=yes\n%s",
                                                  rows[i].host, broker.port_tls, file);
        VdtPublisher *publisher = told_publish(config, store);
        told_put(store, "front", i);
        WAIT(told_state(publisher, "mqtt") == (rows[i].error == NULL ? VDT_SINK_UP : VDT_SINK_AWAY),
             5);
        g_autoptr(VdtSinkInfo) info = told_info(publisher, "mqtt");
        if (rows[i].error != NULL)
            g_assert_nonnull(strstr(info->error, rows[i].error));
        else
            g_assert_null(info->error);
        if (rows[i].error == NULL)
            WAIT(listener_count(listener, "vedette/events") == 4, 5);
        g_assert_cmpuint(listener_count(listener, "vedette/available"), ==, rows[i].error == NULL);
        g_assert_true(vdt_publisher_free(publisher));
    }
    /* Without TLS on its port. */
    g_autoptr(VdtConfig) plain =
        told_config("front", "[mqtt]\nhost=localhost\nport=%u\n", broker.port_tls);
    VdtPublisher *publisher = told_publish(plain, store);
    WAIT(told_state(publisher, "mqtt") == VDT_SINK_AWAY, 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    listener_free(listener);
    broker_clear(&broker);
}

/* --- Home Assistant --- */

#define CONNECTED "homeassistant/binary_sensor/vedette/front_connected/config"

static void test_payload(void)
{
    VdtDiscovery discovery = {"ha", "my/cams"};
    g_autofree char *filter = vdt_discovery_filter(&discovery);
    g_assert_cmpstr(filter, ==, "ha/+/my_2fcams/+/config");
    for (guint i = 0; i < VDT_DISCOVERY_ENTITIES; i++) {
        g_autofree char *one = vdt_discovery_topic(&discovery, "a.b", i),
                        *other = vdt_discovery_topic(&discovery, "a_b", i),
                        *text = vdt_discovery_payload(&discovery, "a.b", i);
        g_assert_cmpstr(one, !=, other);
        for (const char *c = one; *c != '\0'; c++)
            g_assert_true(g_ascii_isalnum(*c) || strchr("-_/", *c) != NULL);
        g_autoptr(JsonObject) object = parse(text);
        JsonObject *device = json_object_get_object_member(object, "device");
        g_assert_cmpstr(json_object_get_string_member(device, "name"), ==, "a.b");
        g_assert_true(json_object_has_member(device, "sw_version"));
        g_assert_cmpstr(json_object_get_string_member(object, "availability_topic"), ==,
                        "my/cams/available");
        g_assert_true(json_object_has_member(object, "unique_id"));
        g_assert_cmpstr(json_object_get_string_member(object, "state_topic"), ==,
                        i < 2 ? "my/cams/a.b/status" : "my/cams/events");
        g_assert_null(strstr(text, "%s"));
    }
}

static void test_discovery(void)
{
    Broker broker;
    if (!broker_is_there())
        return;
    fixture_files(NULL, NULL);
    broker_start(&broker, NULL, FALSE);
    Listener *listener = listener_new(broker.port, "#", NULL, NULL);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) on =
        told_config("front yard", "[mqtt]\nhost=127.0.0.1\nport=%u\ndiscovery=yes\n", broker.port);
    VdtPublisher *publisher = told_publish(on, store);
    WAIT(listener_count(listener, "homeassistant/#") == 6, 5);
    WAIT(says(listener, CONNECTED, "device_class", "connectivity"), 5);
    WAIT(says(listener, CONNECTED, "state_topic", "vedette/front/status"), 5);
    /* States go on without another announcement. */
    vdt_publisher_set_state(publisher, "front", "live", NULL);
    WAIT(says(listener, "vedette/front/status", "state", "live"), 5);
    g_assert_cmpuint(listener_count(listener, "homeassistant/#"), ==, 6);
    /* A stream goes. */
    g_autoptr(VdtConfig) fewer =
        told_config("yard", "[mqtt]\nhost=127.0.0.1\nport=%u\ndiscovery=yes\n", broker.port);
    vdt_publisher_reload(publisher, fewer);
    WAIT(listener_count(listener, "homeassistant/#") == 9, 5);
    WAIT(listener_ends(listener, CONNECTED, ""), 5);
    /* Another goes, and a third comes, while the service is not there. */
    g_assert_true(vdt_publisher_free(publisher));
    g_autoptr(VdtConfig) third =
        told_config("door", "[mqtt]\nhost=127.0.0.1\nport=%u\ndiscovery=yes\n", broker.port);
    publisher = told_publish(third, store);
    WAIT(listener_count(listener, "homeassistant/#") == 15, 5);
    WAIT(listener_ends(listener, "homeassistant/sensor/vedette/yard_state/config", ""), 5);
    WAIT(listener_ends(listener, "vedette/yard/status", ""), 5);
    g_assert_cmpuint(listener_count(listener, "homeassistant/sensor/vedette/door_state/config"), ==,
                     1);
    /* And it is turned off, while it is not there either. Others' topics stay. */
    g_assert_true(vdt_publisher_free(publisher));
    g_autoptr(VdtConfig) other = told_config(
        "cellar", "[mqtt]\nhost=127.0.0.1\nport=%u\nprefix=other\ndiscovery=yes\n", broker.port);
    publisher = told_publish(other, store);
    WAIT(listener_count(listener, "homeassistant/+/other/#") == 3, 5);
    g_assert_true(vdt_publisher_free(publisher));
    g_autoptr(VdtConfig) off =
        told_config("door", "[mqtt]\nhost=127.0.0.1\nport=%u\n", broker.port);
    publisher = told_publish(off, store);
    WAIT(listener_ends(listener, "homeassistant/sensor/vedette/door_state/config", ""), 5);
    WAIT(listener_ends(listener, "homeassistant/sensor/vedette/door_event/config", ""), 5);
    Listener *late = listener_new(broker.port, "homeassistant/#", NULL, NULL);
    WAIT(listener_count(late, "homeassistant/+/other/#") == 3, 5);
    g_assert_cmpuint(listener_count(late, "homeassistant/+/vedette/#"), ==, 0);
    listener_free(late);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    listener_free(listener);
    broker_clear(&broker);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/mqtt/topics", test_topics);
    g_test_add_func("/mqtt/will", test_will);
    g_test_add_func("/mqtt/password", test_password);
    g_test_add_func("/mqtt/tls", test_tls);
    g_test_add_func("/mqtt/payload", test_payload);
    g_test_add_func("/mqtt/discovery", test_discovery);
    return fixture_close();
}
