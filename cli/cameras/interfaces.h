/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of this machine that a question to the local network goes out from. */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *name;
    guint index;
    GSocketAddress *address; /* port 0 */
} Interface;

/* One for each IPv4 address, and one for each link-local IPv6 address, of interfaces that are up
 * and can send to many; of the one called @name alone, whatever it is, unless that is NULL. An
 * error only if there is no such one, or it is not up. */
GPtrArray *interfaces_list(const char *name, GError **error);
