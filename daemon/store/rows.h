/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing: the row of an event, and of the journal. Within a transaction; returns SQLite's codes.
 */
#pragma once

#include "db.h"
#include "store.h"

int vdt_rows_put(VdtDb *db, const VdtEvent *event, gint64 now);
int vdt_rows_attach(VdtDb *db, const char *id, VdtAttachment attachment, const char *path,
                    gint64 now);
/* From whichever events have it. */
int vdt_rows_detach(VdtDb *db, VdtAttachment attachment, const char *path, gint64 now);
int vdt_rows_follow(VdtDb *db, const char *stream, const VdtFollowed *followed);
/* Ends what is open at the time of its last sign. *@n is how many there were. */
int vdt_rows_end_open(VdtDb *db, gint64 now, guint *n);
