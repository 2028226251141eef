/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What servers answer by HTTP, as long as one is willing to wait. In a thread whose default main
 * context nobody else runs.
 */
#pragma once

#include <libsoup/soup.h>

/* A session that takes bodies as they are sent, and has no passwords. Caller owns it. */
SoupSession *http_session(void);
/* The body of the answer, once its head is there; VDT_ERROR_FAILED after @patience seconds,
 * VDT_ERROR_CANCELLED if interrupted. Caller owns it. */
GInputStream *http_send(SoupSession *session, SoupMessage *message, guint patience,
                        GCancellable *cancellable, GError **error);
/* At least one byte and at most @most; 0 at the end, negative for an error, as above. */
gssize http_read(GInputStream *body, void *to, gsize most, guint patience,
                 GCancellable *cancellable, GError **error);
