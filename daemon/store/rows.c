/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rows.h"

/* What was never started goes from its first update to its last one. */
static const char put_event[] =
    "INSERT INTO events (id,stream,type,what,element,label,zone,line,began,last,ended,score,"
    "audience,json) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?9,?10,?11,?12,?13) "
    "ON CONFLICT (id) DO UPDATE SET last=max(last,excluded.last),"
    "ended=CASE WHEN ended=0 AND ?14<>2 THEN 0 ELSE max(ended,began,excluded.last) END,"
    "score=max(coalesce(score,excluded.score),coalesce(excluded.score,score)),"
    "audience=audience|excluded.audience,json=excluded.json";

static const char put_journal[] =
    "INSERT INTO journal (written,phase,time,id,stream,type,what,element,label,zone,line,score,"
    "audience,json) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/* With the event, so that none is taken over twice. */
static const char put_followed[] = "INSERT INTO followed VALUES (?1,?2,0) "
                                   "ON CONFLICT (stream) DO UPDATE SET seq=max(seq,excluded.seq)";

/* By the clock, unless that goes back: no number is given twice, whatever was deleted. */
#define CHANGED "changed=max(?3,(SELECT ifnull(max(changed),0)+1 FROM events WHERE changed>0))"

static const char *const attach[] = {
    [VDT_ATTACH_SNAPSHOT] = "UPDATE events SET snapshot=?2," CHANGED " WHERE id=?1",
    [VDT_ATTACH_CLIP] = "UPDATE events SET clip=?2," CHANGED " WHERE id=?1",
};

static const char *const detach[] = {
    [VDT_ATTACH_SNAPSHOT] = "UPDATE events SET snapshot=?2," CHANGED " WHERE snapshot=?1",
    [VDT_ATTACH_CLIP] = "UPDATE events SET clip=?2," CHANGED " WHERE clip=?1",
};

static const char select_open[] =
    "SELECT id,stream,type,what,element,label,zone,line,last,score,audience FROM events "
    "WHERE ended=0 ORDER BY number";

G_STATIC_ASSERT(VDT_PHASE_END == 2); /* as put_event has it */

int vdt_rows_put(VdtDb *db, const VdtEvent *e, gint64 now)
{
    gint64 time = MAX(e->time, 1); /* 0 is while it goes on */
    int code =
        vdt_db_run(db, put_event, "ssssssssiidisi", e->id, e->stream, e->type, e->what, e->element,
                   e->label, e->zone, e->line, time, e->phase == VDT_PHASE_START ? (gint64)0 : time,
                   e->score, (gint64)e->audience, e->json, (gint64)e->phase);
    if (code == SQLITE_OK && e->foreign > 0)
        code = vdt_db_run(db, put_followed, "si", e->stream, (gint64)e->foreign);
    if (code != SQLITE_OK)
        return code;
    return vdt_db_run(db, put_journal, "iiissssssssdis", now, (gint64)e->phase, time, e->id,
                      e->stream, e->type, e->what, e->element, e->label, e->zone, e->line, e->score,
                      (gint64)e->audience, e->json);
}

int vdt_rows_attach(VdtDb *db, const char *id, VdtAttachment attachment, const char *path,
                    gint64 now)
{
    return vdt_db_run(db, attach[attachment], "ssi", id, path, now);
}

int vdt_rows_detach(VdtDb *db, VdtAttachment attachment, const char *path, gint64 now)
{
    return vdt_db_run(db, detach[attachment], "ssi", path, NULL, now);
}

int vdt_rows_follow(VdtDb *db, const char *stream, const VdtFollowed *followed)
{
    return vdt_db_run(db, "INSERT OR REPLACE INTO followed VALUES (?,?,?)", "sii", stream,
                      (gint64)followed->seq, followed->changed);
}

static VdtEvent *take_open(sqlite3_stmt *row)
{
    const VdtEvent borrowed = {.id = (char *)sqlite3_column_text(row, 0),
                               .stream = (char *)sqlite3_column_text(row, 1),
                               .type = (char *)sqlite3_column_text(row, 2),
                               .what = (char *)sqlite3_column_text(row, 3),
                               .element = (char *)sqlite3_column_text(row, 4),
                               .label = (char *)sqlite3_column_text(row, 5),
                               .zone = (char *)sqlite3_column_text(row, 6),
                               .line = (char *)sqlite3_column_text(row, 7),
                               .time = sqlite3_column_int64(row, 8),
                               .score = vdt_db_get_double(row, 9),
                               .audience = (guint)sqlite3_column_int64(row, 10)};
    return vdt_event_new_end(&borrowed, borrowed.time, "lost");
}

int vdt_rows_end_open(VdtDb *db, gint64 now, guint *n)
{
    g_autoptr(GPtrArray) ends = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_event_unref);
    sqlite3_stmt *rows = vdt_db_select(db, select_open, "");
    *n = 0;
    if (rows == NULL)
        return vdt_db_get_code(db);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        VdtEvent *end = take_open(rows);
        if (end != NULL)
            g_ptr_array_add(ends, end);
    }
    int code = vdt_db_done(rows);
    for (guint i = 0; i < ends->len && code == SQLITE_OK; i++)
        code = vdt_rows_put(db, ends->pdata[i], now);
    *n = ends->len;
    return code;
}
