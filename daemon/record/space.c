/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sweep.h"
#include "tree.h"
#include "whole.h"

struct _VdtSpace {
    char *folder;
    int fd;         /* of the folder, locked */
    GMutex folders; /* held where they are made or removed */
    VdtSpaceSpec spec;
    GMutex lock;
    /* guarded, and the limits of spec */
    gboolean is_low;
};

static gboolean fail(const char *path, const char *what, GError **error)
{
    const int code = errno;

    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s: %s", path, what,
                g_strerror(code));
    return FALSE;
}

/* --- opening --- */

static gboolean lock_folder(VdtSpace *space, GError **error)
{
    if (g_mkdir_with_parents(space->folder, 0750) != 0)
        return fail(space->folder, "cannot be made", error);
    space->fd = open(space->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (space->fd < 0)
        return fail(space->folder, "cannot be opened", error);
    if (flock(space->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return TRUE; /* a disk that has no locks does without */
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY, "%s: another process records there",
                space->folder);
    return FALSE;
}

static void remove_part(const VdtTreeFile *file, gpointer data)
{
    if (vdt_whole_is_part(file->name))
        unlinkat(file->dir, file->name, 0);
}

VdtSpace *vdt_space_open(const VdtSpaceSpec *spec, GError **error)
{
    VdtSpace *space = g_new0(VdtSpace, 1);

    g_mutex_init(&space->lock);
    g_mutex_init(&space->folders);
    space->fd = -1;
    space->folder = g_canonicalize_filename(spec->folder, NULL);
    space->spec = *spec;
    if (lock_folder(space, error)) {
        vdt_tree_each(space->fd, NULL, remove_part, NULL);
        return space;
    }
    vdt_space_free(space);
    return NULL;
}

void vdt_space_free(VdtSpace *space)
{
    if (space->fd >= 0)
        close(space->fd);
    g_mutex_clear(&space->folders);
    g_mutex_clear(&space->lock);
    g_free(space->folder);
    g_free(space);
}

void vdt_space_set_limits(VdtSpace *space, const VdtSpaceSpec *spec)
{
    g_mutex_lock(&space->lock);
    space->spec.least_free = spec->least_free;
    space->spec.most_age = spec->most_age;
    space->spec.most_bytes = spec->most_bytes;
    g_mutex_unlock(&space->lock);
}

static VdtSpaceSpec get_limits(VdtSpace *space)
{
    VdtSpaceSpec spec;

    g_mutex_lock(&space->lock);
    spec = space->spec;
    g_mutex_unlock(&space->lock);
    return spec;
}

/* --- what is free --- */

/* TRUE if that is news. */
static gboolean note(VdtSpace *space, guint64 free_bytes, gboolean *is_low)
{
    gboolean before;

    g_mutex_lock(&space->lock);
    const guint64 least = space->spec.least_free;
    before = space->is_low;
    if (free_bytes < least)
        space->is_low = TRUE;
    else if (free_bytes - least >= least / 10)
        space->is_low = FALSE;
    *is_low = space->is_low;
    g_mutex_unlock(&space->lock);
    return before != *is_low;
}

gboolean vdt_space_check(VdtSpace *space, GError **error)
{
    struct statvfs disk;
    gboolean is_low;
    guint64 free_bytes;

    if (fstatvfs(space->fd, &disk) != 0)
        return fail(space->folder, "its disk cannot be asked", error);
    free_bytes = (guint64)disk.f_bavail * disk.f_frsize;
    if (note(space, free_bytes, &is_low) && space->spec.low)
        space->spec.low(is_low, free_bytes, space->spec.data);
    if (is_low)
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                    "%s: %" G_GUINT64_FORMAT
                    " bytes are free on its disk, and at least %" G_GUINT64_FORMAT
                    " are to be left",
                    space->folder, free_bytes, get_limits(space).least_free);
    return !is_low;
}

/* --- names --- */

static gboolean check_name(const char *what, const char *name, GError **error)
{
    g_autofree char *shown = NULL;

    if (vdt_tree_is_name(name))
        return TRUE;
    shown = g_strescape(name, NULL);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
                "%s \"%.100s\": expected up to %d letters, digits, -, _ and .", what, shown,
                VDT_TREE_NAME_BYTES);
    return FALSE;
}

static char *find_date(gint64 utc, GError **error)
{
    g_autoptr(GDateTime) time =
        utc >= 0 ? g_date_time_new_from_unix_utc(utc / G_USEC_PER_SEC) : NULL;

    if (time)
        return g_date_time_format(time, "%Y-%m-%d");
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "%" G_GINT64_FORMAT " us is no time of an event", utc);
    return NULL;
}

/* A folder that is there then, and is no link. */
static int make_folder(int at, const char *name)
{
    if (mkdirat(at, name, 0750) != 0 && errno != EEXIST)
        return -1;
    return vdt_tree_open_folder(at, name);
}

static int make_day(VdtSpace *space, const char *stream, const char *date)
{
    int dir, day = -1, code;

    g_mutex_lock(&space->folders);
    dir = make_folder(space->fd, stream);
    if (dir >= 0)
        day = make_folder(dir, date);
    code = errno;
    g_mutex_unlock(&space->folders);
    if (dir >= 0)
        close(dir);
    errno = code;
    return day;
}

char *vdt_space_make(VdtSpace *space, const char *stream, const char *id, gint64 utc,
                     GError **error)
{
    g_autofree char *date = NULL, *path = NULL;
    int day;

    if (!check_name("stream", stream, error) || !check_name("event", id, error) ||
        !(date = find_date(utc, error)) || !vdt_space_check(space, error))
        return NULL;
    path = g_build_filename(space->folder, stream, date, id, NULL);
    day = make_day(space, stream, date);
    if (day < 0) {
        fail(path, "its folder cannot be made", error);
        return NULL;
    }
    close(day);
    return g_steal_pointer(&path);
}

/* --- what goes --- */

gboolean vdt_space_sweep(VdtSpace *space, gint64 now, VdtSpaceSwept *swept, GError **error)
{
    const VdtSpaceSpec limits = get_limits(space);
    /* a folder of today may have been made for what is about to be written */
    g_autofree char *kept = find_date(MAX(now, 2 * G_TIME_SPAN_DAY) - 2 * G_TIME_SPAN_DAY, NULL);
    VdtSpaceSwept own;
    const gboolean done = vdt_sweep(space->fd, &limits, now, swept ? swept : &own, error);

    g_mutex_lock(&space->folders);
    if (kept)
        vdt_tree_prune(space->fd, kept);
    g_mutex_unlock(&space->folders);
    return done;
}
