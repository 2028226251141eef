/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing through a temporary file, or into what cannot be replaced. */
#include "atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 40 /* as the kernel */

struct _VdtAtomicFile {
    char *path;      /* as it was given, for messages */
    char *target;    /* what is replaced: behind all links */
    char *temporary; /* NULL once it has been renamed, or if there is none */
    gboolean regular;
    gboolean stale; /* what is written to still has what was there before */
    int fd;
};

static gboolean fail(const VdtAtomicFile *file, const char *doing, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: cannot %s: %s",
                file->path, doing, g_strerror(code));
    return FALSE;
}

/* The number of the descriptor that a path such as /dev/stdout stands for; -1 if it is another. */
static int own_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    guint64 number;

    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        if (g_str_has_prefix(path, folders[i]) &&
            g_ascii_string_to_unsigned(path + strlen(folders[i]), 10, 0, G_MAXINT, &number, NULL))
            return (int)number;
    return -1;
}

/* What the last component names once it is no link any more, be it there or not. */
static char *follow_links(const char *path)
{
    char *at = g_strdup(path);

    for (int i = 0; i < MOST_LINKS; i++) {
        g_autofree char *to = g_file_read_link(at, NULL);
        g_autofree char *folder = g_path_get_dirname(at);

        if (to == NULL)
            break;
        g_free(at);
        at = g_path_is_absolute(to) ? g_steal_pointer(&to) : g_build_filename(folder, to, NULL);
    }
    return at;
}

/* Writes to what is there. */
static gboolean open_there(VdtAtomicFile *file, GError **error)
{
    file->fd = g_open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    file->stale = file->regular;
    return file->fd >= 0 || fail(file, "open it for writing", errno, error);
}

/* Sets *temporary to the name of a new file beside the target; its descriptor, or -1. */
static int make_temporary(const VdtAtomicFile *file, char **temporary)
{
    g_autofree char *folder = g_path_get_dirname(file->target);
    int fd;

    *temporary = g_strconcat(file->target, ".vedette-XXXXXX", NULL);
    fd = g_mkstemp_full(*temporary, O_RDWR | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != ENAMETOOLONG)
        return fd;
    g_free(*temporary);
    *temporary = g_build_filename(folder, ".vedette-XXXXXX", NULL);
    return g_mkstemp_full(*temporary, O_RDWR | O_CLOEXEC, 0666);
}

static gboolean open_beside(VdtAtomicFile *file, const struct stat *before, GError **error)
{
    g_autofree char *temporary = NULL;

    file->fd = make_temporary(file, &temporary);
    if (file->fd < 0 && before != NULL && (errno == EACCES || errno == EPERM || errno == EROFS))
        return open_there(file, error);
    if (file->fd < 0)
        return fail(file, "create a temporary file beside it", errno, error);
    file->temporary = g_steal_pointer(&temporary);
    if (before == NULL)
        return TRUE;
    /* The owner first, since changing it takes bits of the mode away; only root can. */
    if ((before->st_uid != geteuid() || before->st_gid != getegid()) &&
        fchown(file->fd, before->st_uid, before->st_gid) != 0)
        errno = 0;
    return fchmod(file->fd, before->st_mode & 07777) == 0 ||
           fail(file, "set the mode of a temporary file", errno, error);
}

static gboolean open_file(VdtAtomicFile *file, GError **error)
{
    const int own = own_descriptor(file->path);
    struct stat before;

    if (own >= 0) { /* opened anew, it would be written from its beginning */
        file->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
        return file->fd >= 0 || fail(file, "write", errno, error);
    }
    if (stat(file->path, &before) != 0) {
        if (errno != ENOENT)
            return fail(file, "look at it", errno, error);
        file->regular = TRUE;
        file->target = follow_links(file->path);
        return open_beside(file, NULL, error);
    }
    if (S_ISDIR(before.st_mode))
        return fail(file, "write", EISDIR, error);
    file->regular = S_ISREG(before.st_mode);
    if (!file->regular)
        return open_there(file, error);
    /* A file that may not be written is not replaced either, though its folder would allow it. */
    if (access(file->path, W_OK) != 0)
        return fail(file, "write", errno, error);
    file->target = follow_links(file->path);
    return open_beside(file, &before, error);
}

VdtAtomicFile *vdt_atomic_file_new(const char *path, GError **error)
{
    g_autoptr(VdtAtomicFile) file = g_new0(VdtAtomicFile, 1);

    file->path = g_strdup(path);
    file->fd = -1;
    return open_file(file, error) ? g_steal_pointer(&file) : NULL;
}

int vdt_atomic_file_get_fd(const VdtAtomicFile *file)
{
    return file->fd;
}

static gboolean write_all(VdtAtomicFile *file, int fd, const char *at, gsize n, GError **error)
{
    while (n > 0) {
        gssize written = write(fd, at, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) /* some file systems say so when they are full, and would for ever */
            return fail(file, "write", written < 0 ? errno : ENOSPC, error);
        at += written;
        n -= (gsize)written;
    }
    return TRUE;
}

/* What was there goes when there is something to write, not before. */
static gboolean empty(VdtAtomicFile *file, GError **error)
{
    if (!file->stale)
        return TRUE;
    file->stale = FALSE;
    return ftruncate(file->fd, 0) == 0 || fail(file, "empty it", errno, error);
}

gboolean vdt_atomic_file_write(VdtAtomicFile *file, const void *data, gsize n, GError **error)
{
    return empty(file, error) && write_all(file, file->fd, data, n, error);
}

/* The rename itself is only durable once the folder is. */
static gboolean sync_folder(const VdtAtomicFile *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file->target);
    int fd = g_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gboolean done = fd >= 0 && fsync(fd) == 0;
    int code = errno;

    if (fd >= 0)
        close(fd);
    return done || fail(file, "synchronise its folder", code, error);
}

/* Into a file that is mounted for itself, as containers do it, and so cannot be replaced. */
static gboolean copy_into(VdtAtomicFile *file, GError **error)
{
    char block[65536];
    int to = g_open(file->target, O_WRONLY | O_TRUNC | O_CLOEXEC, 0);
    gboolean done = to >= 0 && lseek(file->fd, 0, SEEK_SET) == 0;
    gssize n = 0;

    if (!done)
        fail(file, "replace", errno, error);
    while (done && (n = read(file->fd, block, sizeof block)) != 0)
        done = n > 0 ? write_all(file, to, block, (gsize)n, error)
                     : errno == EINTR || fail(file, "replace", errno, error);
    if (done && fsync(to) != 0)
        done = fail(file, "synchronise", errno, error);
    if (to >= 0)
        close(to);
    return done;
}

gboolean vdt_atomic_file_commit(VdtAtomicFile *file, GError **error)
{
    if (!empty(file, error))
        return FALSE;
    if (file->regular && fsync(file->fd) != 0)
        return fail(file, "synchronise", errno, error);
    if (file->temporary == NULL)
        return TRUE;
    if (g_rename(file->temporary, file->target) != 0)
        return errno == EBUSY ? copy_into(file, error) : fail(file, "replace", errno, error);
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
    g_free(file->target);
    g_free(file->path);
    g_free(file);
}

gboolean vdt_file_check(const char *path, GError **error)
{
    struct stat s;
    g_autoptr(VdtAtomicFile) file = NULL;

    if (stat(path, &s) == 0 && S_ISFIFO(s.st_mode))
        return TRUE;
    file = vdt_atomic_file_new(path, error);
    return file != NULL;
}

gboolean vdt_file_save(const char *path, const void *data, gssize n, GError **error)
{
    g_autoptr(VdtAtomicFile) file = vdt_atomic_file_new(path, error);

    return file != NULL &&
           vdt_atomic_file_write(file, data, n >= 0 ? (gsize)n : strlen(data), error) &&
           vdt_atomic_file_commit(file, error);
}
