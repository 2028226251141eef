/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listeners.h"

typedef struct {
    guint id;
    VdtStoreFunc func;
    gpointer data;
    GDestroyNotify destroy;
    gboolean gone;
} Listener;

static void listener_clear(gpointer data)
{
    Listener *one = data;
    if (one->destroy != NULL)
        one->destroy(one->data);
}

static void listener_unref(gpointer one)
{
    g_atomic_rc_box_release_full(one, listener_clear);
}

static gpointer listener_ref(gconstpointer one, gpointer data)
{
    return g_atomic_rc_box_acquire((gpointer)one);
}

void vdt_listeners_init(VdtListeners *listeners)
{
    g_rec_mutex_init(&listeners->lock);
    listeners->all = g_ptr_array_new_with_free_func(listener_unref);
    listeners->last_id = 0;
}

void vdt_listeners_clear(VdtListeners *listeners)
{
    g_ptr_array_unref(listeners->all);
    g_rec_mutex_clear(&listeners->lock);
}

guint vdt_listeners_add(VdtListeners *listeners, VdtStoreFunc func, gpointer data,
                        GDestroyNotify destroy)
{
    Listener *one = g_atomic_rc_box_new0(Listener);
    g_rec_mutex_lock(&listeners->lock);
    guint id = ++listeners->last_id;
    *one = (Listener){id, func, data, destroy, FALSE};
    g_ptr_array_add(listeners->all, one);
    g_rec_mutex_unlock(&listeners->lock);
    return id;
}

void vdt_listeners_remove(VdtListeners *listeners, guint id)
{
    Listener *one = NULL;
    g_rec_mutex_lock(&listeners->lock);
    for (guint i = 0; i < listeners->all->len && one == NULL; i++)
        if (((Listener *)listeners->all->pdata[i])->id == id)
            one = g_ptr_array_steal_index(listeners->all, i);
    if (one != NULL)
        one->gone = TRUE;
    g_rec_mutex_unlock(&listeners->lock);
    if (one != NULL)
        listener_unref(one);
}

/* Of a copy, since they may add and remove in it; with the lock, so that they are not called once
 * they were removed. */
void vdt_listeners_call(VdtListeners *listeners, guint64 last)
{
    g_rec_mutex_lock(&listeners->lock);
    g_autoptr(GPtrArray) now = g_ptr_array_copy(listeners->all, listener_ref, NULL);
    g_ptr_array_set_free_func(now, listener_unref);
    for (guint i = 0; i < now->len; i++) {
        const Listener *one = now->pdata[i];
        if (!one->gone)
            one->func(last, one->data);
    }
    g_rec_mutex_unlock(&listeners->lock);
}
