/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "journal.h"
#include "queue.h"
#include "retention.h"
#include "rows.h"
#include "schema.h"

#define DAMAGED      VDT_STORE_FILE ".damaged-"
#define MOST_DAMAGED 3 /* files that are kept */

static void say(const VdtWriter *w, VdtStoreLevel level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void say(const VdtWriter *w, VdtStoreLevel level, const char *format, ...)
{
    if (w->options->say == NULL)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    w->options->say(level, sentence, w->options->say_data);
}

static void set_trouble(VdtWriter *w, const char *why)
{
    g_free(w->trouble);
    w->trouble = g_strdup(why);
}

/* --- a damaged file --- */

static int compare(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* The oldest of those that were set aside, so that a bad disk does not fill itself with them. */
static void remove_oldest(const VdtWriter *w)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(w->folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_prefix(name, DAMAGED) && !g_str_has_suffix(name, "-wal"))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare);
    for (guint i = 0; i + MOST_DAMAGED < names->len; i++) {
        g_autofree char *file = g_build_filename(w->folder, names->pdata[i], NULL);
        g_autofree char *log = g_strconcat(file, "-wal", NULL);
        g_remove(file);
        g_remove(log);
    }
}

/* With its log, by which it might be mended. The index of the log is nothing without it. */
static gboolean set_aside(VdtWriter *w, const char *why)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%S.%fZ");
    g_autofree char *name = g_strconcat(DAMAGED, stamp, NULL);
    g_autofree char *to = g_build_filename(w->folder, name, NULL);
    g_autofree char *log = g_strconcat(w->path, "-wal", NULL),
                    *log_to = g_strconcat(to, "-wal", NULL),
                    *index = g_strconcat(w->path, "-shm", NULL);
    g_autofree char *words = g_strdup(why);
    g_clear_pointer(&w->db, vdt_db_free);
    if (g_rename(w->path, to) != 0) {
        set_trouble(w, g_strerror(errno));
        return FALSE;
    }
    g_rename(log, log_to);
    g_remove(index);
    w->damaged = TRUE;
    /* readers must not take new rows for ones that they have seen */
    w->last = MAX(w->last, w->generation == 0 ? (guint64)(g_get_real_time() / 1000) : 0);
    say(w, VDT_STORE_TROUBLE, "%s was damaged (%s), and is now %s; a new one is begun", w->path,
        words, name);
    remove_oldest(w);
    return TRUE;
}

/* --- opening --- */

static VdtSchemaState connect_file(VdtWriter *w)
{
    g_autofree char *why = NULL;
    int code;
    w->db = vdt_db_open(w->path, TRUE, &code, &why);
    if (w->db == NULL) {
        set_trouble(w, why);
        return VDT_SCHEMA_FAILED;
    }
    VdtSchemaState state = vdt_schema_prepare(w->db, w->folder, &why);
    if (state != VDT_SCHEMA_READY)
        set_trouble(w, why);
    return state;
}

/* Numbers are not given twice, whatever became of the file before. */
static gboolean measure(VdtWriter *w)
{
    guint64 first, last;
    if (vdt_journal_measure(w->db, &first, &last) != SQLITE_OK)
        return FALSE;
    if (last < w->last) {
        if (vdt_journal_start_behind(w->db, w->last) != SQLITE_OK)
            return FALSE;
        first = w->last + 1;
        last = w->last;
    }
    w->first = first;
    w->last = last;
    return TRUE;
}

/* FALSE with @trouble, for now, or with @error. */
static gboolean open_file(VdtWriter *w, GError **error)
{
    VdtSchemaState state = connect_file(w);
    if (state == VDT_SCHEMA_DAMAGED && set_aside(w, w->trouble))
        state = connect_file(w);
    if (state == VDT_SCHEMA_NEWER)
        g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_NEWER,
                    "%s: a newer Vedette wrote it; expected version %d at most", w->path,
                    VDT_SCHEMA_VERSION);
    if (state == VDT_SCHEMA_READY && !measure(w)) {
        set_trouble(w, vdt_db_get_words(w->db));
        state = VDT_SCHEMA_FAILED;
    }
    if (state != VDT_SCHEMA_READY) {
        g_clear_pointer(&w->db, vdt_db_free);
        return FALSE;
    }
    g_clear_pointer(&w->trouble, g_free);
    w->generation++;
    return TRUE;
}

static gboolean lock_folder(VdtWriter *w, GError **error)
{
    g_autofree char *file = g_strconcat(w->path, ".lock", NULL);
    w->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (w->lock < 0) {
        g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_OPEN, "%s: %s", file,
                    g_strerror(errno));
        return FALSE;
    }
    if (flock(w->lock, LOCK_EX | LOCK_NB) != 0) {
        g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_USED, "%s: %s", w->path,
                    errno == EWOULDBLOCK ? "another process of Vedette uses it"
                                         : g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

gboolean vdt_writer_open(VdtWriter *w, const char *folder, const VdtStoreOptions *options,
                         GError **error)
{
    *w = (VdtWriter){.options = options,
                     .folder = g_strdup(folder),
                     .path = g_build_filename(folder, VDT_STORE_FILE, NULL),
                     .lock = -1};
    g_autoptr(GError) why = NULL;
    if (lock_folder(w, error) && (open_file(w, &why) || why == NULL))
        return TRUE;
    if (why != NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    vdt_writer_close(w);
    return FALSE;
}

void vdt_writer_close(VdtWriter *w)
{
    g_clear_pointer(&w->db, vdt_db_free);
    if (w->lock >= 0)
        close(w->lock);
    w->lock = -1;
    g_clear_pointer(&w->folder, g_free);
    g_clear_pointer(&w->path, g_free);
    g_clear_pointer(&w->trouble, g_free);
}

/* --- writing --- */

/* What is about one row alone, and will be so the next time. */
static gboolean is_refusal(int code)
{
    return code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH;
}

static int apply(VdtDb *db, const VdtOp *op, gint64 now)
{
    switch (op->kind) {
    case VDT_OP_ATTACH:
        return vdt_rows_attach(db, op->id, op->attachment, op->path, now);
    case VDT_OP_DETACH:
        return vdt_rows_detach(db, op->attachment, op->path, now);
    case VDT_OP_FOLLOW:
        return vdt_rows_follow(db, op->id, &op->followed);
    default:
        return vdt_rows_put(db, op->event, now);
    }
}

static int write_all(VdtWriter *w, const GPtrArray *ops, const VdtMarksChange *marks,
                     guint *refused, guint *n_ended)
{
    gint64 now = g_get_real_time();
    int code = vdt_db_script(w->db, "BEGIN IMMEDIATE");
    *refused = *n_ended = 0;
    if (code == SQLITE_OK && !w->ended_open)
        code = vdt_rows_end_open(w->db, now, n_ended);
    for (guint i = 0; i < ops->len && code == SQLITE_OK; i++) {
        code = apply(w->db, ops->pdata[i], now);
        if (is_refusal(code)) {
            (*refused)++;
            code = SQLITE_OK;
        }
    }
    if (code == SQLITE_OK)
        code = vdt_marks_write(marks, w->db);
    return code == SQLITE_OK ? vdt_db_script(w->db, "COMMIT") : code;
}

static gboolean is_damage(int code)
{
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

/* What passes, and leaves the connection as it is. */
static gboolean is_passing(int code)
{
    return code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

/* Undoes what was begun; what may be another file by now is opened anew the next time. Whether it
 * is worth trying again at once. */
static gboolean recover(VdtWriter *w, int code)
{
    set_trouble(w, vdt_db_get_words(w->db));
    vdt_db_script(w->db, "ROLLBACK");
    if (is_damage(code))
        return set_aside(w, w->trouble) && open_file(w, NULL);
    if (!is_passing(code))
        g_clear_pointer(&w->db, vdt_db_free);
    return FALSE;
}

gboolean vdt_writer_write(VdtWriter *w, const GPtrArray *ops, const VdtMarksChange *marks,
                          guint *refused)
{
    guint n_ended;
    if (w->db == NULL && !open_file(w, NULL))
        return FALSE;
    int code = write_all(w, ops, marks, refused, &n_ended);
    if (code != SQLITE_OK && recover(w, code)) {
        code = write_all(w, ops, marks, refused, &n_ended);
        if (code != SQLITE_OK)
            recover(w, code);
    }
    if (code != SQLITE_OK)
        return FALSE;
    g_clear_pointer(&w->trouble, g_free);
    w->ended_open = TRUE;
    if (n_ended > 0)
        say(w, VDT_STORE_INFO, "%u events had been left open, and were ended", n_ended);
    return measure(w);
}

gboolean vdt_writer_trim(VdtWriter *w, const VdtStoreLimits *limits)
{
    gboolean more;
    if (w->db == NULL)
        return FALSE;
    int code = vdt_retention_step(w->db, limits, g_get_real_time(), &w->n_events, &more);
    if (is_passing(code))
        vdt_db_script(w->db, "ROLLBACK"); /* whoever writes the next time says so if that lasts */
    else if (code != SQLITE_OK)
        recover(w, code);
    return code == SQLITE_OK && measure(w) && more;
}

void vdt_writer_check_place(VdtWriter *w)
{
    int moved = 0;
    if (w->db == NULL ||
        sqlite3_file_control(w->db->sqlite, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
        !moved)
        return;
    say(w, VDT_STORE_TROUBLE, "%s was removed or replaced under the service; it is opened anew",
        w->path);
    g_clear_pointer(&w->db, vdt_db_free);
}

void vdt_writer_check_health(VdtWriter *w)
{
    if (w->db == NULL)
        return;
    sqlite3_stmt *row = vdt_db_select(w->db, "PRAGMA quick_check(1)", "");
    gboolean good = row != NULL && sqlite3_step(row) == SQLITE_ROW &&
                    g_strcmp0((const char *)sqlite3_column_text(row, 0), "ok") == 0;
    g_autofree char *why =
        row != NULL ? vdt_db_dup_text(row, 0) : g_strdup(vdt_db_get_words(w->db));
    if (row != NULL)
        vdt_db_done(row);
    if (!good && set_aside(w, why))
        open_file(w, NULL);
}
