/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Peers that do what they should not, on raw sockets: refused or served, and others do not wait. */
#include <string.h>
#include <sys/stat.h>

#include "../daemon/fixture.h"
#include "door.h"
#include "fixture.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static Server *server;

static void expect_well(void)
{
    gint64 begin = g_get_monotonic_time();
    g_autofree char *answer = ask(server, "GET", "/healthz", NULL, NULL);
    g_assert_cmpuint(status_of(answer), ==, 200);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, FIXTURE_SLOWER * G_USEC_PER_SEC);
}

/* Asks @of until the answer is @status, for a while; that of the last. */
static guint ask_until(const Server *of, const char *headers, guint status)
{
    gint64 end = g_get_monotonic_time() + 2 * FIXTURE_SLOWER * G_USEC_PER_SEC;
    guint last;
    do {
        g_autofree char *answer =
            ask(of, "GET", headers != NULL ? "/api/v1/status" : "/healthz", headers, NULL);
        last = status_of(answer);
        g_usleep(20000);
    } while (last != status && g_get_monotonic_time() < end);
    return last;
}

static guint count(const char *text, const char *what)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

/* Each holds a second request, for a reader who counts otherwise than the guard; there is one
 * answer, and not that of the second. CVE-2025-14523 is about two Hosts, CVE-2026-1760 about
 * Transfer-Encoding and what is left in a connection that goes on. */
static void test_smuggling(void)
{
    static const char inner[] = GET("/metrics");
    static const struct {
        guint status;
        const char *front;
    } rows[] = {
        {400, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"},
        {400, "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n"},
        {400, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {400, "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
              "Content-Length: 5\r\n\r\n0\r\n\r\n"},
        {411, "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
              "Connection: keep-alive\r\n\r\n0\r\n\r\n"},
        {411, "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
              "0\r\n\r\n"},
        {400, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
              "Content-Length: 44\r\n\r\n"},
        {400, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length : 44\r\n\r\n"},
        {400, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 44\r\n\r\n"},
        {400, "GET /healthz HTTP/1.1\r\nHost: localhost\n\n"},
        /* served, and no more than that */
        {200, GET("/healthz")},
        {200, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"},
        {200, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *all = g_strconcat(rows[i].front, inner, NULL);
        g_autofree char *answer = ask_raw(server, all, -1);
        if (status_of(answer) != rows[i].status || count(answer, "HTTP/1.") != 1 ||
            strstr(answer, "vedette_") != NULL)
            g_error("%u was expected for %s\nbut there is:\n%s", rows[i].status, all, answer);
        g_autofree char *connection = header_of(answer, "Connection");
        g_assert_cmpstr(connection, ==, "close");
    }
}

static void test_malformed(void)
{
    static const char *const rows[] = {"\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x01\x01",
                                       "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", "\n"};
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *answer = ask_raw(server, rows[i], -1);
        g_assert_cmpuint(status_of(answer), ==, 400);
        g_autofree char *type = header_of(answer, "Content-Type");
        g_assert_cmpstr(type, ==, "application/problem+json");
        g_autoptr(JsonObject) problem = object_of(answer);
        g_assert_cmpint(json_object_get_int_member(problem, "status"), ==, 400);
    }
    g_autoptr(GSocket) gone = peer_connect(server);
    g_socket_close(gone, NULL);
    expect_well();
}

static void test_oversized(void)
{
    g_autoptr(GString) text = g_string_new("GET / HTTP/1.1\r\nHost: a\r\n");
    while (text->len < 1024 * 1024)
        g_string_append(text, "x-more: and more\r\n");
    g_autofree char *head = ask_raw(server, text->str, (gssize)text->len);
    g_assert_cmpuint(status_of(head), ==, 431);
    g_string_assign(text, "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    while (text->len < 1024 * 1024)
        g_string_append_c(text, 'x');
    g_autofree char *body = ask_raw(server, text->str, (gssize)text->len);
    g_assert_cmpuint(status_of(body), ==, 413);
    g_string_assign(text, "GET /");
    while (text->len < 100000)
        g_string_append_c(text, 'x');
    g_autofree char *target = ask_raw(server, text->str, (gssize)text->len);
    g_assert_cmpuint(status_of(target), ==, 431);
    expect_well();
}

/* A head byte by byte, a body that does not come. */
static void test_slow(void)
{
    g_autoptr(GSocket) head = peer_connect(server), body = peer_connect(server);
    gint64 begin = g_get_monotonic_time();
    peer_send(body, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nto", -1);
    for (const char *p = GET("/healthz"); *p != '\0'; p++) {
        peer_send(head, p, 1);
        g_usleep(200000);
        if (g_get_monotonic_time() - begin > (VDT_DOOR_HEAD_LIMIT + 1) * G_USEC_PER_SEC)
            break;
    }
    expect_well();
    g_autofree char *late = peer_read(head, NULL);
    g_assert_cmpuint(status_of(late), ==, 408);
    g_socket_set_timeout(body, VDT_DOOR_BODY_LIMIT + 5 * FIXTURE_SLOWER);
    g_autofree char *later = peer_read(body, NULL);
    g_assert_cmpuint(status_of(later), ==, 408);
    g_assert_cmpint(g_get_monotonic_time() - begin, <,
                    (VDT_DOOR_BODY_LIMIT + 5 * FIXTURE_SLOWER) * G_USEC_PER_SEC);
}

/* What comes in pieces is served all the same. */
static void test_pieces(void)
{
    static const char request[] = "POST /login HTTP/1.1\r\nHost: localhost\r\n"
                                  "Content-Type: application/x-www-form-urlencoded\r\n"
                                  "Content-Length: 11\r\n\r\ntoken=wrong";
    g_autoptr(GSocket) peer = peer_connect(server);
    for (const char *p = request; *p != '\0'; p++) {
        peer_send(peer, p, 1);
        g_usleep(1000);
    }
    g_autofree char *answer = peer_read(peer, NULL);
    g_assert_cmpuint(status_of(answer), ==, 401);
}

static void test_continue(void)
{
    g_autoptr(GSocket) peer = peer_connect(server);
    peer_send(peer,
              "POST /login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n",
              -1);
    g_autofree char *go_on = peer_read(peer, "\r\n\r\n");
    g_assert_cmpstr(go_on, ==, "HTTP/1.1 100 Continue\r\n\r\n");
    peer_send(peer, "token=x", -1);
    g_autofree char *answer = peer_read(peer, NULL);
    g_assert_cmpuint(status_of(answer), ==, 401);
}

static gpointer ask_often(gpointer data)
{
    guint bad = 0;
    for (guint i = 0; i < 25; i++) {
        g_autofree char *answer = ask(server, "GET", "/healthz", NULL, NULL);
        bad += status_of(answer) != 200;
    }
    return GUINT_TO_POINTER(bad);
}

static void test_concurrent(void)
{
    GThread *threads[12];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("peer", ask_often, NULL);
    guint bad = 0;
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        bad += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    g_assert_cmpuint(bad, ==, 0);
}

/* With stacks that are whole for LeakSanitizer, GnuTLS takes a minute to read the certificates that
 * the machine trusts, and a handshake ends long before that. */
#ifdef __SANITIZE_ADDRESS__
#define SLOW_TLS TRUE
#else
#define SLOW_TLS FALSE
#endif

static gboolean accept_any(GTlsConnection *tls, GTlsCertificate *certificate,
                           GTlsCertificateFlags flags, gpointer data)
{
    return TRUE;
}

static char *ask_tls(const Server *tls, const char *text)
{
    g_autoptr(GSocket) peer = peer_connect(tls);
    g_autoptr(GSocketConnection) base = g_socket_connection_factory_create_connection(peer);
    g_autoptr(GError) error = NULL;
    g_autoptr(GIOStream) stream = g_tls_client_connection_new(G_IO_STREAM(base), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(stream, "accept-certificate", G_CALLBACK(accept_any), NULL);
    GString *all = g_string_new(NULL);
    char part[4096];
    gssize n;
    g_assert_true(g_output_stream_write_all(g_io_stream_get_output_stream(stream), text,
                                            strlen(text), NULL, NULL, &error));
    while ((n = g_input_stream_read(g_io_stream_get_input_stream(stream), part, sizeof part, NULL,
                                    NULL)) > 0)
        g_string_append_len(all, part, n);
    return g_string_free(all, FALSE);
}

/* Only TLS, and who is slow with it, or says nothing, holds up nobody. */
static void test_tls(void)
{
    ServerOptions options = {.tls = TRUE};
    Server *tls = server_new(&options);
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < 30; i++) {
        GSocket *peer = peer_connect(tls);
        peer_send(peer, i % 2 ? "\x16\x03\x01\x02" : "", -1);
        g_ptr_array_add(peers, peer);
    }
    g_autofree char *plain = ask_raw(tls, GET("/healthz"), -1);
    g_assert_null(strstr(plain, "HTTP/1.1 200"));
    g_autofree char *well = ask_tls(tls, GET("/healthz"));
    g_assert_cmpuint(status_of(well), ==, 200);
    g_autofree char *many = ask_tls(tls, "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    g_assert_cmpuint(status_of(many), ==, 400);
    g_autofree char *login = ask_tls(tls, "POST /login HTTP/1.1\r\nHost: localhost\r\n"
                                          "Content-Type: application/x-www-form-urlencoded\r\n"
                                          "Content-Length: 27\r\n\r\ntoken=" READ_TOKEN);
    g_autofree char *cookie = header_of(login, "Set-Cookie");
    g_assert_nonnull(cookie);
    g_assert_true(g_str_has_suffix(cookie, "; Secure"));
    server_free(tls);
}

/* Other tokens, while it runs. */
static void test_other_tokens(void)
{
    Server *other = server_new(NULL);
    g_autofree char *path = g_build_filename(other->folder, "tokens", NULL);
    g_autoptr(VdtProblems) problems = vdt_problems_new();
    static const char fresh[] = BEARER "fedcba9876543210-fresh", old[] = BEARER READ_TOKEN;
    g_autofree char *before = ask(other, "GET", "/api/v1/status", old, NULL);
    g_assert_cmpuint(status_of(before), ==, 200);
    g_assert_true(g_file_set_contents_full(path, "read other fedcba9876543210-fresh\n", -1,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    VdtHttpSettings *settings = vdt_http_settings_new(other->config, problems);
    for (guint i = 0; i < problems->list->len; i++) {
        g_autofree char *shown = vdt_problem_show(problems->list->pdata[i]);
        g_test_message("%s", shown);
    }
    g_assert_nonnull(settings);
    vdt_http_set(other->http, settings);
    g_assert_cmpuint(ask_until(other, old, 401), ==, 401);
    g_autofree char *after = ask(other, "GET", "/api/v1/status", fresh, NULL);
    g_assert_cmpuint(status_of(after), ==, 200);
    server_free(other);
}

/* More than there is room for: those are told so; the Unix socket has room of its own. */
static void test_crowd(void)
{
    ServerOptions options = {.most = 20};
    Server *small = server_new(&options);
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < 20; i++)
        g_ptr_array_add(peers, peer_connect(small));
    g_usleep(200000);
    g_autofree char *full = ask(small, "GET", "/healthz", NULL, NULL);
    g_assert_cmpuint(status_of(full), ==, 503);
    g_autofree char *retry = header_of(full, "Retry-After");
    g_assert_nonnull(retry);
    g_autofree char *local = ask_unix(small, "GET", "/healthz", NULL);
    g_assert_cmpuint(status_of(local), ==, 200);
    g_ptr_array_set_size(peers, 0);
    g_assert_cmpuint(ask_until(small, NULL, 200), ==, 200);
    server_free(small);
}

/* Ends at once, whatever peers do at that moment. */
static void test_end(void)
{
    Server *other = server_new(NULL);
    g_autoptr(GPtrArray) peers = g_ptr_array_new_with_free_func(g_object_unref);
    static const char *const starts[] = {
        "", "GET / HT", "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
        "GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n" BEARER READ_TOKEN "\r\n\r\n"};
    for (guint i = 0; i < 40; i++) {
        GSocket *peer = peer_connect(other);
        peer_send(peer, starts[i % G_N_ELEMENTS(starts)], -1);
        g_ptr_array_add(peers, peer);
    }
    g_usleep(200000);
    gint64 begin = g_get_monotonic_time();
    server_free(other);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2 * FIXTURE_SLOWER * G_USEC_PER_SEC);
}

/* The kernel says who comes. */
static void test_socket(void)
{
    g_autofree char *local = ask_unix(server, "GET", "/api/v1/session", NULL);
    g_assert_cmpuint(status_of(local), ==, 200);
    g_autoptr(JsonObject) session = object_of(local);
    g_assert_cmpstr(json_object_get_string_member(session, "role"), ==, "control");
    struct stat s;
    g_assert_cmpint(stat(server->socket, &s), ==, 0);
    g_assert_cmpuint(s.st_mode & 0777, ==, 0600);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    server = server_new(NULL);
    g_test_add_func("/server/smuggling", test_smuggling);
    g_test_add_func("/server/malformed", test_malformed);
    g_test_add_func("/server/oversized", test_oversized);
    g_test_add_func("/server/pieces", test_pieces);
    g_test_add_func("/server/continue", test_continue);
    g_test_add_func("/server/concurrent", test_concurrent);
    g_test_add_func("/server/socket", test_socket);
    g_test_add_func("/server/crowd", test_crowd);
    g_test_add_func("/server/other-tokens", test_other_tokens);
    if (!SLOW_TLS)
        g_test_add_func("/server/tls", test_tls);
    g_test_add_func("/server/end", test_end);
    g_test_add_func("/server/slow", test_slow);
    int status = g_test_run();
    server_free(server);
    return status;
}
