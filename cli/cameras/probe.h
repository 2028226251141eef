/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the local network which cameras there are: WS-Discovery. */
#pragma once

#include <gio/gio.h>

typedef struct {
    GPtrArray *cameras;            /* of Camera, in the order of their answers */
    guint not_ours, bad, too_many; /* datagrams that were left aside */
} Found;

void found_clear(Found *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

/* Asks from all of @interfaces, twice, and listens for @seconds. An error if the question could go
 * out from none, or if interrupted. */
gboolean probe(const GPtrArray *interfaces, double seconds, Found *found, GCancellable *cancellable,
               GError **error);
