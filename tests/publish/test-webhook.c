/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Posts to a server that takes them, and to some that misbehave: errors, redirects, silence,
 * answers without an end; and its certificate.
 */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../process.h"
#include "broker.h"
#include "told.h"

#define SECRET "correct horse battery staple"

typedef struct {
    char *body, *delivery, *time, *signature, *type;
} Post;

/* Answers as its script says: a status each, then 200. */
typedef struct {
    guint port;
    GThread *thread;
    GMainLoop *loop;
    SoupServer *server;
    GTlsCertificate *certificate;
    GMutex lock;
    GPtrArray *posts; /* guarded, as is what follows */
    const guint *script;
    guint at;
    gint64 first, second; /* when the first two posts came */
} Server;

static void post_free(gpointer data)
{
    Post *post = data;
    g_free(post->body);
    g_free(post->delivery);
    g_free(post->time);
    g_free(post->signature);
    g_free(post->type);
    g_free(post);
}

static void on_post(SoupServer *soup, SoupServerMessage *message, const char *path,
                    GHashTable *query, gpointer data)
{
    Server *server = data;
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    g_autoptr(GBytes) body =
        soup_message_body_flatten(soup_server_message_get_request_body(message));
    gsize n;
    const char *bytes = g_bytes_get_data(body, &n);
    Post *post = g_new(Post, 1);
    *post = (Post){g_strndup(bytes, n),
                   g_strdup(soup_message_headers_get_one(headers, "X-Vedette-Delivery")),
                   g_strdup(soup_message_headers_get_one(headers, "X-Vedette-Timestamp")),
                   g_strdup(soup_message_headers_get_one(headers, "X-Vedette-Signature")),
                   g_strdup(soup_message_headers_get_content_type(headers, NULL))};
    g_mutex_lock(&server->lock);
    g_ptr_array_add(server->posts, post);
    if (server->posts->len == 1)
        server->first = g_get_monotonic_time();
    if (server->posts->len == 2)
        server->second = g_get_monotonic_time();
    guint status = server->script != NULL ? server->script[server->at] : 0;
    server->at += status != 0;
    g_mutex_unlock(&server->lock);
    if (status == 429)
        soup_message_headers_append(soup_server_message_get_response_headers(message),
                                    "Retry-After", "1");
    if (status == 307)
        soup_message_headers_append(soup_server_message_get_response_headers(message), "Location",
                                    "/elsewhere");
    soup_server_message_set_status(message, status != 0 ? status : 200, NULL);
    soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_STATIC, "thanks", 6);
}

static gpointer serve(gpointer data)
{
    Server *server = data;
    GMainContext *context = g_main_context_new();
    g_autoptr(GError) error = NULL;
    g_main_context_push_thread_default(context);
    SoupServer *soup = soup_server_new(NULL, NULL);
    if (server->certificate != NULL)
        soup_server_set_tls_certificate(soup, server->certificate);
    soup_server_add_handler(soup, "/hook", on_post, server, NULL);
    soup_server_listen_local(soup, server->port,
                             SOUP_SERVER_LISTEN_IPV4_ONLY |
                                 (server->certificate != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0),
                             &error);
    g_assert_no_error(error);
    GMainLoop *loop = g_main_loop_new(context, FALSE);
    g_atomic_pointer_set(&server->loop, loop);
    g_main_loop_run(loop);
    soup_server_disconnect(soup);
    g_object_unref(soup);
    while (g_main_context_iteration(context, FALSE))
        continue;
    g_main_context_pop_thread_default(context);
    g_main_context_unref(context);
    return NULL;
}

static void server_start(Server *server, guint port, const guint *script)
{
    server->port = port != 0 ? port : process_find_port();
    server->script = script;
    server->at = 0;
    server->loop = NULL;
    if (server->posts == NULL)
        server->posts = g_ptr_array_new_with_free_func(post_free);
    server->thread = g_thread_new("server", serve, server);
    WAIT(g_atomic_pointer_get(&server->loop) != NULL, 5);
}

static void server_stop(Server *server)
{
    g_main_loop_quit(server->loop);
    g_thread_join(server->thread);
    g_main_loop_unref(server->loop);
}

static void server_clear(Server *server)
{
    g_clear_pointer(&server->posts, g_ptr_array_unref);
    g_clear_object(&server->certificate);
}

static guint count(Server *server)
{
    g_mutex_lock(&server->lock);
    guint n = server->posts->len;
    g_mutex_unlock(&server->lock);
    return n;
}

static const Post *get(Server *server, guint i)
{
    g_mutex_lock(&server->lock);
    const Post *post = server->posts->pdata[i];
    g_mutex_unlock(&server->lock);
    return post;
}

static gboolean is_of(const Post *post, guint number)
{
    g_autofree char *label = g_strdup_printf("\"label\":\"%u\"", number);
    return strstr(post->body, label) != NULL;
}

static gboolean is_repeated(const Post *post)
{
    return strstr(post->body, "\"repeated\":true") != NULL;
}

static VdtConfig *configure(guint port, const char *more)
{
    return told_config("", "[webhook]\nurl=http://127.0.0.1:%u/hook?room=4711\n%s", port, more);
}

/* As docs/publishing.md has a receiver check it. */
static void check_signature(const Post *post)
{
    g_autofree char *openssl = g_find_program_in_path("openssl");
    g_autofree char *out = NULL, *text = g_strconcat(post->time, ".", post->body, NULL);
    if (openssl == NULL)
        return;
    g_assert_true(g_file_set_contents(fixture_path("signed"), text, -1, NULL));
    g_autofree char *command =
        g_strdup_printf("openssl dgst -sha256 -hmac '" SECRET "' -r '%s'", fixture_path("signed"));
    g_assert_true(g_spawn_command_line_sync(command, &out, NULL, NULL, NULL));
    out[strcspn(out, " ")] = '\0';
    g_autofree char *expected = g_strconcat("sha256=", out, NULL);
    g_assert_cmpstr(post->signature, ==, expected);
    g_assert_cmpfloat(ABS(g_ascii_strtod(post->time, NULL) - g_get_real_time() / 1e6), <, 10);
}

static void test_post(void)
{
    Server server = {0};
    fixture_files("secret", SECRET "\n", NULL);
    g_autofree char *secret = g_strdup(fixture_path("secret"));
    g_assert_cmpint(g_chmod(secret, 0600), ==, 0);
    g_autofree char *more = g_strdup_printf("secret-file=%s\n", secret);
    server_start(&server, 0, NULL);
    VdtStore *store = told_open();
    /* fixture_add() in told_config() leaves the secret alone */
    g_autoptr(VdtConfig) config = configure(server.port, more);
    VdtPublisher *publisher = told_publish(config, store);
    for (guint i = 0; i < 20; i++)
        told_put(store, "a", i);
    WAIT(count(&server) == 20, 5);
    for (guint i = 0; i < 20; i++) {
        const Post *post = get(&server, i);
        g_assert_true(is_of(post, i));
        g_assert_false(is_repeated(post));
        g_assert_cmpstr(post->type, ==, "application/json");
        for (guint k = 0; k < i; k++)
            g_assert_cmpstr(get(&server, k)->delivery, !=, post->delivery);
    }
    check_signature(get(&server, 0));
    check_signature(get(&server, 19));
    WAIT(told_sent(publisher, "webhook") == 20, 2);
    g_autoptr(VdtSinkInfo) info = told_info(publisher, "webhook");
    g_assert_null(strstr(info->peer, "4711"));
    g_assert_true(vdt_publisher_free(publisher));
    g_assert_false(told_said("4711"));
    g_assert_false(told_said("horse"));
    vdt_store_close(store);
    server_stop(&server);
    server_clear(&server);
}

/* Errors of the server's are tried again, as the same delivery; its Retry-After is heeded. */
static void test_retry(void)
{
    static const guint script[] = {429, 500, 503, 408, 302, 200, 0};
    Server server = {0};
    fixture_files(NULL, NULL);
    server_start(&server, 0, script);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) config = configure(server.port, "");
    VdtPublisher *publisher = told_publish(config, store);
    told_put(store, "a", 0);
    told_put(store, "a", 1);
    WAIT(count(&server) == 7, 10);
    for (guint i = 0; i < 6; i++) {
        g_assert_true(is_of(get(&server, i), 0));
        g_assert_cmpint(is_repeated(get(&server, i)), ==, i > 0);
        g_assert_cmpstr(get(&server, i)->delivery, ==, get(&server, 0)->delivery);
        g_assert_null(get(&server, i)->signature);
    }
    /* the second was taken with none before it in doubt */
    g_assert_true(is_of(get(&server, 6), 1));
    g_assert_cmpint(server.second - server.first, >=, 900000);
    g_assert_true(told_said("it answers 500"));
    g_assert_true(told_said("it answers 302, a redirect, which is not followed"));
    WAIT(told_sent(publisher, "webhook") == 2, 2);
    g_autoptr(VdtSinkInfo) info = told_info(publisher, "webhook");
    g_assert_cmpuint(info->failures, ==, 5);
    g_assert_cmpuint(info->repeated, ==, 1);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    server_stop(&server);
    server_clear(&server);
}

/* What it does not want is left out, and counted. */
static void test_unwanted(void)
{
    static const guint script[] = {200, 403, 404, 200, 0};
    Server server = {0};
    fixture_files(NULL, NULL);
    server_start(&server, 0, script);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) config = configure(server.port, "types=zone\nphases=start\n");
    VdtPublisher *publisher = told_publish(config, store);
    for (guint i = 0; i < 4; i++) {
        told_put(store, "a", 100 + i); /* not of that type */
        told_put_full(store, "a", "zone", "end", 200 + i, VDT_TO_ALL);
        told_put_full(store, "a", "zone", "start", i, VDT_TO_ALL);
    }
    WAIT(told_sent(publisher, "webhook") == 2, 5);
    g_autoptr(VdtSinkInfo) info = told_info(publisher, "webhook");
    g_assert_cmpuint(info->refused, ==, 2);
    g_assert_cmpuint(info->failures, ==, 0);
    g_assert_cmpuint(count(&server), ==, 4);
    for (guint i = 0; i < 4; i++)
        g_assert_true(is_of(get(&server, i), i));
    g_assert_true(told_said("it answers 403, so that events are left out"));
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    server_stop(&server);
    server_clear(&server);
}

/* A server that goes, and comes back: in order, none is missing. */
static void test_away(void)
{
    Server server = {0};
    fixture_files(NULL, NULL);
    server_start(&server, 0, NULL);
    VdtStore *store = told_open();
    g_autoptr(VdtConfig) config = configure(server.port, "");
    VdtPublisher *publisher = told_publish(config, store);
    told_put(store, "a", 0);
    WAIT(count(&server) == 1, 5);
    server_stop(&server);
    for (guint i = 1; i < 50; i++)
        told_put(store, "a", i);
    WAIT(told_said("webhook: away (http://127.0.0.1"), 5);
    server_start(&server, server.port, NULL);
    WAIT(told_sent(publisher, "webhook") == 50, 10);
    guint next = 0;
    for (guint i = 0; i < count(&server); i++) {
        if (next > 0 && is_of(get(&server, i), next - 1)) {
            g_assert_true(is_repeated(get(&server, i)));
            continue;
        }
        g_assert_true(is_of(get(&server, i), next++));
    }
    g_assert_cmpuint(next, ==, 50);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    server_stop(&server);
    server_clear(&server);
}

/* --- servers that misbehave --- */

typedef struct {
    int fd;
    guint port;
    const char *head; /* what it answers first; NULL for nothing at all */
    const char *more; /* and then, over and over; NULL for nothing */
    gint stopping, accepted;
    guint64 sent;
    GThread *thread;
} Rogue;

static gpointer misbehave(gpointer data)
{
    Rogue *rogue = data;
    char request[4096];
    while (!g_atomic_int_get(&rogue->stopping)) {
        int fd = accept(rogue->fd, NULL, NULL);
        if (fd < 0)
            continue;
        g_atomic_int_inc(&rogue->accepted);
        gboolean ok = read(fd, request, sizeof request) > 0;
        if (rogue->head != NULL)
            ok = ok && send(fd, rogue->head, strlen(rogue->head), MSG_NOSIGNAL) > 0;
        while (ok && rogue->more != NULL && !g_atomic_int_get(&rogue->stopping)) {
            gssize n = send(fd, rogue->more, strlen(rogue->more), MSG_NOSIGNAL);
            ok = n > 0;
            rogue->sent += ok ? (guint64)n : 0;
        }
        while (ok && !g_atomic_int_get(&rogue->stopping) &&
               recv(fd, request, sizeof request, 0) != 0)
            continue;
        close(fd);
    }
    return NULL;
}

static void rogue_start(Rogue *rogue, const char *head, const char *more)
{
    struct timeval limit = {0, 50000};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *rogue = (Rogue){.head = head, .more = more};
    rogue->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(rogue->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    g_assert_cmpint(bind(rogue->fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(listen(rogue->fd, 8), ==, 0);
    getsockname(rogue->fd, (struct sockaddr *)&address, &size);
    rogue->port = ntohs(address.sin_port);
    rogue->thread = g_thread_new("rogue", misbehave, rogue);
}

static void rogue_stop(Rogue *rogue)
{
    g_atomic_int_set(&rogue->stopping, 1);
    shutdown(rogue->fd, SHUT_RDWR);
    g_thread_join(rogue->thread);
    close(rogue->fd);
}

static void test_misbehaving(void)
{
    static char filler[60001];
    memset(filler, 'x', sizeof filler - 1);
    const struct {
        const char *head, *more;
        guint64 sent;     /* that arrive, at least */
        const char *said; /* NULL for nothing */
    } rows[] = {
        {NULL, NULL, 0, "no answer within 1 s"},
        {"HTTP/1.1 200 OK\r\n", NULL, 0, "no answer within 1 s"},
        {"gibberish\r\n\r\n", NULL, 0, "webhook: away"},
        /* the event has arrived, whatever else it has to say */
        {"HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n", filler, 1, NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", NULL, 1, NULL},
        {"HTTP/1.1 200 OK\r\nX: ", filler, 0, "webhook: away"},
        {"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
         NULL, 0, "a redirect, which is not followed"},
        {"HTTP/1.1 302 Elsewhere\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
         NULL, 0, "a redirect, which is not followed"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Rogue rogue;
        fixture_files(NULL, NULL);
        rogue_start(&rogue, rows[i].head, rows[i].more);
        VdtStore *store = told_open();
        g_autoptr(VdtConfig) config = configure(rogue.port, "timeout=1s\n");
        VdtPublisher *publisher = told_publish(config, store);
        gsize before = told_memory();
        told_put(store, "a", 0);
        if (rows[i].said != NULL)
            WAIT(told_said(rows[i].said), 5);
        WAIT(told_sent(publisher, "webhook") >= rows[i].sent, 5);
        g_assert_cmpuint(told_memory(), <, before + 48 * 1024 * 1024);
        gint64 begun = g_get_monotonic_time();
        g_assert_true(vdt_publisher_free(publisher));
        g_assert_cmpint(g_get_monotonic_time() - begun, <, FIXTURE_SLOWER * G_USEC_PER_SEC);
        if (rows[i].said == NULL)
            g_assert_false(told_said("away"));
        vdt_store_close(store);
        rogue_stop(&rogue);
    }
}

/* --- TLS --- */

/* GIO loads its TLS while threads run, of which LeakSanitizer loses sight, and ends with a fault.
 */
#ifdef __SANITIZE_ADDRESS__
#define BLINDED TRUE
#else
#define BLINDED FALSE
#endif

static void test_tls(void)
{
    Server server = {0};
    g_autoptr(GError) error = NULL;
    fixture_files(NULL, NULL);
    if (!told_certify() || !g_tls_backend_supports_tls(g_tls_backend_get_default())) {
        g_test_skip("no openssl, or GIO has no TLS");
        return;
    }
    g_autofree char *cert = g_strdup(fixture_path("cert.pem")),
                    *key = g_strdup(fixture_path("key.pem")),
                    *ca = g_strdup(fixture_path("ca.pem"));
    server.certificate = g_tls_certificate_new_from_files(cert, key, &error);
    g_assert_no_error(error);
    server_start(&server, 0, NULL);
    VdtStore *store = told_open();
    /* Somebody else's authority, and another name. */
    g_autoptr(VdtConfig) unknown =
        told_config("", "[webhook]\nurl=https://localhost:%u/hook\n", server.port);
    g_autoptr(VdtConfig) other =
        told_config("", "[webhook]\nurl=https://127.0.0.1:%u/hook\nca-file=%s\n", server.port, ca);
    g_autoptr(VdtConfig) good =
        told_config("", "[webhook]\nurl=https://localhost:%u/hook\nca-file=%s\n", server.port, ca);
    VdtPublisher *publisher = told_publish(unknown, store);
    told_put(store, "a", 0);
    WAIT(told_said("webhook: away (https://localhost"), 5);
    vdt_publisher_reload(publisher, other);
    WAIT(told_said("webhook: away (https://127.0.0.1"), 5);
    g_assert_cmpuint(count(&server), ==, 0);
    vdt_publisher_reload(publisher, good);
    WAIT(count(&server) == 1, 5);
    g_assert_true(vdt_publisher_free(publisher));
    vdt_store_close(store);
    server_stop(&server);
    server_clear(&server);
}

int main(int argc, char **argv)
{
    fixture_open(&argc, &argv);
    g_test_add_func("/webhook/post", test_post);
    g_test_add_func("/webhook/retry", test_retry);
    g_test_add_func("/webhook/unwanted", test_unwanted);
    g_test_add_func("/webhook/away", test_away);
    g_test_add_func("/webhook/misbehaving", test_misbehaving);
    if (!BLINDED)
        g_test_add_func("/webhook/tls", test_tls);
    return fixture_close();
}
