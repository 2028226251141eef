/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memfile.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_NAMED 4

typedef struct {
    const char *name;
    char *path;
    int fd;
} Named;

static char root[] = "/tmp/vedette-fuzz-XXXXXX";
static Named named[MOST_NAMED];
static guint n_named;

static int new_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    g_assert(fd >= 0);
    return fd;
}

/* What is written over costs less than a file that is emptied and grows again. */
static void fill(int fd, const guint8 *data, gsize size)
{
    g_assert(pwrite(fd, data, size, 0) == (gssize)size);
    g_assert(ftruncate(fd, (off_t)size) == 0);
}

const char *fuzz_file(const guint8 *data, gsize size)
{
    static char *path;
    static int fd;

    if (path == NULL) {
        fd = new_file();
        path = g_strdup_printf("/proc/self/fd/%d", fd);
    }
    fill(fd, data, size);
    return path;
}

static void clean_up(void)
{
    while (n_named > 0) {
        char *path = named[--n_named].path;
        g_unlink(path);
        do
            *strrchr(path, '/') = '\0';
        while (g_rmdir(path) == 0 && strcmp(path, root) != 0);
        g_free(path);
    }
}

/* A link to a file in memory: what is on a disk is written a thousand times slower. */
static Named *link_file(const char *name)
{
    Named *file = &named[n_named];

    g_assert(n_named < MOST_NAMED);
    if (n_named == 0) {
        g_assert(g_mkdtemp(root) != NULL);
        atexit(clean_up);
    }
    *file = (Named){name, g_build_filename(root, name, NULL), new_file()};
    g_autofree char *folder = g_path_get_dirname(file->path);
    g_autofree char *target = g_strdup_printf("/proc/self/fd/%d", file->fd);
    g_assert(g_mkdir_with_parents(folder, 0700) == 0 && symlink(target, file->path) == 0);
    n_named++;
    return file;
}

const char *fuzz_named_file(const char *name, const guint8 *data, gsize size)
{
    Named *file = NULL;

    for (guint i = 0; i < n_named && file == NULL; i++)
        if (strcmp(named[i].name, name) == 0)
            file = &named[i];
    if (file == NULL)
        file = link_file(name);
    fill(file->fd, data, size);
    return file->path;
}

const char *fuzz_folder(void)
{
    g_assert(n_named > 0);
    return root;
}
