/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal over a connection. */
#pragma once

#include "db.h"
#include "store.h"

/* As vdt_store_read(); NULL after an error, which @db has. */
GPtrArray *vdt_journal_read(VdtDb *db, guint64 after, guint most);
/* The newest number that was given, 0 for none, and the oldest row's; one more if there is none.
 * SQLite's code. */
int vdt_journal_measure(VdtDb *db, guint64 *first, guint64 *last);
/* Numbers go on behind @last. */
int vdt_journal_start_behind(VdtDb *db, guint64 last);
