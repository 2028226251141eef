/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vedette/runtime.h>

#include "cachesets.h"
#include "io/atomic-file.h"

/* About as large as a shard is. Each worker makes one at a time in memory. */
#define SHARD_BYTES   (16 << 20)
/* Most problems with items that a message lists. */
#define MAX_PROBLEMS  50
#define HEADER_BYTES  4096
#define CACHE_VERSION 1

typedef struct {
    char magic[8];
    guint32 version, n_items;
    guint64 n_bytes; /* after the header */
    guint64 checksum;
    guint8 key[32];
} Header;
G_STATIC_ASSERT(sizeof(Header) <= HEADER_BYTES);

typedef struct {
    guint first, n_items;
    guint8 *items;   /* NULL until it is there */
    gpointer mapped; /* of the file; NULL in memory */
    gsize mapped_bytes;
} Shard;

struct _Cache {
    const ClipSet *set;
    char *folder; /* NULL in memory */
    int lock;     /* held shared, so that nobody removes the folder */
    guint8 key[32];
    gsize item_bytes;
    guint shard_items, n_shards;
    Shard *shards;
    guint n_made;
    double seconds;
};

/* The work of making what is missing. */
typedef struct {
    Cache *cache;
    Progress *progress;
    GCancellable *cancellable;
    gint next; /* shard to look at; atomic */
    gint stop; /* atomic */
    GMutex lock;
    GPtrArray *problems; /* messages about items, with their numbers in front for sorting */
    GError *error;       /* that ended everything */
} Making;

/* Of 8 bytes at a time; a cache is checked at the speed of memory. */
static guint64 checksum(const guint8 *data, gsize n)
{
    guint64 sum[4] = {1, 2, 3, 4};
    const guint64 prime = G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    gsize i = 0;
    for (; i + 32 <= n; i += 32) {
        guint64 words[4];
        memcpy(words, data + i, 32);
        for (int k = 0; k < 4; k++) {
            sum[k] = (sum[k] ^ words[k]) * prime;
            sum[k] ^= sum[k] >> 29;
        }
    }
    for (; i < n; i++)
        sum[0] = (sum[0] ^ data[i]) * prime;
    return sum[0] ^ (sum[1] * 3) ^ (sum[2] * 5) ^ (sum[3] * 7);
}

static char *shard_path(const Cache *cache, guint i)
{
    g_autofree char *name = g_strdup_printf("%05u.clips", i);
    return g_build_filename(cache->folder, name, NULL);
}

/* TRUE if the shard is in its file, whole. */
static gboolean map_shard(Cache *cache, guint i)
{
    Shard *shard = &cache->shards[i];
    g_autofree char *path = shard_path(cache, i);
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        return FALSE;
    struct stat s;
    gsize least = HEADER_BYTES + shard->n_items * cache->item_bytes;
    gpointer memory = MAP_FAILED;
    if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && (guint64)s.st_size >= least)
        memory = mmap(NULL, s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return FALSE;
    const Header *header = memory;
    guint8 *items = (guint8 *)memory + HEADER_BYTES;
    /* The last shard of a larger set may hold more items than this one needs. */
    if (memcmp(header->magic, "VDTCLIPS", 8) == 0 && header->version == CACHE_VERSION &&
        header->n_items >= shard->n_items &&
        header->n_bytes == header->n_items * (guint64)cache->item_bytes &&
        header->n_bytes == (guint64)s.st_size - HEADER_BYTES &&
        memcmp(header->key, cache->key, sizeof header->key) == 0 &&
        header->checksum == checksum(items, header->n_bytes)) {
        shard->mapped = memory;
        shard->mapped_bytes = s.st_size;
        shard->items = items;
        return TRUE;
    }
    munmap(memory, s.st_size);
    return FALSE;
}

static gboolean write_shard(const Cache *cache, guint i, const guint8 *items, GError **error)
{
    const Shard *shard = &cache->shards[i];
    gsize n_bytes = shard->n_items * cache->item_bytes;
    union {
        Header header;
        guint8 bytes[HEADER_BYTES];
    } start = {.bytes = {0}};
    start.header = (Header){.version = CACHE_VERSION,
                            .n_items = shard->n_items,
                            .n_bytes = n_bytes,
                            .checksum = checksum(items, n_bytes)};
    memcpy(start.header.magic, "VDTCLIPS", 8);
    memcpy(start.header.key, cache->key, sizeof cache->key);
    g_autofree char *path = shard_path(cache, i);
    g_autoptr(VdtAtomicFile) file = vdt_atomic_file_new(path, error);
    if (file != NULL && vdt_atomic_file_write(file, start.bytes, HEADER_BYTES, error) &&
        vdt_atomic_file_write(file, items, n_bytes, error) && vdt_atomic_file_commit(file, error))
        return TRUE;
    g_prefix_error(error, "the cache of clips: ");
    return FALSE;
}

/* The first error ends everything. */
static void fail(Making *making, GError *error)
{
    g_mutex_lock(&making->lock);
    if (making->error == NULL)
        making->error = error;
    else
        g_error_free(error);
    g_mutex_unlock(&making->lock);
    g_atomic_int_set(&making->stop, TRUE);
}

static gboolean make_item(Making *making, guint item, guint8 *to, gboolean *whole)
{
    const ClipSet *set = making->cache->set;
    g_autoptr(GError) error = NULL;
    if (set->fill(set, item, to, making->cancellable, &error)) {
        progress_count(making->progress);
        return TRUE;
    }
    if (!set->report_all || g_error_matches(error, VDT_ERROR, VDT_ERROR_CANCELLED)) {
        fail(making, g_steal_pointer(&error));
        return FALSE;
    }
    g_mutex_lock(&making->lock);
    g_ptr_array_add(making->problems, g_strdup_printf("%010u%s", item, error->message));
    g_mutex_unlock(&making->lock);
    *whole = FALSE;
    return TRUE;
}

static void make_shard(Making *making, guint i)
{
    Cache *cache = making->cache;
    Shard *shard = &cache->shards[i];
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *items = g_try_malloc(shard->n_items * cache->item_bytes);
    if (items == NULL) {
        fail(making, g_error_new(VDT_ERROR, VDT_ERROR_FAILED,
                                 "%" G_GSIZE_FORMAT " bytes of memory for clips cannot be had",
                                 shard->n_items * cache->item_bytes));
        return;
    }
    gboolean whole = TRUE;
    for (guint k = 0; k < shard->n_items; k++) {
        if (g_cancellable_set_error_if_cancelled(making->cancellable, &error)) {
            fail(making,
                 g_error_new(VDT_ERROR, VDT_ERROR_CANCELLED, "stopped while clips were made"));
            return;
        }
        if (g_atomic_int_get(&making->stop) ||
            !make_item(making, shard->first + k, items + k * cache->item_bytes, &whole))
            return;
    }
    g_mutex_lock(&making->lock);
    making->cache->n_made += shard->n_items;
    g_mutex_unlock(&making->lock);
    if (!whole)
        return;
    if (cache->folder == NULL) {
        shard->items = g_steal_pointer(&items);
        return;
    }
    if (!write_shard(cache, i, items, &error)) {
        fail(making, g_steal_pointer(&error));
    } else if (!map_shard(cache, i)) {
        g_autofree char *path = shard_path(cache, i);
        fail(making, g_error_new(VDT_ERROR, VDT_ERROR_FAILED,
                                 "%s: what was just written cannot be read", path));
    }
}

static gpointer worker(gpointer data)
{
    Making *making = data;
    for (;;) {
        guint i = g_atomic_int_add(&making->next, 1);
        if (i >= making->cache->n_shards || g_atomic_int_get(&making->stop))
            return NULL;
        if (making->cache->shards[i].items == NULL)
            make_shard(making, i);
    }
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void set_problems(const GPtrArray *problems, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < problems->len && i < MAX_PROBLEMS; i++)
        g_string_append_printf(text, "\n%s", (const char *)problems->pdata[i] + 10);
    if (problems->len > MAX_PROBLEMS)
        g_string_append_printf(text, "\n... and %u more", problems->len - MAX_PROBLEMS);
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED, "%u of the clips cannot be used:%s",
                problems->len, text->str);
}

/* Makes what is not there yet. */
static gboolean make_missing(Cache *cache, const char *doing, Progress *progress,
                             GCancellable *cancellable, GError **error)
{
    guint missing = 0;
    for (guint i = 0; i < cache->n_shards; i++)
        missing += cache->shards[i].items == NULL ? cache->shards[i].n_items : 0;
    if (missing == 0)
        return TRUE;
    Making making = {.cache = cache, .progress = progress, .cancellable = cancellable};
    g_mutex_init(&making.lock);
    making.problems = g_ptr_array_new_with_free_func(g_free);
    gint64 start = g_get_monotonic_time();
    progress_begin(progress, doing, "clips", 0, missing);
    guint n_threads = MIN(vdt_threads_get(), cache->n_shards);
    g_autofree GThread **threads = g_new(GThread *, n_threads);
    for (guint i = 1; i < n_threads; i++)
        threads[i] = g_thread_new("clips", worker, &making);
    worker(&making);
    for (guint i = 1; i < n_threads; i++)
        g_thread_join(threads[i]);
    progress_end(progress);
    cache->seconds = (g_get_monotonic_time() - start) / (double)G_USEC_PER_SEC;

    gboolean ok = making.error == NULL && making.problems->len == 0;
    if (making.error != NULL) {
        g_propagate_error(error, making.error);
    } else if (!ok) {
        g_ptr_array_sort(making.problems, compare_text);
        set_problems(making.problems, error);
    }
    g_ptr_array_unref(making.problems);
    g_mutex_clear(&making.lock);
    return ok;
}

/* Removes sets that nobody uses, oldest first, until @needed bytes fit below the bound. */
static void make_room(const char *root, const char *own, guint64 needed, guint64 bound)
{
    g_autoptr(GArray) sets = cache_sets_list(root);
    guint64 total = needed;
    for (guint i = 0; i < sets->len; i++)
        if (strcmp(g_array_index(sets, CachedSet, i).path, own) != 0)
            total += g_array_index(sets, CachedSet, i).bytes;
    for (guint i = 0; i < sets->len && total > bound; i++) {
        const CachedSet *set = &g_array_index(sets, CachedSet, i);
        if (strcmp(set->path, own) != 0 && cache_sets_remove(set))
            total -= set->bytes;
    }
}

static gboolean check_bound(const Cache *cache, const CacheOptions *options, GError **error)
{
    const ClipSet *set = cache->set;
    double gib = 1 << 30;
    guint64 needed = (guint64)set->n_items * cache->item_bytes;
    if (needed <= options->max_bytes)
        return TRUE;
    g_set_error(error, VDT_ERROR, VDT_ERROR_FAILED,
                "%u clips of %u pictures of %ux%u need %.2f GiB of cache, but --cache-size is %.2f "
                "GiB: take fewer clips, a smaller size, or a larger cache",
                clip_set_get_n_clips(set), set->format.stored, set->format.width,
                set->format.height, needed / gib, options->max_bytes / gib);
    return FALSE;
}

static gboolean open_folder(Cache *cache, const CacheOptions *options, GError **error)
{
    g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, cache->set->key, -1);
    hash[32] = '\0'; /* as a name, half of it will do */
    g_autofree char *root = cache_sets_root(options->folder);
    cache->folder = g_build_filename(root, hash, NULL);
    if (g_mkdir_with_parents(cache->folder, 0777) != 0) {
        int code = errno;
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "%s: the folder for cached clips cannot be made: %s", cache->folder,
                    g_strerror(code));
        return FALSE;
    }
    cache->lock = cache_sets_lock(cache->folder, LOCK_SH);
    if (cache->lock < 0) {
        int code = errno;
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "%s: cannot be locked: %s",
                    cache->folder, g_strerror(code));
        return FALSE;
    }
    futimens(cache->lock, NULL);
    /* For people who look into the folder. */
    g_autofree char *note = g_build_filename(cache->folder, "key.txt", NULL);
    vdt_file_save(note, cache->set->key, -1, NULL);
    make_room(root, cache->folder, (guint64)cache->set->n_items * cache->item_bytes,
              options->max_bytes);
    return TRUE;
}

Cache *cache_new(const ClipSet *set, const CacheOptions *options, const char *doing,
                 Progress *progress, GCancellable *cancellable, GError **error)
{
    g_autoptr(Cache) cache = g_new0(Cache, 1);
    cache->set = set;
    cache->lock = -1;
    cache->item_bytes = clip_format_bytes(&set->format) * set->group;
    if (!check_bound(cache, options, error))
        return NULL;
    g_autoptr(GChecksum) hash = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(hash, (const guchar *)set->key, -1);
    gsize length = sizeof cache->key;
    g_checksum_get_digest(hash, cache->key, &length);

    cache->shard_items = CLAMP(SHARD_BYTES / cache->item_bytes, 1, 4096);
    cache->n_shards = (set->n_items + cache->shard_items - 1) / cache->shard_items;
    cache->shards = g_new0(Shard, cache->n_shards + 1);
    for (guint i = 0; i < cache->n_shards; i++) {
        guint first = i * cache->shard_items;
        cache->shards[i].first = first;
        cache->shards[i].n_items = MIN(cache->shard_items, set->n_items - first);
    }
    if (!options->in_memory) {
        if (!open_folder(cache, options, error))
            return NULL;
        for (guint i = 0; i < cache->n_shards; i++)
            map_shard(cache, i);
    }
    if (!make_missing(cache, doing, progress, cancellable, error))
        return NULL;
    return g_steal_pointer(&cache);
}

void cache_free(Cache *cache)
{
    if (cache == NULL)
        return;
    for (guint i = 0; i < cache->n_shards; i++) {
        Shard *shard = &cache->shards[i];
        if (shard->mapped != NULL)
            munmap(shard->mapped, shard->mapped_bytes);
        else
            g_free(shard->items);
    }
    if (cache->lock >= 0)
        close(cache->lock);
    g_free(cache->shards);
    g_free(cache->folder);
    g_free(cache);
}

const guint8 *cache_get(const Cache *cache, guint i)
{
    guint item = i / cache->set->group, inside = i % cache->set->group;
    const Shard *shard = &cache->shards[item / cache->shard_items];
    return shard->items + (item - shard->first) * cache->item_bytes +
           inside * clip_format_bytes(&cache->set->format);
}

const ClipSet *cache_get_set(const Cache *cache)
{
    return cache->set;
}

guint cache_get_n_made(const Cache *cache, double *seconds)
{
    if (seconds != NULL)
        *seconds = cache->seconds;
    return cache->n_made;
}
