/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading files into pages of one's own. */
#include "owned-file.h"
#include "file-error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    gsize at, size;
    guint64 hash;
} Released;

struct _VdtOwnedFile {
    gint ref_count;
    char *path;
    int fd; /* of the file that was read, whatever has this name by now */
    guchar *data;
    gsize size;
    GBytes *bytes;
    GArray *released; /* of Released */
};

typedef struct {
    void *data;
    gsize size;
} Pages;

static void free_pages(gpointer data)
{
    Pages *pages = data;

    munmap(pages->data, pages->size);
    g_free(pages);
}

static gboolean fail(const VdtOwnedFile *file, int code, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", file->path,
                g_strerror(code));
    return FALSE;
}

static gboolean changed(const VdtOwnedFile *file, const char *since, GError **error)
{
    return vdt_bad_file(error, file->path, "has changed %s: load it again", since);
}

static gboolean read_bytes(VdtOwnedFile *file, gsize at, gsize size, const char *since,
                           GError **error)
{
    for (gsize end = at + size; at < end;) {
        gssize n = pread(file->fd, file->data + at, end - at, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(file, errno, error);
        if (n == 0)
            return changed(file, since, error);
        at += (gsize)n;
    }
    return TRUE;
}

static gboolean same_state(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static gboolean read_all(VdtOwnedFile *file, GError **error)
{
    struct stat before, after;
    Pages pages;

    if (fstat(file->fd, &before) != 0)
        return fail(file, errno, error);
    if (!S_ISREG(before.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is not a regular file",
                    file->path);
        return FALSE;
    }
    file->size = (gsize)before.st_size;
    if (file->size == 0) {
        file->bytes = g_bytes_new(NULL, 0);
        return TRUE;
    }
    pages =
        (Pages){mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                file->size};
    if (pages.data == MAP_FAILED)
        return fail(file, errno, error);
    file->data = pages.data;
    file->bytes = g_bytes_new_with_free_func(file->data, file->size, free_pages,
                                             g_memdup2(&pages, sizeof pages));
    if (!read_bytes(file, 0, file->size, "while it was read", error))
        return FALSE;
    return (fstat(file->fd, &after) == 0 && same_state(&before, &after)) ||
           changed(file, "while it was read", error);
}

VdtOwnedFile *vdt_owned_file_read(const char *path, GError **error)
{
    g_autoptr(VdtOwnedFile) file = g_new0(VdtOwnedFile, 1);

    file->ref_count = 1;
    file->path = g_strdup(path);
    file->released = g_array_new(FALSE, FALSE, sizeof(Released));
    /* Not blocking, so that a named pipe is refused rather than waited for. */
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0) {
        fail(file, errno, error);
        return NULL;
    }
    return read_all(file, error) ? g_steal_pointer(&file) : NULL;
}

VdtOwnedFile *vdt_owned_file_ref(VdtOwnedFile *file)
{
    g_atomic_int_inc(&file->ref_count);
    return file;
}

void vdt_owned_file_unref(VdtOwnedFile *file)
{
    if (!g_atomic_int_dec_and_test(&file->ref_count))
        return;
    if (file->fd >= 0)
        close(file->fd);
    g_clear_pointer(&file->bytes, g_bytes_unref);
    g_array_unref(file->released);
    g_free(file->path);
    g_free(file);
}

GBytes *vdt_owned_file_get_bytes(const VdtOwnedFile *file)
{
    return file->bytes;
}

/* Tells an accident, not a forger: whoever can write the file needs no collision. */
static guint64 hash(const guchar *data, gsize size)
{
    guint64 lanes[4] = {1, 2, 3, 4}, result = size;

    for (gsize i = 0; i + sizeof lanes <= size; i += sizeof lanes) {
        guint64 words[4];

        memcpy(words, data + i, sizeof words);
        for (guint k = 0; k < 4; k++) {
            lanes[k] = (lanes[k] ^ words[k]) * 0x9e3779b97f4a7c15u;
            lanes[k] ^= lanes[k] >> 29;
        }
    }
    for (guint k = 0; k < 4; k++)
        result = (result ^ lanes[k]) * 0xd6e8feb86659fd93u;
    return result ^ result >> 32;
}

static void release(VdtOwnedFile *file, gsize begin, gsize end)
{
    gsize page = (gsize)sysconf(_SC_PAGESIZE);
    Released released;

    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (begin >= end)
        return;
    released = (Released){begin, end - begin, hash(file->data + begin, end - begin)};
    if (madvise(file->data + begin, released.size, MADV_DONTNEED) == 0)
        g_array_append_val(file->released, released);
}

void vdt_owned_file_release(VdtOwnedFile *file, const VdtSpan *kept, guint n_kept)
{
    gsize at = 0;

    if (file->released->len > 0)
        return;
    for (guint i = 0; i < n_kept; i++) {
        release(file, at, kept[i].begin);
        at = kept[i].end;
    }
    release(file, at, file->size);
}

gboolean vdt_owned_file_restore(VdtOwnedFile *file, GError **error)
{
    for (guint i = 0; i < file->released->len; i++) {
        const Released *r = &g_array_index(file->released, Released, i);

        if (!read_bytes(file, r->at, r->size, "since it was loaded", error))
            return FALSE;
        if (hash(file->data + r->at, r->size) != r->hash)
            return changed(file, "since it was loaded", error);
    }
    g_array_set_size(file->released, 0);
    return TRUE;
}
