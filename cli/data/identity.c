/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identity.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES 8192
#define N_PARTS    3

static gboolean identify(int fd, const char *name, GChecksum *hash)
{
    struct stat s;
    guint8 part[PART_BYTES];
    if (fstat(fd, &s) != 0)
        return FALSE;
    g_autofree char *head = g_strdup_printf("%s\n%" G_GINT64_FORMAT "\n", name, (gint64)s.st_size);
    g_checksum_update(hash, (const guchar *)head, -1);
    goffset last = MAX(s.st_size - PART_BYTES, 0);
    for (int i = 0; i < N_PARTS; i++) {
        ssize_t n = pread(fd, part, sizeof part, last * i / (N_PARTS - 1));
        if (n < 0)
            return FALSE;
        g_checksum_update(hash, part, n);
    }
    return TRUE;
}

gboolean file_identify(const char *name, const char *path, GChecksum *hash)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    gboolean ok = fd >= 0 && identify(fd, name, hash);
    if (fd >= 0)
        close(fd);
    return ok;
}
