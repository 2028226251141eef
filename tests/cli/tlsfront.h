/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS before a server that has none, with a certificate that nobody knows. */
#pragma once

#include <glib.h>

/* At @address, to its port @port, with the certificate and key of a PEM file, for as long as the
 * program lives. Its own port. */
guint tls_front_start(const char *address, const char *server, guint port, const char *pem);
