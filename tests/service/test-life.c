/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How soon it is ready, that it ends in time whatever holds it up, and that what hangs is told. */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "service.h"

#define READY_MS 2000

static void test_ready(void)
{
    Service s;
    service_init(&s, "");
    s.with_state = TRUE;
    add_bars("front", "");
    service_start(&s);
    service_wait_ready(&s);
    gint64 took = (g_get_monotonic_time() - s.started) / 1000;
    g_test_message("ready within %" G_GINT64_FORMAT " ms", took);
#if !defined(__SANITIZE_ADDRESS__)
    g_assert_cmpint(took, <, READY_MS);
#endif
    service_stop(&s);
    service_clear(&s);
}

static void send_get(const Service *s, GSocket *peer, const char *target)
{
    g_autofree char *text =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", target, s->peers.port);
    peer_send(peer, text, -1);
    g_autofree char *head = peer_read(peer, "\r\n\r\n");
    g_assert_cmpuint(status_of(head), ==, 200);
}

/* Cameras that are frozen, a broker and a server that take all and answer nothing, peers that
 * follow and look on and do not read, clips that are being written, networks that have too much to
 * do: all at once. */
static void test_stop(void)
{
    Service s;
    Peer camera;
    Gate *broker = gate_new(1), *server = gate_new(1);
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    gate_set(broker, GATE_SILENT);
    gate_set(server, GATE_SILENT);
    peer_init(&camera);
    peer_serve(&camera, "h264");
    g_autofree char *conf =
        g_strdup_printf("[mqtt]\nhost=127.0.0.1\nport=%u\n[webhook]\nurl=http://127.0.0.1:%u/\n",
                        gate_get_port(broker), gate_get_port(server));
    service_init(&s, conf);
    s.with_state = TRUE;
    g_assert_cmpint(g_chmod(fixture_path("vedette.conf"), 0600), ==, 0);
    g_autofree char *source = source_of(&camera);
    g_autofree char *frozen = g_strdup_printf("[stream]\nsource=%s\n", source);
    fixture_add("streams.d/frozen.conf", frozen);
    for (guint i = 0; i < 4; i++) {
        const char name[] = {(char)('a' + i), '\0'};
        g_autofree char *more = g_strdup_printf(
            "[segmenter more]\nmodel=%s/colours/card.json\ninterval=0s\n[record]\nafter=1min\n",
            g_getenv("VEDETTE_TEST_MODELS"));
        add_bars(name, more);
    }
    service_start(&s);
    service_wait_ready(&s);
    EXPECT(&s, service_is(&s, "frozen", "live"), 20);
    EXPECT(&s, gate_count(broker) > 0 && gate_count(server) > 0, 20);
    EXPECT(&s, count_in(s.out, "\"event\":\"end\"") > 4, 20);
    for (guint i = 0; i < 8; i++) {
        GSocket *peer = peer_connect(&s.peers);
        g_ptr_array_add(peers, peer);
        send_get(&s, peer, i % 2 == 0 ? "/api/v1/events/stream?after=0" : "/api/v1/streams/a/live");
    }
    peer_signal(&camera, SIGSTOP);
    g_usleep(SECOND);
    service_stop(&s);
    peer_signal(&camera, SIGCONT);
    service_clear(&s);
    gate_free(broker);
    gate_free(server);
    peer_clear(&camera);
}

/* --- what hangs --- */

static gboolean is_healthy(const Service *s)
{
    g_autofree char *answer = service_get(s, "/healthz");
    return status_of(answer) == 200;
}

/* The thread of that name; 0 if there is none. */
static pid_t find_thread(const Service *s, const char *name)
{
    g_autofree char *tasks =
        g_strdup_printf("/proc/%s/task", g_subprocess_get_identifier(s->process));
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *task;
    while ((task = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(tasks, task, "comm", NULL),
                        *comm = read_whole(path);
        if (strcmp(g_strchomp(comm), name) == 0)
            return (pid_t)g_ascii_strtoll(task, NULL, 10);
    }
    return 0;
}

/* Stops one thread of it alone, until this one lets it go. FALSE if that cannot be had. */
static gboolean freeze(pid_t thread)
{
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) < 0)
        return FALSE;
    g_assert_cmpint(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), ==, 0);
    g_assert_cmpint(waitpid(thread, NULL, __WALL), ==, thread);
    return TRUE;
}

/* It says no more that it is alive. */
static void expect_silence(Service *s)
{
#ifdef HAVE_SYSTEMD
    guint before = service_heard(s, "WATCHDOG=1");
    g_usleep(3 * SECOND / 2);
    g_assert_cmpuint(service_heard(s, "WATCHDOG=1"), ==, before);
#endif
}

/* One thread hangs, the others do not; who asks is told so, and systemd nothing. */
static void test_frozen(void)
{
    static const char *const threads[] = {"vedette", "vdt-streams"};
    Service s;
    service_init(&s, "");
    add_bars("front", "");
    service_start(&s);
    service_wait_ready(&s);
    g_assert_true(is_healthy(&s));
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        pid_t thread = find_thread(&s, threads[i]);
        g_assert_cmpint(thread, >, 0);
        if (!freeze(thread)) {
            g_autofree char *why = g_strdup_printf("ptrace: %s", g_strerror(errno));
            g_test_skip(why);
            break;
        }
        EXPECT(&s, !is_healthy(&s), 8);
        expect_silence(&s);
        g_assert_cmpint(ptrace(PTRACE_DETACH, thread, NULL, NULL), ==, 0);
        EXPECT(&s, is_healthy(&s), 4);
    }
    service_stop(&s);
    service_clear(&s);
}

/* Every stream hangs for good: opening a pipe that nobody writes to does not return. */
static void test_hung(void)
{
    static const char pipe[] = "[template]\nsummary=Hangs\n[source]\n"
                               "filesrc name=exit location=%s\n";
    Service s;
    service_init(&s, "");
    g_autofree char *path = g_strdup(fixture_path("pipe")), *text = g_strdup_printf(pipe, path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    fixture_add("pipelines.d/hanging.pipeline", text);
    fixture_add("streams.d/front.conf",
                "[stream]\nsource=street:///\nsource-pipeline=hanging\nbackoff-max=500ms\n");
    add_bars("yard", "");
    service_start(&s);
    service_wait_ready(&s);
    EXPECT(&s, service_metric(&s, "vedette_hanging_threads{stream=\"front\"}") >= 2, 60);
    g_assert_true(is_healthy(&s)); /* the other one goes on */
    service_act(&s, "DELETE", "/api/v1/streams/yard", NULL, 200);
    EXPECT(&s, !is_healthy(&s), 5);
    EXPECT(&s, count_in(s.err, "only a restart helps") == 1, 5);
    expect_silence(&s);
    service_stop(&s);
    service_clear(&s);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/life/ready", test_ready);
    g_test_add_func("/life/stop", test_stop);
    g_test_add_func("/life/frozen", test_frozen);
    g_test_add_func("/life/hung", test_hung);
    return fixture_close();
}
