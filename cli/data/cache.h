/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All clips of a set, made once by all cores and then kept: on disk, mapped, or in memory.
 *
 * On disk a set is a folder $XDG_CACHE_HOME/vedette/clips/HASH, named by its key, of files
 * ("shards") of some items each. A shard appears whole or not at all, so that a run that was killed
 * goes on where it was; one that is damaged or of another format is made again. A set with fewer
 * clips of the same key finds them all. Folders that nobody uses go, oldest first, when the bound
 * would be passed.
 */
#pragma once

#include "clipset.h"
#include "progress.h"

typedef struct {
    const char *folder; /* instead of $XDG_CACHE_HOME/vedette */
    gboolean in_memory;
    guint64 max_bytes; /* of all sets on disk, or of this one in memory */
} CacheOptions;

typedef struct _Cache Cache;

/* @set is kept by the caller and must outlive the cache. Lists what is wrong with items, all at
 * once, if the set asks for that. @doing is for the progress: "drawing training clips". */
Cache *cache_new(const ClipSet *set, const CacheOptions *options, const char *doing,
                 Progress *progress, GCancellable *cancellable, GError **error);
void cache_free(Cache *cache);
/* Clip @i, in the set's format; owned by the cache. */
const guint8 *cache_get(const Cache *cache, guint i);
const ClipSet *cache_get_set(const Cache *cache);
/* How many items were made now, not found, and in how much time. */
guint cache_get_n_made(const Cache *cache, double *seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cache, cache_free)
