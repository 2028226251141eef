/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of [http] in vedette.conf. See ../keytable.h. */
#pragma once

#define VDT_HTTP_KEYS(X)                                                                           \
    X(LISTEN, "listen", STRING, NULL, NULL, NULL, "127.0.0.1:8787", SERVICE,                       \
      "Addresses and ports to listen on, separated by blanks, as in 127.0.0.1:8787 [::1]:8787; "   \
      "none for none. Any but those of this machine itself take a tokens-file and a "              \
      "certificate-file.")                                                                         \
    X(SOCKET, "socket", PATH, NULL, NULL, NULL, "", SERVICE,                                       \
      "The Unix socket for commands on this machine. If unset, api.sock in the folder that "       \
      "$RUNTIME_DIRECTORY names, or none.")                                                        \
    X(SOCKET_GROUP, "socket-group", NAME, NULL, NULL, NULL, "", SERVICE,                           \
      "The group whose members may read through the Unix socket. Only root and the service's "     \
      "user may change anything.")                                                                 \
    X(TOKENS_FILE, "tokens-file", PATH, NULL, NULL, NULL, "", LIVE,                                \
      "A file with a line for each token: its role (metrics, read or control), a name, and the "   \
      "token or sha256: and its sum. It belongs to root or to the service's user, and nobody "     \
      "else can read it.")                                                                         \
    X(CERTIFICATE_FILE, "certificate-file", PATH, NULL, NULL, NULL, "", SERVICE,                   \
      "The certificate, and those that it rests on, as PEM; with it all addresses speak TLS "      \
      "only.")                                                                                     \
    X(KEY_FILE, "key-file", PATH, NULL, NULL, NULL, "", SERVICE,                                   \
      "The certificate's private key, as PEM, in a file that nobody else can read.")               \
    X(HOSTS, "hosts", LIST, NULL, NULL, NULL, "", LIVE,                                            \
      "Names that the service is called by, besides localhost and IP addresses; others are "       \
      "refused, so that no web page can be a go-between.")                                         \
    X(LOOPBACK, "loopback", ENUM, NULL, NULL, "none metrics read control", "read", LIVE,           \
      "What anybody on this machine may do without a token, through an address that begins with "  \
      "127. or ::1: nothing, read figures, look at everything, or change it, too.")                \
    X(MAX_CONNECTIONS, "max-connections", INT, "8", "4096", NULL, "256", SERVICE,                  \
      "Connections at the same time, at most; a quarter of them from one address that is not "     \
      "this machine's.")
