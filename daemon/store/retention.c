/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "retention.h"

#define STEP       "500" /* rows */
#define STEP_PAGES "256"

static const char old_events[] =
    "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE ended>0 AND ended<? "
    "ORDER BY ended LIMIT " STEP ")";
static const char first_events[] =
    "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE ended>0 "
    "ORDER BY number LIMIT min(?," STEP "))";
static const char old_rows[] =
    "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal ORDER BY seq LIMIT " STEP ") "
    "AND written<?";
static const char first_rows[] =
    "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal ORDER BY seq LIMIT min(?," STEP "))";

typedef struct {
    VdtDb *db;
    int code;
    gint64 n_deleted;
} Step;

static gint64 number(Step *s, const char *sql)
{
    gint64 value = 0;
    if (s->code == SQLITE_OK)
        s->code = vdt_db_get_number(s->db, sql, &value);
    return value;
}

static void delete (Step *s, const char *sql, gint64 value)
{
    if (s->code != SQLITE_OK)
        return;
    s->code = vdt_db_run(s->db, sql, "i", value);
    s->n_deleted += sqlite3_changes(s->db->sqlite);
}

static void delete_surplus(Step *s, const char *sql, guint64 there, guint64 most)
{
    if (there > most)
        delete (s, sql, (gint64)(there - most));
}

/* Pages are given back only if they are many, since others are wanted soon. */
static void fit_size(Step *s, guint64 most)
{
    gint64 page = number(s, "PRAGMA page_size"), pages = number(s, "PRAGMA page_count"),
           unused = number(s, "PRAGMA freelist_count");
    gboolean over = (guint64)(pages * page) > most;
    if (over && unused * 16 < pages) {
        delete (s, first_events, G_MAXINT64);
        delete (s, first_rows, G_MAXINT64);
    }
    if ((over || unused * 4 > pages) && unused > 0 && s->code == SQLITE_OK) {
        s->code = vdt_db_script(s->db, "PRAGMA incremental_vacuum(" STEP_PAGES ")");
        s->n_deleted++;
    }
}

int vdt_retention_step(VdtDb *db, const VdtStoreLimits *limits, gint64 now, guint64 *n_events,
                       gboolean *more)
{
    Step s = {.db = db};
    *more = FALSE;
    s.code = vdt_db_script(db, "BEGIN IMMEDIATE");
    if (s.code != SQLITE_OK)
        return s.code;
    delete (&s, old_events, now - limits->retention);
    delete (&s, old_rows, now - limits->journal_age);
    *n_events = (guint64)number(&s, "SELECT count(*) FROM events");
    delete_surplus(&s, first_events, *n_events, limits->max_events);
    delete_surplus(&s, first_rows, (guint64)number(&s, "SELECT count(*) FROM journal"),
                   limits->journal_lines);
    fit_size(&s, limits->max_bytes);
    if (s.code == SQLITE_OK)
        s.code = vdt_db_script(db, "COMMIT");
    if (s.code != SQLITE_OK)
        vdt_db_script(db, "ROLLBACK");
    *more = s.code == SQLITE_OK && s.n_deleted > 0;
    return s.code;
}
