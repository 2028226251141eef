/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shard of the cache of clips: it is used or made again, and nothing else. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/cache.h"
#include "fuzz.h"

#define KEY "fuzz"

static char *root, *folder, *shard;

static gboolean fill(const ClipSet *set, guint item, guint8 *clips, GCancellable *cancellable,
                     GError **error)
{
    memset(clips, (int)item, clip_format_bytes(&set->format));
    return TRUE;
}

static void clean_up(void)
{
    static const char *const names[] = {"00000.clips", "lock", "key.txt"};
    g_autofree char *clips = g_path_get_dirname(folder);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_rmdir(clips);
    g_rmdir(root);
    g_free(root);
    g_free(folder);
    g_free(shard);
}

static void prepare(void)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, KEY, -1);
    hash[32] = '\0';
    /* In memory where there is such a place: a shard is written through to the disk. */
    const char *shm = "/dev/shm";
    root = g_build_filename(access(shm, W_OK) == 0 ? shm : g_get_tmp_dir(), "vedette-fuzz-XXXXXX",
                            NULL);
    g_assert(g_mkdtemp(root) != NULL);
    folder = g_build_filename(root, "clips", hash, NULL);
    shard = g_build_filename(folder, "00000.clips", NULL);
    g_assert(g_mkdir_with_parents(folder, 0700) == 0);
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ClipSet set = {.format = {.width = 4, .height = 2, .frames = 1, .stored = 1},
                   .n_items = 3,
                   .group = 1,
                   .key = (char *)KEY,
                   .fill = fill};
    const CacheOptions options = {.folder = root, .max_bytes = 1 << 20};
    static volatile guint8 sum; /* keeps the reads */

    if (folder == NULL)
        prepare();
    int fd = g_open(shard, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_assert(fd >= 0 && write(fd, data, size) == (gssize)size);
    close(fd);
    g_autoptr(Progress) progress = progress_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Cache) cache = cache_new(&set, &options, "fuzzing", progress, NULL, &error);
    g_assert(cache != NULL && error == NULL);
    for (guint i = 0; i < 3; i++)
        for (gsize k = 0; k < clip_format_bytes(&set.format); k++) {
            sum = (guint8)(sum + cache_get(cache, i)[k]);
            g_assert(cache_get_n_made(cache, NULL) == 0 || cache_get(cache, i)[k] == i);
        }
    return 0;
}
