/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where bytes from outside go: a new file, counted, limited and hashed on the way. */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *path;
    int fd;
    GChecksum *sum; /* SHA-256 */
    guint64 bytes, most;
} Sink;

/* A new file at @path, of at most @most bytes. */
gboolean sink_open(Sink *sink, const char *path, guint64 most, GError **error);
gboolean sink_write(Sink *sink, const void *data, gsize n, GError **error);
/* Makes it durable; the hash, which the caller frees. */
char *sink_finish(Sink *sink, GError **error);
void sink_clear(Sink *sink);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sink, sink_clear)

/* Copies a regular file. Its hash, which the caller frees. */
char *sink_copy(const char *from, const char *to, guint64 most, GCancellable *cancellable,
                GError **error);
/* The same without a copy. */
char *sink_hash(const char *path, GCancellable *cancellable, GError **error);
