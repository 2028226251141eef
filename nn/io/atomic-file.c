/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing through a temporary file. */
#include "atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

struct _VdtAtomicFile {
    char *path;
    char *temporary; /* NULL once it has been renamed */
    int fd;
};

static gboolean fail(const VdtAtomicFile *file, const char *doing, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: cannot %s: %s",
                file->path, doing, g_strerror(code));
    return FALSE;
}

VdtAtomicFile *vdt_atomic_file_new(const char *path, GError **error)
{
    g_autoptr(VdtAtomicFile) file = g_new0(VdtAtomicFile, 1);
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);

    file->path = g_strdup(path);
    file->fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        fail(file, "create a temporary file beside it", errno, error);
        return NULL;
    }
    file->temporary = g_steal_pointer(&temporary);
    return g_steal_pointer(&file);
}

gboolean vdt_atomic_file_write(VdtAtomicFile *file, const void *data, gsize n, GError **error)
{
    const char *at = data;

    while (n > 0) {
        gssize written = write(file->fd, at, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) /* some file systems say so when they are full, and would for ever */
            return fail(file, "write", written < 0 ? errno : ENOSPC, error);
        at += written;
        n -= (gsize)written;
    }
    return TRUE;
}

/* The rename itself is only durable once the folder is. */
static gboolean sync_folder(const VdtAtomicFile *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file->path);
    int fd = g_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gboolean done = fd >= 0 && fsync(fd) == 0;
    int code = errno;

    if (fd >= 0)
        close(fd);
    return done || fail(file, "synchronise its folder", code, error);
}

gboolean vdt_atomic_file_commit(VdtAtomicFile *file, GError **error)
{
    if (fsync(file->fd) != 0)
        return fail(file, "synchronise", errno, error);
    if (g_rename(file->temporary, file->path) != 0)
        return fail(file, "replace", errno, error);
    g_clear_pointer(&file->temporary, g_free);
    return sync_folder(file, error);
}

void vdt_atomic_file_free(VdtAtomicFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary != NULL) {
        g_unlink(file->temporary);
        g_free(file->temporary);
    }
    g_free(file->path);
    g_free(file);
}
