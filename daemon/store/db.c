/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "db.h"

#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <unistd.h>

#define PATIENCE_WRITING 200  /* ms, with another process that has it locked */
#define PATIENCE_READING 2000 /* ms */

static void finalize(gpointer statement)
{
    sqlite3_finalize(statement);
}

/* Others than the service's group have no business with it; log and index get the same mode. */
static void make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0)
        close(fd);
}

VdtDb *vdt_db_open(const char *path, gboolean writes, int *code, char **why)
{
    g_autoptr(VdtDb) db = g_new0(VdtDb, 1);
    db->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize);
    if (writes)
        make_file(path);
    *code = sqlite3_open_v2(path, &db->sqlite,
                            SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                                (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY),
                            NULL);
    if (*code != SQLITE_OK) {
        *why = g_strdup(db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : "out of memory");
        return NULL;
    }
    sqlite3_busy_timeout(db->sqlite, writes ? PATIENCE_WRITING : PATIENCE_READING);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return g_steal_pointer(&db);
}

void vdt_db_free(VdtDb *db)
{
    g_hash_table_unref(db->statements);
    sqlite3_close(db->sqlite);
    g_free(db);
}

int vdt_db_get_code(const VdtDb *db)
{
    return sqlite3_errcode(db->sqlite) & 0xff;
}

const char *vdt_db_get_words(const VdtDb *db)
{
    return sqlite3_errmsg(db->sqlite);
}

static void bind(sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 0; types[i] != '\0'; i++)
        if (types[i] == 'i') {
            sqlite3_bind_int64(statement, i + 1, va_arg(args, gint64));
        } else if (types[i] == 's') {
            sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        } else {
            double value = va_arg(args, double);
            if (isnan(value))
                sqlite3_bind_null(statement, i + 1);
            else
                sqlite3_bind_double(statement, i + 1, value);
        }
}

static sqlite3_stmt *prepare(VdtDb *db, const char *sql)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    if (statement == NULL && sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                &statement, NULL) == SQLITE_OK)
        g_hash_table_insert(db->statements, (gpointer)sql, statement);
    return statement;
}

static sqlite3_stmt *prepare_with(VdtDb *db, const char *sql, const char *types, va_list args)
{
    sqlite3_stmt *statement = prepare(db, sql);
    if (statement != NULL)
        bind(statement, types, args);
    return statement;
}

int vdt_db_run(VdtDb *db, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = prepare_with(db, sql, types, args);
    va_end(args);
    if (statement == NULL)
        return vdt_db_get_code(db);
    while (sqlite3_step(statement) == SQLITE_ROW)
        continue;
    return vdt_db_done(statement);
}

sqlite3_stmt *vdt_db_select(VdtDb *db, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = prepare_with(db, sql, types, args);
    va_end(args);
    return statement;
}

int vdt_db_done(sqlite3_stmt *statement)
{
    int code = sqlite3_reset(statement) & 0xff;
    sqlite3_clear_bindings(statement);
    return code;
}

int vdt_db_get_number(VdtDb *db, const char *sql, gint64 *value)
{
    sqlite3_stmt *statement = prepare(db, sql);
    if (statement == NULL)
        return vdt_db_get_code(db);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(statement, 0);
    return vdt_db_done(statement);
}

int vdt_db_script(VdtDb *db, const char *sql)
{
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) & 0xff;
}

char *vdt_db_dup_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

double vdt_db_get_double(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? NAN
               : sqlite3_column_double(statement, column);
}
