/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <ftw.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>

#include "../daemon/fixture.h"
#include "../process.h"
#include "stream/clock.h"

#define PATIENCE (10 * FIXTURE_SLOWER) /* s, for an answer */

/* --- the service --- */

static VdtServedStream *serve(VdtStreamConfig *config, VdtStreamState state)
{
    VdtServedStream *served = g_new0(VdtServedStream, 1);
    VdtServedAnalyser *analyser = g_new0(VdtServedAnalyser, 1);
    served->config = vdt_stream_config_ref(config);
    served->info = g_new0(VdtStreamInfo, 1);
    *served->info = (VdtStreamInfo){.state = state,
                                    .since = vdt_clock_now(),
                                    .retry = -1,
                                    .reason = g_strdup("because \"of\" a \\ test"),
                                    .reconnects = 3,
                                    .stalls = 2,
                                    .counts = {.frames = 100, .dropped = 7},
                                    .frame_age = 20000000,
                                    .codec = g_strdup("video/x-h264")};
    *analyser = (VdtServedAnalyser){.name = g_strdup("recognizer"),
                                    .model = g_strdup("a\"b\\c\nd"),
                                    .frames = 90,
                                    .results = 10,
                                    .busy = 2.5,
                                    .last = 0.25,
                                    .lag = 0.4};
    served->analysers = g_ptr_array_new_with_free_func(vdt_served_analyser_free);
    g_ptr_array_add(served->analysers, analyser);
    return served;
}

static GPtrArray *list(gpointer data)
{
    Server *server = data;
    GPtrArray *streams = g_ptr_array_new_with_free_func(vdt_served_stream_free);
    for (guint i = 0; i < server->config->streams->len; i++)
        g_ptr_array_add(streams, serve(server->config->streams->pdata[i],
                                       i == 0 ? VDT_STREAM_LIVE : VDT_STREAM_BACKOFF));
    return streams;
}

static void get_status(gpointer data, VdtServedStatus *status)
{
    *status = (VdtServedStatus){
        .started = 1000000, .loaded = 2000000, .ready = TRUE, .healthy = TRUE, .arm = "auto"};
}

static GArray *list_sinks(gpointer data)
{
    GArray *sinks = g_array_new(FALSE, FALSE, sizeof(VdtServedSink));
    const VdtServedSink one = {.name = "mqtt", .waiting = 7, .lost = 2};
    g_array_append_val(sinks, one);
    return sinks;
}

static void act(gpointer data, VdtAct what, const char *name, const char *text, VdtActDone done,
                gpointer done_data)
{
    Server *server = data;
    g_mutex_lock(&server->lock);
    server->act = what;
    g_free(server->name);
    g_free(server->text);
    server->name = g_strdup(name);
    server->text = g_strdup(text);
    VdtOutcome outcome = {.status = server->outcome};
    g_mutex_unlock(&server->lock);
    if (outcome.status == 422) {
        outcome.detail = g_strdup("it would be wrong");
        outcome.problems = vdt_problems_new();
        vdt_problems_add(outcome.problems, &(VdtSite){.file = "/x", .line = 3}, "expected better");
    }
    done(&outcome, done_data);
    g_free(outcome.detail);
    g_clear_pointer(&outcome.problems, vdt_problems_free);
}

typedef struct {
    Server *server;
    void (*frame)(GBytes *, gpointer);
    gpointer data;
    GThread *thread;
    gint over; /* atomic */
} Watch;

static gpointer show(gpointer data)
{
    Watch *watch = data;
    for (guint i = 0; !g_atomic_int_get(&watch->over); i++) {
        g_autofree char *text = g_strdup_printf("picture %u", i);
        g_autoptr(GBytes) jpeg = g_bytes_new(text, strlen(text));
        watch->frame(jpeg, watch->data);
        g_usleep(20000);
    }
    return NULL;
}

static gpointer begin_watch(gpointer data, const char *name, void (*frame)(GBytes *, gpointer),
                            gpointer frame_data, GError **error)
{
    Server *server = data;
    if (strcmp(name, "front") != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no such stream");
        return NULL;
    }
    Watch *watch = g_new0(Watch, 1);
    *watch = (Watch){.server = server, .frame = frame, .data = frame_data};
    g_mutex_lock(&server->lock);
    server->watches++;
    g_mutex_unlock(&server->lock);
    watch->thread = g_thread_new("show", show, watch);
    return watch;
}

static void check_watch(gpointer data, gpointer watch) {}

static void end_watch(gpointer data, gpointer one)
{
    Server *server = data;
    Watch *watch = one;
    g_atomic_int_set(&watch->over, 1);
    g_thread_join(watch->thread);
    g_free(watch);
    g_mutex_lock(&server->lock);
    server->watches--;
    g_mutex_unlock(&server->lock);
}

static void say(const char *sentence, gpointer data)
{
    Server *server = data;
    g_mutex_lock(&server->lock);
    g_string_append_printf(server->said, "%s\n", sentence);
    g_mutex_unlock(&server->lock);
}

/* --- life --- */

static void write_file(const Server *server, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(server->folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Copies, since a key has to be nobody else's. */
static char *add_certificate(const Server *server, const char *text)
{
    static const char *const names[] = {"certificate.pem", "key.pem"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *from = g_build_filename(HTTP_TEST_DIR, names[i], NULL), *pem = NULL;
        g_assert_true(g_file_get_contents(from, &pem, NULL, NULL));
        write_file(server, names[i], pem);
    }
    return g_strdup_printf("%scertificate-file=%s/certificate.pem\nkey-file=%s/key.pem\n", text,
                           server->folder, server->folder);
}

static VdtHttpSettings *make_settings(Server *server, const ServerOptions *options)
{
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    g_autofree char *tokens = g_build_filename(server->folder, "tokens", NULL);
    g_autofree char *text = g_strdup_printf(
        "[http]\nlisten=127.0.0.1:%u\nsocket=%s\ntokens-file=%s\nhosts=Camera.example\n"
        "loopback=%s\nmax-connections=%u\n",
        server->port, server->socket, tokens, vdt_role_name(options->loopback),
        options->most > 0 ? options->most : 256);
    write_file(server, "tokens",
               "# who may what\nread viewer " READ_TOKEN "\ncontrol boss " CONTROL_TOKEN
               "\nmetrics prometheus " METRICS_TOKEN "\n");
    if (options->tls) {
        g_autofree char *with = add_certificate(server, text);
        write_file(server, "vedette.conf", with);
    } else {
        write_file(server, "vedette.conf", text);
    }
    write_file(server, "streams.d/front.conf",
               "[stream]\nsource=rtsp://user:hunter2@camera.example/x?password=hunter3\n"
               "[recognizer]\nthreshold=0.25\n");
    write_file(server, "streams.d/yard.conf", "[stream]\nsource=street:///\n");
    server->config = vdt_config_load(server->folder, problems);
    VdtHttpSettings *settings =
        server->config != NULL ? vdt_http_settings_new(server->config, problems) : NULL;
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[i]);
        g_test_message("%s", shown);
    }
    g_assert_nonnull(settings);
    return settings;
}

Server *server_new(const ServerOptions *options)
{
    static const ServerOptions usual = {.loopback = VDT_ROLE_METRICS};
    g_autoptr(GError) error = NULL;
    Server *server = g_new0(Server, 1);
    if (options == NULL)
        options = &usual;
    server->folder = g_dir_make_tmp("vedette-http-XXXXXX", &error);
    g_assert_no_error(error);
    server->socket = g_build_filename(server->folder, "api.sock", NULL);
    server->port = process_find_port();
    server->outcome = 200;
    server->said = g_string_new(NULL);
    g_mutex_init(&server->lock);
    VdtHttpSettings *settings = make_settings(server, options);
    if (!options->no_store) {
        server->store = vdt_store_open(server->folder, NULL, &error);
        g_assert_no_error(error);
    }
    VdtHttpOptions http = {
        .service = {server, list, get_status, list_sinks, act, begin_watch, check_watch, end_watch},
        .store = server->store,
        .say = say,
        .say_data = server};
    server->http = vdt_http_new(settings, &http);
    for (guint i = 0; i < 200 && !g_file_test(server->socket, G_FILE_TEST_EXISTS); i++)
        g_usleep(10000);
    return server;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    return g_remove(path);
}

void server_free(Server *server)
{
    vdt_http_free(server->http);
    g_assert_cmpuint(server->watches, ==, 0);
    g_assert_cmpstr(server->said->str, ==, "");
    g_assert_false(g_file_test(server->socket, G_FILE_TEST_EXISTS));
    g_clear_pointer(&server->store, vdt_store_close);
    vdt_config_unref(server->config);
    nftw(server->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_string_free(server->said, TRUE);
    g_mutex_clear(&server->lock);
    g_free(server->name);
    g_free(server->text);
    g_free(server->folder);
    g_free(server->socket);
    g_free(server);
}

/* --- peers --- */

static GSocket *connect_to(GSocketAddress *address)
{
    g_autoptr(GError) error = NULL;
    GSocket *socket = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_DEFAULT, &error);
    g_assert_no_error(error);
    g_socket_set_timeout(socket, PATIENCE);
    for (guint i = 0; i < 100 && !g_socket_connect(socket, address, NULL, NULL); i++)
        g_usleep(10000);
    return socket;
}

GSocket *peer_connect(const Server *server)
{
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", server->port);
    return connect_to(address);
}

GSocket *peer_connect_unix(const Server *server)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(server->socket);
    return connect_to(address);
}

/* A server that refuses does not read the rest. */
void peer_send(GSocket *peer, const char *bytes, gssize n)
{
    gsize size = n < 0 ? strlen(bytes) : (gsize)n;
    while (size > 0) {
        gssize sent = g_socket_send(peer, bytes, size, NULL, NULL);
        if (sent <= 0)
            return;
        bytes += sent;
        size -= (gsize)sent;
    }
}

char *peer_read(GSocket *peer, const char *until)
{
    GString *all = g_string_new(NULL);
    char part[65536];
    gssize n;
    while ((until == NULL || strstr(all->str, until) == NULL) &&
           (n = g_socket_receive(peer, part, sizeof part, NULL, NULL)) > 0)
        g_string_append_len(all, part, n);
    return g_string_free(all, FALSE);
}

char *ask_raw(const Server *server, const char *bytes, gssize n)
{
    g_autoptr(GSocket) peer = peer_connect(server);
    peer_send(peer, bytes, n);
    return peer_read(peer, NULL);
}

static char *request_text(const Server *server, const char *method, const char *target,
                          const char *headers, const char *body)
{
    g_autofree char *length =
        body != NULL ? g_strdup_printf("Content-Length: %zu\r\n", strlen(body)) : g_strdup("");
    return g_strdup_printf("%s %s HTTP/1.1\r\nHost: localhost:%u\r\n%s%s%s\r\n%s", method, target,
                           server->port, headers != NULL ? headers : "",
                           headers != NULL ? "\r\n" : "", length, body != NULL ? body : "");
}

char *ask(const Server *server, const char *method, const char *target, const char *headers,
          const char *body)
{
    g_autofree char *text = request_text(server, method, target, headers, body);
    return ask_raw(server, text, -1);
}

char *ask_unix(const Server *server, const char *method, const char *target, const char *body)
{
    g_autoptr(GSocket) peer = peer_connect_unix(server);
    g_autofree char *text = request_text(
        server, method, target, body != NULL ? "Content-Type: application/json" : NULL, body);
    peer_send(peer, text, -1);
    return peer_read(peer, NULL);
}

guint status_of(const char *answer)
{
    return g_str_has_prefix(answer, "HTTP/1.") ? (guint)g_ascii_strtoull(answer + 9, NULL, 10) : 0;
}

const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end != NULL ? end + 4 : "";
}

char *header_of(const char *answer, const char *name)
{
    g_autofree char *head = g_strndup(answer, body_of(answer) - answer);
    g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
    gsize n = strlen(name);
    for (guint i = 0; lines[i] != NULL; i++)
        if (g_ascii_strncasecmp(lines[i], name, n) == 0 && lines[i][n] == ':')
            return g_strdup(g_strstrip(lines[i] + n + 1));
    return NULL;
}

JsonObject *object_of(const char *answer)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, body_of(answer), -1, &error);
    g_assert_no_error(error);
    return json_node_dup_object(json_parser_get_root(parser));
}

void put_event(const Server *server, const char *id, const char *event, const char *label,
               gint64 time)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = "action";
    line.event = event;
    line.id = id;
    line.stream = "front";
    line.element = "recognizer";
    line.label = label;
    line.score = 0.5;
    line.time = time;
    g_autoptr(VdtEvent) one = vdt_event_new(&line);
    g_assert_nonnull(one);
    vdt_store_put(server->store, one);
    g_assert_true(vdt_store_flush(server->store, PATIENCE * G_USEC_PER_SEC));
}
