/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of servers that speak no RTSP, and of some that speak HTTP. */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "fixture.h"

typedef struct {
    GSocketService *service;
    guint port;
    const char *says; /* NULL: nothing */
    gsize size;       /* of it */
    gboolean listens; /* to what it is asked, before it says anything */
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    GPtrArray *open; /* connections */
} Server;

static gboolean on_incoming(GSocketService *service, GSocketConnection *connection, GObject *source,
                            gpointer data)
{
    Server *server = data;
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    char asked[4096];

    if (server->listens)
        g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), asked,
                            sizeof asked, NULL, NULL);
    if (server->says)
        g_output_stream_write_all(out, server->says, server->size, NULL, NULL, NULL);
    if (!server->listens)
        g_ptr_array_add(server->open, g_object_ref(connection));
    return TRUE;
}

static gpointer serve(gpointer data)
{
    Server *server = data;

    g_main_context_push_thread_default(server->context);
    server->service = g_socket_service_new();
    g_signal_connect(server->service, "incoming", G_CALLBACK(on_incoming), server);
    server->port =
        g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(server->service), NULL, NULL);
    g_socket_service_start(server->service);
    g_main_loop_run(server->loop);
    g_socket_listener_close(G_SOCKET_LISTENER(server->service));
    g_ptr_array_unref(server->open);
    g_object_unref(server->service);
    g_main_context_pop_thread_default(server->context);
    return NULL;
}

static gboolean is_running(gpointer data)
{
    g_atomic_int_set((gint *)data, 1);
    return G_SOURCE_REMOVE;
}

static void server_init(Server *server, const char *says, gsize size, gboolean listens)
{
    gint running = 0;
    GSource *source = g_idle_source_new();

    *server = (Server){.says = says,
                       .size = size,
                       .listens = listens,
                       .open = g_ptr_array_new_with_free_func(g_object_unref)};
    server->context = g_main_context_new();
    server->loop = g_main_loop_new(server->context, FALSE);
    g_source_set_callback(source, is_running, &running, NULL);
    g_source_attach(source, server->context);
    g_source_unref(source);
    server->thread = g_thread_new("server", serve, server);
    wait_until(g_atomic_int_get(&running));
}

static void server_clear(Server *server)
{
    g_main_loop_quit(server->loop);
    g_thread_join(server->thread);
    g_main_loop_unref(server->loop);
    g_main_context_unref(server->context);
}

static void test_server(const char *says)
{
    Pair pair;
    Server server;
    VdtStreamSpec spec = {.times = fixture_times()};
    g_autofree char *uri = NULL;
    g_autoptr(VdtStreamInfo) info = NULL;

    server_init(&server, says, says ? strlen(says) : 0, FALSE);
    pair_init(&pair);
    uri = g_strdup_printf("rtsp://127.0.0.1:%u/camera", server.port);
    spec.source = (VdtSourceSpec){.uri = uri, .latency = 100, .timeout = 5 * VDT_SECOND};
    spec.times.first_frame = 2 * VDT_SECOND;
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 3);
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->counts.frames, ==, 0);
    g_assert_cmpuint(info->hanging, ==, 0);
    pair_end(&pair);
    server_clear(&server);
}

static void test_silent(void)
{
    test_server(NULL);
}

static void test_babble(void)
{
    test_server("\xff\x01 no protocol that anybody speaks \r\n\r\n$$$$");
}

/* What an HTTP server answers, and what that is. */
static void test_http_error(const char *answer, VdtStreamEvent event)
{
    Pair pair;
    Server server;
    VdtStreamSpec spec = {.times = fixture_times()};
    g_autofree char *uri = NULL;
    g_autoptr(VdtStreamInfo) info = NULL;

    server_init(&server, answer, strlen(answer), TRUE);
    pair_init(&pair);
    uri = g_strdup_printf("http://127.0.0.1:%u/film.ts", server.port);
    spec.source =
        (VdtSourceSpec){.uri = uri, .user = "user", .password = "wrong", .timeout = 5 * VDT_SECOND};
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec, DECODE);
    wait_until((count_state(&pair.seen, VDT_STREAM_BACKOFF) > 0) ||
               (count_state(&pair.seen, VDT_STREAM_FAILED) > 0));
    info = vdt_stream_get_info(pair.seen.stream);
    g_assert_cmpuint(info->events[event], ==, 1);
    pair_end(&pair);
    server_clear(&server);
}

static void test_http_errors(void)
{
    test_http_error("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", VDT_STREAM_NOT_FOUND);
    test_http_error("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                    "Content-Length: 0\r\n\r\n",
                    VDT_STREAM_AUTH);
}

/* A film over HTTP: played in its own time, and again when it ends. */
static void test_http(void)
{
    Pair pair;
    Server server;
    VdtStreamSpec spec = {.times = fixture_times()};
    g_autofree char *folder = g_dir_make_tmp("vedette-film-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "film.ts", NULL);
    g_autofree char *uri = NULL, *film = NULL;
    g_autoptr(GString) answer = g_string_new(NULL);
    gsize size;

    fixture_film(path, "mpegtsmux");
    g_assert_true(g_file_get_contents(path, &film, &size, NULL));
    g_string_printf(answer,
                    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: video/mp2t\r\n"
                    "Connection: close\r\n\r\n",
                    size);
    g_string_append_len(answer, film, (gssize)size);
    server_init(&server, answer->str, answer->len, TRUE);
    pair_init(&pair);
    uri = g_strdup_printf("http://127.0.0.1:%u/film.ts", server.port);
    spec.source = (VdtSourceSpec){.uri = uri, .timeout = 5 * VDT_SECOND};
    seen_init_spec(&pair.seen, pair.supervisor, "camera", &spec,
                   "avdec_h264 ! identity name=tap ! fakesink sync=false name=sink");
    wait_state_count(&pair.seen, VDT_STREAM_BACKOFF, 2);
    wait_state(&pair.seen, VDT_STREAM_LIVE);
    wait_pictures(&pair.seen, 5);
    check_times(&pair.seen);
    pair_end(&pair);
    server_clear(&server);
    g_unlink(path);
    g_rmdir(folder);
}

/* Debian 12's souphttpsrc leaves a little of its session when that goes in one of its threads. */
#ifdef __SANITIZE_ADDRESS__
#define LEAKS TRUE
#else
#define LEAKS FALSE
#endif

int main(int argc, char **argv)
{
    fixture_init(&argc, &argv);
    g_test_add_func("/servers/silent", test_silent);
    g_test_add_func("/servers/babble", test_babble);
    if (!LEAKS) {
        g_test_add_func("/servers/http-errors", test_http_errors);
        g_test_add_func("/servers/http", test_http);
    }
    return fixture_run();
}
