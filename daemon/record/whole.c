/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SUFFIX ".part"

char *vdt_whole_part(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);

    return g_strdup_printf("%s/.%s" SUFFIX, folder, name);
}

gboolean vdt_whole_is_part(const char *name)
{
    return *name == '.' && g_str_has_suffix(name, SUFFIX);
}

static gboolean fail(const char *path, const char *what, GError **error)
{
    const int code = errno;

    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s: %s", path, what,
                g_strerror(code));
    return FALSE;
}

static gboolean sync_path(const char *path, int flags)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int code;

    if (fd < 0)
        return FALSE;
    code = fsync(fd) == 0 ? 0 : errno;
    close(fd);
    errno = code;
    return code == 0;
}

gboolean vdt_whole_finish(const char *path, GError **error)
{
    g_autofree char *part = vdt_whole_part(path);
    g_autofree char *folder = g_path_get_dirname(path);

    if (sync_path(part, O_NOFOLLOW) && rename(part, path) == 0) {
        /* without it a power failure, not a kill, may take the name away again */
        sync_path(folder, O_DIRECTORY);
        return TRUE;
    }
    fail(path, "cannot be written", error);
    unlink(part);
    return FALSE;
}

static gboolean write_all(int fd, const guint8 *data, gsize size)
{
    while (size > 0) {
        const gssize n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        data += n;
        size -= (gsize)n;
    }
    return TRUE;
}

gboolean vdt_whole_write(const char *path, gconstpointer data, gsize size, GError **error)
{
    g_autofree char *part = vdt_whole_part(path);
    const int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    gboolean written;

    if (fd < 0)
        return fail(path, "cannot be made", error);
    written = write_all(fd, data, size) || fail(path, "cannot be written", error);
    close(fd);
    if (written)
        return vdt_whole_finish(path, error);
    unlink(part);
    return FALSE;
}
