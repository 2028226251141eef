/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vedette serve as it runs: real RTSP servers, a stand-in for systemd, signals. */
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../process.h"
#include "fixture.h"
#include "serve/health.h"
#include "serve/tell.h"
#include "store/store.h"
#include "stream-supervisor/peers.h"

#define PASSWORD "hunter2"
#define STREET   "[stream]\nsource=street:///\nexpected-size=640x360\n"
#define SECONDS  G_GINT64_CONSTANT(1000000)

typedef struct {
    GSubprocess *process;
    GSocket *manager;
    GString *heard; /* by the manager; a line each */
    char *folder, *out, *err, *socket;
} Service;

static char *read_file(const char *path)
{
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static void listen_to(Service *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(s->socket);
    s->manager = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM,
                              G_SOCKET_PROTOCOL_DEFAULT, &error);
    g_assert_no_error(error);
    g_assert_true(g_socket_bind(s->manager, address, FALSE, &error));
    g_socket_set_blocking(s->manager, FALSE);
}

static void hear(Service *s)
{
    char text[4096];
    gssize n;
    while ((n = g_socket_receive(s->manager, text, sizeof text, NULL, NULL)) > 0) {
        g_string_append_len(s->heard, text, n);
        g_string_append_c(s->heard, '\n');
    }
}

/* The journal is the file that stderr is. */
static char *journal_of(const char *path)
{
    struct stat s;
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_cmpint(stat(path, &s), ==, 0);
    return g_strdup_printf("%llu:%llu", (unsigned long long)s.st_dev, (unsigned long long)s.st_ino);
}

/* Of the files that there are; of one stream if @alone is not NULL. */
static Service service_start_alone(const char *alone)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    Service s = {.heard = g_string_new(NULL),
                 .folder = g_strdup(fixture_path("")),
                 .out = g_strdup(fixture_path("out")),
                 .err = g_strdup(fixture_path("err")),
                 .socket = g_strdup(fixture_path("notify"))};
    g_autofree char *journal = journal_of(s.err);
    listen_to(&s);
    g_subprocess_launcher_set_child_setup(launcher, process_die_with_parent, NULL, NULL);
    g_subprocess_launcher_set_stdout_file_path(launcher, s.out);
    g_subprocess_launcher_set_stderr_file_path(launcher, s.err);
    g_subprocess_launcher_setenv(launcher, "NOTIFY_SOCKET", s.socket, TRUE);
    g_subprocess_launcher_setenv(launcher, "WATCHDOG_USEC", "2000000", TRUE);
    g_subprocess_launcher_setenv(launcher, "JOURNAL_STREAM", journal, TRUE);
    s.process =
        g_subprocess_launcher_spawn(launcher, &error, g_getenv("VEDETTE_EXE"), "serve", "--config",
                                    s.folder, alone != NULL ? "--stream" : NULL, alone, NULL);
    g_assert_no_error(error);
    return s;
}

static Service service_start(void)
{
    return service_start_alone(NULL);
}

static guint count(const char *text, const char *what)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static guint count_in(const char *path, const char *what)
{
    g_autofree char *text = read_file(path);
    return count(text, what);
}

/* Until file @path, or the manager for NULL, has @what @n times. */
static void wait_for(Service *s, const char *path, const char *what, guint n)
{
    gint64 end = g_get_monotonic_time() + 90 * SECONDS;
#ifndef HAVE_SYSTEMD
    if (path == NULL)
        return;
#endif
    for (;;) {
        hear(s);
        if ((path != NULL ? count_in(path, what) : count(s->heard->str, what)) >= n)
            return;
        if (g_get_monotonic_time() > end) {
            g_autofree char *out = read_file(s->out), *err = read_file(s->err);
            g_error("expected %u times: %s\nheard:\n%s\nout:\n%s\nerr:\n%s", n, what, s->heard->str,
                    out, err);
        }
        g_usleep(20000);
    }
}

static void service_signal(Service *s, int signal)
{
    g_subprocess_send_signal(s->process, signal);
}

/* Everything that anybody was told. */
static void check_secrets(Service *s)
{
    hear(s);
    g_assert_cmpuint(count_in(s->out, PASSWORD), ==, 0);
    g_assert_cmpuint(count_in(s->err, PASSWORD), ==, 0);
    g_assert_cmpuint(count(s->heard->str, PASSWORD), ==, 0);
}

static guint count_threads(Service *s, const char *name)
{
    g_autofree char *tasks =
        g_strdup_printf("/proc/%s/task", g_subprocess_get_identifier(s->process));
    g_autoptr(GDir) folder = g_dir_open(tasks, 0, NULL);
    const char *task;
    guint n = 0;
    while ((task = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(tasks, task, "comm", NULL);
        g_autofree char *comm = read_file(path);
        n += strcmp(g_strchomp(comm), name) == 0;
    }
    return n;
}

static int service_wait(Service *s)
{
    g_autoptr(GError) error = NULL;
    g_subprocess_wait(s->process, NULL, &error);
    g_assert_no_error(error);
    return g_subprocess_get_if_exited(s->process) ? g_subprocess_get_exit_status(s->process) : -1;
}

static void service_clear(Service *s)
{
    check_secrets(s);
    g_object_unref(s->process);
    g_object_unref(s->manager);
    g_string_free(s->heard, TRUE);
    g_unlink(s->socket);
    g_free(s->folder);
    g_free(s->out);
    g_free(s->err);
    g_free(s->socket);
}

static void service_stop(Service *s, int signal)
{
    gint64 begin = g_get_monotonic_time();
    service_signal(s, signal);
    g_assert_cmpint(service_wait(s), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 3 * FIXTURE_SLOWER * SECONDS);
    wait_for(s, NULL, "STOPPING=1", 1);
    service_clear(s);
}

static char *analysed(const char *stream, const char *threshold)
{
    return g_strdup_printf("%s[recognizer]\nmodel=%s/tiny/card.json\nwindow=500ms\n"
                           "interval=200ms\nhysteresis=0\nthreshold=%s\n",
                           stream, g_getenv("VEDETTE_TEST_MODELS"), threshold);
}

/* Every line is an event of one of both. */
static void check_events(const char *path)
{
    g_autofree char *text = read_file(path);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >=, 2);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(lines[i], &error);
        g_assert_no_error(error);
        JsonObject *event = json_node_get_object(node);
        const char *stream = json_object_get_string_member(event, "stream");
        g_assert_cmpstr(json_object_get_string_member(event, "type"), ==, "action");
        g_assert_cmpstr(json_object_get_string_member(event, "element"), ==, "recognizer");
        g_assert_true(strcmp(stream, "front") == 0 || strcmp(stream, "yard") == 0);
        g_assert_true(json_object_has_member(event, "time"));
    }
}

/* One camera dies and comes back; of the other everything goes on meanwhile, and can be changed. */
static void test_cameras(void)
{
    Peer front, yard;
    peer_init(&front);
    peer_init(&yard);
    peer_serve(&front, "h264 password=" PASSWORD);
    peer_serve(&yard, "h264");
    fixture_files("secret", "user:" PASSWORD "\n", NULL);
    g_autofree char *secret = g_strdup(fixture_path("secret"));
    g_assert_cmpint(g_chmod(secret, 0600), ==, 0);
    g_autofree char *front_source = g_strdup_printf(
        "[stream]\nsource=rtsp://127.0.0.1:%u/camera\nsecret-file=%s\n", front.port, secret);
    /* so that nothing but what is done here disturbs it */
    g_autofree char *yard_source =
        g_strdup_printf("[stream]\nsource=rtsp://127.0.0.1:%u/camera\nfirst-frame-timeout=1min\n"
                        "stall-timeout=",
                        yard.port);
    g_autofree char *yard_slow = g_strconcat(yard_source, "30s\n", NULL),
                    *yard_quick = g_strconcat(yard_source, "4s\n", NULL);
    g_autofree char *front_text = analysed(front_source, "0"),
                    *yard_text = analysed(yard_slow, "1"), *other = analysed(yard_quick, "0");
    fixture_add("streams.d/front.conf", front_text);
    fixture_add("streams.d/yard.conf", yard_text);
    Service s = service_start();
    wait_for(&s, NULL, "READY=1", 1);
    wait_for(&s, s.out, "\"event\":\"start\"", 1);
    wait_for(&s, NULL, "STATUS=2 of 2 live", 1);
    wait_for(&s, s.err, "yard: live", 1);

    peer_kill(&front);
    wait_for(&s, s.err, "<4>front: backoff (there is no connection to be had), again in ", 1);
    wait_for(&s, NULL, "STATUS=1 of 2 live", 1);
    /* no score is as high as the threshold was */
    g_assert_cmpuint(count_in(s.out, "\"stream\":\"yard\""), ==, 0);
    fixture_add("streams.d/yard.conf", other);
    service_signal(&s, SIGHUP);
    wait_for(&s, s.err, "<6>the configuration was read anew", 1);
    wait_for(&s, s.out, "\"stream\":\"yard\"", 1);
    peer_serve(&front, "h264 password=" PASSWORD);
    wait_for(&s, s.err, "<6>front: live", 2);
    wait_for(&s, NULL, "STATUS=2 of 2 live", 2);
    g_assert_cmpuint(count_in(s.err, "yard: connecting"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "yard: live"), ==, 1);

    peer_command(&yard, "mute");
    wait_for(&s, s.err, "<4>yard: stalled (no frame for 4 s)", 1);
    check_events(s.out);
    service_stop(&s, SIGINT);
    peer_clear(&front);
    peer_clear(&yard);
}

/* GIO loads its TLS while the service's threads run, of which LeakSanitizer then loses sight, and
 * ends with a fault: what starts until find_leaks(), with what this returns, looks for no leaks. So
 * stacks need not be whole, which makes allocations, of which reading the machine's certificates
 * takes many, too slow for a connection. */
static char *ignore_leaks(void)
{
    char *before = g_strdup(g_getenv("ASAN_OPTIONS"));
    g_autofree char *with =
        g_strconcat(before != NULL ? before : "", ":detect_leaks=0:fast_unwind_on_malloc=1", NULL);
    g_setenv("ASAN_OPTIONS", with, TRUE);
    return before;
}

static void find_leaks(char *before)
{
    if (before != NULL)
        g_setenv("ASAN_OPTIONS", before, TRUE);
    else
        g_unsetenv("ASAN_OPTIONS");
    g_free(before);
}

/* A certificate that the camera made itself is not taken, unless that is wanted. */
static void test_certificate(void)
{
    g_autofree char *options =
        g_strconcat("h264 certificate=", g_getenv("VEDETTE_TEST_CERTIFICATE"), NULL);
    Peer peer;
    if (!g_tls_backend_supports_tls(g_tls_backend_get_default())) {
        g_test_skip("GLib has no TLS; see glib-networking");
        return;
    }
    peer_init(&peer);
    peer_serve(&peer, options);
    g_autofree char *strict = g_strdup_printf(
        "[stream]\nsource=rtsps://127.0.0.1:%u/camera\nfirst-frame-timeout=30s\n", peer.port);
    g_autofree char *lenient = g_strconcat(strict, "[parameters]\ntls-validation=no-flags\n", NULL);
    fixture_files("streams.d/lenient.conf", lenient, "streams.d/strict.conf", strict, NULL);
    char *environment = ignore_leaks();
    Service s = service_start();
    find_leaks(environment);
    wait_for(&s, s.err,
             "<3>strict: failed (its certificate is not to be trusted: nobody known has signed "
             "it), again in ",
             1);
    wait_for(&s, s.err, "<6>lenient: live", 1);
    service_stop(&s, SIGTERM);
    peer_clear(&peer);
}

/* Only what differs is touched; what is wrong, not at all. */
static void test_reload(void)
{
    fixture_files("streams.d/a.conf", STREET, "streams.d/b.conf", STREET, "streams.d/c.conf",
                  STREET, NULL);
    Service s = service_start();
    wait_for(&s, s.err, "live", 3);
    fixture_add("streams.d/b.conf", STREET "[parameters]\nrate=10\n");
    fixture_add("streams.d/d.conf", STREET);
    g_assert_cmpint(g_unlink(fixture_path("streams.d/c.conf")), ==, 0);
    service_signal(&s, SIGHUP);
    wait_for(&s, s.err, "the configuration was read anew", 1);
    wait_for(&s, s.err, "<5>b: changed: parameters.rate", 1);
    wait_for(&s, s.err, "<5>c: removed", 1);
    wait_for(&s, s.err, "c: stopped", 1);
    wait_for(&s, s.err, "<5>d: added", 1);
    wait_for(&s, s.err, "d: live", 1);
    wait_for(&s, s.err, "b: live", 2);
    wait_for(&s, NULL, "RELOADING=1\nMONOTONIC_USEC=", 1);
    wait_for(&s, NULL, "READY=1", 2);

    fixture_add("streams.d/a.conf", STREET "stall-timeout=5\n");
    fixture_add("streams.d/d.conf", STREET "[recogniser]\n");
    service_signal(&s, SIGHUP);
    wait_for(&s, s.err, "the one before stays in force", 1);
    g_assert_cmpuint(count_in(s.err, "a.conf:4: [stream] stall-timeout=5: expected"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "d.conf:4: [recogniser] there is no such group"), ==, 1);
    wait_for(&s, NULL, "READY=1", 3);
    wait_for(&s, NULL, "WATCHDOG=1", 6);
    g_assert_cmpuint(count_in(s.err, "a: live"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "a: connecting"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "d: live"), ==, 1);
    service_stop(&s, SIGTERM);
}

/* A stream is run by one of two processes, and which may change. */
static void test_isolated(void)
{
    fixture_files("streams.d/a.conf", STREET, "streams.d/b.conf", STREET "isolated=yes\n", NULL);
    Service all = service_start();
    wait_for(&all, NULL, "STATUS=1 of 1 live", 1);
    fixture_add("streams.d/b.conf", STREET);
    service_signal(&all, SIGHUP);
    wait_for(&all, all.err, "<5>b: added", 1);
    wait_for(&all, NULL, "STATUS=2 of 2 live", 1);
    fixture_add("streams.d/b.conf", STREET "isolated=yes\n");
    service_signal(&all, SIGHUP);
    wait_for(&all, all.err, "<5>b: removed", 1);
    wait_for(&all, all.err, "b: stopped", 1);
    service_stop(&all, SIGTERM);

    /* what is wrong with others is not its business */
    fixture_add("streams.d/a.conf", STREET "nonsense=1\n");
    Service one = service_start_alone("b");
    wait_for(&one, NULL, "STATUS=1 of 1 live", 1);
    fixture_add("streams.d/b.conf", STREET "isolated=yes\n[parameters]\nrate=10\n");
    service_signal(&one, SIGHUP);
    wait_for(&one, one.err, "<5>b: changed: parameters.rate", 1);
    g_assert_cmpuint(count_in(one.err, "a: "), ==, 0);
    service_stop(&one, SIGTERM);

    const struct {
        const char *stream, *said;
    } wrong[] = {{"a", "a.conf: [stream] expected isolated=yes"},
                 {"c", "c.conf: there is no such stream"},
                 {"../b", "there is no such stream"}};
    fixture_add("streams.d/a.conf", STREET);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        Service s = service_start_alone(wrong[i].stream);
        g_assert_cmpint(service_wait(&s), ==, 78);
        g_assert_cmpuint(count_in(s.err, wrong[i].said), ==, 1);
        service_clear(&s);
    }
}

/* Whether a signal has a handler by now. */
static gboolean catches(Service *s, int signal)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/status", g_subprocess_get_identifier(s->process));
    g_autofree char *text = read_file(path);
    const char *caught = strstr(text, "\nSigCgt:\t");
    return caught != NULL &&
           (g_ascii_strtoull(caught + strlen("\nSigCgt:\t"), NULL, 16) >> (signal - 1) & 1) != 0;
}

/* Files are read once at the start, and signals are heeded meanwhile. */
static void test_first_read(void)
{
    g_autofree char *busy = analysed(STREET "[recognizer b]\n", "0");
    char events[4096];
    fixture_files("vedette.conf", "[service]\nthreads=2\n", NULL);
    for (guint i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("streams.d/s%u.conf", i);
        fixture_add(name, busy);
    }
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    g_assert_cmpint(inotify_add_watch(watch, fixture_path("vedette.conf"), IN_OPEN), >=, 0);
    Service s = service_start();
    while (!catches(&s, SIGTERM))
        g_usleep(500);
    service_signal(&s, SIGHUP);
    service_signal(&s, SIGTERM);
    g_assert_cmpint(service_wait(&s), ==, 0);
    hear(&s);
    g_assert_cmpuint(count(s.heard->str, "READY=1"), ==, 0);
    service_clear(&s);

    for (guint i = 2; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("streams.d/s%u.conf", i);
        g_unlink(fixture_path(name));
    }
    while (read(watch, events, sizeof events) > 0)
        continue;
    s = service_start();
    wait_for(&s, NULL, "READY=1", 1);
    wait_for(&s, s.err, "live", 2);
    g_assert_cmpint(read(watch, events, sizeof events), ==, sizeof(struct inotify_event));
    close(watch);
    /* one that comes too early is done afterwards */
    service_stop(&s, SIGTERM);
    s = service_start();
    while (!catches(&s, SIGHUP))
        g_usleep(500);
    service_signal(&s, SIGHUP);
    wait_for(&s, s.err, "the configuration was read anew", 1);
    service_stop(&s, SIGTERM);
}

static void test_bad(void)
{
    fixture_files("streams.d/a.conf", STREET "nonsense=1\n", "streams.d/b.conf",
                  "[stream]\nsource=rtsp://user:" PASSWORD "@host/\n", NULL);
    Service s = service_start();
    g_assert_cmpint(service_wait(&s), ==, 78);
    g_assert_cmpuint(count_in(s.err, "a.conf:4: [stream] nonsense: there is no such key"), ==, 1);
    g_assert_cmpuint(count_in(s.err, "b.conf:2: [stream] source=rtsp://host/: holds"), ==, 1);
    g_assert_cmpuint(count_in(s.out, "\n"), ==, 0);
    hear(&s);
    g_assert_cmpstr(s.heard->str, ==, "");
    service_clear(&s);
}

/* The one event that @query means. */
static VdtStoredEvent *find_kept(VdtStore *store, const VdtStoreQuery *query)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = vdt_store_query(store, query, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, >=, 1);
    return g_ptr_array_steal_index(found, 0);
}

/* Events are on disk after kill -9, and have ended; whom profiles do not let in was not told, and
 * those are kept all the same. */
static void test_kept(void)
{
    g_autofree char *street = analysed(STREET, "0");
    fixture_files("vedette.conf",
                  "[events]\nlost-after=0s\n[profile own]\ntypes=system\ntell=page\n",
                  "streams.d/a.conf", street, "streams.d/dead.conf",
                  "[stream]\nsource=rtsp://127.0.0.1:1/x\n", "state/x", "", NULL);
    g_autofree char *state = g_strdup(fixture_path("state"));
    g_autofree char *folders = g_strconcat(state, ":/nonexistent", NULL);
    g_setenv("STATE_DIRECTORY", folders, TRUE);
    Service s = service_start();
    wait_for(&s, s.out, "\"what\":\"camera\"", 1);
    wait_for(&s, s.out, "\"type\":\"action\",\"event\":\"start\"", 1);
    fixture_add("streams.d/a.conf", "[nonsense]\n");
    service_signal(&s, SIGHUP);
    wait_for(&s, s.out, "\"what\":\"configuration\"", 1);
    g_usleep(SECONDS);
    service_signal(&s, SIGKILL);
    g_assert_cmpint(service_wait(&s), ==, -1);
    service_clear(&s);

    fixture_add("streams.d/a.conf", STREET);
    s = service_start();
    wait_for(&s, s.err, "had been left open, and were ended", 1);
    service_stop(&s, SIGTERM);
    g_unsetenv("STATE_DIRECTORY");
    g_autoptr(GError) error = NULL;
    g_autoptr(VdtStore) store = vdt_store_open(state, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(VdtStoredEvent) camera = find_kept(store, &(VdtStoreQuery){.stream = "dead"}),
                              action = find_kept(store, &(VdtStoreQuery){.type = "action"}),
                              refused = find_kept(store, &(VdtStoreQuery){.label = "refused"});
    g_assert_cmpstr(camera->label, ==, "lost");
    g_assert_cmpuint(camera->audience, ==, VDT_TO_PAGE);
    g_assert_cmpuint(action->audience, ==, 0);
    g_assert_cmpstr(action->stream, ==, "a");
    g_assert_nonnull(strstr(refused->json, "\"reason\":\"lost\""));
    g_assert_cmpint(refused->end, >, 0);
    g_autoptr(GPtrArray) open = vdt_store_query(store, &(VdtStoreQuery){.open = TRUE}, &error);
    g_assert_cmpuint(open->len, ==, 0);
}

/* Two services do not share what they keep. */
/* The first file in @folder, or below it, that ends in @suffix; NULL if there is none yet. */
static char *find_file(const char *folder, const char *suffix)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, suffix) && *name != '.')
            return g_steal_pointer(&path);
        char *found = find_file(path, suffix);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static char *wait_file(const char *folder, const char *suffix)
{
    char *found;
    for (guint i = 0; (found = find_file(folder, suffix)) == NULL; i++) {
        g_assert_cmpuint(i, <, 900);
        g_usleep(100000);
    }
    return found;
}

static char *codec_of(const char *film)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *launch =
        g_strdup_printf("filesrc location=\"%s\" ! qtdemux ! fakesink name=sink", film);
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, &error);
    g_assert_no_error(error);
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    g_assert_cmpint(gst_element_get_state(pipeline, NULL, NULL, 20 * GST_SECOND), ==,
                    GST_STATE_CHANGE_SUCCESS);
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(sink, "sink");
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    char *codec = g_strdup(gst_structure_get_name(gst_caps_get_structure(caps, 0)));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return codec;
}

/* What a small stream shows is recorded of a large one; that this fails is told of the first. */
static void test_recorded(void)
{
    Peer small, large;
    peer_init(&small);
    peer_init(&large);
    peer_serve(&small, "h264");
    peer_serve(&large, "h265");
    g_autofree char *stream =
        g_strdup_printf("[stream]\nsource=rtsp://127.0.0.1:%u/camera\n[record]\nbefore=1s\n"
                        "most=3s\nsource=rtsp://127.0.0.1:%u/camera\n",
                        small.port, large.port);
    g_autofree char *text = analysed(stream, "0");
    fixture_files("streams.d/front.conf", text, "state/x", "", NULL);
    g_autofree char *state = g_strdup(fixture_path("state"));
    g_autofree char *recordings = g_build_filename(state, "recordings", "front", NULL);
    g_setenv("STATE_DIRECTORY", state, TRUE);
    Service s = service_start();
    wait_for(&s, s.err, "<6>front (recorded): live", 1);
    g_autofree char *film = wait_file(recordings, ".mp4"), *picture = wait_file(recordings, ".jpg");
    g_autofree char *codec = codec_of(film);
    g_assert_cmpstr(codec, ==, "video/x-h265");
    peer_kill(&large);
    wait_for(&s, s.err, "<4>front: degraded (what is to be recorded does not come: ", 1);
    peer_serve(&large, "h265");
    wait_for(&s, s.err, "<6>front (recorded): live", 2);
    wait_for(&s, s.err, "<6>front: live", 2);
    service_stop(&s, SIGTERM);
    g_unsetenv("STATE_DIRECTORY");
    peer_clear(&small);
    peer_clear(&large);
}

static void test_state_used(void)
{
    fixture_files("streams.d/a.conf", STREET, "state/x", "", NULL);
    g_autofree char *state = g_strdup(fixture_path("state"));
    g_autoptr(VdtStore) store = vdt_store_open(state, NULL, NULL);
    g_setenv("STATE_DIRECTORY", state, TRUE);
    Service s = service_start();
    g_assert_cmpint(service_wait(&s), ==, 78);
    g_assert_cmpuint(count_in(s.err, "another process of Vedette uses it"), ==, 1);
    service_clear(&s);
    g_unsetenv("STATE_DIRECTORY");
}

/* A camera that does not let it in is told, and not asked again at once. */
static void test_refused(void)
{
    Peer camera;
    peer_init(&camera);
    peer_serve(&camera, "h264 password=another");
    g_autofree char *text = g_strdup_printf(
        "[stream]\nsource=rtsp://user:" PASSWORD "@127.0.0.1:%u/camera\n", camera.port);
    fixture_files("streams.d/front.conf", text, NULL);
    g_assert_cmpint(g_chmod(fixture_path("streams.d/front.conf"), 0600), ==, 0);
    Service s = service_start();
    wait_for(&s, s.err, "<3>front: failed (user or password are refused), again in ", 1);
    wait_for(&s, NULL, "STATUS=0 of 1 live", 1);
    service_stop(&s, SIGTERM);
    peer_clear(&camera);
}

/* Networks have more to do than they can, and a camera does not answer. */
static void test_stop(void)
{
    Peer camera;
    peer_init(&camera);
    peer_serve(&camera, "h264");
    peer_signal(&camera, SIGSTOP);
    g_autofree char *busy = analysed(STREET "[recognizer b]\ninterval=0s\n", "0");
    g_autofree char *hanging =
        g_strdup_printf("[stream]\nsource=rtsp://127.0.0.1:%u/camera\n", camera.port);
    fixture_files("vedette.conf", "[service]\nthreads=4\n", "streams.d/a.conf", busy,
                  "streams.d/b.conf", busy, "streams.d/c.conf", hanging, NULL);
    Service s = service_start();
    wait_for(&s, s.err, "live", 2);
    wait_for(&s, s.out, "\"event\":\"start\"", 2);
    /* the fourth is the one that asks */
    g_assert_cmpuint(count_threads(&s, "vedette-pool"), ==, 3);
    /* as long as another number waits for a restart, each reload says so */
    static const char *const confs[] = {"threads=5\n", "threads=5\nmax-connects=3\n",
                                        "threads=4\nmax-connects=3\n"};
    for (guint i = 0; i < G_N_ELEMENTS(confs); i++) {
        g_autofree char *conf = g_strconcat("[service]\n", confs[i], NULL);
        fixture_add("vedette.conf", conf);
        service_signal(&s, SIGHUP);
        wait_for(&s, s.err, "the configuration was read anew", i + 1);
        g_assert_cmpuint(count_in(s.err, "<4>the service: waits for a restart: service.threads"),
                         ==, MIN(i + 1, 2));
    }
    service_stop(&s, SIGTERM);
    peer_signal(&camera, SIGCONT);
    peer_clear(&camera);
}

static void test_health(void)
{
    VdtHealth none = {0}, one = {.streams = 2, .live = 1, .stuck = 1}, all = {2, 0, 2};
    VdtStreamInfo live = {.state = VDT_STREAM_LIVE, .hanging = 1},
                  stuck = {.state = VDT_STREAM_FAILED, .hanging = 2};
    const gint64 now = 100 * VDT_SECOND;
    g_assert_true(vdt_health_is_good(&none, now, now));
    g_assert_true(vdt_health_is_good(&one, now - 3 * VDT_SECOND, now));
    g_assert_false(vdt_health_is_good(&one, now - 5 * VDT_SECOND, now));
    g_assert_false(vdt_health_is_good(&all, now, now));
    vdt_health_add(&none, &live);
    vdt_health_add(&none, &stuck);
    g_assert_cmpmem(&none, sizeof none, &one, sizeof one);
}

/* Whatever is told of whatever. */
static void test_tell(void)
{
    if (g_test_subprocess()) {
        VdtTell tell;
        g_unsetenv("JOURNAL_STREAM");
        vdt_tell_open(&tell);
        vdt_tell(&tell, VDT_TELL_ERROR, "cannot open\nrtsp://user:%s@host/a\377", PASSWORD);
        vdt_tell_close(&tell);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("cannot open rtsp://*@host/a*\n");
    g_test_trap_assert_stderr_unmatched("*" PASSWORD "*");
}

/* Who reads nothing holds up nobody. */
static void test_lines(void)
{
    int ends[2];
    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    VdtLines *lines = vdt_lines_new(ends[1]);
    for (guint i = 0; i < 2 * VDT_LINES_MOST; i++)
        vdt_lines_put(lines, g_strdup_printf("%015u", i));
    /* a pipe takes 64 KiB, of 16 each */
    g_assert_cmpuint(vdt_lines_get_lost(lines), >, 0);
    g_assert_cmpuint(vdt_lines_get_lost(lines), <=, VDT_LINES_MOST);
    g_autoptr(GString) text = g_string_new(NULL);
    guint expected = 2 * VDT_LINES_MOST - (guint)vdt_lines_get_lost(lines);
    while (text->len < expected * 16) {
        char piece[4096];
        gssize n = read(ends[0], piece, sizeof piece);
        g_assert_cmpint(n, >, 0);
        g_string_append_len(text, piece, n);
    }
    g_assert_true(g_str_has_prefix(text->str, "000000000000000\n000000000000001\n"));
    vdt_lines_free(lines, SECONDS);
    close(ends[0]);
    close(ends[1]);
}

static void test_no_reader(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_DFL); /* as a process begins */
    g_assert_true(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
    close(ends[0]);
    VdtLines *lines = vdt_lines_new(ends[1]);
    vdt_lines_put(lines, g_strdup("nobody"));
    gint64 end = g_get_monotonic_time() + 20 * SECONDS;
    while (vdt_lines_get_lost(lines) == 0 && g_get_monotonic_time() < end)
        g_usleep(1000);
    g_assert_cmpuint(vdt_lines_get_lost(lines), ==, 1);
    vdt_lines_free(lines, SECONDS);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    gst_init(NULL, NULL);
    fixture_open(&argc, &argv);
    g_test_add_func("/service/health", test_health);
    g_test_add_func("/service/tell", test_tell);
    g_test_add_func("/service/lines", test_lines);
    g_test_add_func("/service/no-reader", test_no_reader);
    g_test_add_func("/service/bad", test_bad);
    g_test_add_func("/service/certificate", test_certificate);
    g_test_add_func("/service/reload", test_reload);
    g_test_add_func("/service/isolated", test_isolated);
    g_test_add_func("/service/first-read", test_first_read);
    g_test_add_func("/service/cameras", test_cameras);
    g_test_add_func("/service/kept", test_kept);
    g_test_add_func("/service/state-used", test_state_used);
    g_test_add_func("/service/recorded", test_recorded);
    g_test_add_func("/service/refused", test_refused);
    g_test_add_func("/service/stop", test_stop);
    return fixture_close();
}
