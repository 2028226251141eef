/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "journal.h"
#include "listeners.h"
#include "marks.h"
#include "query.h"
#include "queue.h"
#include "readers.h"
#include "writer.h"

#define MOST_WAITING      10000
#define MOST_WAITING_SIZE (32 * 1024 * 1024)
#define MOST_AT_ONCE      2000
#define COMMIT_GAP        (G_USEC_PER_SEC / 4)
#define RETRY_GAP         G_USEC_PER_SEC
#define TRIM_GAP          (60 * G_USEC_PER_SEC)
#define LAST_WRITES       G_USEC_PER_SEC
#define LAST_PATIENCE     (2 * G_USEC_PER_SEC) /* with a disk that does not answer */

const VdtStoreLimits vdt_store_limits_default = {
    .retention = G_GINT64_CONSTANT(30) * 86400 * G_USEC_PER_SEC,
    .max_events = 1000000,
    .max_bytes = G_GUINT64_CONSTANT(1) << 30,
    .journal_lines = 100000,
    .journal_age = G_GINT64_CONSTANT(7) * 86400 * G_USEC_PER_SEC,
};

struct _VdtStore {
    VdtStoreOptions options;
    char *folder;
    VdtWriter writer;    /* its thread's, once that runs */
    gboolean in_trouble; /* which was said; too */
    VdtReaders readers;
    VdtListeners listeners;
    GThread *thread;
    GMutex lock; /* guards what follows */
    GCond changed;
    VdtStoreLimits limits;
    VdtQueue queue;
    VdtMarks marks;
    gboolean marks_under_way;
    guint64 put, written, accepted, finished, said_lost;
    guint64 first, last, n_events;
    guint generation; /* of the file that all this is about */
    char *trouble;
    gboolean settled; /* what the last process left open has ended */
    gboolean damaged, hurry, trim, closing, done;
    gint64 next_write, next_trim; /* by the monotonic clock */
};

GQuark vdt_store_error_quark(void)
{
    return g_quark_from_static_string("vdt-store-error");
}

/* --- the writer's thread --- */

static void say(const VdtStore *store, VdtStoreLevel level, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void say(const VdtStore *store, VdtStoreLevel level, const char *format, ...)
{
    if (store->options.say == NULL)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *sentence = g_strdup_vprintf(format, args);
    va_end(args);
    store->options.say(level, sentence, store->options.say_data);
}

/* What the writer found, for others; the lock is held. */
static void publish(VdtStore *store)
{
    const VdtWriter *w = &store->writer;
    if (w->generation != store->generation && w->db != NULL) {
        store->generation = w->generation;
        vdt_marks_touch(&store->marks);
        vdt_marks_load(&store->marks, w->db);
        vdt_readers_renew(&store->readers);
    }
    store->first = w->first;
    store->last = w->last;
    store->n_events = w->n_events;
    store->settled = w->ended_open;
    store->damaged = w->damaged;
    g_free(store->trouble);
    store->trouble = g_strdup(w->trouble);
    vdt_marks_trim(&store->marks, w->first);
}

static gboolean has_work(const VdtStore *store)
{
    return store->queue.ops.length + store->queue.taken > 0 || vdt_marks_are_dirty(&store->marks) ||
           !store->writer.ended_open || store->writer.trouble != NULL;
}

/* Until something is to be written or looked at. */
static void wait_for_work(VdtStore *store)
{
    for (;;) {
        gint64 now = g_get_monotonic_time();
        gboolean work = has_work(store);
        gint64 until = store->next_trim;
        gboolean trim = store->trim && store->trouble == NULL;
        if (store->closing || trim || (work && store->hurry) || now >= until)
            return;
        if (work)
            until = MIN(until, store->next_write);
        if (now >= until)
            return;
        g_cond_wait_until(&store->changed, &store->lock, until);
    }
}

static void tell_lost(VdtStore *store)
{
    guint64 lost = store->queue.lost, more = lost - store->said_lost;
    store->said_lost = lost;
    g_mutex_unlock(&store->lock);
    if (more > 0)
        say(store, VDT_STORE_WARNING, "%" G_GUINT64_FORMAT " events were lost: not kept, nor told",
            more);
    g_mutex_lock(&store->lock);
}

/* Whether it can be written, if that is news. */
static void tell_outcome(VdtStore *store, guint waiting)
{
    const char *trouble = store->writer.trouble;
    if (trouble != NULL && !store->in_trouble)
        say(store, VDT_STORE_TROUBLE,
            "events cannot be written, and wait in memory, %u at most: %s: %s", store->queue.most,
            store->writer.path, trouble);
    else if (trouble == NULL && store->in_trouble)
        say(store, VDT_STORE_INFO, "events are written again; %u had waited", waiting);
    store->in_trouble = trouble != NULL;
}

/* Writes @batch, and what else waits to be; the lock is held, and given up for it. NULL if it is
 * written, or @batch again. */
static GPtrArray *write_batch(VdtStore *store, GPtrArray *batch)
{
    guint refused = 0, waiting = store->queue.ops.length + store->queue.taken, events = 0;
    guint64 last = store->last;
    VdtMarksChange *change = vdt_marks_take(&store->marks);
    store->marks_under_way = change != NULL;
    store->hurry = FALSE;
    g_mutex_unlock(&store->lock);

    gboolean written = vdt_writer_write(&store->writer, batch, change, &refused);
    tell_outcome(store, waiting);
    for (guint i = 0; i < batch->len; i++)
        events += ((VdtOp *)batch->pdata[i])->event != NULL;

    g_mutex_lock(&store->lock);
    vdt_marks_done(&store->marks, change, written);
    store->marks_under_way = FALSE;
    publish(store);
    store->next_write = g_get_monotonic_time() + (written ? COMMIT_GAP : RETRY_GAP);
    if (!written)
        return batch;
    vdt_queue_finish(&store->queue);
    store->queue.lost += refused;
    store->written += events - MIN(refused, events);
    store->finished += batch->len;
    g_ptr_array_unref(batch);
    last = store->last > last ? store->last : 0;
    g_cond_broadcast(&store->changed);
    if (last > 0) {
        g_mutex_unlock(&store->lock);
        vdt_listeners_call(&store->listeners, last);
        g_mutex_lock(&store->lock);
    }
    return NULL;
}

/* A step, so that what is put does not wait for all of them. */
static void trim_some(VdtStore *store)
{
    VdtStoreLimits limits = store->limits;
    store->trim = FALSE;
    store->next_trim = g_get_monotonic_time() + TRIM_GAP;
    g_mutex_unlock(&store->lock);
    vdt_writer_check_place(&store->writer);
    if (vdt_readers_take_suspicion(&store->readers))
        vdt_writer_check_health(&store->writer);
    gboolean more = vdt_writer_trim(&store->writer, &limits);
    tell_outcome(store, 0);
    g_mutex_lock(&store->lock);
    store->trim = store->trim || more;
    publish(store);
    g_cond_broadcast(&store->changed);
}

static gboolean is_due(const VdtStore *store, gint64 time)
{
    return store->closing || store->hurry || g_get_monotonic_time() >= time;
}

static gpointer run(gpointer data)
{
    VdtStore *store = data;
    GPtrArray *batch = NULL;
    gint64 end = 0;
    g_mutex_lock(&store->lock);
    for (;;) {
        wait_for_work(store);
        if (store->closing && end == 0)
            end = g_get_monotonic_time() + LAST_WRITES;
        if (store->closing && (!has_work(store) || g_get_monotonic_time() >= end))
            break;
        if (has_work(store) && is_due(store, store->next_write)) {
            if (batch == NULL)
                batch = vdt_queue_take(&store->queue, MOST_AT_ONCE);
            batch = write_batch(store, batch);
            if (batch != NULL && store->closing)
                break;
        }
        if (!store->closing && store->trouble == NULL &&
            (store->trim || g_get_monotonic_time() >= store->next_trim))
            trim_some(store);
        else if (g_get_monotonic_time() >= store->next_trim)
            store->next_trim = g_get_monotonic_time() + TRIM_GAP;
        tell_lost(store);
    }
    guint left = store->queue.ops.length + store->queue.taken;
    g_clear_pointer(&batch, g_ptr_array_unref);
    g_mutex_unlock(&store->lock);
    if (left > 0)
        say(store, VDT_STORE_TROUBLE, "%u events were not written in time, and are lost", left);
    vdt_writer_close(&store->writer);
    g_mutex_lock(&store->lock);
    store->done = TRUE;
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
    return NULL;
}

/* --- life --- */

static void init(VdtStore *store, const VdtStoreOptions *options)
{
    store->options =
        options != NULL ? *options : (VdtStoreOptions){.limits = vdt_store_limits_default};
    VdtStoreOptions *o = &store->options;
    o->queue_most = o->queue_most > 0 ? o->queue_most : MOST_WAITING;
    o->queue_most_size = o->queue_most_size > 0 ? o->queue_most_size : MOST_WAITING_SIZE;
    store->limits = o->limits;
    g_mutex_init(&store->lock);
    g_cond_init(&store->changed);
    vdt_queue_init(&store->queue, o->queue_most, o->queue_most_size);
    vdt_marks_init(&store->marks);
    vdt_listeners_init(&store->listeners);
}

static void clear(VdtStore *store)
{
    vdt_queue_clear(&store->queue);
    vdt_marks_clear(&store->marks);
    vdt_listeners_clear(&store->listeners);
    g_free(store->trouble);
    g_free(store->folder);
    g_cond_clear(&store->changed);
    g_mutex_clear(&store->lock);
    g_free(store);
}

VdtStore *vdt_store_open(const char *folder, const VdtStoreOptions *options, GError **error)
{
    VdtStore *store = g_new0(VdtStore, 1);
    init(store, options);
    store->folder = g_strdup(folder);
    if (!vdt_writer_open(&store->writer, folder, &store->options, error)) {
        clear(store);
        return NULL;
    }
    vdt_readers_init(&store->readers, store->writer.path);
    publish(store);
    tell_outcome(store, 0);
    store->next_trim = g_get_monotonic_time();
    store->thread = g_thread_new("vdt-store", run, store);
    return store;
}

void vdt_store_close(VdtStore *store)
{
    gint64 end = g_get_monotonic_time() + LAST_WRITES + LAST_PATIENCE;
    vdt_readers_renew(&store->readers); /* the writer's is the last connection, which tidies up */
    g_mutex_lock(&store->lock);
    store->closing = TRUE;
    g_cond_broadcast(&store->changed);
    while (!store->done && g_cond_wait_until(&store->changed, &store->lock, end))
        continue;
    gboolean done = store->done;
    g_mutex_unlock(&store->lock);
    if (!done)
        return; /* the disk does not answer, and the process ends soon */
    g_thread_join(store->thread);
    vdt_readers_clear(&store->readers);
    clear(store);
}

/* --- what others do --- */

static void push(VdtStore *store, VdtOp *op)
{
    g_mutex_lock(&store->lock);
    store->put += op->event != NULL;
    store->accepted += vdt_queue_push(&store->queue, op);
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
}

void vdt_store_put(VdtStore *store, VdtEvent *event)
{
    push(store, vdt_op_new_put(event));
}

/* As the database calls it. */
static const char *relative(const VdtStore *store, const char *path)
{
    gsize n = strlen(store->folder);
    return path != NULL && g_str_has_prefix(path, store->folder) && path[n] == '/' ? path + n + 1
                                                                                   : path;
}

void vdt_store_attach(VdtStore *store, const char *id, VdtAttachment attachment, const char *path)
{
    push(store, vdt_op_new(&(VdtOp){.kind = VDT_OP_ATTACH,
                                    .id = (char *)id,
                                    .path = (char *)relative(store, path),
                                    .attachment = attachment}));
}

void vdt_store_detach(VdtStore *store, VdtAttachment attachment, const char *path)
{
    push(store, vdt_op_new(&(VdtOp){.kind = VDT_OP_DETACH,
                                    .path = (char *)relative(store, path),
                                    .attachment = attachment}));
}

gboolean vdt_store_flush(VdtStore *store, gint64 limit)
{
    gint64 end = g_get_monotonic_time() + limit;
    gboolean written;
    g_mutex_lock(&store->lock);
    guint64 wanted = store->accepted;
    store->hurry = TRUE;
    g_cond_broadcast(&store->changed);
    while (!(written = store->settled && store->finished >= wanted && !store->marks_under_way &&
                       !vdt_marks_are_dirty(&store->marks)))
        if (!g_cond_wait_until(&store->changed, &store->lock, end))
            break;
    g_mutex_unlock(&store->lock);
    return written;
}

void vdt_store_set_limits(VdtStore *store, const VdtStoreLimits *limits)
{
    g_mutex_lock(&store->lock);
    store->limits = *limits;
    store->trim = TRUE;
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
}

guint64 vdt_store_get_last(VdtStore *store)
{
    g_mutex_lock(&store->lock);
    guint64 last = store->last;
    g_mutex_unlock(&store->lock);
    return last;
}

guint64 vdt_store_get_mark(VdtStore *store, const char *reader)
{
    g_mutex_lock(&store->lock);
    guint64 seq = vdt_marks_get(&store->marks, reader, store->last);
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
    return seq;
}

void vdt_store_set_mark(VdtStore *store, const char *reader, guint64 seq)
{
    g_mutex_lock(&store->lock);
    vdt_marks_set(&store->marks, reader, seq);
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
}

void vdt_store_forget_mark(VdtStore *store, const char *reader)
{
    g_mutex_lock(&store->lock);
    vdt_marks_forget(&store->marks, reader);
    g_cond_broadcast(&store->changed);
    g_mutex_unlock(&store->lock);
}

guint64 vdt_store_get_lost(VdtStore *store, const char *reader)
{
    g_mutex_lock(&store->lock);
    guint64 lost = vdt_marks_get_lost(&store->marks, reader);
    g_mutex_unlock(&store->lock);
    return lost;
}

guint vdt_store_listen(VdtStore *store, VdtStoreFunc func, gpointer data, GDestroyNotify destroy)
{
    return vdt_listeners_add(&store->listeners, func, data, destroy);
}

void vdt_store_unlisten(VdtStore *store, guint id)
{
    vdt_listeners_remove(&store->listeners, id);
}

GPtrArray *vdt_store_read(VdtStore *store, guint64 after, guint most, GError **error)
{
    VdtDb *db = vdt_readers_take(&store->readers, error);
    if (db == NULL)
        return NULL;
    GPtrArray *records = vdt_journal_read(db, after, most);
    if (records == NULL)
        vdt_readers_fail(&store->readers, db, error);
    vdt_readers_give(&store->readers, db);
    return records;
}

static void make_absolute(const VdtStore *store, char **path)
{
    if (*path == NULL || g_path_is_absolute(*path))
        return;
    g_autofree char *name = *path;
    *path = g_build_filename(store->folder, name, NULL);
}

GPtrArray *vdt_store_query(VdtStore *store, const VdtStoreQuery *query, GError **error)
{
    VdtDb *db = vdt_readers_take(&store->readers, error);
    if (db == NULL)
        return NULL;
    GPtrArray *events = vdt_query_events(db, query);
    if (events == NULL)
        vdt_readers_fail(&store->readers, db, error);
    vdt_readers_give(&store->readers, db);
    for (guint i = 0; events != NULL && i < events->len; i++) {
        VdtStoredEvent *event = events->pdata[i];
        make_absolute(store, &event->snapshot);
        make_absolute(store, &event->clip);
    }
    return events;
}

gboolean vdt_store_get_followed(VdtStore *store, const char *stream, VdtFollowed *followed,
                                GError **error)
{
    VdtDb *db = vdt_readers_take(&store->readers, error);
    *followed = (VdtFollowed){0};
    if (db == NULL)
        return FALSE;
    sqlite3_stmt *row =
        vdt_db_select(db, "SELECT seq,changed FROM followed WHERE stream=?", "s", stream);
    if (row != NULL && sqlite3_step(row) == SQLITE_ROW)
        *followed =
            (VdtFollowed){(guint64)sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
    gboolean is_read = row != NULL && vdt_db_done(row) == SQLITE_OK;
    if (!is_read)
        vdt_readers_fail(&store->readers, db, error);
    vdt_readers_give(&store->readers, db);
    return is_read;
}

void vdt_store_set_followed(VdtStore *store, const char *stream, const VdtFollowed *followed)
{
    push(store,
         vdt_op_new(&(VdtOp){.kind = VDT_OP_FOLLOW, .id = (char *)stream, .followed = *followed}));
}

VdtStoreInfo *vdt_store_get_info(VdtStore *store)
{
    VdtStoreInfo *info = g_new(VdtStoreInfo, 1);
    GStatBuf file = {0};
    struct statvfs disk = {0};
    g_stat(store->readers.path, &file);
    if (statvfs(store->readers.path, &disk) != 0)
        disk = (struct statvfs){0};
    g_mutex_lock(&store->lock);
    *info = (VdtStoreInfo){.put = store->put,
                           .written = store->written,
                           .lost = store->queue.lost,
                           .waiting = store->queue.ops.length + store->queue.taken,
                           .waiting_size = store->queue.size + store->queue.taken_size,
                           .bytes = (guint64)file.st_size,
                           .free_bytes = (guint64)disk.f_bavail * disk.f_frsize,
                           .n_events = store->n_events,
                           .first = store->first > store->last ? 0 : store->first,
                           .last = store->last,
                           .damaged = store->damaged,
                           .trouble = g_strdup(store->trouble)};
    g_mutex_unlock(&store->lock);
    return info;
}

void vdt_store_info_free(VdtStoreInfo *info)
{
    g_free(info->trouble);
    g_free(info);
}
