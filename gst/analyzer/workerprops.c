/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker's properties, and what is to be said of properties. */
#include "enginecontext.h"
#include "enums.h"
#include "workerparts.h"

#define DEFAULT_PRECISION VDT_PRECISION_F32

enum { MODEL, PRECISION, STATS };

void vdt_worker_note(VdtWorker *worker, char *text)
{
    if (!text)
        return;
    GST_OBJECT_LOCK(worker->element);
    g_ptr_array_add(worker->notes, text);
    GST_OBJECT_UNLOCK(worker->element);
    vdt_mailbox_poke(worker->mailbox);
}

void vdt_worker_tell_notes(VdtWorker *worker)
{
    g_autoptr(GPtrArray) notes = NULL;

    GST_OBJECT_LOCK(worker->element);
    notes = g_steal_pointer(&worker->notes);
    worker->notes = g_ptr_array_new_with_free_func(g_free);
    GST_OBJECT_UNLOCK(worker->element);
    for (guint i = 0; i < notes->len; i++)
        GST_ELEMENT_WARNING(worker->element, LIBRARY, SETTINGS,
                            ("%s", (const char *)g_ptr_array_index(notes, i)), (NULL));
}

void vdt_worker_note_environment(VdtWorker *worker)
{
    g_autofree char *wrong = vdt_environment_check();

    if (wrong)
        vdt_worker_note(worker, g_strdup_printf("The environment: %s.", wrong));
}

void vdt_worker_poke(VdtWorker *worker)
{
    vdt_mailbox_poke(worker->mailbox);
}

void vdt_worker_renew(VdtWorker *worker)
{
    GST_OBJECT_LOCK(worker->element);
    worker->stale = TRUE;
    GST_OBJECT_UNLOCK(worker->element);
    vdt_mailbox_poke(worker->mailbox);
}

void vdt_worker_set_context(VdtWorker *worker, GstContext *context)
{
    VdtEngine *engine = vdt_engine_from_context(context), *old;

    if (!engine)
        return;
    GST_OBJECT_LOCK(worker->element);
    old = worker->handed;
    worker->handed = engine;
    worker->stale |= engine != old;
    GST_OBJECT_UNLOCK(worker->element);
    vdt_mailbox_poke(worker->mailbox);
    vdt_engine_unref(old);
}

void vdt_worker_install(GObjectClass *klass, guint first)
{
    const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, first + MODEL,
        g_param_spec_string("model", "Model",
                            "Name of an installed model, or path or URI of a model card; "
                            "empty for the one that comes with the element",
                            NULL, live));
    g_object_class_install_property(klass, first + PRECISION,
                                    g_param_spec_enum("precision", "Precision",
                                                      "Arithmetic of the network",
                                                      VDT_TYPE_PRECISION, DEFAULT_PRECISION, live));
    g_object_class_install_property(
        klass, first + STATS,
        g_param_spec_boxed(
            "stats", "Statistics",
            "What was done since the element was started: counts of frames, "
            "results, inferences skipped and discarded, results that are invalid, frames unseen, "
            "windows broken off, frames unaligned; times in ns",
            GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

gboolean vdt_worker_set(VdtWorker *worker, guint id, const GValue *value)
{
    if (id != MODEL && id != PRECISION)
        return FALSE;
    GST_OBJECT_LOCK(worker->element);
    if (id == MODEL) {
        g_free(worker->model);
        worker->model = g_value_dup_string(value);
    } else {
        worker->precision = g_value_get_enum(value);
    }
    worker->stale = TRUE;
    GST_OBJECT_UNLOCK(worker->element);
    vdt_mailbox_poke(worker->mailbox);
    return TRUE;
}

static GstStructure *get_stats(VdtWorker *worker)
{
    GstStructure *s;
    VdtStats stats;

    g_mutex_lock(&worker->lock);
    stats = worker->stats;
    g_mutex_unlock(&worker->lock);
    s = vdt_stats_to_structure(&stats, worker->element);
    if (worker->funcs.add_stats)
        worker->funcs.add_stats(worker->element, s);
    return s;
}

gboolean vdt_worker_get(VdtWorker *worker, guint id, GValue *value)
{

    switch (id) {
    case MODEL:
        GST_OBJECT_LOCK(worker->element);
        g_value_set_string(value, worker->model);
        GST_OBJECT_UNLOCK(worker->element);
        return TRUE;
    case PRECISION:
        GST_OBJECT_LOCK(worker->element);
        g_value_set_enum(value, worker->precision);
        GST_OBJECT_UNLOCK(worker->element);
        return TRUE;
    case STATS:
        g_value_take_boxed(value, get_stats(worker));
        return TRUE;
    default:
        return FALSE;
    }
}
