/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * Files that appear whole or not at all.
 *
 * Data goes to a temporary file in the same folder, which takes the real name only when it is
 * complete and on disk. Freeing without a commit leaves what was there before.
 */
#pragma once

#include <gio/gio.h>

typedef struct _VdtAtomicFile VdtAtomicFile;

VdtAtomicFile *vdt_atomic_file_new(const char *path, GError **error);
gboolean vdt_atomic_file_write(VdtAtomicFile *file, const void *data, gsize n, GError **error);
/** Makes the file durable and gives it its name. */
gboolean vdt_atomic_file_commit(VdtAtomicFile *file, GError **error);
void vdt_atomic_file_free(VdtAtomicFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtAtomicFile, vdt_atomic_file_free)
