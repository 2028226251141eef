/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spool.h"

#include <string.h>

#define COMMIT 500000 /* us, at most, until it is on disk that something is being sent */

typedef struct {
    guint64 seq;
    gboolean done;
} Taken;

struct _VdtSpool {
    VdtStore *store;
    char *reader, *sent_reader;
    guint audience;
    char **types;
    VdtToldPhases phases;
    GPtrArray *batch; /* of VdtRecord; what is before @at was looked at */
    guint at;
    guint64 read_to; /* the last one that was looked at */
    guint64 mark;    /* up to here all is done */
    guint64 highest; /* that was taken, ever */
    guint64 known;   /* up to here it may have been sent */
    GQueue taken;    /* of Taken, in order; the first is not done */
    gboolean sending;
};

char *vdt_told_to_json(const VdtTold *told)
{
    const char *json = told->event->json;
    gsize n = strlen(json);
    if (n > 0 && json[n - 1] == '}')
        n--;
    return g_strdup_printf("%.*s,\"seq\":%" G_GUINT64_FORMAT "%s}", (int)n, json, told->seq,
                           told->repeated ? ",\"repeated\":true" : "");
}

VdtSpool *vdt_spool_new(VdtStore *store, const char *reader, const VdtToldFilter *filter)
{
    VdtSpool *spool = g_new0(VdtSpool, 1);
    *spool = (VdtSpool){.store = store,
                        .reader = g_strdup(reader),
                        .sent_reader = g_strconcat(reader, "-sent", NULL),
                        .audience = filter->audience,
                        .types = g_strdupv((char **)filter->types),
                        .phases = filter->phases};
    g_queue_init(&spool->taken);
    /* In this order: where both are new, nothing was sent. */
    spool->known = vdt_store_get_mark(store, spool->sent_reader);
    spool->mark = vdt_store_get_mark(store, reader);
    spool->read_to = spool->highest = spool->mark;
    return spool;
}

static void stop_sending(VdtSpool *spool)
{
    if (!spool->sending)
        return;
    spool->sending = FALSE;
    spool->known = MAX(spool->known, spool->highest);
    vdt_store_set_mark(spool->store, spool->sent_reader, MAX(spool->known, spool->mark));
}

void vdt_spool_free(VdtSpool *spool)
{
    vdt_spool_rewind(spool);
    g_strfreev(spool->types);
    g_free(spool->reader);
    g_free(spool->sent_reader);
    g_free(spool);
}

static gboolean is_meant(const VdtSpool *spool, const VdtEvent *event)
{
    gboolean phase = spool->phases == VDT_TOLD_ALL || event->phase == VDT_PHASE_START ||
                     (spool->phases == VDT_TOLD_START_END && event->phase == VDT_PHASE_END);
    return (event->audience & spool->audience) != 0 && phase &&
           (spool->types == NULL || spool->types[0] == NULL ||
            g_strv_contains((const char *const *)spool->types, event->type));
}

static void take_in(VdtSpool *spool, guint64 seq, gboolean done)
{
    if (done && g_queue_is_empty(&spool->taken)) {
        spool->mark = seq;
        return;
    }
    Taken *taken = g_new(Taken, 1);
    *taken = (Taken){seq, done};
    g_queue_push_tail(&spool->taken, taken);
}

/* FALSE if there is nothing, or with @error. */
static gboolean read_batch(VdtSpool *spool, GError **error)
{
    g_clear_pointer(&spool->batch, g_ptr_array_unref);
    spool->at = 0;
    if (spool->read_to >= vdt_store_get_last(spool->store))
        return FALSE;
    spool->batch = vdt_store_read(spool->store, spool->read_to, VDT_SPOOL_BATCH, error);
    return spool->batch != NULL && spool->batch->len > 0;
}

static void start_sending(VdtSpool *spool)
{
    if (spool->sending)
        return;
    spool->sending = TRUE;
    vdt_store_forget_mark(spool->store, spool->sent_reader);
    vdt_store_flush(spool->store, COMMIT);
}

VdtSpoolTake vdt_spool_take(VdtSpool *spool, VdtTold *told, GError **error)
{
    g_autoptr(GError) failed = NULL;
    if ((spool->batch == NULL || spool->at == spool->batch->len) && !read_batch(spool, &failed)) {
        if (failed == NULL)
            return VDT_SPOOL_EMPTY;
        g_propagate_error(error, g_steal_pointer(&failed));
        return VDT_SPOOL_FAILED;
    }
    guint64 before = spool->mark;
    while (spool->at < spool->batch->len) {
        const VdtRecord *record = spool->batch->pdata[spool->at++];
        gboolean meant = is_meant(spool, record->event);
        spool->read_to = record->seq;
        take_in(spool, record->seq, !meant);
        if (!meant)
            continue;
        if (spool->mark != before)
            vdt_store_set_mark(spool->store, spool->reader, spool->mark);
        start_sending(spool);
        spool->highest = MAX(spool->highest, record->seq);
        *told = (VdtTold){record->seq, record->event, record->seq <= spool->known};
        return VDT_SPOOL_TAKEN;
    }
    if (spool->mark != before)
        vdt_store_set_mark(spool->store, spool->reader, spool->mark);
    return VDT_SPOOL_MORE;
}

void vdt_spool_done(VdtSpool *spool, guint64 seq)
{
    for (GList *l = spool->taken.head; l != NULL; l = l->next) {
        Taken *taken = l->data;
        if (taken->seq == seq) {
            taken->done = TRUE;
            break;
        }
    }
    guint64 before = spool->mark;
    for (Taken *first; (first = g_queue_peek_head(&spool->taken)) != NULL && first->done;) {
        spool->mark = first->seq;
        g_free(g_queue_pop_head(&spool->taken));
    }
    if (spool->mark != before)
        vdt_store_set_mark(spool->store, spool->reader, spool->mark);
}

void vdt_spool_rewind(VdtSpool *spool)
{
    stop_sending(spool);
    g_queue_clear_full(&spool->taken, g_free);
    g_clear_pointer(&spool->batch, g_ptr_array_unref);
    spool->at = 0;
    spool->read_to = spool->mark;
}

guint64 vdt_spool_get_pending(const VdtSpool *spool)
{
    guint64 last = vdt_store_get_last(spool->store),
            mark = MAX(spool->mark, vdt_store_get_mark(spool->store, spool->reader));
    return last > mark ? last - mark : 0;
}

guint64 vdt_spool_get_lost(const VdtSpool *spool)
{
    return vdt_store_get_lost(spool->store, spool->reader);
}
