/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * The writer of every file: one that appears whole or not at all.
 *
 * Data goes to a temporary file in the same folder (VDT_ATOMIC_FILE_LEFTOVERS is what its name
 * looks like, should the process be killed), which takes the real name, and the mode of what
 * had it before, only when it is complete and on disk. Freeing without a commit leaves what was
 * there before. Symbolic links stay, and what they name is replaced.
 *
 * What cannot be replaced is written to instead: devices, pipes, the process's own descriptors
 * (/dev/stdout), and files in folders where nothing can be made. Nothing is ever removed but the
 * temporary file.
 */
#pragma once

#include <gio/gio.h>

#define VDT_ATOMIC_FILE_LEFTOVERS "*.vedette-??????"

typedef struct _VdtAtomicFile VdtAtomicFile;

/** Also finds out whether @path can be written at all. Waits for the reader of a named pipe. */
VdtAtomicFile *vdt_atomic_file_new(const char *path, GError **error);
gboolean vdt_atomic_file_write(VdtAtomicFile *file, const void *data, gsize n, GError **error);
/** Makes the file durable and gives it its name. */
gboolean vdt_atomic_file_commit(VdtAtomicFile *file, GError **error);
void vdt_atomic_file_free(VdtAtomicFile *file);
/** For others who write; they may seek where it is a file. Owned by @file. */
int vdt_atomic_file_get_fd(const VdtAtomicFile *file);

/** Whether @path can be written, for those who write only after long work. A named pipe, whose
 * reader would take this for the end, is not looked at. */
gboolean vdt_file_check(const char *path, GError **error);

/** All of it at once; @n bytes of @data, or all of a text if @n is -1. */
gboolean vdt_file_save(const char *path, const void *data, gssize n, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtAtomicFile, vdt_atomic_file_free)
