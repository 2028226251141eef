/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cameras in processes of their own: peer.c, found by $VEDETTE_TEST_PEER. */
#pragma once

#include <gio/gio.h>

/* A port of this machine that is nobody else's while the peer lives, whether it serves or not. */
typedef struct {
    int socket;
    guint port;
    GSubprocess *process; /* NULL while it does not serve */
} Peer;

void peer_init(Peer *peer);
/* Serves; @options as those of peer.c, "h264" or "h264 password=x". */
void peer_serve(Peer *peer, const char *options);
void peer_command(Peer *peer, const char *command);
void peer_signal(Peer *peer, int signal);
/* As by the power switch. */
void peer_kill(Peer *peer);
void peer_clear(Peer *peer);
