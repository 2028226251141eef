/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each state of a stream, while it lasts: by the interface, as the broker keeps it, and as a
 * figure.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "../process.h"
#include "service.h"

static const char *const states[] = {"stopped", "connecting", "live",  "degraded",
                                     "stalled", "backoff",    "failed"};

static Broker broker;
static gboolean has_broker;

/* Of the figures: exactly that one is 1. */
static gboolean is_figure(const Service *s, const char *state)
{
    g_autofree char *answer = service_get(s, "/metrics");
    gboolean right = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        gboolean is = strcmp(states[i], state) == 0;
        g_autofree char *line = g_strdup_printf(
            "\nvedette_stream_state{stream=\"front\",state=\"%s\"} %d\n", states[i], is);
        right &= strstr(answer, line) != NULL;
    }
    return right;
}

/* As who comes new is told it. */
static gboolean is_kept(const char *state)
{
    g_autofree char *expected = g_strdup_printf("\"stream\":\"front\",\"state\":\"%s\"", state);
    if (!has_broker)
        return TRUE;
    Listener *listener = listener_new(broker.port, "vedette/front/status", NULL, NULL);
    WAIT(listener_count(listener, "#") > 0, 5);
    g_autoptr(Heard) heard = listener_get(listener, "#", 0);
    listener_free(listener);
    return heard->retained && strstr(heard->payload, expected) != NULL;
}

/* In all three places, while it still is so. */
static void expect_state(Service *s, const char *state)
{
    EXPECT(s, service_is(s, "front", state), 40);
    EXPECT(s, is_figure(s, state), 2);
    EXPECT(s, is_kept(state), 3);
    if (!service_is(s, "front", state))
        service_expect(s, 0, "it is so for long enough");
}

static void configure(const Peer *camera, const char *more)
{
    g_autofree char *source = source_of(camera);
    g_autofree char *text = g_strdup_printf("[stream]\nsource=%s\nsecret-file=%s\n%s", source,
                                            fixture_path("secret"), more);
    fixture_add("streams.d/front.conf", text);
}

static void set_password(const char *password)
{
    g_autofree char *text = g_strdup_printf("user:%s\n", password);
    add_secret("secret", text);
}

/* A pipeline that takes a third of a second for a picture. */
static const char slow[] = "[template]\nsummary=Too slow\n[frames]\n"
                           "decodebin name=entry ! video/x-raw ! identity sleep-time=300000 !\n"
                           "fakesink name=watch sync=false async=false enable-last-sample=false\n";

static void test_everywhere(void)
{
    static const char patient[] =
        "first-frame-timeout=1min\nstall-timeout=1s\nstall-patience=1min\n"
        "backoff-min=5s\nbackoff-max=10s\n";
    Service s;
    Peer camera;
    peer_init(&camera);
    has_broker = broker_is_installed();
    guint port = process_find_port();
    g_autofree char *mqtt =
        has_broker ? g_strdup_printf("[mqtt]\nhost=127.0.0.1\nport=%u\n", port) : g_strdup("");
    service_init(&s, mqtt);
    s.with_state = TRUE;
    if (has_broker) {
        broker = (Broker){.port = port, .port_tls = process_find_port()};
        broker_restart(&broker);
    }
    set_password("right");
    configure(&camera, patient);
    fixture_add("pipelines.d/slow.pipeline", slow);
    peer_serve(&camera, "h264 password=right");
    peer_signal(&camera, SIGSTOP); /* it takes the connection, and says nothing */
    service_start(&s);
    service_wait_ready(&s);
    expect_state(&s, "connecting");
    peer_signal(&camera, SIGCONT);
    expect_state(&s, "live");
    peer_command(&camera, "mute");
    expect_state(&s, "stalled");
    peer_command(&camera, "unmute");
    expect_state(&s, "live");
    peer_kill(&camera);
    expect_state(&s, "backoff");
    peer_serve(&camera, "h264 password=right");
    expect_state(&s, "live");
    g_autofree char *slowly = g_strconcat(patient, "pipeline=slow\n", NULL);
    configure(&camera, slowly);
    service_act(&s, "POST", "/api/v1/reload", "", 200);
    expect_state(&s, "degraded");
    configure(&camera, patient);
    set_password("wrong");
    service_act(&s, "POST", "/api/v1/reload", "", 200);
    expect_state(&s, "failed");
    fixture_add("streams.d/other.conf", STREET);
    g_assert_cmpint(g_unlink(fixture_path("streams.d/front.conf")), ==, 0);
    service_act(&s, "POST", "/api/v1/reload", "", 200);
    g_assert_null(service_stream(&s, "front"));
    service_stop(&s);
    service_clear(&s);
    peer_clear(&camera);
    if (has_broker)
        broker_clear(&broker);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/states/everywhere", test_everywhere);
    return fixture_close();
}
