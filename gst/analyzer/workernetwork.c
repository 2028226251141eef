/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a worker's network is made: at the start, and anew for what was changed. */
#include "enginecontext.h"
#include "workerparts.h"

gpointer vdt_worker_make_network(VdtWorker *worker, GCancellable *cancellable, GError **error)
{
    const char *const *architectures = worker->funcs.architectures;
    const char *usual = worker->funcs.usual ? worker->funcs.usual(worker->element) : NULL;
    g_autofree char *model = NULL;
    g_autoptr(VdtEngine) handed = NULL, engine = NULL;
    VdtPrecision precision;

    GST_OBJECT_LOCK(worker->element);
    worker->stale = FALSE;
    model = g_strdup(worker->model);
    precision = worker->precision;
    handed = worker->handed ? vdt_engine_ref(worker->handed) : NULL;
    GST_OBJECT_UNLOCK(worker->element);
    if (architectures) {
        engine = vdt_engine_find(architectures, usual, model, precision, handed, error);
        if (!engine || g_cancellable_set_error_if_cancelled(cancellable, error))
            return NULL;
        if (vdt_engine_get_unused(engine))
            GST_WARNING_OBJECT(worker->element, "%s: tensors that the network does not use:\n%s",
                               vdt_engine_get_card(engine)->weights, vdt_engine_get_unused(engine));
    }
    return worker->funcs.prepare(worker->element, engine, error);
}

void vdt_worker_renew_network(VdtWorker *worker, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    gpointer network = vdt_worker_make_network(worker, cancellable, &error), old;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        vdt_worker_renew(worker);
        return;
    }
    if (!network) {
        vdt_engine_complain(worker->element, GST_MESSAGE_WARNING, error);
        return;
    }
    g_mutex_lock(&worker->lock);
    old = worker->next_network;
    worker->next_network = network;
    g_mutex_unlock(&worker->lock);
    vdt_worker_unref_network(worker, old);
}
