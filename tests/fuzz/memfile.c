/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memfile.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void fill(int fd, const guint8 *data, gsize size)
{
    g_assert(ftruncate(fd, 0) == 0);
    g_assert(pwrite(fd, data, size, 0) == (gssize)size);
}

const char *fuzz_file(const guint8 *data, gsize size)
{
    static char *path;
    static int fd;

    if (path == NULL) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        g_assert(fd >= 0);
        path = g_strdup_printf("/proc/self/fd/%d", fd);
    }
    fill(fd, data, size);
    return path;
}

static char folder[] = "/tmp/vedette-fuzz-XXXXXX";
static char *named;

static void clean_up(void)
{
    g_unlink(named);
    g_rmdir(folder);
    g_clear_pointer(&named, g_free);
}

const char *fuzz_named_file(const char *name, const guint8 *data, gsize size)
{
    static int fd;

    if (named == NULL) {
        g_assert(g_mkdtemp(folder) != NULL);
        named = g_build_filename(folder, name, NULL);
        fd = g_open(named, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        g_assert(fd >= 0);
        atexit(clean_up);
    }
    fill(fd, data, size);
    return named;
}
