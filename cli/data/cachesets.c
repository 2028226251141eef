/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cachesets.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_DIGITS 32

void cached_set_clear(CachedSet *set)
{
    g_free(set->path);
    g_free(set->key);
}

char *cache_sets_root(const char *folder)
{
    return folder != NULL ? g_build_filename(folder, "clips", NULL)
                          : g_build_filename(g_get_user_cache_dir(), "vedette", "clips", NULL);
}

int cache_sets_lock(const char *path, int how)
{
    g_autofree char *lock = g_build_filename(path, "lock", NULL);
    int fd = g_open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, how) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* What a cache writes, whole or still under another name. */
static gboolean is_ours(const char *file)
{
    static const char *const patterns[] = {"lock", "key.txt*", "?????.clips*"};
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (g_pattern_match_simple(patterns[i], file))
            return TRUE;
    return FALSE;
}

/* Bytes of the files in @folder; removes those of ours, and it if nothing is left, if @remove. */
static guint64 walk(const char *folder, gboolean remove)
{
    guint64 bytes = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        GStatBuf s;
        if (!is_ours(name) || g_lstat(path, &s) != 0 || !S_ISREG(s.st_mode))
            continue;
        bytes += s.st_size;
        if (remove)
            g_unlink(path);
    }
    if (remove)
        g_rmdir(folder);
    return bytes;
}

static int by_use(gconstpointer a, gconstpointer b)
{
    const CachedSet *x = a, *y = b;
    return (x->used > y->used) - (x->used < y->used);
}

GArray *cache_sets_list(const char *root)
{
    GArray *sets = g_array_new(FALSE, FALSE, sizeof(CachedSet));
    g_array_set_clear_func(sets, (GDestroyNotify)cached_set_clear);
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        CachedSet set = {.path = g_build_filename(root, name, NULL)};
        g_autofree char *lock = g_build_filename(set.path, "lock", NULL);
        g_autofree char *key = g_build_filename(set.path, "key.txt", NULL);
        GStatBuf s;
        /* What does not look like one of ours is none. */
        if (strlen(name) != NAME_DIGITS || strspn(name, "0123456789abcdef") != NAME_DIGITS ||
            g_lstat(lock, &s) != 0 || !S_ISREG(s.st_mode)) {
            cached_set_clear(&set);
            continue;
        }
        set.used = s.st_mtime;
        set.bytes = walk(set.path, FALSE);
        g_file_get_contents(key, &set.key, NULL, NULL);
        g_array_append_val(sets, set);
    }
    g_array_sort(sets, by_use);
    return sets;
}

gboolean cache_sets_remove(const CachedSet *set)
{
    int lock = cache_sets_lock(set->path, LOCK_EX | LOCK_NB);
    if (lock < 0)
        return FALSE;
    walk(set->path, TRUE);
    close(lock);
    return !g_file_test(set->path, G_FILE_TEST_EXISTS);
}
