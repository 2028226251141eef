/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to the database. One thread at a time. */
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct {
    sqlite3 *sqlite;
    GHashTable *statements; /* SQL, which is constant, to sqlite3_stmt that is reset */
    guint generation;       /* for whoever keeps it */
} VdtDb;

/* NULL, and *@code, if it cannot be opened; then *@why is a sentence to free. Nothing is read. */
VdtDb *vdt_db_open(const char *path, gboolean writes, int *code, char **why);
void vdt_db_free(VdtDb *db);
/* SQLite's code of what went wrong last, without its finer part, and in words. */
int vdt_db_get_code(const VdtDb *db);
const char *vdt_db_get_words(const VdtDb *db);

/* For each value of @sql, a letter in @types and an argument: i gint64, s const char * or NULL, d
 * double, NaN being NULL. @sql lives as long as @db. */
int vdt_db_run(VdtDb *db, const char *sql, const char *types, ...);
/* The same for rows: sqlite3_step() it, and then vdt_db_done(). NULL after an error. */
sqlite3_stmt *vdt_db_select(VdtDb *db, const char *sql, const char *types, ...);
/* The code that the statement ended with. */
int vdt_db_done(sqlite3_stmt *statement);
/* The whole number that @sql gives; *@value is left as it is if that gives none. */
int vdt_db_get_number(VdtDb *db, const char *sql, gint64 *value);
/* Several statements without values. */
int vdt_db_script(VdtDb *db, const char *sql);

/* Caller frees; NULL for NULL. */
char *vdt_db_dup_text(sqlite3_stmt *statement, int column);
/* NaN for NULL. */
double vdt_db_get_double(sqlite3_stmt *statement, int column);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtDb, vdt_db_free)
