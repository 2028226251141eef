/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "query.h"

#include <string.h>

#define PAGE      100
#define MOST_PAGE 10000

/* Conditions, with what stands for their question marks. */
typedef struct {
    GString *sql;
    GPtrArray *texts; /* of the first ones */
    GArray *numbers;  /* gint64, of those behind them */
} Where;

static void add_text(Where *where, const char *condition, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(where->sql, " AND %s", condition);
    g_ptr_array_add(where->texts, g_strdup(value));
}

static void add_number(Where *where, const char *condition, gint64 value)
{
    g_string_append_printf(where->sql, " AND %s", condition);
    g_array_append_val(where->numbers, value);
}

/* What LIKE takes for more than itself. */
static char *escape(const char *text)
{
    GString *out = g_string_new("%");
    for (; *text != '\0'; text++) {
        if (strchr("%_\\", *text) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '%');
    return g_string_free(out, FALSE);
}

/* NULL is no text: a row without a zone has the text in others all the same. */
static void add_anywhere(Where *where, const char *text)
{
    static const char *const columns[] = {"id",    "stream", "type", "what",
                                          "label", "zone",   "line", "element"};
    g_autofree char *pattern = text != NULL ? escape(text) : NULL;
    if (text == NULL)
        return;
    g_string_append(where->sql, " AND (0");
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_string_append_printf(where->sql, " OR ifnull(%s,'') LIKE ? ESCAPE '\\'", columns[i]);
        g_ptr_array_add(where->texts, g_strdup(pattern));
    }
    g_string_append_c(where->sql, ')');
}

static void describe(Where *where, const VdtStoreQuery *query)
{
    add_text(where, "id=?", query->id);
    add_text(where, "stream=?", query->stream);
    add_text(where, "type=?", query->type);
    add_text(where, "what=?", query->what);
    add_text(where, "element=?", query->element);
    add_text(where, "label=?", query->label);
    add_text(where, "zone=?", query->zone);
    add_text(where, "line=?", query->line);
    add_anywhere(where, query->text);
    if (query->to != 0)
        add_number(where, "began<?", query->to);
    if (query->from != 0)
        add_number(where, "(ended=0 OR ended>=?)", query->from);
    if (query->open)
        g_string_append(where->sql, " AND ended=0");
    if (query->before != 0)
        add_number(where, "number<?", (gint64)MIN(query->before, (guint64)G_MAXINT64));
    g_string_append(where->sql, " ORDER BY number DESC LIMIT ?");
    gint64 most = query->most == 0 ? PAGE : MIN(query->most, MOST_PAGE);
    g_array_append_val(where->numbers, most);
}

static VdtStoredEvent *take(sqlite3_stmt *row)
{
    VdtStoredEvent *e = g_new(VdtStoredEvent, 1);
    *e = (VdtStoredEvent){.number = (guint64)sqlite3_column_int64(row, 0),
                          .id = vdt_db_dup_text(row, 1),
                          .stream = vdt_db_dup_text(row, 2),
                          .type = vdt_db_dup_text(row, 3),
                          .what = vdt_db_dup_text(row, 4),
                          .element = vdt_db_dup_text(row, 5),
                          .label = vdt_db_dup_text(row, 6),
                          .zone = vdt_db_dup_text(row, 7),
                          .line = vdt_db_dup_text(row, 8),
                          .start = sqlite3_column_int64(row, 9),
                          .end = sqlite3_column_int64(row, 10),
                          .last = sqlite3_column_int64(row, 11),
                          .score = vdt_db_get_double(row, 12),
                          .audience = (guint)sqlite3_column_int64(row, 13),
                          .snapshot = vdt_db_dup_text(row, 14),
                          .clip = vdt_db_dup_text(row, 15),
                          .json = vdt_db_dup_text(row, 16)};
    return e;
}

GPtrArray *vdt_query_events(VdtDb *db, const VdtStoreQuery *query)
{
    g_autoptr(GString) sql = g_string_new(
        "SELECT number,id,stream,type,what,element,label,zone,line,began,ended,last,score,audience,"
        "snapshot,clip,json FROM events WHERE 1");
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *rows;
    describe(&(Where){sql, texts, numbers}, query);
    if (sqlite3_prepare_v2(db->sqlite, sql->str, -1, &rows, NULL) != SQLITE_OK)
        return NULL;
    for (guint i = 0; i < texts->len; i++)
        sqlite3_bind_text(rows, (int)i + 1, texts->pdata[i], -1, SQLITE_STATIC);
    for (guint i = 0; i < numbers->len; i++)
        sqlite3_bind_int64(rows, (int)(texts->len + i) + 1, g_array_index(numbers, gint64, i));
    GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)vdt_stored_event_free);
    while (sqlite3_step(rows) == SQLITE_ROW)
        g_ptr_array_add(events, take(rows));
    if (sqlite3_finalize(rows) != SQLITE_OK)
        g_clear_pointer(&events, g_ptr_array_unref);
    return events;
}

void vdt_stored_event_free(VdtStoredEvent *event)
{
    g_free(event->id);
    g_free(event->stream);
    g_free(event->type);
    g_free(event->what);
    g_free(event->element);
    g_free(event->label);
    g_free(event->zone);
    g_free(event->line);
    g_free(event->snapshot);
    g_free(event->clip);
    g_free(event->json);
    g_free(event);
}
