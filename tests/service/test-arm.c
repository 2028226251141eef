/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service is armed and disarmed while it runs: who is told of events, and what that is over
 * restarts and other configurations. */
#include <string.h>

#include "service.h"

typedef struct {
    Service s;
    Broker broker;
    Listener *listener; /* NULL without a broker */
} Case;

static gboolean is_armed(Case *t, const char *arm)
{
    g_autofree char *answer = service_get(&t->s, "/api/v1/status"),
                    *member = g_strdup_printf("\"arm\":\"%s\"", arm),
                    *metric = g_strdup_printf("vedette_arm{arm=\"%s\"}", arm);
    return strstr(answer, member) != NULL && service_metric(&t->s, metric) == 1 &&
           (t->listener == NULL || listener_ends(t->listener, "vedette/arm", arm));
}

static void configure(Case *t, const char *more)
{
    g_autofree char *broker =
        t->listener != NULL ? g_strdup_printf("[mqtt]\nhost=127.0.0.1\nport=%u\n", t->broker.port)
                            : g_strdup("");
    g_autofree char *text =
        g_strdup_printf("[http]\nlisten=none\nsocket=%s\n%s%s", t->s.peers.socket, broker, more);
    fixture_add("vedette.conf", text);
}

static guint count_told(Case *t)
{
    return t->listener != NULL ? listener_count(t->listener, "vedette/events") : 0;
}

static void again(Case *t)
{
    service_stop(&t->s);
    service_start(&t->s);
    service_wait_ready(&t->s);
}

/* Of the newest events that ended. */
static gboolean are_muted(Case *t)
{
    g_autofree char *answer = service_get(&t->s, "/api/v1/events?stream=front&limit=3");
    return count_of(answer, "\"muted\":true") == 3;
}

static void test_arm(void)
{
    Case t = {.listener = NULL};
    service_init(&t.s, "");
    if (broker_is_installed()) {
        broker_start(&t.broker, NULL, FALSE);
        t.listener = listener_new(t.broker.port, "#", NULL, NULL);
    }
    configure(&t, "");
    add_bars("front", "[record]\nkeep=nothing\n");
    t.s.with_state = TRUE;
    service_start(&t.s);
    service_wait_ready(&t.s);
    EXPECT(&t.s, is_armed(&t, "auto"), 10);
    EXPECT(&t.s, t.listener == NULL || count_told(&t) > 4, 20);

    service_act(&t.s, "PUT", "/api/v1/arm", "{\"arm\":\"disarmed\"}", 200);
    EXPECT(&t.s, is_armed(&t, "disarmed"), 10);
    EXPECT(&t.s, are_muted(&t), 20);
    guint before = count_told(&t);
    g_usleep(2 * SECOND);
    g_assert_cmpuint(count_told(&t), <=, before + 1); /* one that had begun */
    again(&t);
    EXPECT(&t.s, is_armed(&t, "disarmed"), 10);
    service_act(&t.s, "POST", "/api/v1/reload", NULL, 200);
    g_assert_true(is_armed(&t, "disarmed"));

    /* what the configuration says anew counts */
    configure(&t, "[events]\narm=armed\n");
    service_act(&t.s, "POST", "/api/v1/reload", NULL, 200);
    EXPECT(&t.s, is_armed(&t, "armed"), 10);
    EXPECT(&t.s, t.listener == NULL || count_told(&t) > before + 4, 20);
    again(&t);
    EXPECT(&t.s, is_armed(&t, "armed"), 10);
    /* also if it does so while nothing runs */
    service_act(&t.s, "PUT", "/api/v1/arm", "{\"arm\":\"disarmed\"}", 200);
    EXPECT(&t.s, is_armed(&t, "disarmed"), 10);
    configure(&t, "");
    again(&t);
    EXPECT(&t.s, is_armed(&t, "auto"), 10);
    service_stop(&t.s);
    service_clear(&t.s);
    if (t.listener != NULL) {
        listener_free(t.listener);
        broker_clear(&t.broker);
    }
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/arm/all", test_arm);
    return fixture_close();
}
