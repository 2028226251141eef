/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "marks.h"

typedef struct {
    guint64 seq, lost;
    gboolean dirty, gone;
} Mark;

struct _VdtMarksChange {
    GHashTable *all;
};

void vdt_marks_init(VdtMarks *marks)
{
    marks->all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void vdt_marks_clear(VdtMarks *marks)
{
    g_hash_table_unref(marks->all);
}

static Mark *find(const VdtMarks *marks, const char *reader)
{
    Mark *mark = g_hash_table_lookup(marks->all, reader);
    return mark != NULL && !mark->gone ? mark : NULL;
}

static Mark *insert(VdtMarks *marks, const char *reader, Mark value)
{
    Mark *mark = g_memdup2(&value, sizeof value);
    g_hash_table_replace(marks->all, g_strdup(reader), mark);
    return mark;
}

int vdt_marks_load(VdtMarks *marks, VdtDb *db)
{
    sqlite3_stmt *rows = vdt_db_select(db, "SELECT reader,seq,lost FROM marks", "");
    if (rows == NULL)
        return vdt_db_get_code(db);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        const char *reader = (const char *)sqlite3_column_text(rows, 0);
        if (reader != NULL && g_hash_table_lookup(marks->all, reader) == NULL)
            insert(marks, reader,
                   (Mark){.seq = (guint64)sqlite3_column_int64(rows, 1),
                          .lost = (guint64)sqlite3_column_int64(rows, 2)});
    }
    return vdt_db_done(rows);
}

guint64 vdt_marks_get(VdtMarks *marks, const char *reader, guint64 last)
{
    Mark *mark = find(marks, reader);
    if (mark == NULL)
        mark = insert(marks, reader, (Mark){.seq = last, .dirty = TRUE});
    return mark->seq;
}

void vdt_marks_set(VdtMarks *marks, const char *reader, guint64 seq)
{
    Mark *mark = find(marks, reader);
    if (mark == NULL) {
        insert(marks, reader, (Mark){.seq = seq, .dirty = TRUE});
    } else if (seq > mark->seq) {
        mark->seq = seq;
        mark->dirty = TRUE;
    }
}

void vdt_marks_forget(VdtMarks *marks, const char *reader)
{
    if (find(marks, reader) != NULL)
        insert(marks, reader, (Mark){.dirty = TRUE, .gone = TRUE});
}

guint64 vdt_marks_get_lost(VdtMarks *marks, const char *reader)
{
    const Mark *mark = find(marks, reader);
    return mark != NULL ? mark->lost : 0;
}

void vdt_marks_trim(VdtMarks *marks, guint64 first)
{
    GHashTableIter iter;
    Mark *mark;
    g_hash_table_iter_init(&iter, marks->all);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&mark))
        if (!mark->gone && mark->seq + 1 < first) {
            mark->lost += first - 1 - mark->seq;
            mark->seq = first - 1;
            mark->dirty = TRUE;
        }
}

void vdt_marks_touch(VdtMarks *marks)
{
    GHashTableIter iter;
    Mark *mark;
    g_hash_table_iter_init(&iter, marks->all);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&mark))
        mark->dirty = TRUE;
}

gboolean vdt_marks_are_dirty(const VdtMarks *marks)
{
    GHashTableIter iter;
    Mark *mark;
    g_hash_table_iter_init(&iter, marks->all);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&mark))
        if (mark->dirty)
            return TRUE;
    return FALSE;
}

VdtMarksChange *vdt_marks_take(VdtMarks *marks)
{
    if (!vdt_marks_are_dirty(marks))
        return NULL;
    VdtMarksChange *change = g_new(VdtMarksChange, 1);
    GHashTableIter iter;
    const char *reader;
    Mark *mark;
    change->all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_iter_init(&iter, marks->all);
    while (g_hash_table_iter_next(&iter, (gpointer *)&reader, (gpointer *)&mark))
        if (mark->dirty) {
            g_hash_table_insert(change->all, g_strdup(reader), g_memdup2(mark, sizeof *mark));
            mark->dirty = FALSE;
        }
    return change;
}

int vdt_marks_write(const VdtMarksChange *change, VdtDb *db)
{
    GHashTableIter iter;
    const char *reader;
    Mark *mark;
    int code = SQLITE_OK;
    if (change == NULL)
        return SQLITE_OK;
    g_hash_table_iter_init(&iter, change->all);
    while (code == SQLITE_OK &&
           g_hash_table_iter_next(&iter, (gpointer *)&reader, (gpointer *)&mark))
        code = mark->gone ? vdt_db_run(db, "DELETE FROM marks WHERE reader=?", "s", reader)
                          : vdt_db_run(db, "INSERT OR REPLACE INTO marks VALUES (?,?,?)", "sii",
                                       reader, (gint64)mark->seq, (gint64)mark->lost);
    return code;
}

void vdt_marks_done(VdtMarks *marks, VdtMarksChange *change, gboolean written)
{
    GHashTableIter iter;
    const char *reader;
    Mark *was;
    if (change == NULL)
        return;
    g_hash_table_iter_init(&iter, change->all);
    while (g_hash_table_iter_next(&iter, (gpointer *)&reader, (gpointer *)&was)) {
        Mark *mark = g_hash_table_lookup(marks->all, reader);
        if (mark != NULL && !written)
            mark->dirty = TRUE;
        else if (mark != NULL && mark->gone && was->gone && !mark->dirty)
            g_hash_table_remove(marks->all, reader);
    }
    g_hash_table_unref(change->all);
    g_free(change);
}
