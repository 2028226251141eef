/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#define MOST 10000 /* rows at once */

static const char select_rows[] =
    "SELECT seq,phase,time,id,stream,type,what,element,label,zone,line,score,audience,json "
    "FROM journal WHERE seq>? ORDER BY seq LIMIT ?";

static VdtRecord *take(sqlite3_stmt *row)
{
    const VdtEvent borrowed = {
        .phase = (VdtEventPhase)CLAMP(sqlite3_column_int(row, 1), 0, VDT_N_PHASES - 1),
        .time = sqlite3_column_int64(row, 2),
        .id = (char *)sqlite3_column_text(row, 3),
        .stream = (char *)sqlite3_column_text(row, 4),
        .type = (char *)sqlite3_column_text(row, 5),
        .what = (char *)sqlite3_column_text(row, 6),
        .element = (char *)sqlite3_column_text(row, 7),
        .label = (char *)sqlite3_column_text(row, 8),
        .zone = (char *)sqlite3_column_text(row, 9),
        .line = (char *)sqlite3_column_text(row, 10),
        .score = vdt_db_get_double(row, 11),
        .audience = (guint)sqlite3_column_int64(row, 12),
        .json = (char *)sqlite3_column_text(row, 13)};
    VdtRecord *record = g_new(VdtRecord, 1);
    *record = (VdtRecord){(guint64)sqlite3_column_int64(row, 0), vdt_event_copy(&borrowed)};
    return record;
}

GPtrArray *vdt_journal_read(VdtDb *db, guint64 after, guint most)
{
    sqlite3_stmt *rows = vdt_db_select(
        db, select_rows, "ii", (gint64)MIN(after, (guint64)G_MAXINT64), (gint64)MIN(most, MOST));
    if (rows == NULL)
        return NULL;
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_record_free);
    while (sqlite3_step(rows) == SQLITE_ROW)
        g_ptr_array_add(records, take(rows));
    if (vdt_db_done(rows) != SQLITE_OK)
        g_clear_pointer(&records, g_ptr_array_unref);
    return records;
}

int vdt_journal_measure(VdtDb *db, guint64 *first, guint64 *last)
{
    gint64 newest = 0, oldest = -1;
    int code =
        vdt_db_get_number(db, "SELECT seq FROM sqlite_sequence WHERE name='journal'", &newest);
    if (code == SQLITE_OK)
        code = vdt_db_get_number(db, "SELECT min(seq) FROM journal", &oldest);
    if (code == SQLITE_OK) {
        *last = (guint64)newest;
        *first = oldest < 0 ? *last + 1 : (guint64)oldest;
    }
    return code;
}

int vdt_journal_start_behind(VdtDb *db, guint64 last)
{
    int code = vdt_db_run(db, "DELETE FROM sqlite_sequence WHERE name='journal'", "");
    return code != SQLITE_OK
               ? code
               : vdt_db_run(db, "INSERT INTO sqlite_sequence (name,seq) VALUES ('journal',?)", "i",
                            (gint64)last);
}

void vdt_record_free(VdtRecord *record)
{
    vdt_event_unref(record->event);
    g_free(record);
}
