/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The database of another process, to be read alone, as it is while that writes it. One thread. */
#pragma once

#include "store.h"

G_BEGIN_DECLS

typedef struct _VdtForeign VdtForeign;

/* In @folder. NULL with G_IO_ERROR_NOT_FOUND if there is none yet, or with a VDT_STORE_ERROR. */
VdtForeign *vdt_foreign_open(const char *folder, GError **error);
void vdt_foreign_free(VdtForeign *foreign);

/* As vdt_store_read(). If the journal ends before *@after it is another one, and *@after is 0. */
GPtrArray *vdt_foreign_read(VdtForeign *foreign, guint64 *after, guint most, GError **error);

typedef struct {
    char *id, *snapshot, *clip; /* paths in the folder, or NULL */
    gint64 changed;
} VdtForeignFiles;

/* Files of events that came or went behind change @after, @most at most and in that order; an array
 * of VdtForeignFiles. */
GPtrArray *vdt_foreign_read_files(VdtForeign *foreign, gint64 after, guint most, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtForeign, vdt_foreign_free)

G_END_DECLS
