/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "../process.h"

/* --- what is said --- */

char *read_whole(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

guint count_of(const char *text, const char *what)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

guint count_in(const char *path, const char *what)
{
    g_autofree char *text = read_whole(path);
    return count_of(text, what);
}

static gpointer hear(gpointer data)
{
    Service *s = data;
    char text[4096];
    gssize n;
    while ((n = g_socket_receive(s->manager, text, sizeof text, s->deaf, NULL)) > 0) {
        g_mutex_lock(&s->lock);
        g_string_append_len(s->heard, text, n);
        g_string_append_c(s->heard, '\n');
        g_mutex_unlock(&s->lock);
    }
    return NULL;
}

guint service_heard(Service *s, const char *what)
{
    g_mutex_lock(&s->lock);
    guint n = count_of(s->heard->str, what);
    g_mutex_unlock(&s->lock);
    return n;
}

void service_expect(Service *s, gint64 until, const char *condition)
{
    gboolean runs = s->process == NULL || g_subprocess_get_identifier(s->process) != NULL;
    if (g_get_monotonic_time() >= until || !runs) {
        g_mutex_lock(&s->lock);
        g_autofree char *err = read_whole(s->err);
        g_error("not so%s: %s\nheard:\n%s\nerr:\n%s", runs ? " in time" : ", since it ended",
                condition, s->heard->str, err);
    }
    g_usleep(20000);
}

/* --- life --- */

static void listen_to(Service *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(fixture_path("notify"));
    s->manager = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM,
                              G_SOCKET_PROTOCOL_DEFAULT, &error);
    g_assert_no_error(error);
    g_assert_true(g_socket_bind(s->manager, address, FALSE, &error));
    s->deaf = g_cancellable_new();
    s->hearing = g_thread_new("hearing", hear, s);
}

void service_init(Service *s, const char *more)
{
    memset(s, 0, sizeof *s);
    s->heard = g_string_new(NULL);
    g_mutex_init(&s->lock);
    fixture_files(NULL, NULL);
    s->peers.port = process_find_port();
    s->peers.socket = g_strdup(fixture_path("api.sock"));
    g_autofree char *text =
        g_strdup_printf("[http]\nlisten=127.0.0.1:%u\nsocket=%s\nloopback=read\n%s", s->peers.port,
                        s->peers.socket, more);
    fixture_add("vedette.conf", text);
    listen_to(s);
}

/* The journal is the file that stderr is. */
static char *journal_of(const char *path)
{
    struct stat s;
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_cmpint(stat(path, &s), ==, 0);
    return g_strdup_printf("%llu:%llu", (unsigned long long)s.st_dev, (unsigned long long)s.st_ino);
}

void service_start(Service *s)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strdup(fixture_path("")), *state = g_strdup(fixture_path("state"));
    g_free(s->out);
    g_free(s->err);
    s->starts++;
    s->out = g_strdup_printf("%s/out-%u", folder, s->starts);
    s->err = g_strdup_printf("%s/err-%u", folder, s->starts);
    g_autofree char *journal = journal_of(s->err);
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, s->out);
    g_subprocess_launcher_set_stderr_file_path(launcher, s->err);
    g_subprocess_launcher_setenv(launcher, "NOTIFY_SOCKET", fixture_path("notify"), TRUE);
    g_subprocess_launcher_setenv(launcher, "WATCHDOG_USEC", "2000000", TRUE);
    g_subprocess_launcher_setenv(launcher, "JOURNAL_STREAM", journal, TRUE);
    if (s->credentials != NULL)
        g_subprocess_launcher_setenv(launcher, "CREDENTIALS_DIRECTORY", s->credentials, TRUE);
    if (s->with_state)
        g_assert_cmpint(g_mkdir_with_parents(state, 0755), ==, 0);
    s->started = g_get_monotonic_time();
    s->process =
        g_subprocess_launcher_spawn(launcher, &error, g_getenv("VEDETTE_EXE"), "serve", "--config",
                                    folder, s->with_state ? "--state" : NULL, state, NULL);
    g_assert_no_error(error);
}

GSubprocess *service_start_alone(Service *s, const char *stream)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_strdup(fixture_path("")),
                    *state = g_build_filename(folder, "state", NULL),
                    *out = g_strdup_printf("%s/out-%s", folder, stream),
                    *err = g_strdup_printf("%s/err-%s", folder, stream);
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, out);
    g_subprocess_launcher_set_stderr_file_path(launcher, err);
    GSubprocess *process =
        g_subprocess_launcher_spawn(launcher, &error, g_getenv("VEDETTE_EXE"), "serve", "--config",
                                    folder, "--state", state, "--stream", stream, NULL);
    g_assert_no_error(error);
    return process;
}

static gboolean is_ready(Service *s)
{
#ifdef HAVE_SYSTEMD
    return service_heard(s, "READY=1") >= s->starts;
#else
    if (!g_file_test(s->peers.socket, G_FILE_TEST_EXISTS))
        return FALSE;
    g_autofree char *answer = service_get(s, "/readyz");
    return status_of(answer) == 200;
#endif
}

void service_wait_ready(Service *s)
{
    EXPECT(s, is_ready(s), 60);
    /* A socket that a killed one left is there before. */
    EXPECT(s, service_metric(s, "vedette_ready") == 1, 20);
}

static void wait_end(Service *s)
{
    g_assert_true(g_subprocess_wait(s->process, NULL, NULL));
}

void service_kill(Service *s, int signal)
{
    g_subprocess_send_signal(s->process, signal);
    wait_end(s);
    g_clear_object(&s->process);
}

void service_stop(Service *s)
{
    gint64 begin = g_get_monotonic_time();
    g_subprocess_send_signal(s->process, SIGTERM);
    wait_end(s);
    double took = (double)(g_get_monotonic_time() - begin) / 1e6;
    if (!g_subprocess_get_if_exited(s->process) || g_subprocess_get_exit_status(s->process) != 0)
        service_expect(s, 0, "it ends well");
    g_test_message("it ended within %.2f s", took);
#if !defined(__SANITIZE_ADDRESS__)
    g_assert_cmpfloat(took, <, 3);
#endif
    g_clear_object(&s->process);
}

void service_clear(Service *s)
{
    if (s->process != NULL)
        service_kill(s, SIGKILL);
    g_cancellable_cancel(s->deaf);
    g_thread_join(s->hearing);
    g_object_unref(s->deaf);
    g_object_unref(s->manager);
    g_string_free(s->heard, TRUE);
    g_mutex_clear(&s->lock);
    g_free(s->peers.socket);
    g_free(s->credentials);
    g_free(s->out);
    g_free(s->err);
}

/* --- streams --- */

void add_secret(const char *name, const char *text)
{
    fixture_add(name, text);
    g_assert_cmpint(g_chmod(fixture_path(name), 0600), ==, 0);
}

char *source_of(const Peer *peer)
{
    return g_strdup_printf("rtsp://127.0.0.1:%u/camera", peer->port);
}

void add_bars(const char *name, const char *more)
{
    static const char bars[] =
        "[template]\nsummary=Bars of colours that go by\n[source]\n"
        "videotestsrc name=camera is-live=true pattern=smpte horizontal-speed=8 !\n"
        "video/x-raw,format=I420,width=160,height=120,framerate=15/1 !\n"
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 threads=1 ! h264parse !\n"
        "identity name=exit silent=true\n";
    g_autofree char *file = g_strdup_printf("streams.d/%s.conf", name);
    g_autofree char *text = g_strdup_printf(
        "[stream]\nsource=street:///\nsource-pipeline=bars\nexpected-size=160x120\n[segmenter]\n"
        "model=%s/colours/card.json\ninterval=100ms\nzones=left: 0,0.1 0.1,0.1 0.1,0.5 0,0.5\n%s",
        g_getenv("VEDETTE_TEST_MODELS"), more);
    fixture_add("pipelines.d/bars.pipeline", bars);
    fixture_add(file, text);
}

/* --- questions --- */

char *service_get(const Service *s, const char *target)
{
    return ask_unix(&s->peers, "GET", target, NULL);
}

void service_act(const Service *s, const char *method, const char *target, const char *body,
                 guint status)
{
    g_autofree char *answer = ask_unix(&s->peers, method, target, body);
    if (status_of(answer) != status)
        g_error("%s %s: expected %u, but: %s", method, target, status, answer);
}

JsonObject *service_stream(const Service *s, const char *name)
{
    g_autofree char *target = g_strconcat("/api/v1/streams/", name, NULL),
                    *answer = service_get(s, target);
    return status_of(answer) == 200 ? object_of(answer) : NULL;
}

gint64 stream_int(JsonObject *stream, const char *member)
{
    g_assert_nonnull(stream);
    return json_object_get_int_member(stream, member);
}

gboolean service_is(const Service *s, const char *name, const char *state)
{
    g_autoptr(JsonObject) stream = service_stream(s, name);
    return stream != NULL && g_strcmp0(json_object_get_string_member(stream, "state"), state) == 0;
}

double service_metric(const Service *s, const char *what)
{
    g_autofree char *answer = service_get(s, "/metrics"),
                    *start = g_strconcat("\n", what, " ", NULL);
    const char *line = strstr(answer, start);
    return line != NULL ? g_ascii_strtod(line + strlen(start), NULL) : NAN;
}

/* --- events --- */

static char *text_of(JsonObject *object, const char *member)
{
    return g_strdup(json_object_get_string_member_with_default(object, member, NULL));
}

Line *line_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    JsonObject *object = json_node_get_object(node);
    const char *when = json_object_get_string_member(object, "time"),
               *phase = json_object_get_string_member(object, "event");
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(when, NULL);
    Line *line = g_new0(Line, 1);
    *line =
        (Line){.id = text_of(object, "id"),
               .stream = text_of(object, "stream"),
               .type = text_of(object, "type"),
               .what = text_of(object, "what"),
               .is_end = strcmp(phase, "end") == 0,
               .repeated = json_object_get_boolean_member_with_default(object, "repeated", FALSE),
               .time = g_date_time_to_unix(time) * SECOND + g_date_time_get_microsecond(time),
               .seq = (guint64)json_object_get_int_member_with_default(object, "seq", 0)};
    line->key = g_strdup_printf("%s %s %s", line->id, phase, when);
    return line;
}

void line_free(gpointer data)
{
    Line *line = data;
    g_free(line->id);
    g_free(line->stream);
    g_free(line->type);
    g_free(line->what);
    g_free(line->key);
    g_free(line);
}

GPtrArray *lines_read(const char *path)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    g_autofree char *text = read_whole(path);
    g_auto(GStrv) each = g_strsplit(text, "\n", -1);
    /* what stands behind the last line's end is none */
    for (guint i = 0; each[i] != NULL && each[i + 1] != NULL; i++)
        g_ptr_array_add(lines, line_parse(each[i]));
    return lines;
}

GPtrArray *lines_heard(Listener *listener)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    guint n = listener_count(listener, "vedette/events");
    for (guint i = 0; i < n; i++) {
        g_autoptr(Heard) heard = listener_get(listener, "vedette/events", i);
        g_ptr_array_add(lines, line_parse(heard->payload));
    }
    return lines;
}
