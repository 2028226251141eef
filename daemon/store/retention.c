/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "retention.h"

#define STEP       1000 /* rows, at most */
#define STEP_PAGES "256"

static const char old_events[] =
    "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE ended>0 AND ended<? "
    "ORDER BY ended LIMIT ?)";
static const char first_events[] =
    "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE ended>0 "
    "ORDER BY number LIMIT ?)";
static const char old_rows[] =
    "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal ORDER BY seq LIMIT ?2) "
    "AND written<?1";
static const char first_rows[] =
    "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal ORDER BY seq LIMIT ?)";

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

static void note(Step *s, int code)
{
    s->code = code;
    s->n_deleted += sqlite3_changes(s->db->sqlite);
}

static void delete_old(Step *s, const char *sql, gint64 limit)
{
    if (s->code == SQLITE_OK)
        note(s, vdt_db_run(s->db, sql, "ii", limit, (gint64)STEP));
}

static void delete_first(Step *s, const char *sql, gint64 n)
{
    if (s->code == SQLITE_OK && n > 0)
        note(s, vdt_db_run(s->db, sql, "i", MIN(n, (gint64)STEP)));
}

/* A share of both, so that neither outlives the other. */
static void delete_some(Step *s, gint64 n_events, gint64 n_rows)
{
    gint64 parts = MAX(32, MAX(n_events, n_rows) / STEP + 1);
    delete_first(s, first_events, (n_events + parts - 1) / parts);
    delete_first(s, first_rows, (n_rows + parts - 1) / parts);
}

/* Pages are given back only if they are many, since others are wanted soon. */
static void fit_size(Step *s, guint64 most, gint64 n_events, gint64 n_rows)
{
    gint64 page = number(s, "PRAGMA page_size"), pages = number(s, "PRAGMA page_count"),
           unused = number(s, "PRAGMA freelist_count");
    gboolean over = (guint64)(pages * page) > most;
    if (over && unused * 16 < pages)
        delete_some(s, n_events, n_rows);
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
    delete_old(&s, old_events, now - limits->retention);
    delete_old(&s, old_rows, now - limits->journal_age);
    gint64 events = number(&s, "SELECT count(*) FROM events"),
           rows = number(&s, "SELECT count(*) FROM journal");
    *n_events = (guint64)events;
    delete_first(&s, first_events, events - (gint64)MIN(limits->max_events, G_MAXINT64));
    delete_first(&s, first_rows, rows - (gint64)MIN(limits->journal_lines, G_MAXINT64));
    fit_size(&s, limits->max_bytes, events, rows);
    if (s.code == SQLITE_OK)
        s.code = vdt_db_script(db, "COMMIT");
    if (s.code != SQLITE_OK)
        vdt_db_script(db, "ROLLBACK");
    *more = s.code == SQLITE_OK && s.n_deleted > 0;
    return s.code;
}
