/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A file's bytes in memory of one's own. A mapped file is somebody else's memory: who copies
 * another over it changes what is read, and who cuts it short ends the process by a signal. Memory
 * can be given back in between and read again; that fails if the file has other bytes by then.
 */
#pragma once

#include <glib.h>

typedef struct _VdtOwnedFile VdtOwnedFile;

/** Reads a regular file; the result holds a reference to its bytes. */
VdtOwnedFile *vdt_owned_file_read(const char *path, GError **error);
/** Any thread may count. */
VdtOwnedFile *vdt_owned_file_ref(VdtOwnedFile *file);
void vdt_owned_file_unref(VdtOwnedFile *file);
/** Owned by @file, and good for as long as anybody holds a reference. */
GBytes *vdt_owned_file_get_bytes(const VdtOwnedFile *file);

typedef struct {
    gsize begin, end;
} VdtSpan;

/** Gives back whole pages outside of @kept, which are in order and apart. They read as zeros until
 * vdt_owned_file_restore(). Does nothing if there are such pages already. */
void vdt_owned_file_release(VdtOwnedFile *file, const VdtSpan *kept, guint n_kept);
/** Reads again what was given back; VDT_ERROR_FORMAT if it is not what it was. */
gboolean vdt_owned_file_restore(VdtOwnedFile *file, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtOwnedFile, vdt_owned_file_unref)
