/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX ".vedette-adding-"

static gboolean fail(const char *path, const char *doing, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: cannot %s: %s", path,
                doing, g_strerror(code));
    return FALSE;
}

/* The files in it, and itself; there are no folders inside. */
static void remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

/* A descriptor of the folder, locked; -1 if another process has it, or it is no folder. */
static int lock_folder(const char *path)
{
    int fd = g_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void remove_leftovers(const char *root)
{
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(name, PREFIX))
            continue;
        g_autofree char *path = g_build_filename(root, name, NULL);
        int lock = lock_folder(path);
        if (lock < 0)
            continue;
        remove_folder(path);
        close(lock);
    }
}

gboolean workplace_open(Workplace *place, const char *root, GError **error)
{
    *place = (Workplace){.lock = -1};
    if (g_mkdir_with_parents(root, 0755) != 0)
        return fail(root, "make this folder", error);
    remove_leftovers(root);
    g_autofree char *path = g_build_filename(root, PREFIX "XXXXXX", NULL);
    if (g_mkdtemp(path) == NULL)
        return fail(root, "make a folder in it", error);
    place->root = g_strdup(root);
    place->path = g_steal_pointer(&path);
    place->lock = lock_folder(place->path);
    return place->lock >= 0 || fail(place->path, "lock it", error);
}

char *workplace_file(const Workplace *place, const char *name)
{
    return g_build_filename(place->path, name, NULL);
}

static gboolean sync_folder(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gboolean ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        fail(path, "write it", error);
    if (fd >= 0)
        close(fd);
    return ok;
}

gboolean workplace_publish(Workplace *place, const char *name, GError **error)
{
    g_autofree char *to = g_build_filename(place->root, name, NULL);
    mode_t mask = umask(0);
    umask(mask);
    if (!sync_folder(place->path, error))
        return FALSE;
    if (fchmod(place->lock, 0777 & ~mask) != 0)
        return fail(place->path, "set its mode", error);
    /* Of what is there, this replaces an empty folder, and nothing else. */
    if (g_rename(place->path, to) != 0)
        return fail(to, "give a folder this name", error);
    g_clear_pointer(&place->path, g_free);
    return sync_folder(place->root, error);
}

void workplace_clear(Workplace *place)
{
    if (place->path != NULL)
        remove_folder(place->path);
    if (place->root != NULL && place->lock >= 0)
        close(place->lock);
    g_clear_pointer(&place->path, g_free);
    g_clear_pointer(&place->root, g_free);
}
