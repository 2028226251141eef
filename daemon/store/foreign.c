/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign.h"

#include "journal.h"
#include "schema.h"

struct _VdtForeign {
    char *path;
    VdtDb *db;
};

static gboolean fail(const VdtForeign *f, GError **error)
{
    g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ, "%s: %s", f->path,
                vdt_db_get_words(f->db));
    return FALSE;
}

static gboolean check_version(const VdtForeign *f, GError **error)
{
    gint64 version = 0;
    if (vdt_db_get_number(f->db, "PRAGMA user_version", &version) != SQLITE_OK)
        return fail(f, error);
    if (version == VDT_SCHEMA_VERSION)
        return TRUE;
    g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ,
                "%s: version %" G_GINT64_FORMAT ", expected %d: another Vedette writes it", f->path,
                version, VDT_SCHEMA_VERSION);
    return FALSE;
}

VdtForeign *vdt_foreign_open(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, VDT_STORE_FILE, NULL), *why = NULL;
    int code;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: it is not there", path);
        return NULL;
    }
    VdtDb *db = vdt_db_open(path, FALSE, &code, &why);
    if (db == NULL) {
        g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ, "%s: %s", path, why);
        return NULL;
    }
    g_autoptr(VdtForeign) f = g_new(VdtForeign, 1);
    *f = (VdtForeign){g_steal_pointer(&path), db};
    return check_version(f, error) ? g_steal_pointer(&f) : NULL;
}

void vdt_foreign_free(VdtForeign *f)
{
    vdt_db_free(f->db);
    g_free(f->path);
    g_free(f);
}

GPtrArray *vdt_foreign_read(VdtForeign *f, guint64 *after, guint most, GError **error)
{
    guint64 first, last;
    if (vdt_journal_measure(f->db, &first, &last) != SQLITE_OK) {
        fail(f, error);
        return NULL;
    }
    if (last < *after)
        *after = 0;
    GPtrArray *records = vdt_journal_read(f->db, *after, most);
    if (records == NULL)
        fail(f, error);
    return records;
}

static void files_free(gpointer data)
{
    VdtForeignFiles *files = data;
    g_free(files->id);
    g_free(files->snapshot);
    g_free(files->clip);
    g_free(files);
}

GPtrArray *vdt_foreign_read_files(VdtForeign *f, gint64 after, guint most, GError **error)
{
    sqlite3_stmt *rows = vdt_db_select(f->db,
                                       "SELECT id,snapshot,clip,changed FROM events "
                                       "WHERE changed>? AND changed>0 ORDER BY changed LIMIT ?",
                                       "ii", after, (gint64)most);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(files_free);
    while (rows != NULL && sqlite3_step(rows) == SQLITE_ROW) {
        VdtForeignFiles *files = g_new(VdtForeignFiles, 1);
        *files = (VdtForeignFiles){vdt_db_dup_text(rows, 0), vdt_db_dup_text(rows, 1),
                                   vdt_db_dup_text(rows, 2), sqlite3_column_int64(rows, 3)};
        g_ptr_array_add(all, files);
    }
    if (rows != NULL && vdt_db_done(rows) == SQLITE_OK)
        return g_steal_pointer(&all);
    fail(f, error);
    return NULL;
}
