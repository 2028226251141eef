/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "readers.h"

#define MOST_IDLE 4

static void db_free(gpointer db)
{
    vdt_db_free(db);
}

void vdt_readers_init(VdtReaders *readers, const char *path)
{
    *readers = (VdtReaders){.path = g_strdup(path)};
    g_mutex_init(&readers->lock);
    g_queue_init(&readers->idle);
}

void vdt_readers_clear(VdtReaders *readers)
{
    g_queue_clear_full(&readers->idle, db_free);
    g_mutex_clear(&readers->lock);
    g_free(readers->path);
}

void vdt_readers_renew(VdtReaders *readers)
{
    g_mutex_lock(&readers->lock);
    readers->generation++;
    g_queue_clear_full(&readers->idle, db_free);
    g_mutex_unlock(&readers->lock);
}

VdtDb *vdt_readers_take(VdtReaders *readers, GError **error)
{
    int code;
    g_autofree char *why = NULL;
    g_mutex_lock(&readers->lock);
    VdtDb *db = g_queue_pop_head(&readers->idle);
    guint generation = readers->generation;
    g_mutex_unlock(&readers->lock);
    if (db != NULL)
        return db;
    db = vdt_db_open(readers->path, FALSE, &code, &why);
    if (db == NULL)
        g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ, "%s: %s", readers->path, why);
    else
        db->generation = generation;
    return db;
}

void vdt_readers_give(VdtReaders *readers, VdtDb *db)
{
    g_mutex_lock(&readers->lock);
    gboolean keep = db->generation == readers->generation && readers->idle.length < MOST_IDLE;
    if (keep)
        g_queue_push_head(&readers->idle, db);
    g_mutex_unlock(&readers->lock);
    if (!keep)
        vdt_db_free(db);
}

void vdt_readers_fail(VdtReaders *readers, const VdtDb *db, GError **error)
{
    int code = vdt_db_get_code(db);
    g_set_error(error, VDT_STORE_ERROR, VDT_STORE_ERROR_READ, "%s: %s", readers->path,
                vdt_db_get_words(db));
    if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB)
        return;
    g_mutex_lock(&readers->lock);
    readers->suspect = TRUE;
    g_mutex_unlock(&readers->lock);
}

gboolean vdt_readers_take_suspicion(VdtReaders *readers)
{
    g_mutex_lock(&readers->lock);
    gboolean suspect = readers->suspect;
    readers->suspect = FALSE;
    g_mutex_unlock(&readers->lock);
    return suspect;
}
