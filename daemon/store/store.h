/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events on disk: FOLDER/events.db, SQLite with a write-ahead log.
 *
 *     put ─► queue ─► writer thread ─► events    a row for each id, from start to end:
 * vdt_store_query() └─► journal   a row for each event put: vdt_store_read()
 *
 * One process has a store open. Its writer commits what was put within 250 ms, so that kill -9
 * loses no more than that; a machine that loses its power may lose the last commits, but no more,
 * and nothing breaks (synchronous=NORMAL). The journal is what readers follow, each with a mark of
 * how far it has come. It is bounded; a reader whose mark falls off its end has lost that many.
 *
 * What a disk does not take waits in memory, up to a bound, and is tried again; what that has no
 * room for is lost, and counted.
 *
 * All functions may be called in any thread. Those that return a GError read the disk, over
 * connections of their own; the others never wait for it, but for open, flush, and close.
 */
#pragma once

#include <gio/gio.h>

#include "events/event.h"

G_BEGIN_DECLS

#define VDT_STORE_FILE "events.db"

typedef struct _VdtStore VdtStore;

typedef enum {
    VDT_STORE_ERROR_OPEN,  /* the folder, or the file in it, cannot be used */
    VDT_STORE_ERROR_USED,  /* by another process */
    VDT_STORE_ERROR_NEWER, /* a newer Vedette wrote it */
    VDT_STORE_ERROR_READ,  /* it could not be read */
} VdtStoreError;
#define VDT_STORE_ERROR vdt_store_error_quark()
GQuark vdt_store_error_quark(void);

/* What is kept. Whatever is over any of these goes, the oldest first; of events those that ended.
 */
typedef struct {
    gint64 retention;      /* us since an event ended */
    guint64 max_events;    /* of rows of events */
    guint64 max_bytes;     /* of the file */
    guint64 journal_lines; /* of rows of the journal */
    gint64 journal_age;    /* us since a row was written */
} VdtStoreLimits;
extern const VdtStoreLimits vdt_store_limits_default; /* as vedette.conf has them */

typedef enum { VDT_STORE_INFO, VDT_STORE_WARNING, VDT_STORE_TROUBLE } VdtStoreLevel;

typedef struct {
    VdtStoreLimits limits;
    guint queue_most;      /* events that wait at most; 0: 10 000 */
    gsize queue_most_size; /* and their bytes; 0: 32 MiB */
    /* A sentence about itself; in the thread that opens it, and in its own. May be NULL. */
    void (*say)(VdtStoreLevel level, const char *sentence, gpointer data);
    gpointer say_data;
} VdtStoreOptions;

/*
 * Opens or makes the database in @folder, which must be there; NULL @options are the defaults. One
 * that is damaged is moved aside, as events.db.damaged-TIME, which is said. An older one is brought
 * to this version, a newer one refused. Events that were open when the last process ended are ended
 * at the time of their last sign, with the reason "lost".
 */
VdtStore *vdt_store_open(const char *folder, const VdtStoreOptions *options, GError **error);
/* Writes what was put, for 1 s at most. Nobody else may use it any more. */
void vdt_store_close(VdtStore *store);

/* Does not take @event. */
void vdt_store_put(VdtStore *store, VdtEvent *event);
typedef enum { VDT_ATTACH_SNAPSHOT, VDT_ATTACH_CLIP } VdtAttachment;
/* Notes a file that belongs to an event that was put before; NULL for none. One in the store's
 * folder, whose @path begins as that does, may be moved with it. */
void vdt_store_attach(VdtStore *store, const char *id, VdtAttachment attachment, const char *path);
/* The file is gone, for all events that have it. */
void vdt_store_detach(VdtStore *store, VdtAttachment attachment, const char *path);
/* Waits until all that was put, and the ends of what the last process left, are on disk, for @limit
 * us at most. FALSE if they are not. */
gboolean vdt_store_flush(VdtStore *store, gint64 limit);
/* Other limits, by which the writer looks now for what is over them, and then every minute. */
void vdt_store_set_limits(VdtStore *store, const VdtStoreLimits *limits);

/* --- the journal --- */

typedef struct {
    guint64 seq; /* rises by one from row to row; never used twice */
    VdtEvent *event;
} VdtRecord;

/* The number of the newest row that is on disk. */
guint64 vdt_store_get_last(VdtStore *store);
/* Rows behind number @after, @most at most, the oldest first; an array of VdtRecord, which is empty
 * if there are none. What was trimmed is left out: then the first row's number is not @after + 1.
 */
GPtrArray *vdt_store_read(VdtStore *store, guint64 after, guint most, GError **error);

/* How far @reader has come. One that is new begins with what comes next. */
guint64 vdt_store_get_mark(VdtStore *store, const char *reader);
/* On disk with the next commit; never goes back. After a crash it may be less: a reader sees some
 * rows twice. */
void vdt_store_set_mark(VdtStore *store, const char *reader, guint64 seq);
/* It holds nothing up any more, and is new when it comes again. */
void vdt_store_forget_mark(VdtStore *store, const char *reader);
/* Rows that went before its mark had come to them, since it was new; over restarts. */
guint64 vdt_store_get_lost(VdtStore *store, const char *reader);

/* Calls @func after each commit that added rows, in the writer's thread, which must not wait in it;
 * @last is the newest number. Returns an id. */
typedef void (*VdtStoreFunc)(guint64 last, gpointer data);
guint vdt_store_listen(VdtStore *store, VdtStoreFunc func, gpointer data, GDestroyNotify destroy);
/* @func is not called any more once this returns, unless that is in @func itself. */
void vdt_store_unlisten(VdtStore *store, guint id);

/* --- whole events --- */

/* Which events are meant: all that every field says which is set. */
typedef struct {
    const char *id, *stream, *type, *what, *element, *label, *zone, *line; /* NULL: any */
    const char *text; /* anywhere in one of these, whatever the case of ASCII letters; NULL: any */
    gint64 from, to;  /* UTC, us: was going on within [from, to); 0: any */
    gboolean open;    /* only what goes on */
    guint64 before;   /* number of the last one of the page before; 0 for the first page */
    guint most;       /* of a page; 0: 100 */
} VdtStoreQuery;

typedef struct {
    guint64 number; /* newer ones have larger ones */
    char *id, *stream, *type, *what, *element, *label, *zone, *line;
    gint64 start, end, last; /* UTC, us; end is 0 while it goes on; last is its newest sign */
    double score;            /* the best; NaN if there is none */
    guint audience;          /* of VdtAudience */
    char *snapshot, *clip;   /* paths; NULL where there is none */
    char *json;              /* the newest line of it */
} VdtStoredEvent;

/* The newest first; an array of VdtStoredEvent. */
GPtrArray *vdt_store_query(VdtStore *store, const VdtStoreQuery *query, GError **error);

/* --- what another process writes (foreign.h) --- */

typedef struct {
    guint64 seq;    /* of its journal: rows up to this one were taken over */
    gint64 changed; /* of its events: changes of files up to this one */
} VdtFollowed;

/* How far that has come for @stream; FALSE with an error if it cannot be read. */
gboolean vdt_store_get_followed(VdtStore *store, const char *stream, VdtFollowed *followed,
                                GError **error);
/* On disk after what was put before. */
void vdt_store_set_followed(VdtStore *store, const char *stream, const VdtFollowed *followed);

/* --- itself --- */

typedef struct {
    guint64 put;     /* events, since it was opened */
    guint64 written; /* of these */
    guint64 lost;    /* for want of room in the queue, or since the database refused them */
    guint waiting;   /* in the queue */
    gsize waiting_size;
    guint64 bytes;       /* of the file, without the log */
    guint64 free_bytes;  /* on its disk, for who is not root; 0 if it cannot be asked */
    guint64 n_events;    /* rows, as the last look at the limits found them */
    guint64 first, last; /* of the journal; first is 0 if it is empty */
    gboolean damaged;    /* one was moved aside since it was opened */
    char *trouble;       /* why nothing can be written now; NULL if it can */
} VdtStoreInfo;

VdtStoreInfo *vdt_store_get_info(VdtStore *store);
void vdt_store_info_free(VdtStoreInfo *info);

void vdt_record_free(VdtRecord *record);
void vdt_stored_event_free(VdtStoredEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStore, vdt_store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStoreInfo, vdt_store_info_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtRecord, vdt_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdtStoredEvent, vdt_stored_event_free)

G_END_DECLS
