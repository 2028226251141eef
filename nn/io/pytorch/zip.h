/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * A strict reader of zip archives, with zip64. Entries that are compressed are refused: PyTorch
 * stores, so that files can be mapped.
 *
 * Only what the central directory lists exists; every size and offset is checked against the file
 * before it is used. Archives with two entries of one name are refused, since programs differ in
 * which of them they see.
 */
#pragma once

#include "io/file-error.h"

typedef struct _VdtZip VdtZip;

/** @bytes are referenced; @origin is borrowed for as long as the archive lives. */
VdtZip *vdt_zip_open(GBytes *bytes, const char *origin, GError **error);
void vdt_zip_free(VdtZip *zip);

guint vdt_zip_get_n_entries(const VdtZip *zip);
const char *vdt_zip_get_name(const VdtZip *zip, guint i);
gboolean vdt_zip_has(const VdtZip *zip, const char *name);

/** The contents of an entry: a slice of the file. */
GBytes *vdt_zip_read(const VdtZip *zip, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtZip, vdt_zip_free)
