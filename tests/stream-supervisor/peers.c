/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peers.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void peer_init(Peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int on = 1;

    /* Bound, and not listening: nobody else gets the port, and the peer may share it. */
    *peer = (Peer){.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    g_assert_cmpint(setsockopt(peer->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), ==, 0);
    g_assert_cmpint(bind(peer->socket, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(getsockname(peer->socket, (struct sockaddr *)&address, &size), ==, 0);
    peer->port = ntohs(address.sin_port);
}

void peer_serve(Peer *peer, const char *options)
{
    g_autofree char *line =
        g_strdup_printf("%s %u %s", g_getenv("VEDETTE_TEST_PEER"), peer->port, options);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    g_autoptr(GError) error = NULL;
    char ready[6];
    gsize n;

    g_assert_null(peer->process);
    peer->process =
        g_subprocess_newv((const char *const *)argv,
                          G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    g_assert_no_error(error);
    g_assert_true(g_input_stream_read_all(g_subprocess_get_stdout_pipe(peer->process), ready,
                                          sizeof ready, &n, NULL, NULL));
    g_assert_cmpmem(ready, n, "ready\n", 6);
}

void peer_command(Peer *peer, const char *command)
{
    GOutputStream *input = g_subprocess_get_stdin_pipe(peer->process);
    g_autofree char *line = g_strconcat(command, "\n", NULL);

    g_assert_true(g_output_stream_write_all(input, line, strlen(line), NULL, NULL, NULL));
    g_assert_true(g_output_stream_flush(input, NULL, NULL));
}

void peer_signal(Peer *peer, int signal)
{
    g_subprocess_send_signal(peer->process, signal);
}

void peer_kill(Peer *peer)
{
    g_subprocess_force_exit(peer->process);
    g_assert_true(g_subprocess_wait(peer->process, NULL, NULL));
    g_clear_object(&peer->process);
}

void peer_clear(Peer *peer)
{
    if (peer->process)
        peer_kill(peer);
    close(peer->socket);
}
