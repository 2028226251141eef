/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sets of clips that a cache keeps on disk: a folder for each, called by its key's hash.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *path;
    char *key;   /* what it is, as key.txt says; NULL if that is not there */
    gint64 used; /* seconds since 1970 when a training last took it */
    guint64 bytes;
} CachedSet;

void cached_set_clear(CachedSet *set);

/* The folder of all sets; @folder is that of --cache-folder, or NULL. Caller frees. */
char *cache_sets_root(const char *folder);
/* The sets there, those that were not used for the longest time first: of CachedSet. */
GArray *cache_sets_list(const char *root);
/* Removes the files of a set, and it; nothing that a cache did not make. FALSE if a training uses
 * it, or if it cannot be removed. */
gboolean cache_sets_remove(const CachedSet *set);

/* Takes the lock of a set's folder, LOCK_SH or LOCK_EX with or without LOCK_NB; -1 with errno set
 * if that fails. */
int cache_sets_lock(const char *path, int how);
