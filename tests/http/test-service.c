/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette serve while peers misbehave: its streams do not notice; and what it does with requests
 * for changes. */
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "../daemon/fixture.h"
#include "../process.h"
#include "fixture.h"

#define STREET "[stream]\nsource=street:///\nexpected-size=640x360\n"
#define SLOW   200
#define SPAN   (6 * G_USEC_PER_SEC)

typedef struct {
    Server peers; /* where to connect to; nothing else of it is there */
    GSubprocess *process;
} Service;

static GSubprocess *spawn(void)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, fixture_path("out"));
    g_subprocess_launcher_set_stderr_file_path(launcher, fixture_path("err"));
    g_autofree char *folder = g_strdup(fixture_path(""));
    GSubprocess *process = g_subprocess_launcher_spawn(launcher, &error, g_getenv("VEDETTE_EXE"),
                                                       "serve", "--config", folder, NULL);
    g_assert_no_error(error);
    return process;
}

static JsonObject *stream_of(const Service *s, const char *name)
{
    g_autofree char *target = g_strconcat("/api/v1/streams/", name, NULL);
    g_autofree char *answer = ask_unix(&s->peers, "GET", target, NULL);
    return status_of(answer) == 200 ? object_of(answer) : NULL;
}

static void wait_for(const Service *s, const char *name, const char *state)
{
    for (guint i = 0; i < 300; i++) {
        g_autoptr(JsonObject) stream = stream_of(s, name);
        if (stream != NULL && strcmp(json_object_get_string_member(stream, "state"), state) == 0)
            return;
        g_usleep(100000);
    }
    g_error("%s did not become %s", name, state);
}

static Service service_start(void)
{
    Service s = {
        .peers = {.port = process_find_port(), .socket = g_strdup(fixture_path("api.sock"))}};
    g_autofree char *text =
        g_strdup_printf("[http]\nlisten=127.0.0.1:%u\nsocket=%s\n", s.peers.port, s.peers.socket);
    fixture_files("vedette.conf", text, "streams.d/front.conf", STREET, NULL);
    s.process = spawn();
    for (guint i = 0; i < 300 && !g_file_test(s.peers.socket, G_FILE_TEST_EXISTS); i++)
        g_usleep(100000);
    wait_for(&s, "front", "live");
    return s;
}

static void service_stop(Service *s)
{
    gint64 begin = g_get_monotonic_time();
    g_subprocess_send_signal(s->process, SIGTERM);
    g_subprocess_wait(s->process, NULL, NULL);
    g_assert_true(g_subprocess_get_if_exited(s->process));
    g_assert_cmpint(g_subprocess_get_exit_status(s->process), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 3 * FIXTURE_SLOWER * G_USEC_PER_SEC);
    g_object_unref(s->process);
    g_free(s->peers.socket);
}

/* What a stream did within @SPAN. */
typedef struct {
    gint64 frames, skipped, stalls;
    gint64 gap; /* us, the longest without a new frame, as far as questions can see */
} Course;

static Course watch(const Service *s)
{
    Course course = {0};
    gint64 begin = g_get_monotonic_time(), last = begin, first = -1, newest = -1;
    while (g_get_monotonic_time() - begin < SPAN) {
        g_autoptr(JsonObject) stream = stream_of(s, "front");
        gint64 now = g_get_monotonic_time();
        g_assert_nonnull(stream);
        gint64 frames = json_object_get_int_member(stream, "frames");
        if (frames != newest) {
            if (newest >= 0)
                course.gap = MAX(course.gap, now - last);
            last = now;
        }
        newest = frames;
        first = first < 0 ? frames : first;
        course.frames = frames - first;
        course.skipped = json_object_get_int_member(stream, "skipped");
        course.stalls = json_object_get_int_member(stream, "stalls");
        g_usleep(20000);
    }
    return course;
}

/* Some send a byte now and then, others nonsense, or nothing. */
static gpointer annoy(gpointer data)
{
    static const char *const starts[] = {
        "", "G", "GET /api/v1/streams HTTP/1.1\r\nHost: localhost\r\nX: ",
        "POST /api/v1/streams HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n{",
        "GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    const Service *s = data;
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    gint64 begin = g_get_monotonic_time();
    for (guint i = 0; i < SLOW; i++) {
        g_ptr_array_add(peers, peer_connect(&s->peers));
        peer_send(peers->pdata[i], starts[i % G_N_ELEMENTS(starts)], -1);
    }
    while (g_get_monotonic_time() - begin < SPAN) {
        for (guint i = 0; i < SLOW; i++) {
            g_socket_set_blocking(peers->pdata[i], FALSE);
            if (g_socket_send(peers->pdata[i], "x", 1, NULL, NULL) < 0) {
                g_object_unref(peers->pdata[i]);
                peers->pdata[i] = peer_connect(&s->peers);
                peer_send(peers->pdata[i], starts[i % G_N_ELEMENTS(starts)], -1);
            }
        }
        g_autofree char *nonsense = ask_raw(&s->peers, "\x16\x03\x01 what?\r\n\r\n", -1);
        g_usleep(100000);
    }
    return NULL;
}

static gboolean is_undisturbed(const Course *quiet, const Course *busy)
{
    return quiet->frames > 60 / FIXTURE_SLOWER && busy->frames > quiet->frames * 9 / 10 &&
           busy->gap < quiet->gap + FIXTURE_SLOWER * 250000 && busy->skipped == quiet->skipped &&
           busy->stalls == quiet->stalls;
}

/* What the machine does besides may disturb it now and then, slow peers would each time. */
static void test_slow_peers(void)
{
    Service s = service_start();
    gboolean undisturbed = FALSE;
    for (guint try = 0; try < 4 && !undisturbed; try++) {
        Course quiet = watch(&s);
        GThread *thread = g_thread_new("annoy", annoy, &s);
        Course busy = watch(&s);
        g_test_message("quiet: %" G_GINT64_FORMAT " frames, longest gap %.0f ms; with %d slow "
                       "peers: %" G_GINT64_FORMAT " frames, %.0f ms",
                       quiet.frames, (double)quiet.gap / 1e3, SLOW, busy.frames,
                       (double)busy.gap / 1e3);
        g_thread_join(thread);
        undisturbed = is_undisturbed(&quiet, &busy);
    }
    g_assert_true(undisturbed);
    service_stop(&s);
}

static void test_changes(void)
{
    Service s = service_start();
    g_autofree char *yard = g_strdup(fixture_path("streams.d/yard.conf")), *text = NULL;
    static const char good[] = "{\"name\":\"yard\",\"config\":{\"stream\":{\"source\":"
                               "\"street:///\",\"expected-size\":\"640x360\"}}}";
    g_autofree char *added = ask_unix(&s.peers, "POST", "/api/v1/streams", good);
    g_assert_cmpuint(status_of(added), ==, 201);
    wait_for(&s, "yard", "live");
    GStatBuf info;
    g_assert_cmpint(g_stat(yard, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    g_autofree char *twice = ask_unix(&s.peers, "POST", "/api/v1/streams", good);
    g_assert_cmpuint(status_of(twice), ==, 409);
    /* what would be wrong is not written, and is told with the file's name */
    g_autofree char *wrong =
        ask_unix(&s.peers, "PUT", "/api/v1/streams/yard",
                 "{\"config\":{\"stream\":{\"source\":\"street:///\",\"stall-timeout\":\"5\"}}}");
    g_assert_cmpuint(status_of(wrong), ==, 422);
    g_assert_nonnull(strstr(wrong, yard));
    g_assert_true(g_file_get_contents(yard, &text, NULL, NULL));
    g_assert_null(strstr(text, "stall-timeout"));
    g_autofree char *changed =
        ask_unix(&s.peers, "PUT", "/api/v1/streams/yard",
                 "{\"config\":{\"stream\":{\"source\":\"street:///\",\"stall-timeout\":\"5s\"}}}");
    g_assert_cmpuint(status_of(changed), ==, 200);
    g_assert_nonnull(strstr(changed, "stream.stall-timeout"));
    g_autofree char *validated = ask_unix(&s.peers, "POST", "/api/v1/config/validate", NULL);
    g_assert_cmpuint(status_of(validated), ==, 200);
    g_autofree char *restarted = ask_unix(&s.peers, "POST", "/api/v1/streams/yard/restart", NULL);
    g_assert_cmpuint(status_of(restarted), ==, 202);
    wait_for(&s, "yard", "live");
    g_autofree char *removed = ask_unix(&s.peers, "DELETE", "/api/v1/streams/yard", NULL);
    g_assert_cmpuint(status_of(removed), ==, 200);
    g_assert_false(g_file_test(yard, G_FILE_TEST_EXISTS));
    g_assert_null(stream_of(&s, "yard"));
    g_autofree char *gone = ask_unix(&s.peers, "DELETE", "/api/v1/streams/yard", NULL);
    g_assert_cmpuint(status_of(gone), ==, 404);
    /* drop-ins are somebody else's */
    fixture_add("streams.d/front.conf.d/more.conf", "[stream]\nstall-timeout=4s\n");
    g_autofree char *kept = ask_unix(&s.peers, "DELETE", "/api/v1/streams/front", NULL);
    g_assert_cmpuint(status_of(kept), ==, 409);
    /* the configuration as a whole is wrong: nothing is added to it */
    fixture_add("streams.d/bad.conf", "[stream]\n");
    g_autofree char *not_added = ask_unix(&s.peers, "POST", "/api/v1/streams", good);
    g_assert_cmpuint(status_of(not_added), ==, 422);
    g_assert_nonnull(strstr(not_added, "bad.conf"));
    g_assert_false(g_file_test(yard, G_FILE_TEST_EXISTS));
    g_autofree char *refused = ask_unix(&s.peers, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(refused), ==, 422);
    /* who is on this machine may look, and no more, as long as nothing else is said */
    g_autofree char *read = ask(&s.peers, "GET", "/api/v1/streams", NULL, NULL);
    g_assert_cmpuint(status_of(read), ==, 200);
    g_autofree char *reload = ask(&s.peers, "POST", "/api/v1/reload", NULL, "");
    g_assert_cmpuint(status_of(reload), ==, 401);
    g_autofree char *bad = g_strdup(fixture_path("streams.d/bad.conf")),
                    *more = g_strdup_printf("[http]\nlisten=127.0.0.1:%u\nsocket=%s\n"
                                            "loopback=control\n",
                                            s.peers.port, s.peers.socket);
    g_assert_cmpint(g_unlink(bad), ==, 0);
    fixture_add("vedette.conf", more);
    g_autofree char *said = ask_unix(&s.peers, "POST", "/api/v1/reload", NULL);
    g_assert_cmpuint(status_of(said), ==, 200);
    g_autofree char *allowed = ask(&s.peers, "POST", "/api/v1/reload", NULL, "");
    g_assert_cmpuint(status_of(allowed), ==, 200);
    service_stop(&s);
}

/* Pictures, which go on when the stream's pipeline is built anew. */
static void test_live(void)
{
    Service s = service_start();
    g_autoptr(GSocket) peer = peer_connect(&s.peers);
    g_autofree char *text = g_strdup_printf(
        "GET /api/v1/streams/front/live HTTP/1.0\r\nHost: localhost:%u\r\n\r\n", s.peers.port);
    guint8 bytes[65536];
    gsize n = 0;
    peer_send(peer, text, -1);
    for (guint round = 0; round < 2; round++) {
        guint pictures = 0;
        gint64 end = g_get_monotonic_time() + 20 * FIXTURE_SLOWER * G_USEC_PER_SEC;
        while (pictures < 5 && g_get_monotonic_time() < end) {
            gssize got = g_socket_receive(peer, (char *)bytes + n, sizeof bytes - n, NULL, NULL);
            g_assert_cmpint(got, >, 0);
            n += (gsize)got;
            for (gsize i = 0; i + 3 < n; i++)
                pictures += memcmp(bytes + i, "\r\n\xff\xd8", 4) == 0;
            /* what may go on in the next part */
            gsize kept = MIN(n, 3);
            memmove(bytes, bytes + n - kept, kept);
            n = kept;
        }
        g_assert_cmpuint(pictures, >=, 5);
        g_free(ask_unix(&s.peers, "POST", "/api/v1/streams/front/restart", NULL));
        g_usleep(2 * G_USEC_PER_SEC);
        wait_for(&s, "front", "live");
    }
    service_stop(&s);
}

/* Open to others without tokens and TLS: it does not start. */
static void test_unsafe(void)
{
    g_autofree char *text = NULL;
    fixture_files("vedette.conf", "[http]\nlisten=0.0.0.0:8787\n", NULL);
    g_autoptr(GSubprocess) process = spawn();
    g_subprocess_wait(process, NULL, NULL);
    g_assert_cmpint(g_subprocess_get_exit_status(process), ==, 78);
    g_assert_true(g_file_get_contents(fixture_path("err"), &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "vedette.conf:2: [http] listen=0.0.0.0:8787: others than this "
                                  "machine can reach it, which takes a tokens-file"));
    g_assert_nonnull(strstr(text, "which takes a certificate-file and a key-file"));
}

/* Where somebody else listens already, the streams run all the same, and it is told. */
static void test_used(void)
{
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_assert_true(g_socket_bind(socket, any, FALSE, NULL) && g_socket_listen(socket, NULL));
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    guint16 port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    Service s = {.peers = {.port = port, .socket = g_strdup(fixture_path("api.sock"))}};
    g_autofree char *text =
        g_strdup_printf("[http]\nlisten=127.0.0.1:%u\nsocket=%s\n", port, s.peers.socket);
    fixture_files("vedette.conf", text, "streams.d/front.conf", STREET, NULL);
    /* what a process left that was killed */
    g_autoptr(GSocketAddress) path = g_unix_socket_address_new(s.peers.socket);
    g_autoptr(GSocket) left =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
    g_assert_true(g_socket_bind(left, path, FALSE, NULL));
    g_socket_close(left, NULL);
    s.process = spawn();
    g_usleep(G_USEC_PER_SEC);
    wait_for(&s, "front", "live");
    g_autofree char *err = NULL;
    g_assert_true(g_file_get_contents(fixture_path("err"), &err, NULL, NULL));
    g_assert_nonnull(strstr(err, "cannot be listened on"));
    service_stop(&s);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/service/slow-peers", test_slow_peers);
    g_test_add_func("/service/changes", test_changes);
    g_test_add_func("/service/live", test_live);
    g_test_add_func("/service/unsafe", test_unsafe);
    g_test_add_func("/service/used", test_used);
    return fixture_close();
}
