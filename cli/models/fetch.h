/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One file by HTTP or HTTPS, from a server that may mean harm. */
#pragma once

#include <gio/gio.h>

#include "progress.h"

typedef struct {
    guint64 most;   /* bytes */
    guint patience; /* seconds until an answer begins, or goes on; as many KiB must come in them */
} FetchLimits;

/* Whether @text is meant as an address: it begins with a scheme. */
gboolean fetch_is_url(const char *text);
/* FALSE unless it is one by http or https, without user and password. */
gboolean fetch_check_url(const char *url, GError **error);
/* The address without what may be a secret, its query and fragment. Caller frees. */
char *fetch_shown(const char *url);
/* Where an answer from @from with this Location (or NULL) leads on to: an address as above, and by
 * https if @from is. */
GUri *fetch_follow(GUri *from, const char *location, GError **error);
/* Writes what is there to the new file @to. Follows a few redirections. Its SHA-256, which the
 * caller frees. */
char *fetch_url(const char *url, const char *to, const FetchLimits *limits, Progress *progress,
                GCancellable *cancellable, GError **error);
