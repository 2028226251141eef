/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define PATIENCE (60 * G_USEC_PER_SEC)

char *fixture_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("vedette-store-XXXXXX", &error);
    g_assert_no_error(error);
    return folder;
}

void fixture_remove(char *folder)
{
    g_autoptr(GDir) dir = folder != NULL ? g_dir_open(folder, 0, NULL) : NULL;
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_remove(file);
    }
    if (folder != NULL)
        g_rmdir(folder);
    g_free(folder);
}

void said_open(Said *said)
{
    g_mutex_init(&said->lock);
    said->text = g_string_new(NULL);
}

void said_close(Said *said)
{
    g_string_free(said->text, TRUE);
    g_mutex_clear(&said->lock);
}

static void on_said(VdtStoreLevel level, const char *sentence, gpointer data)
{
    Said *said = data;
    g_test_message("%d %s", level, sentence);
    g_mutex_lock(&said->lock);
    g_string_append_printf(said->text, "%s\n", sentence);
    g_mutex_unlock(&said->lock);
}

guint said_count(Said *said, const char *text)
{
    guint n = 0;
    g_mutex_lock(&said->lock);
    for (const char *at = said->text->str; (at = strstr(at, text)) != NULL; at += strlen(text))
        n++;
    g_mutex_unlock(&said->lock);
    return n;
}

gboolean said_has(Said *said, const char *text)
{
    return said_count(said, text) > 0;
}

gboolean said_wait(Said *said, const char *text)
{
    gint64 end = g_get_monotonic_time() + PATIENCE;
    while (!said_has(said, text) && g_get_monotonic_time() < end)
        g_usleep(5000);
    return said_has(said, text);
}

VdtStoreOptions said_options(Said *said)
{
    return (VdtStoreOptions){.limits = vdt_store_limits_default, .say = on_said, .say_data = said};
}

VdtEventLine fixture_line(const char *phase, const char *id)
{
    VdtEventLine line = vdt_event_line_now();
    line.type = "objects";
    line.event = phase;
    line.id = id;
    line.stream = "front";
    line.element = "segmenter";
    line.label = "person";
    line.score = 0.5;
    return line;
}

VdtEvent *fixture_event(const char *phase, const char *id)
{
    VdtEventLine line = fixture_line(phase, id);
    return vdt_event_new(&line);
}

void fixture_put(VdtStore *store, const char *phase, const char *id)
{
    g_autoptr(VdtEvent) event = fixture_event(phase, id);
    vdt_store_put(store, event);
}

void fixture_put_many(VdtStore *store, const char *name, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("%s-%u", name, i);
        fixture_put(store, "start", id);
        fixture_put(store, "end", id);
    }
}

void fixture_flush(VdtStore *store)
{
    g_assert_true(vdt_store_flush(store, PATIENCE));
}

char *fixture_show_journal(VdtStore *store, guint64 after)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records = vdt_store_read(store, after, 10000, &error);
    g_autoptr(GString) text = g_string_new(NULL);
    g_assert_no_error(error);
    for (guint i = 0; i < records->len; i++) {
        const VdtRecord *record = records->pdata[i];
        g_string_append_printf(text, "%s%" G_GUINT64_FORMAT ":%s:%s", i > 0 ? " " : "", record->seq,
                               vdt_phase_name(record->event->phase), record->event->id);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

VdtStoredEvent *fixture_find(VdtStore *store, const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = vdt_store_query(store, &(VdtStoreQuery){.id = id}, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, <=, 1);
    return found->len > 0 ? g_ptr_array_steal_index(found, 0) : NULL;
}

static sqlite3 *open_file(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, VDT_STORE_FILE, NULL);
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(file, &db), ==, SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

void fixture_sql(const char *folder, const char *sql)
{
    sqlite3 *db = open_file(folder);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

gint64 fixture_number(const char *folder, const char *sql)
{
    sqlite3 *db = open_file(folder);
    sqlite3_stmt *row;
    if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    g_assert_cmpint(sqlite3_step(row), ==, SQLITE_ROW);
    gint64 value = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return value;
}
