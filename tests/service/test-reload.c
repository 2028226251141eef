/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Eight streams, and a reload that adds, changes and removes one: of the others none loses a frame.
 */
#include <glib/gstdio.h>
#include <signal.h>

#include "service.h"

#define N    8
#define RATE 15

typedef struct {
    gint64 at[N], frames[N]; /* us; when and how many first */
} Mark;

static JsonObject *stream_at(const Service *s, guint i)
{
    const char name[] = {(char)('a' + i), '\0'};
    return service_stream(s, name);
}

static Mark mark(const Service *s)
{
    Mark mark;
    for (guint i = 0; i < N; i++) {
        g_autoptr(JsonObject) stream = stream_at(s, i);
        mark.at[i] = g_get_monotonic_time();
        mark.frames[i] = stream_int(stream, "frames");
    }
    return mark;
}

/* As if nothing had been. Frames come over a network, some at a time. */
static void check(const Service *s, const Mark *since, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autoptr(JsonObject) stream = stream_at(s, i);
        double expected = (double)(g_get_monotonic_time() - since->at[i]) / 1e6 * RATE;
        gint64 came = stream_int(stream, "frames") - since->frames[i];
        g_test_message("%c: %" G_GINT64_FORMAT " of %.1f frames", 'a' + (int)i, came, expected);
        g_assert_cmpfloat((double)came, >, expected - 5);
        g_assert_cmpint(stream_int(stream, "skipped"), ==, 0);
        g_assert_cmpint(stream_int(stream, "connects"), ==, 1);
        g_assert_cmpint(stream_int(stream, "reconnects"), ==, 0);
        g_assert_cmpint(stream_int(stream, "stalls"), ==, 0);
        g_assert_cmpint(stream_int(stream, "builds"), ==, 1);
        g_assert_cmpstr(json_object_get_string_member(stream, "state"), ==, "live");
    }
}

static void hang_up(Service *s, guint nth)
{
    g_subprocess_send_signal(s->process, SIGHUP);
    EXPECT(s, count_in(s->err, "the configuration was read anew") == nth, 10);
}

static void test_eight(void)
{
    Service s;
    Peer camera;
    peer_init(&camera);
    peer_serve(&camera, "h264");
    service_init(&s, "");
    g_autofree char *source = source_of(&camera),
                    *text = g_strdup_printf("[stream]\nsource=%s\nexpected-size=160x120\n", source),
                    *other = g_strconcat(text, "[parameters]\nlatency=100ms\n", NULL);
    for (guint i = 0; i < N; i++) {
        g_autofree char *file = g_strdup_printf("streams.d/%c.conf", 'a' + (int)i);
        fixture_add(file, text);
    }
    service_start(&s);
    service_wait_ready(&s);
    EXPECT(&s, service_metric(&s, "vedette_stream_state{stream=\"h\",state=\"live\"}") == 1, 20);
    for (guint i = 0; i < N; i++)
        EXPECT(&s, count_in(s.err, ": live") == N, 20);
    g_usleep(SECOND); /* what waited before the first keyframe is there */
    Mark since = mark(&s);

    fixture_add("streams.d/new.conf", text);
    hang_up(&s, 1);
    EXPECT(&s, service_is(&s, "new", "live"), 10);
    check(&s, &since, N);
    fixture_add("streams.d/h.conf", other);
    hang_up(&s, 2);
    EXPECT(&s, count_in(s.err, "h: live") == 2, 10);
    check(&s, &since, N - 1);
    g_assert_cmpint(g_unlink(fixture_path("streams.d/new.conf")), ==, 0);
    hang_up(&s, 3);
    EXPECT(&s, count_in(s.err, "new: stopped") == 1, 10);
    check(&s, &since, N - 1);

    g_autofree char *added =
        g_strdup_printf("{\"name\":\"new\",\"config\":{\"stream\":{\"source\":\"%s\"}}}", source);
    g_autofree char *changed =
        g_strdup_printf("{\"config\":{\"stream\":{\"source\":\"%s\"}}}", source);
    service_act(&s, "POST", "/api/v1/streams", added, 201);
    EXPECT(&s, service_is(&s, "new", "live"), 10);
    check(&s, &since, N - 1);
    service_act(&s, "PUT", "/api/v1/streams/h", changed, 200);
    EXPECT(&s, count_in(s.err, "h: live") == 3, 10);
    check(&s, &since, N - 1);
    service_act(&s, "DELETE", "/api/v1/streams/new", NULL, 200);
    g_assert_null(service_stream(&s, "new"));
    check(&s, &since, N - 1);
    service_stop(&s);
    service_clear(&s);
    peer_clear(&camera);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/reload/eight", test_eight);
    return fixture_close();
}
