/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stores in a folder of their own, and events for them. */
#pragma once

#include "store/store.h"

/* A new folder in the test's own place. Caller frees; it goes with fixture_remove(). */
char *fixture_folder(void);
void fixture_remove(char *folder);
typedef char Folder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Folder, fixture_remove)

/* What a store says, a line each. */
typedef struct {
    GMutex lock;
    GString *text;
} Said;
void said_open(Said *said);
void said_close(Said *said);
/* Whether some line has @text; waits for it, 5 s at most. */
gboolean said_wait(Said *said, const char *text);
gboolean said_has(Said *said, const char *text);
guint said_count(Said *said, const char *text);
VdtStoreOptions said_options(Said *said);

/* "start", "update", "end" of an event of stream "front". */
VdtEvent *fixture_event(const char *phase, const char *id);
/* The same with all of a line. */
VdtEventLine fixture_line(const char *phase, const char *id);
void fixture_put(VdtStore *store, const char *phase, const char *id);
/* Puts start and end of @n events, called @name-0 and so on. */
void fixture_put_many(VdtStore *store, const char *name, guint n);
void fixture_flush(VdtStore *store);

/* All rows of the journal as "1:start:id 2:end:id". Caller frees. */
char *fixture_show_journal(VdtStore *store, guint64 after);
/* The one event of that id, or NULL. Caller frees. */
VdtStoredEvent *fixture_find(VdtStore *store, const char *id);
/* Runs SQL on the database in @folder. */
void fixture_sql(const char *folder, const char *sql);
gint64 fixture_number(const char *folder, const char *sql);
