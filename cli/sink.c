/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/error.h>

#define BLOCK (256 << 10)

static gboolean fail(const char *path, const char *doing, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: cannot %s: %s", path,
                doing, g_strerror(code));
    return FALSE;
}

gboolean sink_open(Sink *sink, const char *path, guint64 most, GError **error)
{
    sink->fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (sink->fd < 0)
        return fail(path, "make it", error);
    sink->path = g_strdup(path);
    sink->sum = g_checksum_new(G_CHECKSUM_SHA256);
    sink->most = most;
    return TRUE;
}

gboolean sink_write(Sink *sink, const void *data, gsize n, GError **error)
{
    if (n > sink->most - sink->bytes) {
        g_set_error(error, VDT_ERROR, VDT_ERROR_FORMAT,
                    "there are more than %" G_GUINT64_FORMAT " bytes, which is the limit",
                    sink->most);
        return FALSE;
    }
    g_checksum_update(sink->sum, data, n);
    sink->bytes += n;
    for (const char *at = data; n > 0;) {
        gssize done = write(sink->fd, at, n);
        if (done < 0 && errno != EINTR)
            return fail(sink->path, "write it", error);
        at += MAX(done, 0);
        n -= MAX(done, 0);
    }
    return TRUE;
}

char *sink_finish(Sink *sink, GError **error)
{
    if (fsync(sink->fd) != 0) {
        fail(sink->path, "write it", error);
        return NULL;
    }
    return g_strdup(g_checksum_get_string(sink->sum));
}

void sink_clear(Sink *sink)
{
    if (sink->path != NULL)
        close(sink->fd);
    g_clear_pointer(&sink->path, g_free);
    g_clear_pointer(&sink->sum, g_checksum_free);
}

/* Hands what is in the file to @sink, or to @sum where that is NULL. A file that grows meanwhile
 * has no end. */
static gboolean read_all(int fd, const char *path, Sink *sink, GChecksum *sum,
                         GCancellable *cancellable, GError **error)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return fail(path, "look at it", error);
    if (!S_ISREG(s.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a regular file", path);
        return FALSE;
    }
    g_autofree char *block = g_malloc(BLOCK);
    for (goffset left = s.st_size; left > 0;) {
        gssize n = read(fd, block, MIN(left, BLOCK));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(path, "read it", error);
        if (n == 0)
            break;
        left -= n;
        if (g_cancellable_is_cancelled(cancellable)) {
            g_set_error(error, VDT_ERROR, VDT_ERROR_CANCELLED, "interrupted");
            return FALSE;
        }
        if (sink == NULL)
            g_checksum_update(sum, (const guchar *)block, n);
        else if (!sink_write(sink, block, n, error)) {
            g_prefix_error(error, "%s: ", path);
            return FALSE;
        }
    }
    return TRUE;
}

/* Not blocking, so that a named pipe is refused rather than waited for. */
static int open_source(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        fail(path, "open it", error);
    return fd;
}

char *sink_copy(const char *from, const char *to, guint64 most, GCancellable *cancellable,
                GError **error)
{
    g_auto(Sink) sink = {NULL};
    int fd = open_source(from, error);
    if (fd < 0)
        return NULL;
    char *hash = NULL;
    if (sink_open(&sink, to, most, error) && read_all(fd, from, &sink, NULL, cancellable, error))
        hash = sink_finish(&sink, error);
    close(fd);
    return hash;
}

char *sink_hash(const char *path, GCancellable *cancellable, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    int fd = open_source(path, error);
    if (fd < 0)
        return NULL;
    gboolean ok = read_all(fd, path, NULL, sum, cancellable, error);
    close(fd);
    return ok ? g_strdup(g_checksum_get_string(sum)) : NULL;
}
