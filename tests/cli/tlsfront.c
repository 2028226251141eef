/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tlsfront.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    GSocketListener *listener;
    GTlsCertificate *certificate;
    GSocketAddress *server;
} Front;

/* Head and body. */
static GString *read_question(GInputStream *input)
{
    GString *asked = g_string_new(NULL);
    char some[1024];
    gssize n;
    for (gsize wanted = 1; asked->len < wanted;) {
        if ((n = g_input_stream_read(input, some, sizeof some, NULL, NULL)) <= 0)
            break;
        g_string_append_len(asked, some, n);
        const char *end = strstr(asked->str, "\r\n\r\n"),
                   *length = strstr(asked->str, "\r\nContent-Length: ");
        wanted = end == NULL ? asked->len + 1
                 : length != NULL && length < end
                     ? (gsize)(end - asked->str) + 4 +
                           strtoul(length + strlen("\r\nContent-Length: "), NULL, 10)
                     : asked->len;
    }
    return asked;
}

static gpointer serve(gpointer data)
{
    const Front *front = ((gpointer *)data)[0];
    g_autoptr(GIOStream) plain = ((gpointer *)data)[1];
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GIOStream) tls = g_tls_server_connection_new(plain, front->certificate, NULL);
    g_free(data);
    if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls), NULL, NULL))
        return NULL;
    g_autoptr(GString) asked = read_question(g_io_stream_get_input_stream(tls));
    g_autoptr(GSocketConnection) server =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(front->server), NULL, NULL);
    g_assert_nonnull(server);
    g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(server)), asked->str,
                              asked->len, NULL, NULL, NULL);
    g_output_stream_splice(g_io_stream_get_output_stream(tls),
                           g_io_stream_get_input_stream(G_IO_STREAM(server)),
                           G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL);
    g_io_stream_close(tls, NULL, NULL);
    return NULL;
}

static gpointer run(gpointer data)
{
    Front *front = data;
    GSocketConnection *connection;
    while ((connection = g_socket_listener_accept(front->listener, NULL, NULL, NULL)) != NULL) {
        gpointer *both = g_new(gpointer, 2);
        both[0] = front;
        both[1] = connection;
        g_thread_unref(g_thread_new("tls", serve, both));
    }
    return NULL;
}

guint tls_front_start(const char *address, const char *server, guint port, const char *pem)
{
    g_autoptr(GError) error = NULL;
    Front *front = g_new(Front, 1);
    *front = (Front){g_socket_listener_new(), g_tls_certificate_new_from_file(pem, &error),
                     g_inet_socket_address_new_from_string(server, port)};
    g_assert_no_error(error);
    g_autoptr(GSocketAddress) own = g_inet_socket_address_new_from_string(address, 0);
    g_autoptr(GSocketAddress) bound = NULL;
    g_socket_listener_add_address(front->listener, own, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                  NULL, &bound, &error);
    g_assert_no_error(error);
    g_thread_unref(g_thread_new("front", run, front));
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
}
